# SPDX-License-Identifier: Apache-2.0
"""Activations, normalisations, products and convolutions of com.microsoft; see peer_cases.py."""
import math

import numpy as np
from onnx import TensorProto
from peer_cases import one_node

F32, F16, I32 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT32
KINDS = {np.float32: F32, np.float16: F16, np.float64: TensorProto.DOUBLE}
RANDOM = np.random.default_rng(76)


def floats(*dims, dtype=np.float32):
    return RANDOM.uniform(-2, 2, dims).astype(dtype)


def simple(op, *arrays, rank=None, dtype=np.float32, **attributes):
    """Inputs by place; one output of the first one's rank."""
    inputs = {f"x{place}": array for place, array in enumerate(arrays)}
    return one_node(op, inputs, {"y": (KINDS[dtype], rank or arrays[0].ndim)}, **attributes)


def erf(x):
    return np.vectorize(math.erf)(x).astype(np.float32)


def gelu(x):
    return x * (1 + erf(x / np.sqrt(np.float32(2)))) / 2


def activations():
    yield "gelu", *simple("Gelu", floats(3, 17))
    yield "bias_gelu", *simple("BiasGelu", floats(2, 3, 9), floats(9))
    yield "fast_gelu", *simple("FastGelu", floats(2, 3, 9))
    yield "fast_gelu_bias", *simple("FastGelu", floats(2, 3, 9), floats(9))
    yield "quick_gelu", *simple("QuickGelu", floats(4, 5))
    yield "quick_gelu_alpha", *simple("QuickGelu", floats(4, 5), alpha=0.7)
    yield "scaled_silu", *simple("ScaledSiLU", floats(4, 5), alpha=0.7)
    yield "scaled_silu_input", *simple("ScaledSiLU", floats(4, 5), np.array(1.5, np.float32))
    yield "scaled_silu_half", *simple("ScaledSiLU", floats(4, 5, dtype=np.float16), alpha=0.7, dtype=np.float16)
    yield "split_gelu", *simple("BiasSplitGelu", floats(2, 3, 8), floats(8)), lambda feed: [
        (feed["x0"] + feed["x1"])[..., :4] * gelu((feed["x0"] + feed["x1"])[..., 4:])]
    yield "bias_add", *simple("BiasAdd", floats(2, 3, 5), floats(5), floats(2, 3, 5)), lambda feed: [
        feed["x0"] + feed["x1"] + feed["x2"]]
    yield "swiglu", *simple("SwiGLU", floats(3, 8), limit=1.0, activation_alpha=1.7, activation_beta=1.0), swiglu


def swiglu(feed):
    gate, up = np.split(feed["x0"], 2, -1)
    gate, up = np.minimum(gate, 1), np.clip(up, -1, 1)
    return [gate / (1 + np.exp(-np.float32(1.7) * gate)) * (up + 1)]


def skip_norm(op, dims=(2, 3, 8), skip=None, beta=False, bias=False, outputs=("output",), dtype=np.float32, **attributes):
    inputs = {"input": floats(*dims, dtype=dtype), "skip": floats(*(skip or dims), dtype=dtype),
              "gamma": floats(dims[-1], dtype=dtype)}
    if op == "SkipLayerNormalization":
        inputs["beta"] = floats(dims[-1], dtype=dtype) if beta else None
    inputs["bias"] = floats(dims[-1], dtype=dtype) if bias else None
    results = {name: (KINDS[dtype], len(dims)) if name in outputs else None
               for name in ("output", "mean", "inv_std_var", "input_skip_bias_sum")}
    return one_node(op, inputs, results, constants=("gamma", "beta", "bias"), **attributes)


def simplified(dims=(2, 3, 8), outputs=1, dtype=np.float32, **attributes):
    inputs = {"x": floats(*dims, dtype=dtype), "scale": floats(*dims[attributes.get("axis", -1):], dtype=dtype)}
    results = {"y": (KINDS[dtype], len(dims))}
    if outputs > 1:
        results["inv_std"] = (F32, len(dims))
    return one_node("SimplifiedLayerNormalization", inputs, results, domain="", opset=13, **attributes)


