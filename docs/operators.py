#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/operators.md from what the command says of itself:

    operators.py HONE            check that the page is up to date
    operators.py HONE --write    write it
"""
import json
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).with_suffix(".md")
TITLES = {"": "ai.onnx", "hone": "hone: the operators that others are written over"}
GROUPS = [
    ("float", ["float16", "bfloat16", "float32", "float64"]),
    ("int", ["int8", "int16", "int32", "int64"]),
    ("uint", ["uint8", "uint16", "uint32", "uint64"]),
    ("float8", ["float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float8e8m0"]),
    ("complex", ["complex64", "complex128"]),
    ("4-bit", ["uint4", "int4", "float4e2m1"]),
    ("2-bit", ["uint2", "int2"]),
]
HEAD = """# Operators

What `hone ops --json` says, as a page; `docs/operators.py` writes it, and a test compares. *Since* lists
the versions of the domain in which a meaning began; the first is the oldest that is read, and models
of any later version are read as well. A *core* operator has a kernel, a *composite* is written over
others when a model is imported, a *control* operator runs bodies. *Types* are the element types that
the inputs may have: float stands for float16, bfloat16, float32 and float64, int and uint for 8 to 64
bits, float8 for its five kinds.
"""


def types_text(operator):
    types = {t for slot in operator["inputs"] or operator["outputs"] for t in slot["types"]}
    words = []
    for name, members in GROUPS:
        if types >= set(members):
            words.append(name)
            types -= set(members)
    return ", ".join(words + sorted(types))


def table(operators):
    lines = ["| operator | since | kind | types |", "|---|---|---|---|"]
    for o in operators:
        since = ", ".join(map(str, o["since"]))
        lines.append(f"| {o['name']} | {since} | {o['kind']} | {types_text(o)} |")
    return "\n".join(lines)


def page(operators):
    parts = [HEAD]
    kinds = [o["kind"] for o in operators if o["domain"] != "hone"]
    own = sum(o["domain"] == "hone" for o in operators)
    parts.append(f"{len(kinds)} operators that files may name: {kinds.count('core')} core, "
                 f"{kinds.count('composite')} composite, {kinds.count('control')} control; "
                 f"and {own} of hone's own behind them.\n")
    for domain in sorted({o["domain"] for o in operators}, key=lambda d: (d == "hone", d)):
        parts.append(f"## {TITLES.get(domain, domain)}\n")
        parts.append(table([o for o in operators if o["domain"] == domain]) + "\n")
    return "\n".join(parts)


def main(hone, write=False):
    said = subprocess.run([hone, "ops", "--json", "--internal"], check=True, capture_output=True, text=True)
    text = page(json.loads(said.stdout)["operators"])
    if write:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit(f"{PAGE.name} is out of date: python3 docs/operators.py {hone} --write")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    main(sys.argv[1], len(sys.argv) == 3)
