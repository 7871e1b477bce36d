# SPDX-License-Identifier: Apache-2.0
"""Writes models that exercise the ONNX importer, as cases for onnx_backend: import_models.py OUT

Each function below that is marked with @case gives a model, its inputs and its expected outputs.
The operators are the simplest there are: what is tested is how files state models.
"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from onnx_build import *  # noqa: E402,F401,F403
from onnx_build import block, encode_attribute, number, single, varint  # noqa: E402

CASES = []


def case(function):
    CASES.append(function)
    return function


def floats(values, dims=None, name=""):
    return Tensor(FLOAT, [len(values)] if dims is None else dims, values, name)


class Stored(Tensor):
    """A tensor that is stored in the file as these bytes of fields instead of raw_data."""

    def __init__(self, dtype, dims, fields, name):
        super().__init__(dtype, dims, (), name)
        self.fields = fields

    def encode(self):
        return (b"".join(number(1, d) for d in self.dims) + number(2, self.dtype) +
                block(8, self.name) + self.fields)


def sparse(values, indices, dims):
    return block(1, values.encode()) + block(2, indices.encode()) + b"".join(number(3, d) for d in dims)


def packed(numbers):
    return b"".join(varint(n) for n in numbers)


def constants(tensors, **model):
    """A model whose outputs are these constants; the expected outputs are given with them."""
    g = Graph()
    for stored, _ in tensors:
        g.parts += block(5, stored.encode())
    for stored, want in tensors:
        g.output(stored.name, want.dtype, want.dims)
    return Model(g, **model), [], [want for _, want in tensors]


# ---- Tensors -----------------------------------------------------------------------------------

@case
def typed_fields():
    rows = [
        (FLOAT, [3], block(4, struct.pack("<3f", 1.5, -2, 3)), struct.pack("<3f", 1.5, -2, 3)),
        (FLOAT, [2], single(4, 1.5) + single(4, 2.5), struct.pack("<2f", 1.5, 2.5)),
        (FLOAT, [3], block(4, struct.pack("<f", 1)) + block(4, struct.pack("<2f", 2, 3)),
         struct.pack("<3f", 1, 2, 3)),
        (DOUBLE, [2], block(10, struct.pack("<2d", 0.25, -7)), struct.pack("<2d", 0.25, -7)),
        (COMPLEX64, [1], block(4, struct.pack("<2f", 1, -1)), struct.pack("<2f", 1, -1)),
        (COMPLEX128, [1], block(10, struct.pack("<2d", 1, -1)), struct.pack("<2d", 1, -1)),
        (INT32, [3], block(5, packed([1, -1, 2**31 - 1])), struct.pack("<3i", 1, -1, 2**31 - 1)),
        (INT16, [2], block(5, packed([-32768, 32767])), struct.pack("<2h", -32768, 32767)),
        (INT8, [2], block(5, packed([-128, 127])), struct.pack("<2b", -128, 127)),
        (UINT16, [2], block(5, packed([0, 65535])), struct.pack("<2H", 0, 65535)),
        (UINT8, [3], number(5, 0) + block(5, packed([128, 255])), bytes([0, 128, 255])),
        (BOOL, [4], block(5, packed([0, 1, 2, 1])), bytes([0, 1, 1, 1])),
        (FLOAT16, [2], block(5, packed([0x3C00, 0xBC00])), struct.pack("<2H", 0x3C00, 0xBC00)),
        (BFLOAT16, [1], block(5, packed([0x3F80])), struct.pack("<H", 0x3F80)),
        (FLOAT8E5M2, [2], block(5, packed([0x3C, 0xBC])), bytes([0x3C, 0xBC])),
        (FLOAT8E8M0, [1], block(5, packed([0x7F])), bytes([0x7F])),
        (UINT4, [3], block(5, packed([0x21, 0x03])), bytes([0x21, 0x03])),
        (INT4, [2, 2], block(5, packed([0x8F, 0x71])), bytes([0x8F, 0x71])),
        (FLOAT4E2M1, [3], block(5, packed([0x21, 0x03])), bytes([0x21, 0x03])),
        (UINT2, [5], block(5, packed([0xE4, 0x01])), bytes([0xE4, 0x01])),
        (FLOAT6E2M3, [5], block(5, packed([1, 2, 63, 0, 33])), bytes([0x81, 0xF0, 0x03, 0x21])),
        (INT2, [4], block(5, packed([0xE4])), bytes([0xE4])),
        (INT64, [2], block(7, packed([-(2**63), 2**63 - 1])), struct.pack("<2q", -(2**63), 2**63 - 1)),
        (UINT32, [2], block(11, packed([0, 2**32 - 1])), struct.pack("<2I", 0, 2**32 - 1)),
        (UINT64, [2], block(11, packed([0, 2**64 - 1])), struct.pack("<2Q", 0, 2**64 - 1)),
        (FLOAT, [0, 3], b"", b""),
        (INT64, [], block(7, packed([7])), struct.pack("<q", 7)),
    ]
    return constants([(Stored(dtype, dims, fields, f"c{i}"), Tensor(dtype, dims, want))
                      for i, (dtype, dims, fields, want) in enumerate(rows)])


@case
def raw_data_at_every_alignment():
    tensors = []
    for i in range(24):
        dtype, code = [(FLOAT, "f"), (DOUBLE, "d"), (INT16, "h")][i % 3]
        raw = struct.pack(f"<3{code}", i, i + 1, i + 2)
        tensors.append((Tensor(dtype, [3], raw, "n" * (i + 1)), Tensor(dtype, [3], raw)))
    return constants(tensors)


@case
def raw_bools_become_0_and_1():
    return constants([(Tensor(BOOL, [4], bytes([0, 1, 2, 255]), "b"),
                       Tensor(BOOL, [4], bytes([0, 1, 1, 1])))])


@case
def large_raw_data():
    raw = struct.pack("<5000f", *range(5000))
    return constants([(Tensor(FLOAT, [50, 100], raw, n), Tensor(FLOAT, [50, 100], raw))
                      for n in ("a", "bb", "ccc", "dddd")])


@case
def sparse_initializers():
    g = Graph()
    g.parts += block(15, sparse(floats([1, 2, 3], name="linear"), Tensor(INT64, [3], [0, 4, 5]), [2, 3]))
    g.parts += block(15, sparse(floats([7, 8], name="tuples"), Tensor(INT64, [2, 2], [0, 1, 1, 0]), [2, 2]))
    g.parts += block(15, sparse(floats([], name="empty"), Tensor(INT64, [0], []), [3]))
    for name in ("linear", "tuples", "empty"):
        g.output(name, FLOAT, None)
    return Model(g), [], [floats([1, 0, 0, 0, 2, 3], [2, 3]), floats([0, 7, 8, 0], [2, 2]),
                          floats([0, 0, 0])]


@case
def external_data(folder):
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(b"skip" + struct.pack("<4f", 1, 2, 3, 4))
    (folder / "sub" / "more.bin").write_bytes(struct.pack("<2d", 5, 6))
    rows = [
        ("whole", FLOAT, [2], {"location": "weights.bin", "offset": "4", "length": "8"}, [1, 2]),
        ("no_length", FLOAT, [2], {"location": "weights.bin", "offset": "12"}, [3, 4]),
        ("below", DOUBLE, [2], {"location": "sub/more.bin", "checksum": "ignored"}, [5, 6]),
        ("empty", FLOAT, [0], {"location": "weights.bin", "offset": "20"}, []),
    ]
    return constants([(Tensor(dtype, dims, (), name, place), Tensor(dtype, dims, want))
                      for name, dtype, dims, place, want in rows])


# ---- Names -------------------------------------------------------------------------------------

@case
def initializers_that_are_inputs_too():
    g = Graph()
    g.input("w", FLOAT, [2])
    g.input("x", FLOAT, [2])
    g.initializer("w", FLOAT, [2], [10, 20])
    g.node("Add", ["x", "w"], ["y"])
    g.output("y", FLOAT, [2])
    return Model(g, opset=7, ir=3), [floats([1, 2], name="x")], [floats([11, 22])]


@case
def nodes_out_of_order():
    g = Graph()
    g.input("x", FLOAT, [2])
    g.node("Add", ["c", "x"], ["y"])
    g.node("Add", ["b", "x"], ["c"])
    g.node("Relu", ["a"], ["b"])
    g.node("Neg", ["x"], ["a"])
    g.output("y", FLOAT, [2])
    return Model(g), [floats([1, -2], name="x")], [floats([2, -2])]


@case
def long_chain_out_of_order():
    g = Graph()
    g.input("v0", FLOAT, [1])
    for i in reversed(range(20000)):
        g.node("Neg", [f"v{i}"], [f"v{i + 1}"])
    g.output("v20000", FLOAT, [1])
    return Model(g), [floats([3], name="v0")], [floats([3])]


@case
def outputs_with_several_names():
    g = Graph()
    g.input("x", FLOAT, [1])
    g.initializer("w", FLOAT, [1], [5])
    g.node("Neg", ["x"], ["a"])
    g.node("Identity", ["a"], ["b"])
    g.node("Identity", ["x"], ["c"])
    for name in ("x", "a", "b", "c", "w"):
        g.output(name, FLOAT, [1])
    return Model(g), [floats([2], name="x")], [floats([v], name=n) for n, v in
                                               (("x", 2), ("a", -2), ("b", -2), ("c", 2), ("w", 5))]


@case
def domain_by_its_long_name():
    g = Graph()
    g.input("x", FLOAT, [1])
    g.node("Neg", ["x"], ["a"], domain="ai.onnx")
    g.node("Neg", ["a"], ["y"])
    g.output("y", FLOAT, [1])
    return Model(g, opsets={}), [floats([2], name="x")], [floats([2])]


@case
def attributes_without_a_kind():
    g = Graph()
    g.input("x", FLOAT, [3])
    clip = block(1, "x") + block(2, "y") + block(4, "Clip")
    clip += block(5, block(1, "max") + single(2, 1.0)) + block(5, block(1, "min") + single(2, -1.0))
    g.parts += block(1, clip)
    g.output("y", FLOAT, [3])
    return Model(g, opset=10, ir=3), [floats([-3, 0.5, 3], name="x")], [floats([-1, 0.5, 1])]


@case
def constant_nodes():
    g = Graph()
    g.input("x", FLOAT, [3])
    g.node("Constant", [], ["a"], value=floats([1, 2, 3]))
    g.node("Constant", [], ["b"], value_float=10.0)
    g.node("Constant", [], ["c"], value_floats=Floats([100.0, 200.0, 300.0]))
    dense = sparse(floats([1000]), Tensor(INT64, [1], [2]), [3])
    attribute = block(1, "sparse_value") + block(22, dense) + number(20, 11)
    g.parts += block(1, block(2, "d") + block(4, "Constant") + block(5, attribute))
    g.node("Sum", ["x", "a", "b", "c", "d"], ["y"])
    g.output("y", FLOAT, [3])
    return Model(g), [floats([0.5, 0.5, 0.5], name="x")], [floats([111.5, 212.5, 1313.5])]


# ---- Bodies ------------------------------------------------------------------------------------

def normalization(kind, opset, shape, parameters, **attributes):
    """x (1, 2, .. of that shape) and constants through one node."""
    count = 1
    for d in shape:
        count *= d
    g = Graph()
    g.input("x", FLOAT, shape)
    for i, (dims, values) in enumerate(parameters):
        g.initializer(f"p{i}", FLOAT, dims, values)
    g.node(kind, ["x"] + [f"p{i}" for i in range(len(parameters))], ["y"], epsilon=0.0, **attributes)
    g.output("y", FLOAT, shape)
    return Model(g, opset=opset), [floats([float(i + 1) for i in range(count)], shape)]


@case
def group_normalization_had_a_scale_for_each_group():
    model, x = normalization("GroupNormalization", 18, [1, 4, 1], [([2], [2, 4]), ([2], [10, 20])],
                             num_groups=2)
    return model, x, [floats([8, 12, 16, 24], [1, 4, 1])]


@case
def batch_normalization_had_a_scale_for_each_element():
    model, x = normalization("BatchNormalization", 7, [1, 2, 2],
                             [([2, 2], [1, 2, 3, 4]), ([2, 2], [0.5] * 4), ([2, 2], [0, 1, 0, 1]),
                              ([2, 2], [1, 4, 1, 4])], spatial=0)
    return model, x, [floats([1.5, 1.5, 9.5, 6.5], [1, 2, 2])]


def branch(name, outputs, *nodes):
    g = Graph(name)
    for node in nodes:
        g.node(*node[:3], **(node[3] if len(node) > 3 else {}))
    for output in outputs:
        g.output(output, FLOAT, None)
    return g


def if_model(then_branch, else_branch, inputs=("x", "z"), extra=()):
    g = Graph()
    g.input("cond", BOOL, [])
    for name in inputs:
        g.input(name, FLOAT, [1])
    for node in extra:
        g.node(*node)
    g.node("If", ["cond"], ["y"], then_branch=then_branch, else_branch=else_branch)
    g.output("y", FLOAT, [1])
    return Model(g)


def condition(value):
    return Tensor(BOOL, [], bytes([value]), "cond")


def both_ways(name, model, inputs, on_true, on_false):
    for value, want in ((1, on_true), (0, on_false)):
        CASES.append(named(f"{name}_{'true' if value else 'false'}",
                           lambda v=value, w=want: (model(), [condition(v)] + inputs, [floats(w)])))


def named(name, function):
    function.__name__ = name
    return function


X, Z = floats([5], name="x"), floats([7], name="z")

both_ways("branches_capture_different_values", lambda: if_model(
    branch("t", ["r"], ("Sub", ["z", "x"], ["r"])),
    branch("e", ["r"], ("Neg", ["x"], ["q"]), ("Add", ["q", "q"], ["r"]))), [X, Z], [2], [-10])

both_ways("branch_returns_an_outer_value", lambda: if_model(
    branch("t", ["x"]), branch("e", ["m"]), extra=[("Neg", ["z"], ["m"])]), [X, Z], [5], [-7])

both_ways("branch_output_has_the_name_of_the_node_output", lambda: if_model(
    branch("t", ["y"], ("Neg", ["x"], ["y"])), branch("e", ["y"], ("Neg", ["z"], ["y"]))),
          [X, Z], [-5], [-7])

both_ways("inner_names_hide_outer_ones", lambda: if_model(
    branch("t", ["r"], ("Neg", ["z"], ["x"]), ("Neg", ["x"], ["r"])),
    branch("e", ["r"], ("Neg", ["x"], ["r"]))), [X, Z], [7], [-5])

both_ways("bodies_inside_bodies", lambda: if_model(
    branch("t", ["r"], ("If", ["cond"], ["r"], {
        "then_branch": branch("tt", ["s"], ("Add", ["x", "local"], ["s"])),
        "else_branch": branch("te", ["s"], ("Neg", ["z"], ["s"]))}),
        ("Neg", ["z"], ["local"])),
    branch("e", ["r"], ("Neg", ["x"], ["r"]))), [X, Z], [-2], [-5])


@case
def bodies_read_what_is_made_later_in_the_file():
    g = Graph()
    g.input("cond", BOOL, [])
    g.input("x", FLOAT, [1])
    g.node("If", ["cond"], ["y"], then_branch=branch("t", ["r"], ("Neg", ["late"], ["r"])),
           else_branch=branch("e", ["r"], ("Add", ["x", "x"], ["r"])))
    g.node("Add", ["x", "x"], ["late"])
    g.output("y", FLOAT, [1])
    return Model(g), [condition(1), X], [floats([-10])]


@case
def bodies_see_constants():
    g = Graph()
    g.input("cond", BOOL, [])
    g.input("x", FLOAT, [2, 2])
    g.initializer("axes", INT64, [1], [1])
    g.node("If", ["cond"], ["y"],
           then_branch=branch("t", ["r"], ("ReduceSum", ["x", "axes"], ["r"], {"keepdims": 0})),
           else_branch=branch("e", ["r"], ("ReduceMax", ["x"], ["r"], {"axes": [1], "keepdims": 0})))
    g.output("y", FLOAT, [2])
    return (Model(g), [condition(1), floats([1, 2, 3, 4], [2, 2], "x")], [floats([3, 7])])


def untyped(graph, name):
    graph.parts += block(11, block(1, name))


@case
def loop_bodies_need_not_state_types():
    body = Graph("body")
    for name in ("i", "cond", "v"):
        untyped(body, name)
    body.node("CastLike", ["i", "v"], ["f"])  # needs the type of v
    body.node("Add", ["v", "f"], ["next"])
    body.node("Identity", ["cond"], ["go_on"])
    for name in ("go_on", "next"):
        body.output(name, FLOAT, None)
    g = Graph()
    g.input("x", FLOAT, [1])
    g.initializer("trips", INT64, [], [4])
    g.node("Loop", ["trips", "", "x"], ["y"], body=body)
    g.output("y", FLOAT, [1])
    return Model(g), [X], [floats([11])]


@case
def sizes_of_sizes_tell_the_rank():
    g = Graph()
    g.input("x", FLOAT, ["n", 2])
    g.initializer("queries", FLOAT, [1, 2], [1, 3])
    g.node("Shape", ["x"], ["sizes"])
    g.node("Shape", ["sizes"], ["rank"])
    g.node("ConstantOfShape", ["rank"], ["ones"],
           value=Tensor(INT64, [1], struct.pack("<q", 1)))
    g.node("Expand", ["queries", "ones"], ["row"])
    g.node("Tile", ["row", "sizes"], ["tiled"])
    g.initializer("scale", FLOAT, [4], [1, 1, 1, 1])
    g.node("LayerNormalization", ["tiled", "scale"], ["y"], axis=-1, epsilon=0.0)
    g.output("y", FLOAT, None)
    return Model(g), [floats([1, 2, 3, 4], [2, 2])], [floats([-1, 1, -1, 1] * 2, [2, 4])]


@case
def rows_from_the_end_need_no_rank():
    g = Graph()
    g.input("x", FLOAT, [1, 2])
    g.input("on", BOOL, [])
    then, other = Graph("then"), Graph("else")
    then.node("Identity", ["x"], ["as_is"])
    then.output("as_is", FLOAT, None)
    other.initializer("front", INT64, [1], [0])
    other.node("Unsqueeze", ["x", "front"], ["longer"])
    other.output("longer", FLOAT, None)
    g.node("If", ["on"], ["some"], then_branch=then, else_branch=other)
    g.initializer("scale", FLOAT, [2], [2, 3])
    g.node("LayerNormalization", ["some", "scale"], ["y"], axis=-1, epsilon=0.0)
    g.output("y", FLOAT, None)
    return (Model(g), [floats([1, 5], [1, 2]), Tensor(BOOL, [], b"\0")],
            [floats([-2, 3], [1, 1, 2])])


@case
def scan_bodies_need_not_state_types():
    body = Graph("body")
    for name in ("state", "slice"):
        untyped(body, name)
    body.node("ReduceSum", ["slice"], ["part"], keepdims=0)
    body.node("Add", ["state", "part"], ["next"])
    body.node("Identity", ["next"], ["copy"])
    for name in ("next", "copy"):
        body.output(name, FLOAT, None)
    g = Graph()
    g.input("x", FLOAT, [2, 3])
    g.initializer("zero", FLOAT, [], [0])
    g.node("Scan", ["zero", "x"], ["last", "y"], body=body, num_scan_inputs=1)
    g.output("y", FLOAT, [2])
    return Model(g), [floats([1, 2, 3, 4, 5, 6], [2, 3], "x")], [floats([6, 21])]


@case
def unwanted_outputs_are_left_out():
    g = Graph()
    g.input("x", FLOAT, [1, 1, 4])
    g.node("MaxPool", ["x"], ["", "y"], kernel_shape=[2], strides=[2])
    g.node("Neg", ["x"], [""])
    g.node("Neg", ["x"], [])
    g.output("y", INT64, None)
    return Model(g), [floats([1, 2, 4, 3], [1, 1, 4], "x")], [Tensor(INT64, [1, 1, 2], [1, 2])]


# ---- Functions ---------------------------------------------------------------------------------

def call_model(functions, *nodes, inputs=("x", "z"), **model):
    g = Graph()
    for name in inputs:
        g.input(name, FLOAT, [1])
    for node in nodes:
        g.node(*node[:3], **(node[3] if len(node) > 3 else {}))
    g.output("y", FLOAT, [1])
    return Model(g, opsets={"my": 1}, functions=functions, **model)


def my(**attributes):
    return {"domain": "my", **attributes}


@case
def functions_are_inlined():
    f = Function("my", "SubNeg", ["a", "b"], ["r"])
    f.node("Sub", ["a", "b"], ["x"])  # x of the function is not x of the model
    f.node("Neg", ["x"], ["r"])
    model = call_model([f], ("SubNeg", ["x", "z"], ["m"], my()), ("SubNeg", ["m", "x"], ["y"], my()))
    return model, [X, Z], [floats([3])]


@case
def functions_call_functions():
    inner = Function("my", "Twice", ["a"], ["r"])
    inner.node("Add", ["a", "a"], ["r"])
    outer = Function("my", "Four", ["a"], ["r"], opsets={"": 17, "my": 1})
    outer.node("Twice", ["t"], ["r"], domain="my")  # before its input is made
    outer.node("Twice", ["a"], ["t"], domain="my")
    return call_model([outer, inner], ("Four", ["x"], ["y"], my())), [X, Z], [floats([20])]


@case
def functions_have_overloads():
    plus = Function("my", "Op", ["a", "b"], ["r"], overload="plus")
    plus.node("Add", ["a", "b"], ["r"])
    minus = Function("my", "Op", ["a", "b"], ["r"], overload="minus")
    minus.node("Sub", ["a", "b"], ["r"])
    model = call_model([plus, minus], ("Op", ["x", "z"], ["m"], my(overload="plus")),
                       ("Op", ["m", "z"], ["y"], my(overload="minus")), ir=10)
    return model, [X, Z], [floats([5])]


@case
def function_attributes_have_defaults():
    f = Function("my", "Soft", ["a"], ["r"], attributes=["axis"], defaults={"bound": 3.0})
    f.node("Constant", [], ["high"], value_float=Ref("bound", 1))
    f.node("Softmax", ["a"], ["s"], axis=Ref("axis", 2))
    f.node("Add", ["s", "high"], ["r"])
    model = call_model([f], ("Soft", ["x"], ["m"], my(axis=0)),
                       ("Soft", ["m"], ["y"], my(bound=9.0)))  # axis is absent: Softmax's default
    return model, [X, Z], [floats([10])]


@case
def attributes_pass_through_calls():
    inner = Function("my", "Put", ["a"], ["r"], attributes=["v"])
    inner.node("Constant", [], ["c"], value_float=Ref("v", 1))
    inner.node("Add", ["a", "c"], ["r"])
    outer = Function("my", "Pass", ["a"], ["r"], attributes=["w"], opsets={"": 17, "my": 1})
    outer.node("Put", ["a"], ["r"], domain="my", v=Ref("w", 1))
    return call_model([outer, inner], ("Pass", ["x"], ["y"], my(w=2.5))), [X, Z], [floats([7.5])]


@case
def functions_follow_their_own_opset():
    f = Function("my", "Clip1", ["a"], ["r"], opsets={"": 10})
    f.node("Clip", ["a"], ["r"], min=-1.0, max=1.0)  # attributes until opset 11
    return call_model([f], ("Clip1", ["x"], ["y"], my())), [X, Z], [floats([1])]


@case
def function_inputs_may_be_omitted():
    f = Function("my", "Bound", ["a", "low", "high"], ["r"])
    f.node("Clip", ["a", "low", "high"], ["r"])
    model = call_model([f], ("Bound", ["x", "", "limit"], ["m"], my()), ("Bound", ["m"], ["y"], my()))
    model.graph.initializer("limit", FLOAT, [], [4])
    return model, [X, Z], [floats([4])]


@case
def functions_hold_bodies():
    f = Function("my", "Choose", ["c", "a", "b"], ["r"], attributes=["v"])
    f.node("If", ["c"], ["r"],
           then_branch=branch("t", ["s"], ("Constant", [], ["k"], {"value_float": Ref("v", 1)}),
                              ("Add", ["a", "k"], ["s"])),
           else_branch=branch("e", ["s"], ("Neg", ["b"], ["s"])))
    model = call_model([f], ("Choose", ["cond", "x", "z"], ["y"], my(v=0.25)))
    model.graph.input("cond", BOOL, [])
    return model, [X, Z, condition(1)], [floats([5.25])]


# ---- Writing -----------------------------------------------------------------------------------


# ---- Sequences, optionals, strings ---------------------------------------------------------------

class Sequence:
    """A SequenceProto of tensors."""

    def __init__(self, tensors):
        self.tensors = tensors

    def encode(self):
        return number(2, 1) + b"".join(block(3, t.encode()) for t in self.tensors)


def sequence_of_floats(inner=block(1, number(1, FLOAT))):
    return block(4, block(1, inner))


def typed(graph, field, name, kind):
    graph.parts += block(field, block(1, name) + block(2, kind))


@case
def sequences_are_edited():
    g = Graph()
    g.input("x", FLOAT, [2])
    g.input("z", FLOAT, [3])
    for name, at in (("first", 0), ("last", -1)):
        g.initializer(name, INT64, [], [at])
    g.node("SequenceConstruct", ["x", "z"], ["a"])
    g.node("SequenceInsert", ["a", "z", "first"], ["b"])  # z x z
    g.node("SequenceInsert", ["a", "x"], ["c"])  # x z x
    g.node("SequenceErase", ["b"], ["d"])  # z x
    g.node("SequenceErase", ["c", "first"], ["e"])  # z x
    g.node("SequenceAt", ["e", "last"], ["f"])
    g.node("SequenceLength", ["b"], ["n"])
    for name in "adc":
        typed(g, 12, name, sequence_of_floats())
    g.output("f", FLOAT, [2])
    g.output("n", INT64, [])
    x, z = floats([1, 2]), floats([3, 4, 5])
    return (Model(g), [x, z],
            [Sequence([x, z]), Sequence([z, x]), Sequence([x, z, x]), x, Tensor(INT64, [], [3])])


@case
def sequences_are_cut_and_put_together():
    g = Graph()
    g.input("x", FLOAT, [5, 2])
    g.initializer("two", INT64, [], [2])
    g.initializer("sizes", INT64, [3], [1, 0, 4])
    g.node("SplitToSequence", ["x", "two"], ["a"], axis=0)  # 2, 2, 1
    g.node("SplitToSequence", ["x", "sizes"], ["b"], axis=0)
    g.node("SplitToSequence", ["x"], ["c"], axis=1, keepdims=0)
    g.node("ConcatFromSequence", ["a"], ["d"], axis=0)
    g.node("ConcatFromSequence", ["c"], ["e"], axis=1, new_axis=1)
    typed(g, 12, "b", sequence_of_floats())
    g.output("d", FLOAT, [5, 2])
    g.output("e", FLOAT, [5, 2])
    values = list(range(10))
    x = floats(values, [5, 2])
    cut = Sequence([floats([0, 1], [1, 2]), floats([], [0, 2]), floats(values[2:], [4, 2])])
    return Model(g), [x], [cut, x, x]


class Map:
    """A MapProto from integers to single elements of a type."""

    def __init__(self, dtype, items):
        self.dtype, self.items = dtype, items

    def encode(self):
        values = Sequence([Tensor(self.dtype, [], [v]) for v in self.items.values()])
        return number(2, INT64) + b"".join(number(3, k) for k in self.items) + block(5, values.encode())


def map_from_int64(dtype):
    return block(5, number(1, INT64) + block(2, block(1, number(1, dtype))))


@case
def maps_of_text_become_tensors():
    g = Graph()
    typed(g, 11, "x", map_from_int64(STRING))
    ml = {"domain": "ai.onnx.ml"}
    g.node("CastMap", ["x"], ["dense"], cast_to="TO_INT64", **ml)
    g.node("CastMap", ["x"], ["sparse"], cast_to="TO_FLOAT", map_form="SPARSE", max_map=4, **ml)
    g.node("CastMap", ["x"], ["text"], cast_to="TO_STRING", map_form="SPARSE", max_map=3, **ml)
    g.node("DictVectorizer", ["x"], ["words"], int64_vocabulary=[9, 7, 0], **ml)
    want = {"dense": Tensor(INT64, [1, 3], [12, 5, -8]), "sparse": floats([12, 0, 5, 0], [1, 4]),
            "text": Tensor(STRING, [1, 3], ["12", "0.f", "5"]), "words": Tensor(STRING, [1, 3], ["-8", "", "12"])}
    for name, tensor in want.items():
        g.output(name, tensor.dtype, tensor.dims)
    return Model(g, opsets={"ai.onnx.ml": 1}), [Map(STRING, {9: "-8", 0: "12", 2: "5"})], list(want.values())


@case
def maps_of_doubles_become_tensors():
    g = Graph()
    typed(g, 11, "x", map_from_int64(DOUBLE))
    g.node("DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml", int64_vocabulary=[1, 2])
    g.output("y", DOUBLE, [1, 2])
    return Model(g, opsets={"ai.onnx.ml": 1}), [Map(DOUBLE, {2: 0.5})], [Tensor(DOUBLE, [1, 2], [0, 0.5])]


@case
def sequences_pass_through_loops_and_branches():
    yes, no, body = Graph("yes"), Graph("no"), Graph("body")
    yes.node("SequenceInsert", ["s", "i_float"], ["longer"])
    no.node("Identity", ["s"], ["same"])
    typed(yes, 12, "longer", sequence_of_floats())
    typed(no, 12, "same", sequence_of_floats())
    body.input("i", INT64, [])
    body.input("on", BOOL, [])
    typed(body, 11, "s", sequence_of_floats())
    body.node("Cast", ["i"], ["i_float"], to=FLOAT)
    body.node("Mod", ["i", "two"], ["odd"])
    body.node("Cast", ["odd"], ["is_odd"], to=BOOL)
    body.node("If", ["is_odd"], ["next"], then_branch=yes, else_branch=no)
    body.node("Identity", ["on"], ["still"])
    body.output("still", BOOL, [])
    typed(body, 12, "next", sequence_of_floats())
    g = Graph()
    g.input("trips", INT64, [])
    g.initializer("two", INT64, [], [2])
    g.node("SequenceEmpty", [], ["none"])
    g.node("Loop", ["trips", "", "none"], ["y"], body=body)
    typed(g, 12, "y", sequence_of_floats())
    return (Model(g), [Tensor(INT64, [], [6])],
            [Sequence([floats([n], []) for n in (1, 3, 5)])])


@case
def sequence_map_sees_what_is_around_it():
    body = Graph("body")
    body.input("item", FLOAT, None)
    body.input("other", FLOAT, None)
    body.node("Add", ["item", "other"], ["sum"])
    body.node("Mul", ["sum", "z"], ["r"])  # z is captured
    body.output("r", FLOAT, None)
    g = Graph()
    g.input("x", FLOAT, [1])
    g.input("z", FLOAT, [1])
    g.node("SequenceConstruct", ["x", "z", "x"], ["s"])
    g.node("SequenceMap", ["s", "x"], ["y"], body=body)
    typed(g, 12, "y", sequence_of_floats())
    return (Model(g), [floats([2]), floats([5])],
            [Sequence([floats([20]), floats([35]), floats([20])])])


@case
def optionals_hold_one_value_or_none():
    tensor = block(1, number(1, FLOAT))
    g = Graph()
    g.input("x", FLOAT, [2])
    g.parts += block(1, block(2, "none") + block(3, "none") + block(4, "Optional") +
                     block(5, block(1, "type") + block(14, tensor) + number(20, 13)))
    g.node("Optional", ["x"], ["some"])
    for name in ("none", "some", "x"):
        g.node("OptionalHasElement", [name], [f"has_{name}"])
        g.output(f"has_{name}", BOOL, [])
    g.node("OptionalGetElement", ["some"], ["y"])
    g.output("y", FLOAT, [2])
    x = floats([1, 2])
    answers = [Tensor(BOOL, [], [n]) for n in (0, 1, 1)]
    return Model(g, opset=18), [x], answers + [x]


@case
def strings_are_moved_like_numbers():
    g = Graph()
    g.input("x", STRING, [2, 2])
    g.initializer("at", INT64, [2], [1, 0])
    g.parts += block(5, Tensor(STRING, [1, 2], ["", "gr\u00f6\u00df"], "more").encode())
    g.node("Transpose", ["x"], ["t"])
    g.node("Concat", ["t", "more"], ["c"], axis=0)
    g.node("Gather", ["c", "at"], ["y"], axis=0)
    g.output("c", STRING, [3, 2])
    g.output("y", STRING, [2, 2])
    return (Model(g), [Tensor(STRING, [2, 2], ["a", "b", "c", "d"])],
            [Tensor(STRING, [3, 2], ["a", "c", "b", "d", "", "gr\u00f6\u00df"]),
             Tensor(STRING, [2, 2], ["b", "d", "a", "c"])])


@case
def constants_of_strings():
    g = Graph()
    g.input("at", INT64, [2])
    g.node("Constant", [], ["one"], value_string="gr\u00f6\u00df")
    g.node("Constant", [], ["many"], value_strings=["a", "", "b"])
    g.node("Gather", ["many", "at"], ["y"], axis=0)
    g.output("one", STRING, [])
    g.output("y", STRING, [2])
    return (Model(g), [Tensor(INT64, [2], [2, 1])],
            [Tensor(STRING, [], ["gr\u00f6\u00df"]), Tensor(STRING, [2], ["b", ""])])


TRAINING = "ai.onnx.preview.training"


def gradient_model(*outputs, nodes):
    """y = a * a + a * b, differentiated."""
    g = Graph()
    for name in ("a", "b"):
        g.input(name, FLOAT, [2])
    g.node("Mul", ["a", "a"], ["aa"])
    g.node("Mul", ["a", "b"], ["ab"])
    g.node("Add", ["aa", "ab"], ["y"])
    for inputs, results, attributes in nodes:
        g.node("Gradient", inputs, results, domain=TRAINING, **attributes)
    for name in outputs:
        g.output(name, FLOAT, [2])
    return Model(g, opsets={TRAINING: 1}), [floats([1, 2]), floats([5, 7])]


@case
def gradients_of_a_sum_of_products():
    model, inputs = gradient_model("da", "db", nodes=[
        (["a", "b"], ["da", "db"], {"xs": ["a", "b"], "y": "y"})])
    return model, inputs, [floats([7, 11]), floats([1, 2])]


@case
def gradients_by_a_value_in_between():
    model, inputs = gradient_model("d", nodes=[
        (["aa", "ab"], ["d"], {"xs": ["aa"], "zs": ["ab"], "y": "y"})])
    return model, inputs, [floats([1, 1])]


@case
def gradients_at_another_point():
    model, inputs = gradient_model("da", nodes=[(["b", "a"], ["da"], {"xs": ["a"], "zs": ["b"], "y": "y"})])
    return model, inputs, [floats([11, 16])]


@case
def gradients_through_integers_are_zero():
    g = Graph()
    g.input("x", FLOAT, [2])
    g.node("Cast", ["x"], ["whole"], to=INT64)
    g.node("Cast", ["whole"], ["back"], to=FLOAT)
    g.node("Gradient", ["x"], ["dx"], domain=TRAINING, xs=["x"], y="back")
    g.output("dx", FLOAT, [2])
    return Model(g, opsets={TRAINING: 1}), [floats([1.5, 2.5])], [floats([0, 0])]


@case
def gradients_of_gradients():
    model, inputs = gradient_model("dda", "ddb", nodes=[
        (["a"], ["da"], {"xs": ["a"], "y": "y"}),
        (["a", "b"], ["dda", "ddb"], {"xs": ["a", "b"], "y": "da"})])
    return model, inputs, [floats([2, 2]), floats([1, 1])]


def write(function, out):
    folder = out / function.__name__
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    model, inputs, outputs = function(folder) if function is external_data else function()
    model.save(folder / "model.onnx")
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for i, tensor in enumerate(tensors):
            (data / f"{kind}_{i}.pb").write_bytes(tensor.encode())


if __name__ == "__main__":
    for entry in CASES:
        write(entry, pathlib.Path(sys.argv[1]))
