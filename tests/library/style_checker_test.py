# SPDX-License-Identifier: Apache-2.0
"""Breaks each rule of the style check in a small tree and expects it to be noticed."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = sys.argv.pop(1)
SPDX = '/* SPDX-License-Identifier: Apache-2.0 */\n'


def long_function(lines):
    return 'int f(void) {\n' + '    g();\n' * (lines - 2) + '}\n'


class StyleChecker(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            for name, text in {'include/empty.h': SPDX, **files}.items():
                path = top / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding='utf-8')
            result = subprocess.run([sys.executable, CHECKER, folder], capture_output=True, text=True)
            lines = result.stdout.splitlines()
            self.assertIn('violations', lines[-1], result.stderr)
            self.assertEqual(result.returncode, 1 if lines[:-1] else 0)
            return lines[:-1]

    def finds(self, text, files):
        found = self.check(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(text, found[0])

    def c(self, body, name='engine/a.c'):
        return {name: SPDX + body}

    def test_clean_tree_passes(self):
        body = '/* Adds a; b is added (too).\n *\n *     add(1, 2);\n */\nint add(int a, int b) {\n' \
               '    return a + b;\n}\n'
        self.assertEqual(self.check(self.c(body)), [])

    def test_long_files(self):
        self.finds('901 lines', self.c('int x;\n' * 900))
        self.assertEqual(self.check(self.c('int x;\n' * 899)), [])

    def test_long_functions(self):
        self.finds('f has 81 lines', self.c(long_function(81)))
        self.assertEqual(self.check(self.c(long_function(80))), [])
        self.finds('f has 81 lines', self.c('#ifdef __cplusplus\nextern "C" {\n#endif\n' +
                                            long_function(81) + '#ifdef __cplusplus\n}\n#endif\n'))

    def test_long_macros(self):
        self.finds('#define M has 82 lines', self.c('#define M \\\n' + '    g(); \\\n' * 80 + '    g()\n'))

    def test_micro_kernels_may_be_long(self):
        self.assertEqual(self.check(self.c(long_function(200), 'kernels/gemm_f32_body.h')), [])

    def test_deep_nesting(self):
        deep = 'void f(void) {\n' + 'while (1) {\n' * 5 + '}\n' * 5 + '}\n'
        self.finds('f nests 5 deep', self.c(deep))

    def test_many_parameters(self):
        self.finds('f takes 7 parameters',
                   self.c('int f(int a, int b, int c, int d, int e, int (*g)(int, int), int h) {\n}\n'))

    def test_same_names(self):
        self.finds('not unique', {'engine/a.c': SPDX, 'cli/a.c': SPDX})

    def test_dead_code(self):
        self.finds('#if 0', self.c('#if 0\nint x;\n#endif\n'))
        self.finds('commented-out', self.c('/* x = 1; */\n'))
        self.finds('commented-out', self.c('/* The old way:\n * for (i = 0; i < n; i++) {\n */\n'))
        self.finds('// comment', self.c('int x; // the x\n'))

    def test_promises(self):
        self.finds('promises', self.c('/* TO' 'DO more */\n'))

    def test_spdx(self):
        self.finds('SPDX', {'engine/a.c': 'int x;\n'})

    def test_layers(self):
        for folder, header in [('kernels', 'engine/graph.h'), ('engine', 'formats/file.h'),
                               ('engine', 'optimize/pass.h'), ('formats', 'optimize/pass.h'),
                               ('optimize', 'formats/file.h'), ('cli', 'engine/graph.h'),
                               ('formats/images', 'engine/graph.h'), ('formats/images', 'formats/file.h'),
                               ('formats', 'formats/images/image.h')]:
            base = header.split('/')[-1]
            self.finds('may not include', {header: SPDX, f'{folder}/a.c': f'{SPDX}#include "{base}"\n'})
        self.assertEqual(self.check({'kernels/k.h': SPDX, 'engine/a.c': SPDX + '#include "k.h"\n'}), [])

    def test_reserved_headers(self):
        for header in ['protobuf-c/protobuf-c.h', 'immintrin.h', 'arm_neon.h', 'pthread.h', 'omp.h',
                       'jpeglib.h', 'tiffio.h', 'webp/decode.h']:
            self.finds('belong only in', self.c(f'#include <{header}>\n'))
        self.finds('threads', self.c('#pragma omp parallel\n'))

    def test_machine_paths_and_addresses(self):
        self.finds('folder of one machine', {'docs/a.md': 'See /' 'work/x.\n'})
        self.finds('address on the network', self.c('/* See https' '://example.org */\n'))

    def test_documentation_names_real_files(self):
        self.finds('there is no b.md', {'docs/a.md': 'See [b](b.md).\n'})
        self.finds('there is no engine/b.c', {'docs/a.md': 'See `engine/b.c`.\n'})
        self.assertEqual(self.check({'docs/a.md': 'See [b](b.md), `docs/b.md`.\n', 'docs/b.md': ''}), [])

    def test_blanks(self):
        self.finds('blanks', {'docs/a.md': 'x \n'})
        self.finds('no newline', {'docs/a.md': 'x'})


unittest.main()
