# SPDX-License-Identifier: Apache-2.0
"""Operators on text."""
import numpy as np
from onnx import TensorProto

from peer_cases import one_node

STRING, FLOAT, INT64 = TensorProto.STRING, TensorProto.FLOAT, TensorProto.INT64


def default(op, inputs, outputs, opset=21, **attributes):
    return one_node(op, inputs, outputs, domain="", opset=opset, **attributes)


def text(*values):
    return np.array(values, dtype=object)


def splits():
    words = text("x", " a  b c ", "a,b,,c", ",", "  ")  # ONNX Runtime finds no part in an empty text
    for name, attributes in (("spaces", {}), ("comma", {"delimiter": ","}), ("long", {"delimiter": "b,"}),
                             ("spaces_1", {"maxsplit": 1}), ("comma_2", {"delimiter": ",", "maxsplit": 2}),
                             ("none", {"delimiter": ",", "maxsplit": 0}), ("spaces_0", {"maxsplit": 0})):
        yield name, *default("StringSplit", {"X": words}, {"Y": (STRING, 2), "Z": (INT64, 1)}, **attributes)


def vectors():
    tokens = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], np.int64)
    pool = {"ngram_counts": [0, 4], "ngram_indexes": [6, 5, 4, 3, 2, 1, 0],
            "pool_int64s": [2, 3, 5, 4, 5, 6, 7, 8, 6, 7]}
    weights = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    for mode in ("TF", "IDF", "TFIDF"):
        for low, high, skip in ((1, 1, 0), (1, 2, 0), (2, 2, 5), (1, 2, 5), (1, 2, 100)):
            for weighted in (False, True):
                extra = {"weights": weights} if weighted else {}
                yield (f"{mode.lower()}_{low}_{high}_{skip}{'_weights' if weighted else ''}",
                       *default("TfIdfVectorizer", {"X": tokens}, {"Y": (FLOAT, 2)}, mode=mode,
                                min_gram_length=low, max_gram_length=high, max_skip_count=skip, **pool, **extra))


def casts():
    numbers = np.array([0, 1, -2.5, 0.1, 3.14159274, 1e10, 1e-10, 16777216, np.inf, -np.inf, np.nan], np.float32)
    yield "float_to_text", *default("Cast", {"X": numbers[:7]}, {"Y": (STRING, 1)}, to=STRING)
    whole = np.array([0, -7, 2**62, -2**63], np.int64)
    yield "int64_to_text", *default("Cast", {"X": whole}, {"Y": (STRING, 1)}, to=STRING)
    words = text("1", "-2.5", "1e3", "INF", "-inf", "NaN", "0.1")
    yield "text_to_float", *default("Cast", {"X": words}, {"Y": (FLOAT, 1)}, to=FLOAT)
    yield "text_to_int64", *default("Cast", {"X": text("1", "-9007199254740993")}, {"Y": (INT64, 1)}, to=INT64)


def normalizers():
    words = text("Monday", "TUESDAY", "été", "Ärger", "")
    for action in ("NONE", "LOWER", "UPPER"):
        for exact in (0, 1):
            yield (f"{action.lower()}_{exact}",
                   *default("StringNormalizer", {"X": words}, {"Y": (STRING, 1)}, case_change_action=action,
                            is_case_sensitive=exact, locale="C.UTF-8", stopwords=["tuesday", "ÉTÉ"]))


def cases():
    for family in (splits, vectors, casts, normalizers):
        for name, model, feeds in family():
            yield f"text_{family.__name__}_{name}", model, feeds
