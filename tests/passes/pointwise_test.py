# SPDX-License-Identifier: Apache-2.0
"""Elementwise operators that become one, and those that must not."""
from cli_support import main
from onnx_build import BOOL, DOUBLE, FLOAT, INT64, Graph
from pass_support import PassTest, numbers


class Pointwise(PassTest):
    def image(self, shape=(2, 3, 40, 9)):
        return self.graph(list(shape))

    def vector(self, graph, name, shape):
        count = 1
        for size in shape:
            count *= size
        graph.initializer(name, FLOAT, list(shape), numbers(count))
        return name

    def kernels(self):
        steps = self.hone("explain", "model.onnx", "--json").json["steps"]
        return [s["kernel"].split(": ")[1] for s in steps if s["operator"] == "Pointwise"]

    def test_chains(self):
        graph = self.image()
        graph.node("Mul", ["x", self.vector(graph, "s", [3, 1, 1])], ["a"])
        graph.node("Tanh", ["a"], ["b"])
        graph.node("Sub", [self.vector(graph, "t", [9]), "b"], ["y"])
        self.check(graph, "y", {"Pointwise": 1}, fuse_pointwise=2)
        self.assertEqual(self.kernels(), ["Mul, Tanh, Sub"])

    def test_every_kind_of_broadcasting(self):
        graph = self.image()
        operands = [[2, 3, 40, 9], [9], [3, 40, 1], [2, 1, 1, 9], [1, 40, 1], [2, 1, 1, 1], [1]]
        at = "x"
        for i, shape in enumerate(operands):
            graph.input(f"v{i}", FLOAT, shape)
            graph.node(("Add", "Mul")[i % 2], [at, f"v{i}"], [f"r{i}"])
            at = f"r{i}"
        self.check(graph, at, {"Pointwise": 1}, fuse_pointwise=6)

    def test_trees_and_values_that_are_read_twice_inside(self):
        graph = self.image()
        graph.input("z", FLOAT, [2, 3, 40, 9])
        graph.node("Sigmoid", ["z"], ["gate"])
        graph.node("Exp", ["x"], ["e"])
        graph.node("Sub", ["e", "gate"], ["d"])
        graph.node("Mul", ["e", "d"], ["m"])
        graph.node("Max", ["m", "x"], ["y"])
        self.check(graph, "y", {"Pointwise": 1}, fuse_pointwise=4)

    def test_numbers_become_constants_of_a_step(self):
        graph = self.image()
        graph.node("Mul", ["x", self.scalar(graph, "s", -3.7)], ["a"])
        graph.node("Add", [self.scalar(graph, "t", 0.3), "a"], ["b"])
        graph.node("Sub", ["b", self.scalar(graph, "u", 0.1)], ["c"])
        graph.node("Abs", ["c"], ["y"])
        self.check(graph, "y", {"Pointwise": 1}, fuse_pointwise=3)
        self.assertEqual(self.kernels(), ["Affine, Affine, Abs"])

    def test_zeros_keep_their_signs(self):
        graph = self.graph([4])
        graph.initializer("zeros", FLOAT, [4], [0.0, -0.0, 1.0, -1.0])
        graph.node("Clip", ["x", self.scalar(graph, "l", 0), self.scalar(graph, "h", 0)], ["n"])
        graph.node("Mul", ["n", "zeros"], ["a"])
        graph.node("Mul", ["a", self.scalar(graph, "s", 2)], ["b"])
        graph.node("Reciprocal", ["b"], ["y"])
        self.check(graph, "y", {"Pointwise": 1}, tolerance=0, fuse_pointwise=3)

    def test_bounds_that_are_numbers(self):
        graph = self.image()
        graph.node("Neg", ["x"], ["a"])
        graph.node("Clip", ["a", self.scalar(graph, "l", -0.5), self.scalar(graph, "h", 0.25)],
                   ["y"])
        self.check(graph, "y", {"Pointwise": 1}, fuse_pointwise=1)

    def test_bounds_that_are_not(self):
        graph = self.image()
        graph.input("l", FLOAT, [])
        graph.node("Neg", ["x"], ["a"])
        graph.node("Clip", ["a", "l"], ["y"])
        self.check(graph, "y", {"Neg": 1, "Clip": 1}, fuse_pointwise=0)

    def test_what_others_read_stays(self):
        graph = self.image()
        graph.node("Neg", ["x"], ["a"])
        graph.node("Exp", ["a"], ["b"])
        graph.output("a", FLOAT, None)
        self.check(graph, "b", {"Neg": 1, "Exp": 1}, fuse_pointwise=0)
        graph = self.image()
        graph.node("Neg", ["x"], ["a"])
        graph.node("Exp", ["a"], ["b"])
        graph.node("ReduceSum", ["a"], ["sum"])
        graph.node("Sub", ["b", "sum"], ["y"])
        self.check(graph, "y", {"Neg": 1, "ReduceSum": 1, "Pointwise": 1}, fuse_pointwise=1)

    def test_what_is_smaller_is_not_computed_for_every_element(self):
        graph = self.image()
        graph.input("v", FLOAT, [9])
        graph.node("Sigmoid", ["v"], ["s"])
        graph.node("Mul", ["x", "s"], ["y"])
        self.check(graph, "y", {"Sigmoid": 1, "Mul": 1}, fuse_pointwise=0)

    def test_other_types_stay(self):
        for kind in (DOUBLE, INT64):
            graph = Graph("types")
            graph.input("x", kind, [7])
            graph.node("Neg", ["x"], ["a"])
            graph.node("Add", ["a", "x"], ["y"])
            graph.output("y", kind, None)
            self.compare_plain(graph)
            facts = self.hone("inspect", "model.onnx", "--json").json
            self.assertEqual(sorted(o["operator"] for o in facts["operators"]), ["Add", "Neg"])

    def test_comparisons_stay(self):
        graph = self.image()
        graph.node("Neg", ["x"], ["a"])
        graph.node("Less", ["a", "x"], ["y"])
        graph.output("y", BOOL, None)
        self.compare_plain(graph)
        facts = self.hone("inspect", "model.onnx", "--json").json
        self.assertEqual(sorted(o["operator"] for o in facts["operators"]), ["Less", "Neg"])

    def test_many_inputs_and_steps_need_several(self):
        graph = self.image()
        at = "x"
        for i in range(10):
            graph.input(f"v{i}", FLOAT, [9])
            graph.node("Add", [at, f"v{i}"], [f"r{i}"])
            at = f"r{i}"
        self.check(graph, at, {"Pointwise": 2}, fuse_pointwise=8)
        graph = self.image()
        at = "x"
        for i in range(40):
            graph.node(("Tanh", "Neg")[i % 2], [at], [f"r{i}"])
            at = f"r{i}"
        self.check(graph, at, {"Pointwise": 2}, fuse_pointwise=38)

    def test_shapes_that_turn_out_to_differ(self):
        graph = Graph("late")
        graph.input("x", FLOAT, ["n", 4])
        graph.input("z", FLOAT, ["n", 4])
        graph.node("Exp", ["z"], ["e"])
        graph.node("Neg", ["x"], ["m"])
        graph.node("Add", ["m", "e"], ["y"])
        graph.output("y", FLOAT, None)
        self.compare_plain(graph, "-s", "x=3,4", "-s", "z=3,4")
        facts = self.hone("inspect", "model.onnx", "--json").json
        self.assertEqual([o["operator"] for o in facts["operators"]], ["Pointwise"])
        self.hone("run", "model.onnx", "-r", "1", "-s", "x=3,4", "-s", "z=1,4")
        self.fails(8, "run", "model.onnx", "-r", "1", "-s", "x=3,4", "-s", "z=2,4")

    def test_bodies(self):
        body = Graph("body")
        body.input("i", INT64, [])
        body.input("on", BOOL, [])
        body.input("v", FLOAT, [2, 4])
        body.node("Tanh", ["v"], ["t"])
        body.node("Neg", ["t"], ["next"])
        body.node("Identity", ["on"], ["still"])
        body.output("still", BOOL, [])
        body.output("next", FLOAT, [2, 4])
        graph = self.graph([2, 4])
        graph.initializer("trips", INT64, [], [3])
        graph.node("Loop", ["trips", "", "x"], ["y"], body=body)
        self.check(graph, "y", {"Loop": 1}, fuse_pointwise=1)


if __name__ == "__main__":
    main()
