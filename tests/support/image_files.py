# SPDX-License-Identifier: Apache-2.0
"""Writes pictures with the standard library alone, for tests. A picture is rows of (red, green, blue)."""
import struct
import zlib

WIDTH, HEIGHT = 7, 5

# Every channel differs from pixel to pixel; the last one has one digit, for what is written as text.
SHARP = [[((37 * x + 11 * y + 5) % 256, (91 * y + 13 * x + 40) % 256, (29 * x * y + 7 * x + 200) % 256)
          for x in range(WIDTH)] for y in range(HEIGHT)]


def gray_of(pixel):
    r, g, b = pixel
    return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16


def mapped(picture, function):
    """The picture with another value for each pixel; a number stands for three that are equal."""
    def full(value):
        return value if isinstance(value, tuple) else (value,) * 3
    return [[full(function(p)) for p in row] for row in picture]


def flat(picture):
    return bytes(channel for row in picture for pixel in row for channel in pixel)


def scaled(value, largest):
    """0..largest as 0..255."""
    return (value * 255 + largest // 2) // largest


def bits_of(rows, bits):
    """Each row of numbers as bytes, the first number in the highest bits."""
    out = []
    for row in rows:
        row = list(row)
        row += [0] * (-len(row) * bits % 8 // bits)
        number = 0
        for value in row:
            number = number << bits | value
        out.append(number.to_bytes(len(row) * bits // 8, "big"))
    return out


def png(rows, depth=8, kind=2, size=None, chunks=b""):
    """rows are bytes; kind is that of the header: 0 gray, 2 colours, 3 palette, 4 and 6 with alpha."""
    width, height = size or (WIDTH, len(rows))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    palette = chunk(b"PLTE", chunks) if chunks else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + chunk(b"IDAT", body) +
            chunk(b"IEND", b""))


def bmp(rows, bits, header=40, palette=(), masks=(), compression=None, size=None, from_top=False):
    """rows are bytes, from the top. Masks go into the header where it has room, else behind it."""
    width, height = size or (WIDTH, len(rows))
    if compression is None:
        compression = 3 if masks else 0
    core = header == 12
    entries = b"".join(bytes(reversed(p)) + (b"" if core else b"\0") for p in palette)
    behind = b"".join(struct.pack("<I", m) for m in masks)
    if core:
        head = struct.pack("<IHHHH", header, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", header, width, -height if from_top else height, 1, bits,
                           compression, 0, 2835, 2835, len(palette), 0)
        if header >= 52 and masks:
            head, behind = head + behind, b""
        head = head[:header] + bytes(max(header - len(head), 0))
    offset = 14 + len(head) + len(behind) + len(entries)
    body = b"".join(row + bytes(-len(row) % 4) for row in (rows if from_top else reversed(rows)))
    return (b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + head + behind + entries +
            body)


def tiff(samples, order="<", bits=(8, 8, 8), photometric=2, palette=(), **tags):
    """One uncompressed strip. `tags` are extra, such as t274=[3]."""
    height = tags.pop("height", HEIGHT)
    entries = {256: ("I", [WIDTH]), 257: ("I", [height]), 258: ("H", bits), 259: ("H", [1]),
               262: ("H", [photometric]), 277: ("H", [len(bits)]), 278: ("I", [height]),
               279: ("I", [len(samples)])}
    for name, values in tags.items():
        entries[int(name[1:])] = ("H", values)
    if palette:
        entries[320] = ("H", [257 * p[c] for c in range(3) for p in palette])
    start = 8 + 2 + 12 * (len(entries) + 1) + 4
    body = b""
    directory = struct.pack(order + "H", len(entries) + 1)
    spill = {tag: struct.pack(f"{order}{len(v)}{code}", *v) for tag, (code, v) in entries.items()}
    where = {}
    for tag, data in spill.items():
        if len(data) > 4:
            where[tag] = start + len(body)
            body += data + bytes(len(data) % 2)
    entries[273] = ("I", [start + len(body)])
    spill[273] = struct.pack(order + "I", start + len(body))
    for tag in sorted(entries):
        code, values = entries[tag]
        value = struct.pack(order + "I", where[tag]) if tag in where else spill[tag].ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, 4 if code == "I" else 3, len(values)) + value
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + directory + bytes(4) + body + samples
