#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the command hone knows every version of every operator that the package onnx defines,
with all of its attributes:

    onnx_schema_test.py HONE [PATTERN]

Each version becomes a model of one node, written for the opset that brought it. Its inputs are
arbitrary, so that most models are refused; but never because the operator, the version or an
attribute is unknown. PATTERN is a regular expression that names of operators have to match.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

UNKNOWN = re.compile(r"unsupported operator|no such operator|too old|unknown attribute|is of kind|no version of domain")

Kind = onnx.defs.OpSchema.AttrType


def any_body():
    identity = helper.make_node("Identity", ["in"], ["out"])
    ports = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])] for name in ("in", "out")]
    return helper.make_graph([identity], "body", *ports)


VALUES = {
    Kind.INT: 1, Kind.INTS: [1, 1], Kind.FLOAT: 1.0, Kind.FLOATS: [1.0], Kind.STRING: "text",
    Kind.STRINGS: ["text"], Kind.TENSOR: numpy_helper.from_array(np.float32(1), "value"),
    Kind.TENSORS: [numpy_helper.from_array(np.float32(1), "value")],
    Kind.GRAPH: any_body(), Kind.TYPE_PROTO: helper.make_tensor_type_proto(TensorProto.FLOAT, [1]),
}


def attributes(schema):
    """All of them, with their defaults or some value of their kind."""
    found = []
    for name, attribute in schema.attributes.items():
        default = attribute.default_value
        value = helper.get_attribute_value(default) if default.type else VALUES.get(attribute.type)
        if value is not None:
            found.append(helper.make_attribute(name, value))
    return found


def model(schema):
    count = max(schema.min_input, min(schema.max_input, 1))
    ports = [helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, [1, 1, 1, 1]) for i in range(count)]
    results = [helper.make_tensor_value_info(f"y{i}", TensorProto.FLOAT, None) for i in range(max(schema.min_output, 1))]
    node = helper.make_node(schema.name, [p.name for p in ports], [r.name for r in results], name="node",
                            domain=schema.domain)
    node.attribute.extend(attributes(schema))
    opsets = [helper.make_opsetid(schema.domain, schema.since_version)]
    if schema.domain:
        opsets.append(helper.make_opsetid("", 21))
    return helper.make_model(helper.make_graph([node], "schema", ports, results), opset_imports=opsets, ir_version=10)


def main(hone, pattern=""):
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        for schema in sorted(onnx.defs.get_all_schemas_with_history(), key=lambda s: (s.domain, s.name, s.since_version)):
            if schema.deprecated or not re.search(pattern, schema.name):
                continue
            path.write_bytes(model(schema).SerializeToString())
            run = subprocess.run([hone, "inspect", str(path)], capture_output=True, text=True, check=False)
            wrong = run.returncode < 0 or UNKNOWN.search(run.stderr)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(f"{schema.domain or 'ai.onnx'}.{schema.name} {schema.since_version}: {run.stderr.strip()[:200]}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or passed == 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
