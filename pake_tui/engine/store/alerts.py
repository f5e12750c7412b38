"""Alerts, their append-only history, the notices they gave rise to, and which events were applied.

Functions that take a connection run inside a caller's transaction; the table's methods only read.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.clock import DAY, HOUR
from pake_tui.engine.store.encoding import LIVE_WORDS, decode, encode
from pake_tui.errors import ConflictError
from pake_tui.model.alert import Alert, AlertEvent, AlertState, Severity

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE alerts(
    id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, state TEXT NOT NULL, severity INTEGER NOT NULL,
    service TEXT NOT NULL, rule TEXT NOT NULL, first_seen_ns INTEGER NOT NULL, last_seen_ns INTEGER NOT NULL,
    resolved_ns INTEGER, still_true INTEGER NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX one_live_alert ON alerts(fingerprint)
WHERE state IN ('firing', 'acknowledged', 'snoozed');
CREATE INDEX alerts_by_fingerprint ON alerts(fingerprint, first_seen_ns);
CREATE INDEX alerts_by_state ON alerts(state, resolved_ns);
CREATE TABLE history(
    number INTEGER PRIMARY KEY AUTOINCREMENT, alert_id TEXT NOT NULL, at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL, actor TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL,
    severity INTEGER NOT NULL
);
CREATE INDEX history_by_alert ON history(alert_id, number);
CREATE TRIGGER history_is_append_only BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER history_is_kept BEFORE DELETE ON history
WHEN OLD.kind <> 'fired again' AND EXISTS(SELECT 1 FROM alerts WHERE id = OLD.alert_id)
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TABLE notices(
    number INTEGER PRIMARY KEY AUTOINCREMENT, alert_id TEXT NOT NULL, at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL, severity INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    held INTEGER NOT NULL, counts INTEGER NOT NULL
);
CREATE INDEX notices_by_time ON notices(at_ns);
CREATE INDEX notices_held ON notices(held) WHERE held;
CREATE TABLE applied(uuid TEXT PRIMARY KEY, alert_id TEXT NOT NULL, at_ns INTEGER NOT NULL) WITHOUT ROWID;
"""
COUNTED = "CREATE INDEX notices_counted ON notices(at_ns) WHERE counts;"
Read = Callable[..., list[tuple[Any, ...]]]
COLUMNS = (
    "id, fingerprint, state, severity, first_seen_ns, last_seen_ns, service, rule, still_true, version, body"
)
NOTICES = "SELECT alert_id, at_ns, kind, severity, title, text, held, counts, number FROM notices"
KEEP_RESOLVED_NS = 90 * DAY
KEEP_NOTICES_NS = 7 * DAY
MOST_REPEATS = 200
MOST_NOTICES = 10_000
SHOWN_RESOLVED_NS = DAY
MOST_SHOWN = 1_000


class NoticeRow(Struct, frozen=True):
    """One notice on record; `held` until a digest named it. `kind` as `NoticeKind.word`, `at_ns` UTC ns."""

    alert_id: str
    at_ns: int
    kind: str
    severity: Severity
    title: str
    text: str = ""
    held: bool = False
    counts: bool = True
    number: int = 0


