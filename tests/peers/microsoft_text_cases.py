# SPDX-License-Identifier: Apache-2.0
"""Tokenizer of com.microsoft; see peer_cases.py."""
import numpy as np
from onnx import TensorProto
from peer_cases import one_node


def tokenizer(texts, mark=0, mincharnum=1, **attributes):
    array = np.array(texts, object)
    return one_node("Tokenizer", {"x": array}, {"y": (TensorProto.STRING, array.ndim + (array.size > 0))}, mark=mark,
                    mincharnum=mincharnum, pad_value="#", **attributes)


def tokenizers():
    yield "words", tokenizer(["a bc d", "ef"], separators=[" "], mark=1)
    yield "short", tokenizer(["a bc d", "ef"], separators=[" "], mincharnum=2)
    yield "several", tokenizer(["a;b,c", "x,;y"], separators=[";", ","])
    yield "expressions", tokenizer(["a.b1c", "..", "12a3"], separators=["[0-9]", "\\."])
    yield "longest", tokenizer(["aab", "b"], separators=["a|aa"])
    yield "nothing", tokenizer(["axxb", "q"], separators=["x*"])
    yield "characters", tokenizer(["h\u00e9\u20ac", "b"], separators=[""], mark=1)
    yield "matches", tokenizer(["abc 12 \u00e9", "zz"], tokenexp="[a-z]+|[0-9]", mark=1)
    yield "matches_longest", tokenizer(["xaab"], tokenexp="a|aa")
    yield "matches_nothing", tokenizer(["aab", "z"], tokenexp="a*")
    yield "dot", tokenizer(["abc", "z"], tokenexp=".")
    yield "empty_texts", tokenizer(["", ""], separators=[" "], mark=1)
    yield "empty_text", tokenizer(["", "a"], separators=[" "], mark=1)
    yield "matrix", tokenizer([["a b"], ["c"]], separators=[" "], mark=1)
    yield "anchors", tokenizer(["ab ab", "b"], separators=[" ", "^a"])


def cases():
    for name, case in tokenizers():
        yield f"ms_tokenizer_{name}", *case
