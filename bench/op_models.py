#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a model of a single operator for each kind of work that real models do, in sizes that they have,
and a list of them for compare.py:

    op_models.py FOLDER
    compare.py --list FOLDER/list.txt --threads 1 FOLDER

A case is a name, an operator, its inputs ("x=1x3x4" as in bench/models.txt; arrays are constants) and
its attributes; `result` is the type of the outputs where it is not float32.
"""
import pathlib
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

FLOAT, INT64, BOOL, UINT8, INT8, HALF, INT32, DOUBLE = (
    TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT8, TensorProto.INT8,
    TensorProto.FLOAT16, TensorProto.INT32, TensorProto.DOUBLE)
RANDOM = np.random.default_rng(1)


def weights(*shape):
    return (RANDOM.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


class Input:
    """An input of the model: dimensions and a type; low and high of integers."""

    def __init__(self, *shape, kind=FLOAT, low=None, high=None):
        self.shape, self.kind = shape, kind
        self.text = "x".join(map(str, shape)) + (f":{low}..{high}" if low is not None else "")


def index(high, *shape, kind=INT64):
    return Input(*shape, kind=kind, low=0, high=high)


def flags(*shape):
    return Input(*shape, kind=BOOL, low=0, high=2)


CASES = []


def case(name, op, *inputs, outputs=1, opset=21, result=None, **attributes):
    CASES.append((name, op, inputs, outputs, opset, result, attributes))


def build(op, inputs, outputs, opset, result, attributes):
    ports, constants, names = [], [], []
    for i, value in enumerate(inputs):
        name = f"x{i}"
        names.append("" if value is None else name)
        if isinstance(value, Input):
            ports.append((helper.make_tensor_value_info(name, value.kind, value.shape), value.text))
        elif value is not None:
            constants.append(numpy_helper.from_array(value, name))
    results = [f"y{i}" for i in range(outputs)]
    kinds = result if isinstance(result, list) else [result or FLOAT] * outputs
    node = helper.make_node(op, names, results, **attributes)
    graph = helper.make_graph(
        [node], op, [port for port, _ in ports],
        [helper.make_tensor_value_info(y, kind, None) for y, kind in zip(results, kinds)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return model, " ".join(f"{port.name}={text}" for port, text in ports)


def reductions():
    case("reduce_mean_rows", "ReduceMean", Input(128, 384), ints(1))
    case("reduce_mean_image", "ReduceMean", Input(1, 256, 56, 56), ints(2, 3))
    case("reduce_max_columns", "ReduceMax", Input(512, 512), ints(0))
    case("reduce_sum_middle", "ReduceSum", Input(8, 128, 64), ints(1))
    case("reduce_l2_rows", "ReduceL2", Input(128, 384), ints(-1))
    case("reduce_logsumexp", "ReduceLogSumExp", Input(128, 384), ints(-1))
    case("argmax_rows", "ArgMax", Input(1, 40, 6625), axis=2, result=INT64)
    case("argmax_channels", "ArgMax", Input(1, 21, 65, 65), axis=1, result=INT64)
    case("cumsum_rows", "CumSum", Input(1, 512, 512), np.array(2, np.int64))
    case("cumsum_columns", "CumSum", Input(1, 512, 512), np.array(1, np.int64))
    case("softmax_rows", "Softmax", Input(12, 128, 128), axis=-1)
    case("softmax_channels", "Softmax", Input(1, 21, 65, 65), axis=1)
    case("log_softmax", "LogSoftmax", Input(40, 6625), axis=-1)
    case("topk_small", "TopK", Input(1, 1000), ints(5), outputs=2, result=[FLOAT, INT64])
    case("topk_boxes", "TopK", Input(1, 8400), ints(300), outputs=2, result=[FLOAT, INT64])
    case("topk_channels", "TopK", Input(1, 80, 2100), ints(1), outputs=2, axis=1, result=[FLOAT, INT64])


def movement():
    case("transpose_heads", "Transpose", Input(1, 197, 12, 64), perm=[0, 2, 1, 3])
    case("transpose_channels_last", "Transpose", Input(1, 256, 56, 56), perm=[0, 2, 3, 1])
    case("transpose_reversed", "Transpose", Input(64, 128, 32), perm=[2, 1, 0])
    case("transpose_shuffle", "Transpose", Input(1, 2, 58, 28, 28), perm=[0, 2, 1, 3, 4])
    case("transpose_windows", "Transpose", Input(1, 8, 7, 8, 7, 96), perm=[0, 1, 3, 2, 4, 5])
    case("gather_rows", "Gather", weights(30522, 384), index(30522, 1, 128))
    case("gather_columns", "Gather", Input(1, 512, 768), index(768, 64), axis=2)
    case("gather_elements", "GatherElements", Input(128, 512), index(512, 128, 64), axis=1)
    case("gather_nd", "GatherND", Input(64, 64, 128), index(64, 500, 2))
    case("scatter_elements", "ScatterElements", Input(128, 512), index(512, 128, 64), Input(128, 64), axis=1)
    case("scatter_nd", "ScatterND", Input(64, 64, 128), index(64, 500, 2), Input(500, 128))
    case("concat_channels", "Concat", *[Input(1, 64, 56, 56) for _ in range(4)], axis=1)
    case("concat_last", "Concat", Input(1, 197, 384), Input(1, 197, 384), axis=-1)
    case("split_last", "Split", Input(1, 197, 1152), outputs=3, axis=-1, num_outputs=3)
    case("slice_steps", "Slice", Input(1, 3, 640, 640), ints(0, 1), ints(640, 640), ints(2, 3), ints(2, 2))
    case("slice_rows", "Slice", Input(1, 512, 768), ints(1), ints(511), ints(1), ints(1))
    case("pad_zeros", "Pad", Input(1, 64, 56, 56), ints(0, 0, 1, 1, 0, 0, 1, 1))
    case("pad_reflect", "Pad", Input(1, 3, 224, 224), ints(0, 0, 16, 16, 0, 0, 16, 16), mode="reflect")
    case("expand_rows", "Expand", Input(128, 1, 64), ints(128, 32, 64))
    case("tile_planes", "Tile", Input(1, 64, 28, 28), ints(1, 1, 2, 2))
    case("depth_to_space", "DepthToSpace", Input(1, 128, 64, 64), blocksize=2)
    case("space_to_depth", "SpaceToDepth", Input(1, 32, 128, 128), blocksize=2)
    case("one_hot", "OneHot", index(1000, 256), np.array(1000, np.int64), np.array([0, 1], np.float32))
    case("non_zero", "NonZero", flags(256, 256), result=INT64)
    case("compress", "Compress", Input(512, 256), flags(512), axis=0)
    case("trilu", "Trilu", Input(12, 256, 256), upper=0)
    case("unique", "Unique", index(100, 4096), result=INT64)
    case("reverse_sequence", "ReverseSequence", Input(100, 8, 128), index(100, 8))


def images():
    half = np.array([1, 1, 2, 2], np.float32)
    case("resize_nearest", "Resize", Input(1, 128, 40, 40), None, half, mode="nearest",
         coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    case("resize_linear", "Resize", Input(1, 64, 56, 56), None, half, mode="linear")
    case("resize_linear_corners", "Resize", Input(1, 21, 33, 33), None, None, ints(1, 21, 257, 257), mode="linear",
         coordinate_transformation_mode="align_corners")
    case("resize_cubic", "Resize", Input(1, 3, 224, 224), None, None, ints(1, 3, 288, 288), mode="cubic")
    case("resize_antialias", "Resize", Input(1, 3, 480, 640), None, None, ints(1, 3, 224, 224), mode="linear",
         antialias=1)
    case("max_pool", "MaxPool", Input(1, 64, 112, 112), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("max_pool_5", "MaxPool", Input(1, 128, 20, 20), kernel_shape=[5, 5], pads=[2, 2, 2, 2])
    case("average_pool", "AveragePool", Input(1, 64, 56, 56), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    case("global_average_pool", "GlobalAveragePool", Input(1, 512, 28, 28))
    case("lp_pool", "LpPool", Input(1, 64, 56, 56), kernel_shape=[2, 2], strides=[2, 2])
    case("grid_sample", "GridSample", Input(1, 32, 64, 64), Input(1, 64, 64, 2), mode="linear")
    case("roi_align", "RoiAlign", Input(1, 256, 50, 50), weights(100, 4) * 40, ints(*[0] * 100),
         output_height=7, output_width=7, sampling_ratio=2)
    boxes = np.sort(RANDOM.random((1, 1000, 2, 2)), axis=2).reshape(1, 1000, 4).astype(np.float32)
    case("non_max_suppression", "NonMaxSuppression", boxes, RANDOM.random((1, 20, 1000)).astype(np.float32),
         np.array([50], np.int64), np.array([0.5], np.float32), Input(1), result=INT64)
    case("instance_norm", "InstanceNormalization", Input(1, 64, 64, 64), weights(64), weights(64))
    case("group_norm", "GroupNormalization", Input(1, 320, 32, 32), weights(320), weights(320), num_groups=32)
    case("batch_norm", "BatchNormalization", Input(1, 64, 56, 56), weights(64), weights(64), weights(64),
         np.ones(64, np.float32))
    case("lrn", "LRN", Input(1, 64, 56, 56), size=5)


def convolutions():
    case("conv_grouped", "Conv", Input(1, 128, 28, 28), weights(128, 4, 3, 3), group=32, pads=[1, 1, 1, 1])
    case("conv_1d", "Conv", Input(1, 80, 200), weights(256, 80, 5), pads=[2, 2])
    case("conv_1d_dilated", "Conv", Input(1, 128, 800), weights(128, 128, 3), pads=[9, 9], dilations=[9])
    case("conv_1d_depthwise", "Conv", Input(1, 256, 200), weights(256, 1, 31), pads=[15, 15], group=256)
    case("conv_3d", "Conv", Input(1, 16, 8, 28, 28), weights(16, 16, 3, 3, 3), pads=[1] * 6)
    case("conv_transpose_2x2", "ConvTranspose", Input(1, 96, 80, 80), weights(96, 24, 2, 2), strides=[2, 2])
    case("conv_transpose_4x4", "ConvTranspose", Input(1, 64, 32, 32), weights(64, 32, 4, 4), strides=[2, 2],
         pads=[1, 1, 1, 1])
    case("conv_transpose_1d", "ConvTranspose", Input(1, 256, 100), weights(256, 128, 16), strides=[8], pads=[4, 4])
    case("conv_integer", "ConvInteger", Input(1, 64, 28, 28, kind=UINT8, low=0, high=255),
         RANDOM.integers(-127, 127, (64, 64, 3, 3)).astype(np.int8), np.array(128, np.uint8), pads=[1, 1, 1, 1],
         result=INT32)
    case("deform_conv", "DeformConv", Input(1, 32, 32, 32), weights(32, 32, 3, 3), Input(1, 18, 32, 32),
         pads=[1, 1, 1, 1])
    case("col2im", "Col2Im", Input(1, 64 * 9, 32 * 32), ints(32, 32), ints(3, 3), pads=[1, 1, 1, 1])


def recurrences():
    def gates(count, hidden, inputs, directions=1):
        return (weights(directions, count * hidden, inputs), weights(directions, count * hidden, hidden),
                weights(directions, 2 * count * hidden))
    case("lstm_frame", "LSTM", Input(1, 1, 128), *gates(4, 128, 128), hidden_size=128)
    case("lstm_text", "LSTM", Input(80, 1, 96), *gates(4, 48, 96, 2), hidden_size=48, direction="bidirectional")
    case("lstm_long", "LSTM", Input(100, 1, 256), *gates(4, 256, 256), hidden_size=256)
    case("gru_long", "GRU", Input(100, 1, 256), *gates(3, 256, 256), hidden_size=256, linear_before_reset=1)
    case("rnn_long", "RNN", Input(100, 4, 128), *gates(1, 128, 128), hidden_size=128)


def products():
    case("einsum_scores", "Einsum", Input(1, 12, 128, 64), Input(1, 12, 128, 64), equation="bhqd,bhkd->bhqk")
    case("einsum_relative", "Einsum", Input(1, 12, 64, 64), Input(64, 64, 64), equation="bhid,ijd->bhij")
    case("einsum_matmul", "Einsum", Input(8, 64, 128), Input(8, 128, 64), equation="bij,bjk->bik")
    case("matmul_integer", "MatMulInteger", Input(128, 384, kind=UINT8, low=0, high=255),
         RANDOM.integers(-127, 127, (384, 384)).astype(np.int8), np.array(128, np.uint8), result=INT32)
    case("matmul_double", "MatMul", Input(128, 128, kind=DOUBLE), Input(128, 128, kind=DOUBLE), result=DOUBLE)
    case("gemm_transposed", "Gemm", Input(64, 512), weights(256, 512), weights(256), transB=1)
    case("stft", "STFT", Input(1, 16000, 1), np.array(160, np.int64), np.hanning(400).astype(np.float32),
         np.array(400, np.int64))
    case("dft_power_of_two", "DFT", Input(64, 512, 1), None, np.array(1, np.int64), onesided=1)


def elements():
    image = (1, 64, 56, 56)
    case("add_channels", "Add", Input(*image), weights(64, 1, 1))
    case("mul_rows", "Mul", Input(128, 384), Input(128, 1))
    case("div_same", "Div", Input(*image), Input(*image))
    case("pow_square", "Pow", Input(128, 384), np.array(2, np.float32))
    case("pow_general", "Pow", Input(128, 384), np.array(1.7, np.float32))
    case("where_mask", "Where", flags(1, 1, 128, 128), Input(1, 12, 128, 128), np.array(-1e9, np.float32))
    case("less_scalar", "Less", Input(*image), np.array(0, np.float32), result=BOOL)
    case("and_flags", "And", flags(256, 256), flags(256, 256), result=BOOL)
    case("max_of_three", "Max", Input(*image), Input(*image), Input(*image))
    for name in ("Erf", "Tanh", "Sigmoid", "Exp", "Log", "Sqrt", "HardSwish", "Softplus", "Sin", "Gelu", "Mish", "Elu"):
        case(name.lower(), name, Input(128, 1536))
    case("prelu", "PRelu", Input(*image), weights(64, 1, 1))
    case("clip", "Clip", Input(*image), np.array(0, np.float32), np.array(6, np.float32))
    case("mod_integers", "Mod", index(1000, 256, 256), np.array(7, np.int64), result=INT64)
    case("add_int64", "Add", index(1000, 256, 256), index(1000, 256, 256), result=INT64)
    case("cast_to_int64", "Cast", Input(256, 256), to=INT64, result=INT64)
    case("cast_to_half", "Cast", Input(256, 256), to=HALF, result=HALF)
    case("cast_from_half", "Cast", Input(256, 256, kind=HALF), to=FLOAT)
    case("add_half", "Add", Input(*image, kind=HALF), Input(*image, kind=HALF), result=HALF)
    case("layer_norm", "LayerNormalization", Input(128, 384), weights(384), weights(384))
    case("quantize", "QuantizeLinear", Input(*image), np.array(0.05, np.float32), np.array(128, np.uint8), result=UINT8)
    case("dequantize_channels", "DequantizeLinear", Input(64, 64, 3, 3, kind=INT8, low=-127, high=127),
         np.abs(weights(64)), axis=0)
    case("dynamic_quantize", "DynamicQuantizeLinear", Input(128, 384), outputs=3, result=[UINT8, FLOAT, UINT8])
    case("is_nan", "IsNaN", Input(*image), result=BOOL)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for family in (reductions, movement, images, convolutions, recurrences, products, elements):
        family()
    lines = []
    for name, *parts in CASES:
        model, inputs = build(*parts)
        save(model, folder / f"{name}.onnx")
        lines.append(f"{name} {name}.onnx {inputs}\n")
    (folder / "list.txt").write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} models")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
