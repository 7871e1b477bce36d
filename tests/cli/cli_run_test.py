# SPDX-License-Identifier: Apache-2.0
"""hone run: values in, values out."""
import json
import os

from cli_support import CommandTest, main
import npy_files
from onnx_build import FLOAT, INT64, Graph, Model


class Run(CommandTest):
    def test_computes_and_writes_outputs(self):
        npy_files.write(self.path("x.npy"), "<f4", (2, 2), [1, 0, 0, 1])
        result = self.hone("run", self.linear(), "--input", "x=x.npy", "--output-dir", "out")
        self.assertEqual(npy_files.read(self.path("out/y.npy")),
                         ("<f4", (2, 3), [11, 22, 33, 14, 25, 36]))
        self.assertIn("y  float32[2,3]", result.out)
        self.assertIn("min 11  max 36  mean 23.5", result.out)
        self.assertIn("first  11 22 33 14 25 36\n", result.out)

    def test_json(self):
        result = self.hone("run", self.linear(), "-i", "@1,0", "--json", "--threads", "1",
                           "--runs", "3").json
        self.assertEqual(result["runs"], 3)
        self.assertEqual(result["threads"], 1)
        self.assertEqual(result["inputs"], [
            {"name": "x", "dtype": "float32", "shape": [1, 2], "source": "@1,0"}])
        output = result["outputs"][0]
        self.assertEqual(output["shape"], [1, 3])
        self.assertEqual(output["first_values"], [11, 22, 33])
        self.assertEqual((output["min"], output["max"], output["mean"]), (11, 33, 22))
        self.assertIsNone(output["file"])
        for key in ("load_ms", "first_run_ms", "best_run_ms"):
            self.assertGreater(result[key], 0)

    def test_missing_inputs_are_named(self):
        self.fails(8, "run", self.two_inputs(), "-i", "n=@1", saying=["'a', 'b'", "--random"])

    def test_unknown_inputs_are_refused(self):
        model = self.linear()
        self.fails(8, "run", model, "-i", "z=@1,2", saying=["'z'", "it has 'x'"])
        self.fails(8, "run", model, "--shape", "z=1,2", "-r", "0", saying=["'z'"])
        self.fails(2, "run", self.two_inputs(), "-i", "@1", saying=["3 inputs"])
        self.fails(2, "run", model, "-i", "x=@1,2", "-i", "x=@1,2", saying=["twice"])
        self.fails(2, "run", model, "-r", "0", "-s", "x=1,2", "-s", "x=2,2", saying=["'x'", "twice"])
        self.fails(2, "run", model, "-i", "x=", saying=["'x'", "got nothing"])
        self.fails(2, "run", model, "-i", "x=-", saying=["stdin"])
        self.fails(2, "run", model, "-i", "-", saying=["stdin"])

    def test_options_of_files_that_are_not_there_are_refused(self):
        self.fails(2, "run", self.linear(), "-r", "0", "--image-size", "4x4", saying=["image"])
        self.fails(2, "run", self.linear(), "-i", "@1,2", "--audio-fit", saying=["sound"])

    def test_names_of_inputs_may_hold_an_equals_sign(self):
        graph = Graph()
        for name in ("a", "a=b", "a=b=c"):
            graph.input(name, FLOAT, [1])
        graph.node("Sum", ["a", "a=b", "a=b=c"], ["y"])
        graph.output("y", FLOAT, [1])
        Model(graph).save(self.path("m.onnx"))
        result = self.hone("run", "m.onnx", "-i", "a=@1", "-i", "a=b=@20", "-i", "a=b=c=@300",
                           "--json").json
        self.assertEqual([i["source"] for i in result["inputs"]], ["@1", "@20", "@300"])
        self.assertEqual(result["outputs"][0]["first_values"], [321])

    def test_shapes_that_do_not_fit_exit_with_8(self):
        graph = Graph()
        graph.input("x", FLOAT, ["a", "b"])
        graph.initializer("w", FLOAT, [2, 3], [1, 2, 3, 4, 5, 6])
        graph.node("MatMul", ["x", "w"], ["y"], name="multiply")
        graph.output("y", FLOAT, ["a", 3])
        Model(graph).save(self.path("m.onnx"))
        for model in ("m.onnx", "m.hone"):
            self.fails(8, "run", model, "-r", "0", "-s", "x=1,5", saying=[model, "multiply"])
            self.hone("import", "m.onnx")
        error = self.fails(8, "run", "m.onnx", "-r", "0", "-s", "x=1,5",
                           saying=["the given shapes do not fit the model"])
        self.assertEqual((error["status"], error["file"]), ("HONE_E_INPUT", "m.onnx"))

    def test_values_must_fit(self):
        model = self.linear()
        npy_files.write(self.path("wide.npy"), "<f4", (1, 3), [1, 2, 3])
        npy_files.write(self.path("double.npy"), "<f8", (1, 2), [1, 2])
        self.fails(8, "run", model, "-i", "wide.npy",
                   saying=["wide.npy", "expected float32[N,2], got float32[1,3]"])
        self.fails(8, "run", model, "-i", "double.npy", saying=["got float64[1,2]"])
        self.fails(8, "run", model, "-i", "@1,2,3", saying=["3 values"])
        self.fails(2, "run", model, "-i", "@1,two", saying=["expected numbers"])
        self.fails(8, "run", model, "-r", "0", "--shape", "x=1,5",
                   saying=["expected float32[N,2], got float32[1,5]"])

    def test_random_is_reproducible(self):
        model = self.linear()
        first, again, other = (
            self.hone("run", model, "-r", seed, "-s", "x=4,2", "--json").json["outputs"]
            for seed in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first[0]["mean"], other[0]["mean"])

    def test_random_numbers_are_the_documented_ones(self):
        self.hone("run", self.negate([2, 3]), "-r", "5", "-o", "out")
        values = npy_files.read(self.path("out/y.npy"))[2]
        for got, want in zip(values, documented_random("x", 5, 6)):
            self.assertAlmostEqual(-got, want, places=5)

    def test_names_of_dimensions_carry_over(self):
        result = self.hone("run", self.two_inputs(), "-r", "0", "-s", "a=2,5", "--json").json
        self.assertEqual([i["shape"] for i in result["inputs"]], [[2, 5], [2, 5], []])

    def test_unknown_dimensions_are_asked_for(self):
        self.fails(8, "run", self.two_inputs(), "-r", "0",
                   saying=["'a' is float32[rows,columns]", "--shape 'a=...'"])

    def test_an_open_batch_is_one_with_a_note(self):
        result = self.hone("run", self.linear(), "-r", "0")
        self.assertIn("hone: note: input 'x': dimension 0 of float32[N,2] taken as 1", result.err)
        self.assertEqual(self.hone("run", self.linear(), "-r", "0", "-q").err, "")

    def test_integer_scalars(self):
        result = self.hone("run", self.two_inputs(), "-i", "a=@1,2", "-i", "n=@21", "-r", "0",
                           "--json").json
        self.assertEqual(result["outputs"][1]["first_values"], [42])
        self.assertEqual(result["outputs"][1]["shape"], [])

    def test_file_names_are_safe_and_distinct(self):
        graph = Graph()
        graph.input("x", FLOAT, [2])
        names = ["a/b", "a:b", "../up", ".", "ok-1.5"]
        for name in names:
            graph.node("Neg", ["x"], [name])
            graph.output(name, FLOAT, [2])
        Model(graph).save(self.path("names.onnx"))
        self.hone("run", "names.onnx", "-r", "0", "-o", "out")
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["_.._up.npy", "_..npy", "a_b.npy", "a_b_2.npy", "ok-1.5.npy"])

    def test_control_characters_do_not_reach_the_terminal(self):
        graph = Graph()
        graph.input("x", FLOAT, [2])
        graph.node("Neg", ["x"], ["bad\x1b[31m"])
        graph.output("bad\x1b[31m", FLOAT, [2])
        Model(graph).save(self.path("colour.onnx"))
        self.assertIn("bad\\x1B[31m", self.hone("run", "colour.onnx", "-r", "0").out)

    def test_profile(self):
        model = self.linear()
        self.assertIn("operator", self.hone("run", model, "-r", "0", "--profile").out)
        profile = self.hone("run", model, "-r", "0", "--profile", "--json").json["profile"]
        self.assertEqual(sum(group["calls"] for group in profile["operators"]),
                         len(profile["steps"]))
        self.hone("run", model, "-r", "0", "--profile=trace.json")
        with open(self.path("trace.json")) as file:
            json.load(file)
        self.hone("run", model, "-r", "0", "--profile", "other.json")
        self.hone("run", "-r", "0", "-p", "letter.json", model)
        self.assertIn("operator", self.hone("run", "-r", "0", "--profile", model).out)
        for name in ("other.json", "letter.json"):
            with open(self.path(name)) as file:
                json.load(file)

    def test_counts_in_a_profile_are_integers(self):
        profile = self.hone("run", self.linear(), "-r", "0", "-p", "--json").json["profile"]
        for row in profile["operators"] + profile["steps"]:
            self.assertIsInstance(row["flops"], int)
            self.assertIsInstance(row["bytes"], int)

    def test_steps_too_short_to_time_have_no_rates(self):
        graph = Graph()
        graph.input("x", FLOAT, [512, 512])
        graph.initializer("s", INT64, [1], [-1])
        graph.node("Abs", ["x"], ["a"])
        graph.node("Reshape", ["a", "s"], ["y"])
        graph.output("y", FLOAT, [512 * 512])
        Model(graph).save(self.path("view.onnx"))
        out = self.hone("run", "view.onnx", "-r", "0", "-p", "-n", "20", "--no-optimize").out
        self.assertRegex(out, r"Reshape .* -  +-\n")

    def test_missing_directories_are_created(self):
        for directory in ("a/b/c", "./d//e/", self.path("f/g")):
            self.hone("run", self.linear(), "-r", "0", "-o", directory)
            self.assertTrue(os.path.exists(os.path.join(self.path(directory), "y.npy")))

    def test_outputs_that_cannot_be_written_exit_with_3(self):
        with open(self.path("file"), "w"):
            pass
        self.fails(3, "run", self.linear(), "-r", "0", "-o", "file/below", saying=["file/below"])

    def test_unsupported_operators_exit_with_5(self):
        graph = Graph()
        graph.input("x", FLOAT, [2])
        graph.node("Frobnicate", ["x"], ["y"], name="strange", domain="com.example")
        graph.output("y", FLOAT, [2])
        Model(graph, opsets={"com.example": 1}).save(self.path("strange.onnx"))
        error = self.fails(5, "run", "strange.onnx", "-r", "0", saying=["Frobnicate"])
        self.assertEqual(error["status"], "HONE_E_UNSUPPORTED")

    def test_many_unsupported_operators_are_counted(self):
        graph = Graph()
        graph.input("x", FLOAT, [2])
        for i in range(40):
            graph.node(f"Frobnicate{i}", ["x"], [f"y{i}"], domain="com.example")
        graph.output("y0", FLOAT, [2])
        Model(graph, opsets={"com.example": 1}).save(self.path("many.onnx"))
        for options in ([], ["-s", "x=2"]):
            error = self.fails(5, "run", "many.onnx", "-r", "0", *options)
            told = error["text"].count("Frobnicate")
            self.assertTrue(error["text"].endswith(
                f"; and {40 - told} more, --verbose lists all 40"), error["text"])
            self.assertEqual(len(self.hone("run", "many.onnx", "-r", "0", *options,
                                           code=5).err.splitlines()), 1)
            err = self.hone("run", "many.onnx", "-r", "0", "-v", *options, code=5).err
            for i in range(40):
                self.assertIn(f"unsupported operator: Frobnicate{i} ", err)

    def test_a_limit_exits_with_6(self):
        self.fails(6, "run", self.linear(), "-r", "0", "--max-file", "10")
        self.fails(6, "run", self.linear(), "-r", "0", "-s", "x=1000000,2", "--memory-limit", "1M")
        self.fails(6, "run", self.linear(), "-r", "0", "-s", "x=1000000000000,2")

    def test_a_deadline_exits_with_6(self):
        graph = Graph()
        graph.input("v0", FLOAT, [512, 512])
        for i in range(12):
            graph.node("MatMul", ["v0", f"v{i}"], [f"v{i + 1}"])
        graph.output("v12", FLOAT, [512, 512])
        Model(graph).save(self.path("long.onnx"))
        self.fails(6, "run", "long.onnx", "-r", "0", "--deadline", "1",
                   saying=["long.onnx", "deadline passed (1 ms)"])


def documented_random(name, seed, count):
    mask = (1 << 64) - 1
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & mask
    state ^= seed * 0x9E3779B97F4A7C15 & mask
    for _ in range(count):
        state = state + 0x9E3779B97F4A7C15 & mask
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        z ^= z >> 31
        parts = [z >> 16 * i & 0xFFFF for i in range(4)]
        yield (sum(part + 0.5 for part in parts) / 65536 - 2) * 3 ** 0.5


if __name__ == "__main__":
    main()
