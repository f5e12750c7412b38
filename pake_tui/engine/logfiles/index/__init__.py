"""The index of a log file: which blocks an ID may be in, of which levels and times, and how many records.

candidates(tape, query)   # the bytes that may hold a hit, None where nothing is known
counted(tape, query)      # hits known without reading, and the bytes that have to be read for the others

It may say "maybe here", never "not here" wrongly. What builds it is in `building`, which alone needs numpy.
"""

from __future__ import annotations

from collections.abc import Iterator

from pake_tui.engine.logfiles.index.judging import ALL, Judge, levels_asked
from pake_tui.engine.logfiles.index.layout import Broken
from pake_tui.engine.logfiles.index.lookup import LogIndex, forget, index_of
from pake_tui.engine.logfiles.index.narrowing import by_level, narrowed
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.model.record import LEVEL_COLUMNS
from pake_tui.query import Query

__all__ = ["OPEN", "Ranges", "candidates", "closer", "counted", "index_of", "without"]
Ranges = list[tuple[int, int]]
"""Parts of a file, rising and apart; each edge is a record's start, or beyond any end of the file."""
OPEN = 1 << 62


def candidates(tape: Tape, query: Query) -> Ranges | None:
    """Where hits may be; None where nothing is known and everything has to be read."""
    index = None if query.empty else index_of(tape)
    if index is None:
        return None
    try:
        judge = Judge(index, query)
        found = list(index.ranges(judge.blocks()))
        if judge.named:
            found = narrowed(tape, found, query.needles)
        return _with_tail(index, found)
    except (Broken, OSError):
        forget(tape)
        return None


def counted(tape: Tape, query: Query) -> tuple[int, Ranges] | None:
    """Hits that are known, and where others may be; None where nothing is known."""
    index = None if query.empty else index_of(tape)
    if index is None:
        return None
    try:
        hits, numbers = Judge(index, query).counted()
        return hits, _with_tail(index, list(index.ranges(numbers)))
    except (Broken, OSError):
        forget(tape)
        return None


def closer(tape: Tape, query: Query, begin: int, end: int, *, backwards: bool) -> Iterator[tuple[int, int]]:
    """The parts of a range that hold records of the levels asked for, as far as that is known; in order."""
    levels = levels_asked(query)
    index = index_of(tape) if levels != ALL else None
    if index is None or Judge(index, query).named:
        yield begin, end
        return
    tail = [(max(begin, index.end), end)] if end > index.end else []
    if backwards:
        yield from tail
    numbers = index.numbers(begin, min(end, index.end))
    for number in reversed(numbers) if backwards else numbers:
        block = index.columns.starts[number], index.block_end(number)
        wanted = {
            LEVEL_COLUMNS[n]: column[number]
            for n, column in enumerate(index.columns.levels)
            if levels >> n & 1 and column[number]
        }
        spans = by_level(tape, block, wanted)
        for low, high in reversed(spans or [block]) if backwards else spans or [block]:
            if max(low, begin) < min(high, end):
                yield max(low, begin), min(high, end)
    if not backwards:
        yield from tail


def without(ranges: Ranges, others: Ranges) -> Ranges:
    """The parts of ranges that lie in none of the others."""
    left: Ranges = []
    for begin, end in ranges:
        for low, high in others:
            if low < end and high > begin:
                if begin < low:
                    left.append((begin, low))
                begin = max(begin, high)
        if begin < end:
            left.append((begin, end))
    return left


def _with_tail(index: LogIndex, found: Ranges) -> Ranges:
    """What is behind the index is open: the file may grow before it is read."""
    return [*found, (index.end, OPEN)]
