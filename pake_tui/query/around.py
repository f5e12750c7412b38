"""Lines around hits, as `grep -C` shows them: each hit's neighbours in the view of all files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import takewhile

from msgspec.structs import replace

from pake_tui.errors import LogError
from pake_tui.model.record import Address, Cursor, Direction, LogBatch, LogRow, Record, RowKind
from pake_tui.query.result import Query

SEEN_MOST = 1_000

Read = Callable[[str, Cursor | None, Direction, int, threading.Event], Iterator[LogBatch]]
"""A source's `read`."""


def with_context(
    batches: Iterator[LogBatch], query: Query, count: int, read: Read, cancel: threading.Event
) -> Iterator[LogBatch]:
    """The batches, each hit between `count` neighbours at most (`matched` is False).

    A neighbour stands once, a ruler before each group that does not touch the one before. A hit whose file
    went meanwhile stands alone.
    """

    def beside(place: Cursor, direction: Direction, most: int) -> list[LogRow]:
        return _records(read("", place, direction, most, cancel), direction)

    seen: dict[Address, None] = {}
    for batch in batches:
        rows: list[LogRow] = []
        for row in batch.rows:
            rows += _group(row, query, count, beside, seen) if row.kind is RowKind.RECORD else [row]
        while len(seen) > SEEN_MOST:
            del seen[next(iter(seen))]
        yield replace(batch, rows=tuple(rows))


def _records(batches: Iterator[LogBatch], direction: Direction) -> list[LogRow]:
    """The records of a read in the order of the view."""
    found: list[LogRow] = []
    for batch in batches:
        fresh = [row for row in batch.rows if row.kind is RowKind.RECORD]
        found = [*fresh, *found] if direction is Direction.OLDER else [*found, *fresh]
    return found


def _group(
    row: LogRow,
    query: Query,
    count: int,
    beside: Callable[[Cursor, Direction, int], list[LogRow]],
    seen: dict[Address, None],
) -> list[LogRow]:
    """A hit and what stands around it up to the next hits, which have their own neighbours."""
    try:
        before = beside(row.before, Direction.OLDER, 2 * count + 1)
        # A read on from an unfiltered row finds its place in every file without looking for it.
        place = before[-1].after if before else row.before
        after = [one for one in beside(place, Direction.NEWER, count + 1) if one.address != row.address]
    except LogError:
        return [row]

    def no_hit(one: LogRow) -> bool:
        return not query.matches(one.record)

    near = [*takewhile(no_hit, reversed(before[-count:]))][::-1]
    known = any(one.address in seen for one in before[-count - 1 :])
    touches = known or len(before) <= count or not all(map(no_hit, before))
    around = [[one for one in part if one.address not in seen] for part in (near, takewhile(no_hit, after))]
    lower = [[replace(one, matched=False) for one in part] for part in around]
    group = [*lower[0], row, *lower[1]]
    seen.update(dict.fromkeys(one.address for one in group))
    return group if touches else [_parting(group[0]), *group]


def _parting(row: LogRow) -> LogRow:
    """A ruler without words before a row."""
    return replace(row, kind=RowKind.RULER, record=Record("", "", time_ns=row.record.time_ns))
