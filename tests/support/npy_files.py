# SPDX-License-Identifier: Apache-2.0
"""Reads and writes NumPy's .npy files with the standard library alone, for tests."""
import ast
import struct

CODES = {"<f4": "f", "<f8": "d", "<f2": "e", "|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H",
         "<i4": "i", "<u4": "I", "<i8": "q", "<u8": "Q", "|b1": "?"}


def write(path, descr, shape, values):
    """descr is NumPy's type string, for example "<f4"; values are in row-major order."""
    header = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
        file.write(struct.pack(f"<{len(values)}{CODES[descr]}", *values))


def read(path):
    """Returns (descr, shape, values)."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY", path
    size, start = (struct.unpack("<H", data[8:10])[0], 10) if data[6] == 1 else (
        struct.unpack("<I", data[8:12])[0], 12)
    header = ast.literal_eval(data[start:start + size].decode())
    assert not header["fortran_order"], path
    body = data[start + size:]
    code = CODES[header["descr"]]
    values = struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body)
    return header["descr"], header["shape"], list(values)
