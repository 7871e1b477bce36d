# SPDX-License-Identifier: Apache-2.0
"""Measures one model in ONNX Runtime, in a process of its own, as `hone bench --json` does.

usage: onnxruntime_worker.py MODEL THREADS SECONDS FOLDER

FOLDER holds NAME.npy for each input; outputs are written there as out_INDEX.npy. Memory counts from
before the runtime is loaded, so that Python's own share is left out.
"""
import json
import pathlib
import statistics
import sys
import time

import numpy as np

WARMUP = 3


def peak_bytes():
    for line in pathlib.Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) * 1024
    return 0


def now_ms():
    return time.perf_counter_ns() / 1e6


def main(path, threads, seconds, folder):
    folder = pathlib.Path(folder)
    before = peak_bytes()
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    start = now_ms()
    session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    load = now_ms() - start
    feeds = {}
    for port in session.get_inputs():
        feeds[port.name] = np.load(folder / f'{port.name.replace("/", "_")}.npy')
    start = now_ms()
    outputs = session.run(None, feeds)
    first = now_ms() - start
    for index, output in enumerate(outputs):
        np.save(folder / f'out_{index}.npy', np.asarray(output))
    del outputs
    for _ in range(WARMUP):
        session.run(None, feeds)
    times, end = [], now_ms() + float(seconds) * 1e3
    while now_ms() < end or len(times) < 3:
        start = now_ms()
        session.run(None, feeds)
        times.append(now_ms() - start)
    print(json.dumps({
        'load_ms': load, 'first_run_ms': first, 'peak_memory_bytes': peak_bytes() - before,
        'latency_ms': {'min': min(times), 'p50': statistics.median_low(times)}, 'runs': len(times)}))


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
