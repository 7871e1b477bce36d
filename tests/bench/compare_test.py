#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks bench/compare.py with small models and with peers made up here; no times are looked at.

usage: compare_test.py HONE
"""
import contextlib
import io
import json
import math
import pathlib
import sys
import tempfile
import unittest

import numpy as np

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ('tests/support', 'bench/peers', 'bench'):
    sys.path.insert(0, str(ROOT / folder))
import compare  # noqa: E402
import peer_process  # noqa: E402
from compare_maths import HONE, best_peer, means  # noqa: E402
from compare_report import markdown  # noqa: E402
from model_files import FileModels  # noqa: E402
from model_list import make_input  # noqa: E402
from onnx_build import FLOAT, INT64, STRING, Graph, Model  # noqa: E402
from worker import Refusal, cached  # noqa: E402

hone = 'hone'

# A peer of its own for twice(), and how it spoils the answer.
WORKER = f'''
import os, shutil, sys, time
sys.path.insert(0, {str(ROOT / 'bench' / 'peers')!r})
from worker import Peer, Refusal, main

class Fake(Peer):
    name = {{name!r}}
    def convert(self, model, ports, cache):
        {{convert}}
        return model
    def load(self, path, threads, inputs, output_names):
        self.x = inputs['x']
    def run(self):
        self.y = self.x + self.x
    def outputs(self):
        {{outputs}}
    def version(self):
        return '1'
main(Fake())
'''
GOOD = 'return [self.y]'
# name -> what it does to convert, what it gives
WORKERS = {
    'agrees': ('', GOOD),
    'other': ('', 'return [self.y * 1.01]'),
    'nan': ('', 'return [self.y * float("nan")]'),
    'more': ('', 'return [self.y, self.y]'),
    'refuses': ('raise Refusal("no such | operator")', GOOD),
    'missing': ('import no_such_package', GOOD),
    'crashes': ('', 'print("it is broken"); sys.stdout.flush(); os.abort()'),
    'hangs': ('time.sleep(60)', GOOD),
    'contained': ('assert shutil.which("python3").startswith(os.path.dirname(sys.executable)); '
                  'assert os.environ["PIP_NO_INDEX"]', GOOD),
}


def row(least, difference=0.0, processors=1.0):
    return {'version': '1', 'min_ms': least, 'median_ms': least, 'load_ms': 1.0, 'peak_mb': 1.0,
            'difference': difference, 'processors': processors}


def summary(threads=1, **peers):
    """hone takes 2 ms; peers are rows, or why they refuse."""
    rows = {name: {'refuses': value} if isinstance(value, str) else value for name, value in peers.items()}
    return {'model': 'm', 'inputs': {'x': '1x2'}, 'threads': threads, 'rounds': 1,
            'contestants': {'hone': row(3), HONE: row(2), **rows}}


class Maths(unittest.TestCase):
    def test_the_fastest_peer_did_the_same_work_with_the_same_threads(self):
        self.assertEqual(best_peer(summary(a=row(4), b=row(3))), 'b')
        self.assertEqual(best_peer(summary(a=row(4), b=row(3, difference=1e-2))), 'a')
        self.assertEqual(best_peer(summary(a=row(4), b=row(3, difference=math.nan))), 'a')
        self.assertEqual(best_peer(summary(a=row(4), b=row(3, processors=1.9))), 'a')
        self.assertEqual(best_peer(summary(threads=2, a=row(4), b=row(3, processors=1.9))), 'b')
        self.assertIsNone(best_peer(summary(a='cannot')))

    def test_means_are_geometric_and_count_what_counts(self):
        found = means([summary(a=row(4), b=row(8)), summary(a=row(1), b='cannot'),
                       summary(threads=2, a=row(6), b=row(1, difference=1))])
        self.assertEqual(found[1]['a'], (1.0, 2))
        self.assertEqual(found[1]['b'], (4.0, 1))
        self.assertEqual(found[1]['fastest peer'], (1.0, 2))
        self.assertEqual(found[2]['b'], (None, 0))
        self.assertAlmostEqual(found[2]['fastest peer'][0], 3.0)

    def test_tables_name_the_fastest_peer_and_every_reason(self):
        failed = {'model': 'n', 'inputs': {}, 'threads': 1, 'rounds': 1, 'failed': 'out of luck'}
        text = markdown([summary(a=row(4), b='no x|y', c=row(1, difference=1)), failed])
        self.assertIn('| m | 1 | 2.000 | 4.000 | refuses | 1.000 (differs) | a | 2.00 |', text)
        self.assertIn(r'refuses: no x\|y', text)
        self.assertIn('| n | 1 | fails |', text)
        self.assertIn('fails: out of luck', text)
        self.assertIn('| m | x=1x2 |', text)


class Inputs(unittest.TestCase):
    def test_texts(self):
        self.assertEqual(make_input('x', '2x3', np.dtype('float32')).shape, (2, 3))
        self.assertEqual(make_input('x', '', np.dtype('float32')).shape, ())
        self.assertEqual(make_input('x', '0x3', np.dtype('int64')).shape, (0, 3))
        self.assertEqual(make_input('x', '@5', np.dtype('int64')), 5)
        self.assertEqual(make_input('x', '@1,2', np.dtype('int64')).tolist(), [1, 2])
        numbers = make_input('x', '100:3..5', np.dtype('int64'))
        self.assertEqual(set(numbers.tolist()), {3, 4})
        self.assertTrue((make_input('x', '100:3..5', np.dtype('int64')) == numbers).all())
        for text in ('2x', 'x', '2x3:4', '2:5..'):
            with self.assertRaisesRegex(ValueError, 'expected SHAPE'):
                make_input('x', text, np.dtype('float32'))


class InFolder(unittest.TestCase):
    """Each test has a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def model(self, name, dtype=FLOAT, shape=('rows', 4), operator='Add'):
        """y = x + x, or what else the operator makes of x"""
        graph = Graph('twice')
        graph.input('x', dtype, shape if shape is None else list(shape))
        graph.node(operator, ['x', 'x'][:2 if operator == 'Add' else 1], ['y'])
        graph.output('y', dtype, shape if shape is None else list(shape))
        Model(graph).save(self.folder / name)
        return self.folder / name


