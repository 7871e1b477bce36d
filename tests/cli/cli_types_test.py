# SPDX-License-Identifier: Apache-2.0
"""Element types: numbers given exactly, shown exactly, and types that NumPy does not have."""
from cli_support import CommandTest, main
import npy_files
from onnx_build import (BFLOAT16, BOOL, FLOAT, FLOAT4E2M1, FLOAT6E2M3, FLOAT6E3M2, FLOAT8E4M3FN,
                        FLOAT8E5M2, FLOAT16, INT2, INT4, INT8, INT64, UINT4, UINT8, UINT32, UINT64)

EDGES = {INT64: [-2**63, 2**63 - 1, 2**53 + 1], UINT64: [0, 2**64 - 1, 2**53 + 1],
         INT8: [-128, 127, -1], UINT32: [0, 2**32 - 1, 7], BOOL: [0, 1, 1]}
NAMES = {INT64: "int64", UINT64: "uint64", INT8: "int8", UINT32: "uint32", UINT8: "uint8",
         BOOL: "bool"}


def at(values):
    return "@" + ",".join(map(str, values))


class Types(CommandTest):
    def test_integers_are_read_and_shown_exactly(self):
        for dtype, values in EDGES.items():
            model = self.cast(dtype, dtype, [3])
            output = self.hone("run", model, "-i", at(values), "--json").json["outputs"][0]
            self.assertEqual(output["first_values"], values)
            self.assertEqual((output["min"], output["max"]), (min(values), max(values)))
            self.assertIsInstance(output["min"], int)
            out = self.hone("run", model, "-i", at(values)).out
            self.assertIn(f"min {min(values)}  max {max(values)}  mean", out)
            self.assertIn("first  " + " ".join(map(str, values)) + "\n", out)

    def test_numbers_that_do_not_fit_the_type_are_refused(self):
        for dtype, numbers in [(INT64, ["1.5", str(2**63), str(-2**63 - 1), "1e3", "0x10"]),
                               (UINT64, [str(2**64), "-1", "1" + 70 * "0"]), (UINT8, ["256", "-1"]),
                               (INT8, ["128", "-129"]), (BOOL, ["2", "-1", "0.5"])]:
            model = self.cast(dtype, dtype, [1])
            for number in numbers:
                self.fails(8, "run", model, "-i", "x=@" + number,
                           saying=["input 'x'", number[:50], NAMES[dtype]])
        self.fails(8, "run", self.cast(FLOAT, FLOAT, [1]), "-i", "@1e39", saying=["float32"])
        self.fails(8, "run", self.cast(FLOAT16, FLOAT16, [1]), "-i", "@65520", saying=["float16"])
        self.fails(2, "run", self.cast(INT64, INT64, [1]), "-i", "@one", saying=["got 'one'"])

    def test_large_integers_are_compared_exactly(self):
        model = self.cast(INT64, INT64, [2])
        npy_files.write(self.path("y.npy"), "<i8", (2,), [2**53, -2**63])
        npy_files.write(self.path("x.npy"), "<i8", (2,), [2**53 + 1, 2**63 - 1])
        output = self.hone("compare", model, ".", "--atol", "0", "--json", code=1).json["outputs"][0]
        self.assertEqual(output["mismatch_count"], 2)

    def test_types_without_a_numpy_form_are_recorded_and_read(self):
        values = [0, 1, 1, -1]
        for dtype, descr, codes in [
                (BFLOAT16, "<u2", [0, 0x3F80, 0x3F80, 0xBF80]),
                (FLOAT8E4M3FN, "|u1", [0, 0x38, 0x38, 0xB8]),
                (FLOAT8E5M2, "|u1", [0, 0x3C, 0x3C, 0xBC]), (INT4, "|u1", [0, 1, 1, 15]),
                (FLOAT4E2M1, "|u1", [0, 2, 2, 10]),
                (FLOAT6E2M3, "|u1", [0, 8, 8, 40]), (FLOAT6E3M2, "|u1", [0, 12, 12, 44]), (INT2, "|u1", [0, 1, 1, 3])]:
            to, back = self.cast(FLOAT, dtype, [4], "to.onnx"), self.cast(dtype, FLOAT, [4])
            run = self.hone("run", to, "-i", at(values), "-o", "saved", "--json").json
            self.assertEqual(run["outputs"][0]["first_values"], values)
            self.assertEqual(npy_files.read(self.path("saved/y.npy")), (descr, (4,), codes))
            self.hone("compare", to, "saved", "-i", at(values))
            self.hone("compare", to, "saved", "-i", at([0, 0, 1, 1]), code=1)
            self.hone("compare", to, to, "-i", at(values))
            run = self.hone("run", back, "-i", "saved/y.npy", "--json").json
            self.assertEqual(run["outputs"][0]["first_values"], values)

    def test_bytes_must_fit_packed_types(self):
        npy_files.write(self.path("x.npy"), "|u1", (2,), [1, 16])
        self.fails(8, "run", self.cast(UINT4, FLOAT, [2]), "-i", "x.npy",
                   saying=["x.npy", "uint4", "got 16"])
        npy_files.write(self.path("x.npy"), "|u1", (3,), [1, 5, 15])
        run = self.hone("run", self.cast(UINT4, FLOAT, [3]), "-i", "x.npy", "--json").json
        self.assertEqual(run["outputs"][0]["first_values"], [1, 5, 15])
        self.fails(5, "run", self.cast(UINT4, FLOAT, [2]), "-i", "@1,2",
                   saying=[".npy files of uint8, one element a byte"])


if __name__ == "__main__":
    main()
