# SPDX-License-Identifier: Apache-2.0
"""OpenVINO on the processor, compiled for the shapes of the inputs; see worker.py."""
import sys

sys.dont_write_bytecode = True
from worker import Peer, Refusal, main  # noqa: E402


class OpenVino(Peer):
    name = 'openvino'
    package = 'openvino'

    def load(self, path, threads, inputs, output_names):
        import openvino as ov
        core = ov.Core()
        try:
            model = core.read_model(path)
            model.reshape({name: list(array.shape) for name, array in inputs.items()})
            compiled = core.compile_model(model, 'CPU', {
                'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY',
                'NUM_STREAMS': '1', 'INFERENCE_NUM_THREADS': threads})
        except RuntimeError as error:
            raise Refusal(telling_line(str(error))) from error
        self.request = compiled.create_infer_request()
        for name, array in inputs.items():
            self.request.set_tensor(name, ov.Tensor(array))
        self.ports = [compiled.output(name) for name in output_names]

    def run(self):
        self.request.infer()

    def outputs(self):
        return [self.request.get_tensor(port).data.copy() for port in self.ports]


def telling_line(text):
    """Errors are pages of places in its source; the reason is the last line that is none."""
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line and not line.startswith('Check ')), text)


if __name__ == '__main__':
    main(OpenVino())
