#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lays out ONNX's other test suites than the node cases for the program onnx_backend:

    onnx_suites.py OUT

Each folder of OUT is a suite of cases, each with model.onnx and test_data_set_0/input_0.pb and so on:

    simple, pytorch-converted, pytorch-operator   files of the package onnx; the last two of opset 6
    light     real architectures whose weights are constants, with the package's results
    model     what the package generates beside the node cases
    legacy    operators in the meanings that opsets before 7 gave them (onnx_legacy_cases.py)
    types     every operator in every element type that it is defined for (onnx_type_cases.py)
    1.12-*    all suites of that version (Debian's package libonnx-testdata), where it is installed
"""
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import model as model_cases

import onnx_cases
import onnx_legacy_cases
import onnx_type_cases

PACKAGE = pathlib.Path(onnx.__file__).parent / "backend/test/data"
OLDER = pathlib.Path("/usr/share/libonnx-testdata/data")


def copy_suite(source, target):
    """Copies the cases of a folder; one without a model says only where to download it."""
    for case in sorted(source.iterdir()):
        if (case / "model.onnx").exists():
            shutil.copytree(case, target / case.name, dirs_exist_ok=True)


def light_input(port):
    """The data that the package's results belong to: rising from 0 to 1."""
    shape = [d.dim_value if d.HasField("dim_value") else 1 for d in port.type.tensor_type.shape.dim]
    count = int(np.prod(shape))
    return (np.arange(count).reshape(shape) / count).astype(np.float32)


def write_light(target):
    for path in sorted((PACKAGE / "light").glob("*.onnx")):
        data = target / path.stem / "test_data_set_0"
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target / path.stem / "model.onnx")
        graph = onnx.load(path).graph
        constants = {tensor.name for tensor in graph.initializer}
        ports = [port for port in graph.input if port.name not in constants]
        for i, port in enumerate(ports):
            message = numpy_helper.from_array(light_input(port), port.name)
            (data / f"input_{i}.pb").write_bytes(message.SerializeToString())
        for i in range(len(graph.output)):
            shutil.copy(path.with_name(f"{path.stem}_output_{i}.pb"), data / f"output_{i}.pb")


def write_models(target):
    for case in model_cases.collect_testcases():
        if case.model is not None:
            onnx_cases.write_case(case.model, case.data_sets, target / case.name)


def write_cases(module, target):
    for name, model, inputs, outputs in module.cases():
        onnx_cases.write_case(model, [(inputs, outputs)], target / name)


def main(out):
    onnx_cases.check_version()
    out = pathlib.Path(out)
    for kind in ("simple", "pytorch-converted", "pytorch-operator"):
        copy_suite(PACKAGE / kind, out / kind)
    write_light(out / "light")
    write_models(out / "model")
    write_cases(onnx_legacy_cases, out / "legacy")
    write_cases(onnx_type_cases, out / "types")
    if OLDER.is_dir():
        for kind in sorted(OLDER.iterdir()):
            copy_suite(kind, out / f"1.12-{kind.name}")
    else:
        print("note: libonnx-testdata is not installed: the suites of onnx 1.12 are left out")
    for suite in sorted(out.iterdir()):
        print(f"{suite.name}: {len(list(suite.iterdir()))} cases")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
