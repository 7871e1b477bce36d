# SPDX-License-Identifier: Apache-2.0
"""hone ops: what hone has, and what a model needs."""
from cli_support import FLOAT, CommandTest, Graph, Model, main


class Operators(CommandTest):
    def test_every_operator_is_described(self):
        operators = self.hone("ops", "--json").json["operators"]
        names = [(o["domain"], o["name"]) for o in operators]
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(names), len(set(names)))
        self.assertNotIn("hone", {domain for domain, _ in names})
        conv = operators[names.index(("", "Conv"))]
        self.assertEqual(conv["kind"], "composite")
        top_k = operators[names.index(("", "TopK"))]
        self.assertEqual(top_k["kind"], "core")
        self.assertEqual(top_k["since"], [1, 10])
        self.assertEqual([a["name"] for a in top_k["attributes"]], ["axis", "largest", "sorted"])
        self.assertEqual(top_k["inputs"][1]["types"], ["int64"])
        loop = operators[names.index(("", "Loop"))]
        self.assertEqual(loop["kind"], "control")

    def test_own_operators_are_asked_for(self):
        operators = self.hone("ops", "--json", "--internal").json["operators"]
        self.assertIn(("hone", "MatMul"), {(o["domain"], o["name"]) for o in operators})

    def test_text(self):
        out = self.hone("ops").out
        self.assertRegex(out, r"ai\.onnx +Abs +core +\d[\d, ]* +floats, integers")
        self.assertRegex(out, r"\n\d+ operators: \d+ with kernels, \d+ written over others, \d+ that")


class Needs(CommandTest):
    def model(self, name="model.onnx"):
        g = Graph("needs")
        g.input("x", FLOAT, [2])
        for i in range(3):
            g.node("Abs", ["x"], [f"a{i}"])
        g.node("Frobnicate", ["a0"], ["f"], name="odd", domain="com.example")
        g.node("NoSuchThing", ["f"], ["g"])
        g.output("g", FLOAT, [2])
        Model(g, opsets={"com.example": 3}).save(self.path(name))
        return name

    def test_a_model_that_runs(self):
        name = self.linear()
        out = self.hone("ops", name).out
        self.assertRegex(out, r"ai\.onnx +MatMul +17 +1 +yes")
        self.assertIn("all 2 operators are supported", out)
        result = self.hone("ops", name, "--json").json
        self.assertEqual(result["missing"], 0)
        self.assertEqual([o["operator"] for o in result["operators"]], ["MatMul", "Add"])

    def test_everything_that_is_missing_is_told(self):
        result = self.hone("ops", self.model(), code=5)
        self.assertRegex(result.out, r"com\.example +Frobnicate +3 +1 +no such operator +odd")
        self.assertRegex(result.out, r"ai\.onnx +NoSuchThing +17 +1 +no such operator +g")
        self.assertRegex(result.out, r"ai\.onnx +Abs +17 +3 +yes")
        self.assertIn("2 of 3 operators are not supported", result.err)

    def test_a_saved_model(self):
        name = self.linear()
        self.hone("import", name, "-o", "linear.hone")
        result = self.hone("ops", "linear.hone", "--json").json
        self.assertEqual(result["missing"], 0)
        self.assertIn("MatMul", [o["operator"] for o in result["operators"]])

    def test_files_that_are_no_models(self):
        self.fails(3, "ops", "nothing.onnx")
        with open(self.path("junk.onnx"), "wb") as file:
            file.write(b"\x08\x07junk")
        self.fails(4, "ops", "junk.onnx")


if __name__ == "__main__":
    main()
