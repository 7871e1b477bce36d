# SPDX-License-Identifier: Apache-2.0
"""What the tests of passes share: small graphs, and the proof that passes keep their results."""
from cli_support import CommandTest
from onnx_build import FLOAT, Graph, Model

IMAGE = [1, 3, 6, 5]
# Passes that change no formula: what they leave computes the same bits.
MOVES = {"fold_constants", "sink_constants", "sink_transposes", "remove_dead",
         "merge_equal", "fuse_pointwise"}


def numbers(count, first=-1.0, step=0.37):
    """Numbers between -1 and 1 without a pattern that could cancel."""
    return [((first + i * step) % 2) - 1 for i in range(count)]


class PassTest(CommandTest):
    passes = "all"  # those that the changes and operators of check() are from

    def graph(self, shape=None):
        graph = Graph("passes")
        graph.input("x", FLOAT, shape or IMAGE)
        return graph

    def conv(self, graph, source="x", out="c", channels=4, bias=False, weights=None, name="w"):
        """A 3 x 3 convolution of 3 channels that keeps the size."""
        graph.initializer(name, FLOAT, [channels, 3, 3, 3],
                          weights or numbers(channels * 27))
        inputs = [source, name]
        if bias:
            graph.initializer(name + "_bias", FLOAT, [channels], numbers(channels))
            inputs.append(name + "_bias")
        graph.node("Conv", inputs, [out], pads=[1, 1, 1, 1])
        return graph

    def scalar(self, graph, name, number):
        graph.initializer(name, FLOAT, [], [number])
        return name

    def check(self, graph, output, nodes, tolerance=1e-5, **changes):
        """The optimised graph has these operators; passes that are named made so many changes."""
        graph.output(output, FLOAT, None)
        Model(graph).save(self.path("model.onnx"))
        facts = self.hone("inspect", "model.onnx", "--passes=" + self.passes, "--json").json
        made = {}
        for entry in facts["passes"]:
            made[entry["name"]] = made.get(entry["name"], 0) + entry["changes"]
        self.assertEqual({name: made[name] for name in changes}, changes)
        self.assertEqual({o["operator"]: o["count"] for o in facts["operators"]}, nodes)
        self.hone("run", "model.onnx", "--passes", "none", "--random", "1", "-o", "plain",
                  "--quiet")
        self.agree("all", tolerance)
        for name in made:
            with self.subTest(name):
                self.agree(name, 0 if name in MOVES else tolerance)
                self.agree("-" + name, tolerance)

    def agree(self, passes, tolerance):
        """model.onnx with these passes gives what is in the folder 'plain'."""
        self.hone("compare", "model.onnx", "plain", "--passes=" + passes, "--random", "1",
                  "--rtol", tolerance, "--atol", tolerance)

    def compare_plain(self, graph, *shapes, **model):
        """The model, optimised and not, on the same random inputs."""
        Model(graph, **model).save(self.path("model.onnx"))
        self.hone("run", "model.onnx", "--no-optimize", "--random", "1", "-o", "plain", "--quiet",
                  *shapes)
        return self.hone("compare", "model.onnx", "plain", "--random", "1", "--json", *shapes).json
