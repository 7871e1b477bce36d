# SPDX-License-Identifier: Apache-2.0
"""hone bench next to something: a stored result, another model, another program. No verdict
depends on how fast the machine is: what is compared takes no time at all, or ages."""
import json
import os

from cli_support import COMMAND, CommandTest, main

NO_TIME, AGES = 1e-6, 1e9  # milliseconds
KEYS = {"value", "low", "high", "coverage"}


class Baseline(CommandTest):
    def baseline(self, ms, name="then.json", **changes):
        """A result of this machine whose times are all the same."""
        result = self.hone("bench", self.linear(), "-n", "30", "-t", "1", "--json").json
        result["latency_ms"].update({"min": ms, "p50": ms, "block_min": [ms] * 20})
        result.update(changes)
        return self.write(name, json.dumps(result))

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return name

    def bench(self, *arguments, code=0):
        return self.hone("bench", self.linear(), "-n", "30", "-t", "1", *arguments, code=code)

    def test_what_was_saved_is_what_is_printed(self):
        out = self.bench("--json", "--save", "now.json").out
        with open(self.path("now.json")) as file:
            self.assertEqual(file.read(), out)
        found = json.loads(out)
        blocks = found["latency_ms"]["block_min"]
        self.assertEqual(len(blocks), 20)
        self.assertEqual(min(blocks), found["latency_ms"]["min"])
        found = self.bench("--baseline", "now.json", "--json").json["baseline"]
        self.assertEqual((found["file"], found["differences"]), ("now.json", []))
        self.assertEqual(set(found["ratio"]), KEYS)
        self.assertIsNone(found["fail_above_percent"])

    def test_slower(self):
        then = self.baseline(NO_TIME)
        out = self.bench("--baseline", then, "--fail-above", "5%", code=9).out
        self.assertIn("slower, by more than --fail-above allows", out)
        found = self.bench("--baseline", then, "--fail-above=5", "--json", code=9).json["baseline"]
        self.assertEqual((found["verdict"], found["exceeded"]), ("slower", True))
        self.assertEqual(found["fail_above_percent"], 5)
        self.assertGreater(found["ratio"]["low"], 1)
        # Without a bound, or with one that is far away, that is only told.
        self.assertIn("slower\n", self.bench("--baseline", then).out)
        self.bench("--baseline", self.baseline(1e-4), "--fail-above", "1e6")

    def test_faster(self):
        out = self.bench("--baseline", self.baseline(AGES), "--fail-above", "0").out
        self.assertIn("faster\n", out)

    def test_what_lies_within_noise_does_not_fail(self):
        then = self.baseline(NO_TIME)
        with open(self.path(then)) as file:
            result = json.load(file)
        result["latency_ms"]["block_min"] = [NO_TIME] * 11 + [AGES] * 9
        self.write(then, json.dumps(result))
        found = self.bench("--baseline", then, "--fail-above", "0", "--json").json["baseline"]
        self.assertEqual(found["verdict"], "no difference beyond noise")
        self.assertGreater(found["ratio"]["value"], 1)

    def test_what_keeps_results_from_being_comparable(self):
        then = self.baseline(AGES, threads=3, isa="abacus", model="there/linear.onnx")
        found = self.bench("--baseline", then, "--json").json["baseline"]
        self.assertEqual([(d["what"], d["there"]) for d in found["differences"]],
                         [("threads", 3), ("isa", "abacus")])
        self.assertIn("threads: 1 here, 3 there", self.bench("--baseline", then).out)

    def test_files_that_are_no_result(self):
        blocks = '{"latency_ms": {"min": 1, "p50": 1, "block_min": %s}}'
        for text in ("", "[", "[]", "{}", '{"latency_ms": 3}', '{"latency_ms": {"min": 1}}',
                     '{"latency_ms": {"min": 0, "p50": 1}}', '{"latency_ms": {"min": 1, "p50": 1}}',
                     blocks % "[]", blocks % '["1"]', blocks % "[0]", blocks % ([1] * 21),
                     '{"a": 1, "a": 2}', "[" * 100000):
            with self.subTest(text[:60]):
                self.write("bad.json", text)
                self.fails(4, "bench", self.linear(), "--baseline", "bad.json",
                           saying=["bad.json", "not a result of 'hone bench --json'"])
        self.fails(3, "bench", self.linear(), "--baseline", "missing.json")

    def test_wrong_usage(self):
        model = self.linear()
        for arguments in (["--fail-above", "5"], ["--baseline", "b.json", "--fail-above", "-1"],
                          ["--baseline", "b.json", "--fail-above", "5%%"],
                          ["--against", model, "--against-program", COMMAND]):
            with self.subTest(arguments):
                self.fails(2, "bench", model, *arguments)


class Against(CommandTest):
    def test_another_model(self):
        found = self.hone("bench", self.linear(), "-n", "60", "-s", "x=4,2", "--json", "--against",
                          self.linear("other.onnx", output="z")).json["against"]
        self.assertEqual((found["model"], found["rounds"]), ("other.onnx", 30))
        self.assertEqual((set(found["ratio"]), set(found["noise"])), (KEYS, KEYS))
        for key in ("ratio", "noise"):
            self.assertTrue(found[key]["low"] <= found[key]["value"] <= found[key]["high"])
            self.assertGreater(found[key]["coverage"], 0.95)

    def test_inputs_of_the_other_model(self):
        two = self.two_inputs()
        self.fails(8, "bench", self.linear(), "-n", "1", "--against", two, saying=[two])
        # An option that names an input of the first model is not for the other one.
        self.hone("bench", self.linear(), "-n", "6", "-s", "x=4,2", "--against",
                  self.negate([4, 2]))

    def test_another_program(self):
        found = self.hone("bench", self.linear(), "-n", "120", "-s", "x=4,2", "--isa", "scalar",
                          "--json", "--against-program", os.path.abspath(COMMAND)).json["against"]
        self.assertEqual((found["rounds"], found["differences"]), (12, []))
        self.assertEqual(found["version"], self.hone("version", "--json").json["version"])

    def program(self, ms):
        """Says that every run takes so long."""
        path = self.path("program")
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\necho '{{\"latency_ms\": {{\"min\": {ms}, \"p50\": {ms}}}}}'\n")
        os.chmod(path, 0o755)
        return path

    def test_verdicts(self):
        arguments = ["bench", self.linear(), "-n", "12", "-t", "1", "--fail-above", "5%"]
        for ms, code, verdict in ((NO_TIME, 9, "slower"), (AGES, 0, "faster")):
            with self.subTest(verdict):
                program = self.program(ms)
                out = self.hone(*arguments, "--against-program", program, code=code).out
                self.assertIn(f"verdict     {verdict}\n", out)
                self.assertIn("noise", out)
                found = self.hone(*arguments, "--against-program", program, "--json", code=code)
                self.assertEqual(found.json["against"]["verdict"], verdict)

    def test_programs_that_are_not_hone(self):
        for program, code in (("/bin/false", 5), ("/bin/cat", 5), ("/bin/true", 4),
                              ("/nowhere/hone", 3), (".", 3)):
            with self.subTest(program):
                self.fails(code, "bench", self.linear(), "-n", "1", "--against-program", program)


if __name__ == "__main__":
    main()
