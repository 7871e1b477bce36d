# SPDX-License-Identifier: Apache-2.0
"""What the summaries of compare.py say: who is the fastest peer, and how fast is hone beside it.

A summary is one model with one number of threads: {"model", "inputs": {NAME: TEXT}, "threads", "rounds",
"contestants": {NAME: ROW}}, or "failed": REASON in place of the contestants if hone could not do it. A ROW has
"version", "min_ms", "median_ms", "load_ms", "peak_mb", and of a peer "difference" and "processors"; or
"refuses": REASON.
Speed is the other's time over hone's, so that 2 means that hone takes half as long.
"""
import math

HONE = 'hone .hone'
HONES = ('hone', HONE)
# Peers that differ by more than this share of the largest value did other work, and win nothing by it.
LARGEST_DIFFERENCE = 1e-3
# So much more than its threads may a contestant keep busy: what starting and stopping costs.
SPARE_PROCESSORS = 0.25


def peer_rows(summary):
    return {name: row for name, row in summary.get('contestants', {}).items() if name not in HONES}


def ran(row):
    return 'refuses' not in row


def remark(summary, row):
    """What must be known about the times of a row that ran, or nothing."""
    if not row['difference'] <= LARGEST_DIFFERENCE:  # also when it is no number
        return 'differs'
    if row['processors'] > summary['threads'] + SPARE_PROCESSORS:
        return f'uses {row["processors"]:.1f} processors'
    return ''


def counts(summary, row):
    """Did it run, do the same work, and keep to the threads?"""
    return ran(row) and not remark(summary, row)


def best_peer(summary):
    """The peer with the least time of those that agree with hone and keep to the threads, or None."""
    rows = {name: row for name, row in peer_rows(summary).items() if counts(summary, row)}
    return min(rows, key=lambda name: rows[name]['min_ms'], default=None)


def speed(summary, peer, hone=HONE, time='min_ms'):
    rows = summary['contestants']
    return rows[peer][time] / rows[hone][time]


def geometric_mean(values):
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def largest_difference(summaries):
    differences = [row['difference'] for s in summaries for row in peer_rows(s).values() if ran(row)]
    # A difference that is no number is the largest of all.
    return max(differences, key=lambda d: math.inf if math.isnan(d) else d, default=None)


def means(summaries):
    """For each number of threads, {NAME: (mean speed, models)}, with "fastest peer" as a name of its own
    where there are several; only what counts for `best_peer` counts here."""
    speeds = {}
    for summary in summaries:
        of_threads = speeds.setdefault(summary['threads'], {})
        best = best_peer(summary)
        if best and len(peer_rows(summary)) > 1:
            of_threads.setdefault('fastest peer', []).append(speed(summary, best))
        for name, row in peer_rows(summary).items():
            of_threads.setdefault(name, []).extend([speed(summary, name)] if counts(summary, row) else [])
    return {threads: {name: (geometric_mean(values) if values else None, len(values))
                      for name, values in of_threads.items()}
            for threads, of_threads in speeds.items()}
