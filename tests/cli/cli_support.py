# SPDX-License-Identifier: Apache-2.0
"""What the tests of the hone command share: running it, and small models for it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from onnx_build import FLOAT, INT64, Graph, Model  # noqa: E402

COMMAND = os.environ.get("HONE_COMMAND", "hone")

WEIGHTS = [1, 2, 3, 4, 5, 6]
BIAS = [10, 20, 30]


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class CommandTest(unittest.TestCase):
    """Each test works in an empty directory of its own."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def hone(self, *arguments, code=0, **options):
        process = subprocess.run([COMMAND, *map(str, arguments)], cwd=self.directory.name,
                                 capture_output=True, text=True, timeout=60, **options)
        result = Result(process)
        self.assertEqual(result.code, code, result)
        if code not in (0, 1, 9):
            self.assertIn("hone: error: ", result.err)
        return result

    def fails(self, code, *arguments, saying=()):
        """Runs the command twice, as text and as JSON: both must tell the same error."""
        plain = self.hone(*arguments, code=code)
        self.assertEqual(plain.out, "")
        for text in saying:
            self.assertIn(text, plain.err)
        error = self.hone(*arguments, "--json", code=code).json["error"]
        self.assertEqual(error["exit_code"], code)
        self.assertIn(error["text"][:200], plain.err)
        return error

    def linear(self, name="linear.onnx", bias=BIAS, operator="Add", output="y"):
        """y = x W + b, with x of any number of rows of two."""
        graph = Graph("linear")
        graph.input("x", FLOAT, ["N", 2])
        graph.initializer("w", FLOAT, [2, 3], WEIGHTS)
        graph.initializer("b", FLOAT, [3], bias)
        graph.node("MatMul", ["x", "w"], ["product"], name="multiply")
        graph.node(operator, ["product", "b"], [output], name="shift")
        graph.output(output, FLOAT, ["N", 3])
        Model(graph, metadata={"author": "somebody"}).save(self.path(name))
        return name

    def negate(self, shape, dtype=FLOAT, name="negate.onnx"):
        """y = -x"""
        graph = Graph("negate")
        graph.input("x", dtype, shape)
        graph.node("Neg", ["x"], ["y"], name="turn")
        graph.output("y", dtype, shape)
        Model(graph).save(self.path(name))
        return name

    def cast(self, source, target, shape, name="cast.onnx"):
        """y = x as another type; the same type passes through."""
        graph = Graph("cast")
        graph.input("x", source, shape)
        if source == target:
            graph.node("Identity", ["x"], ["y"])
        else:
            graph.node("Cast", ["x"], ["y"], to=target)
        graph.output("y", target, shape)
        Model(graph, opset=25, ir=11).save(self.path(name))
        return name

    def two_inputs(self, name="two.onnx"):
        """y = a + b, of the same two unknown dimensions; n + n of an integer."""
        graph = Graph("two")
        graph.input("a", FLOAT, ["rows", "columns"])
        graph.input("b", FLOAT, ["rows", "columns"])
        graph.input("n", INT64, [])
        graph.node("Add", ["a", "b"], ["y"], name="sum")
        graph.node("Add", ["n", "n"], ["twice"], name="double")
        graph.output("y", FLOAT, ["rows", "columns"])
        graph.output("twice", INT64, [])
        Model(graph).save(self.path(name))
        return name


def main():
    unittest.main()
