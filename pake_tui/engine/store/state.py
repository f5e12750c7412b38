"""The face of `state.db`: what people did and must never lose, and who is there now."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pake_tui.engine.store import (
    alerts,
    deliveries,
    leadership,
    loggers,
    presence,
    requests,
    runtime,
    silences,
)
from pake_tui.engine.store.database import WRITE_TIMEOUT, Database, Schema
from pake_tui.engine.store.grouping import GroupCommit
from pake_tui.engine.store.wanted import Wanted

Answer = TypeVar("Answer")
FILE_NAME = "state.db"
SCHEMA = Schema(
    application_id=0x50414B31,
    migrations=(
        alerts.SCHEMA + presence.SCHEMA + loggers.SCHEMA + leadership.SCHEMA + runtime.SCHEMA,
        requests.SCHEMA,
        deliveries.SCHEMA,
        silences.SCHEMA,
        alerts.COUNTED,
    ),
)


class StateStore:
    """`state.db` in a state folder, opened on first use, safe to share between threads and across a fork.

    Each family of tables is an attribute: `alerts`, `presence`, `loggers`, `leadership`, `runtime`,
    `requests`, `deliveries`, `silences`. A read-only store that finds no file reads as empty and notices
    when one appears. Every failure is a StoreError; a write through a read-only store is a ReadOnlyError.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self.read_only = read_only
        self.database = Database(folder / FILE_NAME, SCHEMA, read_only=read_only, durable=True)
        self._group = GroupCommit(self.write)
        self.epoch: int | None = None
        """Set by `leadership.claim`: from then on every write of this store fails once another one leads."""
        self.alerts = alerts.Alerts(self)
        self.presence = presence.PresenceTable(self)
        self.loggers = loggers.Loggers(self)
        self.leadership = leadership.Leadership(self)
        self.runtime = runtime.RuntimeValues(self)
        self.deliveries = deliveries.Deliveries(self)
        self.silences = silences.Silences(self)
        self.requests = requests.Requests(self)
        self.wanted = Wanted(folder)

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one query."""
        return self.database.read(sql, parameters)

    @contextmanager
    def write(self, *, timeout: float = WRITE_TIMEOUT) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when the block ends; undone if it raises.

        `timeout` bounds the wait for the database, in seconds. DeposedError if this store led and lost it.
        """
        with self.database.write(timeout=timeout) as connection:
            if self.epoch is not None:
                self.leadership.check(connection)
            yield connection

    def together(self, work: Callable[[sqlite3.Connection], Answer], *, timeout: float) -> Answer:
        """As `write` with some work inside; threads that write at the same moment share one sync."""
        return self._group.run(work, timeout)

    def changed(self) -> int:
        """A number that differs after any other process or thread committed anything to `state.db`."""
        return self.database.data_version()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd about the file, in words: set aside, no WAL on a network file system, newer writer."""
        return tuple(self.database.notes)

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self.database.close()
