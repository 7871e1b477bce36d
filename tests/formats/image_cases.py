# SPDX-License-Identifier: Apache-2.0
"""Pictures for test_images and for fuzzing: image_cases.py FOLDER writes files, the pixels expected of each
as NAME.npy, and refused.tsv with status and text of those that must be refused."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import coded_images  # noqa: E402
import npy_files  # noqa: E402
from image_files import HEIGHT, SHARP, WIDTH, bits_of, bmp, flat, gray_of, mapped  # noqa: E402
from image_files import png, scaled, tiff  # noqa: E402
from onnx_build import UINT8, Graph, Model, Tensor  # noqa: E402

GRAY = mapped(SHARP, gray_of)
BLACK_AND_WHITE = mapped(GRAY, lambda p: 255 if p[0] > 127 else 0)
SIXTEEN = [(17 * i % 256, 255 - 15 * i, 5 * i * i % 256) for i in range(16)]
INDICES = [[(3 * x + 5 * y) % 16 for x in range(WIDTH)] for y in range(HEIGHT)]
INDEXED = [[SIXTEEN[i] for i in row] for row in INDICES]
TWO = [(10, 20, 30), (250, 240, 200)]
BITS = [[(x + y) % 2 for x in range(WIDTH)] for y in range(HEIGHT)]
BITS_PICTURE = [[(255 * b,) * 3 for b in row] for row in BITS]
OF_TWO = [[TWO[i] for i in row] for row in BITS]

COLOR_ROWS = [flat([row]) for row in SHARP]
SWAPPED_ROWS = [flat([[p[::-1] for p in row]]) for row in SHARP]
GRAY_ROWS = [bytes(p[0] for p in row) for row in GRAY]


def packed(picture, widths, code):
    """Each pixel as one number, red in the highest bits, and the picture that remains of it."""
    def part(value, bits):
        return value >> 8 - bits
    rows = []
    for row in picture:
        data = b""
        for pixel in row:
            number = 0
            for value, bits in zip(pixel, widths):
                number = number << bits | part(value, bits)
            data += struct.pack("<" + code, number)
        rows.append(data)
    back = mapped(picture, lambda p: tuple(scaled(part(v, b), (1 << b) - 1) if b else 0
                                           for v, b in zip(p, widths)))
    return rows, back


def bmp_files():
    five, five_back = packed(SHARP, (5, 5, 5), "H")
    six, six_back = packed(SHARP, (5, 6, 5), "H")
    wide, wide_back = packed(SHARP, (8, 8, 8), "I")
    masks = (0xF800, 0x07E0, 0x001F)
    full = (0xFF0000, 0xFF00, 0xFF)
    for header in 12, 16, 40, 52, 56, 64, 108, 124:
        yield f"24_{header}.bmp", bmp(SWAPPED_ROWS, 24, header), SHARP
        yield f"4_{header}.bmp", bmp(bits_of(INDICES, 4), 4, header, SIXTEEN), INDEXED
    yield "24_top.bmp", bmp(SWAPPED_ROWS, 24, from_top=True), SHARP
    yield "1.bmp", bmp(bits_of(BITS, 1), 1, palette=TWO), OF_TWO
    yield "8.bmp", bmp([bytes(r) for r in INDICES], 8, palette=SIXTEEN), INDEXED
    short = [[p if i < 9 else (0, 0, 0) for i, p in zip(a, b)] for a, b in zip(INDICES, INDEXED)]
    yield "8_short.bmp", bmp([bytes(r) for r in INDICES], 8, palette=SIXTEEN[:9]), short
    yield "16.bmp", bmp(five, 16), five_back
    yield "16_masks.bmp", bmp(six, 16, masks=masks), six_back
    yield "16_masks_v3.bmp", bmp(six, 16, 56, masks=(*masks, 0)), six_back
    yield "16_masks_alpha.bmp", bmp(six, 16, masks=(*masks, 0), compression=6), six_back
    yield "32.bmp", bmp(wide, 32), wide_back
    yield "32_masks.bmp", bmp(wide, 32, 108, masks=full), wide_back
    ten = [b"".join(struct.pack("<I", (p[0] * 4 << 20) | (p[1] * 4 << 10)) for p in r) for r in SHARP]
    yield ("32_ten.bmp", bmp(ten, 32, masks=(0x3FF00000, 0xFFC00, 0)),
           mapped(SHARP, lambda p: (scaled(4 * p[0], 1023), scaled(4 * p[1], 1023), 0)))


def pnm(kind, largest, body, comment=b""):
    size = b"P%d\n%s%d %d\n" % (kind, comment, WIDTH, HEIGHT)
    return size + (b"%d\n" % largest if largest else b"") + body


def pnm_files():
    def text(rows):
        return b"\n".join(b" ".join(b"%d" % v for v in row) for row in rows)
    gray = [list(row) for row in GRAY_ROWS]
    gray[-1][-1] = 9  # one digit, so that a cut cannot change it
    end = [row[:] for row in GRAY]
    end[-1][-1] = (9, 9, 9)
    colors = [list(row) for row in COLOR_ROWS]
    colors[-1][-1] = 7
    color_end = [row[:] for row in SHARP]
    color_end[-1][-1] = (*SHARP[-1][-1][:2], 7)
    black = mapped(BITS_PICTURE, lambda p: 255 - p[0])
    yield "p1.pbm", pnm(1, None, b"\n".join(b"".join(b"%d" % v for v in r) for r in BITS)), black
    yield "p2.pgm", pnm(2, 255, text(gray), b"# a comment\n#\n"), end
    yield "p3.ppm", pnm(3, 255, text(colors)), color_end
    yield "p4.pbm", pnm(4, None, b"".join(bits_of(BITS, 1))), black
    yield "p5.pgm", pnm(5, 255, b"".join(GRAY_ROWS)), GRAY
    yield "p6.ppm", pnm(6, 255, b"".join(COLOR_ROWS)), SHARP
    small = mapped(SHARP, lambda p: tuple(v % 16 for v in p))
    yield "p6_15.ppm", pnm(6, 15, flat(small)), mapped(small, lambda p: tuple(17 * v for v in p))
    deep = b"".join(struct.pack(">H", 257 * v) for row in GRAY_ROWS for v in row)
    yield "p5_deep.pgm", pnm(5, 65535, deep), GRAY
    half = b"".join(struct.pack(">H", v + 100) for row in GRAY_ROWS for v in row)
    yield "p5_355.pgm", pnm(5, 355, half), mapped(GRAY, lambda p: scaled(p[0] + 100, 355))


def png_files():
    yield "color.png", png(COLOR_ROWS), SHARP
    yield "gray.png", png(GRAY_ROWS, kind=0), GRAY
    yield "alpha.png", png([b"".join(bytes((*p, 9)) for p in r) for r in SHARP], kind=6), SHARP
    yield "deep.png", png([b"".join(bytes((v, 99)) for v in r) for r in COLOR_ROWS], 16), SHARP
    yield "bits.png", png(bits_of(BITS, 1), 1, 0), BITS_PICTURE
    palette = b"".join(map(bytes, SIXTEEN))
    yield "palette.png", png(bits_of(INDICES, 4), 4, 3, chunks=palette), INDEXED


def tiff_files():
    color = b"".join(COLOR_ROWS)
    deep = b"".join(struct.pack("<H", 257 * v) for v in color)
    bit = (1,)
    yield "color.tif", tiff(color), SHARP
    yield "motorola.tif", tiff(color, ">"), SHARP
    yield "deep.tif", tiff(deep, bits=(16, 16, 16)), SHARP
    yield "gray.tif", tiff(b"".join(GRAY_ROWS), bits=(8,), photometric=1), GRAY
    yield "white_is_0.tif", tiff(b"".join(bits_of(BITS, 1)), bits=bit, photometric=0), mapped(
        BITS_PICTURE, lambda p: 255 - p[0])
    yield "palette.tif", tiff(b"".join(bits_of(INDICES, 4)), bits=(4,), photometric=3,
                              palette=SIXTEEN), INDEXED
    for orientation in 3, 5, 8:
        yield f"turned{orientation}.tif", tiff(color, t274=[orientation]), SHARP


def coded_files():
    known = {coded_images.SHARP: flat(SHARP), coded_images.GRAY: flat(GRAY),
             coded_images.BLACK_AND_WHITE: flat(BLACK_AND_WHITE),
             coded_images.YCC: flat(ycc_picture(1)), coded_images.YCC420: flat(ycc_picture(2))}
    for name, (data, pixels) in coded_images.FILES.items():
        if pixels is not None:
            yield name, data, known.get(pixels, pixels) if isinstance(pixels, int) else pixels


def ycc_picture(factor):
    def pixel(x, y):
        column, row = x // factor, y // factor
        luma, cb, cr = 40 + 20 * x + 10 * y, 15 * column + 9 * row - 38, 42 - 12 * column - 7 * row
        values = luma + 1.402 * cr, luma - .344136 * cb - .714136 * cr, luma + 1.772 * cb
        return tuple(min(max(int(v + 1000.5) - 1000, 0), 255) for v in values)
    return [[pixel(x, y) for x in range(WIDTH)] for y in range(HEIGHT)]


def size_of(pixels):
    """Pictures of other decoders have 9 columns and 7 rows."""
    return (HEIGHT, WIDTH, 3) if len(pixels) == 3 * HEIGHT * WIDTH else (7, 9, 3)


def files():
    for make in bmp_files, pnm_files, png_files, tiff_files, coded_files:
        for name, data, picture in make():
            yield name, data, picture if isinstance(picture, bytes) else flat(picture)


def refused():
    """Name, file, status, a part of the text."""
    plain = bmp(SWAPPED_ROWS, 24)
    huge = bmp([b""], 24, size=(0x7FFFFFFF, 0x7FFFFFFF))
    early, unsupported = "ends early", "UNSUPPORTED"
    jp2 = coded_images.FILES["tiles.j2k"][0]
    color = b"".join(COLOR_ROWS)
    return [
        ("empty", b"", "FORMAT", "expected a BMP"),
        ("text", b"BM is no picture\n", "FORMAT", "expected a BMP"),
        ("wave", b"RIFF\x24\0\0\0WAVEfmt ", "FORMAT", "expected a BMP"),
        ("bmp_huge", huge, "FORMAT", early),
        ("bmp_no_size", bmp([b""], 24, size=(0, 1)), "FORMAT", "expected at least 1x1"),
        ("bmp_negative", bmp([b""], 24, size=(-5, 1)), "FORMAT", "expected at least 1x1"),
        ("bmp_rle8", bmp([b"\0\1"], 8, palette=TWO, compression=1), unsupported, "RLE"),
        ("bmp_jpeg", bmp([b"\0\1"], 24, compression=4), unsupported, "compression 4"),
        ("bmp_os2_huffman", bmp([b"\0\1"], 1, 64, compression=3), unsupported, "compression 3"),
        ("bmp_bits", bmp([b"\0"], 2), unsupported, "2 bits a pixel"),
        ("bmp_masked_24", bmp(SWAPPED_ROWS, 24, masks=(1, 2, 4)), "FORMAT", "masks for 24 bits"),
        ("bmp_gap", bmp([bytes(14)] * 5, 16, masks=(0xF0F, 0, 0)), "FORMAT", "mask 0xf0f has a gap"),
        ("bmp_offset", plain[:10] + b"\x20" + plain[11:], "FORMAT", "inside the header"),
        ("bmp_header", plain[:14] + b"\x29" + plain[15:], unsupported, "header of 41 bytes"),
        ("pnm_size", b"P6\n0 5\n255\n", "FORMAT", "at least 1x1"),
        ("pnm_huge", b"P6\n2147483647 2147483647\n255\n", "FORMAT", early),
        ("pnm_wide", b"P6\n2147483648 1\n255\n", "FORMAT", "the width is over 2147483647"),
        ("pnm_max", b"P5\n1 1\n65536\n00", "FORMAT", "the largest sample is over 65535"),
        ("pnm_max_0", b"P5\n1 1\n0\n0", "FORMAT", "expected at least 1"),
        ("pnm_sample", b"P5\n1 1\n9\n0", "FORMAT", "a sample of 48: the largest is 9"),
        ("pnm_text_sample", b"P2\n1 1\n9\n10", "FORMAT", "a sample is over 9"),
        ("pnm_word", b"P2\n1 x", "FORMAT", "the height: expected digits"),
        ("pnm_bit", b"P1\n2 1\n12", "FORMAT", "expected 0 or 1"),
        ("png_crc", png(COLOR_ROWS).replace(b"IEND", b"IDAT", 0)[:-20] + bytes(20), "FORMAT", "PNG:"),
        ("jpeg_12_bits", jpeg_with(0, 12), unsupported, "JPEG: "),
        ("jpeg_huge", jpeg_with(1, 0xFF, 0xFF, 0xFF, 0xFF), unsupported, "JPEG: "),
        ("webp_animation", coded_images.FILES["animation.webp"][0], unsupported, "an animation"),
        ("tiff_float", tiff(bytes(420), bits=(32, 32, 32), t339=[3, 3, 3]), unsupported, "TIFF: "),
        ("tiff_no_size", tiff(color, height=0), "FORMAT", "TIFF: "),
        ("jp2_five", jp2[:40] + b"\0\5" + jp2[42:], unsupported, "5 components"),
        ("jp2_tiles", jp2[:8] + b"\0\0\xff\xff\0\0\xff\xff" + jp2[16:24] + b"\0\0\0\1" * 2 + jp2[32:],
         unsupported, "4294836225 tiles in a file"),
        ("jp2_precincts", j2k(5000, 5000, 0, 0x00), unsupported, "25000000 precincts"),
        ("jp2_precincts_of_bands", j2k(5000, 5000, 5, 0x11), unsupported, "precincts"),
        ("jp2_blocks", j2k(20000, 20000, 5, 0xFF), unsupported, "code-blocks"),
        ("jp2_marker", jp2.replace(b"\xff\x64", b"\xff\x30"), unsupported, "marker 0xff30"),
        ("jp2_no_code", b"\0\0\0\x0CjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 ", "FORMAT",
         "no codestream"),
    ]


def j2k(width, height, levels, precinct):
    """A codestream of one component and no data, with code-blocks of 4 x 4."""
    size = struct.pack(">HHIIIIIIIIH", 41, 0, width, height, 0, 0, width, height, 0, 0, 1) + b"\7\1\1"
    cod = bytes([1, 0, 0, 1, 0, levels, 0, 0, 0, 1] + [precinct] * (levels + 1))
    return (b"\xff\x4f\xff\x51" + size + b"\xff\x52" + struct.pack(">H", len(cod) + 2) + cod +
            b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 0, 0, 1) + b"\xff\x93" + bytes(50))


def jpeg_with(offset, *values):
    """A JPEG file whose frame header has other bytes at `offset`."""
    data = bytearray(coded_images.FILES["baseline.jpg"][0])
    at = data.index(b"\xFF\xC0") + 4 + offset
    data[at:at + len(values)] = bytes(values)
    return bytes(data)


def models(out):
    """ImageDecoder for a stream of any length, in each format, and for one that the model holds."""
    for name, attributes in [("rgb", {"pixel_format": "RGB"}), ("bgr", {"pixel_format": "BGR"}),
                             ("gray", {"pixel_format": "Grayscale"}), ("default", {}),
                             ("other", {"pixel_format": "rgb"})]:
        g = Graph(name)
        g.input("data", UINT8, ["N"])
        g.node("ImageDecoder", ["data"], ["image"], name="decoder", **attributes)
        g.output("image", UINT8, ["H", "W", "C"])
        Model(g, opset=20).save(out / f"{name}.onnx")
    g = Graph("held")
    data = png(COLOR_ROWS)
    g.input("factor", UINT8, [1])
    g.initializer("data", UINT8, [len(data)], data)
    g.node("ImageDecoder", ["data"], ["image"])
    g.node("Mul", ["image", "factor"], ["y"])
    g.output("y", UINT8, None)
    Model(g, opset=20).save(out / "held.onnx")


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "decoded.tsv", "w", encoding="utf-8") as decoded:
        for name, data, pixels in files():
            (out / name).write_bytes(data)
            npy_files.write(out / f"{name}.npy", "|u1", size_of(pixels), pixels)
            decoded.write(name + "\n")
    with open(out / "refused.tsv", "w", encoding="utf-8") as rows:
        for name, data, status, text in refused():
            (out / name).write_bytes(data)
            rows.write(f"{name}\tHONE_E_{status}\t{text}\n")
    models(out)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
