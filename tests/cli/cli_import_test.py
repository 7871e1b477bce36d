# SPDX-License-Identifier: Apache-2.0
"""hone import: ONNX to .hone."""
import os

from cli_support import CommandTest, main
from onnx_build import FLOAT, Graph, Model


class Import(CommandTest):
    def test_writes_a_model_that_gives_the_same_results(self):
        model = self.linear()
        out = self.hone("import", model, "-o", "linear.hone").out
        self.assertIn("linear.onnx -> linear.hone", out)
        self.assertIn("parameters  9", out)
        self.hone("compare", "linear.hone", model, "--random", "3", "-s", "x=5,2",
                  "--rtol", "1e-6", "--atol", "1e-6")
        info = self.hone("inspect", "linear.hone", "--json").json
        self.assertEqual(info["format"], "hone")
        self.assertEqual(info["metadata"]["author"], "somebody")

    def test_the_name_defaults_to_the_model(self):
        self.hone("import", self.linear("net.onnx"))
        self.assertTrue(os.path.exists(self.path("net.hone")))

    def test_json(self):
        result = self.hone("import", self.linear(), "--json", "--shape", "x=4,2").json
        self.assertEqual(result["parameters"], 9)
        self.assertEqual(result["source_nodes"], 2)
        self.assertGreaterEqual(result["flops"], 2 * 4 * 2 * 3)
        self.assertEqual(result["output_bytes"], os.path.getsize(self.path("linear.hone")))
        self.assertEqual(result["source_bytes"], os.path.getsize(self.path("linear.onnx")))
        self.assertTrue(all(set(p) == {"name", "changes", "what"} for p in result["passes"]))

    def test_damaged_weights_are_noticed(self):
        self.hone("import", self.linear())
        with open(self.path("linear.hone"), "r+b") as file:
            data = file.read()
            file.seek(len(data) - 8)
            file.write(bytes([1, 2, 3, 4]))
        self.hone("run", "linear.hone", "-i", "@1,2")
        self.fails(4, "run", "linear.hone", "-i", "@1,2", "--verify", saying=["damaged"])
        self.fails(4, "import", "linear.hone", "-o", "copy.hone", saying=["damaged"])

    def test_shapes_are_fixed_in_the_file(self):
        self.hone("import", self.linear(), "--shape", "x=4,2")
        self.assertEqual(self.hone("inspect", "linear.hone", "--json").json["inputs"],
                         [{"name": "x", "dtype": "float32", "shape": [4, 2]}])
        self.fails(8, "run", "linear.hone", "-i", "x=@1,2")

    def test_the_same_model_gives_the_same_bytes(self):
        model = self.linear()
        self.hone("import", model, "-o", "a.hone")
        self.hone("import", model, "-o", "b.hone")
        with open(self.path("a.hone"), "rb") as a, open(self.path("b.hone"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_without_optimisation_the_nodes_stay(self):
        result = self.hone("import", self.linear(), "--no-optimize", "--json").json
        self.assertEqual(result["nodes"], result["source_nodes"])

    def test_the_model_itself_is_no_output(self):
        self.fails(2, "import", self.linear(), "-o", "linear.onnx", saying=["model itself"])

    def test_an_output_that_cannot_be_written_exits_with_3(self):
        self.fails(3, "import", self.linear(), "-o", "nowhere/x.hone", saying=["nowhere"])

    def test_external_data(self):
        graph = Graph()
        graph.input("x", FLOAT, [2])
        graph.initializer("w", FLOAT, [2], external={"location": "w.bin", "offset": 0, "length": 8})
        graph.node("Add", ["x", "w"], ["y"])
        graph.output("y", FLOAT, [2])
        Model(graph).save(self.path("outside.onnx"))
        self.fails(3, "import", "outside.onnx", saying=["w.bin"])
        os.mkdir(self.path("data"))
        with open(self.path("data/w.bin"), "wb") as file:
            file.write(bytes([0, 0, 128, 63, 0, 0, 0, 64]))
        self.hone("import", "outside.onnx", "--data-dir", "data")
        values = self.hone("run", "outside.hone", "-i", "@1,1", "--json").json["outputs"][0]
        self.assertEqual(values["first_values"], [2, 3])
        self.hone("import", "outside.onnx", "--no-external", code=5)
        self.fails(2, "import", "outside.onnx", "--data-dir", "data", "--no-external",
                   saying=["exclude each other"])


if __name__ == "__main__":
    main()
