# SPDX-License-Identifier: Apache-2.0
"""Options, help, errors and exit codes that all commands share."""
import os
import re
import signal
import subprocess
import time

from cli_support import COMMAND, ROOT, CommandTest, main

COMMANDS = ["import", "run", "bench", "inspect", "explain", "compare", "ops", "version", "help"]


class Usage(CommandTest):
    def test_help_lists_every_command(self):
        out = self.hone("help").out
        self.assertEqual(re.findall(r"^  ([a-z]+)  ", out, re.M), COMMANDS)
        self.assertEqual(self.hone("--help").out, out)

    def test_every_command_has_help_with_examples(self):
        for command in COMMANDS:
            out = self.hone(command, "--help").out
            self.assertTrue(out.startswith(f"Usage: hone {command} "), out)
            self.assertIn("\nExamples\n  hone ", out.replace("HONE_ISA=scalar ", ""))
            self.assertEqual(self.hone("help", command).out, out)
            self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_the_manual_has_every_option(self):
        with open(os.path.join(ROOT, "docs", "command.md")) as file:
            manual = file.read()
        for command in COMMANDS:
            for option in re.findall(r"^ +(?:-., )?(--[a-z-]+)", self.hone("help", command).out,
                                     re.M):
                self.assertIn(option, manual)

    def test_wrong_usage_exits_with_2(self):
        for arguments, saying in [
                ([], "no command"),
                (["frobnicate"], "unknown command 'frobnicate'"),
                (["help", "frobnicate"], "unknown command 'frobnicate'"),
                (["run"], "expected 'hone run MODEL', got 0 operands"),
                (["run", "a", "b"], "got 2 operands"),
                (["run", "--frobnicate", "a"], "'--frobnicate'"),
                (["run", "--threads"], "--threads needs a value: N"),
                (["run", "--quiet=1", "a"], "--quiet takes no value"),
                (["run", "--threads", "0", "a"], "expected an integer from 1 to 1024, got '0'"),
                (["run", "--threads", "2x", "a"], "got '2x'"),
                (["run", "--memory-limit", "many", "a"], "expected SIZE, got 'many'"),
                (["run", "--shape", "x", "a"], "expected NAME=1,3,224,224, got 'x'"),
                (["run", "--shape", "x=1,-2", "a"], "got 'x=1,-2'"),
                (["run", "--shape", "x=1,2,3,4,5,6,7,8,9", "a"], "--shape"),
                (["run", "--image-layout", "chwn", "a"], "expected nchw|nhwc, got 'chwn'"),
                (["run", "--image-size", "224", "a"], "expected WxH, got '224'"),
                (["run", "--image-mean", "1,2,", "a"], "got '1,2,'"),
                (["compare", "a"], "expected 'hone compare A B', got 1 operands"),
                (["run", "--image", "1", "a"], "ambiguous option '--image': it may be --image-size, "),
                (["run", "--frob=1", "a"], "unknown option '--frob'"),
                (["run", ""], "operand 1 of 'hone run MODEL' is empty"),
                (["run", "-o", "", "a"], "--output-dir: expected DIR, got nothing"),
                (["run", "-"], "stdin and stdout are not supported"),
                (["run", "-o", "-", "a"], "stdin and stdout are not supported"),
                (["import", "-o", "-", "a"], "stdin and stdout are not supported"),
                (["import", "a.hone"], "--output"),
                (["help", "run", "--json"], "help is only text"),
                (["run", "--help", "--json"], "help is only text"),
                (["run", "-q", "-v", "a"], "--quiet and --verbose exclude each other"),
                (["run", "--no-external", "--data-dir", "d", "a"], "exclude each other"),
                (["bench", "--runs", "2", "--duration", "1", "a"], "exclude each other"),
                (["inspect", "--dot", "--weights", "a"], "--dot and --weights exclude each other"),
                (["inspect", "--dot", "--passes", "a"], "--dot and --passes exclude each other"),
                (["run", "--passes", "fold_constants,-remove_dead", "a"], "all without '-'"),
                (["run", "--passes", "fuse_all", "a"], "'fuse_all' is none of fold_constants, "),
                (["import", "--passes", "-none", "a"], "'none' is none of fold_constants, "),
                (["explain", "--passes", "none,all", "a"], "'none' is none of fold_constants, "),
                (["inspect", "--passes=fold_constants,", "a"], "'' is none of fold_constants, "),
                (["inspect", "--dot", "--json", "a"], "--dot and --json exclude each other")]:
            result = self.hone(*arguments, code=2)
            self.assertIn(saying, result.err)

    def test_errors_are_json_too(self):
        error = self.fails(3, "inspect", "nowhere.onnx", saying=["nowhere.onnx"])
        self.assertEqual(error["status"], "HONE_E_IO")
        self.assertEqual(error["file"], "nowhere.onnx")
        self.assertEqual(set(error), {"status", "exit_code", "text", "file", "node", "operator",
                                      "offset_bytes"})

    def test_a_malformed_model_exits_with_4(self):
        for name, data in [("empty.onnx", b""), ("text.onnx", b"this is no model\n" * 9)]:
            with open(self.path(name), "wb") as file:
                file.write(data)
            self.fails(4, "run", name, saying=[name])

    def test_results_that_cannot_be_written_exit_with_3(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "w") as full:
            process = subprocess.run([COMMAND, "version"], stdout=full, stderr=subprocess.PIPE,
                                     text=True)
        self.assertEqual(process.returncode, 3)
        self.assertIn("stdout", process.stderr)

    def test_version(self):
        version = self.hone("version", "--json").json
        self.assertRegex(version["version"], r"^\d+\.\d+\.\d+$")
        self.assertGreaterEqual(version["processors"], 1)
        self.assertIn(version["version"], self.hone("--version").out)
        capped = self.hone("version", "--json", env={**os.environ, "HONE_ISA": "scalar"}).json
        self.assertEqual(capped["isa"], "scalar")

    def test_an_unknown_instruction_set_in_the_environment_warns(self):
        unknown = {**os.environ, "HONE_ISA": "frobnicate"}
        result = self.hone("version", env=unknown)
        self.assertIn("hone: warning: HONE_ISA is 'frobnicate'", result.err)
        self.assertEqual(self.hone("version", "-q", env=unknown).err, "")
        self.assertEqual(self.hone("version", env={**os.environ, "HONE_ISA": "scalar"}).err, "")

    def test_verbose_tells_what_happens(self):
        model = self.linear()
        for arguments in [["run", model, "-r", "0"], ["bench", model, "-n", "1"],
                          ["inspect", model], ["explain", model],
                          ["compare", model, model, "-r", "0"]]:
            err = self.hone(*arguments, "-v", "--isa", "scalar", "--threads", "1").err
            self.assertRegex(err, r"hone: linear.onnx: onnx, \d+ B, opened in [\d.]+ [num]?s\n")
            for text in ("hone: nodes: 2 in the source, ", "hone: pass ",
                         "hone: 1 thread, scalar\n", "hone: plan: "):
                self.assertIn(text, err)

    def test_a_signal_stops_cleanly(self):
        model = self.linear()
        for number, code in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
            process = subprocess.Popen([COMMAND, "bench", model, "--duration", "60", "--json"],
                                       cwd=self.directory.name, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(0.5)
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, code, err)
            self.assertIn(f'"exit_code": {code}', out)
            self.assertIn("hone: error: ", err)


if __name__ == "__main__":
    main()
