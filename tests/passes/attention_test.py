# SPDX-License-Identifier: Apache-2.0
"""Attention that is spelled out becomes one operator; what only looks like it stays."""
from cli_support import main
from onnx_build import BOOL, FLOAT, INT64, Graph, Model
from pass_support import PassTest

LOW = float("-inf")


class Attention(PassTest):
    """Queries q, keys k and values v are [B, heads, rows, width] unless `flat` takes the heads out of
    the last axis of [B, rows, heads * width]."""

    def heads(self, q=(1, 2, 5, 8), k=(1, 2, 7, 8), v=(1, 2, 7, 6)):
        graph = Graph("attention")
        for name, shape in (("q", q), ("k", k), ("v", v)):
            graph.input(name, FLOAT, list(shape))
        return graph

    def ints(self, graph, name, numbers):
        graph.initializer(name, INT64, [len(numbers)], numbers)
        return name

    def scores(self, graph, scale=0.25, q="q", k="k", out="s"):
        """q k^T, scaled."""
        graph.node("Transpose", [k], ["kt"], perm=[0, 1, 3, 2])
        graph.node("MatMul", [q, "kt"], ["raw"])
        graph.node("Mul", ["raw", self.scalar(graph, "scale", scale)], [out])

    def weigh(self, graph, scores="s", v="v", out="y", axis=-1):
        graph.node("Softmax", [scores], ["p"], axis=axis)
        graph.node("MatMul", ["p", v], [out])

    def causal(self, graph, rows, keys, low=LOW):
        mask = [low if j > i + keys - rows else 0 for i in range(rows) for j in range(keys)]
        graph.initializer("mask", FLOAT, [rows, keys], mask)
        graph.node("Add", ["s", "mask"], ["m"])

    def becomes(self, graph, others=None, tolerance=1e-5):
        self.check(graph, "y", {"Attention": 1, **(others or {})}, tolerance, fuse_attention=1)
        for isa in ("scalar", "avx2"):
            self.hone("compare", "model.onnx", "plain", "--random", "1", "--isa", isa,
                      "--rtol", tolerance, "--atol", tolerance)
        self.hone("run", "model.onnx", "--random", "1", "-t", "1", "-o", "one", "-q")
        self.hone("compare", "model.onnx", "one", "--random", "1", "-t", "3", "--rtol", 0,
                  "--atol", 0)

    def stays(self, graph):
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("stays.onnx"))
        facts = self.hone("inspect", "stays.onnx", "--passes", "--json").json
        made = [p["changes"] for p in facts["passes"] if p["name"] == "fuse_attention"]
        self.assertEqual(made, [0])

    def test_plain(self):
        graph = self.heads()
        self.scores(graph)
        self.weigh(graph)
        self.becomes(graph)

    def test_heads_out_of_one_axis(self):
        graph = Graph("flat")
        for name in "qkv":
            graph.input(name, FLOAT, [2, 9, 24])
            self.ints(graph, name + "s", [0, 9, 3, 8])
            graph.node("Reshape", [name, name + "s"], [name + "4"])
            graph.node("Transpose", [name + "4"], [name + "h"],
                       perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3])
        graph.node("MatMul", ["qh", "kh"], ["raw"])
        graph.node("Div", ["raw", self.scalar(graph, "root", 8 ** 0.5)], ["s"])
        self.causal(graph, 9, 9)
        self.weigh(graph, "m", "vh", "z")
        graph.node("Transpose", ["z"], ["zt"], perm=[0, 2, 1, 3])
        graph.node("Reshape", ["zt", self.ints(graph, "ys", [0, 0, -1])], ["y"])
        self.becomes(graph, {"Reshape": 4})

    def test_scaled_queries_and_keys(self):
        graph = self.heads()
        root = self.scalar(graph, "root", 0.6)
        graph.node("Mul", ["q", root], ["q2"])
        graph.node("Mul", [root, "k"], ["k2"])
        self.scores(graph, 1.5, "q2", "k2")
        self.weigh(graph)
        self.becomes(graph)

    def test_more_blocks_than_one(self):
        for rows, keys, width in ((1, 50, 8), (5, 400, 7), (131, 820, 33), (300, 17, 64)):
            with self.subTest(rows=rows, keys=keys):
                graph = self.heads((1, 2, rows, width), (1, 2, keys, width), (1, 2, keys, 20))
                self.scores(graph)
                self.weigh(graph)
                self.becomes(graph)

    def test_hidden_keys(self):
        """The last ones are hidden less than the largest scores are high."""
        for low, scale in ((LOW, 2.0), (-1e9, 2.0), (-5.0, 2.0), (-2e4, 2.0), (-2e4, 3e3)):
            for rows, keys in ((150, 150), (3, 800), (130, 900)):
                with self.subTest(low=low, scale=scale, rows=rows):
                    graph = self.heads((2, 4, rows, 8), (2, 4, keys, 8), (2, 4, keys, 8))
                    self.scores(graph, scale)
                    self.causal(graph, rows, keys, low)
                    self.weigh(graph, "m")
                    self.becomes(graph, tolerance=1e-6 * max(scale, 10))

    def test_a_mask_for_each_batch(self):
        graph = self.heads((2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 6))
        graph.input("mask", FLOAT, [2, 1, 1, 7])
        self.scores(graph)
        graph.node("Add", ["mask", "s"], ["m"])
        self.weigh(graph, "m")
        self.becomes(graph)

    def test_masks_that_add_rows_and_keys(self):
        graph = self.heads((1, 2, 1, 8), (1, 2, 1, 8), (1, 2, 7, 6))
        graph.input("mask", FLOAT, [3, 1, 5, 7])
        self.scores(graph)
        graph.node("Add", ["s", "mask"], ["m"])
        self.weigh(graph, "m")
        self.becomes(graph)

    def test_one_head_of_keys_for_all(self):
        graph = self.heads((1, 6, 1, 8), (1, 1, 40, 8), (1, 1, 40, 8))
        self.scores(graph)
        self.weigh(graph)
        self.becomes(graph)

    def test_groups_of_queries(self):
        for rows in (1, 4):
            graph = self.heads((1, 6, rows, 8), (1, 2, 7, 8), (1, 2, 7, 8))
            for name in "kv":
                graph.node("Unsqueeze", [name, self.ints(graph, name + "at", [2])], [name + "1"])
                self.ints(graph, name + "many", [1, 2, 3, 7, 8])
                graph.node("Expand", [name + "1", name + "many"], [name + "2"])
                self.ints(graph, name + "dims", [1, 6, 7, 8])
                graph.node("Reshape", [name + "2", name + "dims"], [name + "3"])
            self.scores(graph, k="k3")
            self.weigh(graph, v="v3")
            self.becomes(graph)

    def grouped(self, length_of):
        """Lengths are unknown; k and v are repeated for as many rows as input `length_of` has."""
        graph = self.heads((1, 6, "S", 8), (1, 2, "L", 8), (1, 2, "M", 8))
        graph.node("Shape", [length_of], ["dims"])
        graph.node("Gather", ["dims", self.ints(graph, "second", [2])], ["length"], axis=0)
        for name, number in (("one", 1), ("two", 2), ("three", 3), ("six", 6), ("eight", 8)):
            self.ints(graph, name, [number])
        graph.node("Concat", ["one", "two", "three", "length", "eight"], ["repeated"], axis=0)
        self.ints(graph, "ones", [1] * 5)
        self.ints(graph, "less", [-1] * 5)
        graph.node("Equal", ["repeated", "less"], ["open"])
        graph.node("Where", ["open", "ones", "repeated"], ["many"])
        graph.node("Concat", ["one", "six", "length", "eight"], ["joined"], axis=0)
        for name in "kv":
            graph.node("Unsqueeze", [name, "second"], [name + "1"])
            graph.node("Expand", [name + "1", "many"], [name + "2"])
            graph.node("Reshape", [name + "2", "joined"], [name + "3"])
        self.scores(graph, k="k3")
        self.weigh(graph, v="v3")
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("grouped.onnx"))
        facts = self.hone("inspect", "grouped.onnx", "--json").json
        return {o["operator"]: o["count"] for o in facts["operators"]}

    def test_groups_of_queries_of_unknown_length(self):
        self.assertEqual(self.grouped("k"), {"Attention": 1})
        self.same_results((5, 9, 9), (1, 4, 4), (3, 1, 1), (2, 5, 1))

    def same_results(self, *rows):
        for lengths in rows:
            shapes = [f"-s{name}=1,{heads},{n},8"
                      for name, heads, n in zip("qkv", (6, 2, 2), lengths)]
            self.hone("run", "grouped.onnx", "-r", "1", "--passes=none", "-o", "plain", "-q",
                      *shapes)
            self.hone("compare", "grouped.onnx", "plain", "-r", "1", *shapes)

    def test_repeats_for_other_lengths_stay(self):
        self.assertEqual(self.grouped("q")["Expand"], 2)
        self.same_results((4, 4, 4), (4, 1, 4), (4, 1, 1))
        self.assertEqual(self.grouped("v")["Expand"], 2)
        self.same_results((3, 4, 4), (3, 1, 4))

    def test_chosen_scores(self):
        for inverted in (False, True):
            graph = self.heads()
            seen = [(i + j) % 3 != inverted for i in range(5) for j in range(7)]
            graph.initializer("c", BOOL, [5, 7], seen)
            self.scores(graph)
            low = self.scalar(graph, "low", -3.4e38)
            graph.node("Where", ["c", low, "s"] if inverted else ["c", "s", low], ["m"])
            self.weigh(graph, "m")
            self.becomes(graph, {"Where": 1})

    def test_almost_attention(self):
        def other_axis(graph):
            self.scores(graph)
            self.weigh(graph, axis=2)

        def scores_are_read(graph):
            self.scores(graph)
            self.weigh(graph, out="z")
            graph.node("ReduceSum", ["raw", self.ints(graph, "axes", [1, 2, 3])], ["sum"])
            graph.node("Add", ["z", "sum"], ["y"])

        def weights_are_an_output(graph):
            self.scores(graph)
            self.weigh(graph)
            graph.output("p", FLOAT, None)

        def high_choice(graph):
            graph.initializer("c", BOOL, [7], [j % 2 for j in range(7)])
            self.scores(graph)
            graph.node("Where", ["c", "s", self.scalar(graph, "low", -100.0)], ["m"])
            self.weigh(graph, "m")

        def five_axes(graph):
            graph.initializer("mask", FLOAT, [1, 1, 1, 1, 1], [0.5])
            self.scores(graph)
            graph.node("Add", ["s", "mask"], ["m"])
            self.weigh(graph, "m")

        for change in (other_axis, scores_are_read, weights_are_an_output, high_choice, five_axes):
            with self.subTest(change.__name__):
                square = (1, 2, 7, 7)
                graph = self.heads(square, square, square)
                change(graph)
                self.stays(graph)

    def test_keys_that_are_not_transposed(self):
        graph = self.heads((1, 2, 7, 7), (1, 2, 7, 7), (1, 2, 7, 7))
        graph.node("Transpose", ["k"], ["kt"], perm=[0, 3, 1, 2])
        graph.initializer("dims", INT64, [4], [1, 2, 7, 7])
        graph.node("Reshape", ["kt", "dims"], ["k2"])
        graph.node("MatMul", ["q", "k2"], ["s"])
        self.weigh(graph)
        self.stays(graph)


if __name__ == "__main__":
    main()
