"""The log files of this host as a LogSource: plain reading here, searches in the scan worker."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar, cast

from msgspec.structs import replace

from pake_tui.clock import monotonic, now_ns
from pake_tui.engine.logfiles.client import IDLE_S, WorkerClient
from pake_tui.engine.logfiles.configured import LogSettings
from pake_tui.engine.logfiles.discover import Discovery, Folders, discover, exactly
from pake_tui.engine.logfiles.index.keeping import SMALL_BYTES
from pake_tui.engine.logfiles.index.tally import Tally
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.requests import Request
from pake_tui.engine.logfiles.table import FileTable
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.watching import Watcher
from pake_tui.engine.logfiles.worker import perform
from pake_tui.errors import PakeError
from pake_tui.model.record import (
    Address,
    Cursor,
    Direction,
    Histogram,
    LogBatch,
    LogFile,
    LogFiles,
    RecordDetail,
    Trace,
)
from pake_tui.query import Query, parse
from pake_tui.sources.protocols import Cancel

MOST_NAMES = 500
UNPACKING = "is compressed, and being unpacked"
UNPACK_S = 30.0
"""So often unpacking is asked for again, until a file is unpacked."""
KEEP_S = 5.0
"""A console is open so long before it has an index built or extended that no search asked for."""
T = TypeVar("T", LogBatch, Trace)


class EmbeddedLogSource:
    """Reads log files where they lie.

    `files` (paths or globs) are read alone; else what `registered` (service, path) and `globs` name at each
    look, see `discover`. `settings` is asked at each look too: an edited configuration counts at once.
    `zone` is the one shown, in which queries are read. Without `worker` searches run in the calling thread,
    as those of a command may. The worker runs from the first sign of a search on and `idle_s` longer than it
    has anything to do. It builds an index of large files, and unpacks what is compressed; with `unpacks` this
    process does so itself, when it looks for files.
    """

    def __init__(
        self,
        files: Sequence[str] = (),
        globs: Callable[[], Sequence[str]] = tuple,
        registered: Callable[[], Iterable[tuple[str, str | Path]]] = tuple,
        *,
        settings: Callable[[], LogSettings] = LogSettings,
        numbers: bool = False,
        worker: bool = True,
        unpacks: bool = False,
        idle_s: float = IDLE_S,
    ) -> None:
        self._ask_settings = settings
        self._settings = settings()
        self.zone = self.assumed_zone
        self._named = tuple(files)
        self._globs = globs
        self._registered = registered
        self._last_registered: list[tuple[str, str]] = []
        self._folders = Folders()
        self._unpacks = unpacks
        self._read_as = 0
        self._lock = threading.Lock()
        self._opened_table = self._new_table()
        self._reader = LogReader(numbers)
        self._names: dict[str, None] = {}
        self._tally = Tally()
        self._worker = WorkerClient(idle_s) if worker else None
        self._opened = self._kept = monotonic()
        self._asked = -UNPACK_S
        self._wake: Callable[[], None] | None = None
        self._watcher: Watcher | None = None
        self._watched = -1
        self._stirred = True

    @property
    def assumed_zone(self) -> tzinfo:
        """The zone of times that state none."""
        return self._settings.reading.assumed_zone

    @property
    def index_bytes(self) -> int:
        """What all indexes of this user may have; 0 where none is built."""
        return self._settings.index_bytes

    def files(self) -> LogFiles:
        """The files of the view, where they came from, and how far their index is."""
        self._stirred = False
        found = replace(self._table.files(), read_as=self._read_as, named=self._named)
        self._watch_as_set()
        if self._watcher is not None and self._watched != self._table.moves:
            self._watched = self._table.moves
            self._watcher.watch(self._table.paths(), self._table.awaited())
            # What was written while they were not watched yet is found by another look.
            self._stirred = True
        if self._worker is not None:
            self._worker.rest()
        if self._worker is None:
            return found
        if self._named and (packed := self._table.packed()):
            waiting = [LogFile(path, path, service, 0, "", UNPACKING) for path, service in packed]
            found = replace(found, files=(*waiting, *found.files))
            if monotonic() - self._asked >= UNPACK_S:
                self._asked = monotonic()
                self._worker.keep(self._request("index", ""))
        if not self.index_bytes:
            return found
        status, now = self._worker.index, monotonic()
        behind = sum(one.size for one in found.files if one.size >= SMALL_BYTES) - status.indexed_bytes
        waited = min(now - self._opened, now - self._kept) >= KEEP_S
        if waited and behind >= SMALL_BYTES and not status.building and not status.problem:
            self._kept = now
            self._worker.keep(self._request("index", ""))
        return replace(found, index=status)

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` as soon as a file of the view changed, where the system tells that."""

        def stirred() -> None:
            self._stirred = True
            wake()

        self._wake = self._wake or stirred
        self._watch_as_set()

    def quiet(self) -> bool:
        """Whether nothing has changed since `files` was called, as surely as the system tells."""
        sound = self._watcher is not None and self._watcher.sound
        return sound and not self._stirred and not self._table.holding

    def read(
        self, query: str, start: Cursor | None, direction: Direction, limit: int, cancel: Cancel
    ) -> Iterator[LogBatch]:
        """At most `limit` rows from a place on. QueryError at once, LogError while reading."""
        if not query.strip():
            parsed = parse("", now_ns=0)
            batches = self._reader.read(self._table.lately(), parsed, start, direction, limit, cancel)
            return self._noting(batches)
        request = self._request("read", query, start=start, direction=direction, limit=limit)
        return self._noting(self._answers(request, cancel, LogBatch))

    def count(self, query: str, cancel: Cancel, before: Cursor | None = None) -> Iterator[LogBatch]:
        """Hits over all files, or up to a place, growing. QueryError at once, LogError while reading."""
        return self._answers(self._request("count", query, start=before), cancel, LogBatch)

    def trace(self, correlation_id: str, cancel: Cancel) -> Iterator[Trace]:
        """Growing traces of an ID, or of those that begin with eight characters or more of it."""
        return self._answers(self._request("trace", correlation_id.strip()), cancel, Trace)

    def detail(self, address: Address, context: int = 3) -> RecordDetail:
        """One record whole. LogError if its file is gone."""
        return self._reader.detail(self._table.refresh(), address, context)

    def place(self, time_ns: int) -> Cursor:
        """The place before the first record at or after a time."""
        return self._reader.place(self._table.refresh(), time_ns)

    def histogram(self, since_ns: int | None, until_ns: int | None, buckets: int) -> Histogram:
        """Records by time and level, from the index; what is behind it bit by bit, more with each call."""
        self._expect_search()
        return self._tally.histogram(self._table.refresh().tapes, since_ns, until_ns, buckets)

    def parse(self, query: str) -> Query:
        """A query as this source reads it now. QueryError."""
        self._expect_search()
        return parse(query, now_ns=now_ns(), zone=self.zone, aliases=self._reading.aliases)

    def tapes(self) -> tuple[Tape, ...]:
        """The files as they are now, open for reading."""
        return self._table.refresh().tapes

    def field_names(self) -> tuple[str, ...]:
        """Field names seen so far, sorted; at most 500."""
        return tuple(sorted(self._names))

    @property
    def worker_pid(self) -> int | None:
        """The process of the scan worker, None where none runs."""
        return self._worker.pid if self._worker is not None else None

    def close(self) -> None:
        """End the scan worker, and the watching."""
        if self._watcher is not None:
            self._watcher.close()
        if self._worker is not None:
            self._worker.close()

    def _watch_as_set(self) -> None:
        """Begin or end watching, as somebody asked for and the settings want."""
        if self._wake is None or not self._settings.watches:
            if self._watcher is not None:
                self._watcher.close()
            self._watcher = None
        elif self._watcher is None:
            with contextlib.suppress(OSError):  # no descriptor is left: then looking has to do
                self._watcher, self._watched = Watcher(self._wake), -1

    def _expect_search(self) -> None:
        """Who types a query or looks at the histogram will search soon, and should not wait for a start."""
        if self._worker is not None:
            self._worker.wake()

    @property
    def _table(self) -> FileTable:
        """The files, opened anew where they are to be read otherwise now."""
        with self._lock:
            before, self._settings = self._settings, self._ask_settings()
            now = self._settings
            if now is not before and (now.reading, now.most_files) != (before.reading, before.most_files):
                self._opened_table, self._watched = self._new_table(), -1
                self._read_as += 1
                self._names.clear()
            return self._opened_table

    @property
    def _reading(self) -> Reading:
        return self._settings.reading

    def _new_table(self) -> FileTable:
        return FileTable(self._discover, self._reading, most=self._settings.most_files, unpacks=self._unpacks)

    def _discover(self, before: Discovery) -> Discovery:
        if self._named:
            return exactly(self._named, before)
        # Logs are read on where the state can't be: with what was registered when it could.
        with contextlib.suppress(PakeError):
            self._last_registered = [(service, str(path)) for service, path in self._registered()]
        return discover(self._globs(), self._last_registered, self._folders, before=before)

    def _request(
        self,
        kind: str,
        text: str,
        *,
        start: Cursor | None = None,
        direction: Direction = Direction.OLDER,
        limit: int = 0,
    ) -> Request:
        """A request over the view of this moment. QueryError."""
        now = now_ns()
        if kind != "trace":
            parse(text, now_ns=now, zone=self.zone, aliases=self._reading.aliases)
        view = self._table.refresh()
        return Request(
            kind=kind,
            text=text,
            files=tuple((tape.path, tape.service) for tape in view.tapes),
            reading=self._reading,
            now_ns=now,
            zone=self.zone,
            gone=dict(view.gone),
            seen=dict(view.seen),
            packed=self._table.packed() if self._named or kind != "index" else (),
            unread=self._table.unread() if kind == "trace" else (),
            start=start,
            direction=direction,
            limit=limit,
            numbers=self._reader.numbers,
            index_bytes=self.index_bytes,
        )

    def _answers(self, request: Request, cancel: Cancel, kind: type[T]) -> Iterator[T]:
        """The worker's answers, or this thread's own."""
        if self._worker is not None:
            found = self._worker.ask(request, cancel)
        else:
            found = perform(request, self._table.refresh(), cancel)
        return cast("Iterator[T]", found)

    def _noting(self, batches: Iterator[LogBatch]) -> Iterator[LogBatch]:
        """The batches; the field names in them are learnt."""
        for batch in batches:
            for row in batch.rows:
                if len(self._names) < MOST_NAMES:
                    self._names.update(dict.fromkeys(row.record.fields))
            yield batch