def embed(segments=True, mask=True, places=False, outputs=3):
    batch, steps, width = 2, 4, 8
    inputs = {"input_ids": RANDOM.integers(0, 9, (batch, steps)).astype(np.int32),
              "segment_ids": RANDOM.integers(0, 2, (batch, steps)).astype(np.int32) if segments else None,
              "word_embedding": floats(9, width), "position_embedding": floats(6, width),
              "segment_embedding": floats(2, width) if segments else None,
              "gamma": floats(width), "beta": floats(width),
              "mask": np.array([[1, 1, 0, 0], [1, 1, 1, 1]], np.int32) if mask else None,
              "position_ids": np.array([[3, 1, 0, 5]], np.int32) if places else None}
    results = {"output": (F32, 3), "mask_index": (I32, 1) if outputs > 1 else None,
               "embedding_sum": (F32, 3) if outputs > 2 else None}
    return one_node("EmbedLayerNormalization", inputs, results, epsilon=1e-5)


def group_norm(x, gamma, beta, groups, silu):
    """Channels last."""
    batch, *pixels, channels = x.shape
    rows = x.reshape(batch, -1, groups, channels // groups)
    mean, var = rows.mean((1, 3), keepdims=True), rows.var((1, 3), keepdims=True)
    y = ((rows - mean) / np.sqrt(var + 1e-5)).reshape(x.shape) * gamma + beta
    return (y / (1 + np.exp(-y)) if silu else y).astype(np.float32)


def norms():
    op = "SkipLayerNormalization"
    yield "skip_layer", *skip_norm(op)
    yield "skip_layer_all", *skip_norm(op, beta=True, bias=True, outputs=("output", "input_skip_bias_sum"))
    yield "skip_layer_once", *skip_norm(op, skip=(1, 3, 8), beta=True, epsilon=0.01)
    yield "skip_layer_flat", *skip_norm(op, skip=(3, 8))
    yield "skip_layer_half", *skip_norm(op, beta=True, dtype=np.float16, epsilon=1e-5)
    op = "SkipSimplifiedLayerNormalization"
    yield "skip_rms", *skip_norm(op)
    yield "skip_rms_all", *skip_norm(op, bias=True, outputs=("output", "input_skip_bias_sum"), epsilon=0.01)
    yield "skip_rms_half", *skip_norm(op, bias=True, dtype=np.float16, epsilon=1e-5)
    yield "simplified", *simplified(outputs=2)
    yield "simplified_axis", *simplified(axis=1, epsilon=0.1)
    yield "simplified_half", *simplified(dtype=np.float16)
    old = {"x": floats(2, 3, 8), "scale": floats(8), "bias": floats(8)}
    yield "layer_opset_12", *one_node("LayerNormalization", old, {"y": (F32, 3), "mean": (F32, 3), "inv": (F32, 3)},
                                      domain="", opset=12, axis=-1)
    yield "embed", *embed()
    yield "embed_plain", *embed(segments=False, mask=False, outputs=2)
    yield "embed_places", *embed(places=True)
    yield "gated", *simple("GatedRMSNorm", floats(2, 3, 8), floats(4), floats(2, 3, 8))
    yield "gated_sigmoid", *simple("GatedRMSNorm", floats(2, 8), floats(8), floats(2, 8), activation="sigmoid")
    yield "gated_half", *simple("GatedRMSNorm", *(floats(*dims, dtype=np.float16) for dims in ((2, 8), (8,), (2, 8))),
                                dtype=np.float16)
    yield "group", *simple("GroupNorm", floats(2, 3, 3, 4), floats(4), floats(4), groups=2, activation=1), lambda feed: [
        group_norm(feed["x0"], feed["x1"], feed["x2"], 2, True)]

    def skipped(feed):
        total = feed["x0"] + feed["x3"][:, None, None, :] + feed["x4"]
        return [group_norm(total, feed["x1"], feed["x2"], 2, False), total]
    inputs = {f"x{i}": a for i, a in enumerate((floats(2, 3, 3, 4), floats(4), floats(4), floats(2, 4), floats(4)))}
    yield "group_skip", *one_node("SkipGroupNorm", inputs, {"y": (F32, 4), "s": (F32, 4)}, groups=2, activation=0), skipped


def products():
    op = "FusedMatMul"
    yield "plain", *simple(op, floats(3, 4), floats(4, 5), alpha=0.5)
    yield "trans", *simple(op, floats(4, 3), floats(5, 4), transA=1, transB=1)
    yield "batch", *simple(op, floats(2, 3, 4, 5), floats(2, 3, 6, 5), transB=1, alpha=0.125)
    yield "batch_trans", *simple(op, floats(2, 3, 5, 4), floats(5, 6), transA=1)
    yield "batches", *simple(op, floats(4, 2, 3, 5), floats(5, 2, 3, 6), transBatchA=1, transBatchB=1)
    yield "batches_trans", *simple(op, floats(5, 2, 3, 4), floats(6, 2, 3, 5), transBatchA=1, transBatchB=1,
                                   transA=1, transB=1)
    yield "vector", *simple(op, floats(4), floats(4, 5), rank=1)
    yield "double", *simple(op, floats(3, 4, dtype=np.float64), floats(4, 5, dtype=np.float64), alpha=2.0,
                            dtype=np.float64)
    yield "old", *simple("TransposeMatMul", floats(4, 3), floats(5, 4), transA=1, transB=1, alpha=3.0)
    for name in "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign":
        yield f"gemm_{name.lower()}", *simple("FusedGemm", floats(3, 4), floats(4, 5), floats(5), activation=name)
    yield "gemm_leaky", *simple("FusedGemm", floats(4, 3), floats(5, 4), floats(3, 1), activation="LeakyRelu",
                                activation_alpha=0.3, transA=1, transB=1, alpha=0.5, beta=2.0)
    yield "gemm_none", *simple("FusedGemm", floats(3, 4), floats(4, 5), activation="Relu")
    yield "gemm_fast_gelu", *simple("GemmFastGelu", floats(3, 4), floats(4, 5), floats(5)), lambda feed: [
        fast_gelu(feed["x0"] @ feed["x1"] + feed["x2"])]
    yield "activation", *simple("FusedMatMulActivation", floats(3, 4), floats(4, 5), activation="Relu", alpha=0.5), \
        lambda feed: [np.maximum(feed["x0"] @ feed["x1"] * np.float32(0.5), 0)]


def fast_gelu(x):
    return (0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x ** 3)))).astype(np.float32)


