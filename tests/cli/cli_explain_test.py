# SPDX-License-Identifier: Apache-2.0
"""hone explain: the steps of a plan."""
from cli_support import CommandTest, main


class Explain(CommandTest):
    def test_json(self):
        result = self.hone("explain", self.linear(), "--no-optimize", "-s", "x=4,2", "--json").json
        self.assertEqual([step["operator"] for step in result["steps"]], ["MatMul", "Add"])
        step = result["steps"][0]
        self.assertEqual(step["node"], "multiply")
        self.assertEqual(step["output"]["shape"], [4, 3])
        self.assertEqual(step["flops"], 2 * 4 * 2 * 3)
        self.assertEqual(set(step), {"index", "node", "operator", "kernel", "note", "declined",
                                     "flops", "bytes", "output"})

    def test_the_instruction_set_can_be_lowered(self):
        result = self.hone("explain", self.linear(), "--isa", "scalar", "--json").json
        self.assertEqual(result["isa"], "scalar")

    def test_an_unknown_instruction_set_is_refused(self):
        self.hone("explain", self.linear(), "--isa", "frobnicate", code=2)

    def test_text(self):
        out = self.hone("explain", self.linear(), "--no-optimize").out
        self.assertRegex(out, r"step +node +operator +output +kernel +note +operations")
        self.assertRegex(out, r"0 +multiply +MatMul +float32\[1,3\]")


if __name__ == "__main__":
    main()
