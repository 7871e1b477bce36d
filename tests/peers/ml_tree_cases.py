# SPDX-License-Identifier: Apache-2.0
"""ai.onnx.ml: tree ensembles, with every comparison, aggregate and way to state them."""
import itertools

import numpy as np
from onnx import TensorProto, helper
from peer_cases import one_node

F, D, I64, TEXT = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
NAN = float("nan")
FEATURES = 4


def forest(trees, depth, modes, seed, missing=False):
    """Random trees as columns of nodes. Thresholds and features are small whole numbers, so that equality
    holds now and then."""
    rng = np.random.default_rng(seed)
    rows = {name: [] for name in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids",
                                  "falsenodeids")}
    tracks, leaves = [], []

    def grow(tree, left):
        at = sum(t == tree for t in rows["treeids"])
        number = len(rows["treeids"])
        leaf = left == 0 or (left < depth and rng.random() < 0.2)
        row = (tree, at, int(rng.integers(FEATURES)), "LEAF" if leaf else modes[rng.integers(len(modes))],
               float(rng.integers(-2, 3)), 0, 0)
        for name, value in zip(rows, row):
            rows[name].append(value)
        tracks.append(int(rng.integers(2)) if missing and not leaf else 0)
        if leaf:
            rows["values"][number] = 0.0
            rows["featureids"][number] = 0
            leaves.append((tree, at))
            return at
        rows["truenodeids"][number] = grow(tree, left - 1)
        rows["falsenodeids"][number] = grow(tree, left - 1)
        return at

    for tree in range(trees):
        grow(tree, depth)
    attributes = {f"nodes_{name}": values for name, values in rows.items()}
    if missing:
        attributes["nodes_missing_value_tracks_true"] = tracks
    return attributes, leaves, rng


def votes(prefix, leaves, rng, targets, each=1, positive=False, only=None):
    rows = [(tree, node, target) for tree, node in leaves
            for target in ([only] if only is not None else
                           sorted(rng.choice(targets, min(each, targets), replace=False).tolist()))]
    weights = [float(np.float32(w)) for w in (rng.uniform(0.01, 0.2, len(rows)) if positive else rng.normal(0, 1, len(rows)))]
    return {f"{prefix}_treeids": [r[0] for r in rows], f"{prefix}_nodeids": [r[1] for r in rows],
            f"{prefix}_ids": [r[2] for r in rows], f"{prefix}_weights": weights}


def examples(rows, seed=0, dtype=np.float32, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (rows, FEATURES)).astype(dtype)
    if not np.issubdtype(dtype, np.integer):
        x += (rng.random(x.shape) < 0.3) * 0.5
    if missing:
        x[rng.random(x.shape) < 0.3] = NAN
    return x


def regressor(x, version=1, **attributes):
    return one_node("TreeEnsembleRegressor", {"X": x}, {"Y": (F, 2)}, "ai.onnx.ml", version, **attributes)


def classifier(x, labels, version=1, **attributes):
    text = isinstance(labels[0], str)
    attributes["classlabels_strings" if text else "classlabels_int64s"] = labels
    return one_node("TreeEnsembleClassifier", {"X": x}, {"Y": (TEXT if text else I64, 1), "Z": (F, 2)}, "ai.onnx.ml",
                    version, **attributes)


def regressors():
    for number, (mode, missing) in enumerate(itertools.product(MODES + (None,), (False, True))):
        nodes, leaves, rng = forest(7, 5, [mode] if mode else MODES, number, missing)
        yield f"regressor_{mode}_{missing}", *regressor(examples(40, number, missing=missing), **nodes,
                                                        **votes("target", leaves, rng, 1), n_targets=1)
    for aggregate, targets, base in itertools.product(("SUM", "AVERAGE", "MIN", "MAX"), (1, 3), (False, True)):
        nodes, leaves, rng = forest(5, 4, MODES[:1], 20)
        more = {"base_values": [0.5, -1.0, 2.0][:targets]} if base else {}
        yield f"regressor_{aggregate}_{targets}_{base}", *regressor(
            examples(20), **nodes, **votes("target", leaves, rng, targets, 2), n_targets=targets,
            aggregate_function=aggregate, **more)
    for transform, targets in itertools.product(TRANSFORMS, (1, 3)):
        nodes, leaves, rng = forest(3, 3, MODES[1:2], 30)
        yield f"regressor_{transform}_{targets}", *regressor(
            examples(20), **nodes, **votes("target", leaves, rng, targets, 3, positive=True), n_targets=targets,
            post_transform=transform)
    nodes, leaves, rng = forest(6, 4, MODES[:2], 40)
    yield "regressor_double", *regressor(examples(30, 3, np.float64), **nodes, **votes("target", leaves, rng, 2, 2),
                                         n_targets=2)
    for rows in (1, 2, 7, 15, 16, 100, 1000):
        nodes, leaves, rng = forest(120, 6, MODES[:1], 50)
        yield f"regressor_rows_{rows}", *regressor(examples(rows, rows), **nodes, **votes("target", leaves, rng, 1),
                                                   n_targets=1)
    nodes, leaves, rng = forest(5, 5, MODES[:1], 60)
    weights = votes("target", leaves, rng, 2, 2)
    nodes["nodes_values_as_tensor"] = double(nodes.pop("nodes_values"))
    weights["target_weights_as_tensor"] = double(weights.pop("target_weights"))
    yield "regressor_tensors", *regressor(examples(30, 5, np.float64), 3, **nodes, **weights, n_targets=2,
                                          base_values_as_tensor=double([0.25, 1.0 / 3]))


