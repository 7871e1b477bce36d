# SPDX-License-Identifier: Apache-2.0
"""hone inspect: facts about a model."""
from cli_support import CommandTest, main
from onnx_build import FLOAT, Graph, Model


class Inspect(CommandTest):
    def test_json(self):
        result = self.hone("inspect", self.linear(), "--no-optimize", "--passes", "--weights",
                           "--json").json
        self.assertEqual(result["format"], "onnx")
        self.assertEqual(result["producer"], "onnx_build")
        self.assertEqual(result["source_nodes"], 2)
        self.assertEqual(result["parameters"], 9)
        self.assertEqual(result["weight_bytes"], 36)
        self.assertEqual(result["metadata"], {"author": "somebody"})
        self.assertEqual(result["inputs"],
                         [{"name": "x", "dtype": "float32", "shape": ["N", 2]}])
        self.assertEqual(result["outputs"],
                         [{"name": "y", "dtype": "float32", "shape": ["N", 3]}])
        self.assertEqual({o["operator"]: o["count"] for o in result["operators"]},
                         {"MatMul": 1, "Add": 1})
        self.assertGreaterEqual(result["plan"]["flops"], 2 * 2 * 3)
        self.assertLessEqual(result["plan"]["planned_bytes"], result["plan"]["unshared_bytes"])
        weights = {w["name"]: w for w in result["weights"]}
        self.assertEqual((weights["w"]["min"], weights["w"]["max"], weights["w"]["mean"]),
                         (1, 6, 3.5))
        self.assertAlmostEqual(weights["w"]["stddev"], (35 / 12) ** 0.5, places=6)

    def test_packed_weights_are_listed(self):
        graph = Graph()
        graph.input("x", FLOAT, ["N", 64])
        graph.initializer("w", FLOAT, [64, 64], [i % 7 for i in range(64 * 64)])
        graph.node("MatMul", ["x", "w"], ["y"])
        graph.output("y", FLOAT, ["N", 64])
        Model(graph).save(self.path("m.onnx"))
        result = self.hone("inspect", "m.onnx", "--weights", "--json").json
        self.assertEqual(sum(w["bytes"] for w in result["weights"]), result["weight_bytes"])
        (weight,) = result["weights"]
        self.assertTrue(weight["packed"])
        self.assertEqual(weight["shape"], [64, 64])
        for key in ("min", "max", "mean", "stddev", "zero_count", "nan_count", "inf_count"):
            self.assertIsNone(weight[key])
        self.assertRegex(self.hone("inspect", "m.onnx", "--weights").out,
                         r"float32\[64,64\] +16384 +- +- +- +- +- +packed")
        dense = self.hone("inspect", "m.onnx", "--weights", "--no-optimize", "--json").json
        self.assertEqual((dense["weights"][0]["packed"], dense["weights"][0]["max"]), (False, 6))

    def test_text(self):
        out = self.hone("inspect", self.linear(), "--no-optimize", "--weights", "--passes").out
        for text in ("x  float32[N,2]", "y  float32[N,3]", "parameters  9 in 36 B", "MatMul",
                     "author = somebody", "constant", "pass"):
            self.assertIn(text, out)

    def passes(self, *options):
        facts = self.hone("inspect", self.linear(), "--json", *options).json
        return {p["name"]: p["changes"] for p in facts["passes"]}

    def test_passes_are_chosen(self):
        every = self.passes("-p")
        self.assertEqual(every["fold_affine"], 1)
        self.assertEqual(self.passes("--passes=all"), every)
        self.assertEqual(self.passes("--passes=none"), {})
        self.assertEqual(self.passes("--passes=fold_affine"), {"remove_dead": 0, "fold_affine": 1})
        fewer = self.passes("--passes=-fold_affine,-pack_weights")
        self.assertEqual(set(every) - set(fewer), {"fold_affine", "pack_weights"})
        self.hone("inspect", self.linear(), "--dot", "--passes=none")

    def test_an_optimised_file_is_not_optimised_again(self):
        self.hone("import", self.linear("a.onnx"), "--passes", "remove_dead")
        facts = self.hone("inspect", "a.hone", "--json", "--passes").json
        self.assertEqual((facts["nodes"], facts["passes"]), (2, []))
        self.hone("import", "a.onnx", "-o", "b.hone", "--passes", "none")
        facts = self.hone("inspect", "b.hone", "--json", "--passes").json
        self.assertEqual(facts["nodes"], 1)

    def test_without_shapes_there_is_no_plan(self):
        result = self.hone("inspect", self.two_inputs())
        self.assertIn("hone: note: no memory plan: ", result.err)
        self.assertIsNone(self.hone("inspect", self.two_inputs(), "--json").json["plan"])
        planned = self.hone("inspect", self.two_inputs(), "-s", "a=3,4", "--json").json["plan"]
        self.assertGreater(planned["steps"], 0)

    def test_dot(self):
        graph = Graph()
        graph.input("x", FLOAT, [2])
        graph.node("Neg", ["x"], ['y"];evil'], name='a\\"b')
        graph.output('y"];evil', FLOAT, [2])
        Model(graph).save(self.path("quotes.onnx"))
        out = self.hone("inspect", "quotes.onnx", "--dot").out
        self.assertTrue(out.startswith("digraph model {"))
        self.assertIn('label="Neg\\na\\\\\\"b"', out)
        self.assertNotIn('y"];evil', out)
        self.assertIn("i0 -> n0", out)
        self.assertIn("n0 -> o0", out)


if __name__ == "__main__":
    main()
