# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing starts from: seeds.py OUT gives OUT/onnx, OUT/npy,
OUT/image, OUT/found."""
import pathlib
import shutil
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "formats"), str(TESTS / "support")]
import image_cases  # noqa: E402
import import_errors  # noqa: E402
import import_models  # noqa: E402
import npy_files  # noqa: E402

LARGEST = 4096


def onnx_seeds(out):
    """The small models of the importer's tests, good and bad."""
    out.mkdir(parents=True, exist_ok=True)
    models = {name: data for name, data, _, _ in import_errors.ROWS}
    for function in import_models.CASES:
        if function is not import_models.external_data:
            models[function.__name__] = function()[0].encode()
    for name, data in models.items():
        if len(data) <= LARGEST:
            (out / f"{name}.onnx").write_bytes(data)


def npy_seeds(out):
    out.mkdir(parents=True, exist_ok=True)
    for i, descr in enumerate(sorted(npy_files.CODES)):
        npy_files.write(out / f"{i}.npy", descr, (2, i), [1] * (2 * i))
    fortran = (out / "3.npy").read_bytes().replace(b"False", b"True ")
    (out / "fortran.npy").write_bytes(fortran)


def image_seeds(out):
    """The pictures of the decoders' tests, good and bad."""
    out.mkdir(parents=True, exist_ok=True)
    for name, data, _ in image_cases.files():
        (out / name).write_bytes(data)
    for name, data, _, _ in image_cases.refused():
        (out / name).write_bytes(data)


def found_seeds(out):
    """What fuzzing found, kept as it was. All targets start from it as well."""
    shutil.copytree(TESTS / "fuzz" / "found", out, dirs_exist_ok=True)


if __name__ == "__main__":
    found_seeds(pathlib.Path(sys.argv[1]) / "found")
    onnx_seeds(pathlib.Path(sys.argv[1]) / "onnx")
    npy_seeds(pathlib.Path(sys.argv[1]) / "npy")
    image_seeds(pathlib.Path(sys.argv[1]) / "image")