class Alerts:
    """What a screen and the lifecycle read."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._known: dict[str, Alert] = {}
        self._generation = 0

    def live(self, service: str | None = None) -> tuple[Alert, ...]:
        """Firing, acknowledged and snoozed alerts, of one service or all, in the panel's order."""
        wanted = f"state IN {LIVE_WORDS} AND (?1 IS NULL OR service=?1)"
        return in_order(self._those(wanted, (service,)))

    def unsettled(self) -> tuple[Alert, ...]:
        """Alerts that time alone may change: the live ones and those whose condition outlived them."""
        return tuple(self._those(f"state IN {LIVE_WORDS} OR (state='resolved' AND still_true)"))

    def _those(self, wanted: str, parameters: Sequence[object] = ()) -> list[Alert]:
        """The alerts of a condition. They are asked for each second and change rarely: one of the version
        that was read last is not read again.
        """
        rows = self._store.read(f"SELECT id, version FROM alerts WHERE {wanted}", parameters)
        generation = self._store.database.generation
        known = self._known if generation == self._generation else {}
        fresh = [own for own, version in rows if own not in known or known[own].version != version]
        if fresh:
            news = self._store.read(
                f"SELECT {COLUMNS} FROM alerts WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(fresh),),
            )
            known = known | {row[0]: decode(row) for row in news}
        found = [known[own] for own, _ in rows if own in known]
        many = len(known) > 2 * len(found) + MOST_SHOWN
        self._known, self._generation = {one.id: one for one in found} if many else known, generation
        return found

    def shown(self, now_ns: int) -> tuple[Alert, ...]:
        """Live alerts and those resolved within 24 hours; the newest 1,000 of the latter."""
        rows = self._store.read(
            f"SELECT {COLUMNS} FROM alerts WHERE state='resolved' AND resolved_ns>? "
            "ORDER BY resolved_ns DESC LIMIT ?",
            (now_ns - SHOWN_RESOLVED_NS, MOST_SHOWN),
        )
        return in_order([*self.live(), *map(decode, rows)])

    def in_states(self, states: Iterable[AlertState]) -> tuple[Alert, ...]:
        """Alerts in any of the states, the last 1,000 of them."""
        words = json.dumps([state.value for state in states])
        rows = self._store.read(
            f"SELECT {COLUMNS} FROM alerts WHERE state IN (SELECT value FROM json_each(?)) "
            "ORDER BY last_seen_ns DESC LIMIT ?",
            (words, MOST_SHOWN),
        )
        return in_order(map(decode, rows))

    def with_history(self, alert_id: str) -> tuple[Alert | None, tuple[AlertEvent, ...]]:
        """One alert by its whole id, with its history, oldest first; both of the same moment."""
        with self._store.database.reading() as connection:
            alert = load(connection, alert_id)
            rows = connection.execute(
                "SELECT alert_id, at_ns, kind, actor, text, state, severity, number FROM history "
                "WHERE alert_id=? ORDER BY number",
                (alert_id,),
            ).fetchall()
        return alert, tuple(_event(row) for row in rows)

    def find(self, text: str) -> tuple[str, ...]:
        """Whole ids for an id, an alias or a prefix; at most five."""
        rows = self._store.read(
            "SELECT id FROM alerts WHERE id=?1 UNION SELECT alert_id FROM applied WHERE uuid=?1", (text,)
        )
        if not rows and text:
            rows = self._store.read(
                "SELECT id FROM alerts WHERE id>=?1 AND id<?1||'~' UNION "
                "SELECT alert_id FROM applied WHERE uuid>=?1 AND uuid<?1||'~' LIMIT 5",
                (text,),
            )
        return tuple(row[0] for row in rows)

    def resolved_since(self, since_ns: int) -> int:
        """How many were resolved after a time (UTC ns)."""
        rows = self._store.read(
            "SELECT count(*) FROM alerts WHERE state='resolved' AND resolved_ns>?", (since_ns,)
        )
        return int(rows[0][0])

    def notices(self, since_ns: int) -> tuple[NoticeRow, ...]:
        """Notices since a time, oldest first."""
        rows = self._store.read(f"{NOTICES} WHERE at_ns>=? ORDER BY number", (since_ns,))
        return tuple(as_notice(row) for row in rows)

    def newest_notice(self) -> tuple[int, str]:
        """Number and title of the newest notice that went out that something fires; 0 where none did."""
        rows = self._store.read(
            "SELECT number, title FROM notices WHERE NOT held AND kind<>'resolved' "
            "ORDER BY number DESC LIMIT 1"
        )
        return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")

    def held(self) -> int:
        """How many notices are held back that no digest named yet."""
        return int(self._store.read("SELECT count(*) FROM notices WHERE held")[0][0])


