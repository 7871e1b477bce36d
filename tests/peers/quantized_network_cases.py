# SPDX-License-Identifier: Apache-2.0
"""com.microsoft's quantized layers: recurrent, attention, embedding, experts."""
import numpy as np
from onnx import TensorProto
from peer_cases import one_node
from quantized_matmul_cases import FLOAT, I32, draw


def lstm():
    """Results jump where a rounded state does, so there are few steps."""
    rng = np.random.default_rng(20)
    for name, steps, batch, width, hidden, weight, columns, extra in (
            ("plain", 4, 1, 5, 8, np.int8, False, {}),
            ("columns", 3, 1, 33, 17, np.int8, True, {"bias": True}),
            ("unsigned", 3, 2, 4, 6, np.uint8, False, {"bias": True, "states": True}),
            ("reverse", 4, 2, 4, 6, np.int8, True, {"direction": "reverse", "bias": True}),
            ("both", 3, 2, 6, 8, np.int8, True, {"direction": "bidirectional", "bias": True, "states": True}),
            ("both_unsigned", 2, 1, 6, 8, np.uint8, True, {"direction": "bidirectional"}),
            ("lengths", 4, 3, 5, 6, np.int8, False, {"lengths": [3, 1, 2], "bias": True}),
            ("both_lengths", 4, 3, 5, 6, np.int8, False, {"lengths": [4, 1, 3], "direction": "bidirectional"}),
            ("peepholes", 3, 2, 5, 6, np.int8, False, {"peepholes": True, "bias": True}),
            ("clip", 3, 1, 5, 6, np.int8, False, {"clip": 0.3, "bias": True}),
            ("coupled", 3, 1, 5, 6, np.int8, False, {"input_forget": 1}),
            ("functions", 3, 1, 5, 6, np.int8, False, {"activations": ["HardSigmoid", "Tanh", "Softsign"]}),
            ("wide", 2, 5, 20, 300, np.int8, True, {"bias": True})):
        directions = 2 if extra.get("direction") == "bidirectional" else 1
        size = (directions, 4 * hidden) if columns else (directions,)
        middle = np.full(size, 0 if weight == np.int8 else 128, weight)

        def normal(*shape):
            return rng.normal(size=shape).astype(np.float32)

        inputs = {"X": normal(steps, batch, width), "W": draw(rng, weight, directions, width, 4 * hidden),
                  "R": draw(rng, weight, directions, hidden, 4 * hidden),
                  "B": normal(directions, 8 * hidden) if "bias" in extra else None,
                  "lens": np.array(extra["lengths"], np.int32) if "lengths" in extra else None,
                  "h0": normal(directions, batch, hidden) if "states" in extra else None,
                  "c0": normal(directions, batch, hidden) if "states" in extra else None,
                  "P": normal(directions, 3 * hidden) if "peepholes" in extra else None,
                  "W_scale": rng.uniform(0.5, 1, size).astype(np.float32) / np.float32(128 * np.sqrt(width)),
                  "W_zero": middle,
                  "R_scale": rng.uniform(0.5, 1, size).astype(np.float32) / np.float32(128 * np.sqrt(hidden)),
                  "R_zero": middle}
        attributes = {k: v for k, v in extra.items()
                      if k in ("direction", "clip", "input_forget", "activations")}
        yield f"ms_dynamic_lstm_{name}", *one_node(
            "DynamicQuantizeLSTM", inputs, {"Y": (FLOAT, 4), "Y_h": (FLOAT, 3), "Y_c": (FLOAT, 3)},
            constants=("W", "R", "B", "W_scale", "W_zero", "R_scale", "R_zero") if name != "plain" else (),
            hidden_size=hidden, **attributes)


def attention():
    rng = np.random.default_rng(21)
    batch, length, width, heads, size = 2, 4, 6, 2, 4
    hidden = heads * size
    for name, weight, columns, mask, past, attributes in (
            ("plain", np.int8, False, None, 0, {}),
            ("columns", np.uint8, True, None, 0, {}),
            ("causal", np.int8, False, None, 0, {"unidirectional": 1}),
            ("end", np.int8, True, np.array([4, 2]), 0, {}),
            ("end_and_start", np.int8, False, np.array([4, 3, 1, 0]), 0, {}),
            ("raw", np.int8, False, np.array([[1, 1, 0, 1], [0, 1, 1, 0]]), 0, {}),
            ("raw_filter", np.int8, False, np.array([[1, 1, 0, 1], [0, 1, 1, 0]]), 0, {"mask_filter_value": -2.0}),
            ("none_at_all", np.int8, False, np.array([[0, 0, 0, 0], [0, 1, 1, 0]]), 0, {}),
            ("rows", np.int8, False, rng.integers(0, 2, (2, 4, 4)), 0, {}),
            ("dummy", np.int8, False, np.array([[1], [1]]), 0, {}),
            ("causal_raw", np.int8, False, np.array([[0, 1, 1, 1], [1, 1, 0, 1]]), 0, {"unidirectional": 1}),
            ("past", np.int8, False, None, 3, {}),
            ("past_causal", np.uint8, True, None, 3, {"unidirectional": 1}),
            ("past_mask", np.int8, False, np.array([[1, 0, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1]]), 3,
             {"unidirectional": 1}),
            ("past_end", np.int8, False, np.array([7, 5]), 3, {"unidirectional": 1}),
            ("scale", np.int8, False, None, 0, {"scale": 0.3})):
        columns = (3 * hidden,) if columns else ()
        inputs = {"input": draw(rng, np.uint8, batch, length, width),
                  "weight": draw(rng, weight, width, 3 * hidden),
                  "bias": rng.normal(size=3 * hidden).astype(np.float32),
                  "input_scale": np.array(0.02, np.float32),
                  "weight_scale": rng.uniform(0.005, 0.01, columns).astype(np.float32),
                  "mask_index": None if mask is None else mask.astype(np.int32),
                  "input_zero_point": draw(rng, np.uint8), "weight_zero_point": draw(rng, weight, *columns),
                  "past": rng.normal(size=(2, batch, heads, past, size)).astype(np.float32) if past else None}
        outputs = {"output": (FLOAT, 3), "present": (FLOAT, 5) if past or name == "scale" else None}
        yield f"ms_qattention_{name}", *one_node(
            "QAttention", inputs, outputs, constants=("weight", "weight_scale", "weight_zero_point"),
            num_heads=heads, **attributes)


