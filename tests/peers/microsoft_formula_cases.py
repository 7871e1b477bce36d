# SPDX-License-Identifier: Apache-2.0
"""Twins of ONNX's operators and short formulas of com.microsoft; see peer_cases.py."""
import numpy as np
from onnx import TensorProto, helper
from peer_cases import one_node

F32, I64 = TensorProto.FLOAT, TensorProto.INT64
RANDOM = np.random.default_rng(77)


def floats(*dims, dtype=np.float32):
    return RANDOM.uniform(-2, 2, dims).astype(dtype)


def ints(*values, dtype=np.int64):
    return np.array(values, dtype)


def simple(op, *arrays, rank, kind=None, **attributes):
    inputs = {f"x{place}": array for place, array in enumerate(arrays)}
    kind = kind or helper.np_dtype_to_tensor_dtype(arrays[0].dtype)
    return one_node(op, inputs, {"y": (kind, rank)}, **attributes)


def twins():
    yield "trilu", *simple("Trilu", floats(2, 3, 4), ints(1)[0:1].reshape(()), rank=3, upper=0)
    yield "sample_op", *simple("SampleOp", floats(2, 3), rank=2)
    yield "expand_dims", *simple("ExpandDims", floats(2, 3), np.array(1, np.int32), rank=3)
    yield "expand_dims_back", *simple("ExpandDims", floats(2, 3), np.array(-1, np.int32), rank=3)
    yield "gather_nd", *simple("GatherND", floats(2, 3), np.array([[0, 1], [1, 2]], np.int32), rank=1)
    yield "pad", *simple("Pad", floats(2, 3), ints(1, 0, 0, 2), np.array([1.5], np.float32), rank=2)
    yield "pad_reflect", *simple("Pad", floats(4, 3), ints(1, 1, 1, 1), rank=2, mode="reflect")
    yield "pad_edge", *simple("Pad", floats(4, 3), ints(0, 2, 1, 1), rank=2, mode="edge")
    yield "range", *simple("Range", ints(1), ints(9), rank=1)
    yield "range_step", *simple("Range", floats(1) * 0 + 4, floats(1) * 0 - 1, floats(1) * 0 - np.float32(0.5), rank=1)
    for mode in "bilinear", "nearest", "bicubic":
        for padding in "zeros", "border", "reflection":
            if (mode, padding) == ("bicubic", "border"):
                continue  # ONNX Runtime clamps places, ONNX the elements around them
            yield f"grid_{mode}_{padding}", *simple("GridSample", floats(1, 2, 4, 5), floats(1, 3, 3, 2) * np.float32(0.7),
                                                    rank=4, mode=mode, padding_mode=padding, align_corners=padding == "border")
    yield "unfold", *simple("UnfoldTensor", floats(2, 3, 7), rank=4, size=3, step=2)
    yield "unfold_first", *simple("UnfoldTensor", floats(5, 2), rank=3, size=2, dim=0)
    x = np.array([2, 1, 1, 3, 4, 3], np.float32)
    yield "unique", *one_node("Unique", {"x": x}, {"y": (F32, 1), "idx": (I64, 1), "counts": (I64, 1)})
    x = np.array([1, np.inf, 2], np.float32)
    yield "finite", *simple("IsAllFinite", x, floats(3), rank=0, kind=TensorProto.BOOL), lambda feed: [np.array(False)]
    yield "finite_nan", *simple("IsAllFinite", x, floats(3), rank=0, kind=TensorProto.BOOL, isnan_only=1), \
        lambda feed: [np.array(True)]
    yield "embedding", *simple("TorchEmbedding", floats(5, 3), ints(4, 0), rank=2), lambda feed: [feed["x0"][feed["x1"]]]
    yield "bias_dropout", *simple("BiasDropout", floats(2, 3), floats(3), floats(2, 3), rank=2), lambda feed: [
        feed["x0"] + feed["x1"] + feed["x2"]]


def as_complex(x):
    return x[..., 0] + 1j * x[..., 1]


def as_pairs(z):
    return np.stack([z.real, z.imag], -1).astype(np.float32)


def bucket(distance, count, most):
    """The bins of T5's relative positions."""
    exact = count // 2
    far = exact + (np.log(np.maximum(distance, 1) / exact) / np.log(most / exact) * (count - exact)).astype(int)
    return np.where(distance < exact, distance, np.minimum(far, count - 1))


