"""Which notices wait for which notifier, and which never arrived.

A notifier's `seen` is the last notice that was taken into its queue; a row stays until it was delivered. Of
which alerts it has told is kept, so that an end is only told where the beginning was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.clock import DAY
from pake_tui.engine.store.alerts import NOTICES, NoticeRow, as_notice, load
from pake_tui.model.alert import Alert

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE notifiers(
    name TEXT PRIMARY KEY, seen INTEGER NOT NULL, sent INTEGER NOT NULL, sent_ns INTEGER
) WITHOUT ROWID;
CREATE TABLE deliveries(
    notifier TEXT NOT NULL, number INTEGER NOT NULL, alert_id TEXT NOT NULL, kind TEXT NOT NULL,
    tries INTEGER NOT NULL, due_ns INTEGER NOT NULL, dead INTEGER NOT NULL, error TEXT NOT NULL,
    PRIMARY KEY(notifier, number)
) WITHOUT ROWID;
CREATE TABLE told(
    notifier TEXT NOT NULL, alert_id TEXT NOT NULL, PRIMARY KEY(notifier, alert_id)
) WITHOUT ROWID;
"""
ENDING = "resolved"
KEEP_DEAD_NS = 7 * DAY
Wants = Callable[[NoticeRow, Alert | None], bool]


class Waiting(Struct, frozen=True):
    """A notice that is to be delivered, with its alert as it stands now (None: a digest, or forgotten)."""

    notice: NoticeRow
    alert: Alert | None
    tries: int
    due_ns: int


class Standing(Struct, frozen=True):
    """How a notifier does: sent so far and when last (UTC ns), how many wait and are dead, the last error."""

    name: str
    sent: int = 0
    sent_ns: int | None = None
    waiting: int = 0
    dead: int = 0
    error: str = ""
    due_ns: int | None = None


