# SPDX-License-Identifier: Apache-2.0
"""Mixtures of experts of com.microsoft; see peer_cases.py."""
import numpy as np
from onnx import TensorProto
from peer_cases import one_node

F32 = TensorProto.FLOAT
RANDOM = np.random.default_rng(78)


def floats(*dims):
    return RANDOM.uniform(-1, 1, dims).astype(np.float32)


def mixture(dims=(7, 8), experts=4, inner=6, fused=1, biases=True, third=False, **attributes):
    width = dims[-1]
    inputs = {"input": floats(*dims), "router_probs": floats(int(np.prod(dims[:-1])), experts) * 3,
              "fc1": floats(experts, fused * inner, width), "bias1": floats(experts, fused * inner) if biases else None,
              "fc2": floats(experts, width, inner), "bias2": floats(experts, width) if biases else None,
              "fc3": floats(experts, inner, width) if third else None}
    weights = "fc1", "bias1", "fc2", "bias2", "fc3"
    return one_node("MoE", inputs, {"output": (F32, len(dims))}, constants=weights, **attributes)


def cases():
    for name in "relu", "gelu", "silu", "identity":
        yield f"ms_moe_{name}", *mixture(activation_type=name, k=2)
    yield "ms_moe_one", *mixture(biases=False)
    yield "ms_moe_normalized", *mixture(k=3, normalize_routing_weights=1)
    yield "ms_moe_batch", *mixture(dims=(2, 5, 8), k=2)
    yield "ms_moe_swiglu", *mixture(fused=2, activation_type="swiglu", swiglu_fusion=1, k=2, activation_alpha=1.702,
                                    activation_beta=1.0, swiglu_limit=0.7)
    yield "ms_moe_swiglu_free", *mixture(fused=2, activation_type="swiglu", swiglu_fusion=1, k=4,
                                         normalize_routing_weights=1)
