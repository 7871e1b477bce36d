# SPDX-License-Identifier: Apache-2.0
"""Cases of operators in the meanings that opsets 1 to 12 gave them and later ones changed. What is
expected is worked out here with NumPy from the old definitions: no runtime keeps all of them."""
import numpy as np
from onnx import helper

rng = np.random.default_rng(7)


def data(*shape, dtype=np.float32, positive=False):
    values = rng.uniform(0.1 if positive else -2, 2, shape)
    return values.astype(dtype)


def model(op, opset, inputs, outputs, attributes):
    ports = [helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
             for i, x in enumerate(inputs)]
    results = [helper.make_tensor_value_info(f"y{i}", helper.np_dtype_to_tensor_dtype(y.dtype), y.shape)
               for i, y in enumerate(outputs)]
    node = helper.make_node(op, [p.name for p in ports], [r.name for r in results], name="node", **attributes)
    graph = helper.make_graph([node], "legacy", ports, results)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3)


def broadcasts():
    """Opsets 1 to 6: `broadcast` and `axis`."""
    operators = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
    for op, f in operators.items():
        for opset, more in ((1, {"consumed_inputs": [0, 0]}), (6, {})):
            a, b = data(2, 3, 4, 5), data(3, 4, positive=True)
            yield f"{op}_{opset}", op, opset, [a, b], [f(a, b[:, :, None])], {"broadcast": 1, "axis": 1, **more}
            yield f"{op}_{opset}_same", op, opset, [a, a + 5], [f(a, a + 5)], more
        b = data(5, positive=True)
        yield f"{op}_suffix", op, 6, [a, b], [f(a, b)], {"broadcast": 1}
        b = data(2, positive=True)
        yield f"{op}_prefix", op, 6, [a, b], [f(a, b[:, None, None, None])], {"broadcast": 1, "axis": 0}
        b = data(1, positive=True)
        yield f"{op}_single", op, 6, [a, b], [f(a, b)], {"broadcast": 1, "axis": 1}
    a, b = data(2, 3, 4, positive=True), data(3)
    yield "Pow_1", "Pow", 1, [a, b], [a ** b[:, None]], {"broadcast": 1, "axis": 1}
    a, b = data(2, 3, 4), data(3)
    for op, f in (("Less", np.less), ("Greater", np.greater)):
        yield f"{op}_1", op, 1, [a, b], [f(a, b[:, None])], {"broadcast": 1, "axis": 1}
    a, b = rng.integers(0, 3, (2, 3, 4)), rng.integers(0, 3, 3)
    yield "Equal_1", "Equal", 1, [a, b], [a == b[:, None]], {"broadcast": 1, "axis": -2}
    a, b = a > 1, b > 1
    for op, f in (("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor)):
        yield f"{op}_1", op, 1, [a, b], [f(a, b[:, None])], {"broadcast": 1, "axis": 1}
    x, slope = data(2, 3, 4, 5), data(3)
    yield "PRelu_1", "PRelu", 1, [x, slope], [np.where(x < 0, x * slope[:, None, None], x)], {"consumed_inputs": [0, 0]}
    yield "PRelu_6_shared", "PRelu", 6, [x, slope[:1]], [np.where(x < 0, x * slope[0], x)], {}
    a, b, c = data(2, 3), data(3, 4), data(4)
    for opset in (1, 6):
        yield f"Gemm_{opset}", "Gemm", opset, [a, b, c], [0.5 * a @ b + c], {"alpha": 0.5, "broadcast": 1}
    c = data(2, 4)
    yield "Gemm_1_same", "Gemm", 1, [a, b, c], [a @ b + c], {"transA": 0}


def erased():
    """Attributes that mean nothing any more."""
    x = data(2, 3, 4)
    for op, f in (("Abs", np.abs), ("Neg", np.negative), ("Relu", lambda v: np.maximum(v, 0)), ("Floor", np.floor),
                  ("Ceil", np.ceil), ("Exp", np.exp), ("Tanh", np.tanh), ("Sigmoid", lambda v: 1 / (1 + np.exp(-v))),
                  ("Reciprocal", lambda v: 1 / v), ("Elu", lambda v: np.where(v < 0, np.expm1(v), v))):
        yield f"{op}_1", op, 1, [x], [f(x)], {"consumed_inputs": [0]}
    p = data(2, 3, positive=True)
    yield "Log_1", "Log", 1, [p], [np.log(p)], {"consumed_inputs": [0]}
    yield "Sqrt_1", "Sqrt", 1, [p], [np.sqrt(p)], {"consumed_inputs": [0]}
    yield "LeakyRelu_1", "LeakyRelu", 1, [x], [np.where(x < 0, x * 0.5, x)], {"consumed_inputs": [0], "alpha": 0.5}
    yield "HardSigmoid_1", "HardSigmoid", 1, [x], [np.clip(0.3 * x + 0.4, 0, 1)], {"consumed_inputs": [0], "alpha": 0.3, "beta": 0.4}
    selu = np.where(x > 0, 1.05 * x, 1.05 * 1.67 * np.expm1(x))
    yield "Selu_1", "Selu", 1, [x], [selu], {"consumed_inputs": [0], "alpha": 1.67, "gamma": 1.05}
    for op, f in (("Max", np.maximum), ("Min", np.minimum), ("Sum", np.add)):
        for opset, more in ((1, {"consumed_inputs": [0, 0]}), (6, {})):
            yield f"{op}_{opset}", op, opset, [x, x[::-1].copy()], [f(x, x[::-1])], more
    yield "Mean_1", "Mean", 1, [x, x + 1], [x + 0.5], {"consumed_inputs": [0, 0]}
    yield "Clip_1", "Clip", 1, [x], [np.clip(x, -0.5, 1)], {"consumed_inputs": [0], "min": -0.5, "max": 1.0}
    yield "Clip_6_upper", "Clip", 6, [x], [np.minimum(x, 0.25)], {"max": 0.25}
    for opset, more in ((1, {"consumed_inputs": [0]}), (6, {})):
        yield f"Dropout_{opset}", "Dropout", opset, [x], [x], {"is_test": 1, "ratio": 0.3, **more}
    yield "Dropout_1_mask", "Dropout", 1, [x], [x, np.ones_like(x)], {"is_test": 1}


def norms():
    x, scale, bias, mean, var = data(2, 3, 4, 5), data(3), data(3), data(3), data(3, positive=True)
    column = lambda v: v[:, None, None]
    y = (x - column(mean)) / np.sqrt(column(var) + 1e-5) * column(scale) + column(bias)
    for opset, more in ((1, {"consumed_inputs": [0, 0, 0, 1, 1]}), (6, {})):
        yield f"BatchNormalization_{opset}", "BatchNormalization", opset, [x, scale, bias, mean, var], [y], {"is_test": 1, "spatial": 1, **more}
    rows = [data(3, 4, 5), data(3, 4, 5), data(3, 4, 5), data(3, 4, 5, positive=True)]
    y = (x - rows[2]) / np.sqrt(rows[3] + 1e-5) * rows[0] + rows[1]
    for opset in (6, 7):
        more = {"is_test": 1} if opset == 6 else {}
        yield f"BatchNormalization_{opset}_elements", "BatchNormalization", opset, [x, *rows], [y], {"spatial": 0, **more}
    centred = x - x.mean((2, 3), keepdims=True)
    y = centred / np.sqrt((centred ** 2).mean((2, 3), keepdims=True) + 1e-5) * column(scale) + column(bias)
    yield "InstanceNormalization_1", "InstanceNormalization", 1, [x, scale, bias], [y], {"consumed_inputs": [0, 0, 0]}
    yield "LpNormalization_1", "LpNormalization", 1, [x], [x / np.abs(x).sum(1, keepdims=True)], {"p": 1, "axis": 1}


def shapes():
    x, more = data(2, 3, 4), data(2, 5, 4)
    yield "Concat_1", "Concat", 1, [x, more], [np.concatenate([x, more], 1)], {}
    yield "Concat_1_axis", "Concat", 1, [x, x], [np.concatenate([x, x], 2)], {"axis": 2}
    yield "Reshape_1", "Reshape", 1, [x], [x.reshape(2, 12)], {"shape": [0, -1], "consumed_inputs": [0]}
    yield "Pad_1", "Pad", 1, [x], [np.pad(x, ((0, 1), (2, 0), (0, 3)), constant_values=1.5)], {"paddings": [0, 2, 0, 1, 0, 3], "value": 1.5}
    yield "Pad_2", "Pad", 2, [x], [np.pad(x, ((0, 0), (1, 1), (2, 0)), "reflect")], {"pads": [0, 1, 2, 0, 1, 0], "mode": "reflect"}
    yield "Tile_1", "Tile", 1, [x, np.float32(3), np.float32(1)], [np.tile(x, (1, 3, 1))], {}
    yield "Split_1", "Split", 1, [x], np.split(x, [1], 1), {"axis": 1, "split": [1, 2]}
    yield "Split_1_input", "Split", 1, [x, np.float32([3, 1])], np.split(x, [3], 2), {"axis": 2}
    yield "Split_2_equal", "Split", 2, [x], np.split(x, 2, 2), {"axis": 2}
    yield "Slice_1", "Slice", 1, [x], [x[:, 1:3, -2:]], {"axes": [1, 2], "starts": [1, -2], "ends": [3, 1000]}
    yield "Squeeze_1", "Squeeze", 1, [x[:, :1]], [x[:, 0]], {"axes": [1]}
    yield "Unsqueeze_1", "Unsqueeze", 1, [x], [x[:, None, :, :, None]], {"axes": [1, 4]}
    image = data(1, 2, 3, 4)
    yield "Upsample_1", "Upsample", 1, [image], [image.repeat(2, 2).repeat(3, 3)], {"height_scale": 2.0, "width_scale": 3.0}
    yield "Upsample_7", "Upsample", 7, [image], [image.repeat(2, 2).repeat(2, 3)], {"scales": [1.0, 1.0, 2.0, 2.0], "mode": "nearest"}
    yield "Cast_1", "Cast", 1, [x], [x.astype(np.int32)], {"to": "INT32"}
    yield "Cast_1_double", "Cast", 1, [x], [x.astype(np.float64)], {"to": "DOUBLE"}
    order = np.sort(x, -1)[..., ::-1]
    yield "TopK_1", "TopK", 1, [x], [order[..., :2], np.argsort(-x, -1)[..., :2]], {"k": 2}


def rows():
    x = data(2, 3, 4)
    flat = np.exp(x.reshape(2, 12))
    soft = (flat / flat.sum(1, keepdims=True)).reshape(x.shape)
    yield "Softmax_1", "Softmax", 1, [x], [soft], {}
    yield "LogSoftmax_1", "LogSoftmax", 1, [x], [np.log(soft)], {}
    hard = np.zeros((2, 12), np.float32)
    hard[range(2), x.reshape(2, 12).argmax(1)] = 1
    yield "Hardmax_1", "Hardmax", 1, [x], [hard.reshape(x.shape)], {}
    for op, f in (("ReduceSum", np.sum), ("ReduceMean", np.mean), ("ReduceMax", np.max), ("ReduceMin", np.min), ("ReduceProd", np.prod)):
        yield f"{op}_1", op, 1, [x], [f(x, (0, 2), keepdims=True)], {"axes": [0, 2]}
        yield f"{op}_1_all", op, 1, [x], [np.float32(f(x))], {"keepdims": 0}
    for op, f in (("ReduceL1", lambda v: np.abs(v).sum(1)), ("ReduceL2", lambda v: np.sqrt((v * v).sum(1))),
                  ("ReduceLogSumExp", lambda v: np.log(np.exp(v).sum(1))), ("ReduceSumSquare", lambda v: (v * v).sum(1))):
        yield f"{op}_1", op, 1, [x], [f(x)], {"axes": [1], "keepdims": 0}


def pools():
    x = data(1, 2, 4, 6)
    windows = x.reshape(1, 2, 2, 2, 3, 2).transpose(0, 1, 2, 4, 3, 5).reshape(1, 2, 2, 3, 4)
    shape = {"kernel_shape": [2, 2], "strides": [2, 2]}
    yield "MaxPool_1", "MaxPool", 1, [x], [windows.max(-1)], shape
    yield "AveragePool_1", "AveragePool", 1, [x], [windows.mean(-1)], {**shape, "auto_pad": "VALID"}
    norm = lambda v, p, axis: (np.abs(v) ** p).sum(axis, keepdims=isinstance(axis, tuple)) ** (1 / p)
    yield "LpPool_1", "LpPool", 1, [x], [norm(windows, 3, -1)], {**shape, "p": 3.0}
    yield "LpPool_2", "LpPool", 2, [x], [norm(windows, 2, -1)], shape
    yield "GlobalLpPool_1", "GlobalLpPool", 1, [x], [norm(x, 2, (2, 3))], {"p": 2.0}
    yield "GlobalLpPool_2", "GlobalLpPool", 2, [x], [norm(x, 3, (2, 3))], {"p": 3}
    yield "GlobalAveragePool_1", "GlobalAveragePool", 1, [x], [x.mean((2, 3), keepdims=True)], {}
    yield "GlobalMaxPool_1", "GlobalMaxPool", 1, [x], [x.max((2, 3), keepdims=True)], {}


def recurrent():
    x, w, r = data(1, 2, 3), data(1, 4, 3), data(1, 4, 4)
    y = np.tanh(x[0] @ w[0].T)
    yield "RNN_1", "RNN", 1, [x, w, r], [y[None, None], y[None]], {"hidden_size": 4, "output_sequence": 1}


def cases():
    """Yields (name, model, inputs, outputs)."""
    for group in (broadcasts, erased, norms, shapes, rows, pools, recurrent):
        for name, op, opset, inputs, outputs, attributes in group():
            inputs = [np.asarray(v) for v in inputs]
            outputs = [np.asarray(v) for v in outputs]
            floats = inputs[0].dtype == np.float32
            outputs = [v.astype(np.float32) if floats and v.dtype == np.float64 and op != "Cast" else v for v in outputs]
            yield f"test_{name}", model(op, opset, inputs, outputs, attributes), inputs, outputs
