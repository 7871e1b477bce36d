# SPDX-License-Identifier: Apache-2.0
"""Small files that ask for much, or say one thing and mean another; outputs in bad places."""
import os
import resource

from cli_support import CommandTest, main
from onnx_build import BOOL, DOUBLE, FLOAT, INT64, Function, Graph, Model, block, number


class Hostile(CommandTest):
    def graph(self, shape=("N",)):
        graph = Graph("hostile")
        graph.input("x", FLOAT, list(shape))
        return graph

    def save(self, graph, name="m.onnx", **model):
        graph.output("y", FLOAT, None)
        Model(graph, **model).save(self.path(name))
        return name

    def import_bounded(self, model, code=0):
        """With far more memory than any of these files may take, and far less than they ask for."""
        return self.hone("import", model, "-o", "o.hone", "--max-memory", "512M", code=code)

    # ---- Types and values that contradict each other ----

    def loop(self, declared):
        body = Graph("body")
        for name, dtype, shape in (("i", INT64, []), ("on", BOOL, []), ("v", declared, None)):
            body.input(name, dtype, shape)
        body.node("Identity", ["on"], ["still"])
        body.node("Identity", ["v"], ["next"])
        body.node("Identity", ["v"], ["kept"])
        for name, dtype in (("still", BOOL), ("next", declared), ("kept", declared)):
            body.output(name, dtype, None)
        graph = self.graph()
        graph.initializer("trips", INT64, [], [3])
        graph.node("Loop", ["trips", "", "x"], ["last", "y"], name="lp", body=body)
        return self.save(graph)

    def test_a_loop_whose_body_takes_another_type(self):
        self.fails(4, "run", self.loop(DOUBLE), "-r", "1", "-s", "x=100000",
                   saying=["'lp' (Loop)", "float32", "float64"])
        self.hone("run", self.loop(FLOAT), "-r", "1", "-s", "x=10")

    def with_list(self, operator, shape, **attributes):
        """An operator whose second input comes at run time."""
        graph = self.graph(shape)
        graph.input("list", INT64, ["M"])
        graph.node(operator, ["x", "list"], ["y"], name="n", **attributes)
        return self.save(graph)

    def test_values_that_leave_no_axis_are_looked_at(self):
        for operator, values in (("Squeeze", "@0"), ("ReduceMax", "@7")):
            for shape in ([3], [0]):
                with self.subTest(f"{operator} {shape}"):
                    attributes = {"keepdims": 0} if operator != "Squeeze" else {}
                    model = self.with_list(operator, shape, **attributes)
                    error = self.fails(8, "run", model, "-i", f"list={values}", "-r", "1")
                    self.assertEqual(error["operator"], operator)

    def test_wrong_values_are_the_inputs_fault(self):
        rows = (("Reshape", "@7"), ("Expand", "@-2"), ("Tile", "@-1"), ("Unsqueeze", "@5"),
                ("Squeeze", "@0"))
        for operator, values in rows:
            with self.subTest(operator):
                self.fails(8, "run", self.with_list(operator, [3]), "-i", f"list={values}", "-r",
                           "1", saying=[operator])

    # ---- Much from little ----

    def called_often(self, function, times):
        graph = self.graph([1])
        last = "x"
        for i in range(times):
            graph.node("F", [last], [f"v{i}"], domain="my")
            last = f"v{i}"
        graph.node("Identity", [last], ["y"])
        return self.save(graph, opsets={"my": 1}, functions=[function])

    def test_a_constant_of_a_function_is_held_once(self):
        size = 1000001  # numbers of one byte each in the file, of eight in memory
        function = Function("my", "F", ["a"], ["r"])
        data = block(5, number(1, size) + number(2, INT64) + block(7, bytes(size))) + number(20, 4)
        function.parts += block(7, block(2, "k") + block(4, "Constant") +
                                block(5, block(1, "value") + data))
        function.node("Shape", ["k"], ["s"])
        function.node("Cast", ["s"], ["t"], to=FLOAT)
        function.node("Add", ["a", "t"], ["r"])
        self.import_bounded(self.called_often(function, 1000))

    def test_nodes_without_results_count_at_every_call(self):
        function = Function("my", "F", ["a"], ["r"])
        for _ in range(20000):
            function.node("Neg", ["a"], [])
        function.node("Neg", ["a"], ["r"])
        result = self.import_bounded(self.called_often(function, 2000), code=6)
        self.assertIn("nodes", result.err)

    def test_long_names_are_not_repeated(self):
        function = Function("my", "F", ["a"], ["r"])
        for i in range(1000):
            function.node("Neg", ["a" if i == 0 else f"v{i - 1}"], ["r" if i == 999 else f"v{i}"])
        graph = self.graph([1])
        graph.node("F", ["x"], ["y"], name="n" * (4 << 20), domain="my")
        model = self.save(graph, opsets={"my": 1}, functions=[function])
        self.import_bounded(model)
        self.hone("run", "o.hone", "-r", "1")

    def test_work_on_constants_is_bounded(self):
        graph = self.graph([1])
        graph.initializer("size", INT64, [1], [20_000_000])
        graph.initializer("one", FLOAT, [1], [1])
        graph.node("Expand", ["one", "size"], ["big"])
        for i in range(2000):
            graph.node("ReduceLogSumExp", ["big"], [f"r{i}"])
        graph.node("Sum", ["x"] + [f"r{i}" for i in range(2000)], ["y"])
        self.hone("import", self.save(graph), "-o", "o.hone")

    def test_many_results_at_once_are_planned_quickly(self):
        graph = self.graph([1])
        for i in range(40000):
            graph.node("Softmax", ["x"], [f"r{i}"], axis=0)
        graph.node("Sum", [f"r{i}" for i in range(40000)], ["y"])
        self.hone("run", self.save(graph), "-r", "1", "--quiet")

    def nested_loops(self, depth):
        body = Graph("body")
        body.input("i", INT64, [])
        body.input("on", BOOL, [])
        body.input("v", FLOAT, [1])
        if depth:
            body.initializer("M", INT64, [], [900000])
            body.node("Loop", ["M", "", "v"], ["w"], body=self.nested_loops(depth - 1))
        else:
            body.node("Neg", ["v"], ["w"])
        body.node("Identity", ["on"], ["still"])
        body.output("still", BOOL, [])
        body.output("w", FLOAT, [1])
        return body

    def test_iterations_of_nested_loops_are_counted_together(self):
        graph = self.graph([1])
        graph.initializer("M", INT64, [], [900000])
        graph.node("Loop", ["M", "", "x"], ["y"], body=self.nested_loops(1))
        self.fails(6, "run", self.save(graph), "-r", "1", "--max-trips", "5000",
                   saying=["5000 iterations"])

    def test_huge_results_are_a_limit(self):
        graph = self.graph(["A", "B", "C"])
        graph.node("Neg", ["x"], ["y"])
        model = self.save(graph)
        for shape in ("4294967296,4294967296,4294967296", "65536,65536,65536"):
            self.fails(6, "run", model, "-r", "1", "-s", f"x={shape}")
        huge = self.with_list("Expand", [1])
        self.fails(6, "run", huge, "-r", "1", "-i", "list=@1000000,1000000", saying=["Expand"])

    def test_deep_types_are_a_limit(self):
        kind = block(1, number(1, FLOAT))
        for _ in range(40):
            kind = block(4, block(1, kind))
        graph = self.graph([1])
        graph.parts += block(11, block(1, "deep") + block(2, kind))
        graph.node("Identity", ["x"], ["y"])
        self.fails(6, "import", self.save(graph), saying=["depth"])

    # ---- Bad places for outputs ----

    def test_a_link_to_a_device_is_left_alone(self):
        os.symlink("/dev/null", self.path("link"))
        self.fails(3, "import", self.linear(), "-o", "link", saying=["link"])
        self.assertTrue(os.path.islink(self.path("link")))

    def test_a_full_disk_leaves_nothing_behind(self):
        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

        self.hone("import", self.linear(), "-o", "o.hone", code=3, preexec_fn=small)
        self.hone("run", "linear.onnx", "-i", "@1,2", "--profile=t.json", code=3, preexec_fn=small)
        self.assertEqual(sorted(os.listdir(self.directory.name)), ["linear.onnx"])

    def test_a_trace_does_not_replace_the_model(self):
        self.fails(2, "run", self.linear(), "-i", "@1,2", "--profile=linear.onnx")
        self.hone("run", "linear.onnx", "-i", "@1,2", "--profile=t.json")
        self.hone("inspect", "linear.onnx")


if __name__ == "__main__":
    main()
