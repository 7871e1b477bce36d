# SPDX-License-Identifier: Apache-2.0
"""Writes models that the ONNX importer has to refuse, and what it has to say: import_errors.py OUT

OUT/expected.tsv has a line for each: name of the file, status, text.
"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from onnx_build import *  # noqa: E402,F401,F403
from onnx_build import block, encode_value, number, varint  # noqa: E402

FORMAT, UNSUPPORTED, LIMIT, IO, INPUT = (
    "HONE_E_" + s for s in ("FORMAT", "UNSUPPORTED", "LIMIT", "IO", "INPUT"))
ROWS = []


def refuse(name, model, status, text, in_model=True):
    """The text starts with the model's name unless another file is at fault."""
    ROWS.append((name, model if isinstance(model, bytes) else model.encode(), status,
                 f"{name}.onnx: {text}" if in_model else text))


def simple(*nodes, **model):
    """x -> nodes -> y."""
    g = Graph()
    g.input("x", FLOAT, [2])
    for node in nodes:
        g.node(*node[:3], **(node[3] if len(node) > 3 else {}))
    g.output("y", FLOAT, [2])
    return Model(g, **model)


def tensor_model(fields, name="w", dims=(2,), dtype=FLOAT):
    """A model with one initializer that has these fields for data."""
    g = Graph()
    g.parts += block(5, b"".join(number(1, d) for d in dims) + number(2, dtype) +
                     (block(8, name) if name else b"") + fields)
    g.output(name, FLOAT, None)
    return Model(g)


def external_model(**place):
    return tensor_model(Tensor(FLOAT, [2], external=place).encode()[len(number(1, 2) + number(2, 1)) + 2:])


# ---- Model -------------------------------------------------------------------------------------

refuse("empty", b"", FORMAT, "neither a .hone nor an ONNX file")
refuse("text", b"hello world, this is no model", FORMAT, "neither a .hone nor an ONNX file")
refuse("zip", b"PK\x03\x04" + bytes(30), FORMAT, "neither a .hone nor an ONNX file")
refuse("truncated", simple(("Neg", ["x"], ["y"])).encode()[:40], FORMAT,
       "graph: truncated: 56 bytes are announced, 24 are left (byte 15)")
refuse("no_graph", number(1, 8) + block(8, number(2, 17)), FORMAT, "the model has no graph")
refuse("no_ir", block(8, number(2, 17)), FORMAT, "ir_version is 0")
refuse("old_ir", simple(("Neg", ["x"], ["y"]), ir=2), UNSUPPORTED, "IR version 2: expected 3 to 14")
refuse("new_ir", simple(("Neg", ["x"], ["y"]), ir=15), UNSUPPORTED,
       "IR version 15: expected 3 to 14")
refuse("new_opset", simple(("Neg", ["x"], ["y"]), opset=1000), UNSUPPORTED,
       "opset 1000: the newest known one is 28")
refuse("no_opset", simple(("Neg", ["x"], ["y"]), opset=0), FORMAT,
       "node 'y' (Neg): no version of domain '' is imported")
refuse("many_domains", simple(("Neg", ["x"], ["y"]), opsets={f"d{i}": 1 for i in range(300)}), LIMIT,
       "301 operator sets: at most 256")

# ---- Operators ---------------------------------------------------------------------------------

refuse("unknown_operator", simple(("Frobnicate", ["x"], ["y"], {"name": "n"})), UNSUPPORTED,
       "unsupported operator: Frobnicate (opset 17, 1 node: n): no such operator")
refuse("unknown_operators", simple(
    *[("Frob", [f"v{i}"], [f"v{i + 1}"]) for i in range(5)],
    ("Neg", ["x"], ["v0"]), ("Zap", ["v5"], ["y"], {"domain": "com.x"}), opsets={"com.x": 3}), UNSUPPORTED,
       "unsupported operators: Frob (opset 17, 5 nodes: v1, v2, v3, ...): no such operator; "
       "Zap of domain 'com.x' (opset 3, 1 node: y): no such operator")
refuse("many_unknown_operators", simple(
    *[(f"LongOperatorName{i:02}", ["x"], [f"v{i}"]) for i in range(40)], ("Neg", ["x"], ["y"])), UNSUPPORTED,
       "unsupported operators: " + "; ".join(f"LongOperatorName{i:02} (opset 17, 1 node)" for i in range(11)) +
       "; and 29 more")
