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
        self._wake = threading.Lock()
        self._wake.acquire()

    def wake(self) -> None:
        """Let its caller go on: it is done, or it is the caller's turn to write."""
        self._wake.release()

    def wait(self, timeout: float = -1) -> bool:
        """Until `wake`; False after so many seconds."""
        return self._wake.acquire(timeout=timeout)


class GroupCommit:
    """Transactions that threads share. `begin(timeout=)` opens one, as `StateStore.write`.

    One caller at a time writes, for itself and for those that wait; whom it wrote for goes on at once, and
    the first of the others writes next.
    """

    def __init__(self, begin: Callable[..., AbstractContextManager[sqlite3.Connection]]) -> None:
        self._begin = begin
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._writing = False
        self._waiting: list[_Wish] = []

    def run(self, work: Callable[[sqlite3.Connection], Answer], timeout: float) -> Answer:
        """Do some work in a transaction. What it raises is raised here; BusyError after `timeout` seconds."""
        if self._pid != os.getpid():  # a fork: who held the lock did not come along
            self._reset()
        wish = _Wish(work)
        if self._must_wait(wish) and not wish.wait(timeout):
            if self._withdrawn(wish):
                raise BusyError("the database is in use by another thread of this process")
            wish.wait()  # it is being written at this moment, or may write now
        if not wish.done:
            try:
                self._write(wish, timeout)
            finally:
                self._hand_on()
        if wish.error is not None:
            raise wish.error
        return cast("Answer", wish.answer)

    def _must_wait(self, wish: _Wish) -> bool:
        """Stand in line where somebody writes; otherwise it is this one's turn."""
        with self._lock:
            if self._writing:
                self._waiting.append(wish)
                return True
            self._writing = True
            return False

    def _withdrawn(self, wish: _Wish) -> bool:
        """Take back what nobody has begun yet."""
        with self._lock:
            if wish not in self._waiting:
                return False
            self._waiting.remove(wish)
            return True

    def _hand_on(self) -> None:
        """Let the first that waits write next."""
        with self._lock:
            following = self._waiting.pop(0) if self._waiting else None
            self._writing = following is not None
        if following is not None:
            following.wake()

    def _write(self, own: _Wish, timeout: float) -> None:
        """One transaction for own and for others that wait."""
        with self._lock:
            others, self._waiting = self._waiting[: MOST - 1], self._waiting[MOST - 1 :]
        batch = [own, *others]
        try:
            with self._begin(timeout=timeout) as connection:
                for wish in batch:
                    _try(connection, wish, alone=not others)
        except BaseException as error:
            for wish in batch:
                wish.error = wish.error or error
        for wish in batch:
            wish.done = True
        for wish in others:
            wish.wake()


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
