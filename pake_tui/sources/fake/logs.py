"""A LogSource in memory: one invented incident over five services, and what tests add to it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo

from msgspec.structs import replace

from pake_tui.clock import MINUTE
from pake_tui.errors import LogError
from pake_tui.model.record import (
    Address,
    Cursor,
    Direction,
    Histogram,
    Level,
    LogBatch,
    LogFile,
    LogFiles,
    LogRow,
    Record,
    RecordDetail,
    RowKind,
    Trace,
)
from pake_tui.query import Query, parse
from pake_tui.query.ids import ids_of
from pake_tui.records.aliases import CORRELATION_IDS
from pake_tui.records.counting import histogram_of
from pake_tui.sources.fake.story import SERVICES, Step, incident, record
from pake_tui.sources.protocols import Cancel
from pake_tui.text.masking import mask_fields, mask_text
from pake_tui.text.own import Own
from pake_tui.text.safe import safe

SHORTEST_PREFIX = 8
BATCH = 200


class FakeLogSource:
    """Deterministic from its start time (UTC ns); queries are read as twelve minutes later."""

    def __init__(self, start_ns: int, zone: tzinfo = UTC) -> None:
        self.zone = zone
        self.now_ns = start_ns + 12 * 60 * 1_000_000_000
        self._lock = threading.Lock()
        self._rows: list[LogRow] = []
        self._sizes = dict.fromkeys(SERVICES, 0)
        self._lines = dict.fromkeys(SERVICES, 0)
        self._growth = self._told = self._read_as = 0
        self._wake: Callable[[], None] = lambda: None
        for one in incident(start_ns):
            self._add(one)

    def add(
        self,
        service: str,
        level: Level,
        message: str,
        *,
        time_ns: int,
        cid: str | None = None,
        **fields: object,
    ) -> None:
        """Write one more record, as an application would while a console looks."""
        with self._lock:
            self._add(record(time_ns, Step(0, service, level, message, fields), cid))
        self._wake()

    def hide(self, own: Own) -> None:
        """As if a configuration had named secrets of its own meanwhile: they are masked in every record."""
        with self._lock:
            self._rows = [replace(row, record=_without(row.record, own)) for row in self._rows]
            self._read_as += 1
        self._wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` with each record that is added."""
        self._wake = wake

    def quiet(self) -> bool:
        """Whether nothing was added since `files` was called last."""
        return self._told == self._growth

    def files(self) -> LogFiles:
        """One file for each service."""
        with self._lock:
            self._told = self._growth
            files = tuple(
                LogFile(name, f"/var/log/shop/{name}.log", name, size, "json")
                for name, size in self._sizes.items()
            )
            return LogFiles(files, self._growth, "registered loggers", read_as=self._read_as)

    def read(
        self, query: str, start: Cursor | None, direction: Direction, limit: int, cancel: Cancel
    ) -> Iterator[LogBatch]:
        """At most `limit` rows that match. QueryError at once, LogError for a foreign cursor."""
        return self._read(self.parse(query), self._index(start, direction), direction, limit, cancel)

    def count(self, query: str, cancel: Cancel, before: Cursor | None = None) -> Iterator[LogBatch]:
        """Hits, all or up to a place, growing. LogError for a foreign cursor."""
        rows = self._snapshot()[: self._index(before, Direction.OLDER)]
        return self._count(self.parse(query), cancel, rows)

    def detail(self, address: Address, context: int = 3) -> RecordDetail:
        """One record whole with its neighbours in its file. LogError."""
        rows = [row for row in self._snapshot() if row.address.file == address.file]
        index = next((n for n, row in enumerate(rows) if row.address == address), None)
        if index is None:
            raise LogError("the file of this record is gone")
        raw = "\n".join(safe(line) for line in rows[index].record.text.split("\n"))
        before = tuple(rows[max(0, index - context) : index])
        return RecordDetail(rows[index], raw, before, tuple(rows[index + 1 : index + 1 + context]))

    def trace(self, correlation_id: str, cancel: Cancel) -> Iterator[Trace]:
        """The records of an ID, or of those that begin with eight characters or more of it."""
        wanted = correlation_id.strip().lower()
        total = sum(self._sizes.values())
        yield Trace(correlation_id, total_bytes=total)
        if cancel.is_set():
            return
        exact = tuple(row for row in self._snapshot() if wanted in _ids(row))
        rows = exact
        if not exact and len(wanted) >= SHORTEST_PREFIX:
            rows = tuple(row for row in self._snapshot() if any(one.startswith(wanted) for one in _ids(row)))
        yield Trace(correlation_id, rows, complete=True, scanned_bytes=total, total_bytes=total)

    def place(self, time_ns: int) -> Cursor:
        """The place before the first record at or after a time."""
        rows = self._snapshot()
        return _cursor(bisect_left(rows, time_ns, key=lambda row: row.record.time_ns or 0))

    def histogram(self, since_ns: int | None, until_ns: int | None, buckets: int) -> Histogram:
        """Everything counted, minute by minute at the finest."""
        counts: dict[tuple[int, Level | None], int] = {}
        for row in self._snapshot():
            minute = (row.record.time_ns or 0) // MINUTE
            counts[minute, row.record.level] = counts.get((minute, row.record.level), 0) + 1
        total = sum(self._sizes.values())
        return histogram_of(counts, MINUTE, since_ns, until_ns, buckets, covered=total, total=total)

    def field_names(self) -> tuple[str, ...]:
        """Every field name, sorted."""
        return tuple(sorted({name for row in self._snapshot() for name in row.record.fields}))

    def _add(self, one: Record) -> None:
        service = one.service or ""
        at, line, index = (
            self._sizes.setdefault(service, 0),
            self._lines.setdefault(service, 0),
            len(self._rows),
        )
        self._rows.append(
            LogRow(
                kind=RowKind.RECORD,
                address=Address(service, at),
                record=one,
                path=f"/var/log/shop/{service}.log",
                before=_cursor(index),
                after=_cursor(index + 1),
                line=line + 1,
                lines=one.text.count("\n") + 1,
            )
        )
        self._sizes[service] = at + len(one.text.encode()) + 1
        self._lines[service] = line + one.text.count("\n") + 1
        self._growth += 1

    def _snapshot(self) -> list[LogRow]:
        with self._lock:
            return list(self._rows)

    def parse(self, query: str) -> Query:
        """A query as it is read now. QueryError."""
        return parse(query, now_ns=self.now_ns, zone=self.zone)

    def _index(self, start: Cursor | None, direction: Direction) -> int:
        if start is None:
            return 0 if direction is Direction.NEWER else len(self._snapshot())
        number = start.removeprefix("fake:")
        if number == start or not number.isdigit():
            raise LogError("this place in the logs was not made by this program", hint="start at an end")
        return int(number)

    def _read(
        self, query: Query, index: int, direction: Direction, limit: int, cancel: Cancel
    ) -> Iterator[LogBatch]:
        rows, step = self._snapshot(), 1 if direction is Direction.NEWER else -1
        total = len(rows) - index if step > 0 else index
        found: list[LogRow] = []
        hits = scanned = 0
        while hits < limit and (index < len(rows) if step > 0 else index > 0):
            if cancel.is_set():
                return
            row = rows[index if step > 0 else index - 1]
            index, scanned = index + step, scanned + 1
            if query.matches(row.record):
                hits += 1
                found.append(row)
            if len(found) == BATCH:
                yield LogBatch(tuple(found[::step]), _cursor(index), scanned, total, hits)
                found = []
        at_end = hits < limit
        yield LogBatch(tuple(found[::step]), _cursor(index), scanned, total, hits, done=True, at_end=at_end)

    def _count(self, query: Query, cancel: Cancel, rows: list[LogRow]) -> Iterator[LogBatch]:
        hits = 0
        for number, row in enumerate(rows, 1):
            if cancel.is_set():
                return
            hits += query.matches(row.record)
            if number % BATCH == 0:
                yield LogBatch((), _cursor(number), number, len(rows), hits)
        total = len(rows)
        yield LogBatch((), _cursor(total), total, total, hits, done=True, at_end=True)


def _cursor(index: int) -> Cursor:
    return f"fake:{index}"


def _ids(row: LogRow) -> list[str]:
    return [one.lower() for one in ids_of(row.record, CORRELATION_IDS)]


def _without(record: Record, own: Own) -> Record:
    """A record in which what is secret to a user is masked, too."""
    return replace(
        record,
        message=mask_text(record.message, own),
        text=mask_text(record.text, own),
        fields=mask_fields(dict(record.fields), own=own),
    )
