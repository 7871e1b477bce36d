# SPDX-License-Identifier: Apache-2.0
"""hone import --tune: the algorithms of layers are timed, one is kept. Which one is up to the machine."""
from cli_support import CommandTest, main
from onnx_build import FLOAT, Graph, Model

SHORT = ("--tune", "--tune-seconds", "0.02")
ALGORITHMS = {"direct", "winograd 2", "winograd 4"}


class Tune(CommandTest):
    def convolutions(self, size=12):
        """Two that have a choice, and a 1 x 1 that has none."""
        graph = Graph("convolutions")
        graph.input("x", FLOAT, [1, 16, size, size])
        for name, kernel in (("a", 3), ("b", 1), ("c", 3)):
            count = 16 * 16 * kernel * kernel
            graph.initializer(name, FLOAT, [16, 16, kernel, kernel],
                              [((i * 0.37) % 2 - 1) / 16 for i in range(count)])
        graph.node("Conv", ["x", "a"], ["xa"], name="first", pads=[1, 1, 1, 1])
        graph.node("Conv", ["xa", "b"], ["xb"], name="middle")
        graph.node("Conv", ["xb", "c"], ["y"], name="last")
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("model.onnx"))
        return "model.onnx"

    def test_layers_with_a_choice_are_timed(self):
        model = self.convolutions()
        layers = self.hone("import", model, *SHORT, "--json").json["tuned"]
        self.assertEqual([layer["node"] for layer in layers], ["first", "last"])
        for layer in layers:
            self.assertLessEqual({layer["chosen"], layer["expected"]}, ALGORITHMS)
            self.assertLessEqual(layer["chosen_us"], layer["expected_us"])
            self.assertGreater(layer["chosen_us"], 0)
        self.hone("compare", "model.hone", model, "--random", "1", "--rtol", "1e-4", "--atol", "1e-4")

    def test_the_file_says_what_it_was_tuned_for(self):
        self.hone("import", self.convolutions(), *SHORT, "--threads", "2", "--isa", "scalar")
        metadata = self.hone("inspect", "model.hone", "--json").json["metadata"]
        self.assertRegex(metadata["hone.tuned"], r".+, scalar, 2 threads$")
        explained = self.hone("explain", "model.hone", "--json").json["steps"]
        self.assertEqual(len([s for s in explained if s["operator"] == "Conv"]), 3)

    def test_the_summary_tells_about_it(self):
        out = self.hone("import", self.convolutions(), *SHORT, "--verbose").out
        self.assertRegex(out, r"tuned +2 layers, \d otherwise than expected: .+ -> ")
        self.assertRegex(out, r"first +\w+")

    def test_nothing_to_choose(self):
        out = self.hone("import", self.linear(), *SHORT, "--shape", "x=4,2").out
        self.assertIn("tuned       0 layers, 0 otherwise than expected\n", out)
        self.assertNotIn("hone.tuned", self.hone("inspect", "linear.hone").out)

    def test_shapes_must_be_known(self):
        graph = Graph("open")
        graph.input("x", FLOAT, [1, 16, "height", 9])
        graph.initializer("w", FLOAT, [16, 16, 3, 3], [0.1] * (256 * 9))
        graph.node("Conv", ["x", "w"], ["y"])
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("open.onnx"))
        self.fails(8, "import", "open.onnx", *SHORT, saying=["give the unknown dimensions"])
        self.hone("import", "open.onnx", *SHORT, "--shape", "x=1,16,9,9")


if __name__ == "__main__":
    main()