class Files(InFolder):
    def texts(self, path, dims=None, inputs=None):
        self.files = FileModels(hone, dims or {}, inputs or {})
        return self.files.model(path).inputs

    def test_inputs_follow_from_the_file_and_the_command_line(self):
        path = self.model('a.onnx', INT64, ['rows', None, 4])
        self.assertEqual(self.texts(path), {'x': '1x1x4:0..2'})
        self.assertEqual(self.texts(path, {'rows': 7}), {'x': '7x1x4:0..2'})
        self.assertEqual(self.texts(path, {}, {'x': '1x2x4:0..9'}), {'x': '1x2x4:0..9'})
        self.assertEqual(self.texts(self.model('b.onnx', FLOAT, [])), {'x': ''})

    def test_what_is_of_no_use_is_known(self):
        self.texts(self.model('a.onnx'), {'rows': 7, 'columns': 2}, {'z': '1'})
        self.assertEqual(self.files.unused, {'columns', 'z'})

    def test_conversions_are_kept_only_whole(self):
        class Peer:
            name = 'p'

            @staticmethod
            def version():
                return '1'

        def fail(folder):
            (folder / 'half').touch()
            raise Refusal('no')

        model, cache = self.model('a.onnx'), self.folder / 'cache'
        with self.assertRaises(Refusal):
            cached(cache, Peer, model, '', fail)
        self.assertEqual(list(cache.iterdir()), [])
        made = cached(cache, Peer, model, '', lambda folder: (folder / 'whole').touch())
        self.assertTrue((made / 'whole').exists())
        self.assertEqual(cached(cache, Peer, model, '', fail), made)
        self.assertNotEqual(cached(cache, Peer, model, 'other', lambda folder: None), made)


