# SPDX-License-Identifier: Apache-2.0
"""ONNX's own quantized operators in more modes than its node tests have."""
import numpy as np
from onnx import TensorProto, helper
from peer_cases import one_node
from quantized_elementwise_cases import in_bytes, kind_of, label, scale
from quantized_matmul_cases import FLOAT, I32, draw

FLOAT8S = ("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ")
INTEGERS = ("UINT8", "INT8", "UINT16", "INT16", "UINT4", "INT4")


def real_of(name):
    kind = TensorProto.DataType.Value(name)
    return kind, helper.tensor_dtype_to_np_dtype(kind)


def in_float(model):
    """The model with a Cast of its output to float32, for types that numpy does not know."""
    port, node = model.graph.output[0], model.graph.node[-1]
    port.type.tensor_type.elem_type = FLOAT
    node.output[0] = "narrow"
    model.graph.node.append(helper.make_node("Cast", ["narrow"], [port.name], to=FLOAT))
    return model


def default(op, inputs, outputs, constants=(), opset=21, **attributes):
    return one_node(op, inputs, outputs, domain="", opset=opset, constants=constants, **attributes)


def quantize():
    rng = np.random.default_rng(30)
    halves = np.arange(-40, 41) * 0.25
    special = np.array([np.inf, -np.inf, 3e38, -3e38, 1e-40, 0.0, -0.0, 70000, -70000])
    flat = np.concatenate([halves, special]).astype(np.float32)
    for name in INTEGERS:
        kind, real = real_of(name)
        zero = np.array(3).astype(real)
        model, feeds = default("QuantizeLinear", {"x": flat, "s": scale(0.5), "z": zero}, {"y": (kind, 1)}, ("z",))
        yield f"quantize_{name.lower()}_special", in_bytes(model), feeds
        x = (rng.normal(size=(3, 8, 5)) * 20).astype(np.float32)
        for axis in (0, 1, 2, -2):
            count = x.shape[axis]
            inputs = {"x": x, "s": rng.uniform(0.1, 2, count).astype(np.float32),
                      "z": rng.integers(0, 7, count).astype(real)}
            model, feeds = default("QuantizeLinear", inputs, {"y": (kind, 3)}, ("z",), axis=axis)
            yield f"quantize_{name.lower()}_axis_{axis}", in_bytes(model), feeds
        for axis, block in ((1, 4), (1, 3), (2, 2), (0, 2), (-1, 5)):
            size = [-(-n // block) if a == axis % 3 else n for a, n in enumerate(x.shape)]
            inputs = {"x": x, "s": rng.uniform(0.1, 2, size).astype(np.float32),
                      "z": rng.integers(0, 7, size).astype(real)}
            model, feeds = default("QuantizeLinear", inputs, {"y": (kind, 3)}, ("z",), axis=axis, block_size=block)
            yield f"quantize_{name.lower()}_block_{axis}_{block}", in_bytes(model), feeds
        model, feeds = default("QuantizeLinear", {"x": x, "s": scale(0.31)}, {"y": (kind, 3)}, output_dtype=kind)
        yield f"quantize_{name.lower()}_output_dtype", in_bytes(model), feeds
        half = {"x": x.astype(np.float16), "s": np.array(0.25, np.float16), "z": zero}
        model, feeds = default("QuantizeLinear", half, {"y": (kind, 3)}, ("z",))
        yield f"quantize_{name.lower()}_half", in_bytes(model), feeds
    for name in FLOAT8S:
        kind, real = real_of(name)
        for saturate in (0, 1):
            inputs = {"x": flat, "s": scale(0.5), "z": np.array(0).astype(real)}
            model, feeds = default("QuantizeLinear", inputs, {"y": (kind, 1)}, ("z",), saturate=saturate)
            yield f"quantize_{name.lower()}_{saturate}", in_float(model), feeds


def dequantize():
    rng = np.random.default_rng(31)
    for name in (*INTEGERS, "INT32", *FLOAT8S):
        kind, real = real_of(name)
        low, high = (0, 8) if name.startswith("UINT") or name in FLOAT8S else (-8, 8)
        x = rng.integers(low, high, (3, 8, 5)).astype(real)
        plain = name == "INT32" or name in FLOAT8S

        def zeros(size):
            return np.zeros(size, np.int8).astype(real) if plain else rng.integers(low, high, size).astype(real)
        for axis in (None, 0, 1, 2, -2):
            size = () if axis is None else (x.shape[axis],)
            inputs = {"x": x, "s": rng.uniform(0.1, 2, size).astype(np.float32), "z": zeros(size)}
            attributes = {} if axis is None else {"axis": axis}
            yield f"dequantize_{name.lower()}_axis_{axis}", *default(
                "DequantizeLinear", inputs, {"y": (FLOAT, 3)}, ("x", "z"), **attributes)
        for axis, block in ((1, 4), (1, 3), (2, 2), (0, 2), (-1, 5)):
            size = [-(-n // block) if a == axis % 3 else n for a, n in enumerate(x.shape)]
            inputs = {"x": x, "s": rng.uniform(0.1, 2, size).astype(np.float32), "z": zeros(size)}
            yield f"dequantize_{name.lower()}_block_{axis}_{block}", *default(
                "DequantizeLinear", inputs, {"y": (FLOAT, 3)}, ("x", "z"), axis=axis, block_size=block)
        yield f"dequantize_{name.lower()}_half", *default(
            "DequantizeLinear", {"x": x, "s": np.array(0.3, np.float16)}, {"y": (TensorProto.FLOAT16, 3)}, ("x",))


def convolutions():
    rng = np.random.default_rng(32)
    for number, (size, weight, attributes) in enumerate((
            ((1, 4, 9), (6, 2, 3), {"group": 2, "strides": [2], "pads": [1, 2]}),
            ((2, 3, 8, 7), (4, 3, 3, 2), {"dilations": [2, 3], "pads": [1, 0, 2, 1]}),
            ((1, 3, 8, 7), (4, 3, 3, 3), {"strides": [2, 3], "auto_pad": "SAME_LOWER"}),
            ((1, 3, 8, 7), (4, 3, 3, 3), {"strides": [2, 3], "auto_pad": "VALID"}),
            ((1, 3, 8, 7), (4, 3, 3, 2), {"auto_pad": "SAME_UPPER"}),
            ((1, 4, 5, 5), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),
            ((1, 4, 5, 5), (8, 1, 3, 3), {"group": 4, "pads": [0, 1, 2, 0]}),
            ((1, 2, 4, 5, 6), (3, 2, 2, 3, 2), {"pads": [1, 0, 1, 0, 1, 0], "strides": [1, 2, 1]}),
            ((2, 8, 1, 1), (3, 8, 1, 1), {}), ((1, 70, 6, 5), (5, 70, 3, 3), {"pads": [1, 1, 1, 1]}),
            ((1, 600, 7), (4, 300, 2), {"group": 2}), ((1, 2, 20, 20), (3, 2, 17, 17), {}))):
        channels = weight[0]
        for x, w in ((np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)):
            for each in (False, True):
                count = (channels,) if each else ()
                zero = np.zeros(count, w) if w == np.int8 else np.full(count, 117, w)
                inputs = {"x": draw(rng, x, *size), "xs": scale(0.021), "xz": draw(rng, x),
                          "w": draw(rng, w, *weight), "ws": rng.uniform(0.01, 0.02, count).astype(np.float32),
                          "wz": zero, "ys": scale(0.371), "yz": draw(rng, x),
                          "B": rng.integers(-3000, 3000, channels).astype(np.int32) if number % 2 else None}
                yield f"qlinear_conv_{number}_{label(x)}_{label(w)}_{each}", *default(
                    "QLinearConv", inputs, {"y": (kind_of(x), len(size))},
                    tuple(inputs)[1:] if number % 3 else (), opset=10, **attributes)
            if x == np.uint8:
                inputs = {"x": draw(rng, x, *size), "w": draw(rng, w, *weight), "xz": draw(rng, x),
                          "wz": draw(rng, w) if number % 2 else None}
                yield f"conv_integer_{number}_{label(x)}_{label(w)}", *default(
                    "ConvInteger", inputs, {"y": (I32, len(size))}, ("w",) if number % 3 else (), opset=10,
                    **attributes)


def products():
    rng = np.random.default_rng(33)
    for number, (a, b) in enumerate((((3, 4), (4, 5)), ((2, 3, 300), (300, 5)), ((2, 3, 4), (2, 4, 5)),
                                     ((2, 1, 3, 4), (3, 4, 2)), ((4,), (4, 5)), ((3, 1030), (1030, 3)))):
        for x, w in ((np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)):
            n = b[-1]
            for columns in (False, True):
                size = ((n,) if len(b) == 2 else (*b[:-2], 1, n)) if columns else ()
                inputs = {"A": draw(rng, x, *a), "B": draw(rng, w, *b), "az": draw(rng, x), "bz": draw(rng, w, *size)}
                rank = max(len(a), len(b)) - (len(a) == 1)
                yield f"matmul_integer_{number}_{label(x)}_{label(w)}_{columns}", *default(
                    "MatMulInteger", inputs, {"Y": (I32, rank)}, ("B", "bz") if number % 2 else (), opset=10)
            inputs = {"a": draw(rng, x, *a), "as": scale(0.02), "az": draw(rng, x), "b": draw(rng, w, *b),
                      "bs": scale(0.031), "bz": draw(rng, w), "ys": scale(0.57), "yz": draw(rng, x)}
            if len(b) == 2:
                inputs |= {"bs": rng.uniform(0.01, 0.1, n).astype(np.float32), "bz": draw(rng, w, n)}
            yield f"qlinear_matmul_{number}_{label(x)}_{label(w)}", *default(
                "QLinearMatMul", inputs, {"y": (kind_of(x), rank)}, opset=21)


def dynamic():
    rng = np.random.default_rng(34)
    for name, x in (("zeros", np.zeros((2, 3))), ("one", np.array([5.0])), ("negative", -rng.uniform(1, 9, 7)),
                    ("positive", rng.uniform(1, 9, 7)), ("mixed", rng.normal(size=(3, 4, 5))),
                    ("same", np.full(4, -2.5)), ("tiny", np.array([1e-39, -1e-39, 0])), ("scalar", np.array(-3.0)),
                    ("large", np.array([3e38, -3e38, 1])), ("halves", np.array([0, 255, 0.5, 1.5, 2.5]))):
        yield f"dynamic_quantize_{name}", *default(
            "DynamicQuantizeLinear", {"x": x.astype(np.float32)},
            {"y": (TensorProto.UINT8, x.ndim), "s": (FLOAT, 0), "z": (TensorProto.UINT8, 0)}, opset=11)


def cases():
    yield from quantize()
    yield from dequantize()
    yield from convolutions()
    yield from products()
    yield from dynamic()
