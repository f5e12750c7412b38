"""One correlation ID over all files: its records in time order, and what is missing or odd about them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import iso, monotonic
from pake_tui.engine.logfiles.cursor import Position
from pake_tui.engine.logfiles.index import OPEN, Ranges, candidates, index_of, without
from pake_tui.engine.logfiles.merging import BATCH_S
from pake_tui.engine.logfiles.rows import lone_row
from pake_tui.engine.logfiles.strand import Item, Strand
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.engine.logfiles.view import View
from pake_tui.model.record import LogRow, Trace
from pake_tui.query import Query
from pake_tui.query.ids import ids_of
from pake_tui.query.nodes import Equals
from pake_tui.query.values import Glob
from pake_tui.records.spans import spans_of
from pake_tui.text.listing import listed

SHORTEST_PREFIX = 8
MOST_ROWS = 10_000


def query_of(correlation_id: str, aliases: Sequence[str], *, prefix: bool) -> Query:
    """The query of an ID, or of those that begin with it, in any case."""
    parts = (correlation_id.lower(), "") if prefix else (correlation_id.lower(),)
    return Query(Equals("cid", Glob(parts)), tuple(aliases))


def traces(
    view: View,
    correlation_id: str,
    aliases: Sequence[str],
    unread: Sequence[str],
    cancel: threading.Event,
    zone: tzinfo = UTC,
) -> Iterator[Trace]:
    """Growing traces, the last one complete; times in its notes are in `zone`.

    Eight characters or more find every ID that begins with them.

    Where an index tells of the whole ID, it is looked for first; only if nobody has it, beginnings are.
    """
    prefix = len(correlation_id) >= SHORTEST_PREFIX
    query = query_of(correlation_id, aliases, prefix=prefix)
    exactly = query_of(correlation_id, aliases, prefix=False)
    search = _Search(correlation_id, query, sum(tape.size for tape in view.tapes))
    read = [candidates(tape, exactly) for tape in view.tapes]
    for index, tape in enumerate(view.tapes):
        yield from search.within(index, tape, read[index], cancel)
        search.done += tape.size
    if prefix and not search.exact:
        for index, (tape, before) in enumerate(zip(view.tapes, read, strict=True)):
            if before is not None:
                others = candidates(tape, query)
                rest = without([(0, tape.size)] if others is None else others, before)
                yield from search.within(index, tape, rest, cancel)
    if not cancel.is_set():
        found = search.trace(unread, complete=True)
        yield replace(found, notes=(*beginnings(view, found.rows, zone), *found.notes))


class _Search(Struct):
    """What was found so far."""

    wanted: str
    query: Query
    total: int
    found: list[tuple[int, int, Item, Tape, bool]] = field(default_factory=list)
    """Records by time and file, and whether each has the ID itself."""
    exact: bool = False
    ids: dict[str, tuple[int, int, Position]] = field(default_factory=dict)
    """Each ID found, and where its first record stands."""
    done: int = 0
    here: int = 0
    told: float = field(default_factory=monotonic)

    @property
    def full(self) -> bool:
        """Whether no more records are kept."""
        return len(self.found) >= MOST_ROWS

    def within(
        self, index: int, tape: Tape, ranges: Ranges | None, cancel: threading.Event
    ) -> Iterator[Trace]:
        """Look into the ranges of a file (None: all of it); growing traces."""
        for item in Strand(tape, self.query, cancel, index=index, ranges=ranges).newer((0, 0), tape.size):
            if cancel.is_set():
                return
            self.take(index, tape, item)
            if monotonic() - self.told >= BATCH_S:
                self.told = monotonic()
                yield self.trace()
            if self.full:
                return

    def take(self, index: int, tape: Tape, item: Item) -> None:
        """A record, or a mark of how far a file was read."""
        self.here = item.end[0] if item.record is None else self.here
        if item.record is None:
            return
        begun = [one for one in ids_of(item.record, self.query.aliases) if self._begins(one)]
        place = (item.time_ns, index, item.start)
        for one in begun:
            self.ids[one] = min(place, self.ids.get(one, place))
        exact = any(one.lower() == self.wanted.lower() for one in begun)
        self.exact = self.exact or exact
        self.found.append((item.time_ns, index, item, tape, exact))

    def trace(self, unread: Sequence[str] = (), *, complete: bool = False) -> Trace:
        """The trace as it stands; where the ID itself was found, longer ones are dropped."""
        found = sorted(self.found, key=lambda one: (one[0], one[1], one[2].start))
        if self.exact:
            found = [one for one in found if one[4]]
        rows = tuple(lone_row(tape, item) for _, _, item, tape, _ in found)
        ids = [] if self.exact else sorted(self.ids, key=self.ids.__getitem__)
        notes: list[str] = []
        if complete:
            spans = spans_of([row.record for row in rows])
            notes = [*self._notes(ids), *spans.clocks_apart(), *spans.unseen()]
        return Trace(
            correlation_id=ids[0] if len(ids) == 1 else self.wanted,
            rows=rows,
            complete=complete,
            scanned_bytes=self.total if complete else min(self.total, self.done + self.here),
            total_bytes=self.total,
            notes=(*notes, *unread),
        )

    def _notes(self, ids: list[str]) -> Iterator[str]:
        if len(ids) > 1:
            yield f"{len(ids)} IDs begin with {self.wanted}: {listed(ids, 5)}"
        if self.full:
            yield f"only the first {MOST_ROWS} records found are shown"

    def _begins(self, one: str) -> bool:
        return one.lower().startswith(self.wanted.lower())


def beginnings(view: View, rows: Sequence[LogRow], zone: tzinfo) -> list[str]:
    """A note on services whose files begin after the trace did: what they wrote before, if anything, is gone.

    Where a service has rotated files, its oldest file beginning with the trace is as telling.
    """
    times: dict[str, int] = {}
    for row in rows:
        if row.record.time_ns is not None:
            times[row.address.file] = min(row.record.time_ns, times.get(row.address.file, OPEN))
    if not times:
        return []
    first = min(times.values())
    heads = {row.address.file for row in rows if row.address.offset == 0}
    files = Counter(tape.service for tape in view.tapes)
    oldest: dict[str, tuple[int, bool]] = {}
    for tape in view.tapes:
        if (begins := _begins(tape)) is not None:
            mine = min(begins, times.get(tape.key, begins)), tape.key in heads
            oldest[tape.service] = min(mine, oldest.get(tape.service, mine))
    late = [
        f"{service} begins at {iso(at, zone, timespec='seconds')}"
        for service, (at, own) in oldest.items()
        if (files[service] > 1 if own else at > first)
    ]
    return [f"older lines may be gone: {listed(late)}"] if late else []


def _begins(tape: Tape) -> int | None:
    """The first time in a file, as far as its index or its parser knows: nothing is read for it."""
    index = index_of(tape)
    return index.columns.lows[0] if index is not None and index.timed(0) else tape.begins_ns