class Compare(InFolder):
    def setUp(self):
        super().setUp()
        kept = peer_process.WORKERS, peer_process.PATIENCE_SECONDS
        self.addCleanup(lambda: setattr(peer_process, 'WORKERS', kept[0]))
        self.addCleanup(lambda: setattr(peer_process, 'PATIENCE_SECONDS', kept[1]))
        peer_process.WORKERS = self.folder
        for name, (convert, outputs) in WORKERS.items():
            text = WORKER.format(name=name, convert=convert, outputs=outputs)
            (self.folder / f'{name}_worker.py').write_text(text, encoding='utf-8')

    def compare(self, *arguments, peers='agrees'):
        """The exit code, what is printed, and all figures."""
        results, out, err = self.folder / 'results.json', io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = compare.main([
                    '--hone', hone, '--peers', peers, '--rounds=2', '--seconds=0.001', '--threads=1',
                    f'--cache={self.folder / "cache"}', f'--json={results}',
                    f'--markdown={self.folder / "results.md"}', *map(str, arguments)])
            except SystemExit as error:
                code = error.code
        figures = json.loads(results.read_text(encoding='utf-8')) if results.exists() else []
        return code, out.getvalue() + err.getvalue(), figures

    def refusal(self, peer):
        code, _, figures = self.compare(self.model('a.onnx'), peers=peer)
        self.assertEqual(code, 0)
        return figures[0]['contestants'][peer]['refuses']

    def test_a_file_and_its_open_dimension(self):
        code, out, figures = self.compare(self.model('a.onnx'), '--dim', 'rows=3', '--threads=1,2')
        self.assertEqual(code, 0, out)
        self.assertEqual([(s['threads'], s['inputs']) for s in figures], [(1, {'x': '3x4'}), (2, {'x': '3x4'})])
        agrees = figures[0]['contestants']['agrees']
        self.assertEqual(agrees['difference'], 0)
        self.assertIn('speed beside agrees, 1 thread: ', out)
        self.assertIn('| a | 1 |', (self.folder / 'results.md').read_text(encoding='utf-8'))

    def test_a_folder_and_its_list(self):
        self.model('a.onnx')
        (self.folder / 'list.txt').write_text('# a list\none a.onnx x=2x4\ntwo a.onnx x=3x4\ngone b.onnx x=1\n',
                                              encoding='utf-8')
        folder = '--list', self.folder / 'list.txt', self.folder
        self.assertEqual([s['model'] for s in self.compare(*folder)[2]], ['one', 'two'])
        self.assertEqual([s['model'] for s in self.compare(*folder, '--only=two')[2]], ['two'])
        code, _, _ = self.compare(*folder, '--only=gone')
        self.assertIn('nothing to measure', code)

    def test_outputs_that_differ(self):
        for peer in ('other', 'nan', 'more'):
            _, out, figures = self.compare(self.model('a.onnx'), peers=f'{peer},agrees')
            self.assertFalse(figures[0]['contestants'][peer]['difference'] <= 1e-3)
            self.assertIn('differs', out)
            self.assertEqual(best_peer(figures[0]) or 'agrees', 'agrees')

    def test_peers_that_cannot_give_their_reason(self):
        self.assertEqual(self.refusal('refuses'), 'no such | operator')
        self.assertIn("not installed (No module named 'no_such_package')", self.refusal('missing'))
        self.assertEqual(self.refusal('crashes'), 'dies of SIGABRT: it is broken')
        peer_process.PATIENCE_SECONDS = 1
        self.assertEqual(self.refusal('hangs'), 'no answer in 1 s')

    def test_peers_find_no_packages_and_no_other_python(self):
        _, out, figures = self.compare(self.model('a.onnx'), peers='contained')
        self.assertNotIn('refuses', figures[0]['contestants']['contained'], out)

    def test_what_hone_cannot_do_is_a_failure(self):
        for path, reason in [(self.model('text.onnx', STRING, operator='Identity'), "no input 'x' can be made"),
                             (self.model('rank.onnx', FLOAT, None), "nothing says what input 'x' should be"),
                             (ROOT / 'README.md', 'neither a .hone nor an ONNX file')]:
            code, _, figures = self.compare(path)
            self.assertEqual(code, 1)
            self.assertIn(reason, figures[0]['failed'])

    def test_wrong_options(self):
        path = self.model('a.onnx')
        for arguments, reason in [(['--peers=nobody'], "there is no peer 'nobody'; there are agrees, "),
                                  (['--threads=0'], 'expected 1 or more, got 0'),
                                  (['--dim=x'], "expected NAME=VALUE, got 'x'"),
                                  (['--dim=x=-1'], 'expected 0 or more, got -1'),
                                  (['nowhere.onnx'], 'there is no nowhere.onnx')]:
            code, said, _ = self.compare(path, *arguments)
            self.assertEqual(code, 2)
            self.assertIn(reason, said)
        self.assertIn('no FILE has a dimension or input columns', self.compare(path, '--dim=columns=2')[0])
        self.assertIn('no program no-such-hone', self.compare(path, '--hone=no-such-hone')[0])


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    hone = sys.argv.pop()
    unittest.main()
