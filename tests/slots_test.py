#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the command hone says of the inputs and outputs of operators beside their newest
definitions in the packages onnx and, for com.microsoft, onnxruntime:

    slots_test.py HONE

Names may differ. There must be as many slots, variadic ones in the same place, none that has to be
given where it is optional, none tied to the type of another where it is free, and none without a type
that the definition has.
"""
import json
import subprocess
import sys

import onnx
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

FLOAT8 = {"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"}
PACKED = {"int4", "uint4", "int2", "uint2", "float4e2m1"}
NO_NUMBERS = {"string", "complex64", "complex128"}
# Types that definitions have and the command does not name.
MISSING = {
    # They are converted to wider ones before the operator computes.
    "IsNaN": FLOAT8, "Pad": PACKED, "TensorScatter": PACKED,
    # What is no number has no sums and no values in between.
    "Col2Im": NO_NUMBERS | {"bool"}, "GridSample": NO_NUMBERS,
    # Not written yet.
    "CropAndResize": {"float16", "float64"},
    "GroupQueryAttention": {"int8", "uint8", "float8e4m3fn"},  # quantized caches
    "QMoE": {"float8e4m3fn"},  # weights; integers are packed in uint8
}
# Slots that are tied although definitions let them differ.
TIED = {
    "GroupQueryAttention": "caches have another type only when they are quantized",
}
# Operators that are not there: of ONNX's own, one of a library beside hone's.
ABSENT = {"ImageDecoder"}

ELEMENTS = {"float": "float32", "double": "float64"}


def newest():
    """The newest definition of each operator that is not deprecated."""
    found = {}
    contributed = [s for s in get_all_operator_schema() if s.domain == "com.microsoft"]
    for schema in onnx.defs.get_all_schemas_with_history() + contributed:
        key = schema.domain, schema.name
        if not schema.deprecated and (key not in found or found[key].since_version < schema.since_version):
            found[key] = schema
    return found


def variable(slot):
    return slot.type_str if hasattr(slot, "type_str") else slot.typeStr


def element_types(schema, slot):
    """Names of element types; "" stands for sequences and optionals."""
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    texts = allowed.get(variable(slot), [variable(slot)])
    inner = [t.removeprefix("tensor(").removesuffix(")") if t.startswith("tensor(") else "" for t in texts]
    return {ELEMENTS.get(t, t) for t in inner}


def option(slot):
    return str(slot.option).rsplit(".", maxsplit=1)[-1]


def slot_faults(schema, said, slot):
    types = element_types(schema, slot)
    if said["variadic"] != (option(slot) == "Variadic"):
        yield f"{slot.name} is variadic or not"
    if option(slot) == "Optional" and not said["optional"]:
        yield f"{slot.name} is optional"
    if "" in types and not said["any_kind"]:
        yield f"{slot.name} may be a sequence or an optional"
    lacking = types - set(said["types"]) - MISSING.get(schema.name, set()) - {""}
    if lacking:
        yield f"{slot.name} lacks {', '.join(sorted(lacking))}"


def tie_faults(schema, pairs):
    for i, (said, slot) in enumerate(pairs):
        for other_said, other in pairs[:i]:
            tied = said["group"] and said["group"] == other_said["group"]
            if tied and variable(slot) != variable(other) and schema.name not in TIED:
                yield f"{slot.name} and {other.name} may have different types"


def faults(schema, operator):
    for side in ("inputs", "outputs"):
        said, defined = operator[side], list(getattr(schema, side))
        if len(said) != len(defined):
            yield f"has {len(said)} {side}: expected {len(defined)}"
        pairs = list(zip(said, defined))
        for one, slot in pairs:
            yield from slot_faults(schema, one, slot)
        yield from tie_faults(schema, pairs)


def main(hone):
    listed = subprocess.run([hone, "ops", "--json"], check=True, capture_output=True, text=True).stdout
    operators = {(o["domain"], o["name"]): o for o in json.loads(listed)["operators"]}
    compared, wrong = 0, 0
    for key, schema in sorted(newest().items()):
        if key not in operators:
            if schema.domain != "com.microsoft" and schema.name not in ABSENT:
                print(f"{schema.domain or 'ai.onnx'}.{schema.name}: no such operator")
                wrong += 1
            continue
        compared += 1
        for fault in faults(schema, operators[key]):
            print(f"{schema.domain or 'ai.onnx'}.{schema.name}: {fault}")
            wrong += 1
    print(f"{compared} operators compared, {wrong} faults")
    return wrong != 0 or compared == 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