def convolutions():
    def conv(*arrays, **attributes):
        return simple("FusedConv", *arrays, **attributes)
    yield "relu", *conv(floats(1, 3, 6, 6), floats(4, 3, 3, 3), floats(4), activation="Relu", pads=[1, 1, 1, 1])
    yield "none", *conv(floats(1, 3, 6, 6), floats(4, 3, 3, 3), strides=[2, 2])
    yield "residual", *conv(floats(1, 3, 6, 6), floats(4, 3, 3, 3), floats(4), floats(1, 4, 4, 4), activation="Relu")
    yield "leaky", *conv(floats(1, 4, 9), floats(6, 2, 3), activation="LeakyRelu", activation_params=[0.2], group=2)
    yield "clip", *conv(floats(1, 3, 6, 6), floats(4, 3, 3, 3), activation="Clip", activation_params=[-1.0, 2.0])
    yield "hard", *conv(floats(1, 3, 6, 6), floats(4, 3, 3, 3), activation="HardSigmoid", activation_params=[0.1, 0.4])
    yield "tanh", *conv(floats(1, 3, 6, 6), floats(4, 3, 3, 3), activation="Tanh", auto_pad="SAME_UPPER")
    x, w, pads = floats(1, 3, 4, 4), floats(3, 2, 3, 3), np.array([1, 0, 0, 1], np.int64)
    yield "dynamic_pads", *simple("ConvTransposeWithDynamicPads", x, w, pads, floats(2), strides=[2, 2],
                                  output_padding=[1, 1])
    x, w = floats(1, 6, 6, 3), floats(4, 3, 1, 1)

    def pointwise(feed):
        y = np.einsum("bhwc,oc->bhwo", feed["x0"], feed["x1"][:, :, 0, 0]) + feed["x2"]
        return [np.maximum(y + feed["x3"], 0) if "x3" in feed else y]
    yield "nhwc", *simple("NhwcConv", x, w, floats(4)), pointwise
    yield "nhwc_fused", *simple("NhwcFusedConv", x, w, floats(4), floats(1, 6, 6, 4), activation="Relu"), pointwise


def cases():
    for prefix, group in ("act", activations), ("norm", norms), ("product", products), ("conv", convolutions):
        for name, *case in group():
            yield f"ms_{prefix}_{name}", *case
