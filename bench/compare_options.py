# SPDX-License-Identifier: Apache-2.0
"""Measures hone beside ONNX Runtime, or beside other peers.

A FOLDER holds model files that the list names (bench/models.txt, or --list); those that are missing are
left out. A FILE is any .onnx file: its inputs follow from what it declares, with 1 for dimensions that it
leaves open (--dim NAME=N), random numbers for floats, 0 and 1 for integers (--input NAME=TEXT, as in a list).

    compare.py --peers onnxruntime,openvino bert.onnx --dim batch=1 --dim seq=128 --input ids=1x128:0..30000

Every measurement is a fresh process. Rounds are interleaved and change the order, so that a busy moment of the
machine meets all alike; a time is the least, or the median, over the rounds. hone is measured
twice: from the .onnx file and from the .hone file that it imports it to; peers load what they convert the
model to, which the cache keeps. Load is opening the file and the first run, together. Speed is the fastest
peer's time over hone's, of the least and of the median times. The difference is the largest
|hone - peer| over the largest |value|; a peer that differs too much is never the fastest. A peer that cannot
do a model refuses it, with its reason, and is left out of it: only what hone cannot do is a failure.

Peers are those of bench/peers, as far as the Python that runs this has them; bench/peers/measure.sh runs this
with all of them.
"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
from peer_process import peer_names  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parent / '.cache' / 'converted'


def name_list(text):
    return list(dict.fromkeys(filter(None, text.split(','))))


def peer_list(text):
    known = peer_names()
    if text == 'all':
        return known
    for name in name_list(text):
        if name not in known:
            raise argparse.ArgumentTypeError(f'there is no peer {name!r}; there are {", ".join(known)}')
    return name_list(text)


def at_least(low, kind):
    def number(text):
        if not kind(text) >= low:
            raise argparse.ArgumentTypeError(f'expected {low} or more, got {text}')
        return kind(text)
    number.__name__ = 'number'  # what argparse calls it in its errors
    return number


def thread_list(text):
    return [at_least(1, int)(number) for number in text.split(',')]


def pair(text):
    name, equals, value = text.partition('=')
    if not name or not equals:
        raise argparse.ArgumentTypeError(f'expected NAME=VALUE, got {text!r}')
    return name, value


def dimension(text):
    name, value = pair(text)
    return name, at_least(0, int)(value)


def existing(text):
    path = pathlib.Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f'there is no {text}')
    return path


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, prog='compare.py',
                                     usage='%(prog)s [OPTION...] FOLDER|FILE...',
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('models', nargs='+', type=existing, metavar='FOLDER|FILE')
    add('--list', type=existing, default=HERE / 'models.txt', metavar='FILE',
        help='what is in folders, and its inputs (default: bench/models.txt)')
    add('--only', type=name_list, default='', metavar='NAME,...', help='of the list, only these models')
    add('--dim', type=dimension, action='append', default=[], metavar='NAME=N',
        help='a dimension that files leave open')
    add('--input', type=pair, action='append', default=[], metavar='NAME=TEXT',
        help='an input of files: SHAPE, SHAPE:LOW..HIGH or @VALUE,... as in bench/models.txt')
    add('--peers', type=peer_list, default='onnxruntime', metavar='NAME,...',
        help=f'all, or of {", ".join(peer_names())} (default: onnxruntime)')
    add('--threads', type=thread_list, default='1,2', metavar='N,...', help='(default: 1,2)')
    add('--rounds', type=at_least(1, int), default=5, metavar='N', help='(default: 5)')
    add('--seconds', type=at_least(0.001, float), default=1.0, metavar='S',
        help='of each measurement; at least 3 runs (default: 1)')
    add('--hone', default='hone', metavar='PROGRAM', help='(default: hone)')
    add('--cache', default=CACHE, metavar='DIR',
        help="where the peers' own formats are kept (default: .cache/converted of the project)")
    add('--json', metavar='FILE', help='write all figures there')
    add('--markdown', metavar='FILE', help='write tables there')
    return parser.parse_intermixed_args(arguments)


if __name__ == '__main__':  # a check of options, which needs nothing but Python itself
    parse(sys.argv[1:])
