# SPDX-License-Identifier: Apache-2.0
"""com.microsoft's QLinear operators. ONNX Runtime combines scales in an order of its own, so results
half-way between two integers are avoided by scales whose ratios are exact, or by odd ones whose
results are never half-way."""
import numpy as np
from onnx import TensorProto, helper
from peer_cases import one_node
from quantized_matmul_cases import draw

BYTES = (np.uint8, np.int8)


def kind_of(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def scale(v):
    return np.array(v, np.float32)


def label(dtype):
    return np.dtype(dtype).name


def binary():
    rng = np.random.default_rng(10)
    for op in ("Add", "Mul"):
        for dtype in BYTES:
            for number, (a, b, scales) in enumerate((
                    ((2, 3, 5), (2, 3, 5), (0.5, 0.25, 1.0)), ((4, 1, 33), (3, 1), (0.5, 0.5, 0.5)),
                    ((7,), (), (0.037, 0.0171, 0.0533)), ((2, 64), (64,), (0.125, 2.0, 8.0)),
                    ((), (), (0.25, 0.5, 1.0)), ((0, 4), (4,), (1.0, 1.0, 1.0)),
                    ((), (3, 3), (0.25, 0.5, 1.0)))):
                inputs = {"A": draw(rng, dtype, *a), "A_scale": scale(scales[0]), "A_zero_point": draw(rng, dtype),
                          "B": draw(rng, dtype, *b), "B_scale": scale(scales[1]), "B_zero_point": draw(rng, dtype),
                          "C_scale": scale(scales[2] * (1 if op == "Add" else 32)),
                          "C_zero_point": draw(rng, dtype)}
                rank = max(len(a), len(b))
                yield f"ms_qlinear_{op.lower()}_{label(dtype)}_{number}", *one_node(
                    f"QLinear{op}", inputs, {"C": (kind_of(dtype), rank)},
                    constants=("A_scale", "B_scale", "C_scale") if number % 2 else ())


def unary():
    rng = np.random.default_rng(11)
    for dtype in BYTES:
        every = np.arange(256).astype(np.uint8).view(dtype)
        for number, (x_scale, y_scale, zeros) in enumerate(((0.05, 1 / 256, True), (0.1, 0.0078125, False))):
            for op, attributes in (("Sigmoid", {}), ("LeakyRelu", {"alpha": 0.3}), ("LeakyRelu", {})):
                inputs = {"X": every, "X_scale": scale(x_scale),
                          "X_zero_point": draw(rng, dtype) if zeros else None,
                          "Y_scale": scale(y_scale if op == "Sigmoid" else x_scale * 0.77),
                          "Y_zero_point": draw(rng, dtype) if zeros else None}
                yield f"ms_qlinear_{op.lower()}_{label(dtype)}_{number}_{len(attributes)}", *one_node(
                    f"QLinear{op}", inputs, {"Y": (kind_of(dtype), 1)}, **attributes)


def where_and_concat():
    rng = np.random.default_rng(12)
    for dtype in BYTES:
        inputs = {"condition": rng.integers(0, 2, (2, 3, 1)).astype(bool), "X": draw(rng, dtype, 2, 1, 5),
                  "x_scale": scale(0.5), "x_zero_point": draw(rng, dtype), "Y": draw(rng, dtype, 5),
                  "y_scale": scale(0.33), "y_zero_point": draw(rng, dtype), "z_scale": scale(0.47),
                  "z_zero_point": draw(rng, dtype)}
        yield f"ms_qlinear_where_{label(dtype)}", *one_node("QLinearWhere", inputs, {"Z": (kind_of(dtype), 3)})
        for axis, shapes in ((1, ((2, 3, 4), (2, 1, 4), (2, 2, 4))), (-1, ((3, 1), (3, 5))), (0, ((4,),))):
            inputs = {"Y_scale": scale(0.47), "Y_zero_point": draw(rng, dtype)}
            for i, shape in enumerate(shapes):
                inputs |= {f"x{i}": draw(rng, dtype, *shape), f"s{i}": scale(0.47 if i == 1 else 0.31),
                           f"z{i}": inputs["Y_zero_point"] if i == 1 else draw(rng, dtype)}
            yield f"ms_qlinear_concat_{label(dtype)}_{len(shapes)}", *one_node(
                "QLinearConcat", inputs, {"Y": (kind_of(dtype), len(shapes[0]))}, axis=axis)


def softmax():
    """1 / y_scale is whole, as ONNX Runtime rounds it down."""
    rng = np.random.default_rng(13)
    for dtype, zero in ((np.uint8, 0), (np.int8, -128)):
        for opset, axis in ((13, -1), (13, 1), (13, 0), (12, 1), (12, 2), (12, None)):
            attributes = {} if axis is None else {"axis": axis}
            inputs = {"X": draw(rng, dtype, 3, 4, 5), "X_scale": scale(0.021), "X_zero_point": draw(rng, dtype),
                      "y_scale": scale(1 / 256), "y_zero_point": np.array(zero, dtype)}
            model, feeds = one_node("QLinearSoftmax", inputs, {"Y": (kind_of(dtype), 3)}, **attributes)
            model.graph.node[0].attribute.append(helper.make_attribute("opset", opset))
            yield f"ms_qlinear_softmax_{label(dtype)}_{opset}_{axis}", model, feeds


def pools():
    rng = np.random.default_rng(14)
    for dtype in BYTES:
        for number, (shape, attributes) in enumerate((
                ((2, 3, 7, 8), {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}),
                ((1, 4, 6, 6), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
                ((1, 2, 9), {"kernel_shape": [4], "auto_pad": "SAME_UPPER"}),
                ((1, 2, 9), {"kernel_shape": [2], "strides": [2], "ceil_mode": 1}),
                ((1, 2, 4, 5, 6), {"kernel_shape": [2, 2, 2], "auto_pad": "SAME_LOWER"}),
                ((2, 7, 8, 3), {"kernel_shape": [3, 2], "strides": [2, 1], "channels_last": 1}),
                ((1, 9, 33), {"kernel_shape": [3], "pads": [1, 1], "channels_last": 1}))):
            inputs = {"X": draw(rng, dtype, *shape), "x_scale": scale(0.25), "x_zero_point": draw(rng, dtype),
                      "y_scale": scale(0.5), "y_zero_point": draw(rng, dtype)}
            yield f"ms_qlinear_average_pool_{label(dtype)}_{number}", *one_node(
                "QLinearAveragePool", inputs, {"Y": (kind_of(dtype), len(shape))}, **attributes)
        for number, (shape, last) in enumerate((((2, 3, 7, 7), 0), ((1, 5, 11), 0), ((2, 7, 7, 33), 1),
                                                ((1, 3, 3, 3, 4), 1), ((3, 2, 2, 2, 2), 0))):
            inputs = {"X": draw(rng, dtype, *shape), "x_scale": scale(0.37), "x_zero_point": draw(rng, dtype),
                      "y_scale": scale(0.11), "y_zero_point": draw(rng, dtype)}
            yield f"ms_qlinear_global_pool_{label(dtype)}_{number}", *one_node(
                "QLinearGlobalAveragePool", inputs, {"Y": (kind_of(dtype), len(shape))}, channels_last=last)
        inputs = {"x": draw(rng, dtype, 2, 7, 8, 5)}
        yield f"ms_nhwc_max_pool_{label(dtype)}", *one_node(
            "NhwcMaxPool", inputs, {"y": (kind_of(dtype), 4)}, kernel_shape=[3, 3], strides=[2, 2],
            pads=[1, 1, 0, 1], ceil_mode=1)


def convolutions():
    rng = np.random.default_rng(15)
    for number, (x, w, size, weight, attributes) in enumerate((
            (np.uint8, np.int8, (1, 6, 7, 4), (5, 4, 3, 3), {"pads": [1, 1, 1, 1], "channels_last": 1}),
            (np.uint8, np.uint8, (2, 9, 4), (6, 2, 3), {"group": 2, "strides": [2], "channels_last": 1}),
            (np.int8, np.int8, (1, 6, 6, 4), (4, 1, 3, 3), {"group": 4, "dilations": [2, 2], "channels_last": 1}),
            (np.int8, np.int8, (1, 3, 8, 8), (4, 3, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
            (np.uint8, np.int8, (1, 4, 4, 4, 2), (3, 2, 2, 2, 2), {"channels_last": 1}))):
        channels = weight[0]
        inputs = {"x": draw(rng, x, *size), "x_scale": scale(0.021), "x_zero_point": draw(rng, x),
                  "w": draw(rng, w, *weight),
                  "w_scale": rng.uniform(0.01, 0.02, channels).astype(np.float32),
                  "w_zero_point": np.zeros(channels, w) if w == np.int8 else np.full(channels, 131, w),
                  "y_scale": scale(0.371), "y_zero_point": draw(rng, x),
                  "B": rng.integers(-3000, 3000, channels).astype(np.int32) if number % 2 == 0 else None}
        yield f"ms_qlinear_conv_{number}", *one_node(
            "QLinearConv", inputs, {"y": (kind_of(x), len(size))},
            constants=("w", "w_scale", "w_zero_point", "x_scale", "x_zero_point", "y_scale", "y_zero_point", "B"),
            **attributes)


def in_bytes(model):
    """The model with a Cast of its output to 8 bits if that has 4, which numpy does not know."""
    port, node = model.graph.output[0], model.graph.node[-1]
    wide = {TensorProto.INT4: TensorProto.INT8, TensorProto.UINT4: TensorProto.UINT8}
    if port.type.tensor_type.elem_type in wide:
        port.type.tensor_type.elem_type = kind = wide[port.type.tensor_type.elem_type]
        node.output[0] = "narrow"
        model.graph.node.append(helper.make_node("Cast", ["narrow"], [port.name], to=kind))
    return model


def conversions():
    rng = np.random.default_rng(16)
    x = np.concatenate([rng.normal(size=(2, 3, 20)) * 30, np.full((2, 3, 1), 0.25)], 2).astype(np.float32)
    for name in ("UINT8", "INT8", "UINT16", "INT16", "UINT4", "INT4"):
        kind = TensorProto.DataType.Value(name)
        real = helper.tensor_dtype_to_np_dtype(kind)
        for axis, zero in ((None, True), (1, True), (-1, True), (None, False)):
            if not zero and name != "UINT8":
                continue
            count = () if axis is None else (x.shape[axis],)
            inputs = {"x": x, "y_scale": np.full(count, 0.5, np.float32),
                      "y_zero_point": rng.integers(0, 8, count).astype(real) if zero else None}
            attributes = {} if axis is None else {"axis": axis}
            model, feeds = one_node("QuantizeLinear", inputs, {"y": (kind, 3)}, constants=("y_zero_point",),
                                    **attributes)
            yield f"ms_quantize_{name.lower()}_{axis}_{zero}", in_bytes(model), feeds
    for name in ("UINT8", "INT8", "UINT16", "INT16", "INT32", "UINT4", "INT4"):
        kind = TensorProto.DataType.Value(name)
        real = helper.tensor_dtype_to_np_dtype(kind)
        for axis in (None, 1):
            count = () if axis is None else (3,)
            inputs = {"x": rng.integers(0, 8, (2, 3, 5)).astype(real),
                      "x_scale": rng.uniform(0.1, 1, count).astype(np.float32),
                      "x_zero_point": rng.integers(0, 8, count).astype(real)
                      if name != "INT32" else np.zeros(count, real)}
            attributes = {} if axis is None else {"axis": axis}
            yield f"ms_dequantize_{name.lower()}_{axis}", *one_node(
                "DequantizeLinear", inputs, {"y": (TensorProto.FLOAT, 3)}, constants=("x", "x_zero_point"),
                **attributes)


def cases():
    yield from binary()
    yield from unary()
    yield from where_and_concat()
    yield from softmax()
    yield from pools()
    yield from convolutions()
    yield from conversions()
