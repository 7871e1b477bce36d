# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX files with the standard library alone, for tests that make their models at build time.

    g = Graph("net")
    g.input("x", FLOAT, ["N", 4])
    g.initializer("w", FLOAT, [4, 2], [1, 0, 0, 1, 1, 0, 0, 1])
    g.node("MatMul", ["x", "w"], ["y"])
    g.output("y", FLOAT, ["N", 2])
    Model(g, opset=17).save("net.onnx")

Nothing is checked: a test may write any nonsense it wants to see refused. Dimensions are numbers,
names, or None for one that is unknown; a shape of None leaves the rank unknown as well. Attribute
values choose their kind by their Python type: int, float, str or bytes, Tensor, Graph, or a list of
one of these; Ints, Floats and Strings give an empty list its kind, and Ref names an attribute of
the enclosing function.
"""
import struct

FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, FLOAT16 = range(1, 11)
DOUBLE, UINT32, UINT64, COMPLEX64, COMPLEX128, BFLOAT16 = range(11, 17)
(FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, UINT4, INT4, FLOAT4E2M1, FLOAT8E8M0,
 UINT2, INT2, FLOAT6E2M3, FLOAT6E3M2) = range(17, 29)

PACK_CODES = {FLOAT: "f", UINT8: "B", INT8: "b", UINT16: "H", INT16: "h", INT32: "i", INT64: "q",
              BOOL: "?", FLOAT16: "e", DOUBLE: "d", UINT32: "I", UINT64: "Q"}


# ---- Protocol Buffers wire format --------------------------------------------------------------

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def single(field, value):
    return varint(field << 3 | 5) + struct.pack("<f", value)


def block(field, data):
    data = data.encode() if isinstance(data, str) else bytes(data)
    return varint(field << 3 | 2) + varint(len(data)) + data


def entries(field, mapping):
    """A list of StringStringEntryProto."""
    return b"".join(block(field, block(1, k) + block(2, str(v))) for k, v in mapping.items())


def opset_imports(field, opsets):
    return b"".join(block(field, block(1, d) + number(2, v)) for d, v in opsets.items())


# ---- Parts of a model --------------------------------------------------------------------------

class Tensor:
    """values are numbers, or bytes that are stored as they are; for STRING a list of str or bytes.
    external is a mapping of location, offset and length, and replaces the values."""

    def __init__(self, dtype, dims, values=(), name="", external=None):
        self.dtype, self.dims, self.values = dtype, dims, values
        self.name, self.external = name, external

    def raw(self):
        if isinstance(self.values, (bytes, bytearray)):
            return bytes(self.values)
        return struct.pack(f"<{len(self.values)}{PACK_CODES[self.dtype]}", *self.values)

    def encode(self):
        out = b"".join(number(1, d) for d in self.dims) + number(2, self.dtype)
        if self.dtype == STRING:
            out += b"".join(block(6, v) for v in self.values)
        out += block(8, self.name)
        if self.external is not None:
            return out + entries(13, self.external) + number(14, 1)
        return out if self.dtype == STRING else out + block(9, self.raw())


class Ints(list):
    pass


class Floats(list):
    pass


class Strings(list):
    pass


class Ref:
    """The attribute takes its value from attribute `name` of the function; kind: ATTRIBUTE_KINDS."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind


ATTRIBUTE_KINDS = {"float": 1, "int": 2, "string": 3, "tensor": 4, "graph": 5, "floats": 6,
                   "ints": 7, "strings": 8, "tensors": 9, "graphs": 10}


def encode_attribute(name, value):
    out = block(1, name)
    if isinstance(value, Ref):
        return out + number(20, value.kind) + block(21, value.name)
    if isinstance(value, (list, tuple)):
        return out + encode_list(value)
    if isinstance(value, int):
        return out + number(3, value) + number(20, 2)
    if isinstance(value, float):
        return out + single(2, value) + number(20, 1)
    if isinstance(value, (str, bytes)):
        return out + block(4, value) + number(20, 3)
    if isinstance(value, Tensor):
        return out + block(5, value.encode()) + number(20, 4)
    return out + block(6, value.encode()) + number(20, 5)


