"""Who is the collector: a lock that dies with its holder, a heartbeat, an epoch that every write checks.

The lock is an flock on `collector.lock` (close-on-exec); the heartbeat is written into that
file, so that it costs neither a sync nor a wake-up of every console. A silent holder keeps its lock, so it is
replaced by putting a new lock file in place of the one it holds, and by a higher epoch: what it writes
later fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.engine.store.files import create_file
from pake_tui.errors import StoreError

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE leadership(
    one INTEGER PRIMARY KEY CHECK(one = 1), epoch INTEGER NOT NULL, pid INTEGER NOT NULL,
    since_ns INTEGER NOT NULL, config_path TEXT NOT NULL, permanent INTEGER NOT NULL, version TEXT NOT NULL
);
"""
SILENT_NS = 2 * SECOND
AT_ONCE_S = 0.1


class DeposedError(StoreError):
    """This collector was silent too long and another one leads: stop, write nothing more."""


class Leader(Struct, frozen=True):
    """The collector on record. `alive` is whether its lock is held, `beat_ns` its last heartbeat (UTC ns).

    `silent` is true when the heartbeat is older than two seconds.
    """

    epoch: int
    pid: int
    since_ns: int
    beat_ns: int
    config_path: str
    permanent: bool
    version: str
    alive: bool
    silent: bool


class Leadership:
    """Claim, beat, watch.

    One instance belongs to one store; `claim` makes that store's writes check the epoch.
    """

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._path = store.folder / "collector.lock"
        self._held: int | None = None
        self._row: tuple[object, ...] = ()
        """What is on record of this collector while it leads."""
        self._known: tuple[Any, ...] | None = None
        self._read_at = -1
        self._told: Leader | None = None
        self._told_at = -AT_ONCE_S

    def claim(
        self, *, config_path: str, permanent: bool, version: str, replace_alive: bool = False
    ) -> int | None:
        """Become the collector: the new epoch, or None while another one beats.

        A dead holder is replaced at once, a silent one after two seconds, one that beats only with
        `replace_alive` (a permanent agent replaces one that was started on demand).
        """
        try:
            create_file(self._path)
            held = _lock(self._path)
            if held is None:
                if not (replace_alive or _age_ns(self._path) > SILENT_NS):
                    return None
                return self._replace(config_path, permanent, version, force=replace_alive)
        except OSError as error:
            raise StoreError(f"cannot lock {self._path}: {error.strerror}") from None
        return self._record(held, config_path, permanent, version)

    def beat(self) -> None:
        """Say that this collector lives; call it at least twice a second. DeposedError if another one
        leads.
        """
        if self._held is None or not _is_current(self._held, self._path):
            raise DeposedError("another collector leads now", hint="it was replaced for its silence")
        _stamp(self._held)

    def release(self) -> None:
        """Leave: the next claim succeeds at once."""
        self._store.epoch = None
        if self._held is not None:
            held, self._held = self._held, None
            os.close(held)

    def check(self, connection: sqlite3.Connection) -> None:
        """DeposedError unless this collector is the one on record; inside a write, so that nobody can come
        between.

        A file that was begun anew, since the old one was corrupt, knows nobody: who holds the lock leads
        still, and is put on record again.
        """
        row = connection.execute("SELECT epoch, pid FROM leadership").fetchone()
        if row is None and self._held is not None and _is_current(self._held, self._path):
            _write(connection, self._row)
        elif row is None or row[0] != self._store.epoch:
            who = f"pid {row[1]}" if row else "nobody"
            raise DeposedError(
                f"this collector (epoch {self._store.epoch}) was replaced by {who}; nothing was written"
            )

    def stay_on_record(self) -> None:
        """Be on record also in a file that was begun anew; no write where that is so. DeposedError."""
        if self._held is not None and self.current() is None:
            with self._store.write():
                pass  # every write of a collector checks

    def lately(self) -> Leader | None:
        """As `current`, but what was told within a tenth of a second is told again: several ask at once."""
        now = monotonic()
        if now - self._told_at > AT_ONCE_S:
            self._told, self._told_at = self.current(), now
        return self._told

    def current(self) -> Leader | None:
        """The collector on record, dead or alive; None if there is none."""
        row = self._on_record()
        if row is None:
            return None
        epoch, pid, since_ns, config_path, permanent, version = row
        age = _age_ns(self._path)
        alive = self._held is not None or _is_locked(self._path)
        return Leader(
            epoch=epoch,
            pid=pid,
            since_ns=since_ns,
            beat_ns=now_ns() - age,
            config_path=config_path,
            permanent=bool(permanent),
            version=version,
            alive=alive,
            silent=age > SILENT_NS,
        )

    def _on_record(self) -> tuple[Any, ...] | None:
        """The row, read again when anything in the state changed."""
        changed = self._store.changed()
        if changed != self._read_at:
            rows = self._store.read(
                "SELECT epoch, pid, since_ns, config_path, permanent, version FROM leadership"
            )
            self._known, self._read_at = rows[0] if rows else None, changed
        return self._known

    def _replace(self, config_path: str, permanent: bool, version: str, force: bool) -> int | None:
        """Put an own lock file in the place of the silent holder's, inside the transaction that raises the
        epoch.
        """
        own = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        own.unlink(missing_ok=True)
        create_file(own)
        held = _lock(own)
        if held is None:
            return None
        _stamp(held)

        def take_place() -> bool:
            if not force and _age_ns(self._path) <= SILENT_NS:
                return False
            own.replace(self._path)
            return True

        epoch = self._record(held, config_path, permanent, version, take_place)
        own.unlink(missing_ok=True)
        return epoch

    def _record(
        self,
        held: int,
        config_path: str,
        permanent: bool,
        version: str,
        take_place: Callable[[], bool] = lambda: True,
    ) -> int | None:
        _stamp(held)
        self._store.epoch = None
        try:
            with self._store.write() as connection:
                if not take_place() or not _is_current(held, self._path):
                    os.close(held)
                    return None
                row = connection.execute("SELECT epoch FROM leadership").fetchone()
                epoch = int(row[0]) + 1 if row else 1
                own = (epoch, os.getpid(), now_ns(), config_path, int(permanent), version)
                _write(connection, own)
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(held)
            raise
        self.release()
        self._held, self._row, self._store.epoch = held, own, epoch
        return epoch


def _write(connection: sqlite3.Connection, row: tuple[object, ...]) -> None:
    connection.execute("INSERT OR REPLACE INTO leadership VALUES(1,?,?,?,?,?,?)", row)


def _lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_current(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _stamp(descriptor: int) -> None:
    os.pwrite(descriptor, f"{time.monotonic_ns():020d}".encode(), 0)


def _age_ns(path: Path) -> int:
    """Nanoseconds since the last heartbeat, by the clock that never steps and that all processes of a host
    share.
    """
    try:
        beaten = int(path.read_bytes()[:20] or b"0")
    except (OSError, ValueError):
        beaten = 0
    return time.monotonic_ns() - beaten if beaten <= time.monotonic_ns() else 0
