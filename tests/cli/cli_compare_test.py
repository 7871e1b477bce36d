# SPDX-License-Identifier: Apache-2.0
"""hone compare: how far apart, and the exit code."""
from cli_support import BIAS, CommandTest, main
import npy_files
from onnx_build import FLOAT, Graph, Model


class Compare(CommandTest):
    def test_equal_models_agree(self):
        result = self.hone("compare", self.linear("a.onnx"), self.linear("b.onnx"), "-r", "1")
        self.assertIn("The results agree.", result.out)

    def test_a_difference_exits_with_1(self):
        a, b = self.linear("a.onnx"), self.linear("b.onnx", bias=[10, 20, 40])
        self.assertIn("The results differ.", self.hone("compare", a, b, "-i", "@0,0", code=1).out)
        result = self.hone("compare", a, b, "-i", "@0,0", "--json", code=1).json
        output = result["outputs"][0]
        self.assertFalse(result["close"] or output["close"])
        self.assertEqual(output["max_abs"], 10)
        self.assertEqual(output["max_rel"], 0.25)
        self.assertEqual(output["scaled"], 0.25)
        self.assertEqual((output["mismatch_count"], output["count"]), (1, 3))
        self.assertLess(output["cosine"], 1)

    def test_tolerance(self):
        a, b = self.linear("a.onnx"), self.linear("b.onnx", bias=[10, 20, 30.1])
        self.hone("compare", a, b, "-i", "@0,0", code=1)
        self.hone("compare", a, b, "-i", "@0,0", "--rtol", "0.01")
        self.hone("compare", a, b, "-i", "@0,0", "--atol", "0.2")
        self.hone("compare", a, b, "-i", "@0,0", "--atol", "0.05", code=1)
        close = self.linear("c.onnx", bias=[10, 20, 30.001])
        self.hone("compare", a, close, "-i", "@0,0")

    def test_all_names_the_first_to_diverge(self):
        a = self.linear("a.onnx", operator="Sub")
        b = self.linear("b.onnx")
        result = self.hone("compare", a, b, "-r", "0", "--all", "--no-optimize", "--json",
                           code=1).json
        self.assertEqual([(t["name"], t["close"]) for t in result["tensors"]],
                         [("product", True), ("y", False)])
        self.assertEqual(result["first_divergent"], "y")
        out = self.hone("compare", a, b, "-r", "0", "--all", "--no-optimize", code=1).out
        self.assertIn("first to diverge: y", out)

    def test_values_without_a_name_are_not_compared(self):
        graph = Graph()
        graph.input("x", FLOAT, [1, 3, 8, 8])
        graph.initializer("w", FLOAT, [4, 3, 3, 3], [i % 5 - 2 for i in range(108)])
        graph.node("Conv", ["x", "w"], ["c"])
        graph.node("Transpose", ["c"], ["t"], perm=[0, 2, 3, 1])
        graph.node("Softmax", ["t"], ["s"], axis=1)
        graph.node("LRN", ["c"], ["l"], size=3)
        for name, shape in [("s", [1, 6, 6, 4]), ("l", [1, 4, 6, 6])]:
            graph.output(name, FLOAT, shape)
        Model(graph).save(self.path("m.onnx"))
        for options in [[], ["--no-optimize"]]:
            result = self.hone("compare", "m.onnx", "m.onnx", "-r", "1", "--all", "--json",
                               *options).json
            self.assertTrue(result["close"])
            self.assertTrue(result["tensors"])
            self.assertTrue(all(t["name"] for t in result["tensors"]))

    def test_recorded_outputs(self):
        model = self.linear()
        npy_files.write(self.path("x.npy"), "<f4", (1, 2), [1, 1])
        self.hone("run", model, "-i", "x.npy", "-o", "recorded")
        self.hone("compare", model, "recorded", "-i", "x.npy")
        npy_files.write(self.path("recorded/x.npy"), "<f4", (1, 2), [1, 1])
        result = self.hone("compare", model, "recorded", "--json").json
        self.assertEqual(result["inputs"][0]["source"], "recorded/x.npy")
        npy_files.write(self.path("recorded/y.npy"), "<f4", (1, 3), BIAS)
        self.hone("compare", model, "recorded", code=1)

    def test_other_shapes_differ(self):
        model = self.linear()
        npy_files.write(self.path("y.npy"), "<f4", (3,), [0, 0, 0])
        result = self.hone("compare", model, ".", "-r", "0", "--json", code=1).json
        self.assertFalse(result["outputs"][0]["comparable"])

    def test_special_values(self):
        nan, inf = float("nan"), float("inf")
        model = self.negate([4])
        npy_files.write(self.path("x.npy"), "<f4", (4,), [nan, inf, 1, 2])
        npy_files.write(self.path("y.npy"), "<f4", (4,), [nan, -inf, -1, -2])
        self.hone("compare", model, ".")
        npy_files.write(self.path("y.npy"), "<f4", (4,), [0, -inf, -1, -2])
        result = self.hone("compare", model, ".", "--json", code=1).json["outputs"][0]
        self.assertEqual(result["mismatch_count"], 1)
        self.assertIsNone(result["max_abs"])

    def test_names_may_differ(self):
        a, b = self.linear("a.onnx"), self.linear("b.onnx", output="result")
        self.hone("compare", a, b, "-r", "0")

    def test_nothing_to_compare_exits_with_8(self):
        self.fails(8, "compare", self.linear(), ".", "-r", "0", saying=["has no output"])


if __name__ == "__main__":
    main()
