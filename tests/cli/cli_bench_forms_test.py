# SPDX-License-Identifier: Apache-2.0
"""hone bench: the forms in which a result is written, each parsed by a reader of that form."""
import csv
import io
import os
from html.parser import HTMLParser

from cli_support import CommandTest, main
from onnx_build import FLOAT, INT64, Graph, Model

VOID = {"meta", "br", "link", "img", "input"}
HOSTILE = "<script>alert('1')</script>|`*_\n=1+1,\"q\""


class Page(HTMLParser):
    """Checks that elements nest, and collects them, the text of each, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.references, self.ids = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "action", "data", "srcset"):
                self.references.append(value)
            if name == "id":
                self.ids.append(value)
            assert not name.startswith("on"), name
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, text):
        self.texts.append((self.open[-1] if self.open else "", text))


class Forms(CommandTest):
    def read(self, name):
        with open(self.path(name), newline="") as file:
            return file.read()

    def bench(self, *arguments, model=None, **options):
        return self.hone("bench", model or self.linear(), "-n", "20", "-t", "1", "-s", "x=8,2",
                         *arguments, **options)

    def hostile_model(self):
        """Names that would be markup, a formula, or the end of a field."""
        graph = Graph("hostile")
        graph.input("x", FLOAT, ["N", 2])
        graph.initializer("w", FLOAT, [2, 3], range(6))
        graph.node("MatMul", ["x", "w"], ["p"], name=HOSTILE)
        graph.node("Softmax", ["p"], ["y"], name="=SUM(A1)")
        graph.output("y", FLOAT, ["N", 3])
        Model(graph).save(self.path("<b>.onnx"))
        return "<b>.onnx"

    def test_json_of_a_profile(self):
        result = self.bench("--profile", "--json").json
        for key in ("peak_gflops", "memory_gbytes_per_s", "memory_buffer_bytes"):
            self.assertGreater(result["machine"][key], 0)
        self.assertGreaterEqual(result["planned_bytes"], result["lower_bound_bytes"])
        self.assertGreater(result["weight_bytes"], 0)
        operators = result["profile"]["operators"]
        self.assertAlmostEqual(sum(o["share_percent"] for o in operators), 100, delta=0.1)
        steps = result["profile"]["steps"]
        for key in ("flops", "bytes", "constant_bytes"):
            self.assertEqual(sum(o[key] for o in operators), sum(s[key] for s in steps))
        result = self.bench("--json").json
        self.assertNotIn("profile", result)
        self.assertIsNone(result["machine"]["peak_gflops"])

    def test_a_gather_counts_what_it_reads(self):
        graph = Graph("lookup")
        graph.input("ids", INT64, [3])
        graph.initializer("table", FLOAT, [1000, 16], [0.0] * 16000)
        graph.node("Gather", ["table", "ids"], ["y"], name="look")
        graph.output("y", FLOAT, [3, 16])
        Model(graph).save(self.path("lookup.onnx"))
        steps = self.hone("bench", "lookup.onnx", "-n", "3", "-p", "--json").json["profile"]["steps"]
        self.assertEqual([(s["bytes"], s["constant_bytes"]) for s in steps],
                         [(3 * 16 * 4 * 2 + 3 * 8, 3 * 16 * 4)])

    def test_csv(self):
        self.bench("--profile", "--csv", "r.csv", model=self.hostile_model())
        rows = list(csv.reader(io.StringIO(self.read("r.csv")), strict=True))
        head = rows[0]
        self.assertEqual(head[:6], ["record", "name", "operator", "kernel", "calls", "time_ms"])
        for row in rows:
            self.assertEqual(len(row), len(head), row)
        for row in rows[1:]:
            for field in row[4:]:
                float(field or 0)
        records = [row[0] for row in rows]
        self.assertEqual(records.count("model"), 1)
        self.assertEqual(records.count("latency"), 8)
        names = [row[1] for row in rows if row[0] == "step"]
        self.assertIn("'=SUM(A1)", names)
        self.assertTrue(any('"q"' in name for name in names), names)

    def test_markdown(self):
        self.bench("--profile", "--markdown", "r.md", model=self.hostile_model())
        lines = self.read("r.md").splitlines()
        self.assertEqual(lines[0], "# \\<b\\>.onnx")
        self.assertNotIn("<", "".join(lines).replace("\\<", ""))
        columns = 0
        for before, line in zip([""] + lines, lines):
            if not line.startswith("|"):
                continue
            bars = line.replace("\\|", "").count("|")
            if before.startswith("|"):
                self.assertEqual(bars, columns, line)
            columns = bars

    def test_html(self):
        self.bench("--html", "r.html", model=self.hostile_model())
        text = self.read("r.html")
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        page = Page(text)
        self.assertIn(("h1", "<b>.onnx"), page.texts)
        self.assertEqual(page.references, [])
        self.assertNotIn("url(", text)
        self.assertNotIn("script", page.tags)
        self.assertNotIn("b", page.tags)
        self.assertEqual(len(page.ids), len(set(page.ids)))
        self.assertEqual(page.tags.count("svg"), 4)
        heads = [text for tag, text in page.texts if tag == "h2"]
        for title in ("Latency", "Latency over time", "Time by operator", "Roofline"):
            self.assertIn(title, heads)
        self.assertNotRegex(text, r'="-?(nan|inf)')

    def test_html_of_one_run_and_of_no_steps(self):
        graph = Graph("nothing")
        graph.input("x", FLOAT, [2])
        graph.node("Identity", ["x"], ["y"])
        graph.output("y", FLOAT, [2])
        Model(graph).save(self.path("nothing.onnx"))
        self.hone("bench", "nothing.onnx", "-n", "1", "--html", "r.html")
        text = self.read("r.html")
        Page(text)
        self.assertNotRegex(text, r'="-?(nan|inf)')

    def test_all_forms_of_one_run(self):
        result = self.bench("--json", "--save", "r.json", "--csv", "r.csv", "--markdown", "r.md",
                            "--html", "r.html")
        self.assertEqual(self.read("r.json"), result.out)
        best = result.json["latency_ms"]["min"]
        rows = list(csv.reader(io.StringIO(self.read("r.csv"))))
        stored = [float(row[5]) for row in rows if row[:2] == ["latency", "min"]]
        self.assertAlmostEqual(stored[0], best, delta=best / 1e6)
        self.assertEqual(sorted(os.listdir(self.directory.name)),
                         ["linear.onnx", "r.csv", "r.html", "r.json", "r.md"])

    def test_outputs_that_would_replace_something(self):
        model = self.linear()
        self.fails(2, "bench", model, "--html", model)
        self.fails(2, "bench", model, "--csv", "a", "--markdown", "a")
        self.fails(2, "bench", model, "--against", self.linear("b.onnx"), "--save", "b.onnx")
        self.fails(3, "bench", model, "-n", "1", "--save", "nowhere/r.json")


if __name__ == "__main__":
    main()