class Deliveries:
    """The queues of all notifiers."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def take(self, notifier: str, wants: Wants, now_ns: int, *, known: bool = False) -> None:
        """Queue every notice that came since the last call and is wanted. What a new notifier finds is past;
        where one that is `known` is on record no more, the file was begun anew, and nothing in it is.

        Of several notices on one alert that wait, only the newest is kept; of an alert that it has not told
        of yet, an end takes what waits away and is not told itself.
        """
        seen = self._store.read("SELECT seen FROM notifiers WHERE name=?", (notifier,))
        newest = int(self._store.read("SELECT coalesce(max(number), 0) FROM notices")[0][0])
        if seen and seen[0][0] >= newest:
            return
        with self._store.write() as connection:
            since = seen[0][0] if seen else 0 if known else newest
            if not seen:
                connection.execute("INSERT OR IGNORE INTO notifiers VALUES(?,?,0,NULL)", (notifier, since))
            rows = connection.execute(
                f"{NOTICES} WHERE number>? AND number<=? AND NOT held ORDER BY number", (since, newest)
            ).fetchall()
            for row in map(as_notice, rows):
                wanted = wants(row, load(connection, row.alert_id) if row.alert_id else None)
                if wanted or row.kind == ENDING:
                    _queue(connection, notifier, row, now_ns, wanted=wanted)
            connection.execute("UPDATE notifiers SET seen=? WHERE name=?", (newest, notifier))

    def due(self, notifier: str, now_ns: int, longest_ns: int = DAY) -> tuple[Waiting, ...]:
        """What is to be delivered now, oldest first. Nothing waits longer than `longest_ns`: what does was
        told to by a clock that was set back since.
        """
        rows = self._store.read(
            "SELECT number, tries, due_ns FROM deliveries "
            "WHERE notifier=? AND NOT dead AND (due_ns<=? OR due_ns>?) ORDER BY number",
            (notifier, now_ns, now_ns + longest_ns),
        )
        found = []
        for number, tries, due_ns in rows:
            notice = self._store.read(f"{NOTICES} WHERE number=?", (number,))
            if not notice:
                self.drop(notifier, number)
                continue
            row = as_notice(notice[0])
            with self._store.database.reading() as connection:
                alert = load(connection, row.alert_id) if row.alert_id else None
            if alert is not None and not alert.live and row.kind != ENDING:
                self.drop(notifier, number)  # it is over, and nobody there has heard of it
                continue
            found.append(Waiting(row, alert, tries, due_ns))
        return tuple(found)

    def delivered(self, notifier: str, notice: NoticeRow, now_ns: int) -> None:
        """It arrived."""
        with self._store.write() as connection:
            _drop(connection, notifier, notice.number)
            if notice.kind == ENDING:
                connection.execute(
                    "DELETE FROM told WHERE notifier=? AND alert_id=?", (notifier, notice.alert_id)
                )
            elif notice.alert_id:
                connection.execute("INSERT OR IGNORE INTO told VALUES(?,?)", (notifier, notice.alert_id))
            connection.execute("UPDATE notifiers SET sent=sent+1, sent_ns=? WHERE name=?", (now_ns, notifier))

    def failed(self, notifier: str, number: int, error: str, due_ns: int | None) -> None:
        """It did not; try again at a time, or never (None)."""
        with self._store.write() as connection:
            connection.execute(
                "UPDATE deliveries SET tries=tries+1, error=?, due_ns=coalesce(?, due_ns), dead=? "
                "WHERE notifier=? AND number=?",
                (error, due_ns, int(due_ns is None), notifier, number),
            )

    def drop(self, notifier: str, number: int) -> None:
        """Forget one."""
        with self._store.write() as connection:
            _drop(connection, notifier, number)

    def hurry(self, notifier: str, now_ns: int) -> None:
        """What waits is due now."""
        with self._store.write() as connection:
            connection.execute(
                "UPDATE deliveries SET due_ns=? WHERE notifier=? AND NOT dead", (now_ns, notifier)
            )

    def retry(self, notifier: str | None, now_ns: int) -> int:
        """Try everything again that waits or is dead, of one notifier or all; how many."""
        with self._store.write() as connection:
            done = connection.execute(
                "UPDATE deliveries SET dead=0, tries=0, due_ns=? WHERE ?2 IS NULL OR notifier=?2",
                (now_ns, notifier),
            )
        return done.rowcount

    def forget(self, notifier: str | None) -> int:
        """Give up everything that waits or is dead, of one notifier or all; how many."""
        with self._store.write() as connection:
            done = connection.execute("DELETE FROM deliveries WHERE ?1 IS NULL OR notifier=?1", (notifier,))
        return done.rowcount

    def remove(self, names: Sequence[str]) -> None:
        """These notifiers are not configured any more."""
        with self._store.write() as connection:
            for name in names:
                connection.execute("DELETE FROM notifiers WHERE name=?", (name,))
                connection.execute("DELETE FROM deliveries WHERE notifier=?", (name,))
                connection.execute("DELETE FROM told WHERE notifier=?", (name,))

    def prune(self, now_ns: int) -> None:
        """Forget what died a week ago, and of which forgotten alerts was told."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM deliveries WHERE dead AND due_ns<?", (now_ns - KEEP_DEAD_NS,))
            connection.execute("DELETE FROM told WHERE alert_id NOT IN (SELECT id FROM alerts)")

    def standings(self) -> tuple[Standing, ...]:
        """Every notifier there is, by name."""
        rows = self._store.read(
            "SELECT n.name, n.sent, n.sent_ns, coalesce(sum(NOT d.dead), 0), coalesce(sum(d.dead), 0), "
            "coalesce((SELECT error FROM deliveries WHERE notifier=n.name AND error<>'' "
            "ORDER BY number DESC LIMIT 1), ''), min(CASE WHEN NOT d.dead THEN d.due_ns END) "
            "FROM notifiers n LEFT JOIN deliveries d ON d.notifier=n.name GROUP BY n.name ORDER BY n.name"
        )
        return tuple(Standing(*row) for row in rows)


def _queue(
    connection: sqlite3.Connection, notifier: str, row: NoticeRow, now_ns: int, *, wanted: bool
) -> None:
    """Let a notice wait in the place of what waits of its alert; an end may only take that away."""
    if row.alert_id:
        connection.execute(
            "DELETE FROM deliveries WHERE notifier=? AND alert_id=? AND NOT dead", (notifier, row.alert_id)
        )
    told = connection.execute(
        "SELECT 1 FROM told WHERE notifier=? AND alert_id=?", (notifier, row.alert_id)
    ).fetchone()
    if row.kind == ENDING and (told is None or not wanted):
        return
    connection.execute(
        "INSERT OR IGNORE INTO deliveries VALUES(?,?,?,?,0,?,0,'')",
        (notifier, row.number, row.alert_id, row.kind, now_ns),
    )


def _drop(connection: sqlite3.Connection, notifier: str, number: int) -> None:
    connection.execute("DELETE FROM deliveries WHERE notifier=? AND number=?", (notifier, number))
