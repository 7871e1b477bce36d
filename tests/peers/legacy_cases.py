# SPDX-License-Identifier: Apache-2.0
"""Operators and meanings of opsets before 10 that ONNX Runtime still has."""
import numpy as np
from onnx import TensorProto

from peer_cases import one_node

rng = np.random.default_rng(3)


def data(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def case(name, op, inputs, rank, opset=7, constants=None, **attributes):
    model, feeds = one_node(op, inputs, {"y": (TensorProto.FLOAT, rank)}, "", opset, constants, **attributes)
    model.ir_version = 4
    return f"legacy_{name}", model, feeds


def experimental():
    x, image = {"x": data(3, 4)}, {"x": data(2, 3, 5, 6)}
    yield case("affine", "Affine", x, 2, alpha=2.0, beta=0.5)
    yield case("affine_default", "Affine", x, 2)
    yield case("parametric_softplus", "ParametricSoftplus", x, 2, alpha=2.0, beta=0.5)
    yield case("scaled_tanh", "ScaledTanh", x, 2, alpha=2.0, beta=0.5)
    yield case("scale", "Scale", x, 2, scale=3.0)
    yield case("image_scaler", "ImageScaler", image, 4, scale=2.0, bias=[1.0, -2.0, 0.5])
    yield case("crop", "Crop", image, 4, border=[1, 0, 2, 1])
    yield case("crop_size", "Crop", image, 4, border=[1, 2, 0, 0], scale=[2, 3])
    indices = {"starts": np.int64([1, -3]), "ends": np.int64([3, 100]), "axes": np.int64([1, 0])}
    yield case("dynamic_slice", "DynamicSlice", {**x, **indices}, 2)
    yield case("dynamic_slice_constant", "DynamicSlice", {**x, **indices}, 2, constants=list(indices))
    yield case("thresholded_relu", "ThresholdedRelu", x, 2, alpha=0.3)
    for across in (0, 1):
        for variance in (0, 1):
            yield case(f"mean_variance_{across}{variance}", "MeanVarianceNormalization", image, 4,
                       across_channels=across, normalize_variance=variance)


def regions():
    image = data(2, 3, 7, 6)
    rois = np.float32([[0, 0, 0, 3, 2], [1, 1, 1, 2, 2], [0, 2, 2, 1, 1], [1, -5, -5, 9, 9], [0, 5, 5, 20, 9]])
    for pooled in ([1, 1], [2, 3], [7, 9]):
        for scale in (1.0, 0.5, 0.37):
            yield case(f"max_roi_pool_{pooled[0]}_{scale}", "MaxRoiPool", {"x": image, "rois": rois}, 4,
                       pooled_shape=pooled, spatial_scale=scale)


def older():
    x = data(2, 3, 4)
    image = {"x": data(1, 2, 3, 4)}
    for mode in ("nearest", "linear"):
        yield case(f"upsample_7_{mode}", "Upsample", image, 4, 7, mode=mode, scales=[1.0, 1.0, 2.0, 3.0])
        scales = {"scales": np.float32([1, 1, 2, 3])}
        yield case(f"upsample_9_{mode}", "Upsample", {**image, **scales}, 4, 9, ["scales"], mode=mode)
    for axis in (0, 1, 2):
        for op in ("Softmax", "LogSoftmax", "Hardmax"):
            yield case(f"{op}_{axis}".lower(), op, {"x": x}, 3, 7, axis=axis)
    yield case("dropout", "Dropout", {"x": x}, 3, 7, ratio=0.3)
    yield case("pad_reflect", "Pad", {"x": x}, 3, 7, pads=[0, 1, 2, 0, 1, 1], mode="reflect")


def cases():
    yield from experimental()
    yield from regions()
    yield from older()
