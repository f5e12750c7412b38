"""Who has a console open now."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from pake_tui.clock import MINUTE, SECOND, now_ns
from pake_tui.engine.store.processes import Process, is_alive, this_process
from pake_tui.model.alert import Presence

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE presence(
    pid INTEGER NOT NULL, started TEXT NOT NULL, namespace TEXT NOT NULL, actor TEXT NOT NULL,
    host TEXT NOT NULL, since_ns INTEGER NOT NULL, seen_ns INTEGER NOT NULL,
    PRIMARY KEY(pid, started, namespace)
);
"""
BEAT_NS = 20 * SECOND
SILENT_NS = MINUTE


class PresenceTable:
    """Consoles enter, beat now and then, and leave; the dead are told by their pid, or by their silence."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._beaten_ns = 0

    def enter(self, actor: str, pid: int | None = None) -> None:
        """This process's console is open; rows of the dead go at the same time."""
        me, now = this_process(pid or os.getpid()), now_ns()
        with self._store.write() as connection:
            for row in connection.execute("SELECT pid, started, namespace, seen_ns FROM presence").fetchall():
                if not _here(Process(*row[:3]), row[3], now):
                    connection.execute(
                        "DELETE FROM presence WHERE pid=? AND started=? AND namespace=?", row[:3]
                    )
            connection.execute(
                "INSERT OR REPLACE INTO presence VALUES(?,?,?,?,?,?,?)",
                (me.pid, me.started, me.namespace, actor, socket.gethostname(), now, now),
            )
        self._beaten_ns = now

    def beat(self) -> None:
        """Still here; cheap to call often, writes every 20 s at most."""
        now = now_ns()
        if abs(now - self._beaten_ns) < BEAT_NS:
            return
        me = this_process()
        with self._store.write() as connection:
            connection.execute(
                "UPDATE presence SET seen_ns=? WHERE pid=? AND started=? AND namespace=?",
                (now, me.pid, me.started, me.namespace),
            )
        self._beaten_ns = now

    def leave(self) -> None:
        """This process's console is closed."""
        me = this_process()
        with self._store.write() as connection:
            connection.execute(
                "DELETE FROM presence WHERE pid=? AND started=? AND namespace=?",
                (me.pid, me.started, me.namespace),
            )

    def list(self) -> tuple[Presence, ...]:
        """Consoles open now, oldest first; the dead are not shown."""
        now = now_ns()
        rows = self._store.read(
            "SELECT pid, started, namespace, seen_ns, actor, since_ns, host FROM presence "
            "ORDER BY since_ns, pid"
        )
        return tuple(
            Presence(actor=row[4], pid=row[0], since_ns=row[5], host=row[6])
            for row in rows
            if _here(Process(*row[:3]), row[3], now)
        )


def _here(process: Process, seen_ns: int, now: int) -> bool:
    alive = is_alive(process)
    return now - seen_ns < SILENT_NS if alive is None else alive
