# SPDX-License-Identifier: Apache-2.0
"""Attention operators of com.microsoft; see peer_cases.py."""
import numpy as np
from onnx import TensorProto
from peer_cases import one_node

F32, F16 = TensorProto.FLOAT, TensorProto.FLOAT16
RANDOM = np.random.default_rng(75)


def floats(*dims, dtype=np.float32):
    return RANDOM.uniform(-1, 1, dims).astype(dtype)


def ints(*values, dtype=np.int32):
    return np.array(values, dtype)


def flags(*dims):
    mask = RANDOM.integers(0, 2, dims)
    mask[..., 0] = 1
    return mask.astype(np.int32)


def attention(batch=2, steps=3, width=8, heads=2, sizes=None, bias=True, mask=None, past=0, add=None,
              present=False, **attributes):
    sizes = sizes or [width] * 3
    inputs = {"input": floats(batch, steps, width), "weights": floats(width, sum(sizes)),
              "bias": floats(sum(sizes)) if bias else None, "mask_index": mask,
              "past": floats(2, batch, heads, past, width // heads) if past else None,
              "attention_bias": None if add is None else floats(*add)}
    outputs = {"output": (F32, 3)}
    if present:
        outputs["present"] = (F32, 5)
    if sizes != [width] * 3:
        attributes["qkv_hidden_sizes"] = sizes
    return one_node("Attention", inputs, outputs, constants=("weights", "bias"), num_heads=heads, **attributes)


def attention_cases():
    yield "plain", attention()
    yield "no_bias", attention(bias=False)
    yield "causal", attention(unidirectional=1, present=True)
    yield "sizes", attention(sizes=[8, 8, 6])
    yield "sizes_wide", attention(sizes=[12, 12, 4])
    yield "ends", attention(mask=ints(2, 3))
    yield "starts", attention(steps=5, mask=ints(4, 5, 1, 2))
    yield "mask_2d", attention(mask=flags(2, 3))
    yield "mask_2d_none", attention(mask=np.zeros((2, 3), np.int32))
    yield "mask_2d_causal", attention(mask=flags(2, 3), unidirectional=1)
    yield "mask_3d", attention(mask=flags(2, 3, 3))
    yield "mask_filter", attention(mask=flags(2, 3), mask_filter_value=-1.5)
    yield "past", attention(past=4, present=True)
    yield "past_causal", attention(past=4, present=True, unidirectional=1, mask=flags(2, 7))
    yield "past_one", attention(past=4, steps=1, present=True, unidirectional=1, mask=flags(2, 5))
    yield "past_ends", attention(past=2, present=True, mask=ints(4, 5))
    yield "add", attention(add=(1, 2, 3, 3))
    yield "add_one_head", attention(add=(2, 1, 3, 3), mask=ints(2, 3))
    yield "scale", attention(scale=0.7, heads=4)


def turned(x):
    """Heads [B, S, N, D] by the angles of their places."""
    half = x.shape[-1] // 2
    angle = np.arange(x.shape[1])[:, None] / 10000 ** (np.arange(half) / half)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1).astype(np.float32)


def square_cases():
    """What ONNX Runtime's Attention has for other devices: a rotation, and a mask over all places."""
    def expected(feed, turn=lambda x: x, add=0.0):
        q, k, v = (part.reshape(2, 3, 2, 4) for part in np.split(feed["input"] @ weights + bias, 3, -1))
        return [heads_product(turn(q), turn(k), v, add)]
    weights, bias = floats(8, 24), floats(24)
    inputs = {"input": floats(2, 3, 8), "weights": weights, "bias": bias}
    output = {"output": (F32, 3)}
    yield "rotary", *one_node("Attention", inputs, output, constants=("weights", "bias"), num_heads=2, do_rotary=1), \
        lambda feed: expected(feed, turned)
    inputs["mask_index"] = flags(2, 1, 5, 5)
    yield "square", *one_node("Attention", inputs, output, constants=("weights", "bias"), num_heads=2), \
        lambda feed: expected(feed, add=np.where(feed["mask_index"] > 0, 0, -10000)[:, :, :3, :3])


