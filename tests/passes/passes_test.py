# SPDX-License-Identifier: Apache-2.0
"""Each pass on graphs that it should change, and on some that it must leave alone. Every case also
runs without optimisation, with every pass on its own and with all but one, and the results must
agree."""
from cli_support import main
from onnx_build import BOOL, FLOAT, INT64, Graph, Model
from pass_support import PassTest, numbers


class Passes(PassTest):
    def test_constants_are_folded(self):
        graph = self.graph([4])
        graph.initializer("a", FLOAT, [4], [1, 2, 3, 4])
        graph.node("Neg", ["a"], ["b"])
        graph.node("Add", ["a", "b"], ["c"])
        graph.node("Mul", ["x", "c"], ["y"])
        self.check(graph, "y", {"Mul": 1}, fold_constants=2)

    def test_constants_that_fail_wait_until_their_branch_is_taken(self):
        bad, good = Graph("bad"), Graph("good")
        bad.initializer("data", FLOAT, [2], [1, 2])
        bad.initializer("at", INT64, [1], [9])
        bad.node("Gather", ["data", "at"], ["b"])
        bad.output("b", FLOAT, [1])
        good.initializer("one", FLOAT, [1], [1])
        good.node("Neg", ["one"], ["g"])
        good.output("g", FLOAT, [1])
        graph = Graph("choice")
        graph.input("which", BOOL, [])
        graph.node("If", ["which"], ["y"], then_branch=bad, else_branch=good)
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("if.onnx"))
        self.hone("run", "if.onnx", "-i", "@0")
        self.fails(8, "run", "if.onnx", "-i", "@1", saying=["is 9: expected"])

    def test_constants_that_fail_in_the_main_graph_are_the_files_fault(self):
        graph = self.graph([1])
        graph.initializer("data", FLOAT, [2], [1, 2])
        graph.initializer("at", INT64, [1], [9])
        graph.node("Gather", ["data", "at"], ["b"])
        graph.node("Add", ["x", "b"], ["y"])
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("bad.onnx"))
        self.fails(4, "run", "bad.onnx", "-i", "@0", saying=["Gather", "is 9: expected"])

    def test_shapes_of_what_a_loop_carries_are_not_folded(self):
        body = Graph("body")
        body.input("i", INT64, [])
        body.input("on", BOOL, [])
        body.input("v", FLOAT, [1])
        body.node("Identity", ["on"], ["still"])
        body.node("Concat", ["v", "v"], ["longer"], axis=0)
        body.node("Shape", ["v"], ["length"])
        body.output("still", BOOL, [])
        body.output("longer", FLOAT, None)
        body.output("length", INT64, [1])
        graph = self.graph([1])
        graph.initializer("trips", INT64, [], [3])
        graph.node("Loop", ["trips", "", "x"], ["y", "lengths"], body=body)
        graph.output("y", FLOAT, None)
        graph.output("lengths", INT64, None)
        self.compare_plain(graph)
        lengths = self.hone("run", "model.onnx", "-r", "1", "--json").json["outputs"][1]
        self.assertEqual(lengths["first_values"], [1, 2, 4])

    def test_what_nothing_reads_is_removed(self):
        graph = self.graph([4])
        graph.node("Neg", ["x"], ["a"])
        graph.node("Abs", ["a"], ["b"])
        graph.node("Relu", ["x"], ["y"])
        self.check(graph, "y", {"Relu": 1})

    def test_what_is_computed_twice_is_computed_once(self):
        graph = self.graph([2, 4])
        for name in ("a", "b"):
            graph.initializer(name, FLOAT, [4], [1, 2, 3, 4])
            graph.node("Mul", ["x", name], [name + "1"])
            graph.node("LeakyRelu", [name + "1"], [name + "2"], alpha=0.25)
        graph.node("LeakyRelu", ["a1"], ["c2"], alpha=0.5)
        graph.node("Concat", ["a2", "b2", "c2"], ["y"], axis=0)
        self.check(graph, "y", {"Mul": 1, "LeakyRelu": 2, "Concat": 1}, merge_equal=2)

    def test_what_only_looks_equal_is_computed_twice(self):
        graph = self.graph([2, 4])
        graph.initializer("a", FLOAT, [4], [1, 2, 3, 4])
        graph.initializer("b", FLOAT, [4], [1, 2, 3, 5])
        graph.initializer("c", FLOAT, [1, 4], [1, 2, 3, 4])
        for i, inputs in enumerate((["x", "a"], ["x", "b"], ["x", "c"], ["a", "x"])):
            graph.node("Sub", inputs, [f"s{i}"])
        graph.node("Concat", ["s0", "s1", "s2", "s3"], ["y"], axis=0)
        self.check(graph, "y", {"Sub": 4, "Concat": 1}, merge_equal=0)

    def test_equal_outputs_stay_two(self):
        graph = self.graph([2, 4])
        graph.node("Neg", ["x"], ["a"])
        graph.node("Neg", ["x"], ["b"])
        graph.node("Abs", ["b"], ["c"])
        for name in "abc":
            graph.output(name, FLOAT, None)
        outputs = self.compare_plain(graph)["outputs"]
        self.assertEqual([o["name"] for o in outputs], ["a", "b", "c"])

    def test_random_numbers_are_drawn_by_each_node(self):
        graph = self.graph([2, 4])
        for name in "ab":
            graph.node("RandomUniformLike", ["x"], [name])
        graph.node("Sub", ["a", "b"], ["y"])
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("random.onnx"))
        values = self.hone("run", "random.onnx", "-r", "1", "--json").json
        self.assertNotIn(0.0, values["outputs"][0]["first_values"])

    def test_layout_changes_cancel_between_convolutions(self):
        graph = self.conv(self.graph(), channels=3)
        graph.node("Relu", ["c"], ["r"])
        self.conv(graph, "r", "y", name="w2")
        self.check(graph, "y", {"Transpose": 2, "Conv": 2})

    def padded(self, counts, group=1, value=None, **attributes):
        graph = self.graph()
        graph.initializer("counts", INT64, [8], counts)
        inputs = ["x", "counts"] + ([self.scalar(graph, "value", value)] if value is not None else [])
        graph.node("Pad", inputs, ["p"], **attributes)
        graph.initializer("w", FLOAT, [3, 3 // group, 3, 3], numbers(81 // group))
        graph.node("Conv", ["p", "w"], ["y"], pads=[1, 0, 0, 2], group=group)
        return graph

    def test_convolutions_pad_themselves(self):
        for group, kind in ((1, "Conv"), (3, "DepthwiseConv")):
            graph = self.padded([0, 0, 1, 2, 0, 0, 0, 3], group, 0.0)
            self.check(graph, "y", {"Transpose": 2, kind: 1}, fold_pads=1)

    def test_other_pads_stay(self):
        for counts, value, attributes in (([0, 0, 1, 1, 0, 0, 1, 1], 0.5, {}),
                                          ([0, 0, 1, 1, 0, 0, 1, 1], None, {"mode": "edge"}),
                                          ([0, 0, 1, -1, 0, 0, 1, 1], None, {}),
                                          ([1, 0, 1, 1, 0, 0, 1, 1], None, {})):
            graph = self.padded(counts, 1, value, **attributes)
            self.check(graph, "y", {"Transpose": 2, "Pad": 1, "Conv": 1}, fold_pads=0)

    def test_slices_without_axes_follow_the_layout(self):
        graph = self.conv(self.graph())
        graph.initializer("from", INT64, [2], [0, 1])
        graph.initializer("to", INT64, [2], [1, 3])
        graph.node("Slice", ["c", "from", "to"], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1, "Slice": 1})

    def separable(self, size, expand=True, residual=False, act="Relu"):
        """A depthwise convolution of 32 channels between 1 x 1 convolutions."""
        graph = self.graph([1, 8 if expand else 32, size, size])
        last = "x"
        if residual:
            graph.initializer("sw", FLOAT, [8, 8, 1, 1], numbers(64))
            graph.node("Conv", ["x", "sw"], ["s"])
            last = "s"
        for name, channels, kernel, group in (("e", 32, 1, 1), ("d", 32, 3, 32), ("p", 8, 1, 1)):
            if name == "e" and not expand:
                continue
            inputs = {"e": 8, "d": 1, "p": 32}[name]
            graph.initializer(name + "w", FLOAT, [channels, inputs, kernel, kernel],
                              numbers(channels * inputs * kernel * kernel))
            graph.initializer(name + "b", FLOAT, [channels], numbers(channels))
            graph.node("Conv", [last, name + "w", name + "b"], [name], group=group,
                       pads=[kernel // 2] * 4)
            last = name
            if name != "p":
                graph.node(act, [name], [name + "a"])
                last = name + "a"
        if residual:
            graph.node("Add", ["p", "s"], ["y"])
        return graph

    def test_large_separable_convolutions_become_one(self):
        for act in ("Relu", "HardSwish"):
            self.check(self.separable(96, residual=True, act=act), "y",
                       {"Transpose": 2, "Conv": 1, "SeparableConv": 1}, fuse_separable=1)
        self.check(self.separable(96, expand=False), "p", {"Transpose": 2, "SeparableConv": 1},
                   fuse_separable=1)

    def test_separable_convolutions_that_fit_in_the_cache_stay_apart(self):
        self.check(self.separable(24), "p", {"Transpose": 2, "Conv": 2, "DepthwiseConv": 1},
                   fuse_separable=0)

    def test_what_lies_inside_a_separable_convolution_can_be_an_output(self):
        graph = self.separable(96)
        graph.output("da", FLOAT, None)
        self.check(graph, "p", {"Transpose": 3, "Conv": 2, "DepthwiseConv": 1}, fuse_separable=0)

    def test_outputs_keep_their_names_when_layout_changes_cancel(self):
        for kind in ("x", "r"):
            graph = self.graph([2, 3, 4])
            graph.node("Relu", ["x"], ["r"])
            graph.node("Transpose", [kind], ["t"], perm=[2, 0, 1])
            graph.node("Transpose", ["t"], ["y"], perm=[1, 2, 0])
            graph.output("r", FLOAT, None)
            graph.output("y", FLOAT, None)
            outputs = self.compare_plain(graph)["outputs"]
            self.assertEqual([o["name"] for o in outputs], ["r", "y"])

    def test_batch_normalisation_folds_into_the_convolution(self):
        graph = self.conv(self.graph(), bias=True)
        for name, values in (("scale", [1.5, -2, 0.5, 1]), ("shift", [0, 1, -1, 2]),
                             ("mean", [0.1, -0.2, 0.3, 0]), ("var", [1, 2, 0.5, 4])):
            graph.initializer(name, FLOAT, [4], values)
        graph.node("BatchNormalization", ["c", "scale", "shift", "mean", "var"], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1})

    def test_a_product_that_is_read_twice_is_not_scaled(self):
        graph = self.conv(self.graph())
        graph.node("Mul", ["c", self.scalar(graph, "two", 2.0)], ["m"])
        graph.node("Sub", ["m", "c"], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1, "Pointwise": 1}, fold_affine=0)

    def test_spelled_out_activations_are_recognised(self):
        spelled = {
            "silu": [("Sigmoid", ["x"], "s"), ("Mul", ["x", "s"], "y")],
            "hardswish": [("Add", ["x", "three"], "a"), ("Clip", ["a", "zero", "six"], "b"),
                          ("Mul", ["x", "b"], "c"), ("Div", ["c", "six"], "y")],
            "gelu": [("Div", ["x", "root"], "a"), ("Erf", ["a"], "b"), ("Add", ["b", "one"], "c"),
                     ("Mul", ["x", "c"], "d"), ("Mul", ["d", "half"], "y")],
        }
        operator = {"silu": "Silu", "hardswish": "HardSwish", "gelu": "GeluErf"}
        for name, nodes in spelled.items():
            with self.subTest(name):
                graph = self.graph([3, 7])
                for constant, number in (("zero", 0), ("half", 0.5), ("one", 1), ("three", 3),
                                         ("six", 6), ("root", 2 ** 0.5)):
                    self.scalar(graph, constant, number)
                for kind, inputs, out in nodes:
                    graph.node(kind, inputs, [out])
                self.check(graph, "y", {operator[name]: 1}, fuse_activation=1)

    def test_constants_that_add_axes_are_no_part_of_an_activation(self):
        graph = self.graph([2, 3])
        graph.initializer("c", FLOAT, [1, 1, 1, 1], [1.7])
        graph.node("Mul", ["x", "c"], ["a"])
        graph.node("Sigmoid", ["a"], ["b"])
        graph.node("Mul", ["x", "b"], ["y"])
        self.check(graph, "y", {"Pointwise": 1}, fuse_activation=0)

    def test_tests_are_no_activations(self):
        for kind in ("IsNaN", "IsInf"):
            graph = self.graph([2, 4])
            graph.initializer("w", FLOAT, [4, 3], numbers(12))
            graph.node("MatMul", ["x", "w"], ["a"])
            graph.node(kind, ["a"], ["y"])
            graph.output("y", BOOL, None)
            self.assertEqual(self.compare_plain(graph)["outputs"][0]["dtype"], "bool")

    def test_residuals_that_turn_out_to_be_broadcast(self):
        graph = Graph("late")
        graph.input("x", FLOAT, ["b", 0])
        graph.input("r", FLOAT, ["b", 4])
        graph.initializer("w", FLOAT, [0, 4], [])
        graph.node("MatMul", ["x", "w"], ["a"])
        graph.node("Add", ["a", "r"], ["y"])
        graph.output("y", FLOAT, None)
        Model(graph).save(self.path("late.onnx"))
        self.hone("run", "late.onnx", "-r", "1", "-s", "x=3,0", "-s", "r=3,4")

    def test_almost_activations_are_not(self):
        almost = {
            "two sources": [("Sigmoid", ["n"], "s"), ("Mul", ["x", "s"], "y")],
            "half a swish": [("Add", ["x", "two"], "a"), ("Clip", ["a", "zero", "six"], "b"),
                             ("Mul", ["x", "b"], "c"), ("Div", ["c", "six"], "y")],
            "inner value is read": [("Sigmoid", ["x"], "s"), ("Mul", ["x", "s"], "m"),
                                    ("Add", ["m", "s"], "y")],
        }
        for name, nodes in almost.items():
            with self.subTest(name):
                graph = self.graph([3, 7])
                graph.node("Neg", ["x"], ["n"])
                for constant, number in (("zero", 0), ("two", 2), ("six", 6)):
                    self.scalar(graph, constant, number)
                for kind, inputs, out in nodes:
                    graph.node(kind, inputs, [out])
                graph.output("y", FLOAT, None)
                Model(graph).save(self.path("almost.onnx"))
                facts = self.hone("inspect", "almost.onnx", "--passes", "--json").json
                made = sum(p["changes"] for p in facts["passes"] if p["name"] == "fuse_activation")
                self.assertEqual(made, 0)

    def test_residuals_and_activations_join_the_convolution(self):
        graph = self.conv(self.graph(), channels=3)
        self.conv(graph, "c", "d", channels=3, name="w2")
        graph.node("Add", ["c", "d"], ["a"])
        graph.node("Relu", ["a"], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 2}, fuse_epilogue=2)

    def test_a_residual_that_is_broadcast_stays_outside(self):
        graph = self.conv(self.graph(), channels=3)
        graph.input("r", FLOAT, [1, 3, 1, 1])
        graph.node("Add", ["c", "r"], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1, "Add": 1}, fuse_epilogue=0)

    def test_what_comes_after_an_activation_does_not_jump_ahead(self):
        graph = self.conv(self.graph(), channels=3)
        graph.node("Sigmoid", ["c"], ["s"])
        graph.node("Add", ["s", "x"], ["a"])
        graph.node("Clip", ["a", self.scalar(graph, "lo", 0.25), self.scalar(graph, "hi", 1.0)],
                   ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1, "Pointwise": 1}, fuse_epilogue=1)

    def test_a_factor_and_a_summand_follow_the_activation(self):
        for last in ("Add", "Sub"):
            graph = self.conv(self.graph(), bias=True)
            graph.node("HardSwish", ["c"], ["h"])
            graph.node("Mul", [self.scalar(graph, "s", 1.7), "h"], ["m"])
            graph.node(last, ["m", self.scalar(graph, "t", -0.3)], ["y"])
            self.check(graph, "y", {"Transpose": 2, "Conv": 1}, fuse_epilogue=3)

    def test_scores_are_scaled_where_they_are_made(self):
        graph = self.graph([2, 5, 4])
        graph.input("k", FLOAT, [2, 4, 6])
        graph.node("MatMul", ["x", "k"], ["a"])
        graph.node("Mul", ["a", self.scalar(graph, "s", 0.5)], ["y"])
        self.check(graph, "y", {"MatMul": 1}, fuse_epilogue=1)

    def test_factors_that_an_epilogue_does_not_take(self):
        for kind, operand in (("Mul", "axis"), ("Mul", "other"), ("Sub", "number")):
            with self.subTest(operand):
                graph = self.conv(self.graph(), channels=3)
                graph.initializer("axis", FLOAT, [1, 1, 1, 1, 1], [1.5])
                graph.input("other", FLOAT, [1])
                self.scalar(graph, "number", 1.5)
                graph.node("Sigmoid", ["c"], ["s"])
                graph.node(kind, [operand, "s"], ["y"])
                graph.output("y", FLOAT, None)
                Model(graph).save(self.path("model.onnx"))
                facts = self.hone("inspect", "model.onnx", "--passes", "--json").json
                made = [p["changes"] for p in facts["passes"] if p["name"] == "fuse_epilogue"]
                self.assertEqual(made, [1])

    def test_what_comes_after_a_summand_stays_outside(self):
        graph = self.conv(self.graph(), channels=3)
        graph.node("Sigmoid", ["c"], ["s"])
        graph.node("Add", ["s", self.scalar(graph, "t", 0.25)], ["a"])
        graph.node("Mul", ["a", self.scalar(graph, "f", 3.0)], ["m"])
        graph.node("Relu", ["m"], ["y"])
        self.check(graph, "y", {"Transpose": 2, "Conv": 1, "Pointwise": 1}, fuse_epilogue=2,
                   fuse_pointwise=1)

    def test_subnormal_weights_become_zero_everywhere_they_count(self):
        weights = numbers(16)
        weights[5], weights[11] = 1e-40, -1e-45
        graph = self.graph([5, 4])
        graph.initializer("w", FLOAT, [4, 4], weights)
        graph.node("MatMul", ["x", "w"], ["a"])
        graph.node("MatMul", ["a", "w"], ["y"])
        self.check(graph, "y", {"MatMul": 2}, flush_subnormals=1, pack_weights=2)

    def test_subnormal_summands_stay(self):
        graph = self.graph([2])
        graph.initializer("tiny", FLOAT, [2], [1e-40, 1e-41])
        graph.node("Add", ["x", "tiny"], ["y"])
        self.check(graph, "y", {"Add": 1}, flush_subnormals=0)

    def test_weights_are_packed_once(self):
        graph = self.graph([5, 4])
        graph.initializer("w", FLOAT, [4, 4], numbers(16))
        graph.node("MatMul", ["x", "w"], ["a"])
        graph.node("MatMul", ["a", "w"], ["y"])
        self.check(graph, "y", {"MatMul": 2}, pack_weights=2)

    def kernels_of(self, *options):
        steps = self.hone("explain", "model.onnx", "--json", *options).json["steps"]
        return [step["kernel"] for step in steps if step["operator"] == "Conv"]

    def winograd(self, channels, size):
        """Two 3 x 3 convolutions with bias, residual and ReLU around the second."""
        graph = self.graph([2, channels, size, size + 3])
        graph.initializer("w", FLOAT, [channels, channels, 3, 3],
                          [v / channels for v in numbers(channels ** 2 * 9)])
        graph.initializer("bias", FLOAT, [channels], numbers(channels))
        graph.node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1])
        graph.node("Conv", ["a", "w", "bias"], ["c"], pads=[1, 1, 1, 1])
        graph.node("Add", ["c", "a"], ["sum"])
        graph.node("Relu", ["sum"], ["y"])
        return graph

    def test_small_windows_go_through_winograd(self):
        for channels, size, tile in ((32, 29, 4), (64, 10, 2), (32, 4, 0)):
            graph = self.winograd(channels, size)
            self.check(graph, "y", {"Conv": 2, "Transpose": 2}, 1e-4, pack_weights=2)
            for kernel in self.kernels_of():
                self.assertEqual(f"tiles of {tile} x {tile}" in kernel, tile > 0, kernel)
            self.hone("import", "model.onnx", "-o", "model.hone")
            self.hone("compare", "model.hone", "plain", "--random", "1", "--rtol", "1e-4", "--atol",
                      "1e-4")

    def test_windows_along_one_axis_go_through_winograd(self):
        """Bias, residual and an activation, with channels that fill no vector."""
        for spatial, taps, tile in (([30, 17], [1, 3], "1 x 4"), ([30, 17], [3, 1], "4 x 1"),
                                    ([101], [3], "1 x 2"), ([403], [3], "1 x 4"),
                                    ([20], [3], ""), ([30, 17], [1, 5], "")):
            graph = self.graph([2, 50] + spatial)
            graph.initializer("w", FLOAT, [50, 50] + taps,
                              [v / 50 for v in numbers(2500 * max(taps))])
            graph.initializer("bias", FLOAT, [50], numbers(50))
            pads = [tap // 2 for tap in taps] * 2
            graph.node("Conv", ["x", "w"], ["a"], pads=pads)
            graph.node("Conv", ["a", "w", "bias"], ["c"], pads=pads)
            graph.node("Add", ["c", "a"], ["sum"])
            graph.node("LeakyRelu", ["sum"], ["y"], alpha=0.2)
            self.check(graph, "y", {"Conv": 2, "Transpose": 2}, 1e-4, pack_weights=2)
            for kernel in self.kernels_of():
                self.assertEqual(kernel.partition("tiles of ")[2], tile, f"{spatial} {kernel}")
            self.hone("import", "model.onnx", "-o", "model.hone")
            self.hone("compare", "model.hone", "plain", "--random", "1", "--rtol", "1e-4", "--atol",
                      "1e-4")

    def test_winograd_needs_one_group_and_no_dilation(self):
        for attributes in ({"group": 2}, {"dilations": [2, 2], "pads": [2, 2, 2, 2]}):
            graph = self.graph([1, 32, 29, 29])
            graph.initializer("w", FLOAT, [32, 32 // attributes.get("group", 1), 3, 3],
                              numbers(32 * 32 * 9 // attributes.get("group", 1)))
            graph.node("Conv", ["x", "w"], ["y"], **attributes)
            self.check(graph, "y", {"Conv": 1, "Transpose": 2}, 1e-4, pack_weights=1)
            self.assertNotIn("Winograd", self.kernels_of()[0])

    def test_a_weight_that_a_loop_carries_is_constant_inside(self):
        body = Graph("body")
        body.input("i", INT64, [])
        body.input("on", BOOL, [])
        body.input("v", FLOAT, [2, 4])
        body.input("carried", FLOAT, [4, 4])
        body.node("MatMul", ["v", "carried"], ["next"])
        body.node("Identity", ["on"], ["still"])
        body.node("Identity", ["carried"], ["same"])
        body.output("still", BOOL, [])
        body.output("next", FLOAT, [2, 4])
        body.output("same", FLOAT, [4, 4])
        graph = self.graph([2, 4])
        graph.initializer("trips", INT64, [], [3])
        graph.initializer("w", FLOAT, [4, 4], numbers(16))
        graph.node("Loop", ["trips", "", "x", "w"], ["v", "carried_out"], body=body)
        graph.node("MatMul", ["v", "carried_out"], ["y"])
        self.check(graph, "y", {"Loop": 1, "MatMul": 1}, sink_constants=1, pack_weights=2)

    def test_a_folded_constant_enters_branches(self):
        then, other = Graph("then"), Graph("else")
        then.node("MatMul", ["x", "w"], ["t"])
        then.output("t", FLOAT, [5, 4])
        other.node("Identity", ["w"], ["e"])
        other.output("e", FLOAT, [4, 4])
        graph = self.graph([5, 4])
        graph.initializer("half", FLOAT, [4, 4], numbers(16))
        graph.node("Add", ["half", "half"], ["w"])
        graph.node("ReduceSum", ["x"], ["sum"], keepdims=0)
        graph.node("Greater", ["sum", self.scalar(graph, "zero", 0)], ["cond"])
        graph.node("If", ["cond"], ["y"], then_branch=then, else_branch=other)
        self.check(graph, "y", {"ReduceSum": 1, "Greater": 1, "If": 1},
                   fold_constants=2, sink_constants=2, pack_weights=1)

    def test_a_product_of_two_inputs_has_nothing_to_pack(self):
        graph = self.graph([5, 4])
        graph.input("w", FLOAT, [4, 4])
        graph.node("MatMul", ["x", "w"], ["y"])
        self.check(graph, "y", {"MatMul": 1}, pack_weights=0)


if __name__ == "__main__":
    main()
