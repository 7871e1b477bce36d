# SPDX-License-Identifier: Apache-2.0
"""Takes C apart just far enough for style checks: comments, functions, includes."""
import bisect
import re

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\\n|\\.)*', re.M)
NOT_A_FUNCTION = re.compile(r'\s*(?:typedef\b|struct\s+\w*\s*$|union\b|enum\b|extern\s*""\s*$)')
CONTROL = re.compile(r'(?:\)|\belse|\bdo|:)\s*$')


class Function:
    """A function body or a macro of several lines."""

    def __init__(self, name, line, lines, parameters, nesting):
        self.name = name
        self.line = line
        self.lines = lines
        self.parameters = parameters
        self.nesting = nesting


def blank(text):
    return re.sub(r'[^\n]', ' ', text)


class CSource:
    def __init__(self, text):
        self.text = text
        self.breaks = [m.start() for m in re.finditer('\n', text)]
        self.comments = [(m.start(), m.group()) for m in TOKEN.finditer(text) if m.group()[0] == '/']
        self.code = TOKEN.sub(self._without_content, text)

    @staticmethod
    def _without_content(match):
        token = match.group()
        return blank(token) if token[0] == '/' else token[0] + ' ' * (len(token) - 2) + token[-1]

    def line_of(self, offset):
        return bisect.bisect_left(self.breaks, offset) + 1

    def includes(self):
        """(line, "quote" or <, name) of every include."""
        shown = TOKEN.sub(lambda m: blank(m.group()) if m.group()[0] == '/' else m.group(), self.text)
        return [(self.line_of(m.start(1)), m.group(1), m.group(2)) for m in INCLUDE.finditer(shown)]

    def functions(self):
        found = []
        for match in DIRECTIVE.finditer(self.code):
            lines = match.group().count('\n') + 1
            if lines > 1:
                name = ' '.join(match.group().split()[:2])
                found.append(Function(name, self.line_of(match.start()), lines, 0, 0))
        return found + list(self._bodies(DIRECTIVE.sub(lambda m: blank(m.group()), self.code)))

    def _bodies(self, code):
        """Walks the braces; a body is what opens at the outermost level behind a parameter list."""
        kinds = []  # of the open braces: 'body', 'control', 'other'; extern "C" is not counted
        head = start = deepest = 0
        for match in re.finditer(r'[{};]', code):
            at, char = match.start(), match.group()
            inside = 'body' in kinds
            if char == '{':
                before = code[head:at]
                if re.search(r'extern\s*" "\s*$', before):
                    head = at + 1
                    kinds.append('linkage')
                elif not inside and is_function_head(before):
                    kinds.append('body')
                    start, deepest = head, 0
                    signature = before
                else:
                    kinds.append('control' if inside and CONTROL.search(code[:at][-200:]) else 'other')
                    deepest = max(deepest, kinds.count('control'))
            elif char == '}' and kinds:
                if kinds.pop() == 'body':
                    first = start + len(code[start:]) - len(code[start:].lstrip())
                    first_line, last_line = self.line_of(first), self.line_of(at)
                    name, parameters = split_signature(signature)
                    yield Function(name, first_line, last_line - first_line + 1, parameters, deepest)
            if not set(kinds) - {'linkage'} and char in '};':
                head = at + 1


def is_function_head(text):
    return text.rstrip().endswith(')') and '=' not in text and not NOT_A_FUNCTION.match(text)


def split_signature(text):
    """Name and number of parameters; the parameter list is the last group of parentheses."""
    text = text.rstrip()
    depth = commas = 0
    for at in range(len(text) - 1, -1, -1):
        char = text[at]
        depth += (char == ')') - (char == '(')
        commas += char == ',' and depth == 1
        if depth == 0:
            break
    inner = text[at + 1:-1].strip()
    name = re.search(r'(\w+)\s*$', text[:at])
    return name.group(1) if name else '?', 0 if inner in ('', 'void') else commas + 1
