"""Lines around hits, as `grep -C` shows them: each hit's neighbours in its own file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pake_tui.errors import LogError
from pake_tui.model.record import Address, LogBatch, LogRow, Record, RecordDetail, RowKind
from pake_tui.query.result import Query

SEEN_MOST = 1_000


def with_context(
    batches: Iterator[LogBatch], query: Query, count: int, detail: Callable[[Address, int], RecordDetail]
) -> Iterator[LogBatch]:
    """The batches, each hit between `count` neighbours at most (`matched` is False), in groups.

    A neighbour stands once; one that matches comes by itself. A hit whose file went meanwhile stands alone.
    """
    seen: dict[Address, None] = {}
    for batch in batches:
        rows: list[LogRow] = []
        for row in batch.rows:
            group = _group(row, query, count, detail, seen) if row.kind is RowKind.RECORD else [row]
            if rows and group[0] is not row and rows[-1].kind is RowKind.RECORD:
                rows.append(_parting(group[0]))
            rows += group
        while len(seen) > SEEN_MOST:
            del seen[next(iter(seen))]
        yield replace(batch, rows=tuple(rows))


def _group(
    row: LogRow,
    query: Query,
    count: int,
    detail: Callable[[Address, int], RecordDetail],
    seen: dict[Address, None],
) -> list[LogRow]:
    try:
        around = detail(row.address, count)
    except LogError:
        return [row]
    group: list[LogRow] = []
    for one in (*around.before, row, *around.after):
        if one is not row:
            if one.kind is not RowKind.RECORD or one.address in seen or query.matches(one.record):
                continue
            one = replace(one, matched=False)
        seen[one.address] = None
        group.append(one)
    return group


def _parting(row: LogRow) -> LogRow:
    """A ruler without words before a row."""
    return replace(row, kind=RowKind.RULER, record=Record("", "", time_ns=row.record.time_ns))