def double(values):
    return helper.make_tensor("t", D, [len(values)], values)


def classifiers():
    for transform, classes, text in itertools.product(TRANSFORMS, (3, 5), (False, True)):
        nodes, leaves, rng = forest(6, 4, MODES[:1], classes)
        labels = [f"c{i}" for i in range(classes)] if text else [7 * i - 3 for i in range(classes)]
        yield f"classifier_{transform}_{classes}_{text}", *classifier(
            examples(30), labels, **nodes, **votes("class", leaves, rng, classes, 2, positive=True),
            post_transform=transform)
    base = {0: [], 1: [0.125], 2: [0.25, -0.5], 3: [0.1, 0.2, -0.3]}
    for transform, only, positive, count in itertools.product(TRANSFORMS[:4], (0, 1, None), (False, True), (0, 1, 2)):
        nodes, leaves, rng = forest(5, 4, MODES[:1], 70)
        more = {"base_values": base[count]} if count else {}
        if only is None and count == 1:
            continue  # what of two scores is written depends on memory that nobody sets
        yield f"classifier_two_{transform}_{only}_{positive}_{count}", *classifier(
            examples(30), [0, 1], **nodes, **votes("class", leaves, rng, 2, 2, positive, only), post_transform=transform,
            **more)
    nodes, leaves, rng = forest(5, 4, MODES[:1], 71)
    yield "classifier_two_text", *classifier(examples(30), ["no", "yes"], **nodes,
                                             **votes("class", leaves, rng, 2, 1, True, 0))
    yield "classifier_base", *classifier(examples(30), [4, 5, 6], **nodes, **votes("class", leaves, rng, 3, 1),
                                         base_values=base[3])
    yield "classifier_sparse", *classifier(examples(30), [4, 5, 6, 7], **nodes, **votes("class", leaves, rng, 2, 1))
    for rows in (1, 5, 500):
        nodes, leaves, rng = forest(90, 5, MODES[:1], 72)
        yield f"classifier_rows_{rows}", *classifier(examples(rows, rows), list(range(6)), **nodes,
                                                     **votes("class", leaves, rng, 6, 4, True))
    for name, dtype in [("double", np.float64), ("int64", np.int64), ("int32", np.int32)]:
        nodes, leaves, rng = forest(6, 4, MODES[:2], 73)
        yield f"classifier_{name}", *classifier(examples(30, 3, dtype), [0, 1, 2], **nodes,
                                                **votes("class", leaves, rng, 3, 2))
    nodes, leaves, rng = forest(5, 5, MODES[:1], 74)
    weights = votes("class", leaves, rng, 3, 2)
    nodes["nodes_values_as_tensor"] = double(nodes.pop("nodes_values"))
    weights["class_weights_as_tensor"] = double(weights.pop("class_weights"))
    yield "classifier_tensors", *classifier(examples(30, 5, np.float64), [0, 1, 2], 3, **nodes, **weights,
                                            base_values_as_tensor=double([0.25, 1.0 / 3, 0.0]))


def chain(shared):
    """A category that is one of 2, 3, 5 or 40: four comparisons whose true branches lead to equal leaves, or
    to one node that they share."""
    values = [2.0, 3.0, 5.0, 40.0]
    n = len(values)
    end, other = n, n + 1
    nodes = {"nodes_treeids": [0] * (n + 4), "nodes_nodeids": list(range(n + 4)),
             "nodes_featureids": [0] * n + [1] + [0] * 3, "nodes_modes": ["BRANCH_EQ"] * n + ["BRANCH_LEQ"] + ["LEAF"] * 3,
             "nodes_values": values + [0.0] * 4, "nodes_truenodeids": [end if shared else n + 2] * n + [n + 2, 0, 0, 0],
             "nodes_falsenodeids": [1, 2, 3, other] + [n + 3, 0, 0, 0]}
    if not shared:
        nodes["nodes_modes"][end] = "LEAF"
    leaves = [(0, i) for i, mode in enumerate(nodes["nodes_modes"]) if mode == "LEAF"]
    weights = {"target_treeids": [0] * len(leaves), "target_nodeids": [i for _, i in leaves],
               "target_ids": [0] * len(leaves), "target_weights": [float(i) for _, i in leaves]}
    x = np.stack([np.array([2, 3, 4, 5, 40, 0, -2, 2.5, 3, 5]), np.array([1, -1] * 5)], 1).astype(np.float32)
    return regressor(x, **nodes, **weights, n_targets=1)


