# SPDX-License-Identifier: Apache-2.0
"""Real models: hone beside ONNX Runtime, and hone beside itself.

usage: models_test.py --hone PROGRAM FOLDER

For every model of bench/models.txt that is in FOLDER: the outputs agree with ONNX Runtime's; two
threads, a .hone file instead of the .onnx file, and a second run give the same bits; without
optimisation and with scalar kernels they stay close, and so they do without any one pass and with
any one pass alone.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

sys.dont_write_bytecode = True
BENCH = pathlib.Path(__file__).resolve().parents[2] / 'bench'
sys.path.insert(0, str(BENCH))
from model_list import read_list, scaled_difference, write_inputs  # noqa: E402

CLOSE = 1e-4  # of the largest magnitude of an output


class ModelTest:
    def __init__(self, hone, model, folder):
        self.hone = hone
        self.model = model
        self.folder = folder
        self.files = write_inputs(hone, model, folder)
        self.runs = 0

    def call(self, *command):
        result = subprocess.run([self.hone, *command], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(result.stderr.strip())

    def run_hone(self, path, *options):
        """All outputs, in the order of their files' names."""
        self.runs += 1
        out = os.path.join(self.folder, f'out{self.runs}')
        self.call('run', '--quiet', f'--output-dir={out}', *options,
                  *(f'--input={name}={file}' for name, file in self.files.items()), path)
        return {name: np.load(os.path.join(out, name)) for name in sorted(os.listdir(out))}

    def reference(self):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(self.model.path, options,
                                               providers=['CPUExecutionProvider'])
        values = session.run(None, {name: np.load(file) for name, file in self.files.items()})
        return [np.asarray(v) for v in values], [port.name for port in session.get_outputs()]

    @staticmethod
    def close(ours, theirs, what):
        difference = scaled_difference(ours, theirs)
        if not difference <= CLOSE:
            raise AssertionError(f'{what}: differs by {difference:.2g} of the largest value')

    def check_reference(self, outputs):
        values, names = self.reference()
        for value, name in zip(values, names):
            file = ''.join(c if c.isalnum() or c in '-_.' else '_' for c in name) + '.npy'
            self.close(outputs[file], value, f'output {name} beside onnxruntime')

    def check_same(self, outputs, other, what):
        for file, value in outputs.items():
            if value.tobytes() != other[file].tobytes():
                raise AssertionError(f'{what}: {file} has other bits')

    def check_close(self, outputs, other, what):
        for file, value in outputs.items():
            self.close(other[file], value, f'{what}: {file}')

    def check_passes(self, outputs):
        """Those that change the model, on and off."""
        text = subprocess.run([self.hone, 'inspect', '--quiet', '--json', '--passes', self.model.path],
                              capture_output=True, text=True, check=True).stdout
        changed = {p['name'] for p in json.loads(text)['passes'] if p['changes']}
        for name in sorted(changed):
            for passes in (name, '-' + name):
                self.check_close(outputs, self.run_hone(self.model.path, f'--passes={passes}'),
                                 f'--passes={passes}')

    def check(self):
        path = self.model.path
        imported = os.path.join(self.folder, 'model.hone')
        outputs = self.run_hone(path, '--threads=1')
        self.check_reference(outputs)
        self.check_same(outputs, self.run_hone(path, '--threads=2'), 'two threads')
        self.check_same(outputs, self.run_hone(path, '--threads=2', '--runs=3'), 'a third run')
        self.call('import', '--quiet', path, '-o', imported)
        self.check_same(outputs, self.run_hone(imported, '--threads=1'), 'from a .hone file')
        self.check_close(outputs, self.run_hone(path, '--no-optimize'), 'without optimisation')
        self.check_close(outputs, self.run_hone(path, '--isa=scalar'), 'scalar kernels')
        self.check_passes(outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--hone', required=True)
    parser.add_argument('--list', default=BENCH / 'models.txt')
    parser.add_argument('folder')
    options = parser.parse_args()
    passed = failed = 0
    for model in read_list(options.list, options.folder):
        with tempfile.TemporaryDirectory() as folder:
            try:
                ModelTest(options.hone, model, folder).check()
                passed += 1
                print(f'ok      {model.name}', flush=True)
            except AssertionError as error:
                failed += 1
                print(f'FAILED  {model.name}: {error}', flush=True)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
