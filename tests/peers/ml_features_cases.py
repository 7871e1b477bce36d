# SPDX-License-Identifier: Apache-2.0
"""ai.onnx.ml: operators that prepare features, look labels up and make or read maps."""
import numpy as np
from onnx import TensorProto, helper
from peer_cases import one_node

F, D, I32, I64, TEXT = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT32, TensorProto.INT64,
                        TensorProto.STRING)
NAN = float("nan")


def numbers(shape, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.integer):
        return rng.integers(-3, 4, shape).astype(dtype)
    return rng.normal(0, 2, shape).astype(dtype)


def ml(op, x, result, version=1, **attributes):
    return one_node(op, {"X": x}, {"Y": result}, "ai.onnx.ml", version, **attributes)


def text(*words):
    return np.array(words, dtype=object)


def tensor(kind, values):
    return helper.make_tensor("t", kind, [len(values)], values)


def extractors():
    for name, x, index, kind in [
            ("matrix", numbers((3, 5)), [4, 0, 0], F), ("vector", numbers(5, np.int64), [1, 3], I64),
            ("cube", numbers((2, 3, 4), np.float64), [2], D), ("text", text("a", "b", "c"), [2, 0], TEXT),
            ("int32", numbers((2, 2), np.int32), [1], I32)]:
        rank = max(x.ndim, 2)
        yield f"extractor_{name}", *one_node("ArrayFeatureExtractor", {"X": x, "I": np.array(index, np.int64)},
                                             {"Z": (kind, rank)}, "ai.onnx.ml", 1)


def arithmetic():
    yield "binarizer", *ml("Binarizer", numbers((3, 4)), (F, 2), threshold=0.5)
    yield "binarizer_default", *ml("Binarizer", numbers(6), (F, 1))
    for name, x in [("float", numbers((3, 4))), ("double", numbers((3, 4), np.float64)),
                    ("int64", numbers((3, 4), np.int64)), ("int32", numbers((3, 4), np.int32))]:
        for norm in ("MAX", "L1", "L2"):
            yield f"normalizer_{norm}_{name}", *ml("Normalizer", x, (F, 2), norm=norm)
        yield f"scaler_{name}", *ml("Scaler", x, (F, 2), scale=[2.0, 0.5, 1.0, -1.0], offset=[0.25, 0.0, 1.0, 2.0])
        yield f"scaler_one_{name}", *ml("Scaler", x, (F, 2), scale=[2.0], offset=[0.25])
    yield "normalizer_vector", *ml("Normalizer", numbers(5), (F, 1), norm="L2")
    yield "normalizer_zeros", *ml("Normalizer", np.zeros((2, 3), np.float32), (F, 2), norm="L1")
    yield "normalizer_negative", *ml("Normalizer", -np.ones((2, 3), np.float32), (F, 2), norm="MAX")
    holes = numbers((3, 4))
    holes[0, 1] = holes[2, 2] = NAN
    yield "imputer_nan", *ml("Imputer", holes, (F, 2), imputed_value_floats=[1.0, 2.0, 3.0, 4.0],
                             replaced_value_float=NAN)
    yield "imputer_one", *ml("Imputer", holes, (F, 2), imputed_value_floats=[7.0], replaced_value_float=NAN)
    yield "imputer_int64", *ml("Imputer", numbers((3, 4), np.int64), (I64, 2), imputed_value_int64s=[9],
                               replaced_value_int64=1)


def vectorizers():
    parts = {"A": numbers((2, 3)), "B": numbers((2, 1)), "C": numbers((2, 2))}
    for name, sizes in [("exact", [3, 1, 2]), ("padded", [4, 2, 2]), ("cut", [2, 1, 1])]:
        yield f"feature_vectorizer_{name}", *one_node("FeatureVectorizer", parts, {"Y": (F, 2)}, "ai.onnx.ml", 1,
                                                      inputdimensions=sizes)
    yield "feature_vectorizer_int64", *one_node("FeatureVectorizer", {"A": numbers((2, 3), np.int64)},
                                                {"Y": (F, 2)}, "ai.onnx.ml", 1, inputdimensions=[3])
    yield "feature_vectorizer_vector", *one_node("FeatureVectorizer", {"A": numbers(3, np.float64)},
                                                 {"Y": (F, 2)}, "ai.onnx.ml", 1, inputdimensions=[3])


