#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the node test cases of the package onnx (1.23.2) to a folder for the program onnx_backend:

    onnx_cases.py OUT [PATTERN]

Each case becomes OUT/NAME/model.onnx with test_data_set_0/input_0.pb, output_0.pb and so on.
PATTERN is a regular expression that names have to match. Existing cases are written anew.
"""
import pathlib
import re
import sys

import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

VERSION = "1.23.2"


def encode(value, port):
    """The message that stands for a value of the port's type."""
    if isinstance(value, TensorProto):
        return value
    kind = port.type.WhichOneof("value")
    convert = {"map_type": numpy_helper.from_dict, "sequence_type": numpy_helper.from_list,
               "optional_type": numpy_helper.from_optional}.get(kind, numpy_helper.from_array)
    return convert(value, port.name)


def write_case(model, data_sets, folder):
    """data_sets: pairs of the values of all inputs and those of all outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    for number, (inputs, outputs) in enumerate(data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir(exist_ok=True)
        for kind, values, ports in (("input", inputs, model.graph.input),
                                    ("output", outputs, model.graph.output)):
            for i, (value, port) in enumerate(zip(values, ports)):
                message = encode(value, port)
                (data / f"{kind}_{i}.pb").write_bytes(message.SerializeToString())


def check_version():
    if onnx.__version__ != VERSION:
        sys.exit(f"onnx {onnx.__version__} is installed: the expected results are those of {VERSION}")


def main(out, pattern=""):
    check_version()
    cases = [c for c in collect_testcases(None) if re.search(pattern, c.name)]
    for case in cases:
        write_case(case.model, case.data_sets, pathlib.Path(out) / case.name)
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
