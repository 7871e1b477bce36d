# SPDX-License-Identifier: Apache-2.0
"""Operators of com.microsoft that have a kernel of their own; see peer_cases.py."""
import numpy as np
from onnx import TensorProto
from peer_cases import one_node

F32, I32, U32, I64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.UINT32, TensorProto.INT64
RANDOM = np.random.default_rng(79)


def floats(*dims, dtype=np.float32):
    return RANDOM.uniform(-2, 2, dims).astype(dtype)


def ints(*values, dtype=np.int64):
    return np.array(values, dtype)


def inverses():
    # ONNX Runtime rounds every step of float16, hone the result only.
    for dtype, kind in (np.float32, F32), (np.float64, TensorProto.DOUBLE):
        x = (floats(2, 4, 4) + 4 * np.eye(4)).astype(dtype)
        yield np.dtype(dtype).name, *one_node("Inverse", {"x": x}, {"y": (kind, 3)})


def crops():
    rois = np.array([[0, 0, 1, 1], [0.2, -0.1, 0.8, 0.9], [0.9, 0.8, 0.1, 0.3]], np.float32)
    for mode in "bilinear", "nearest":
        for size in (3, 4), (1, 2):
            inputs = {"x": floats(2, 3, 5, 4), "rois": rois, "batch_indices": ints(1, 0, 1, dtype=np.int32),
                      "crop_size": ints(*size, dtype=np.int32)}
            yield f"{mode}_{size[0]}", *one_node("CropAndResize", inputs, {"y": (F32, 4)}, mode=mode,
                                                 extrapolation_value=-3.0)


def hashes():
    text = np.array(["", "a", "ab", "abc", "abcd", "a longer text"], object)
    arrays = {"i32": ints(0, 1, -5, dtype=np.int32), "u32": ints(7, 8, dtype=np.uint32), "i64": ints(3, -9),
              "u64": ints(3, 2 ** 40, dtype=np.uint64), "f32": floats(4), "f64": floats(4, dtype=np.float64), "text": text}
    for name, array in arrays.items():
        yield name, *one_node("MurmurHash3", {"x": array}, {"y": (U32, 1)}, seed=42)
    yield "signed", *one_node("MurmurHash3", {"x": text}, {"y": (I32, 1)}, positive=0)


def ngrams():
    ids = RANDOM.integers(0, 4, (3, 12))
    for size in 1, 2, 3:
        yield f"block_{size}", *one_node("NGramRepeatBlock", {"ids": ids, "scores": floats(3, 6)}, {"y": (F32, 2)},
                                         ngram_size=size)
    source = ints(1, 5, 3, 4, 2, 5, 3)

    def detector(current, matched, predicted, **attributes):
        inputs = {"src": source, "cur": current, "prev": ints(matched), "pred": predicted}
        return one_node("BifurcationDetector", inputs, {"tokens": (I64, 1), "index": (I64, 1)}, **attributes)
    yield "detector", *detector(ints(5), 0, ints(1, 5, 3, 9, 2, 7, 0, 0))
    yield "detector_all", *detector(ints(5), 4, ints(2, 5, 3, 8))
    yield "detector_none", *detector(ints(9, 3, 4), 0, None)
    yield "detector_twice", *detector(ints(9, 5, 3), 0, None, max_ngram_size=2)
    yield "detector_long", *detector(ints(2, 5, 3), 0, None, min_ngram_size=2, max_ngram_size=3)


def warpings():
    for dims in (5, 7), (1, 8, 4), (1, 1), (3, 3):
        yield "_".join(map(str, dims)), *one_node("DynamicTimeWarping", {"x": floats(*dims)}, {"y": (I32, 2)})


def pools():
    """Masks of one image: ONNX Runtime reads others at places that are not theirs."""
    for name, dims, attributes in (("line", (2, 3, 9), {"kernel_shape": [3]}),
                                   ("plane", (2, 3, 5, 6), {"kernel_shape": [2, 3], "strides": [2, 1], "pads": [1, 0, 0, 1]}),
                                   ("same", (1, 2, 5, 6), {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"}),
                                   ("solid", (1, 2, 4, 4, 5), {"kernel_shape": [2, 2, 3]})):
        mask = RANDOM.integers(0, 4, (1, 1, *dims[2:])).astype(np.int32)
        yield name, *one_node("MaxpoolWithMask", {"x": floats(*dims), "m": mask}, {"y": (F32, len(dims))}, **attributes)


def words():
    sequence = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0], [2, 3, 1, 4, 4], [3, 0, 2, 0, 0]], np.int32)
    inputs = {"sequence": sequence, "w": floats(6, 1, 3, 4), "b": floats(6), "c": floats(5, 4)}
    yield "words", *one_node("WordConvEmbedding", inputs, {"y": (F32, 2)})


def cases():
    for prefix, group in (("inverse", inverses), ("crop", crops), ("hash", hashes), ("ngram", ngrams),
                          ("warping", warpings), ("mask_pool", pools), ("conv_embedding", words)):
        for name, *case in group():
            yield f"ms_{prefix}_{name}", *case
