"""Runtime values of settings (`update_monitoring_config()` and the like), each with who set it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.clock import now_ns
from pake_tui.errors import StoreError

if TYPE_CHECKING:
    from pake_tui.engine.store.state import StateStore

SCHEMA = """
CREATE TABLE runtime(
    section TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, actor TEXT NOT NULL,
    at_ns INTEGER NOT NULL, PRIMARY KEY(section, name)
);
"""


class RuntimeValue(Struct, frozen=True):
    """One setting's runtime value: `section.name`, a JSON value, who set it, when (UTC ns)."""

    section: str
    name: str
    value: object
    actor: str
    at_ns: int


class RuntimeValues:
    """The newest value of each setting wins; the collector obeys them until a reload."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def set(self, section: str, values: Mapping[str, object], actor: str) -> None:
        """Keep JSON-able values. StoreError for one that is not."""
        try:
            rows = [(section, name, json.dumps(v), actor, now_ns()) for name, v in values.items()]
        except (TypeError, ValueError) as error:
            raise StoreError(f"a runtime value of {section} cannot be stored: {error}") from None
        with self._store.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO runtime VALUES(?,?,?,?,?)", rows)

    def list(self) -> tuple[RuntimeValue, ...]:
        """All values, by section and name."""
        rows = self._store.read(
            "SELECT section, name, value, actor, at_ns FROM runtime ORDER BY section, name"
        )
        return tuple(RuntimeValue(row[0], row[1], json.loads(row[2]), row[3], row[4]) for row in rows)

    def drop(self, names: Sequence[tuple[str, str]]) -> None:
        """Forget some (section, name), because the file got a valid edit of them."""
        if names and self._store.read("SELECT 1 FROM runtime LIMIT 1"):
            with self._store.write() as connection:
                connection.executemany("DELETE FROM runtime WHERE section=? AND name=?", names)

    def drop_of(self, actor: str) -> None:
        """Forget everything that one actor set: `reload_configuration()` drops the caller's own."""
        if self._store.read("SELECT 1 FROM runtime WHERE actor=? LIMIT 1", (actor,)):
            with self._store.write() as connection:
                connection.execute("DELETE FROM runtime WHERE actor=?", (actor,))
