#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures hone beside ONNX Runtime, or beside other peers.

    compare.py [--list FILE] [--hone PROGRAM] [--threads 1,2] [--rounds N] [--seconds S]
               [--only NAME,...] [--peers NAME,...] [--cache DIR] [--json FILE] [--markdown FILE] FOLDER

FOLDER holds the model files that the list names; those that are missing are left out. Every
measurement is a fresh process. Rounds are interleaved and change the order, so that a busy moment of the
machine meets all alike; a time is the least, or the median, over the rounds. hone is measured
twice: from the .onnx file and from the .hone file that it imports it to; peers load what they convert the
model to, which the cache keeps. Load is opening the file and the first run, together. Speed is the fastest
peer's time over hone's, of the least and of the median times. The difference is the largest
|hone - peer| over the largest |value|; a peer that differs too much is never the fastest. A peer that cannot
do a model refuses it, with its reason, and is left out of it: only what hone cannot do is a failure.

Peers are those of bench/peers, as far as the Python that runs this has them (bench/peers/install.sh).
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
import peer_process  # noqa: E402
from compare_maths import HONE, HONES  # noqa: E402
from compare_report import markdown, print_head, print_summary, print_totals  # noqa: E402
from model_list import read_list, scaled_difference, write_inputs  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parent / '.cache' / 'converted'


class Contest:
    """One model with a number of threads: who takes part, and what was measured."""

    def __init__(self, options, model, threads, folder):
        self.options = options
        self.model = model
        self.threads = threads
        self.folder = folder
        inputs = write_inputs(model, folder)
        self.input_options = [f'--input={name}={file}' for name, file in inputs.items()]
        self.imported = os.path.join(folder, 'model.hone')
        self.call(options.hone, 'import', '--quiet', model.path, '-o', self.imported)
        self.outputs = self.run_hone()
        self.write_ports(inputs)
        self.results = {name: [] for name in (*HONES, *options.peers)}
        self.files, self.refusals = {}, {}
        for peer in options.peers:
            self.convert(peer)

    @staticmethod
    def call(*command):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError((result.stderr or result.stdout).strip()[-500:])
        return result.stdout

    def run_hone(self):
        """name -> file, of hone's own outputs: what the peers' are compared with."""
        folder = os.path.join(self.folder, 'hone')
        document = json.loads(self.call(
            self.options.hone, 'run', '--json', '--quiet', f'--threads={self.threads}',
            f'--output-dir={folder}', *self.input_options, self.model.path))
        return {output['name']: output['file'] for output in document['outputs']}

    def write_ports(self, inputs):
        document = {'inputs': inputs, 'outputs': list(self.outputs)}
        pathlib.Path(self.folder, 'ports.json').write_text(json.dumps(document), encoding='utf-8')

    def convert(self, peer):
        try:
            self.files[peer] = peer_process.convert(peer, self.model.path, self.folder, self.options.cache)
        except peer_process.Refused as error:
            self.refusals[peer] = str(error)

    def measure_hone(self, path):
        return json.loads(self.call(
            self.options.hone, 'bench', '--json', '--quiet', f'--threads={self.threads}',
            f'--duration={self.options.seconds}', *self.input_options, path))

    def measure(self, contestant):
        if contestant in HONES:
            return self.measure_hone(self.imported if contestant == HONE else self.model.path)
        return peer_process.measure(contestant, self.files[contestant], self.threads,
                                    self.options.seconds, self.folder)

    def play(self):
        for number in range(self.options.rounds):
            for contestant in list(self.results)[::1 if number % 2 == 0 else -1]:
                if contestant in self.refusals:
                    continue
                try:
                    self.results[contestant].append(self.measure(contestant))
                except peer_process.Refused as error:
                    self.refusals[contestant] = str(error)

    def difference(self, files):
        """The largest scaled difference over the outputs, by position."""
        if len(files) != len(self.outputs):
            return float('inf')
        return max((scaled_difference(np.load(ours), np.load(theirs))
                    for ours, theirs in zip(self.outputs.values(), files)), default=0.0)

    def row(self, contestant):
        if contestant in self.refusals:
            return {'refuses': self.refusals[contestant]}
        rounds = self.results[contestant]
        row = {'version': rounds[0]['version'],
               'min_ms': min(r['latency_ms']['min'] for r in rounds),
               'median_ms': statistics.median(r['latency_ms']['p50'] for r in rounds),
               'load_ms': min(r['load_ms'] + r['first_run_ms'] for r in rounds),
               'peak_mb': min(r['peak_memory_bytes'] for r in rounds) / 1e6}
        if contestant not in HONES:
            row['difference'] = self.difference(rounds[-1]['outputs'])
            row['processors'] = max(r['processors'] for r in rounds)
        return row

    def summary(self):
        return {'contestants': {name: self.row(name) for name in self.results}}


def contest(options, model, threads):
    """The summary of one contest, whether hone could do the model or not."""
    summary = {'model': model.name, 'threads': threads, 'rounds': options.rounds}
    with tempfile.TemporaryDirectory() as folder:
        try:
            played = Contest(options, model, threads, folder)
            played.play()
            return summary | played.summary()
        except RuntimeError as error:
            return summary | {'failed': str(error)}


def peer_list(text):
    known = peer_process.peer_names()
    names = list(dict.fromkeys(text.split(',')))
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f'there is no peer {name!r}; there are {", ".join(known)}')
    return names


def thread_list(text):
    return [int(number) for number in text.split(',')]


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder')
    parser.add_argument('--list', default=HERE / 'models.txt')
    parser.add_argument('--hone', default='hone')
    parser.add_argument('--threads', type=thread_list, default='1,2')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=1.0)
    parser.add_argument('--only', default='')
    parser.add_argument('--peers', type=peer_list, default='onnxruntime')
    parser.add_argument('--cache', default=CACHE)
    parser.add_argument('--json')
    parser.add_argument('--markdown')
    return parser.parse_args(arguments)


def save(path, text):
    pathlib.Path(path).write_text(text, encoding='utf-8')


def main():
    options = parse()
    wanted = set(filter(None, options.only.split(',')))
    summaries = []
    print_head()
    for model in read_list(options.list, options.folder):
        if wanted and model.name not in wanted:
            continue
        for threads in options.threads:
            summaries.append(contest(options, model, threads))
            print_summary(summaries[-1])
    print_totals(summaries)
    if options.json:
        save(options.json, json.dumps(summaries, indent=1) + '\n')
    if options.markdown:
        save(options.markdown, markdown(summaries))
    return 1 if any('failed' in s for s in summaries) else 0


if __name__ == '__main__':
    sys.exit(main())
