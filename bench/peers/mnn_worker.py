# SPDX-License-Identifier: Apache-2.0
"""MNN, through its converter and its Module interface, which has control flow; see worker.py.

The converter is called where it lies. The program around it, mnnconvert, would report each use to its
makers, and install what it needs for that into whichever Python comes first.
"""
import sys

sys.dont_write_bytecode = True
from worker import Peer, Refusal, cached, main  # noqa: E402

# What it computes with; wider and narrower integers are converted, as its converter does with inputs.
DTYPES = {'f': 'float32', 'i': 'int32', 'u': 'int32', 'b': 'int32'}


class Mnn(Peer):
    name = 'mnn'
    package = 'MNN'

    def convert(self, model, ports, cache):
        return cached(cache, self, model, '', lambda folder: self.call_converter(model, folder)) / 'model.mnn'

    @staticmethod
    def call_converter(model, folder):
        import _tools
        _tools.mnnconvert(['mnnconvert', '-f', 'ONNX', '--modelFile', model, '--MNNModel',
                           str(folder / 'model.mnn'), '--bizCode', 'hone'])
        if not (folder / 'model.mnn').exists():
            raise Refusal('its converter makes no file')

    def load(self, path, threads, inputs, output_names):
        from MNN import expr, nn
        # load_module_from_file takes threads and precision too, and then does not keep to them.
        manager = nn.create_runtime_manager(
            ({'backend': 'CPU', 'precision': 'high', 'numThread': threads},))
        self.module = nn.load_module_from_file(path, list(inputs), output_names, runtime_manager=manager)
        kinds = {'float32': expr.float, 'int32': expr.int}
        self.inputs = []
        for array in inputs.values():
            kind = DTYPES[array.dtype.kind]
            self.inputs.append(expr.const(array.astype(kind), list(array.shape), expr.NCHW,
                                          kinds[kind]))

    def run(self):
        self.results = self.module.onForward(self.inputs)
        # Results are made when they are read, and not before.
        self.arrays = [result.read() for result in self.results]

    def outputs(self):
        if not self.arrays:
            raise Refusal('gives no results')
        return [array.copy() for array in self.arrays]


if __name__ == '__main__':
    main(Mnn())
