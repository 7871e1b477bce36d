# SPDX-License-Identifier: Apache-2.0
"""Models for test_custom, with operators that hone does not have, and for test_random: custom_models.py FOLDER"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from onnx_build import BOOL, FLOAT, STRING, Graph, Model  # noqa: E402


def save(folder, name, op, result, domain="test", **attributes):
    g = Graph(name)
    g.input("x", FLOAT, [2])
    g.node(op, ["x"], ["y"], name="node", domain=domain, **attributes)
    g.output("y", result, None)
    Model(g, opsets={"test": 1}).save(folder / f"{name}.onnx")


def twins(folder):
    """Two Dropouts in training, of one name."""
    g = Graph("twins")
    g.input("x", FLOAT, [64])
    g.initializer("ratio", FLOAT, [], [0.5])
    g.initializer("training", BOOL, [], [1])
    for y in ("a", "b"):
        g.node("Dropout", ["x", "ratio", "training"], [y], name="drop")
        g.output(y, FLOAT, [64])
    Model(g).save(folder / "twins.onnx")


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    save(folder, "scale", "Scale", FLOAT, factor=2.5, list=[7, 8], word="text")
    save(folder, "some", "Some", STRING)
    save(folder, "relu", "Relu", FLOAT, domain="")
    twins(folder)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
