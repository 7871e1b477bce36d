#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures hone beside ONNX Runtime.

    compare.py [--list FILE] [--hone PROGRAM] [--threads 1,2] [--rounds N] [--seconds S]
               [--only NAME,...] [--json FILE] FOLDER

FOLDER holds the model files that the list names; those that are missing are left out. Every
measurement is a fresh process. Rounds are interleaved and change the order, so that a busy moment of the
machine meets all alike; a time is the least, or the median, over the rounds. hone is measured
twice: from the .onnx file and from the .hone file that it imports it to. Load is opening the file and the
first run, together. Speed is onnxruntime's time over hone's, of the least and of the median times. The
difference is the largest |hone - onnxruntime| over the largest |value|.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
from model_list import read_list, scaled_difference, write_inputs  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
CONTESTANTS = ('hone', 'hone .hone', 'onnxruntime')


class Contest:
    """One model with a number of threads: who takes part, and what was measured."""

    def __init__(self, options, model, threads, folder):
        self.options = options
        self.model = model
        self.threads = threads
        self.folder = folder
        self.results = {name: [] for name in CONTESTANTS}
        inputs = write_inputs(model, folder)
        self.input_options = [f'--input={name}={file}' for name, file in inputs.items()]
        self.imported = os.path.join(folder, 'model.hone')
        self.call(options.hone, 'import', '--quiet', model.path, '-o', self.imported)

    @staticmethod
    def call(*command):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError((result.stderr or result.stdout).strip()[-500:])
        return result.stdout

    def measure(self, contestant):
        seconds = str(self.options.seconds)
        if contestant == 'onnxruntime':
            return json.loads(self.call(
                sys.executable, HERE / 'onnxruntime_worker.py', self.model.path, str(self.threads),
                seconds, self.folder))
        path = self.imported if contestant == 'hone .hone' else self.model.path
        return json.loads(self.call(
            self.options.hone, 'bench', '--json', '--quiet', f'--threads={self.threads}',
            f'--duration={seconds}', *self.input_options, path))

    def play(self):
        for number in range(self.options.rounds):
            for contestant in CONTESTANTS[::1 if number % 2 == 0 else -1]:
                self.results[contestant].append(self.measure(contestant))

    def difference(self):
        """The largest scaled difference over the outputs, by position."""
        folder = os.path.join(self.folder, 'hone')
        document = json.loads(self.call(
            self.options.hone, 'run', '--json', '--quiet', f'--threads={self.threads}',
            f'--output-dir={folder}', *self.input_options, self.model.path))
        worst = 0.0
        for index, output in enumerate(document['outputs']):
            theirs = np.load(os.path.join(self.folder, f'out_{index}.npy'))
            worst = max(worst, scaled_difference(np.load(output['file']), theirs))
        return worst

    def summary(self):
        rows = {}
        for name, rounds in self.results.items():
            rows[name] = {
                'min_ms': min(r['latency_ms']['min'] for r in rounds),
                'median_ms': statistics.median(r['latency_ms']['p50'] for r in rounds),
                'load_ms': min(r['load_ms'] + r['first_run_ms'] for r in rounds),
                'peak_mb': min(r['peak_memory_bytes'] for r in rounds) / 1e6}
        return {'model': self.model.name, 'threads': self.threads, 'rounds': self.options.rounds,
                'difference': self.difference(), 'contestants': rows}


def print_head():
    print(f'{"model":<15}{"threads":>7}  {"":<12}{"least":>10}{"median":>10}{"load":>10}'
          f'{"memory":>9}   speed: of the')
    print(f'{"":<36}{"ms":>10}{"ms":>10}{"ms":>10}{"MB":>9}   least, median')


def print_summary(s):
    theirs = s['contestants']['onnxruntime']
    for index, (name, row) in enumerate(s['contestants'].items()):
        head = f'{s["model"]:<15}{s["threads"]:>7}' if index == 0 else ' ' * 22
        tail = ''
        if name != 'onnxruntime':
            speed = theirs['min_ms'] / row['min_ms'], theirs['median_ms'] / row['median_ms']
            tail = f'   {speed[0]:>5.2f} {speed[1]:>7.2f}'
        else:
            tail = f'   difference {s["difference"]:.1e}'
        print(f'{head}  {name:<12}{row["min_ms"]:>10.3f}{row["median_ms"]:>10.3f}'
              f'{row["load_ms"]:>10.1f}{row["peak_mb"]:>9.1f}{tail}', flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder')
    parser.add_argument('--list', default=HERE / 'models.txt')
    parser.add_argument('--hone', default='hone')
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=1.0)
    parser.add_argument('--only', default='')
    parser.add_argument('--json')
    return parser.parse_args()


def main():
    options = parse()
    wanted = set(filter(None, options.only.split(',')))
    summaries, failed = [], 0
    print_head()
    for model in read_list(options.list, options.folder):
        if wanted and model.name not in wanted:
            continue
        for threads in map(int, options.threads.split(',')):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    contest = Contest(options, model, threads, folder)
                    contest.play()
                    summaries.append(contest.summary())
                    print_summary(summaries[-1])
                except RuntimeError as error:
                    failed += 1
                    print(f'{model.name:<15}{threads:>7}  {error}', flush=True)
    if summaries:
        print(f'largest difference: {max(s["difference"] for s in summaries):.1e}')
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(summaries, indent=1) + '\n', encoding='utf-8')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
