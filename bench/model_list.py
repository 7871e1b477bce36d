# SPDX-License-Identifier: Apache-2.0
"""Reads lists of models (bench/models.txt) and makes the inputs that they ask for."""
import pathlib
import re
import zlib

import numpy as np

# Differences count relative to the largest magnitude, or to this: probabilities of next to nothing are
# as good as 0.
LEAST_SCALE = 0.01

DTYPES = {'tensor(float)': np.float32, 'tensor(double)': np.float64, 'tensor(float16)': np.float16,
          'tensor(int64)': np.int64, 'tensor(int32)': np.int32, 'tensor(uint8)': np.uint8,
          'tensor(int8)': np.int8, 'tensor(bool)': np.bool_}
SHAPE = re.compile(r'^(\d+(?:x\d+)*)(?::(-?\d+)\.\.(-?\d+))?$')


class Model:
    def __init__(self, name, path, inputs):
        self.name = name
        self.path = path
        self.inputs = inputs  # name -> what the list says


def read_list(path, folder):
    """The models of a list whose files are in the folder."""
    models = []
    for line in pathlib.Path(path).read_text(encoding='utf-8').splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        name, file, *inputs = line.split()
        if (pathlib.Path(folder) / file).exists():
            models.append(Model(name, str(pathlib.Path(folder) / file),
                                dict(entry.split('=', 1) for entry in inputs)))
    return models


def make_input(name, text, dtype):
    """The array that the text asks for; the same name always gives the same numbers."""
    if text.startswith('@'):
        values = np.array([float(v) for v in text[1:].split(',')]).astype(dtype)
        return values[0] if len(values) == 1 else values
    match = SHAPE.match(text)
    if not match:
        raise ValueError(f'{name}={text}: expected SHAPE, SHAPE:LOW..HIGH or @VALUES')
    shape = [int(d) for d in match.group(1).split('x')]
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if match.group(2):
        return random.integers(int(match.group(2)), int(match.group(3)), shape).astype(dtype)
    return random.standard_normal(shape).astype(dtype)


def write_inputs(model, folder):
    """Writes FOLDER/NAME.npy for every input; returns name -> file."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.path, options, providers=['CPUExecutionProvider'])
    files = {}
    for port in session.get_inputs():
        array = make_input(port.name, model.inputs[port.name], DTYPES[port.type])
        files[port.name] = str(pathlib.Path(folder) / f'{port.name.replace("/", "_")}.npy')
        np.save(files[port.name], array)
    return files


def scaled_difference(ours, theirs):
    """The largest |ours - theirs| relative to the largest magnitude; infinite for other shapes."""
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if ours.shape != theirs.shape:
        return float('inf')
    if theirs.size == 0:
        return 0.0
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), LEAST_SCALE))