def encoders():
    words, ints, reals = text("b", "x", "a", "a"), np.array([[1, 5], [2, 7]], np.int64), np.array(
        [0.5, NAN, 2, -0.0], np.float32)
    yield "encoder_1_text", *ml("LabelEncoder", words, (I64, 1), 1, classes_strings=["a", "b"], default_int64=-7,
                                default_string="none")
    yield "encoder_1_int", *ml("LabelEncoder", ints, (TEXT, 2), 1, classes_strings=["a", "b", "c"],
                               default_string="none", default_int64=-1)
    inputs = {"int64s": ints, "floats": reals, "strings": words}
    keys = {"int64s": [5, 1], "floats": [0.0, 2.0, 0.5], "strings": ["a", "b"]}
    values = {"int64s": [50, 10, 20], "floats": [0.25, -1.0, 8.0], "strings": ["first", "second", ""]}
    kinds = {"int64s": I64, "floats": F, "strings": TEXT}
    for version in (2, 4):
        for a, x in inputs.items():
            for b in kinds:
                if version == 2 and a == b:
                    continue
                given = {f"keys_{a}": keys[a], f"values_{b}": values[b][:len(keys[a])]}
                yield f"encoder_{version}_{a}_{b}", *ml("LabelEncoder", x, (kinds[b], x.ndim), version, **given)
    yield "encoder_2_defaults", *ml("LabelEncoder", words, (F, 1), 2, keys_strings=["a"], values_floats=[2.5],
                                    default_float=7.5)
    yield "encoder_4_nan", *ml("LabelEncoder", reals, (I64, 1), 4, keys_floats=[NAN, 2.0], values_int64s=[3, 4],
                               default_int64=9)
    yield "encoder_4_double", *ml("LabelEncoder", reals.astype(np.float64), (D, 1), 4,
                                  keys_tensor=tensor(D, [NAN, 2.0]), values_tensor=tensor(D, [3.0, 4.0]),
                                  default_tensor=tensor(D, [0.5]))
    yield "encoder_4_int16", *ml("LabelEncoder", words, (TensorProto.INT16, 1), 4,
                                 keys_tensor=tensor(TEXT, [b"a", b"b"]), values_tensor=tensor(TensorProto.INT16, [3, 4]),
                                 default_tensor=tensor(TensorProto.INT16, [-2]))
    yield "encoder_4_text_tensor", *ml("LabelEncoder", ints, (TEXT, 2), 4, keys_tensor=tensor(I64, [1, 2]),
                                       values_tensor=tensor(TEXT, [b"one", b"two"]),
                                       default_tensor=tensor(TEXT, [b"other"]))
    many = np.arange(3000, dtype=np.int64) * 7 % 2503
    yield "encoder_2_many", *ml("LabelEncoder", many, (F, 1), 2, keys_int64s=list(range(0, 2400, 2)),
                                values_floats=[float(i) for i in range(1200)])
    cats = {"cats_int64s": [5, 1, 2], "cats_strings": ["a", "b", "c"], "default_int64": -5, "default_string": "?"}
    yield "category_mapper_text", *ml("CategoryMapper", words, (I64, 1), 1, **cats)
    yield "category_mapper_int", *ml("CategoryMapper", ints, (TEXT, 2), 1, **cats)
    yield "one_hot_encoder_int64", *ml("OneHotEncoder", ints, (F, 3), 1, cats_int64s=[1, 2, 5], zeros=1)
    yield "one_hot_encoder_strict", *ml("OneHotEncoder", ints, (F, 3), 1, cats_int64s=[1, 2, 5, 7], zeros=0)
    yield "one_hot_encoder_float", *ml("OneHotEncoder", np.array([1.0, 2.9, 4], np.float32), (F, 2), 1,
                                       cats_int64s=[1, 2], zeros=1)
    yield "one_hot_encoder_double", *ml("OneHotEncoder", np.array([1.0, -2.9, 4]), (F, 2), 1, cats_int64s=[1, -2])
    yield "one_hot_encoder_text", *ml("OneHotEncoder", words, (F, 2), 1, cats_strings=["a", "b"], zeros=1)


def map_type(key, kind):
    return helper.make_map_type_proto(key, helper.make_tensor_type_proto(kind, []))


def one_map(op, given, key, kind, result, **attributes):
    """A model whose input is a map."""
    node = helper.make_node(op, ["X"], ["Y"], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([node], "case", [helper.make_value_info("X", map_type(key, kind))],
                              [helper.make_tensor_value_info("Y", result, [None, None])])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10), [{"X": given}]


def maps():
    scores = numbers((3, 2))
    for name, x, labels in [("int64", scores, {"classlabels_int64s": [7, 3]}),
                            ("text", scores, {"classlabels_strings": ["no", "yes"]}),
                            ("vector", numbers(2), {"classlabels_int64s": [0, 1]})]:
        key = I64 if "classlabels_int64s" in labels else TEXT
        out = helper.make_value_info("Z", helper.make_sequence_type_proto(map_type(key, F)))
        node = helper.make_node("ZipMap", ["X"], ["Z"], domain="ai.onnx.ml", **labels)
        ports = [helper.make_tensor_value_info("X", F, x.shape)]
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 1)]
        yield f"zip_map_{name}", helper.make_model(helper.make_graph([node], "case", ports, [out]),
                                                   opset_imports=opsets, ir_version=10), [{"X": x}]
    yield "dict_vectorizer_text_float", *one_map("DictVectorizer", {"b": 2.5, "z": 1.0, "a": -1.0}, TEXT, F, F,
                                                 string_vocabulary=["a", "c", "b"])
    yield "dict_vectorizer_int64_float", *one_map("DictVectorizer", {5: 2.5, 1: -1.0}, I64, F, F,
                                                  int64_vocabulary=[1, 5, 9])
    for cast, kind in [("TO_FLOAT", F), ("TO_INT64", I64), ("TO_STRING", TEXT)]:
        for form in ("DENSE", "SPARSE"):
            yield f"cast_map_{cast}_{form}", *one_map("CastMap", {3: 2.75, 0: -1.5, 9: 4.0}, I64, F, kind,
                                                      cast_to=cast, map_form=form, max_map=5)


def cases():
    for group in (extractors, arithmetic, vectorizers, encoders, maps):
        for name, model, feeds in group():
            yield f"ml_{name}", model, feeds
