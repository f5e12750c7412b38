"""The index of a log file: which blocks an ID may be in, of which levels and times, and how many records.

candidates(tape, query)   # the bytes that may hold a hit, None where nothing is known
counted(tape, query)      # hits known without reading, and the bytes that have to be read for the others

It may say "maybe here", never "not here" wrongly. What builds it is in `building`, which alone needs numpy.
"""

from __future__ import annotations

from pake_tui.engine.logfiles.index.judging import Judge
from pake_tui.engine.logfiles.index.layout import Broken
from pake_tui.engine.logfiles.index.lookup import LogIndex, forget, index_of
from pake_tui.engine.logfiles.index.narrowing import narrowed
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.query import Query

__all__ = ["Ranges", "candidates", "counted", "index_of", "without"]
Ranges = list[tuple[int, int]]
"""Parts of a file, rising and apart; each edge is a record's start or the file's end."""


def candidates(tape: Tape, query: Query) -> Ranges | None:
    """Where hits may be; None where nothing is known and everything has to be read."""
    index = index_of(tape)
    if index is None or query.empty:
        return None
    try:
        judge = Judge(index, query)
        found = list(index.ranges(judge.blocks()))
        if judge.named:
            found = narrowed(tape, found, query.needles)
        return _with_tail(tape, index, found)
    except (Broken, OSError):
        forget(tape)
        return None


def counted(tape: Tape, query: Query) -> tuple[int, Ranges] | None:
    """Hits that are known, and where others may be; None where nothing is known."""
    index = index_of(tape)
    if index is None or query.empty:
        return None
    try:
        hits, numbers = Judge(index, query).counted()
        return hits, _with_tail(tape, index, list(index.ranges(numbers)))
    except (Broken, OSError):
        forget(tape)
        return None


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


def _with_tail(tape: Tape, index: LogIndex, found: Ranges) -> Ranges:
    size = tape.size
    return [*found, (index.end, size)] if size > index.end else found
