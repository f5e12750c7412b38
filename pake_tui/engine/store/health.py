"""Results of health checks per owner process, kept with the samples: they may be thrown away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pake_tui.model.check import CheckPoint, HealthCheck, HealthState

if TYPE_CHECKING:
    from pake_tui.engine.store.metrics import MetricsStore

SCHEMA = """
CREATE TABLE health(
    owner TEXT NOT NULL, name TEXT NOT NULL, state INTEGER NOT NULL, message TEXT NOT NULL, since_ns INTEGER,
    checked_ns INTEGER, next_ns INTEGER, latency_ms REAL, interval_s REAL, details TEXT NOT NULL,
    history TEXT NOT NULL, PRIMARY KEY(owner, name)
) WITHOUT ROWID;
"""
HISTORY = 60
MOST_TEXT = 2_000


class HealthResults:
    """One row per check and owner (`host`, `engine`, `service@pid`), with its last 60 runs."""

    def __init__(self, store: MetricsStore) -> None:
        self._store = store
        self._decoded: dict[tuple[Any, ...], HealthCheck] = {}

    def put(self, checks: Sequence[HealthCheck]) -> None:
        """Keep the newest result of each; the store adds it to the history and finds `since_ns` itself.

        `history` and `since_ns` of what is given are not used. A run that is kept already (same `checked_ns`)
        adds no point.
        """
        with self._store.write() as connection:
            for check in checks:
                kept = connection.execute(
                    "SELECT state, since_ns, history FROM health WHERE owner=? AND name=?",
                    (check.owner, check.name),
                ).fetchone()
                history = json.loads(kept[2]) if kept else []
                if check.checked_ns is not None and not (history and history[-1][0] == check.checked_ns):
                    message = check.message[:MOST_TEXT]
                    history.append([check.checked_ns, int(check.state), check.latency_ms, message])
                same = kept is not None and kept[0] == int(check.state)
                since_ns = kept[1] if same else check.checked_ns
                connection.execute(
                    "INSERT OR REPLACE INTO health VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                    _row(check, since_ns, history[-HISTORY:]),
                )

    def list(self) -> tuple[HealthCheck, ...]:
        """Every result of every owner, by name and owner; judging silence and the worst is the reader's."""
        rows = self._store.read("SELECT * FROM health ORDER BY name, owner")
        # A screen asks every second for what changes twice a minute.
        known = self._decoded
        self._decoded = {row: known.get(row) or _check(row) for row in rows}
        return tuple(self._decoded.values())

    def forget(self, owner: str, name: str | None = None) -> None:
        """Drop one check of an owner, or all of them."""
        with self._store.write() as connection:
            connection.execute(
                "DELETE FROM health WHERE owner=? AND (? IS NULL OR name=?)", (owner, name, name)
            )

    def prune(self, before_ns: int) -> None:
        """Drop results that were last renewed before a time (UTC ns)."""
        if self._store.read("SELECT 1 FROM health WHERE checked_ns<? LIMIT 1", (before_ns,)):
            with self._store.write() as connection:
                connection.execute("DELETE FROM health WHERE checked_ns<?", (before_ns,))


def _row(check: HealthCheck, since_ns: int | None, history: list[list[object]]) -> tuple[object, ...]:
    return (
        check.owner,
        check.name,
        int(check.state),
        check.message[:MOST_TEXT],
        since_ns,
        check.checked_ns,
        check.next_ns,
        check.latency_ms,
        check.interval_s,
        json.dumps(dict(check.details), default=str)[: MOST_TEXT * 4] if check.details else "{}",
        json.dumps(history),
    )


def _check(row: tuple[Any, ...]) -> HealthCheck:
    owner, name, state, message, since_ns, checked_ns, next_ns, latency_ms, interval_s, details, history = row
    return HealthCheck(
        name=name,
        state=HealthState(state),
        message=message,
        owner=owner,
        since_ns=since_ns,
        checked_ns=checked_ns,
        next_ns=next_ns,
        latency_ms=latency_ms,
        interval_s=interval_s,
        details=_details(details),
        history=tuple(
            CheckPoint(at, HealthState(s), latency, text) for at, s, latency, text in json.loads(history)
        ),
    )


def _details(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"details": text}
    return found if isinstance(found, dict) else {"details": found}