def multi_head(batch=2, steps=3, keys=5, width=8, v_width=8, heads=2, bias=False, mask=None, add=None,
               past=0, cross=False, outputs=1, **attributes):
    size = width // heads
    inputs = {"query": floats(batch, steps, width),
              "key": floats(batch, heads, keys, size) if cross else floats(batch, keys, width),
              "value": floats(batch, heads, keys, size) if cross else floats(batch, keys, v_width),
              "bias": floats(2 * width + v_width) if bias else None,
              "key_padding_mask": mask,
              "attention_bias": None if add is None else floats(*add),
              "past_key": floats(batch, heads, past, size) if past else None,
              "past_value": floats(batch, heads, past, v_width // heads) if past else None}
    names = ["output", "present_key", "present_value", "qk"][:outputs]
    results = {name: (F32, 4 if name != "output" else 3) for name in names}
    return one_node("MultiHeadAttention", inputs, results, constants=("bias",), num_heads=heads, **attributes)


def multi_head_cases():
    yield "plain", multi_head()
    yield "bias", multi_head(bias=True, v_width=6)
    yield "one_step", multi_head(steps=1, bias=True)
    yield "self", multi_head(keys=3, bias=True, outputs=3)
    yield "causal", multi_head(keys=3, unidirectional=1)
    yield "causal_bias_mask", multi_head(keys=3, unidirectional=1, bias=True, mask=flags(2, 3))
    yield "ends", multi_head(mask=ints(3, 5))
    yield "mask_2d", multi_head(mask=flags(2, 5))
    yield "mask_3d", multi_head(mask=flags(2, 3, 5))
    yield "filter", multi_head(mask=flags(2, 5), mask_filter_value=-2.0)
    yield "add", multi_head(add=(1, 2, 3, 5))
    yield "add_full", multi_head(add=(2, 2, 3, 5), mask=flags(2, 5), bias=True)
    yield "past", multi_head(keys=3, past=4, outputs=3, bias=True)
    yield "past_mask", multi_head(steps=1, keys=1, past=4, outputs=3, mask=flags(2, 5))
    yield "past_causal", multi_head(keys=3, past=4, outputs=3, unidirectional=1)
    yield "cross_cache", multi_head(cross=True)
    yield "cross_cache_mask", multi_head(cross=True, mask=flags(2, 5))
    yield "scores", multi_head(outputs=4, bias=True)
    yield "scale", multi_head(scale=0.3)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def heads_product(q, k, v, add=0.0):
    """[B, S, N, D] each."""
    q, k, v = (np.moveaxis(x, 2, 1) for x in (q, k, v))
    y = softmax(q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]) + add) @ v
    return np.moveaxis(y, 1, 2).reshape(y.shape[0], y.shape[2], -1).astype(np.float32)


def packed_cases():
    """Layouts that ONNX Runtime has for other devices."""
    inputs = {"query": floats(2, 3, 2, 3, 4), "key": None, "value": None, "bias": floats(24)}

    def packed_qkv(feed):
        x = feed["query"] + feed["bias"].reshape(3, 2, 4).swapaxes(0, 1)
        return [heads_product(x[:, :, :, 0], x[:, :, :, 1], x[:, :, :, 2])]
    yield "qkv", *one_node("MultiHeadAttention", inputs, {"output": (F32, 3)}, num_heads=2), packed_qkv
    inputs = {"query": floats(2, 3, 8), "key": floats(2, 5, 2, 2, 4), "value": None, "bias": None,
              "key_padding_mask": ints(3, 5)}

    def packed_kv(feed):
        hidden = np.where(np.arange(5) < feed["key_padding_mask"][:, None], 0, -10000)[:, None, None, :]
        return [heads_product(feed["query"].reshape(2, 3, 2, 4), feed["key"][:, :, :, 0],
                              feed["key"][:, :, :, 1], hidden)]
    yield "kv", *one_node("MultiHeadAttention", inputs, {"output": (F32, 3)}, num_heads=2), packed_kv


def normalized(x, weight, epsilon):
    """Heads of 8 in the last axis of [B, S, N * 8]."""
    heads = x.reshape(*x.shape[:2], -1, 8)
    return heads / np.sqrt((heads ** 2).mean(-1, keepdims=True) + epsilon) * weight


def normalized_case():
    """Normalised heads, which ONNX Runtime has for other devices."""
    hidden = np.where(np.tri(3, dtype=bool), 0, -np.inf)

    def expected(feed):
        q = normalized(feed["query"], feed["q_norm_weight"], 1e-6)
        k = normalized(feed["key"], feed["k_norm_weight"], 0.01).astype(np.float32)
        v = feed["value"].reshape(2, 3, 2, 8)
        return [heads_product(q, k, v, hidden), k.swapaxes(1, 2), v.swapaxes(1, 2)]
    return *group_query(heads=2, norm=True, k_norm_epsilon=0.01), expected


