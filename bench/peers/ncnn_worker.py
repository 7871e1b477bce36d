# SPDX-License-Identifier: Apache-2.0
"""ncnn, through its converter pnnx; see worker.py."""
import importlib.metadata
import importlib.util
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from worker import Peer, Refusal, cached, main, np  # noqa: E402

# In the sample program that pnnx writes: the outputs, and which axis of what is the batch, if any.
INPUT_BATCH = re.compile(r'ncnn\.Mat\(in(\d+)\.numpy\(\), batch_index=(\d+)\)')
OUTPUT_BATCH = re.compile(r'out(\d+)\.numpy\(batch_index=(\d+)\)')
OUTPUT = re.compile(r'ex\.extract\("(out\d+)"\)')


def batch_axes(pattern, sample):
    """index -> the arguments that say so"""
    return {int(index): {'batch_index': int(axis)} for index, axis in pattern.findall(sample)}


def pnnx_program():
    # Not through import: the package wants torch for other uses.
    spec = importlib.util.find_spec('pnnx')
    if not spec:
        raise ImportError('pnnx')
    return pathlib.Path(spec.origin).parent / 'pnnx'


def last_words(text):
    """Passes of pnnx announce themselves between number signs."""
    lines = [line.strip() for line in text.splitlines() if line.strip(' #')]
    return lines[-1].strip('# ') if lines else ''


class Ncnn(Peer):
    name = 'ncnn'
    package = 'ncnn'

    def convert(self, model, ports, cache):
        files = ','.join(str(file) for file in ports.inputs.values())
        key = [importlib.metadata.version('pnnx')]
        key += [(str(array.dtype), array.shape) for array in ports.arrays().values()]
        return cached(cache, self, model, key,
                      lambda folder: self.call_pnnx(model, files, folder)) / 'model.ncnn.param'

    @staticmethod
    def call_pnnx(model, files, folder):
        # It writes beside what it reads.
        (folder / 'model.onnx').symlink_to(pathlib.Path(model).resolve())
        result = subprocess.run([pnnx_program(), 'model.onnx', f'input={files}', 'fp16=0'], cwd=folder,
                                capture_output=True, text=True, errors='replace', check=False)
        if result.returncode != 0 or not (folder / 'model.ncnn.param').exists():
            end = 'crashes' if result.returncode < 0 else f'ends with {result.returncode}'
            raise Refusal(f'pnnx {end}: {last_words(result.stdout + result.stderr)}')
        for file in folder.iterdir():
            if file.name not in ('model.ncnn.param', 'model.ncnn.bin', 'model_ncnn.py'):
                file.unlink()

    def load(self, path, threads, inputs, output_names):
        import ncnn
        folder = pathlib.Path(path).parent
        sample = (folder / 'model_ncnn.py').read_text(encoding='utf-8')
        self.net = ncnn.Net()
        option = self.net.opt
        option.num_threads = threads
        for name in dir(option):
            if name.startswith(('use_fp16', 'use_bf16', 'use_vulkan', 'use_int8')):
                setattr(option, name, False)
        if self.net.load_param(path) != 0 or self.net.load_model(str(folder / 'model.ncnn.bin')) != 0:
            raise Refusal('it does not load what pnnx makes')
        batch = batch_axes(INPUT_BATCH, sample)
        self.feeds = []
        for index, array in enumerate(inputs.values()):
            array = array.astype(np.int32) if array.dtype.kind in 'iub' else array
            mat = ncnn.Mat(np.ascontiguousarray(array), **batch.get(index, {})).clone()
            self.feeds.append((f'in{index}', mat))
        self.output_names = OUTPUT.findall(sample)
        self.output_batch = batch_axes(OUTPUT_BATCH, sample)

    def run(self):
        with self.net.create_extractor() as extractor:
            for name, mat in self.feeds:
                extractor.input(name, mat)
            self.results = []
            for name in self.output_names:
                status, mat = extractor.extract(name)
                if status != 0:
                    raise Refusal(f'extracting {name} fails with {status}')
                self.results.append(mat)

    def outputs(self):
        return [mat.numpy(**self.output_batch.get(index, {})).copy()
                for index, mat in enumerate(self.results)]


if __name__ == '__main__':
    main(Ncnn())
