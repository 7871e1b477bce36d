# SPDX-License-Identifier: Apache-2.0
"""Calls the workers of bench/peers: a fresh process for every question (see bench/peers/worker.py)."""
import json
import os
import pathlib
import signal
import subprocess
import sys

WORKERS = pathlib.Path(__file__).resolve().parent / 'peers'
# No conversion and no measurement takes this long; a peer that hangs must not hold up the others.
PATIENCE_SECONDS = 600


class Refused(Exception):
    """A peer cannot do this model; the text says why."""


def peer_names():
    return sorted(path.stem.removesuffix('_worker') for path in WORKERS.glob('*_worker.py'))


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][-300:] if lines else ''


def death(code):
    return f'ends with {code}' if code > 0 else f'dies of {signal.Signals(-code).name}'


def contained():
    """The environment of workers. Peers come with programs that call whatever pip is first on the path, to
    install what reports their use: it is to be that of this Python, and to find nothing."""
    path = os.pathsep.join((str(pathlib.Path(sys.executable).parent), os.environ.get('PATH', os.defpath)))
    return os.environ | {'PATH': path, 'PIP_NO_INDEX': '1', 'PIP_REQUIRE_VIRTUALENV': '1'}


def ask(peer, *arguments):
    """What the worker answers. A peer that crashes refuses: its faults are findings, not failures of ours."""
    command = [sys.executable, WORKERS / f'{peer}_worker.py', *map(str, arguments)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors='replace', check=False,
                                env=contained(), timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Refused(f'no answer in {PATIENCE_SECONDS} s') from error
    said = last_line(result.stderr)
    if result.returncode != 0:
        raise Refused(f'{death(result.returncode)}{": " + said if said else ""}')
    answer = json.loads(result.stdout)
    if 'refuses' in answer:
        raise Refused(f'{answer["refuses"]}{": " + said if said else ""}')
    return answer


def convert(peer, model, folder, cache):
    return ask(peer, 'convert', model, folder, cache)['file']


def measure(peer, file, threads, seconds, folder):
    return ask(peer, 'measure', file, threads, seconds, folder)