def in_order(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Firing first, then by severity, then newest: the panel's order."""
    rank = {AlertState.FIRING: 0, AlertState.ACKNOWLEDGED: 1, AlertState.SNOOZED: 2, AlertState.RESOLVED: 3}

    def key(alert: Alert) -> tuple[int, int, int, str]:
        newest = alert.resolved.at_ns if alert.resolved else alert.first_seen_ns
        return rank[alert.state], 0 if alert.resolved else -alert.severity, -newest, alert.id

    return tuple(sorted(alerts, key=key))


def load(connection: sqlite3.Connection, alert_id: str) -> Alert | None:
    """One alert by its whole id."""
    row = connection.execute(f"SELECT {COLUMNS} FROM alerts WHERE id=?", (alert_id,)).fetchone()
    return decode(row) if row else None


def reader(connection: sqlite3.Connection) -> Read:
    """A connection's way of reading, as a store's `read` is."""
    return lambda sql, parameters=(): connection.execute(sql, parameters).fetchall()


def newest(read: Read, fingerprint: str) -> Alert | None:
    """The live alert of a fingerprint, else the one that was opened last."""
    rows = read(
        f"SELECT {COLUMNS} FROM alerts WHERE fingerprint=? "
        f"ORDER BY state IN {LIVE_WORDS} DESC, first_seen_ns DESC, resolved_ns DESC LIMIT 1",
        (fingerprint,),
    )
    return decode(rows[0]) if rows else None


def count_live(connection: sqlite3.Connection) -> int:
    """How many are firing, acknowledged or snoozed."""
    return int(connection.execute(f"SELECT count(*) FROM alerts WHERE state IN {LIVE_WORDS}").fetchone()[0])


def save(connection: sqlite3.Connection, alert: Alert, seen: Alert | None) -> None:
    """Write an alert as it became; `seen` is what the change was made from. ConflictError if that is gone."""
    if seen is None or seen.id != alert.id:
        connection.execute(f"INSERT INTO alerts VALUES({','.join('?' * 12)})", encode(alert))
        if seen is not None and seen.still_true:
            save(connection, replace(seen, still_true=False, version=seen.version + 1), seen)
        return
    row = encode(alert)
    done = connection.execute(
        "UPDATE alerts SET state=?, severity=?, service=?, rule=?, first_seen_ns=?, last_seen_ns=?, "
        "resolved_ns=?, still_true=?, version=?, body=? WHERE id=? AND version=?",
        (*row[2:], alert.id, seen.version),
    )
    if done.rowcount != 1:
        raise ConflictError(f"alert {alert.id[:8]} was changed by somebody else at this moment")


def append_history(connection: sqlite3.Connection, entries: Sequence[AlertEvent]) -> None:
    """Add entries; nothing ever changes them."""
    connection.executemany(
        "INSERT INTO history(alert_id, at_ns, kind, actor, text, state, severity) VALUES(?,?,?,?,?,?,?)",
        [(e.alert_id, e.at_ns, e.kind, e.actor, e.text, e.state.value, int(e.severity)) for e in entries],
    )


def append_notices(connection: sqlite3.Connection, rows: Sequence[NoticeRow]) -> None:
    """Record notices, sent or held."""
    connection.executemany(
        "INSERT INTO notices(alert_id, at_ns, kind, severity, title, text, held, counts) "
        "VALUES(?,?,?,?,?,?,?,?)",
        [(n.alert_id, n.at_ns, n.kind, int(n.severity), n.title, n.text, n.held, n.counts) for n in rows],
    )


def held(connection: sqlite3.Connection) -> tuple[NoticeRow, ...]:
    """Notices held back that no digest named yet, oldest first."""
    rows = connection.execute(f"{NOTICES} WHERE held ORDER BY number").fetchall()
    return tuple(as_notice(row) for row in rows)


def release_held(connection: sqlite3.Connection) -> None:
    """A digest named them: nothing is held back any more."""
    connection.execute("UPDATE notices SET held=0 WHERE held")


def sent_in_hour(connection: sqlite3.Connection, now_ns: int, most: int) -> int:
    """How many notices of the last hour count against its limit; `most` is enough to know.

    Those of a clock that stepped back since are taken as sent now: they count for an hour more, not for
    years.
    """
    connection.execute("UPDATE notices SET at_ns=?1 WHERE at_ns>?1", (now_ns,))
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM notices WHERE at_ns>? AND counts LIMIT ?)",
        (now_ns - HOUR, most),
    ).fetchone()
    return int(row[0])


def applied(connection: sqlite3.Connection, uuid: str) -> str:
    """The alert that an event was applied to; empty if it was not."""
    row = connection.execute("SELECT alert_id FROM applied WHERE uuid=?", (uuid,)).fetchone()
    return str(row[0]) if row else ""


def remember_applied(connection: sqlite3.Connection, uuid: str, alert_id: str, at_ns: int) -> None:
    """An event was applied, once and for all."""
    connection.execute("INSERT OR IGNORE INTO applied VALUES(?,?,?)", (uuid, alert_id, at_ns))


def prune(connection: sqlite3.Connection, now_ns: int) -> None:
    """Keep it bounded: alerts resolved 90 days ago, notices of a week ago, and repeats past the newest 200
    go.
    """
    connection.execute(
        "DELETE FROM alerts WHERE state='resolved' AND resolved_ns<?", (now_ns - KEEP_RESOLVED_NS,)
    )
    connection.execute("DELETE FROM history WHERE alert_id NOT IN (SELECT id FROM alerts)")
    connection.execute("DELETE FROM applied WHERE alert_id NOT IN (SELECT id FROM alerts)")
    connection.execute("DELETE FROM notices WHERE NOT held AND at_ns<?", (now_ns - KEEP_NOTICES_NS,))
    connection.execute(
        "DELETE FROM notices WHERE number<=(SELECT max(number) FROM notices)-?", (MOST_NOTICES,)
    )
    busy = connection.execute(
        "SELECT alert_id FROM history WHERE kind='fired again' GROUP BY alert_id HAVING count(*)>?",
        (MOST_REPEATS,),
    ).fetchall()
    for (alert_id,) in busy:
        connection.execute(
            "DELETE FROM history WHERE number IN (SELECT number FROM history WHERE alert_id=? AND "
            "kind='fired again' ORDER BY number DESC LIMIT -1 OFFSET ?)",
            (alert_id, MOST_REPEATS),
        )


def _event(row: tuple[Any, ...]) -> AlertEvent:
    return AlertEvent(
        alert_id=row[0],
        at_ns=row[1],
        kind=row[2],
        actor=row[3],
        text=row[4],
        state=AlertState(row[5]),
        severity=Severity(row[6]),
        number=row[7],
    )


def as_notice(row: tuple[Any, ...]) -> NoticeRow:
    """A row of `NOTICES`."""
    return NoticeRow(
        row[0], row[1], row[2], Severity(row[3]), row[4], row[5], bool(row[6]), bool(row[7]), row[8]
    )
