# SPDX-License-Identifier: Apache-2.0
"""hone bench: what it reports. Speed itself is not tested here."""
from cli_support import CommandTest, main


class Bench(CommandTest):
    def test_json(self):
        result = self.hone("bench", self.linear(), "--runs", "50", "-s", "x=8,2", "--threads", "1",
                           "--json").json
        self.assertEqual(result["runs"], 50)
        self.assertEqual(result["threads"], 1)
        self.assertEqual(result["warmup_runs"], 3)
        self.assertEqual(result["model"], "linear.onnx")
        latency = result["latency_ms"]
        order = [latency[key] for key in ("min", "p50", "p90", "p99", "max")]
        self.assertEqual(order, sorted(order))
        self.assertTrue(latency["min"] <= latency["mean"] <= latency["max"])
        self.assertGreaterEqual(latency["stddev"], 0)
        self.assertGreaterEqual(latency["mad"], 0)
        self.assertAlmostEqual(result["throughput_per_s"] * latency["mean"], 1000, delta=0.1)
        for key in ("load_ms", "first_run_ms", "peak_memory_bytes", "gflops"):
            self.assertGreater(result[key], 0)
        self.assertTrue(result["isa"])
        self.assertEqual(result["inputs"][0]["source"], "random")

    def test_duration(self):
        result = self.hone("bench", self.linear(), "--duration", "0.05", "--json").json
        self.assertGreaterEqual(result["runs"], 3)
        self.assertGreaterEqual(result["runs"] * result["latency_ms"]["mean"], 1)

    def test_text(self):
        out = self.hone("bench", self.linear(), "--runs", "5", "--warmup", "0", "--profile").out
        for word in ("latency", "p99 is the slowest", "throughput", "GFLOP/s", "first run",
                     "memory", "resident at most", "slowest steps"):
            self.assertIn(word, out)
        self.assertIn("5 runs after the first and 0 to warm up", out)

    def test_profile_covers_every_step(self):
        result = self.hone("bench", self.linear(), "-n", "3", "--profile", "--json").json
        self.assertEqual(result["profile"]["runs"], 10)
        steps = self.hone("explain", self.linear(), "--json").json["steps"]
        self.assertEqual([s["name"] for s in result["profile"]["steps"]],
                         [s["node"] for s in steps])

    def test_unknown_dimensions_are_asked_for(self):
        self.fails(8, "bench", self.two_inputs(), saying=["--shape 'a=...'"])


if __name__ == "__main__":
    main()
