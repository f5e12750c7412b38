"""One SQLite file, opened so that many processes, threads and forks can share it and none can spoil it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pake_tui.clock import monotonic
from pake_tui.engine.store import forks, holders, opening
from pake_tui.engine.store.failures import BusyError, is_busy, is_corrupt, translate
from pake_tui.engine.store.guard import Guard
from pake_tui.engine.store.opening import Schema
from pake_tui.engine.store.processes import is_stopped
from pake_tui.errors import ReadOnlyError, StoreError

__all__ = ["WRITE_TIMEOUT", "BusyError", "Database", "Schema"]

WRITE_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
STOPPED_FOR = 1.0
SLICE = 0.2
MOST_NOTES = 20
COARSE_NS = 50_000_000
"""Times of files may stand still for so long (a tick of the kernel is 10 ms at most)."""


class Database:
    """A connection that opens itself on first use and again whenever its file was replaced.

    One connection per process behind a lock, so any thread may call. Writes are short transactions (`BEGIN
    IMMEDIATE`) that are on disk when they end; reads fetch all. Errors are StoreError or ReadOnlyError.
    """

    def __init__(self, path: Path, schema: Schema, *, read_only: bool = False, durable: bool = True) -> None:
        self.path = path
        self.read_only = read_only
        self.notes: list[str] = []
        """What was odd, in words; bounded."""
        self.files = str(path), f"{path}-wal"
        """What is written to when somebody commits: all of it first to the write-ahead log."""
        self._schema = schema
        self._durable = durable
        self._guard = Guard(path.with_name(f"{path.name}.guard"))
        self._lock = threading.RLock()
        self._opened: opening.Opened | None = None
        self._pid = os.getpid()
        self.generation = 0
        """Grows each time the file is opened: what is remembered of its rows may not hold any more."""
        self._changes = 0
        self._seen: tuple[int, ...] | None = None
        """What the files were when SQLite was asked last whether anybody wrote."""
        self._stopped: tuple[int, float] | None = None
        self._rest_locked = False
        forks.register(self)

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one query. A corrupt file is set aside first, and the fresh one answers."""
        for attempt in (1, 2):
            with self._exclusive(READ_TIMEOUT):
                try:
                    return self._ready().connection.execute(sql, parameters).fetchall()
                except sqlite3.Error as error:
                    self._failed(error, retry=attempt == 1)
        raise AssertionError

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Several queries that see one moment. Fetch all inside the block."""
        with self._exclusive(READ_TIMEOUT):
            try:
                connection = self._ready().connection
                if connection.in_transaction:
                    yield connection
                    return
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    _end(connection, "ROLLBACK")
            except sqlite3.Error as error:
                self._failed(error)

    @contextmanager
    def write(self, *, timeout: float = WRITE_TIMEOUT) -> Iterator[sqlite3.Connection]:
        """One transaction: on disk when the block ends, undone if it raises.

        Waits `timeout` seconds at most for other writers (BusyError names them where it can). One that was
        stopped inside its transaction is ended after a second if this user may. ReadOnlyError, StoreError.
        """
        if self.read_only:
            raise ReadOnlyError(f"{self.path} was opened read-only")
        deadline = monotonic() + timeout
        with self._exclusive(timeout):
            try:
                with self._guarded(deadline) as opened:
                    if opened.refusal:
                        raise ReadOnlyError(opened.refusal)
                    connection = opened.connection
                    if connection.in_transaction:
                        raise RuntimeError("a transaction inside a transaction")
                    self._begin(connection, deadline)
                    try:
                        yield connection
                        connection.execute("COMMIT")
                    finally:
                        _end(connection, "ROLLBACK")
                    self._changes += 1
            except sqlite3.Error as error:
                self._failed(error)

    def data_version(self) -> int:
        """Grows whenever anybody committed anything to the file, this object included."""
        with self._exclusive(READ_TIMEOUT):
            mark = self._mark()
            if mark is not None and mark == self._seen:
                return self._changes
            try:
                opened = self._ready()
                version = int(opened.connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error as error:
                self._failed(error)
            # Only now: where SQLite did not answer, it is asked again.
            self._seen = mark if opened.stands_in is None else None
            if version != opened.version:
                self._changes += 1
                opened.version = version
            return self._changes

    def checkpoint(self) -> None:
        """Copy the write-ahead log into the file and shorten it, as far as nobody is in the way."""
        if self.read_only:
            return
        with self._exclusive(READ_TIMEOUT):
            try:
                with self._guarded(monotonic() + SLICE) as opened:
                    opened.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error as error:
                self._failed(error)

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        with self._exclusive(READ_TIMEOUT):
            self._drop()
            self._guard.close()

    def before_fork(self) -> None:
        """Wait for other threads and close, unless the forking thread is itself in a transaction."""
        self._rest_locked = self._lock.acquire(timeout=READ_TIMEOUT)
        inside = self._opened is not None and self._opened.connection.in_transaction
        if self._rest_locked and not inside and self._pid == os.getpid():
            self._drop()
            self._guard.close()

    def after_fork_in_parent(self) -> None:
        """Let other threads go on."""
        if self._rest_locked:
            self._rest_locked = False
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew."""
        self._lock = threading.RLock()
        self._rest_locked = False
        self._abandon()

    @contextmanager
    def _exclusive(self, timeout: float) -> Iterator[None]:
        if self._pid != os.getpid():
            # A fork that Python did not see, a C server's own: who held the lock did not come along.
            self.after_fork_in_child()
        if not self._lock.acquire(timeout=timeout):
            raise BusyError(f"{self.path} is in use by another thread of this process")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _guarded(self, deadline: float) -> Iterator[opening.Opened]:
        """The open file, which nobody sets aside inside the block."""
        while True:
            opened = self._ready()
            with self._guard.shared(self.path, deadline):
                if not opened.is_outdated(self.path):
                    yield opened
                    return

    def _mark(self) -> tuple[int, ...] | None:
        """What changes whenever anybody writes; None where that was a moment ago, as clocks of files are
        coarse, or cannot be told.

        Asking the kernel takes a tenth of asking SQLite, which locks and reads shared memory.
        """
        if self._opened is None:
            return None
        try:
            facts = os.stat(self.files[-1])  # noqa: PTH116
        except OSError:
            return None
        if time.time_ns() - facts.st_mtime_ns < COARSE_NS:
            return None
        return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns

    def _ready(self) -> opening.Opened:
        """The open connection, opened anew if its file was replaced. sqlite3.Error, StoreError."""
        opened = self._opened
        if opened is not None:
            if opened.connection.in_transaction or not opened.is_outdated(self.path):
                return opened
            self._drop()
        try:
            opened = self._open()
        except sqlite3.Error as error:
            if not is_corrupt(error) or not self._set_aside():
                raise
            opened = self._open()
        self._opened = opened
        self.generation += 1
        self._changes += 1
        return opened

    def _open(self) -> opening.Opened:
        if self.read_only:
            return opening.open_reading(self.path, self._schema)
        opened = opening.open_writing(self.path, self._schema, self._guard, durable=self._durable)
        for note in opened.notes:
            self._note(note)
        return opened

    def _set_aside(self) -> bool:
        if self.read_only:
            return False
        self._drop()
        moved = opening.set_aside(self.path, self._guard)
        if moved:
            self._note(moved)
        return True

    def _failed(self, error: sqlite3.Error, retry: bool = False) -> None:
        """Raise our own error for one of SQLite's, unless a corrupt file was set aside and `retry` may
        follow.
        """
        if is_corrupt(error) and self._set_aside():
            if retry:
                return
            raise StoreError(
                f"{self.path} was corrupt; nothing was saved by this",
                hint="; ".join((*self.notes[-1:], "try again")),
            ) from None
        if not is_busy(error) and self._opened is not None and not self._opened.connection.in_transaction:
            self._drop()
        raise translate(error, self.path) from None

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def _begin(self, connection: sqlite3.Connection, deadline: float) -> None:
        while True:
            left = deadline - monotonic()
            connection.execute(f"PRAGMA busy_timeout={int(max(0.0, min(left, SLICE)) * 1000)}")
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._stopped = None
                return
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
            self._wait_for(deadline)

    def _wait_for(self, deadline: float) -> None:
        """Deal with a writer that was stopped inside its transaction; BusyError when the time is up."""
        holder = holders.writer_of(self.path)
        stopped = holder is not None and is_stopped(holder)
        if holder is not None and stopped:
            if self._stopped is None or self._stopped[0] != holder:
                self._stopped = (holder, monotonic())
            elif monotonic() - self._stopped[1] >= STOPPED_FOR and holders.end_if_stopped(self.path, holder):
                self._note(
                    f"pid {holder} was stopped inside a transaction and has been ended: nobody could write"
                )
                self._stopped = None
        if monotonic() < deadline:
            return
        if holder is None:
            raise BusyError(f"{self.path} is busy: another process is writing")
        how = "was stopped inside a transaction" if stopped else "is writing"
        raise BusyError(
            f"{self.path} is busy: pid {holder} {how}", hint=f"continue or end it: kill -CONT {holder}"
        )

    def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            if self._pid != os.getpid():
                _keep_forever(opened.connection)
                return
            with suppress(sqlite3.Error):
                opened.connection.close()

    def _abandon(self) -> None:
        self._drop()
        self._pid = os.getpid()
        self._guard.close()


def _end(connection: sqlite3.Connection, word: str) -> None:
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute(word)


def _keep_forever(connection: sqlite3.Connection) -> None:
    """Leak it on purpose: closing a connection that crossed a fork would undo its parent's locks."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
