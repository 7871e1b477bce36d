# SPDX-License-Identifier: Apache-2.0
"""Patterns that become one operator, and graphs that only look like them."""
from cli_support import main
from onnx_build import FLOAT
from pass_support import PassTest, numbers

HALF, ROOT = 0.5, 2 ** -0.5
TANH, CUBE = 0.7978845608028654, 0.044715


class FormulaTest(PassTest):
    """Graphs are lists of (operator, inputs, result); an input that is a number is a constant."""
    passes = "-fuse_pointwise"  # it would take whatever is no pattern

    def formula(self, nodes, shape=(3, 7)):
        graph = self.graph(list(shape))
        constants = {}
        for kind, inputs, out, *attributes in nodes:
            for number in inputs:
                if not isinstance(number, str) and number not in constants:
                    constants[number] = self.scalar(graph, f"c{len(constants)}", number)
            graph.node(kind, [i if isinstance(i, str) else constants[i] for i in inputs], [out],
                       **(attributes[0] if attributes else {}))
        return graph

    def becomes(self, operator, nodes):
        self.check(self.formula(nodes), "y", {operator: 1}, **{self.fusing: 1})

    def stays(self, nodes):
        kinds = {}
        for kind, *_ in nodes:
            kinds[kind] = kinds.get(kind, 0) + 1
        self.check(self.formula(nodes), "y", kinds, **{self.fusing: 0})


