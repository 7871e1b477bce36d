# SPDX-License-Identifier: Apache-2.0
"""Cases of every operator of ONNX's own domain in every element type that its newest definition
allows. Each is a node case of the package with the inputs of one type parameter converted; what is
expected comes from the package's reference implementation."""
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator

FLOATS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
INTS = {TensorProto.UINT8: 100, TensorProto.INT8: 100, TensorProto.UINT16: 100, TensorProto.INT16: 100,
        TensorProto.INT32: 100, TensorProto.INT64: 100, TensorProto.UINT32: 100, TensorProto.UINT64: 100,
        TensorProto.UINT4: 7, TensorProto.INT4: 7, TensorProto.UINT2: 1, TensorProto.INT2: 1, TensorProto.BOOL: 1}

# Type parameters that a case cannot change alone, and cases whose results the reference has in
# another way than the definition.
SKIPPED = {
    "BitCast": "sizes have to agree",
    "CastLike": "what does not fit is converted as the platform likes",
    "Dropout": "random", "Loop": "types of bodies", "Scan": "types of bodies",
    "EyeLike.T1": "decides the type of the output as well",
    "DequantizeLinear.T1": "zero points of floats are not 0 in the case",
    "DequantizeLinear.T2": "decides the type of the output as well",
    "LinearAttention": "the type of the state follows that of the data",
    "OptionalGetElement": "decides the type of the output as well",
    "QuantizeLinear.T3": "zero points of floats are not 0 in the case",
    "QLinearMatMul": "the reference cuts floats to integers",
}


def element_type(text):
    """The number of "tensor(float16)", or None for what is no tensor."""
    if not text.startswith("tensor("):
        return None
    return getattr(TensorProto, text[7:-1].upper(), None)


def retype(values, kind):
    """Results in another type, as they are."""
    values = np.asarray(values)
    if kind == TensorProto.STRING:
        texts = values.ravel().tolist() if values.dtype == object else [str(v) for v in values.ravel()]
        if not all(isinstance(t, str) for t in texts):
            raise TypeError("the reference fills text with numbers")
        return np.array(texts, dtype=object).reshape(values.shape)
    return values.astype(helper.tensor_dtype_to_np_dtype(kind))


def convert(values, kind):
    """Inputs in another type: small numbers that it has, none of them 0 more often than need be."""
    values = np.asarray(values)
    if kind == TensorProto.STRING:
        return retype(values, kind)
    if values.dtype == object:
        return values
    if kind in INTS and values.dtype.kind == "f":
        values = np.round(np.abs(np.nan_to_num(values)) * 2) % (INTS[kind] + 1)
    if kind in (TensorProto.FLOAT4E2M1, TensorProto.FLOAT8E8M0):
        values = np.clip(np.abs(values.astype(np.float32)), 0.5, 4)
    return values.astype(helper.tensor_dtype_to_np_dtype(kind))


def base_cases():
    """Single nodes of an operator's newest version with tensors alone: the first, and the one with
    most inputs."""
    found = {}
    for case in collect_testcases(None):
        graph = case.model.graph
        ports = [*graph.input, *graph.output]
        if len(graph.node) != 1 or any(p.type.WhichOneof("value") != "tensor_type" for p in ports):
            continue
        node, opset = graph.node[0], max((o.version for o in case.model.opset_import if not o.domain), default=0)
        if node.domain or node.op_type.startswith(("Random", "String", "Regex", "TfIdf", "Image", "Bernoulli")):
            continue
        newest = onnx.defs.get_schema(node.op_type)
        if onnx.defs.get_schema(node.op_type, opset).since_version == newest.since_version:
            found.setdefault(node.op_type, (newest, []))[1].append(case)
    for op, (schema, cases) in sorted(found.items()):
        floats = [c for c in cases if c.model.graph.input and c.model.graph.input[0].type.tensor_type.elem_type == 1]
        pool = floats or cases
        most = max(pool, key=lambda c: len(c.model.graph.input))
        yield op, schema, [pool[0]] if most is pool[0] else [pool[0], most]


def parameters(formal, names):
    """Name of a value -> name of its type parameter."""
    return {name: formal[min(i, len(formal) - 1)].type_str for i, name in enumerate(names) if name}


def run(model, inputs):
    feeds = {p.name: v for p, v in zip(model.graph.input, inputs)}
    return ReferenceEvaluator(model).run(None, feeds)


def expected(case, model, kind, inputs):
    """Results of the reference, or None: 16-bit floats and what it has no code for are computed in
    the types of the case."""
    kinds = [p.type.tensor_type.elem_type for p in model.graph.output]
    if kind not in FLOATS:
        try:
            return [retype(v, k) for v, k in zip(run(model, inputs), kinds)]
        except Exception:  # pylint: disable=broad-except  # whatever the reference does not do
            pass
    try:
        given = [retype(v, p.type.tensor_type.elem_type) for v, p in zip(inputs, case.model.graph.input)]
        return [retype(v, k) for v, k in zip(run(case.model, given), kinds)]
    except Exception:  # pylint: disable=broad-except
        return None


def variant(case, schema, parameter, kind):
    """(model, inputs, outputs) of a case with one type parameter changed, or None."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    model.ir_version = max(model.ir_version, 12)
    node, graph = model.graph.node[0], model.graph
    uses, makes = parameters(schema.inputs, node.input), parameters(schema.outputs, node.output)
    inputs = []
    for port, value in zip(graph.input, case.data_sets[0][0]):
        value = numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)
        changed = uses.get(port.name) == parameter
        inputs.append(convert(value, kind) if changed else value)
        if changed:
            port.type.tensor_type.elem_type = kind
    for port in graph.output:
        if makes.get(port.name) == parameter:
            port.type.tensor_type.elem_type = kind
    outputs = expected(case, model, kind, inputs)
    return None if outputs is None else (model, inputs, outputs)


def cases():
    """Yields (name, model, inputs, outputs)."""
    warnings.simplefilter("ignore")
    for op, schema, bases in base_cases():
        for constraint in schema.type_constraints:
            parameter = constraint.type_param_str
            used = any(formal.type_str == parameter for formal in schema.inputs)
            if not used or op in SKIPPED or f"{op}.{parameter}" in SKIPPED:
                continue
            for kind in filter(None, map(element_type, constraint.allowed_type_strs)):
                for number, case in enumerate(bases):
                    made = variant(case, schema, parameter, kind)
                    if made:
                        name = f"{op}_{parameter}_{TensorProto.DataType.Name(kind)}_{number}".lower()
                        yield name, *made
