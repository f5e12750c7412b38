"""Where each logger writes, so that a console finds every service's logs without configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.clock import MINUTE, now_ns

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE loggers(
    path TEXT PRIMARY KEY, service TEXT NOT NULL, pid INTEGER NOT NULL, since_ns INTEGER NOT NULL
);
"""
GRACE_NS = MINUTE
MOST = 2_000


class LoggerRow(Struct, frozen=True):
    """One registered log file: absolute path, service, the pid that wrote to it last, since when (UTC ns)."""

    path: Path
    service: str
    pid: int
    since_ns: int


class Loggers:
    """Rows outlive their process and go when the file is gone."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def register(self, service: str, pid: int, path: Path) -> None:
        """Say that `service`, in process `pid`, writes to `path`. No write if it stands there already.

        At most 2,000 rows are kept, the newest ones.
        """
        name = str(path.absolute())
        if self._store.read(
            "SELECT 1 FROM loggers WHERE path=? AND service=? AND pid=?", (name, service, pid)
        ):
            return
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO loggers VALUES(?,?,?,?) ON CONFLICT(path) DO UPDATE SET "
                "service=excluded.service, pid=excluded.pid, since_ns=excluded.since_ns",
                (name, service, pid, now_ns()),
            )
            connection.execute(
                "DELETE FROM loggers WHERE path IN "
                "(SELECT path FROM loggers ORDER BY since_ns DESC LIMIT -1 OFFSET ?)",
                (MOST,),
            )

    def paths(self) -> tuple[LoggerRow, ...]:
        """Every registered file, by service and path; one that vanished stays until `prune`."""
        rows = self._store.read("SELECT path, service, pid, since_ns FROM loggers ORDER BY service, path")
        return tuple(LoggerRow(Path(row[0]), row[1], row[2], row[3]) for row in rows)

    def prune(self) -> int:
        """Forget files that are gone (not those one may not look at); how many. A minute's grace for new
        ones.
        """
        gone = [row.path for row in self.paths() if now_ns() - row.since_ns > GRACE_NS and _is_gone(row.path)]
        if gone:
            with self._store.write() as connection:
                connection.executemany("DELETE FROM loggers WHERE path=?", [(str(path),) for path in gone])
        return len(gone)


def _is_gone(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
