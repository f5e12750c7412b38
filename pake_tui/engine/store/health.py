"""Results of health checks per owner process, kept with the samples: they may be thrown away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pake_tui.clock import DAY
from pake_tui.model.check import CheckHistory, CheckPoint, HealthCheck, HealthState, StateSpan

if TYPE_CHECKING:
    from pake_tui.engine.store.metrics import MetricsStore

SCHEMA = """
CREATE TABLE health(
    owner TEXT NOT NULL, name TEXT NOT NULL, state INTEGER NOT NULL, message TEXT NOT NULL, since_ns INTEGER,
    checked_ns INTEGER, next_ns INTEGER, latency_ms REAL, interval_s REAL, details TEXT NOT NULL,
    history TEXT NOT NULL, PRIMARY KEY(owner, name)
) WITHOUT ROWID;
"""
SPANS = """
CREATE TABLE health_spans(
    name TEXT NOT NULL, from_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, state INTEGER NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY(name, from_ns)
) WITHOUT ROWID;
"""
HISTORY = 60
KEEP_SPANS_NS = 400 * DAY
MOST_TEXT = 2_000


class HealthResults:
    """One row per check and owner (`host`, `engine`, `checks`, `service@pid`), with its last 60 runs; and for
    400 days from when to when each check stood in which state.
    """

    def __init__(self, store: MetricsStore) -> None:
        self._store = store
        self._decoded: dict[tuple[Any, ...], HealthCheck] = {}

    def put(self, checks: Sequence[HealthCheck]) -> None:
        """Keep the newest result of each; the store adds it to the history and finds `since_ns` itself.

        `history` and `since_ns` of what is given are not used. A run that is kept already (same `checked_ns`,
        or same `next_ns`: only told again) adds no point.
        """
        with self._store.write() as connection:
            for check in checks:
                kept = connection.execute(
                    "SELECT state, since_ns, history, next_ns FROM health WHERE owner=? AND name=?",
                    (check.owner, check.name),
                ).fetchone()
                history = json.loads(kept[2]) if kept else []
                known = check.checked_ns is None or (history and history[-1][0] == check.checked_ns)
                if not known and (not kept or check.next_ns is None or kept[3] != check.next_ns):
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

    def states(self) -> tuple[HealthCheck, ...]:
        """As `list`, without histories and details: what a thousand checks can be asked for each second."""
        rows = self._store.read(
            "SELECT owner, name, state, message, since_ns, checked_ns, next_ns, latency_ms, interval_s, "
            "'{}', '[]' FROM health ORDER BY name, owner"
        )
        return tuple(map(_check, rows))

    def forget(self, owner: str, name: str | None = None) -> None:
        """Drop one check of an owner, or all of them."""
        with self._store.write() as connection:
            connection.execute(
                "DELETE FROM health WHERE owner=? AND (? IS NULL OR name=?)", (owner, name, name)
            )

    def extend(self, rows: Iterable[HealthCheck], now_ns: int, gap_ns: int) -> None:
        """Each check (one row a name) stands in its state until now: its span grows. A new one begins where
        the state is another, or nobody looked for more than `gap_ns`; a clock that stepped back adds nothing.
        """
        with self._store.write() as connection:
            for row in rows:
                last = connection.execute(
                    "SELECT from_ns, until_ns, state FROM health_spans WHERE name=? "
                    "ORDER BY from_ns DESC LIMIT 1",
                    (row.name,),
                ).fetchone()
                if last is not None and last[1] > now_ns:
                    continue
                grown = last is not None and last[1] >= now_ns - gap_ns
                if last is not None and grown:
                    connection.execute(
                        "UPDATE health_spans SET until_ns=? WHERE name=? AND from_ns=?",
                        (now_ns, row.name, last[0]),
                    )
                if last is None or not grown or last[2] != int(row.state):
                    connection.execute(
                        "INSERT OR REPLACE INTO health_spans VALUES(?,?,?,?,?)",
                        (row.name, now_ns, now_ns, int(row.state), row.message[:MOST_TEXT]),
                    )

    def spans(self, name: str, since_ns: int) -> CheckHistory:
        """The states of a check since a time (UTC ns)."""
        rows = self._store.read(
            "SELECT from_ns, until_ns, state, message FROM health_spans "
            "WHERE name=? AND until_ns>=? ORDER BY from_ns",
            (name, since_ns),
        )
        return CheckHistory(
            name, tuple(StateSpan(start, end, HealthState(state), text) for start, end, state, text in rows)
        )

    def prune_spans(self, now_ns: int) -> None:
        """Forget states of more than 400 days ago."""
        if self._store.read("SELECT 1 FROM health_spans WHERE until_ns<? LIMIT 1", (now_ns - KEEP_SPANS_NS,)):
            with self._store.write() as connection:
                connection.execute("DELETE FROM health_spans WHERE until_ns<?", (now_ns - KEEP_SPANS_NS,))

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