def group_query(batch=2, steps=3, heads=4, kv_heads=2, size=8, past=0, lengths=None, total=None, packed=False,
                rotary=0, positions=None, add=None, sink=False, norm=False, scores=False, dtype=np.float32,
                **attributes):
    """past: entries of the cache. lengths: of each batch entry after this step."""
    kind = F32 if dtype == np.float32 else F16
    lengths = lengths or [past + steps] * batch
    total = total or max(lengths)

    def cache():
        data = floats(batch, kv_heads, past, size, dtype=dtype)
        for entry, length in enumerate(lengths):  # what is not in use is zero, as the peer leaves it
            data[entry, :, 0 if total == steps else length - steps:] = 0
        return data
    width = (heads + 2 * kv_heads) * size if packed else heads * size
    inputs = {"query": floats(batch, steps, width, dtype=dtype),
              "key": None if packed else floats(batch, steps, kv_heads * size, dtype=dtype),
              "value": None if packed else floats(batch, steps, kv_heads * size, dtype=dtype),
              "past_key": cache() if past else None, "past_value": cache() if past else None,
              "seqlens_k": np.array(lengths, np.int32) - 1, "total_sequence_length": ints(total),
              "cos_cache": floats(32, rotary, dtype=dtype) if rotary else None,
              "sin_cache": floats(32, rotary, dtype=dtype) if rotary else None,
              "position_ids": positions, "attention_bias": None if add is None else floats(*add, dtype=dtype),
              "head_sink": floats(heads, dtype=dtype) if sink else None, "k_scale": None, "v_scale": None,
              "q_norm_weight": floats(size, dtype=dtype) if norm else None,
              "k_norm_weight": floats(size, dtype=dtype) if norm else None}
    if rotary:
        attributes["do_rotary"] = 1
    results = {"output": (kind, 3), "present_key": (kind, 4), "present_value": (kind, 4)}
    if scores:
        results["output_qk"] = (kind, 4)
    return one_node("GroupQueryAttention", inputs, results, num_heads=heads, kv_num_heads=kv_heads, **attributes)


def group_query_cases():
    yield "prompt", group_query()
    yield "prompt_packed", group_query(packed=True, size=16, rotary=8)
    yield "prompt_rotary", group_query(size=16, rotary=8)
    yield "prompt_rotary_interleaved", group_query(size=16, rotary=8, rotary_interleaved=1)
    yield "prompt_rotary_part", group_query(size=32, rotary=8)
    yield "prompt_buffer", group_query(past=8, lengths=[3, 3])
    yield "decode", group_query(steps=1, past=4, size=16, rotary=8)
    yield "decode_buffer", group_query(steps=1, past=8, lengths=[5, 3], size=16, rotary=8, packed=True)
    yield "decode_full", group_query(steps=1, past=8, lengths=[8, 3])
    yield "decode_wide", group_query(steps=1, past=8, lengths=[6, 5], total=8)
    yield "chunk", group_query(batch=1, steps=3, past=8, lengths=[6], size=16, rotary=8)
    yield "chunk_grown", group_query(batch=1, steps=3, past=4, size=16, rotary=8)
    yield "window", group_query(steps=6, local_window_size=2)
    yield "window_decode", group_query(steps=1, past=7, local_window_size=3, size=16, rotary=8)
    yield "window_chunk", group_query(batch=1, steps=3, past=5, local_window_size=4)
    yield "softcap", group_query(softcap=0.5)
    yield "smooth", group_query(smooth_softmax=1)
    yield "sink", group_query(sink=True)
    yield "sink_window_decode", group_query(sink=True, steps=1, past=6, local_window_size=3)
    yield "add", group_query(add=(1, 4, 3, 3))
    yield "add_decode", group_query(steps=1, past=4, add=(2, 1, 1, 5))
    yield "positions", group_query(size=16, rotary=8, steps=1, past=4,
                                   positions=np.array([[4], [7]], np.int64))
    yield "scale", group_query(scale=0.4)
    yield "heads_equal", group_query(heads=2, kv_heads=2)
    yield "bidirectional", group_query(causal=0)
    yield "scores", group_query(scores=True, qk_output=1)
    yield "probabilities", group_query(scores=True, qk_output=2)
    yield "half", group_query(dtype=np.float16, size=16, rotary=8)
    yield "half_decode", group_query(dtype=np.float16, steps=1, past=4)


