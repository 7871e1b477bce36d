# SPDX-License-Identifier: Apache-2.0
"""Text, lists and maps: given, shown, saved."""
import os

from cli_support import FLOAT, INT64, CommandTest, Graph, Model, main
import npy_files
from onnx_build import STRING, block, number


class Text(CommandTest):
    def splitter(self):
        g = Graph("splitter")
        g.input("x", STRING, ["N"])
        g.node("StringSplit", ["x"], ["words", "count"], delimiter=".")
        g.output("words", STRING, None)
        g.output("count", INT64, ["N"])
        Model(g, opset=20).save(self.path("splitter.onnx"))
        return "splitter.onnx"

    def test_words_on_the_command_line(self):
        out = self.hone("run", self.splitter(), "-i", "x=@a.b,gr\u00f6\u00df,").out
        self.assertIn('words  string[3,2]\n    first  "a" "b" "gr\u00f6\u00df" "" "" ""\n', out)

    def test_lines_of_a_file(self):
        with open(self.path("x.txt"), "w", encoding="utf-8") as file:
            file.write("one.two\nthree\n")
        output = self.hone("run", self.splitter(), "-i", "x=x.txt", "--json").json["outputs"][0]
        self.assertEqual((output["dtype"], output["shape"]), ("string", [2, 2]))
        self.assertEqual(output["first_values"], ["one", "two", "three", ""])
        self.assertIsNone(output["min"])

    def test_saved_text_can_be_read_again(self):
        model = self.splitter()
        self.hone("run", model, "-i", "x=@a.\u00df", "-o", "out")
        g = Graph("again")
        g.input("w", STRING, [1, 2])
        g.node("Identity", ["w"], ["y"])
        g.output("y", STRING, [1, 2])
        Model(g).save(self.path("again.onnx"))
        output = self.hone("run", "again.onnx", "-i", "w=out/words.npy", "--json").json["outputs"][0]
        self.assertEqual(output["first_values"], ["a", "\u00df"])

    def test_text_is_compared(self):
        model = self.splitter()
        self.assertIn("The results agree.", self.hone("compare", model, model, "-i", "@a.b,c", "--all").out)
        self.hone("run", model, "-i", "@a.b", "-o", "out")
        self.hone("compare", model, "out", "-i", "@a.b")
        output = self.hone("compare", model, "out", "-i", "@a.c", "--json", code=1).json["outputs"][0]
        self.assertEqual((output["mismatch_count"], output["max_abs"]), (1, None))

    def test_what_is_no_text_is_refused(self):
        model = self.splitter()
        with open(self.path("bytes.txt"), "wb") as file:
            file.write(b"a\0b")
        self.fails(4, "run", model, "-i", "x=bytes.txt", saying=["NUL"])
        self.fails(8, "run", model, "-r", "1", saying=["input 'x'", "random"])

    def tokenizer(self, **attributes):
        g = Graph("tokenizer")
        g.input("x", STRING, ["N"])
        g.node("Tokenizer", ["x"], ["y"], domain="com.microsoft", mark=0, mincharnum=1, pad_value="", **attributes)
        g.output("y", STRING, None)
        Model(g, opset=20, opsets={"com.microsoft": 1}).save(self.path("tokenizer.onnx"))
        return "tokenizer.onnx"

    def text_file(self, text):
        with open(self.path("long.txt"), "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return "x=long.txt"

    def test_many_tokens_cost_what_they_are_long(self):
        model, text = self.tokenizer(separators=["x", "y"]), self.text_file("axay" * 50000)
        output = self.hone("run", model, "-i", text, "--deadline", "9000", "--json").json["outputs"][0]
        self.assertEqual(output["shape"], [1, 100000])

    def test_endless_searches_end(self):
        text = self.text_file("a" * 50000)
        model = self.tokenizer(separators=["a.*b|a"])
        self.fails(6, "run", model, "-i", text, "--deadline", "50", saying=["deadline"])
        self.fails(6, "run", self.tokenizer(separators=["(a|aa)*b|a"]), "-i", text, saying=["too many steps"])


class Lists(CommandTest):
    def model(self):
        g = Graph("lists")
        g.input("x", FLOAT, [2])
        g.node("Neg", ["x"], ["y"])
        g.node("SequenceConstruct", ["x", "y"], ["list"])
        g.output("list", FLOAT, None)
        Model(g).save(self.path("lists.onnx"))
        return "lists.onnx"

    def scores(self):
        g = Graph("scores")
        g.input("x", FLOAT, [1, 2])
        g.node("ZipMap", ["x"], ["map"], domain="ai.onnx.ml", classlabels_strings=["cat", "dog"])
        g.output("map", FLOAT, None)
        Model(g, opsets={"ai.onnx.ml": 1}).save(self.path("scores.onnx"))
        return "scores.onnx"

    def test_lists_are_shown_and_saved(self):
        result = self.hone("run", self.model(), "-i", "@1,2", "-o", "out")
        self.assertIn("list  sequence of 2\n    0  float32[2]\n", result.out)
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["list_0.npy", "list_1.npy"])
        output = self.hone("run", self.model(), "-i", "@1,2", "--json").json["outputs"][0]
        self.assertEqual((output["kind"], output["count"]), ("sequence", 2))
        self.assertEqual([v["first_values"] for v in output["values"]], [[1, 2], [-1, -2]])

    def test_lists_are_compared(self):
        model = self.model()
        result = self.hone("compare", model, model, "-i", "@1,2", "--json").json
        self.assertEqual([o["name"] for o in result["outputs"]], ["list_0", "list_1"])
        self.hone("run", model, "-i", "@1,2", "-o", "out")
        self.hone("compare", model, "out", "-i", "@1,2")
        self.hone("compare", model, "out", "-i", "@1,3", code=1)
        scores = self.scores()
        self.hone("compare", scores, scores, "-i", "@0.5,0.25")

    def test_maps_are_shown_and_saved(self):
        result = self.hone("run", self.scores(), "-i", "@0.25,0.75", "-o", "out")
        self.assertRegex(result.out, r'map  sequence of 1\n    0  map\n      keys  string\[2\]\n +first  "cat" "dog"\n')
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["map_0_keys.npy", "map_0_values.npy"])

    def test_an_optional_takes_the_value_in_it(self):
        g = Graph("maybe")
        optional = block(9, block(1, block(1, number(1, FLOAT))))
        g.parts += block(11, block(1, "x") + block(2, optional))
        g.node("OptionalGetElement", ["x"], ["y"])
        g.output("y", FLOAT, None)
        Model(g).save(self.path("maybe.onnx"))
        npy_files.write(self.path("x.npy"), "<f4", [2], [3.0, 4.0])
        self.hone("run", "maybe.onnx", "-q", "-i", "x.npy", "-o", "out")
        self.assertEqual(list(npy_files.read(self.path("out/y.npy"))[2]), [3, 4])

    def test_inspect_tells_the_kind(self):
        self.assertIn("list  sequence of float32[", self.hone("inspect", self.model()).out)


if __name__ == "__main__":
    main()