refuse("old_operator", simple(("Erf", ["x"], ["y"]), opset=1), UNSUPPORTED,
       "unsupported operator: Erf (opset 1, 1 node: y): this version is too old")
refuse("domain_not_imported", simple(("Zap", ["x"], ["y"], {"domain": "com.x"})), FORMAT,
       "node 'y' (Zap): no version of domain 'com.x' is imported")
refuse("no_op_type", simple(("", ["x"], ["y"])), FORMAT, "node 'y' (): the node has no op_type")


def body_with(*nodes):
    g = Graph("body")
    for node in nodes:
        g.node(*node)
    g.output("r", FLOAT, None)
    return g


def if_model(then_branch, **attributes):
    g = Graph()
    g.input("cond", BOOL, [])
    g.input("x", FLOAT, [2])
    attributes.setdefault("else_branch", body_with(("Neg", ["x"], ["r"])))
    g.node("If", ["cond"], ["y"], name="choose", then_branch=then_branch, **attributes)
    g.output("y", FLOAT, [2])
    return Model(g)


refuse("unknown_operator_in_body", if_model(body_with(("Frob", ["x"], ["r"]))), UNSUPPORTED,
       "unsupported operator: Frob (opset 17, 1 node: r): no such operator")

# ---- Trees -------------------------------------------------------------------------------------

def tree(version=3, op="TreeEnsembleRegressor", **changes):
    """x[1] <= 0.5 ? 1 : 2, with changes."""
    attributes = dict(nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[1, 0, 0],
                      nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_values=[0.5, 0.0, 0.0],
                      nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0], target_treeids=[0, 0],
                      target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0])
    attributes.update(changes)
    return simple((op, ["x"], ["y"], dict(attributes, domain="ai.onnx.ml", name="n")),
                  opsets={"ai.onnx.ml": version})


def ensemble(**changes):
    """The same as a TreeEnsemble."""
    attributes = dict(tree_roots=[0], nodes_featureids=[1], nodes_modes=Tensor(UINT8, [1], [0], "t"),
                      nodes_splits=Tensor(FLOAT, [1], [0.5], "t"), nodes_truenodeids=[0], nodes_falsenodeids=[1],
                      nodes_trueleafs=[1], nodes_falseleafs=[1], leaf_targetids=[0, 0],
                      leaf_weights=Tensor(FLOAT, [2], [1, 2], "t"))
    attributes.update(changes)
    return simple(("TreeEnsemble", ["x"], ["y"], dict(attributes, domain="ai.onnx.ml", name="n")),
                  opsets={"ai.onnx.ml": 5})


def refuse_tree(name, model, text):
    label = "TreeEnsemble" if name.startswith("ensemble") else "TreeEnsembleRegressor"
    refuse(name, model, FORMAT, f"node 'n' ({label}): {text}")


refuse_tree("tree_lists", tree(nodes_modes=["LEAF"]), "'nodes_modes' has 1 elements: expected 3")
refuse_tree("tree_mode", tree(nodes_modes=["BRANCH_MAYBE", "LEAF", "LEAF"]), "node 0 has an unknown mode")
refuse_tree("tree_child", tree(nodes_truenodeids=[7, 0, 0]), "tree 0 has no node 7")
refuse_tree("tree_two_nodes", tree(nodes_nodeids=[0, 1, 1]), "tree 0 has two nodes 1")
refuse_tree("tree_cycle", tree(nodes_modes=["BRANCH_LEQ", "BRANCH_LT", "LEAF"], nodes_falsenodeids=[2, 2, 0]),
            "the nodes of a tree form a cycle")
refuse_tree("tree_own_child", tree(nodes_truenodeids=[0, 0, 0]), "the nodes of a tree form a cycle")
refuse_tree("tree_feature", tree(nodes_featureids=[2, 0, 0]), "a node compares feature 2 of 2")
refuse_tree("tree_negative_feature", tree(nodes_featureids=[-1, 0, 0]), "a node compares feature -1 of 2")
refuse_tree("tree_vote", tree(target_ids=[0, 1]), "a leaf votes for 1: expected 0 to 0")
refuse_tree("tree_vote_nowhere", tree(target_nodeids=[1, 5]), "tree 0 has no node 5")
refuse_tree("tree_weights", tree(target_weights=[1.0]), "'weights of the leaves' has 1 elements: expected 2")
refuse_tree("ensemble_leaf", ensemble(nodes_falsenodeids=[2]), "a node leads to leaf 2 of 2")
refuse_tree("ensemble_root", ensemble(tree_roots=[1]), "a node leads to node 1 of 1")
refuse_tree("ensemble_mode", ensemble(nodes_modes=Tensor(UINT8, [1], [7], "t")), "node 0 has the mode 7")
refuse_tree("ensemble_cycle", ensemble(nodes_trueleafs=[0]), "the nodes of a tree form a cycle")
refuse_tree("ensemble_type", ensemble(nodes_modes=Tensor(INT64, [1], [0], "t")),
            "'nodes_modes' has type int64: expected uint8")


