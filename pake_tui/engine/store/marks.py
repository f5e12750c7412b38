"""What happened at a moment: a deployment, a restart. Kept for 90 days, the newest ten thousand of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pake_tui.clock import DAY
from pake_tui.model.sample import Mark

if TYPE_CHECKING:
    from pake_tui.engine.store.metrics import MetricsStore

SCHEMA = """
CREATE TABLE marks(
    number INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, title TEXT NOT NULL,
    service TEXT NOT NULL
);
CREATE INDEX marks_by_time ON marks(at_ns);
"""
KEEP_NS = 90 * DAY
MOST = 10_000
MOST_SHOWN = 200


class Marks:
    """The marks of all services and of scripts."""

    def __init__(self, store: MetricsStore) -> None:
        self._store = store

    def add(self, mark: Mark) -> None:
        """Keep one."""
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO marks(at_ns, title, service) VALUES(?,?,?)",
                (mark.at_ns, mark.title, mark.service),
            )
            connection.execute(
                "DELETE FROM marks WHERE number<=(SELECT max(number) FROM marks)-? OR at_ns<?",
                (MOST, mark.at_ns - KEEP_NS),
            )

    def list(self, since_ns: int, until_ns: int) -> tuple[Mark, ...]:
        """The newest 200 of a range, oldest first."""
        rows = self._store.read(
            "SELECT at_ns, title, service FROM marks WHERE at_ns>=? AND at_ns<=? ORDER BY at_ns DESC LIMIT ?",
            (since_ns, until_ns, MOST_SHOWN),
        )
        return tuple(Mark(*row) for row in reversed(rows))
