# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime, with its defaults; see worker.py."""
import sys

sys.dont_write_bytecode = True
from worker import Peer, main  # noqa: E402


class OnnxRuntime(Peer):
    name = 'onnxruntime'
    package = 'onnxruntime'

    def load(self, path, threads, inputs, output_names):
        import onnxruntime as ort
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        self.inputs = inputs
        self.output_names = output_names

    def run(self):
        self.results = self.session.run(self.output_names, self.inputs)

    def outputs(self):
        return self.results


if __name__ == '__main__':
    main(OnnxRuntime())