def laid_out(**changes):
    """hone::TreeEnsemble with x[1] <= 0.5 ? 1 : 2 and a single leaf, with changes; x is a constant, so that it
    is checked while opening."""
    half, nan = 0x3F000000, 0x7FC00000
    parts = dict(nodes=[half, 1, 1, nan, 0, 1, nan, 0, 2, nan, 0, 3], roots=[0, 1, 3, 0], rows=[0, 0, 1, 2],
                 starts=[0, 1, 2, 3], targets=[0, 0, 0])
    for name, (at, value) in changes.items():
        parts[name][at] = value
    g = Graph()
    g.initializer("x", FLOAT, [1, 2], [0, 0])
    for name, values in parts.items():
        width = {"nodes": 3, "roots": 2}.get(name)
        g.initializer(name, INT32, [len(values) // width, width] if width else [len(values)], values)
    g.initializer("weights", FLOAT, [3], [2, 1, 0.25])
    g.node("TreeEnsemble", ["x", *parts, "weights"], ["y"], name="n", domain="hone", n_targets=1)
    g.output("y", FLOAT, [1, 1])
    return Model(g, opsets={"hone": 1})


for label, number_of_node, changes in (
        ("child_behind", 1, {"nodes": (5, 0)}), ("child_itself", 0, {"nodes": (2, 0)}),
        ("child_too_far", 0, {"nodes": (2, 3)}), ("child_negative", 0, {"nodes": (2, -1)}),
        ("feature", 0, {"nodes": (1, 2)}), ("leaf_goes_on", 3, {"nodes": (10, 1 << 30)})):
    refuse(f"laid_out_{label}", laid_out(**changes), FORMAT,
           f"node 'n' (TreeEnsemble): node {number_of_node} is malformed, or needs more than the 2 features there are")
for label, changes in (("row", {"rows": (3, 3)}), ("start", {"starts": (1, 3)}), ("last_start", {"starts": (3, 9)}),
                       ("first_start", {"starts": (0, -1)}), ("target", {"targets": (1, 1)})):
    refuse(f"laid_out_{label}", laid_out(**changes), FORMAT,
           "node 'n' (TreeEnsemble): the roots or the votes of the trees are malformed")
refuse("laid_out_root", laid_out(roots=(2, 4)), FORMAT, "node 'n' (TreeEnsemble): the root of tree 1 is malformed")

# ---- Nodes and names ---------------------------------------------------------------------------

refuse("undefined_input", simple(("Add", ["x", "q"], ["y"])), FORMAT,
       "node 'y' (Add): 'q' is not defined")
refuse("undefined_in_body", if_model(body_with(("Neg", ["q"], ["r"]))), FORMAT,
       "node 'r' (Neg): 'q' is not defined")
refuse("undefined_output", simple(("Neg", ["x"], ["z"])), FORMAT, "output 'y': 'y' is not defined")
refuse("escaped_name", simple(("Neg", ["a\nb"], ["y"])), FORMAT,
       "node 'y' (Neg): 'a\\x0ab' is not defined")
refuse("two_producers", simple(("Neg", ["x"], ["y"]), ("Abs", ["x"], ["y"])), FORMAT,
       "two nodes have the output 'y'")
refuse("output_named_like_input", simple(("Neg", ["x"], ["x"]), ("Abs", ["x"], ["y"])), FORMAT,
       "node 'x' (Neg): the node depends on its own result")
refuse("output_named_like_other_input", simple(("Neg", ["y"], ["x"]), ("Abs", ["x"], ["y"])), FORMAT,
       "node 'x' (Neg): the node depends on its own result")
refuse("own_result", simple(("Add", ["x", "y"], ["y"], {"name": "loop"})), FORMAT,
       "node 'loop' (Add): the node depends on its own result")
refuse("cycle_through_body", if_model(body_with(("Neg", ["y"], ["r"]))), FORMAT,
       "node 'choose' (If): the node depends on its own result")


def redefinition():
    g = Graph()
    g.input("x", FLOAT, [2])
    g.input("x", FLOAT, [2])
    g.output("x", FLOAT, [2])
    return Model(g)


def initializer_and_node():
    g = Graph()
    g.initializer("y", FLOAT, [1], [1])
    g.node("Neg", ["y"], ["z"])
    g.node("Neg", ["z"], ["y"])
    g.output("y", FLOAT, [1])
    return Model(g)


def nameless_initializer():
    g = Graph()
    g.initializer("", FLOAT, [1], [1])
    return Model(g)


refuse("input_twice", redefinition(), FORMAT, "the value 'x' is defined twice")
refuse("initializer_without_name", nameless_initializer(), FORMAT, "an initializer without a name")

# ---- Types -------------------------------------------------------------------------------------


def input_model(type_fields, name="x"):
    g = Graph()
    g.parts += block(11, block(1, name) + block(2, type_fields))
    g.output(name, FLOAT, None)
    return Model(g)


refuse("input_is_opaque", input_model(block(7, block(2, "thing"))), UNSUPPORTED,
       "input 'x': the type is a sparse tensor or opaque")
refuse("map_of_floats", input_model(block(5, number(1, 1))), FORMAT,
       "input 'x': a map with keys of type 1")
refuse("input_is_unknown_type", input_model(block(1, number(1, 99))), UNSUPPORTED,
       "input 'x': element type 99")
refuse("input_rank_9", input_model(block(1, number(1, 1) + block(2, block(1, b"") * 9))), UNSUPPORTED,
       "input 'x': 9 dimensions: at most 8 are supported")
refuse("input_without_type", input_model(b""), FORMAT, "input 'x': no element type")
refuse("input_without_name", input_model(block(1, number(1, 1)), ""), FORMAT, "an input without a name")

# ---- Tensors -----------------------------------------------------------------------------------

RAW = block(9, struct.pack("<2f", 1, 2))
refuse("raw_too_short", tensor_model(block(9, RAW[2:-1])), FORMAT,
       "tensor 'w': 7 bytes of data: type and shape need 8")
refuse("raw_too_long", tensor_model(block(9, RAW[2:] + b"x")), FORMAT,
       "tensor 'w': 9 bytes of data: type and shape need 8")
refuse("no_data", tensor_model(b""), FORMAT, "tensor 'w': 0 bytes of data: type and shape need 8")
refuse("two_kinds_of_data", tensor_model(RAW + block(4, RAW[2:])), FORMAT,
       "tensor 'w': data lies in raw_data and in a typed field")
refuse("wrong_field", tensor_model(block(7, varint(1) + varint(2))), FORMAT,
       "tensor 'w': data lies in a field that float32 does not use")
refuse("too_many_numbers", tensor_model(block(5, bytes(3)), dtype=INT8), FORMAT,
       "tensor 'w': more than the 2 numbers of the shape")
refuse("too_few_numbers", tensor_model(block(5, bytes(1)), dtype=INT8), FORMAT,
       "tensor 'w': 1 numbers: type and shape need 2")
refuse("number_too_large", tensor_model(block(5, varint(1) + varint(200)), dtype=INT8), FORMAT,
       "tensor 'w': number 1, 200, does not fit int8")
refuse("negative_dimension", tensor_model(RAW, dims=(2, -1)), FORMAT, "tensor 'w': dimension 1 is -1")
refuse("overflowing_shape", tensor_model(RAW, dims=(2**32, 2**32)), FORMAT,
       "tensor 'w': the shape has more than 2^63 bytes")
refuse("huge_shape", tensor_model(RAW, dims=(2**31,)), LIMIT,
       "tensor 'w': tensor of 8589934592 bytes: the limit is 4294967296 (tensor_bytes)")
refuse("tensor_rank_9", tensor_model(RAW, dims=(1,) * 9), UNSUPPORTED,
       "tensor 'w': 9 dimensions: at most 8 are supported")
refuse("unknown_type", tensor_model(RAW, dtype=29), UNSUPPORTED, "tensor 'w': element type 29")
refuse("no_type", tensor_model(RAW, dtype=0), FORMAT, "tensor 'w': element type 0")
refuse("segmented", tensor_model(RAW + block(3, number(1, 0))), UNSUPPORTED,
       "tensor 'w': the tensor is stored in segments")
refuse("raw_strings", tensor_model(RAW, dtype=STRING), FORMAT, "tensor 'w': strings in raw_data")
refuse("string_count", tensor_model(block(6, "a"), dtype=STRING), FORMAT,
       "tensor 'w': 1 strings: the shape needs 2")
refuse("string_with_nul", tensor_model(block(6, "a") + block(6, "b\0c"), dtype=STRING), FORMAT,
       "tensor 'w': string 1 is not UTF-8 or holds a NUL")


def sparse_model(values, indices, dims):
    g = Graph()
    g.parts += block(15, block(1, values.encode()) + block(2, indices.encode()) +
                     b"".join(number(3, d) for d in dims))
    return Model(g)


ONE = Tensor(FLOAT, [1], [1], "s")
refuse("sparse_outside", sparse_model(ONE, Tensor(INT64, [1], [3]), [3]), FORMAT,
       "sparse tensor 's': index 0 is outside the shape")
refuse("sparse_negative", sparse_model(ONE, Tensor(INT64, [1, 2], [0, -1]), [3, 3]), FORMAT,
       "sparse tensor 's': index 0 is outside the shape")
refuse("sparse_unsorted", sparse_model(Tensor(FLOAT, [2], [1, 2], "s"), Tensor(INT64, [2], [1, 1]), [3]),
       FORMAT, "sparse tensor 's': index 1 is not in rising order")
refuse("sparse_indices", sparse_model(ONE, Tensor(INT64, [1, 3], [0, 0, 0]), [3, 3]), FORMAT,
       "sparse tensor 's': indices are not one int64 linear index or tuple for a value")
refuse("sparse_bomb", sparse_model(ONE, Tensor(INT64, [1], [0]), [2**28]), LIMIT,
       "sparse tensor 's': the dense form has 1073741824 bytes: over fold_bytes or tensor_bytes")
refuse("sparse_of_strings", sparse_model(Tensor(STRING, [1], ["a"], "s"), Tensor(INT64, [1], [0]), [2]),
       UNSUPPORTED, "sparse tensor 's': sparse tensors of string")

# ---- External data -----------------------------------------------------------------------------

for number_, (location, reason) in enumerate([
        ("../secret", "it has the component '..'"), ("/etc/passwd", "it is absolute"),
        ("a\\b", "it has a backslash"), ("", "it is empty"), ("c:x", "it starts with a drive letter")]):
    refuse(f"external_path_{number_}", external_model(location=location), FORMAT,
           f"tensor 'w': external data location '{location}' is refused: {reason}")
refuse("external_no_location", external_model(offset=0), FORMAT,
       "tensor 'w': external data has no location")
refuse("external_missing", external_model(location="none.bin"), IO,
       "tensor 'w': none.bin: cannot open external data: No such file or directory", in_model=False)
refuse("external_offset", external_model(location="data.bin", offset=9), FORMAT,
       "tensor 'w': external data 'data.bin': 8 bytes at offset 9: the file has 16")
refuse("external_huge_offset", external_model(location="data.bin", offset=2**64 - 4), FORMAT,
       "tensor 'w': external data 'offset' is no number below 2^64")
refuse("external_far_offset", external_model(location="data.bin", offset=2**63), FORMAT,
       "tensor 'w': external data 'data.bin': 8 bytes at offset 9223372036854775808: the file has 16")
refuse("external_length", external_model(location="data.bin", length=12), FORMAT,
       "tensor 'w': external data has 12 bytes: type and shape need 8")
refuse("external_negative", external_model(location="data.bin", offset=-1), FORMAT,
       "tensor 'w': external data 'offset' is no number below 2^64")
refuse("external_twice", tensor_model(
    block(13, block(1, "location") + block(2, "data.bin")) * 2 + number(14, 1)), FORMAT,
       "tensor 'w': external data gives 'location' twice")
refuse("external_and_raw", tensor_model(
    block(13, block(1, "location") + block(2, "data.bin")) + number(14, 1) + RAW), FORMAT,
       "tensor 'w': data lies both here and in another file")
refuse("external_location_kind", tensor_model(number(14, 2)), FORMAT, "tensor 'w': data_location is 2")

# ---- Attributes and functions ------------------------------------------------------------------


def raw_attribute(*fields):
    g = Graph()
    g.input("x", FLOAT, [2])
    g.parts += block(1, block(1, "x") + block(2, "y") + block(4, "Softmax") + block(5, b"".join(fields)))
    g.output("y", FLOAT, [2])
    return Model(g)


refuse("attribute_unknown", simple(("Softmax", ["x"], ["y"], {"colour": 3})), FORMAT,
       "node 'y' (Softmax): unknown attribute 'colour'")
refuse("attribute_kind", simple(("Softmax", ["x"], ["y"], {"axis": 1.0})), FORMAT,
       "node 'y' (Softmax): attribute 'axis' is of kind float: expected int")
refuse("composite_attribute_unknown", simple(("Max", ["x"], ["y"], {"axis": 0})), FORMAT,
       "node 'y' (Max): unknown attribute 'axis'")
refuse("composite_attribute_kind", simple(("Gemm", ["x", "x"], ["y"], {"alpha": 2})), FORMAT,
       "node 'y' (Gemm): attribute 'alpha' is of kind int: expected float")
refuse("composite_attribute_range", simple(("LpNormalization", ["x"], ["y"], {"p": 3})), FORMAT,
       "node 'y' (LpNormalization): attribute 'p' is 3: expected 1 to 2")
refuse("composite_attribute_choice", simple(("Gelu", ["x"], ["y"], {"approximate": "cubic"}), opset=20), FORMAT,
       "node 'y' (Gelu): attribute 'approximate' is 'cubic', which is not one of its values")
refuse("composite_attribute_missing", simple(("BitShift", ["x", "x"], ["y"])), FORMAT,
       "node 'y' (BitShift): attribute 'direction' is missing")
refuse("composite_attribute_of_core", simple(("Conv", ["x", "x"], ["y"], {"activation": "relu"})), FORMAT,
       "node 'y' (Conv): unknown attribute 'activation'")
refuse("old_attribute_kind", simple(("Dropout", ["x"], ["y"], {"ratio": 1}), opset=7), FORMAT,
       "node 'y' (Dropout): attribute 'ratio' is of kind int: expected float")
refuse("old_attribute_unknown", simple(("Dropout", ["x"], ["y"], {"seed": 1}), opset=10), FORMAT,
       "node 'y' (Dropout): unknown attribute 'seed'")
refuse("old_axis_kind", simple(("Hardmax", ["x"], ["y"], {"axis": 1.0}), opset=11), FORMAT,
       "node 'y' (Hardmax): attribute 'axis' is of kind float: expected int")
refuse("attribute_without_name", raw_attribute(number(3, 1), number(20, 2)), FORMAT,
       "node 'y' (Softmax): an attribute without a name")
refuse("attribute_without_value", raw_attribute(block(1, "axis")), FORMAT,
       "node 'y' (Softmax): attribute 'axis': it has no value")
refuse("attribute_kind_99", raw_attribute(block(1, "axis"), number(20, 99)), FORMAT,
       "node 'y' (Softmax): attribute 'axis': its kind is 99")
refuse("attribute_type_proto", raw_attribute(block(1, "axis"), number(20, 13)), FORMAT,
       "node 'y' (Softmax): attribute 'axis' is of kind type: expected int")
refuse("attribute_type_protos", raw_attribute(block(1, "axis"), number(20, 14)), UNSUPPORTED,
       "node 'y' (Softmax): attribute 'axis': a list of tensors, graphs or types as an attribute")
refuse("attribute_no_tensor", raw_attribute(block(1, "axis"), number(20, 4)), FORMAT,
       "node 'y' (Softmax): attribute 'axis': the tensor is missing")
refuse("attribute_text", raw_attribute(block(1, "axis"), block(4, b"a\0b"), number(20, 3)), FORMAT,
       "node 'y' (Softmax): attribute 'axis': the string is not UTF-8 or holds a NUL")
refuse("reference_outside_function", simple(("Softmax", ["x"], ["y"], {"axis": Ref("a", 2)})), FORMAT,
       "node 'y' (Softmax): an attribute refers to a function's, outside one")
refuse("branch_missing", if_model(5), FORMAT,
       "node 'choose' (If): attribute 'then_branch' is of kind int: expected graph")


def call(*functions, inputs=("x",), outputs=("y",), **attributes):
    g = Graph()
    g.input("x", FLOAT, [2])
    g.node("F", list(inputs), list(outputs), domain="my", **attributes)
    g.output("y", FLOAT, [2])
    return Model(g, opsets={"my": 1}, functions=functions)


def function(name, *nodes, **kw):
    f = Function("my", name, ["a"], ["r"], opsets={"": 17, "my": 1}, **kw)
    for node in nodes:
        f.node(*node[:3], **(node[3] if len(node) > 3 else {}))
    return f


NEG, CALL_F, CALL_G = ("Neg", ["a"], ["r"]), ("F", ["a"], ["r"], {"domain": "my"}), (
    "G", ["a"], ["r"], {"domain": "my"})
refuse("function_calls_itself", call(function("F", CALL_F)), FORMAT,
       "node 'r' (F): the function calls itself, perhaps through others")
refuse("functions_call_each_other", call(function("F", CALL_G), function("G", CALL_F)), FORMAT,
       "node 'r' (F): the function calls itself, perhaps through others")
refuse("function_recursion_through_body", call(function(
    "F", ("If", ["a"], ["r"], {"then_branch": body_with(("Neg", ["a"], ["r"])), "else_branch": (
        lambda g: (g.node("F", ["a"], ["r"], domain="my"), g.output("r", FLOAT, None), g)[-1])(Graph())}))),
       FORMAT, "node 'r' (F): the function calls itself, perhaps through others")
refuse("function_twice", call(function("F", NEG), function("F", NEG)), FORMAT,
       "function 'F': it is defined twice")
refuse("function_inputs", call(function("F", NEG), inputs=("x", "x")), FORMAT,
       "node 'y' (F): 2 inputs: the function has 1")
refuse("function_outputs", call(function("F", NEG), outputs=("y", "z")), FORMAT,
       "node 'y' (F): 2 outputs: the function has 1")
refuse("function_output_undefined", call(function("F", ("Neg", ["a"], ["q"]))), FORMAT,
       "node 'y' (F): 'r' is not defined")
refuse("function_sees_nothing_outside", call(function("F", ("Neg", ["x"], ["r"]))), FORMAT,
       "node 'r' (Neg): 'x' is not defined")
refuse("function_takes_no_graph", call(function("F", NEG), body=body_with(("Neg", ["x"], ["r"]))),
       UNSUPPORTED, "node 'y' (F): attribute 'body': a graph as the attribute of a function")
refuse("function_opset", call(Function("my", "F", ["a"], ["r"], opsets={"x": 1})), FORMAT,
       "node 'y' (F): 'r' is not defined")


def deep_functions(levels, width):
    """Each function calls the next `width` times."""
    functions = []
    for i in range(levels):
        last = i == levels - 1
        nodes = [("Neg", [f"v{k}"], [f"v{k + 1}"]) if last else
                 (f"G{i + 1}", [f"v{k}"], [f"v{k + 1}"], {"domain": "my"}) for k in range(width)]
        f = Function("my", f"G{i}", ["v0"], [f"v{width}"], opsets={"": 17, "my": 1})
        for node in nodes:
            f.node(*node[:3], **(node[3] if len(node) > 3 else {}))
        functions.append(f)
    g = Graph()
    g.input("x", FLOAT, [2])
    g.node("G0", ["x"], ["y"], domain="my")
    g.output("y", FLOAT, [2])
    return Model(g, opsets={"my": 1}, functions=functions)


refuse("functions_too_deep", deep_functions(40, 1), LIMIT,
       "node 'v1' (G31): graphs and functions are nested deeper than 32 (depth)")


def deep_bodies(levels):
    body = body_with(("Neg", ["x"], ["r"]))
    for _ in range(levels):
        outer = Graph("body")
        outer.node("If", ["cond"], ["r"], then_branch=body, else_branch=body_with(("Neg", ["x"], ["r"])))
        outer.output("r", FLOAT, None)
        body = outer
    return if_model(body)


refuse("messages_too_deep", deep_bodies(40), LIMIT, "graph" + ".node[0].attribute[0].g" * 10 +
       ".node[0].attribut...: nested deeper than 100 messages (byte 1277)")


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    (out / "data.bin").write_bytes(bytes(16))
    with open(out / "expected.tsv", "w") as expected:
        for name, data, status, text in ROWS:
            (out / f"{name}.onnx").write_bytes(data)
            expected.write(f"{name}.onnx\t{status}\t{text}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
