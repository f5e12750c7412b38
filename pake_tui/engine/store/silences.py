"""Silences, those of people and those that maintenance windows made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pake_tui.clock import DAY
from pake_tui.errors import ConflictError, NotFoundError
from pake_tui.model.silence import Matcher, Silence

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE silences(
    id TEXT PRIMARY KEY, matchers TEXT NOT NULL, starts_ns INTEGER NOT NULL, ends_ns INTEGER NOT NULL,
    by TEXT NOT NULL, reason TEXT NOT NULL, ended_ns INTEGER, ended_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX silences_by_end ON silences(ends_ns);
"""
COLUMNS = "id, matchers, starts_ns, ends_ns, by, reason, ended_ns, ended_by"
KEEP_NS = 30 * DAY
LEAST_PREFIX = 4
"""So many characters of an id at least stand for it."""


class Silences:
    """Those that are, will be and were."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def add(self, silence: Silence) -> None:
        """Keep one; one of the same id is kept as it is."""
        with self._store.write() as connection:
            connection.execute(
                f"INSERT OR IGNORE INTO silences({COLUMNS}) VALUES(?,?,?,?,?,?,?,?)", _row(silence)
            )

    def end(self, silence_id: str, now_ns: int, by: str) -> Silence:
        """End one by its id or the beginning of it. NotFoundError; ConflictError if it is over already."""
        with self._store.write() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM silences WHERE id=?1 OR (?2 AND substr(id, 1, ?2)=?1) LIMIT 2",
                (silence_id, len(silence_id) if len(silence_id) >= LEAST_PREFIX else 0),
            ).fetchall()
            if len(rows) != 1:
                what = f"several silences begin with {silence_id!r}" if rows else f"no silence {silence_id!r}"
                raise NotFoundError(what, hint="pake-tui silence list shows them")
            found = _silence(rows[0])
            if found.ended_ns is not None:
                raise ConflictError(f"silence {found.id[:8]} was ended by {found.ended_by} already")
            if found.ends_ns <= now_ns:
                raise ConflictError(f"silence {found.id[:8]} is over already")
            connection.execute(
                "UPDATE silences SET ended_ns=?, ended_by=? WHERE id=?", (now_ns, by, found.id)
            )
        return found

    def active(self, now_ns: int) -> tuple[Silence, ...]:
        """Those that silence now."""
        return tuple(_active(self._store.read, now_ns))

    def list(self, since_ns: int) -> tuple[Silence, ...]:
        """Those that end after a time, the next to end first."""
        rows = self._store.read(
            f"SELECT {COLUMNS} FROM silences WHERE ends_ns>? ORDER BY ends_ns", (since_ns,)
        )
        return tuple(map(_silence, rows))


def active(connection: sqlite3.Connection, now_ns: int) -> list[Silence]:
    """Those that silence now, inside a caller's transaction."""
    return list(_active(lambda sql, parameters: connection.execute(sql, parameters).fetchall(), now_ns))


def prune(connection: sqlite3.Connection, now_ns: int) -> None:
    """Forget those that ended a month ago."""
    connection.execute("DELETE FROM silences WHERE ends_ns<?", (now_ns - KEEP_NS,))


def _active(read: Any, now_ns: int) -> Iterable[Silence]:
    rows = read(
        f"SELECT {COLUMNS} FROM silences WHERE starts_ns<=?1 AND ends_ns>?1 AND ended_ns IS NULL ORDER BY id",
        (now_ns,),
    )
    return map(_silence, rows)


def _row(silence: Silence) -> tuple[object, ...]:
    matchers = json.dumps([[one.name, one.op, one.value] for one in silence.matchers])
    return (
        silence.id,
        matchers,
        silence.starts_ns,
        silence.ends_ns,
        silence.by,
        silence.reason,
        silence.ended_ns,
        silence.ended_by,
    )


def _silence(row: tuple[Any, ...]) -> Silence:
    silence_id, matchers, *rest = row
    return Silence(silence_id, tuple(Matcher(*one) for one in json.loads(matchers)), *rest)