def rotary(dims, positions, half, rows=16, dtype=np.float32, op="RotaryEmbedding", **attributes):
    inputs = {"input": floats(*dims, dtype=dtype), "position_ids": positions,
              "cos_cache": floats(rows, half, dtype=dtype), "sin_cache": floats(rows, half, dtype=dtype)}
    kind = F32 if dtype == np.float32 else F16
    return one_node(op, inputs, {"output": (kind, len(dims))}, constants=("cos_cache", "sin_cache"), **attributes)


def rotary_cases():
    places = RANDOM.integers(0, 16, (2, 4))
    yield "flat", rotary((2, 4, 24), places, 4)
    yield "flat_heads", rotary((2, 4, 24), places, 4, num_heads=3)
    yield "offset", rotary((2, 4, 24), ints(5, dtype=np.int64), 4)
    yield "heads", rotary((2, 3, 4, 8), places, 4)
    yield "heads_interleaved", rotary((2, 3, 4, 8), places, 4, interleaved=1)
    yield "part", rotary((2, 4, 24), places, 2, num_heads=3, rotary_embedding_dim=4)
    yield "part_heads", rotary((2, 3, 4, 8), places, 2, num_heads=3, rotary_embedding_dim=4, interleaved=1)
    yield "half", rotary((2, 4, 24), places, 4, dtype=np.float16)
    streams = RANDOM.integers(0, 16, (3, 2, 4))
    for layout in 0, 1:
        for interleaved in 0, 1:
            yield f"streams_{layout}{interleaved}", rotary(
                (2, 4, 36), streams, 6, op="MRotaryEmbedding", num_heads=3, mrope_section=[2, 2, 2],
                mrope_layout=layout, interleaved=interleaved)
    yield "streams_half", rotary((2, 3, 4, 12), streams, 6, dtype=np.float16, op="MRotaryEmbedding",
                                 mrope_section=[2, 2, 2])
    yield "streams_heads", rotary((2, 3, 4, 12), streams, 6, op="MRotaryEmbedding", mrope_section=[3, 1, 2])


OFFSETS, STARTS = np.array([[0, 3, 4], [5, 1, 2]], np.int32), ints(0, 1, 4)


def unpack(rows):
    padded = np.zeros((6, *rows.shape[1:]), np.float32)
    padded[OFFSETS.ravel()[:4]] = rows
    return padded.reshape(2, 3, *rows.shape[1:])


def pack(batch):
    return batch.reshape(6, -1)[OFFSETS.ravel()[:4]]


def token_cases():
    """Packed batches, which ONNX Runtime has for other devices."""
    hidden = np.where(np.arange(3) < np.array([[1], [3]]), 0, -10000)[:, None, None, :]
    packing = {"token_offset": OFFSETS, "cumulative_sequence_length": STARTS}
    inputs = {"input": floats(4, 8), "weights": floats(8, 24), "bias": floats(24), **packing}

    def attend(feed):
        q, k, v = np.split(unpack(feed["input"]) @ feed["weights"] + feed["bias"], 3, -1)
        return [pack(heads_product(*(x.reshape(2, 3, 2, 4) for x in (q, k, v)), hidden))]
    yield "attention", *one_node("PackedAttention", inputs, {"y": (F32, 2)}, num_heads=2), attend
    inputs = {"query": floats(4, 8), "key": floats(4, 8), "value": floats(4, 8), "bias": floats(24), **packing}

    def multi(feed):
        parts = [unpack(feed[name]) + part for name, part in
                 zip(("query", "key", "value"), np.split(feed["bias"], 3))]
        return [pack(heads_product(*(x.reshape(2, 3, 2, 4) for x in parts), hidden))]
    yield "multi_head", *one_node("PackedMultiHeadAttention", inputs, {"y": (F32, 2)}, num_heads=2), multi
    inputs = {"input": floats(4, 5), "token_offset": OFFSETS}
    yield "restore", *one_node("RestorePadding", inputs, {"y": (F32, 3)}), lambda feed: [unpack(feed["input"])]
    inputs = {"input": floats(2, 3, 5), "count": ints(1, 3)}
    results = {"y": (F32, 2), "offsets": (TensorProto.INT32, 2), "starts": (TensorProto.INT32, 1),
               "longest": (TensorProto.INT32, 1)}
    yield "remove", *one_node("RemovePadding", inputs, results), lambda feed: [
        pack(feed["input"]), OFFSETS, STARTS, ints(3)]


