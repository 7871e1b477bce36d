# SPDX-License-Identifier: Apache-2.0
"""What the workers have in common: one peer, one model, a process of its own, a line of JSON.

usage: NAME_worker.py convert MODEL FOLDER CACHE
       NAME_worker.py measure FILE THREADS SECONDS FOLDER

FOLDER holds ports.json, {"inputs": {NAME: FILE}, "outputs": [NAME]} in the order of the model, with the
inputs as .npy files. "convert" answers {"file": FILE}: what "measure" is to load, the model itself or a file
in CACHE that stays there. "measure" answers as `hone bench --json` does, writes the outputs
of the first run to FOLDER/NAME_INDEX.npy, and lists them. What the peer cannot do it answers with
{"refuses": REASON}; how it fails otherwise is for the caller to see: an exit code, a signal, text on stderr.

Converting is a process apart, so that it does not count as memory. Memory counts from before the peer
is loaded, so that Python's own share is left out.
"""
import hashlib
import importlib.metadata
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

# Threads of numpy's own spin for a while after it is loaded, beside the peer that is measured.
os.environ['OPENBLAS_NUM_THREADS'] = '1'
import numpy as np  # noqa: E402

WARMUP = 3
LEAST_RUNS = 3


class Refusal(Exception):
    """The peer cannot run this model; the text says why."""


class Peer:
    """What each worker fills in. `run` alone is timed again and again, with inputs that stay the same."""

    name = ''      # in --peers
    package = ''   # of pip

    def convert(self, model, ports, cache):
        """The file to load; whatever it takes to get there is not measured."""
        del ports, cache
        return model

    def load(self, path, threads, inputs, output_names):
        raise NotImplementedError

    def run(self):
        """Runs once, to the end."""
        raise NotImplementedError

    def outputs(self):
        """The arrays of the last run, in the order of the model's outputs."""
        raise NotImplementedError

    def version(self):
        return importlib.metadata.version(self.package)


class Ports:
    """The inputs (name -> file) and names of outputs of a model."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        document = json.loads((self.folder / 'ports.json').read_text(encoding='utf-8'))
        self.inputs = {name: self.folder / file for name, file in document['inputs'].items()}
        self.outputs = document['outputs']

    def arrays(self):
        return {name: np.load(file) for name, file in self.inputs.items()}


def cached(cache, peer, model, key, make):
    """The folder in the cache that make(folder) has filled, now or in another run. It appears there only when
    that has gone well, so that half a conversion is never found."""
    digest = hashlib.sha256(f'{peer.version()} {key}'.encode())
    digest.update(pathlib.Path(model).read_bytes())
    folder = pathlib.Path(cache) / f'{pathlib.Path(model).stem}-{peer.name}-{digest.hexdigest()[:16]}'
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as unfinished:
            made = pathlib.Path(unfinished) / 'made'
            made.mkdir()
            make(made)
            if not folder.is_dir():  # another run may have been faster
                made.rename(folder)
    return folder


def peak_bytes():
    for line in pathlib.Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) * 1024
    return 0


def now_ms():
    return time.perf_counter_ns() / 1e6


def timed(function, *arguments):
    start = now_ms()
    function(*arguments)
    return now_ms() - start


def measure(peer, path, threads, seconds, folder):
    ports = Ports(folder)
    before = peak_bytes()
    inputs = ports.arrays()
    load = timed(peer.load, path, int(threads), inputs, ports.outputs)
    first = timed(peer.run)
    files = []
    for index, output in enumerate(peer.outputs()):
        files.append(str(ports.folder / f'{peer.name}_{index}.npy'))
        np.save(files[-1], np.asarray(output))
    for _ in range(WARMUP):
        peer.run()
    times = []
    start, processor_start = now_ms(), time.process_time()
    end = start + float(seconds) * 1e3
    while now_ms() < end or len(times) < LEAST_RUNS:
        times.append(timed(peer.run))
    processors = (time.process_time() - processor_start) * 1e3 / (now_ms() - start)
    return {'version': peer.version(), 'load_ms': load, 'first_run_ms': first,
            'peak_memory_bytes': peak_bytes() - before, 'processors': processors,
            'latency_ms': {'min': min(times), 'p50': statistics.median_low(times)},
            'runs': len(times), 'outputs': files}


def answer(peer, arguments):
    try:
        if arguments[0] == 'convert':
            model, folder, cache = arguments[1:]
            return {'file': str(peer.convert(model, Ports(folder), cache))}
        return measure(peer, *arguments[1:])
    except ImportError as error:
        return {'refuses': f'not installed ({error})'}
    except importlib.metadata.PackageNotFoundError:
        return {'refuses': f'not installed (no package {peer.package})'}
    except Refusal as error:
        return {'refuses': str(error)}


def main(peer):
    if len(sys.argv) != {'convert': 5, 'measure': 6}.get(sys.argv[1] if sys.argv[1:] else ''):
        sys.exit(__doc__)
    # Peers print what they like to stdout; the answer alone belongs there.
    stdout = os.dup(1)
    os.dup2(2, 1)
    text = json.dumps(answer(peer, sys.argv[1:])) + '\n'
    os.write(stdout, text.encode())
    sys.stderr.flush()
    # Without taking the peer apart: some crash at that, which is not the question here.
    os._exit(0)