def encode_list(value):
    first = value[0] if value else None
    if isinstance(value, Floats) or isinstance(first, float):
        return b"".join(single(7, v) for v in value) + number(20, 6)
    if isinstance(value, Strings) or isinstance(first, (str, bytes)):
        return b"".join(block(9, v) for v in value) + number(20, 8)
    if isinstance(value, Ints) or first is None or isinstance(first, int):
        return b"".join(number(8, v) for v in value) + number(20, 7)
    field, kind = (10, 9) if isinstance(first, Tensor) else (11, 10)
    return b"".join(block(field, v.encode()) for v in value) + number(20, kind)


def encode_node(op, inputs, outputs, attributes, name="", domain="", overload=""):
    out = b"".join(block(1, i) for i in inputs) + b"".join(block(2, o) for o in outputs)
    out += block(3, name) + block(4, op)
    out += b"".join(block(5, encode_attribute(k, v)) for k, v in attributes.items())
    if domain:
        out += block(7, domain)
    if overload:
        out += block(8, overload)
    return out


def encode_value(name, dtype, shape):
    def dim(d):
        if d is None:
            return b""
        return block(2, d) if isinstance(d, str) else number(1, d)

    tensor = number(1, dtype)
    if shape is not None:
        tensor += block(2, b"".join(block(1, dim(d)) for d in shape))
    return block(1, name) + block(2, block(1, tensor))


class Graph:
    """Also the value of a graph attribute (If, Loop, Scan)."""

    def __init__(self, name="graph"):
        self.name = name
        self.parts = b""

    def input(self, name, dtype, shape):
        self.parts += block(11, encode_value(name, dtype, shape))

    def output(self, name, dtype, shape):
        self.parts += block(12, encode_value(name, dtype, shape))

    def value(self, name, dtype, shape):
        self.parts += block(13, encode_value(name, dtype, shape))

    def initializer(self, name, dtype, dims, values=(), external=None):
        self.parts += block(5, Tensor(dtype, dims, values, name, external).encode())

    def node(self, op, inputs, outputs, name="", domain="", overload="", **attributes):
        self.parts += block(1, encode_node(op, inputs, outputs, attributes, name, domain, overload))

    def encode(self):
        return self.parts + block(2, self.name)


class Function:
    """A function of a model. `attributes` are names without a default, `defaults` name: value."""

    def __init__(self, domain, name, inputs, outputs, attributes=(), defaults=None, opsets=None,
                 overload=""):
        self.parts = block(1, name) + block(10, domain)
        self.parts += b"".join(block(4, i) for i in inputs) + b"".join(block(5, o) for o in outputs)
        self.parts += b"".join(block(6, a) for a in attributes)
        self.parts += b"".join(block(11, encode_attribute(k, v))
                               for k, v in (defaults or {}).items())
        self.parts += opset_imports(9, opsets or {"": 17})
        if overload:
            self.parts += block(13, overload)

    def node(self, op, inputs, outputs, name="", domain="", overload="", **attributes):
        self.parts += block(7, encode_node(op, inputs, outputs, attributes, name, domain, overload))


class Model:
    """opset is the version of the default domain; opsets adds {domain: version}."""

    def __init__(self, graph, opset=17, ir=8, opsets=None, functions=(), metadata=None,
                 producer="onnx_build"):
        self.graph, self.ir, self.producer = graph, ir, producer
        self.opsets = {"": opset, **(opsets or {})}
        self.functions, self.metadata = functions, metadata or {}

    def encode(self):
        out = number(1, self.ir) + block(2, self.producer) + block(7, self.graph.encode())
        out += opset_imports(8, self.opsets) + entries(14, self.metadata)
        return out + b"".join(block(25, f.parts) for f in self.functions)

    def save(self, path):
        with open(path, "wb") as file:
            file.write(self.encode())
