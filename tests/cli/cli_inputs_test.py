# SPDX-License-Identifier: Apache-2.0
"""Images and sound as inputs."""
import struct
import wave
import zlib

from cli_support import CommandTest, main
import coded_images
import image_files
import npy_files
from onnx_build import INT32, UINT8, Graph, Model

# A gray JPEG of 8 x 8 pixels, all 100.
GRAY_JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300030202030202030303030403030405"
    "0805050404050a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f"
    "171816141812141514ffc0000b080008000801011100ffc400140001000000000000000000000000"
    "00000007ffc40014100100000000000000000000000000000000ffda0008010100003f00347fffd9")

PIXELS = [(0, 51, 255), (102, 0, 153), (204, 255, 0), (51, 102, 153)]  # two rows of two


def png(path, width, height, pixels):
    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    rows = b"".join(b"\0" + bytes(sum(pixels[y * width:(y + 1) * width], ()))
                    for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def wav(path, samples, channels=1, rate=16000):
    with wave.open(path, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


class Inputs(CommandTest):
    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def value_of(self, model, *options):
        """What a model that negates its input was given."""
        self.hone("run", model, "-q", "-o", "out", *options)
        _, shape, values = npy_files.read(self.path("out/y.npy"))
        return list(shape), [-v for v in values]

    def assert_close(self, got, want):
        self.assertEqual(len(got), len(want))
        for a, b in zip(got, want):
            self.assertAlmostEqual(a, b, places=5)

    def test_an_image_becomes_planes(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        shape, values = self.value_of(self.negate(["N", 3, "H", "W"]), "-i", "i.png")
        self.assertEqual(shape, [1, 3, 2, 2])
        self.assert_close(values, [p[c] / 255 for c in range(3) for p in PIXELS])

    def test_channels_last_follows_the_model(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        shape, values = self.value_of(self.negate([1, 2, 2, 3]), "-i", "i.png")
        self.assertEqual(shape, [1, 2, 2, 3])
        self.assert_close(values, [c / 255 for p in PIXELS for c in p])

    def test_mean_and_deviation_are_per_channel(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        _, values = self.value_of(self.negate([1, 3, 2, 2]), "-i", "i.png", "--image-scale", "1",
                                  "--image-mean", "1,2,3", "--image-std", "2,4,8",
                                  "--image-color", "bgr")
        want = [(p[2 - c] - (1, 2, 3)[c]) / (2, 4, 8)[c] for c in range(3) for p in PIXELS]
        self.assert_close(values, want)

    def test_one_channel_is_gray(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        _, values = self.value_of(self.negate([1, 1, 2, 2]), "-i", "i.png")
        self.assert_close(values, [(.299 * r + .587 * g + .114 * b) / 255 for r, g, b in PIXELS])

    def test_resizing_is_bilinear_between_centres(self):
        png(self.path("i.png"), 2, 1, [(0, 0, 0), (200, 200, 200)])
        _, values = self.value_of(self.negate([1, 1, 1, 4]), "-i", "i.png", "--image-scale", "1")
        self.assert_close(values, [0, 50, 150, 200])

    def test_integer_inputs_get_pixels(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        _, values = self.value_of(self.negate([1, 3, 2, 2], dtype=INT32), "-i", "i.png")
        self.assertEqual(values, [p[c] for c in range(3) for p in PIXELS])

    def test_jpeg(self):
        with open(self.path("i.jpg"), "wb") as file:
            file.write(GRAY_JPEG)
        shape, values = self.value_of(self.negate(["N", 3, "H", "W"]), "-i", "i.jpg",
                                      "--image-scale", "1")
        self.assertEqual(shape, [1, 3, 8, 8])
        self.assertTrue(all(abs(v - 100) <= 1 for v in values))

    def test_other_formats(self):
        files = {"b.bmp": image_files.bmp([image_files.flat([[p[::-1] for p in row]])
                                           for row in image_files.SHARP], 24),
                 "p.ppm": b"P6 7 5 255\n" + image_files.flat(image_files.SHARP),
                 "t.tif": image_files.tiff(image_files.flat(image_files.SHARP)),
                 "w.webp": coded_images.FILES["lossless.webp"][0],
                 "j.jp2": coded_images.FILES["lossless.jp2"][0]}
        model = self.negate([1, "H", "W", 3])
        for name, data in files.items():
            with self.subTest(name):
                self.write(name, data)
                shape, values = self.value_of(model, "-i", name, "--image-scale", "1")
                self.assertEqual(shape, [1, 5, 7, 3])
                self.assertEqual(values, list(image_files.flat(image_files.SHARP)))

    def test_what_is_not_read_exits_with_5(self):
        self.write("a.webp", coded_images.FILES["animation.webp"][0])
        self.fails(5, "run", self.negate([1, 3, "H", "W"]), "-i", "a.webp",
                   saying=["a.webp", "animation"])

    def test_limits_exit_with_6(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        model = self.negate([1, 3, 2, 2])
        self.fails(6, "run", model, "-i", "i.png", "--max-tensor", "11", saying=["i.png", "limit"])

    def test_models_may_decode_images_themselves(self):
        graph = Graph("decodes")
        graph.input("data", UINT8, ["N"])
        graph.node("ImageDecoder", ["data"], ["image"], pixel_format="BGR")
        graph.output("image", UINT8, ["H", "W", 3])
        Model(graph, opset=20).save(self.path("decodes.onnx"))
        png(self.path("i.png"), 2, 2, PIXELS)
        self.hone("import", "decodes.onnx")
        for model in "decodes.onnx", "decodes.hone":
            with self.subTest(model):
                self.hone("run", model, "-q", "-o", "out", "-i", "i.png")
                _, shape, values = npy_files.read(self.path("out/image.npy"))
                self.assertEqual(list(shape), [2, 2, 3])
                self.assertEqual(values, [c for p in PIXELS for c in reversed(p)])

    def test_damaged_images_exit_with_4(self):
        model = self.negate(["N", 3, "H", "W"])
        png(self.path("i.png"), 2, 2, PIXELS)
        with open(self.path("i.png"), "rb") as file:
            data = file.read()
        for name, part in [("a.png", data[:60]), ("b.png", data[:40] + b"\xff" + data[41:]),
                           ("c.jpg", GRAY_JPEG[:-4]), ("d.jpg", GRAY_JPEG[:30])]:
            with open(self.path(name), "wb") as file:
                file.write(part)
            self.fails(4, "run", model, "-i", name, saying=[name])

    def test_an_image_does_not_fit_every_input(self):
        png(self.path("i.png"), 2, 2, PIXELS)
        self.fails(8, "run", self.negate([4, 4]), "-i", "i.png", saying=["3 or 4 dimensions"])
        self.fails(8, "run", self.negate([1, 4, 2, 2]), "-i", "i.png", saying=["4 channels"])
        self.fails(8, "run", self.negate([2, 3, 2, 2]), "-i", "i.png",
                   saying=["expected float32[2,3,2,2], got float32[1,3,2,2]"])
        self.fails(2, "run", self.negate([1, 3, 2, 2]), "-i", "i.png", "--image-mean", "1,2")

    def test_sound_is_mixed_down(self):
        wav(self.path("s.wav"), [0, 16384, 8192, 8192, -16384, 0], channels=2)
        shape, values = self.value_of(self.negate([1, "T"]), "-i", "s.wav")
        self.assertEqual(shape, [1, 3])
        self.assert_close(values, [0.25, 0.25, -0.25])
        _, scaled = self.value_of(self.negate([1, "T"]), "-i", "s.wav", "--audio-scale", "32768")
        self.assert_close(scaled, [8192, 8192, -8192])

    def test_sound_is_fitted_only_when_asked(self):
        wav(self.path("s.wav"), [8192] * 3)
        short, long = self.negate([1, 2], name="short.onnx"), self.negate([5], name="long.onnx")
        self.fails(8, "run", short, "-i", "s.wav", saying=["expected float32[1,2], got 3 values"])
        self.assert_close(self.value_of(short, "-i", "s.wav", "--audio-fit")[1], [0.25, 0.25])
        self.assert_close(self.value_of(long, "-i", "s.wav", "--audio-fit")[1],
                          [0.25, 0.25, 0.25, 0, 0])

    def test_the_sample_rate_is_checked(self):
        wav(self.path("s.wav"), [1, 2, 3], rate=8000)
        self.fails(8, "run", self.negate(["T"]), "-i", "s.wav", "--audio-rate", "16000",
                   saying=["s.wav", "expected 16000", "got 8000"])

    def test_other_files_are_refused(self):
        with open(self.path("notes.txt"), "w") as file:
            file.write("hello, world\n")
        self.fails(4, "run", self.negate([2]), "-i", "notes.txt", saying=["notes.txt"])
        self.fails(3, "run", self.negate([2]), "-i", "nowhere.npy", saying=["nowhere.npy"])


if __name__ == "__main__":
    main()
