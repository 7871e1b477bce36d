#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes cases whose expected results are those of ONNX Runtime, for the program onnx_backend:

    peer_cases.py OUT [PATTERN]

Every file of this folder named *_cases.py has a function cases() that yields (name, model, feeds):
a ModelProto and a list of dictionaries from input names to arrays, one for each data set. Each case
becomes OUT/NAME/model.onnx with test_data_set_0/input_0.pb, output_0.pb and so on. PATTERN is a
regular expression that names have to match. Existing cases are written anew.

Where ONNX Runtime's CPU provider lacks an operator, a case may have a fourth member: a function from
a dictionary of inputs to the list of outputs, in the order of the model, computed with numpy.
"""
import importlib
import pathlib
import re
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

sys.dont_write_bytecode = True


def one_node(op, inputs, outputs, domain="com.microsoft", opset=1, constants=None, dims=None, **attributes):
    """A model of one node. inputs: name -> array or None for an omitted one; those named in
    `constants` become initializers. outputs: name -> (TensorProto type, rank), None when omitted.
    dims: declared dimensions of an input, where they are not those of its array."""
    constants = constants or ()
    ports, weights = [], []
    for name, array in inputs.items():
        if array is None:
            continue
        if name in constants:
            weights.append(numpy_helper.from_array(array, name))
            continue
        kind = TensorProto.STRING if array.dtype.kind in "OU" else helper.np_dtype_to_tensor_dtype(array.dtype)
        ports.append(helper.make_tensor_value_info(name, kind, (dims or {}).get(name, array.shape)))
    results = [helper.make_tensor_value_info(name, kind[0], [None] * kind[1])
               for name, kind in outputs.items() if kind]
    node = helper.make_node(op, [name if array is not None else "" for name, array in inputs.items()],
                            [name if kind else "" for name, kind in outputs.items()],
                            name="node", domain=domain, **attributes)
    graph = helper.make_graph([node], "case", ports, results, weights)
    opsets = [helper.make_opsetid("", 21 if domain else opset)]
    if domain:
        opsets.append(helper.make_opsetid(domain, opset))
    feeds = {port.name: inputs[port.name] for port in ports}
    return helper.make_model(graph, opset_imports=opsets, ir_version=10), [feeds]


def encode(value, name):
    """The message that stands for a value that a session takes or gives."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return encode_maps(value, name)
    if isinstance(value, list):
        return numpy_helper.from_list(value, name)
    if isinstance(value, dict):
        return encode_map(value, name)
    return numpy_helper.from_array(np.asarray(value), name)


def encode_map(items, name):
    """numpy_helper.from_dict knows no keys of text."""
    message = onnx.MapProto(name=name, key_type=TensorProto.INT64)
    if items and isinstance(next(iter(items)), str):
        message.key_type = TensorProto.STRING
        message.string_keys.extend(key.encode() for key in items)
    else:
        message.keys.extend(items)
    values = [array_of(value) for value in items.values()]
    message.values.CopyFrom(numpy_helper.from_list(values, ""))
    return message


def array_of(value):
    """Python's own floats are what ONNX Runtime makes of float32."""
    return np.asarray(value, object if isinstance(value, str) else np.float32 if isinstance(value, float) else None)


def encode_maps(maps, name):
    message = onnx.SequenceProto(name=name, elem_type=onnx.SequenceProto.MAP)
    message.map_values.extend(encode_map(item, "") for item in maps)
    return message


def write(folder, kind, values):
    for number, (name, value) in enumerate(values):
        (folder / f"{kind}_{number}.pb").write_bytes(encode(value, name).SerializeToString())


def peer(content):
    """A function from inputs to outputs: a session of ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # some results depend on it: those of DynamicQuantizeLSTM
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda feed: session.run(None, feed)


def write_case(folder, model, feeds, expected=None):
    folder.mkdir(parents=True, exist_ok=True)
    content = model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(content)
    run = expected or peer(content)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [port.name for port in model.graph.input if port.name not in weights]
    outputs = [port.name for port in model.graph.output]
    for number, feed in enumerate(feeds):
        data = folder / f"test_data_set_{number}"
        data.mkdir(exist_ok=True)
        write(data, "input", [(name, feed[name]) for name in inputs])
        write(data, "output", zip(outputs, run(feed)))


def main(out, pattern=""):
    here = pathlib.Path(__file__).resolve().parent
    sys.path.insert(0, str(here))
    written, names = 0, set()
    for module in sorted(here.glob("*_cases.py")):
        if module.stem == pathlib.Path(__file__).stem:
            continue
        for name, *parts in importlib.import_module(module.stem).cases():
            if name in names:
                sys.exit(f"two cases are named {name}")
            names.add(name)
            if re.search(pattern, name):
                write_case(pathlib.Path(out) / name, *parts)
                written += 1
    print(f"{written} cases")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
