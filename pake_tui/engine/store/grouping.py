"""Group commit: what several threads want to write at the same moment goes to disk with one sync.

Whoever comes first writes for all that wait; each one's work stands in a savepoint of its own, so that one
which raises undoes nothing of the others. What a call returns is on disk.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

from pake_tui.engine.store.failures import BusyError

Answer = TypeVar("Answer")
Work = Callable[[sqlite3.Connection], Any]
MOST = 64


class _Wish:
    """One caller's work, and what came of it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.done = False
        self.answer: object = None
        self.error: BaseException | None = None


class GroupCommit:
    """Transactions that threads share. `begin(timeout=)` opens one, as `StateStore.write`."""

    def __init__(self, begin: Callable[..., AbstractContextManager[sqlite3.Connection]]) -> None:
        self._begin = begin
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._waiting: list[_Wish] = []

    def run(self, work: Callable[[sqlite3.Connection], Answer], timeout: float) -> Answer:
        """Do some work in a transaction. What it raises is raised here; BusyError after `timeout` seconds."""
        if self._pid != os.getpid():  # a fork: who held the lock did not come along
            self._reset()
        wish = _Wish(work)
        self._waiting.append(wish)
        if not self._turn.acquire(timeout=timeout):
            if self._withdrawn(wish):
                raise BusyError("the database is in use by another thread of this process")
            self._turn.acquire()  # it is being written at this moment
        try:
            if not wish.done:
                self._write(wish, timeout)
        finally:
            self._turn.release()
        if wish.error is not None:
            raise wish.error
        return cast("Answer", wish.answer)

    def _withdrawn(self, wish: _Wish) -> bool:
        """Take back what nobody has begun yet."""
        try:
            self._waiting.remove(wish)
        except ValueError:
            return False
        return True

    def _write(self, own: _Wish, timeout: float) -> None:
        """One transaction for own and for others that wait."""
        self._waiting.remove(own)
        batch = [own]
        while self._waiting and len(batch) < MOST:
            batch.append(self._waiting.pop(0))
        try:
            with self._begin(timeout=timeout) as connection:
                for wish in batch:
                    _try(connection, wish, alone=len(batch) == 1)
        except BaseException as error:
            for wish in batch:
                wish.error = wish.error or error
        for wish in batch:
            wish.done = True


def _try(connection: sqlite3.Connection, wish: _Wish, *, alone: bool) -> None:
    if alone:
        wish.answer = wish.work(connection)
        return
    connection.execute("SAVEPOINT wish")
    try:
        wish.answer = wish.work(connection)
    except sqlite3.Error:
        raise  # the database itself: nothing of this transaction can be kept
    except Exception as error:
        connection.execute("ROLLBACK TO wish")
        wish.error = error
    connection.execute("RELEASE wish")