def embedding():
    rng = np.random.default_rng(22)
    for dtype, segments, mask in ((np.uint8, True, True), (np.int8, True, False), (np.uint8, False, True)):
        def table(rows):
            return draw(rng, dtype, *rows)

        def real(wanted=True):
            return np.array(rng.uniform(0.01, 0.1), np.float32) if wanted else None
        inputs = {"input_ids": rng.integers(0, 9, (2, 4)).astype(np.int32),
                  "segment_ids": rng.integers(0, 2, (2, 4)).astype(np.int32) if segments else None,
                  "word": table((9, 8)), "position": table((6, 8)),
                  "segment": table((2, 8)) if segments else None, "gamma": table((8,)), "beta": table((8,)),
                  "mask": np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32) if mask else None,
                  "word_scale": real(), "position_scale": real(), "segment_scale": real(segments),
                  "gamma_scale": real(), "beta_scale": real(), "word_zero": table(()), "position_zero": table(()),
                  "segment_zero": table(()) if segments else None, "gamma_zero": table(()),
                  "beta_zero": table(())}
        yield f"ms_qembed_layer_norm_{np.dtype(dtype).name}_{segments}_{mask}", *one_node(
            "QEmbedLayerNormalization", inputs, {"layernorm_out": (FLOAT, 3), "mask_index_out": (I32, 1)},
            epsilon=1e-5)


def experts():
    """Routing without ties: of equal experts, ONNX Runtime takes the last and ONNX's TopK the first."""
    rng = np.random.default_rng(23)
    hidden, inter, count, tokens = 64, 32, 4, 5
    for name, bits, block, zeros, real, biases, weights, attributes in (
            ("silu", 4, 0, False, np.float32, True, False, {"k": 2, "activation_type": "silu"}),
            ("relu", 8, 0, False, np.float32, False, False, {"k": 1}),
            ("gelu", 4, 32, False, np.float32, True, False, {"k": 3, "activation_type": "gelu"}),
            ("identity", 2, 0, False, np.float32, False, False, {"k": 2, "activation_type": "identity"}),
            ("zeros", 4, 0, True, np.float32, True, False, {"k": 2, "activation_type": "silu"}),
            ("block_zeros", 4, 16, True, np.float32, False, False, {"k": 2, "activation_type": "silu"}),
            ("eight_zeros", 8, 0, True, np.float32, False, False, {"k": 2, "activation_type": "silu"}),
            ("half", 4, 32, False, np.float16, True, False, {"k": 2, "activation_type": "silu"}),
            ("weights", 4, 0, False, np.float32, True, True, {"k": 2, "activation_type": "silu"}),
            ("normalized", 4, 0, False, np.float32, True, True,
             {"k": 2, "activation_type": "silu", "normalize_routing_weights": 1}),
            ("swiglu", 4, 32, False, np.float32, True, False,
             {"k": 2, "activation_type": "swiglu", "swiglu_fusion": 1, "activation_alpha": 1.702,
              "activation_beta": 1.0, "swiglu_limit": 1.0}),
            ("swiglu_free", 8, 0, False, np.float32, False, False,
             {"k": 4, "activation_type": "swiglu", "swiglu_fusion": 1})):
        wide = inter * (2 if "swiglu" in name else 1)

        def layer(rows, width):
            blocks = width // block if block else 1
            shape = (count, rows, blocks) if block else (count, rows)
            packed = (count, rows, -(-blocks * bits // 8)) if block else (count, -(-rows * bits // 8))
            return (draw(rng, np.uint8, count, rows, width * bits // 8),
                    (rng.uniform(0.5, 1, shape) / 2 ** bits).astype(real),
                    rng.normal(size=(count, rows)).astype(real) if biases else None,
                    draw(rng, np.uint8, *packed) if zeros else None)
        first, second = layer(wide, hidden), layer(hidden, inter)
        inputs = {"input": rng.normal(size=(tokens, hidden)).astype(real),
                  "router": rng.normal(size=(tokens, count)).astype(real),
                  "w1": first[0], "s1": first[1], "b1": first[2], "w2": second[0], "s2": second[1], "b2": second[2],
                  "w3": None, "s3": None, "b3": None, "z1": first[3], "z2": second[3], "z3": None,
                  "weights": rng.uniform(0.1, 1, (tokens, count)).astype(real) if weights else None}
        kind = TensorProto.FLOAT16 if real == np.float16 else FLOAT
        extra = {"block_size": block} if block else {}
        yield f"ms_qmoe_{name}", *one_node(
            "QMoE", inputs, {"output": (kind, 2)}, expert_weight_bits=bits, **attributes, **extra,
            constants=("w1", "s1", "b1", "w2", "s2", "b2", "z1", "z2") if name != "silu" else ())


def cases():
    yield from lstm()
    yield from attention()
    yield from embedding()
    yield from experts()