def binned(feed, both):
    table, count = feed["x0"], feed["x0"].shape[0]
    ahead = np.arange(feed["x2"][0])[None, :] - np.arange(feed["x1"][0])[:, None]
    if both:
        bins = bucket(np.abs(ahead), count // 2, 20) + (ahead > 0) * (count // 2)
    else:
        bins = bucket(np.maximum(-ahead, 0), count, 20)
    return [np.moveaxis(table[bins], 2, 0)[None]]


def gated(feed):
    q = (feed["x0"] + feed["x1"]).reshape(2, 3, 2, 4).swapaxes(1, 2)
    projected = (q @ feed["x3"] + feed["x4"]).reshape(2, 2, 3, 2, 3).sum(-1)
    u, r = np.split(1 / (1 + np.exp(-projected)), 2, -1)
    return [((u * (r * feed["x5"] - 1) + 2) * feed["x2"]).astype(np.float32)]


def formulas():
    for metric in "sqeuclidean", "euclidean":
        yield metric, *simple("CDist", floats(3, 4), floats(5, 4), rank=2, metric=metric)
        yield f"{metric}_double", *simple("CDist", floats(3, 4, dtype=np.float64), floats(5, 4, dtype=np.float64),
                                          rank=2, metric=metric)
    yield "complex", *simple("ComplexMul", floats(2, 3, 2), floats(1, 3, 2), rank=3), lambda feed: [
        as_pairs(as_complex(feed["x0"]) * as_complex(feed["x1"]))]
    yield "complex_conj", *simple("ComplexMulConj", floats(2, 3, 2), floats(2, 3, 2), rank=3), lambda feed: [
        as_pairs(as_complex(feed["x0"]) * as_complex(feed["x1"]).conj())]
    yield "rfft", *simple("Rfft", floats(2, 12), rank=3, signal_ndim=1), lambda feed: [as_pairs(np.fft.rfft(feed["x0"]))]
    yield "rfft_2", *simple("Rfft", floats(2, 4, 6), rank=4, signal_ndim=2), lambda feed: [
        as_pairs(np.fft.rfft2(feed["x0"]))]
    yield "irfft", *simple("Irfft", floats(2, 7, 2), rank=2, signal_ndim=1), lambda feed: [
        np.fft.irfft(as_complex(feed["x0"])).astype(np.float32)]
    yield "irfft_2", *simple("Irfft", floats(2, 4, 4, 2), rank=3, signal_ndim=2), lambda feed: [
        np.fft.irfft2(as_complex(feed["x0"])).astype(np.float32)]
    yield "gated_add", *simple("GatedAdd", floats(2, 3, 4), floats(2, 3, 4), floats(2, 3, 1), rank=3)
    half = [floats(*dims, dtype=np.float16) for dims in ((2, 3, 4), (2, 3, 4), (2, 3, 1))]
    yield "gated_add_half", *simple("GatedAdd", *half, rank=3)
    yield "linear_gate_half", *one_node("LinearAttentionGate", {"a": half[0], "dt_bias": floats(4), "decay_scale": floats(4)},
                                        {"decay": (TensorProto.FLOAT16, 3)})
    yield "linear_gate", *one_node("LinearAttentionGate",
                                   {"a": floats(2, 3, 4), "dt_bias": floats(4), "decay_scale": floats(4), "b": floats(2, 3, 4)},
                                   {"decay": (F32, 3), "beta": (F32, 3)})
    arrays = floats(2, 3, 8), floats(8), floats(1, 2, 3, 3), floats(4, 6), floats(6), floats(1, 2, 1, 1)
    yield "gated_bias", *simple("GatedRelativePositionBias", *arrays, rank=4, num_heads=2), gated
    for both in 0, 1:
        yield f"binned_bias_{both}", *simple("RelativePositionBias", floats(8, 3), ints(30), ints(30), rank=4,
                                             max_distance=20, is_bidirectional=both), lambda feed, both=both: binned(feed, both)


def cases():
    for prefix, group in ("twin", twins), ("formula", formulas):
        for name, *case in group():
            yield f"ms_{prefix}_{name}", *case
