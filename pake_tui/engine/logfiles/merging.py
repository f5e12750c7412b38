"""Many strands become one read: merged by time in either direction, in batches, with what happened meanwhile.

The order inside each file is kept.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator

from msgspec.structs import replace

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles.cursor import Decoded, Position
from pake_tui.engine.logfiles.rows import Cursors, departure_row, departures, event_of, row_of, tag_of
from pake_tui.engine.logfiles.strand import Item, Strand
from pake_tui.engine.logfiles.view import View, grown_from, positions, settled
from pake_tui.model.record import Direction, LogBatch, LogRow
from pake_tui.query import Query

BATCH_S = 0.08
FIRST_BATCH_S = 0.01
BATCH_ROWS = 1_000
NEWER, OLDER = Direction.NEWER, Direction.OLDER
Spool = tuple[Strand, Iterator[Item]]


def merged(strands: list[Spool], direction: Direction) -> Iterator[tuple[Strand, Item]]:
    """Items in time order (equal times: in the order of the files), marks among them.

    A strand is asked for its next item only when the one before it has had its turn.
    """
    sign = 1 if direction is Direction.NEWER else -1
    heap: list[tuple[int, int, Item, Strand, Iterator[Item]]] = []
    for strand, items in strands:
        if (first := next(items, None)) is not None:
            heap.append((sign * first.time_ns, sign * strand.index, first, strand, items))
    heapq.heapify(heap)
    while heap:
        _, order, item, strand, items = heap[0]
        strand.position = item.end if direction is Direction.NEWER else item.start
        yield strand, item
        following = next(items, None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (sign * following.time_ns, order, following, strand, items))


class MergedRead:
    """One read of a view under way."""

    def __init__(
        self, view: View, strands: list[Strand], query: Query, direction: Direction, limit: int
    ) -> None:
        self._view = view
        self._strands = strands
        self._tag = tag_of(query)
        self._direction = direction
        self._limit = limit
        self._cursors = Cursors(view.tapes, self._tag)
        self._starts: list[int] = []
        self._total = 0
        self._hits = 0

    def batches(self, known: Decoded | None, cancel: threading.Event) -> Iterator[LogBatch]:
        """Rows from a place on (None: from an end), in batches with progress; the last one is `done`."""
        begins = self._begins(known)
        spools = [self._spool(*one, known) for one in zip(self._strands, begins, strict=True)]
        rows = self._departed(known)
        room = self._limit - len(rows)
        sent, told = False, monotonic()
        for strand, item in merged(spools, self._direction) if room > 0 else ():
            if cancel.is_set():
                return
            if item.record is not None or item.ruler:
                if not (rows or sent):
                    told = monotonic()  # the first batch has what comes close behind the first row
                rows.append(self._row(strand, item))
                room -= 1
                if not room:
                    break
            else:
                self._cursors.move(strand.index, strand.position)
            pace = FIRST_BATCH_S if rows and not sent else BATCH_S
            if len(rows) >= BATCH_ROWS or monotonic() - told >= pace:
                yield self._batch(rows)
                sent, rows, told = sent or bool(rows), [], monotonic()
        if not cancel.is_set():
            yield replace(self._batch(rows), done=True, at_end=room > 0)

    def _begins(self, known: Decoded | None) -> list[Position | None]:
        """Where reading begins in each file; None where it does not yet."""
        if known is not None:
            return positions(self._view, known, self._tag, newer=self._direction is NEWER)
        newer = self._direction is NEWER
        return [(0 if newer else strand.tape.size, 0) for strand in self._strands]

    def _spool(self, strand: Strand, begin: Position | None, known: Decoded | None) -> Spool:
        """A strand with its items from where it begins."""
        tape = strand.tape
        if begin is None:
            # Its place stays what it was, known or not, so that the next read judges it anew.
            if known is not None and tape.key in known.places:
                self._cursors.keep(strand.index, known.places[tape.key])
            self._starts.append(0)
            return strand, iter(())
        if self._direction is OLDER:
            self._total += begin[0]
            items = strand.older(begin)
        else:
            first = begin
            if known is not None and not begin[1]:
                begin = (grown_from(tape, begin[0]), 0)
            end = tape.size if known is None else settled(tape)
            self._total += max(0, end - begin[0])
            items = _announced(
                strand.newer(begin, end), event_of(tape, known, first), begin, tape.fallback_ns
            )
        strand.position = begin
        self._starts.append(begin[0])
        self._cursors.move(strand.index, begin)
        return strand, items

    def _departed(self, known: Decoded | None) -> list[LogRow]:
        if known is None or self._direction is OLDER:
            return []
        here = self._cursors.here()
        return [departure_row(self._view, key, here) for key in departures(self._view, known)]

    def _row(self, strand: Strand, item: Item) -> LogRow:
        """The row of an item; the place where the read stands moves over it."""
        newer = self._direction is NEWER
        self._cursors.move(strand.index, item.start if newer else item.end)
        one = self._cursors.here(strand.index, item.time_ns)
        self._cursors.move(strand.index, item.end if newer else item.start)
        other = self._cursors.here(strand.index, item.time_ns)
        self._hits += item.record is not None
        return row_of(strand.tape, item, *((one, other) if newer else (other, one)))

    def _batch(self, rows: list[LogRow]) -> LogBatch:
        pairs = zip(self._strands, self._starts, strict=True)
        scanned = sum(abs(strand.position[0] - start) for strand, start in pairs)
        ordered = rows if self._direction is NEWER else reversed(rows)
        return LogBatch(
            tuple(ordered), self._cursors.here(), min(scanned, self._total), self._total, self._hits
        )


def _announced(items: Iterator[Item], ruler: str, begin: Position, fallback_ns: int) -> Iterator[Item]:
    """The items, after a ruler if there is something to say."""
    if ruler:
        first = next(items, None)
        yield Item(fallback_ns if first is None else first.time_ns, begin, begin, ruler=ruler)
        if first is None:
            return
        yield first
    yield from items
