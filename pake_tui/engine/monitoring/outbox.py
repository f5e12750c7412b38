"""What an application did to alerts on its way into the store, which may be locked, full or gone for a while.

An event is applied, or lies synced in this process's spool, or waits in memory: one after the other is tried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pake_tui.engine.monitoring import spool
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError, StoreError

SPOOL_AFTER = 0.04
"""Then the event is spooled: with what finding out who holds the database takes, within 50 ms and a sync."""
MOST_WAITING = 1_000
"""Events of one process that wait in memory, because nothing can be written."""

Event = Mapping[str, Any]


class Outbox:
    """The events of one process, in their order.

    `apply(event, timeout)` applies one, once however often it comes: the alert's id, empty where there is
    nothing to apply it to. StoreError after `timeout` seconds.
    """

    def __init__(self, store: StateStore, apply: Callable[[Event, float], str]) -> None:
        self._store = store
        self._apply = apply
        self._waiting: deque[Event] = deque()
        self._spooled = False
        """Whether an event of this process may still lie in its spool."""
        self.problem = ""
        """Why the last event that waits could not be written."""

    def send(self, event: Event) -> str:
        """The alert's id; the event's own where it was spooled; empty where there is nothing to apply it to,
        or it waits: it could not be written, or comes after such. StoreError if too many do.
        """
        try:
            if not self._waiting:
                return self._kept(event)
        except DeposedError:
            raise
        except StoreError as error:
            self.problem = str(error)
        if len(self._waiting) >= MOST_WAITING:
            raise StoreError(f"{self.problem}; {MOST_WAITING} alerts wait already")
        self._waiting.append(event)
        return ""

    @property
    def waits(self) -> int:
        """How many events could not be written anywhere."""
        return len(self._waiting)

    def retry(self) -> None:
        """Write what waits, in its order, and apply what was spooled, since perhaps no collector runs; once a
        second is meant. StoreError where it still cannot be.
        """
        while self._waiting:
            with suppress(ConflictError):  # too many are open: nobody would be told of one more
                self._kept(self._waiting[0])
            self._waiting.popleft()
        if self._spooled:
            self.drain()
            self._spooled = False

    def drain(self) -> None:
        """Apply what any process spooled. StoreError where the database is not to be had at once."""
        spool.drain(self._store.folder, lambda event: self._apply(event, SPOOL_AFTER))

    def forget(self) -> None:
        """In a forked child: what waits is the parent's to write."""
        self._waiting.clear()

    def _kept(self, event: Event) -> str:
        """It applied, or spooled. StoreError where it could not be written."""
        try:
            return self._apply(event, SPOOL_AFTER)
        except DeposedError:
            raise
        except StoreError:
            spool.append(self._store.folder, event)
            self._spooled = True
            return str(event["uuid"])
