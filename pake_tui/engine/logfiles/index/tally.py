"""Records by time and level over the files of a view: from their indexes, and by parsing what is behind."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence

from msgspec import Struct, field

from pake_tui.clock import MINUTE, monotonic
from pake_tui.engine.logfiles import blocks
from pake_tui.engine.logfiles.index.facts import facts_of
from pake_tui.engine.logfiles.index.layout import UNKNOWN_TIME
from pake_tui.engine.logfiles.index.lookup import index_of
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.engine.logfiles.view import settled
from pake_tui.model.record import LEVEL_COLUMNS, Histogram, Level
from pake_tui.records.counting import histogram_of

PARSE_S = 0.03
"""So long at most one histogram parses; the next one goes on from there."""
PIECE = 32 * 1024
Counts = dict[tuple[int, Level | None], int]


class _Tail(Struct):
    """What was counted behind a file's index: from `start` to `end`, by minute and level."""

    start: int
    end: int
    last_ns: int
    head: tuple[int, int]
    counts: dict[int, int] = field(default_factory=dict)


class Tally:
    """Counts of a view's files; what it parsed it need not parse again."""

    def __init__(self) -> None:
        self._tails: weakref.WeakKeyDictionary[Tape, _Tail] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def histogram(
        self, tapes: Sequence[Tape], since_ns: int | None, until_ns: int | None, buckets: int
    ) -> Histogram:
        """In at most `buckets`; see `LogSource.histogram`."""
        parts: list[tuple[int, dict[int, int]]] = []
        covered = total = 0
        deadline = monotonic() + PARSE_S
        with self._lock:
            for tape in tapes:
                index = index_of(tape)
                start, last_ns = 0, UNKNOWN_TIME
                if index is not None:
                    parts += [(one.body.facts.unit_ns, one.body.counts) for one in index.segments]
                    start, last_ns = index.end, index.segments[-1].body.facts.last_ns
                end = settled(tape)
                tail = self._counted(tape, start, end, last_ns, deadline)
                parts.append((MINUTE, tail.counts))
                covered, total = covered + tail.end, total + max(end, tail.end)
        unit = max((one for one, counts in parts if counts), default=MINUTE)
        sums: Counts = {}
        for own, counts in parts:
            for key, count in counts.items():
                name = (key >> 3) * own // unit, LEVEL_COLUMNS[key & 7]
                sums[name] = sums.get(name, 0) + count
        return histogram_of(sums, unit, since_ns, until_ns, buckets, covered=min(covered, total), total=total)

    def _counted(self, tape: Tape, start: int, end: int, last_ns: int, deadline: float) -> _Tail:
        """The tail of a file from `start` to `end`, counted on until the deadline."""
        tape.check()
        tail = self._tails.get(tape)
        if (
            tail is None
            or tail.start != start
            or tail.end > tape.size
            or tape.head(tail.head[0]) != tail.head
        ):
            tail = self._tails[tape] = _Tail(start, start, last_ns, tape.head())
        if tail.end >= end or monotonic() >= deadline:
            return tail
        tape.parser()
        for block in blocks.newer(tape, tail.end, end, PIECE):
            for fact in facts_of(tape, block):
                tail.last_ns = tail.last_ns if fact.time_ns is None else fact.time_ns
                known = tape.fallback_ns if tail.last_ns == UNKNOWN_TIME else tail.last_ns
                key = known // MINUTE << 3 | fact.level
                tail.counts[key] = tail.counts.get(key, 0) + 1
            tail.end = block.end
            if monotonic() >= deadline:
                break
        return tail
