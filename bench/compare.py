#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures hone beside ONNX Runtime, or beside other peers; see --help, which is in compare_options.py."""
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
import peer_process  # noqa: E402
from compare_maths import HONE, HONES  # noqa: E402
from compare_options import parse  # noqa: E402
from compare_report import markdown, print_head, print_summary, print_totals  # noqa: E402
from model_files import FileModels  # noqa: E402
from model_list import call, read_list, scaled_difference, write_inputs  # noqa: E402


class Contest:
    """One model with a number of threads: who takes part, and what was measured."""

    def __init__(self, options, model, threads, folder):
        self.options = options
        self.model = model
        self.threads = threads
        self.folder = folder
        inputs = write_inputs(options.hone, model, folder)
        self.input_options = [f'--input={name}={file}' for name, file in inputs.items()]
        self.imported = os.path.join(folder, 'model.hone')
        call(options.hone, 'import', '--quiet', model.path, '-o', self.imported)
        self.outputs = self.run_hone()
        self.write_ports(inputs)
        self.results = {name: [] for name in (*HONES, *options.peers)}
        self.files, self.refusals = {}, {}
        for peer in options.peers:
            self.convert(peer)

    def run_hone(self):
        """name -> file, of hone's own outputs: what the peers' are compared with."""
        folder = os.path.join(self.folder, 'hone')
        document = json.loads(call(
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
        return json.loads(call(
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
    summary = {'model': model.name, 'inputs': model.inputs, 'threads': threads, 'rounds': options.rounds}
    with tempfile.TemporaryDirectory() as folder:
        try:
            played = Contest(options, model, threads, folder)
            played.play()
            return summary | played.summary()
        except RuntimeError as error:
            return summary | {'failed': str(error)}


def find_models(options):
    """All models to measure; a folder brings those of the list, a file itself."""
    files = FileModels(options.hone, dict(options.dim), dict(options.input))
    models = []
    for path in options.models:
        if path.is_dir():
            models += [m for m in read_list(options.list, path) if not options.only or m.name in options.only]
        else:
            models.append(files.model(path))
    if files.unused:
        sys.exit(f'compare.py: no FILE has a dimension or input {", ".join(sorted(files.unused))}')
    if not models:
        sys.exit('compare.py: nothing to measure: no model of the list is there')
    return models


def save(options, summaries):
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(summaries, indent=1) + '\n', encoding='utf-8')
    if options.markdown:
        pathlib.Path(options.markdown).write_text(markdown(summaries), encoding='utf-8')


def main(arguments=None):
    options = parse(arguments)
    if not shutil.which(options.hone):
        sys.exit(f'compare.py: there is no program {options.hone}: expected --hone PROGRAM')
    models = find_models(options)
    summaries = []
    print_head()
    for model in models:
        for threads in options.threads:
            summaries.append(contest(options, model, threads))
            print_summary(summaries[-1])
            save(options, summaries)  # each time: what is measured is not lost with what comes after it
    print_totals(summaries)
    if options.markdown:
        print(f'tables: {options.markdown}')
    return 1 if any('failed' in s for s in summaries) else 0


if __name__ == '__main__':
    sys.exit(main())