def decoder_cases():
    heads = {"num_heads": 2}

    def decoder(key, value, mask=None, past=0, outputs=1, length=None, bias=None, **attributes):
        inputs = {"query": floats(2, 1, 8), "key": key, "value": value, "mask_index": mask, "attention_bias": None,
                  "past_key": floats(2, 2, past, 4) if past else None,
                  "past_value": floats(2, 2, past, 4) if past else None, "past_sequence_length": length,
                  "beam_width": None, "cache_indirection": None, "bias": bias}
        results = {name: (F32, 4 if name != "output" else 3)
                   for name in ["output", "present_key", "present_value", "qk"][:outputs]}
        return one_node("DecoderMaskedMultiHeadAttention", inputs, results, **heads, **attributes)

    def buffered(feed):
        """Past and present share a buffer, which a session of ONNX Runtime cannot do with plain arrays."""
        q, k, v = ((feed[name] + part).reshape(2, 1, 2, 4)
                   for name, part in zip(("query", "key", "value"), np.split(feed["bias"], 3)))
        keys, values = feed["past_key"].copy(), feed["past_value"].copy()
        keys[:, :, 3], values[:, :, 3] = k[:, 0], v[:, 0]
        hidden = np.where(feed["mask_index"] > 0, 0, -10000)[:, None, None, :]
        y = heads_product(q, keys[:, :, :4].swapaxes(1, 2), values[:, :, :4].swapaxes(1, 2), hidden)
        return [y, keys, values]
    yield "past", *decoder(floats(2, 1, 8), floats(2, 1, 8), past=6, outputs=3, bias=floats(24), mask=flags(2, 4),
                           length=ints(3), past_present_share_buffer=1), buffered
    yield "cross", *decoder(floats(2, 2, 5, 4), floats(2, 2, 5, 4))
    yield "cross_mask", *decoder(floats(2, 2, 5, 4), floats(2, 2, 5, 4), mask=flags(2, 5))


def linear(rule, heads=(2, 2), past=False, wide=False, **attributes):
    q, kv = heads
    inputs = {"query": floats(2, 5, q * 4), "key": floats(2, 5, kv * 4), "value": floats(2, 5, kv * 3),
              "past_state": floats(2, kv, 4, 3) if past else None,
              "decay": -np.abs(floats(2, 5, kv * (4 if wide else 1))) if "gated" in rule else None,
              "beta": np.abs(floats(2, 5, kv)) if "delta" in rule else None}
    return one_node("LinearAttention", inputs, {"output": (F32, 3), "present_state": (F32, 4)}, q_num_heads=q,
                    kv_num_heads=kv, update_rule=rule, **attributes)


def linear_cases():
    for rule in "linear", "gated", "delta", "gated_delta":
        yield rule, linear(rule)
    yield "past", linear("gated_delta", past=True, wide=True, heads=(4, 2))
    yield "more_keys", linear("gated_delta", heads=(2, 4), past=True)
    yield "scale", linear("linear", scale=0.7)


def causal_conv(dims, k, past=False, bias=False, **attributes):
    last = attributes.get("channels_last", 0)
    channels = dims[2 if last else 1]
    reach = (k - 1) * attributes.get("dilation", 1)
    inputs = {"x": floats(*dims), "w": floats(channels, 1, k), "b": floats(channels) if bias else None,
              "past": floats(*((dims[0], reach, channels) if last else (dims[0], channels, reach))) if past else None}
    return one_node("CausalConvWithState", inputs, {"y": (F32, 3), "state": (F32, 3)}, constants=("w", "b"), **attributes)


def causal_conv_cases():
    yield "plain", causal_conv((2, 3, 7), 4)
    yield "past", causal_conv((2, 3, 5), 4, past=True, bias=True, activation="silu")
    yield "step", causal_conv((2, 3, 1), 4, past=True)
    yield "dilation", causal_conv((2, 3, 7), 3, past=True, dilation=2)
    yield "last", causal_conv((2, 7, 3), 3, past=True, bias=True, channels_last=1, activation="swish")


def cases():
    for name, *case in square_cases():
        yield f"ms_attention_{name}", *case
    for name, *case in token_cases():
        yield f"ms_token_{name}", *case
    for name, *case in decoder_cases():
        yield f"ms_decoder_{name}", *case
    for prefix, group in (("attention", attention_cases), ("multi_head", multi_head_cases),
                          ("group_query", group_query_cases), ("rotary", rotary_cases),
                          ("linear", linear_cases), ("causal_conv", causal_conv_cases)):
        for name, case in group():
            yield f"ms_{prefix}_{name}", *case
    yield "ms_group_query_norm", *normalized_case()
    for name, *case in packed_cases():
        yield f"ms_packed_{name}", *case
