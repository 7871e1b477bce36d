# SPDX-License-Identifier: Apache-2.0
"""Shows the summaries of compare.py (see compare_maths.py): as they come in, and as a Markdown file."""
import os
import pathlib
import platform

from compare_maths import (HONE, HONES, best_peer, largest_difference, means, peer_rows, ran, remark,
                           speed)


def print_head():
    print(f'{"model":<15}{"threads":>7}  {"":<12}{"least":>10}{"median":>10}{"load":>10}'
          f'{"memory":>9}   speed: of the')
    print(f'{"":<36}{"ms":>10}{"ms":>10}{"ms":>10}{"MB":>9}   least, median')


def row_tail(summary, name, row, best):
    """What stands behind the figures: hone's speed beside the best peer, a peer's difference."""
    if name in HONES:
        if not best:
            return ''
        speeds = speed(summary, best, name), speed(summary, best, name, 'median_ms')
        return f'{speeds[0]:>5.2f} {speeds[1]:>7.2f}'
    notes = [f'difference {row["difference"]:.1e}', remark(summary, row)]
    if name == best and len(peer_rows(summary)) > 1:
        notes.append('fastest peer')
    return ', '.join(filter(None, notes))


def print_summary(summary):
    head = f'{summary["model"]:<15}{summary["threads"]:>7}'
    if 'failed' in summary:
        print(f'{head}  {summary["failed"]}', flush=True)
        return
    best = best_peer(summary)
    for name, row in summary['contestants'].items():
        if ran(row):
            tail = row_tail(summary, name, row, best)
            print(f'{head}  {name:<12}{row["min_ms"]:>10.3f}{row["median_ms"]:>10.3f}'
                  f'{row["load_ms"]:>10.1f}{row["peak_mb"]:>9.1f}{"   " if tail else ""}{tail}', flush=True)
        else:
            print(f'{head}  {name:<12}  refuses: {row["refuses"]}', flush=True)
        head = ' ' * 22


def print_totals(summaries):
    difference = largest_difference(summaries)
    if difference is not None:
        print(f'largest difference: {difference:.1e}')
    for threads, names in means(summaries).items():
        count = sum(s['threads'] == threads for s in summaries)
        for name, (mean, models) in names.items():
            if mean is not None:
                print(f'speed beside {name}, {threads} thread{"s" if threads > 1 else ""}: '
                      f'{mean:.2f}, the geometric mean of {models} of {count} models')


def machine():
    """The processor's name, and how many there are of it."""
    name = platform.machine()
    cpuinfo = pathlib.Path('/proc/cpuinfo')
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                name = line.split(':', 1)[1].strip()
                break
    return f'{name}, {os.cpu_count()} processors'


def table(*rows):
    """A Markdown table; the first row is its head."""
    lines = ['| ' + ' | '.join(str(cell).replace('|', r'\|') for cell in row) + ' |' for row in rows]
    lines.insert(1, '|' + '---|' * len(rows[0]))
    return '\n'.join(lines) + '\n'


def input_lines(summaries):
    """Once for each model, however many threads it was run with."""
    return dict.fromkeys(
        (s['model'], ', '.join(f'{name}={text}' for name, text in s['inputs'].items())) for s in summaries)


def contestant_line(summary, name, row):
    head = [summary['model'], summary['threads'], name]
    if not ran(row):
        return [*head, f'refuses: {row["refuses"]}', '', '', '', '', '']
    difference, beside = '', ''
    if name not in HONES:
        difference = ', '.join(filter(None, (f'{row["difference"]:.1e}', remark(summary, row))))
        beside = f'{speed(summary, name):.2f}'
    return [*head, f'{row["min_ms"]:.3f}', f'{row["median_ms"]:.3f}', f'{row["load_ms"]:.1f}',
            f'{row["peak_mb"]:.1f}', difference, beside]


def contestant_lines(summaries):
    for summary in summaries:
        if 'failed' in summary:
            yield [summary['model'], summary['threads'], 'hone', f'fails: {summary["failed"]}',
                   '', '', '', '', '']
        for name, row in summary.get('contestants', {}).items():
            yield contestant_line(summary, name, row)


def cell(summary, name):
    """A peer's time in the overview, and why it does not count."""
    row = summary.get('contestants', {}).get(name)
    if row is None or not ran(row):
        return 'refuses' if row else ''
    note = remark(summary, row)
    return f'{row["min_ms"]:.3f}' + (f' ({note})' if note else '')


def overview_lines(summaries, peers):
    for summary in summaries:
        best = best_peer(summary)
        ours = 'fails' if 'failed' in summary else f'{summary["contestants"][HONE]["min_ms"]:.3f}'
        yield [summary['model'], summary['threads'], ours, *(cell(summary, name) for name in peers),
               best or 'none', f'{speed(summary, best):.2f}' if best else '']


def mean_lines(summaries):
    for threads, names in means(summaries).items():
        count = sum(s['threads'] == threads for s in summaries)
        for name, (mean, models) in names.items():
            yield [name, threads, f'{models} of {count}', 'none' if mean is None else f'{mean:.2f}']


def versions(summaries):
    found = {}
    for summary in summaries:
        for name, row in summary.get('contestants', {}).items():
            if ran(row):
                found['hone' if name in HONES else name] = row['version']
    return ', '.join(f'{name} {version}' for name, version in found.items())


def markdown(summaries):
    peers = list(dict.fromkeys(name for s in summaries for name in peer_rows(s)))
    return '\n'.join((
        f'{versions(summaries)}; {machine()}; rounds: {max((s["rounds"] for s in summaries), default=0)}. '
        f'Times are the least, in milliseconds. Ratios are the peer\'s time over that of `{HONE}`: 2 means that '
        'hone takes half as long. A peer that differs, or keeps more processors busy than it has threads, does '
        'not count for the fastest peer and the means.\n',
        table(['model', 'threads', HONE, *peers, 'fastest peer', 'fastest peer / hone'],
              *overview_lines(summaries, peers)),
        table(['geometric mean', 'threads', 'models', 'peer / hone'], *mean_lines(summaries)),
        table(['model', 'threads', 'contestant', 'least ms', 'median ms', 'load + first run ms',
               'peak MB', 'difference', 'peer / hone'], *contestant_lines(summaries)),
        table(['model', 'inputs'], *input_lines(summaries))))
