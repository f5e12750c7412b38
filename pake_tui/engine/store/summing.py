"""A range of time in three numbers a series (its mean, lowest and highest), or in the statistics of a timing,
out of as few rows as will do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from pake_tui.clock import HOUR
from pake_tui.engine.store import timings
from pake_tui.engine.store.hours import hour_columns, hours_until
from pake_tui.engine.store.rollups import minute_columns, rolled_until
from pake_tui.engine.store.samples import Meaning, blocks
from pake_tui.engine.store.sketch import Stats
from pake_tui.engine.store.sketchrows import statistics
from pake_tui.engine.store.writers import ALL, Columns, columns, past_of
from pake_tui.model.sample import MetricKind

Whole = tuple[float, float, float]
"""Mean, lowest, highest."""


def summed(
    connection: sqlite3.Connection, since_ns: int, until_ns: int, meanings: Mapping[int, Meaning]
) -> dict[int, Whole]:
    """Each series with a value in the range: whole hours, the minutes before and after them, and what is not
    rolled up yet, each weighed by its length. Rates of several writers are added step by step, so that only
    time which any of them covers counts; timings are averaged; a gauge is what its writers make of it.
    """
    parts: list[tuple[Columns, float]] = []
    hours, minutes, fresh = _cut(connection, since_ns, until_ns)
    parts += [(hour_columns(connection, *span, meanings), 3600.0) for span in hours]
    parts += [(minute_columns(connection, *span, meanings), 60.0) for span in minutes]
    parts.append((columns(blocks(connection, *fresh), meanings), 1.0))
    found: dict[int, dict[int, list[float]]] = {}
    for part, seconds in parts:
        for number, writers in part.items():
            kind = meanings[number].kind
            for writer, column in past_of(kind, writers).items():
                if column.times:
                    low, high = min(column.lows), max(column.highs)
                    who = writer if kind is MetricKind.TIMING else ALL
                    one = found.setdefault(number, {}).setdefault(who, [0.0, 0.0, low, high])
                    one[0] += sum(column.means) * seconds
                    one[1] += len(column.times) * seconds
                    one[2], one[3] = min(one[2], low), max(one[3], high)
    return {number: _merged(list(writers.values())) for number, writers in found.items()}


def timed(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> dict[int, Stats]:
    """The statistics of each timing with a value in the range, cut as `summed` does."""
    hours, minutes, fresh = _cut(connection, since_ns, until_ns)
    parts = [part for span in hours for part in timings.read(connection, timings.HOURS, *span)]
    parts += [part for span in minutes for part in timings.read(connection, timings.MINUTES, *span)]
    parts += timings.read(connection, timings.FLUSHES, *fresh)
    return statistics(part.packed for part in parts)


Span = tuple[int, int]


def _cut(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> tuple[list[Span], list[Span], Span]:
    """A range as whole hours, the minutes before and after them, and what is not rolled up yet."""
    first, last = -(-since_ns // HOUR) * HOUR, min(hours_until(connection), until_ns // HOUR * HOUR)
    fresh = max(since_ns, rolled_until(connection)), until_ns + 1
    if last > first:
        edges = [(since_ns, first), (last, until_ns)]
        return [(first, last)], [(start, end) for start, end in edges if end > start], fresh
    return [], [(since_ns, until_ns)], fresh


def _merged(writers: list[list[float]]) -> Whole:
    means = [total / seconds for total, seconds, _, _ in writers]
    return sum(means) / len(means), min(one[2] for one in writers), max(one[3] for one in writers)
