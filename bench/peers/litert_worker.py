# SPDX-License-Identifier: Apache-2.0
"""LiteRT (TensorFlow Lite) with its default delegate, XNNPACK, for models that come as .tflite too;
see worker.py."""
import pathlib
import sys

sys.dont_write_bytecode = True
from worker import Peer, Refusal, main  # noqa: E402


class LiteRt(Peer):
    name = 'litert'
    package = 'ai-edge-litert'

    def convert(self, model, ports, cache):
        path = pathlib.Path(model).with_suffix('.tflite')
        if not path.exists():
            raise Refusal(f'there is no {path.name}')
        return path

    def load(self, path, threads, inputs, output_names):
        from ai_edge_litert.interpreter import Interpreter
        self.interpreter = Interpreter(model_path=path, num_threads=threads)
        ports = self.interpreter.get_input_details()
        if len(ports) != len(inputs):
            raise Refusal(f'the file has {len(ports)} inputs, the model {len(inputs)}')
        named = {port['name']: port for port in ports}
        feeds = []
        for index, (name, array) in enumerate(inputs.items()):
            port = named.get(name, ports[index])
            if tuple(port['shape']) != array.shape:
                self.interpreter.resize_tensor_input(port['index'], array.shape)
            feeds.append((port['index'], array.astype(port['dtype'])))
        self.interpreter.allocate_tensors()
        for index, array in feeds:
            self.interpreter.set_tensor(index, array)

    def run(self):
        self.interpreter.invoke()

    def outputs(self):
        return [self.interpreter.get_tensor(port['index'])
                for port in self.interpreter.get_output_details()]


if __name__ == '__main__':
    main(LiteRt())
