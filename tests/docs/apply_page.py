# SPDX-License-Identifier: Apache-2.0
"""Does to a source tree what a page of the documentation says.

usage: apply_page.py PAGE TREE

A block of C behind "New file `PATH`:" becomes that file. One behind "In `PATH`, after `TEXT`:" is
inserted after the statement whose line, the only such line, starts with TEXT. The lines of shell blocks are printed.
"""
import pathlib
import re
import sys

BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.M | re.S)
PLACE = re.compile(r'(?:New file\s+`([^`]+)`|In\s+`([^`]+)`,\s+after\s+`([^`]+)`):\s*$')


def insert(path, text, lines):
    source = path.read_text(encoding='utf-8').split('\n')
    at = [i for i, line in enumerate(source) if line.lstrip().startswith(text)]
    if len(at) != 1:
        sys.exit(f'{path}: {len(at)} lines start with {text!r}; expected one')
    end = at[0]
    while not source[end].rstrip().endswith((')', ';', '{', ',')) or source[end].endswith('\\'):
        end += 1
    source[end + 1:end + 1] = lines.rstrip('\n').split('\n')
    path.write_text('\n'.join(source), encoding='utf-8')


def main(page, tree):
    text = pathlib.Path(page).read_text(encoding='utf-8')
    tree = pathlib.Path(tree)
    for block in BLOCK.finditer(text):
        language, content = block.groups()
        if language == 'sh':
            print(content, end='')
            continue
        place = PLACE.search(text[:block.start()])
        if not place:
            sys.exit(f'{page}: a block of code without a place:\n{content}')
        new, old, after = place.groups()
        if new:
            (tree / new).write_text(content, encoding='utf-8')
        else:
            insert(tree / old, after, content)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
