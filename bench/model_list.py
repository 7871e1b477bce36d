# SPDX-License-Identifier: Apache-2.0
"""Reads lists of models (bench/models.txt) and makes the inputs that they ask for."""
import json
import pathlib
import re
import subprocess
import zlib

import numpy as np

# Differences count relative to the largest magnitude, or to this: probabilities of next to nothing are
# as good as 0.
LEAST_SCALE = 0.01

# No dimensions at all are a single number.
SHAPE = re.compile(r'^(\d+(?:x\d+)*)?(?::(-?\d+)\.\.(-?\d+))?$')


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
    shape = [int(d) for d in match.group(1).split('x')] if match.group(1) else []
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if match.group(2):
        return np.asarray(random.integers(int(match.group(2)), int(match.group(3)), shape)).astype(dtype)
    return np.asarray(random.standard_normal(shape)).astype(dtype)


def call(*command):
    """What the command prints; if it fails, the end of what it says is the error."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError((result.stderr or result.stdout).strip()[-500:])
    return result.stdout


def signature(hone, path):
    """The inputs as the file declares them: [{"name", "dtype", "shape"}]. Dimensions that it leaves open are
    names or None; so is the shape, where even their number is open."""
    return json.loads(call(hone, 'inspect', '--json', '--quiet', '--no-optimize', path))['inputs']


def write_inputs(hone, model, folder):
    """Writes a .npy file into the folder for every input; returns name -> file."""
    files = {}
    for index, port in enumerate(signature(hone, model.path)):
        name = port['name']
        if name not in model.inputs:
            raise RuntimeError(f"nothing says what input '{name}' should be")
        try:
            array = make_input(name, model.inputs[name], np.dtype(port['dtype']))
        except (TypeError, ValueError) as error:
            raise RuntimeError(f"no input '{name}' can be made: {error}") from error
        files[name] = str(pathlib.Path(folder) / f'input_{index}.npy')
        np.save(files[name], array)
    return files


def scaled_difference(ours, theirs):
    """The largest |ours - theirs| relative to the largest magnitude; infinite for other shapes."""
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if ours.shape != theirs.shape:
        return float('inf')
    if theirs.size == 0:
        return 0.0
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), LEAST_SCALE))
