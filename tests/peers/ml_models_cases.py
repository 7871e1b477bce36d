# SPDX-License-Identifier: Apache-2.0
"""ai.onnx.ml: linear models and support vector machines."""
import itertools

import numpy as np
from onnx import TensorProto
from peer_cases import one_node

F, I64, TEXT = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
TYPES = {"float": np.float32, "double": np.float64, "int64": np.int64, "int32": np.int32}


def numbers(shape, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.integer):
        return rng.integers(-3, 4, shape).astype(dtype)
    return rng.normal(0, 1, shape).astype(dtype)


def flat(shape, seed):
    return [float(v) for v in numbers(shape, seed).ravel()]


def chances(shape, seed):
    """Scores of [I, 0 .. 1], for PROBIT."""
    return np.random.default_rng(seed).uniform(0.02, 0.98, shape).astype(np.float32)


def classifier(op, x, text=False, **attributes):
    outputs = {"Y": (TEXT if text else I64, 1), "Z": (F, 2)}
    return one_node(op, {"X": x}, outputs, "ai.onnx.ml", 1, **attributes)


def regressor(op, x, **attributes):
    return one_node(op, {"X": x}, {"Y": (F, 2)}, "ai.onnx.ml", 1, **attributes)


def linear():
    for transform, (kind, dtype) in itertools.product(TRANSFORMS, TYPES.items()):
        if transform == "PROBIT" and kind != "float":
            continue
        x = chances((5, 1), 1) if transform == "PROBIT" else numbers((5, 3), 1, dtype)
        rows = [1.0, 0.9, 0.5] if transform == "PROBIT" else flat((3, 3), 2)
        yield f"linear_classifier_{transform}_{kind}", *classifier(
            "LinearClassifier", x, coefficients=rows, intercepts=[0.0, 0.05, 0.1], classlabels_ints=[3, 5, 9],
            post_transform=transform)
    x = numbers((6, 3), 3)
    two = {"coefficients": flat((2, 3), 4), "intercepts": [0.1, -0.2]}
    one = {"coefficients": flat((1, 3), 4), "intercepts": [0.1]}
    for transform in ("NONE", "SOFTMAX", "LOGISTIC"):
        yield f"linear_classifier_two_{transform}", *classifier(
            "LinearClassifier", x, True, classlabels_strings=["no", "yes"], post_transform=transform, **two)
        yield f"linear_classifier_one_{transform}", *classifier(
            "LinearClassifier", x, classlabels_ints=[4, 8], post_transform=transform, **one)
        yield f"linear_classifier_one_text_{transform}", *classifier(
            "LinearClassifier", x, True, classlabels_strings=["no", "yes"], post_transform=transform, **one)
    yield "linear_classifier_vector", *classifier("LinearClassifier", x[0], classlabels_ints=[4, 8], **two)
    for transform in TRANSFORMS:
        if transform != "PROBIT":
            yield f"linear_regressor_{transform}", *regressor(
                "LinearRegressor", x, coefficients=flat((2, 3), 5), intercepts=[0.5, 0.0], targets=2,
                post_transform=transform)
        yield f"linear_regressor_one_{transform}", *regressor(
            "LinearRegressor", chances((4, 1), 6), coefficients=[0.9], intercepts=[0.05], post_transform=transform)
    yield "linear_regressor_no_intercepts", *regressor("LinearRegressor", x, coefficients=flat(3, 5))
    yield "linear_regressor_vector", *regressor("LinearRegressor", x[0], coefficients=flat(3, 5), intercepts=[1.0])


KERNELS = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.4, 0.7, 3.0], "RBF": [0.3, 0.0, 3.0], "SIGMOID": [0.2, 0.1, 3.0]}


def machine(classes, features=3, seed=10, kernel="RBF", sizes=(3, 2, 4, 1, 2)):
    sizes = list(sizes[:classes])
    vectors, pairs = sum(sizes), classes * (classes - 1) // 2
    return {"coefficients": flat((classes - 1, vectors), seed), "support_vectors": flat((vectors, features), seed + 1),
            "vectors_per_class": sizes, "rho": flat(pairs, seed + 2), "kernel_type": kernel,
            "kernel_params": KERNELS[kernel]}


def chance_params(classes, seed=20):
    pairs = classes * (classes - 1) // 2
    return {"prob_a": [-abs(v) - 0.5 for v in flat(pairs, seed)], "prob_b": flat(pairs, seed + 1)}


def svm():
    x = numbers((9, 3), 7)
    for kernel, classes in itertools.product(KERNELS, (2, 3, 5)):
        attributes = machine(classes, kernel=kernel)
        labels = list(range(10, 10 + classes))
        yield f"svm_classifier_{kernel}_{classes}", *classifier("SVMClassifier", x, classlabels_ints=labels,
                                                                **attributes)
        yield f"svm_classifier_chances_{kernel}_{classes}", *classifier(
            "SVMClassifier", x, True, classlabels_strings=[f"c{i}" for i in labels], **attributes,
            **chance_params(classes))
    for transform, classes, sure in itertools.product(TRANSFORMS[:4], (2, 3), (False, True)):
        yield f"svm_classifier_{transform}_{classes}_{sure}", *classifier(
            "SVMClassifier", x, classlabels_ints=list(range(classes)), post_transform=transform, **machine(classes),
            **(chance_params(classes) if sure else {}))
    for kind, dtype in TYPES.items():
        yield f"svm_classifier_{kind}", *classifier("SVMClassifier", numbers((4, 3), 8, dtype),
                                                    classlabels_ints=[0, 1, 2], **machine(3))
    linear = {"rho": [0.25], "kernel_type": "LINEAR", "kernel_params": KERNELS["LINEAR"]}
    for classes, transform in itertools.product((2, 3), TRANSFORMS[:4]):
        yield f"svm_linear_{classes}_{transform}", *classifier(
            "SVMClassifier", x, classlabels_ints=list(range(classes)), coefficients=flat((classes, 3), 9),
            post_transform=transform, **linear)
    yield "svm_linear_positive", *classifier("SVMClassifier", x, classlabels_ints=[5, 6],
                                             coefficients=[abs(v) for v in flat((2, 3), 9)], **linear)
    for kernel, one in itertools.product(KERNELS, (0, 1)):
        yield f"svm_regressor_{kernel}_{one}", *regressor(
            "SVMRegressor", x, coefficients=flat(4, 11), support_vectors=flat((4, 3), 12), n_supports=4, rho=[0.3],
            kernel_type=kernel, kernel_params=KERNELS[kernel], one_class=one)
    yield "svm_regressor_linear", *regressor("SVMRegressor", x, coefficients=flat(3, 13), n_supports=0, **linear)
    yield "svm_regressor_far", *regressor(
        "SVMRegressor", x + 1000, coefficients=flat(4, 11), support_vectors=[v + 1000 for v in flat((4, 3), 12)],
        n_supports=4, rho=[0.3], kernel_type="RBF", kernel_params=KERNELS["RBF"])


def cases():
    for group in (linear, svm):
        for name, model, feeds in group():
            yield f"ml_{name}", model, feeds
