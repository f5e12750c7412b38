"""Counts by time and level become the buckets of a histogram."""

from __future__ import annotations

from collections.abc import Mapping

from pake_tui.model.record import LEVEL_COLUMNS, Histogram, Level


def histogram_of(
    counts: Mapping[tuple[int, Level | None], int],
    unit_ns: int,
    since_ns: int | None,
    until_ns: int | None,
    buckets: int,
    *,
    covered: int,
    total: int,
) -> Histogram:
    """The buckets of counts by (number of the unit since 1970, level); a unit on an edge counts whole.

    Without a bound the first or last unit that has records is it.
    """
    first = since_ns // unit_ns if since_ns is not None else min((unit for unit, _ in counts), default=0)
    last = until_ns // unit_ns if until_ns is not None else max((unit for unit, _ in counts), default=first)
    span = max(1, last - first + 1)
    width = -(-span // max(1, buckets))
    rows = [[0] * len(LEVEL_COLUMNS) for _ in range(-(-span // width))]
    for (unit, level), count in counts.items():
        if first <= unit <= last:
            rows[(unit - first) // width][LEVEL_COLUMNS.index(level)] += count
    return Histogram(first * unit_ns, width * unit_ns, tuple(map(tuple, rows)), covered, total)