def unlisted():
    """Numbers of nodes and trees in no order."""
    nodes, leaves, rng = forest(4, 4, MODES[:1], 80)
    weights = votes("target", leaves, rng, 2, 2)
    order = rng.permutation(len(weights["target_ids"]))
    weights = {name: [values[i] for i in order] for name, values in weights.items()}
    name = {0: 9, 1: 2, 2: 5, 3: 0}
    nodes["nodes_treeids"] = [name[t] for t in nodes["nodes_treeids"]]
    weights["target_treeids"] = [name[t] for t in weights["target_treeids"]]
    return regressor(examples(30, 8), **nodes, **weights, n_targets=2)


def ensemble(x, kind, seed, modes, targets, missing=False, **attributes):
    """TreeEnsemble: inner nodes and leaves in lists of their own."""
    nodes, leaves, rng = forest(6, 5, modes, seed, missing)
    tree, at = nodes["nodes_treeids"], nodes["nodes_nodeids"]
    inner = [i for i in range(len(at)) if nodes["nodes_modes"][i] != "LEAF"]
    number = {(tree[i], at[i]): n for n, i in enumerate(inner)}
    leaf = {place: n for n, place in enumerate(leaves)}
    columns = {"truenodeids": [], "trueleafs": [], "falsenodeids": [], "falseleafs": []}
    for i in inner:
        for side in ("true", "false"):
            place = (tree[i], nodes[f"nodes_{side}nodeids"][i])
            columns[f"{side}leafs"].append(int(place in leaf))
            columns[f"{side}nodeids"].append(leaf.get(place, number.get(place)))
    modes = [(MODES + ("BRANCH_MEMBER",)).index(nodes["nodes_modes"][i]) for i in inner]
    members = []
    for mode in modes:
        if mode == 6:
            members += [float(v) for v in rng.choice(np.arange(1, 6), 2, replace=False)] + [NAN]
    if members:
        attributes["membership_values"] = helper.make_tensor("t", kind, [len(members)], members)
    if missing:
        attributes["nodes_missing_value_tracks_true"] = [nodes["nodes_missing_value_tracks_true"][i] for i in inner]
    weights = rng.normal(0, 1, len(leaves))
    return one_node(
        "TreeEnsemble", {"X": x}, {"Y": (kind, 2)}, "ai.onnx.ml", 5, n_targets=targets,
        tree_roots=[number[(t, 0)] for t in range(6)], nodes_featureids=[nodes["nodes_featureids"][i] for i in inner],
        nodes_modes=helper.make_tensor("t", TensorProto.UINT8, [len(inner)], modes),
        nodes_splits=helper.make_tensor("t", kind, [len(inner)], [nodes["nodes_values"][i] for i in inner]),
        leaf_targetids=rng.integers(0, targets, len(leaves)).tolist(),
        leaf_weights=helper.make_tensor("t", kind, [len(leaves)], weights), **attributes,
        **{f"nodes_{name}": values for name, values in columns.items()})


def ensembles():
    for kind, dtype in ((F, np.float32), (D, np.float64)):
        for number, mode in enumerate(MODES + (None,)):
            modes = [mode] if mode else MODES
            yield f"ensemble_{mode}_{kind}", *ensemble(examples(30, number, dtype), kind, number, modes, 2)
            yield f"ensemble_missing_{mode}_{kind}", *ensemble(examples(30, number, dtype, True), kind, number, modes,
                                                               1, True)
        yield f"ensemble_member_{kind}", *ensemble(examples(60, 9, dtype) + 2, kind, 9, MODES[:1] + ("BRANCH_MEMBER",), 2)
    for aggregate, targets in itertools.product(range(4), (1, 3)):
        yield f"ensemble_aggregate_{aggregate}_{targets}", *ensemble(examples(20), F, 12, MODES[:1], targets,
                                                                     aggregate_function=aggregate)
    for transform in (0, 3):  # ONNX Runtime takes 1 for LOGISTIC and 2 for SOFTMAX, unlike the specification
        yield f"ensemble_transform_{transform}", *ensemble(examples(20), F, 13, MODES[:1], 3,
                                                           post_transform=transform)


def cases():
    for group in (regressors, classifiers, ensembles):
        for name, model, feeds in group():
            yield f"ml_tree_{name}", model, feeds
    yield "ml_tree_category_leaves", *chain(False)
    yield "ml_tree_category_shared", *chain(True)
    yield "ml_tree_unlisted", *unlisted()
    nodes, leaves, rng = forest(5, 4, MODES[:1], 90)
    yield "ml_tree_single_leaf", *regressor(
        examples(20), n_targets=1, nodes_treeids=[0], nodes_nodeids=[0], nodes_featureids=[0], nodes_modes=["LEAF"],
        nodes_values=[0.0], nodes_truenodeids=[0], nodes_falsenodeids=[0], target_treeids=[0], target_nodeids=[0],
        target_ids=[0], target_weights=[2.5])
