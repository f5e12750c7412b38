"""What people ask of the processes that share a state: that a health check is run now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pake_tui.clock import now_ns

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE requests(
    kind TEXT NOT NULL, name TEXT NOT NULL, actor TEXT NOT NULL, at_ns INTEGER NOT NULL,
    PRIMARY KEY(kind, name)
) WITHOUT ROWID;
"""
PROBE = "probe"


class Requests:
    """The newest request of each kind and name."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def ask(self, kind: str, name: str, actor: str) -> None:
        """Ask whoever can do it."""
        with self._store.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO requests VALUES(?,?,?,?)", (kind, name, actor, now_ns())
            )

    def since(self, kind: str, at_ns: int) -> tuple[tuple[str, int], ...]:
        """Names that were asked for after a time, with when (UTC ns), oldest first."""
        rows = self._store.read(
            "SELECT name, at_ns FROM requests WHERE kind=? AND at_ns>? ORDER BY at_ns", (kind, at_ns)
        )
        return tuple((str(name), int(when)) for name, when in rows)


class Heard:
    """What one process has heard of requests of a kind: `names` gives each once, from now on."""

    def __init__(self, store: StateStore, kind: str) -> None:
        self._store = store
        self._kind = kind
        self._seen_ns = now_ns()
        self._version = -1

    def names(self) -> tuple[str, ...]:
        """What is asked for since the last call; cheap while nothing changes in the state."""
        version = self._store.changed()
        if version == self._version:
            return ()
        self._version = version
        found = self._store.requests.since(self._kind, self._seen_ns)
        if found:
            self._seen_ns = found[-1][1]
        return tuple(name for name, _ in found)
