# SPDX-License-Identifier: Apache-2.0
"""GridSample in all modes, around the edges of the image and far beyond them."""
import numpy as np
from onnx import TensorProto

from peer_cases import one_node

rng = np.random.default_rng(11)


def grid(points):
    """Every pair of positions from inside the image to well outside."""
    at = np.linspace(-1.6, 1.6, points, dtype=np.float32)
    return np.stack(np.meshgrid(at, at + np.float32(0.013)), axis=-1)[None]


def cases():
    x = rng.standard_normal((1, 2, 5, 7)).astype(np.float32)
    for mode in ("linear", "nearest", "cubic"):
        for padding in ("zeros", "border", "reflection"):
            for align in (0, 1):
                model, feeds = one_node("GridSample", {"X": x, "grid": grid(19)},
                                        {"Y": (TensorProto.FLOAT, 4)}, "", 20, mode=mode,
                                        padding_mode=padding, align_corners=align)
                yield f"grid_edges_{mode}_{padding}_{align}", model, feeds
