#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks built libraries: what they export, what they import, which instructions they contain.

usage: check-library.py --shared FILE --static FILE --objects LIST

LIST is a file with the path of one object file of the library a line.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MAX_BYTES = 2_000_000

# The library never aborts, exits, prints, changes process state, runs programs or talks to anyone.
FORBIDDEN = re.compile(
    r'^(?:abort|_?exit|_Exit|quick_exit|atexit|__assert_fail'
    r'|(?:__)?v?f?printf(?:_chk)?|puts|putchar|fputs|fputc|putc|perror|std(?:in|out|err)'
    r'|signal|sigaction|raise|kill|setenv|putenv|unsetenv|setlocale|chdir|umask|srand|rand'
    r'|system|popen|fork|vfork|exec\w+|posix_spawnp?|dlopen'
    r'|socket|connect|bind|listen|accept|send|sendto|recv|getaddrinfo|gethostbyname)(?:@.*)?$')

# An object built with a level's flags is named after the level, and exports one function.
LEVEL_OBJECT = re.compile(r'(?:^|/)isa/(avx\w+|neon\w+)\.c\.o(?:bj)?$')
WIDE_INSTRUCTION = re.compile(r'%[yz]mm\d|\tv[a-z0-9]+\s.*%xmm|%k[1-7]\b')


class Library:
    def __init__(self):
        self.violations = []

    @staticmethod
    def tool(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def symbols(self, path, *flags):
        lines = self.tool('nm', '-P', *flags, path).splitlines()
        entries = [line.split() for line in lines if len(line.split()) >= 2]
        # Without versions ("name@@HONE_0.1"), and without the names of versions themselves.
        return [entry[0].split('@@')[0] for entry in entries if entry[1] != 'A']

    def report(self, path, text):
        self.violations.append(f'{os.path.basename(path)}: {text}')

    def check_exports(self, path, *flags):
        names = self.symbols(path, '--defined-only', '-g', *flags)
        for name in names:
            if not name.startswith('hone_'):
                self.report(path, f'exports {name}')
        return len(names)

    def check_imports(self, path):
        for name in sorted(set(self.symbols(path, '-u'))):
            if FORBIDDEN.match(name):
                self.report(path, f'uses {name}')

    def check_instructions(self, path):
        for line in self.tool('objdump', '-d', '--no-show-raw-insn', path).splitlines():
            if WIDE_INSTRUCTION.search(line):
                self.report(path, f'needs more than the baseline: {" ".join(line.split())}')
                return

    def check_objects(self, paths, x86):
        for path in paths:
            self.check_imports(path)
            level = LEVEL_OBJECT.search(path)
            if level:
                expected = [f'kernels_fill_{level.group(1)}']
                names = self.symbols(path, '--defined-only', '-g')
                if names != expected:
                    self.report(path, f'exports {" ".join(names)}; expected {expected[0]} alone')
            elif x86:
                self.check_instructions(path)

    def stripped_bytes(self, path):
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, 'stripped')
            shutil.copyfile(path, copy)
            self.tool('strip', '--strip-unneeded', copy)
            return os.path.getsize(copy)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--shared', required=True)
    parser.add_argument('--static', required=True)
    parser.add_argument('--objects', required=True)
    options = parser.parse_args()
    objects = pathlib.Path(options.objects).read_text(encoding='utf-8').split()

    library = Library()
    exported = library.check_exports(options.shared, '-D')
    if library.check_exports(options.static) != exported:
        library.report(options.static, f'exports other names than {options.shared}')
    machine = library.tool('objdump', '-f', objects[0])
    library.check_objects(objects, x86='x86-64' in machine)
    size = library.stripped_bytes(options.shared)
    if size > MAX_BYTES:
        library.report(options.shared, f'{size} bytes without symbols; {MAX_BYTES} are allowed')

    for violation in library.violations:
        print(violation)
    print(f'library: {exported} names exported, {size} bytes shared (stripped), '
          f'{os.path.getsize(options.static)} bytes static, {len(objects)} objects; '
          f'{len(library.violations)} violations')
    return 1 if library.violations else 0


if __name__ == '__main__':
    sys.exit(main())