class Activations(FormulaTest):
    fusing = "fuse_activation"

    def gelu_erf(self, root=ROOT, one=1, half=HALF):
        return [("Mul", ["x", root], "a"), ("Erf", ["a"], "b"), ("Add", [one, "b"], "c"),
                ("Mul", ["c", half], "d"), ("Mul", ["d", "x"], "y")]

    def gelu_tanh(self, scale=TANH, cube=CUBE, half=HALF):
        return [("Mul", [cube, "x"], "a"), ("Mul", ["a", "x"], "b"), ("Mul", ["x", "b"], "c"),
                ("Add", ["x", "c"], "d"), ("Mul", [scale, "d"], "e"), ("Tanh", ["e"], "f"),
                ("Add", ["f", 1], "g"), ("Mul", [half, "g"], "h"), ("Mul", ["x", "h"], "y")]

    def test_gelu(self):
        self.becomes("GeluErf", self.gelu_erf())
        self.becomes("GeluErf", [("Div", ["x", 2 ** 0.5], "a"), ("Erf", ["a"], "b"),
                                 ("Add", ["b", 1], "c"), ("Mul", ["x", HALF], "d"),
                                 ("Mul", ["d", "c"], "y")])
        self.becomes("GeluTanh", self.gelu_tanh())
        self.becomes("GeluTanh", [("Pow", ["x", 3], "p"), ("Mul", ["p", CUBE], "c"),
                                  ("Add", ["c", "x"], "d"), ("Mul", ["d", TANH], "e"),
                                  ("Tanh", ["e"], "f"), ("Add", [1, "f"], "g"),
                                  ("Mul", ["x", "g"], "h"), ("Mul", ["h", HALF], "y")])

    def test_almost_gelu(self):
        self.stays(self.gelu_erf(root=0.70712))
        self.stays(self.gelu_erf(half=0.50001))
        self.stays(self.gelu_erf(one=1.00001))
        self.stays(self.gelu_tanh(scale=0.7979))
        self.stays(self.gelu_tanh(cube=0.04472))
        self.stays(self.gelu_tanh()[:-1] + [("Mul", ["e", "h"], "y")])
        read_twice = self.gelu_erf()[:-1] + [("Mul", ["d", "x"], "g"), ("Add", ["b", "g"], "y")]
        self.stays(read_twice)

    def test_sigmoid_and_silu(self):
        sigmoid = [("Neg", ["x"], "a"), ("Exp", ["a"], "b"), ("Add", ["b", 1], "c")]
        self.becomes("Sigmoid", sigmoid + [("Div", [1, "c"], "y")])
        self.becomes("Sigmoid", sigmoid + [("Reciprocal", ["c"], "y")])
        self.becomes("Silu", sigmoid + [("Reciprocal", ["c"], "d"), ("Mul", ["d", "x"], "y")])
        self.becomes("Silu", [("Mul", ["x", 1.702], "a"), ("Sigmoid", ["a"], "b"),
                              ("Mul", ["b", "x"], "y")])
        self.stays([("Exp", ["x"], "b"), ("Add", ["b", 1], "c"), ("Div", [1, "c"], "y")])
        self.stays(sigmoid + [("Div", [2, "c"], "y")])
        twice = [("Sigmoid", ["x"], "b"), ("Mul", ["b", "x"], "c"), ("Mul", ["c", 2], "y")]
        self.check(self.formula(twice), "y", {"Silu": 1, "Mul": 1}, fuse_activation=1)

    def test_hard_ones(self):
        six = [("Add", ["x", 3], "a"), ("Clip", ["a", 0, 6], "b")]
        self.becomes("HardSigmoid", six + [("Div", ["b", 6], "y")])
        self.becomes("HardSigmoid", six + [("Mul", ["b", 1 / 6], "y")])
        self.becomes("HardSwish", six + [("Div", ["b", 6], "c"), ("Mul", ["c", "x"], "y")])
        self.becomes("HardSwish", [("HardSigmoid", ["x"], "b", {"alpha": 1 / 6}),
                                   ("Mul", ["b", "x"], "y")])
        self.becomes("HardSigmoid", [("Mul", ["x", 0.2], "a"), ("Add", ["a", 0.5], "b"),
                                     ("Clip", ["b", 0, 1], "y")])
        self.stays(six + [("Div", ["b", 5], "y")])
        self.stays([("HardSigmoid", ["x"], "b"), ("Mul", ["b", "x"], "y")])
        self.stays([("Mul", ["x", 0.2], "a"), ("Add", ["a", 0.5], "b"), ("Clip", ["b", 0, 2], "y")])

    def test_softplus_and_mish(self):
        softplus = [("Exp", ["x"], "a"), ("Add", [1, "a"], "b"), ("Log", ["b"], "c")]
        self.becomes("Softplus", softplus[:2] + [("Log", ["b"], "y")])
        self.becomes("Mish", softplus + [("Tanh", ["c"], "d"), ("Mul", ["x", "d"], "y")])
        self.becomes("Mish", [("Softplus", ["x"], "c"), ("Tanh", ["c"], "d"),
                              ("Mul", ["d", "x"], "y")])
        self.stays([("Exp", ["x"], "a"), ("Add", [2, "a"], "b"), ("Log", ["b"], "y")])
        self.stays([("Softplus", ["x"], "c"), ("Tanh", ["c"], "d"), ("Mul", ["d", "c"], "y")])

    def test_bounds_and_leaks(self):
        self.becomes("Clip", [("Max", ["x", 0.25], "y")])
        self.becomes("Clip", [("Min", [0.25, "x"], "y")])
        self.becomes("LeakyRelu", [("Mul", ["x", 0.1], "a"), ("Max", ["a", "x"], "y")])
        self.stays([("Mul", ["x", 1.5], "a"), ("Max", ["a", "x"], "y")])
        self.stays([("Abs", ["x"], "a"), ("Max", ["a", "x"], "y")])

    def test_bounds_of_a_channel_stay(self):
        graph = self.graph([3, 7])
        graph.initializer("c", FLOAT, [7], numbers(7))
        graph.node("Max", ["x", "c"], ["y"])
        self.check(graph, "y", {"Max": 1}, fuse_activation=0)

    def test_a_bound_moves_before_a_leaky_activation(self):
        graph = self.conv(self.graph())
        graph.node("LeakyRelu", ["c"], ["l"], alpha=0.2)
        graph.node("Max", ["l", self.scalar(graph, "low", -0.1)], ["m"])
        graph.node("Min", ["m", self.scalar(graph, "high", 0.4)], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1}, fuse_activation=2, fuse_epilogue=3)

    def test_a_bound_stays_behind_other_activations(self):
        graph = self.conv(self.graph())
        graph.node("Elu", ["c"], ["l"])
        graph.node("Max", ["l", self.scalar(graph, "low", -0.1)], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1, "Clip": 1}, fuse_epilogue=1)


class Norms(FormulaTest):
    fusing = "fuse_norm"

    def formula(self, nodes, shape=(2, 3, 8)):
        graph = super().formula(nodes, shape)
        for name, dims in (("row", [8]), ("deep", [1, 1, 8]), ("column", [3, 1]), ("plane", [3, 8])):
            if any(name in inputs for _, inputs, *_ in nodes):
                count = dims[-1] * dims[-2] if len(dims) == 2 else 8
                graph.initializer(name, FLOAT, dims, numbers(count))
        return graph

    def deviation(self, x, axes=(-1,), epsilon=1e-5):
        """sqrt(mean(x x) + epsilon) as r."""
        return [("Mul", [x, x], "q"), ("ReduceMean", ["q"], "m", {"axes": list(axes)}),
                ("Add", ["m", epsilon], "e"), ("Sqrt", ["e"], "r")]

    def centred(self, axes=(-1,)):
        return [("ReduceMean", ["x"], "mean", {"axes": list(axes)}), ("Sub", ["x", "mean"], "d")]

    def test_rms_norm(self):
        root = self.deviation("x")
        self.becomes("RmsNorm", root + [("Div", ["x", "r"], "y")])
        self.becomes("RmsNorm", root + [("Div", [1, "r"], "i"), ("Mul", ["x", "i"], "n"),
                                        ("Mul", ["row", "n"], "y")])
        self.becomes("RmsNorm", root + [("Reciprocal", ["r"], "i"), ("Mul", ["i", "x"], "n"),
                                        ("Mul", ["n", "deep"], "y")])
        self.becomes("RmsNorm", root[:3] + [("Pow", ["e", -0.5], "i"), ("Mul", ["i", "x"], "y")])

    def test_layer_norm(self):
        nodes = self.centred() + self.deviation("d") + [("Div", ["d", "r"], "n")]
        self.becomes("LayerNorm", nodes[:-1] + [("Div", ["d", "r"], "y")])
        self.becomes("LayerNorm", nodes + [("Mul", ["n", "row"], "s"), ("Add", ["row", "s"], "y")])
        self.becomes("LayerNorm", nodes + [("Add", ["n", "deep"], "y")])

    def test_rows_of_several_axes(self):
        nodes = self.centred((-2, -1)) + self.deviation("d", (1, 2)) + [("Div", ["d", "r"], "n")]
        self.becomes("LayerNorm", nodes + [("Mul", ["n", "plane"], "y")])
        short = self.formula(nodes + [("Mul", ["n", "row"], "y")])
        self.check(short, "y", {"LayerNorm": 1, "Mul": 1}, fuse_norm=1)

    def test_scales_that_are_no_rows_stay(self):
        graph = self.formula(self.deviation("x") + [("Div", ["x", "r"], "n"),
                                                    ("Mul", ["n", "column"], "y")])
        self.check(graph, "y", {"RmsNorm": 1, "Mul": 1}, fuse_norm=1)

    def test_almost_norms(self):
        ends = [("Div", ["x", "r"], "y")]
        self.stays(self.deviation("x", (1,)) + ends)
        self.stays(self.deviation("x") + [("Div", ["r", "x"], "y")])
        self.stays(self.deviation("x") + [("Div", ["x", "r"], "n"), ("Add", ["n", "r"], "y")])
        self.stays([("Abs", ["x"], "a"), ("Mul", ["x", "a"], "q")] + self.deviation("x")[1:] + ends)
        other = self.centred((-2, -1)) + self.deviation("d") + [("Div", ["d", "r"], "y")]
        counts = {"ReduceMean": 1, "Sub": 1, "RmsNorm": 1}
        self.check(self.formula(other), "y", counts, fuse_norm=1)


if __name__ == "__main__":
    main()
