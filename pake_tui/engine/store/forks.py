"""What holds locks in a state folder is put down before a fork, so that a child inherits none of it.

SQLite keeps its file locks per process and believes, in a child, that it still holds its parent's: a
connection that crossed a fork can be neither used nor closed, and even a second one beside it would skip
locking.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Forking(Protocol):
    """Something that must be told of forks, in this order."""

    def before_fork(self) -> None:
        """Come to rest; nobody uses you until one of the others is called."""
        ...

    def after_fork_in_parent(self) -> None:
        """Go on."""
        ...

    def after_fork_in_child(self) -> None:
        """You are a copy in another process now."""
        ...


_known: weakref.WeakSet[Forking] = weakref.WeakSet()
_resting: list[Forking] = []
_lock = threading.RLock()


def register(member: Forking) -> None:
    """Tell `member` of every fork while it lives."""
    with _lock:
        _known.add(member)


@contextmanager
def at_rest() -> Iterator[None]:
    """Hold no connection and no transaction inside the block: what a process that suspends itself stands
    in.
    """
    _before()
    try:
        yield
    finally:
        _after_in_parent()


def _before() -> None:
    _lock.acquire()
    _resting[:] = sorted(_known, key=id)
    for member in _resting:
        member.before_fork()


def _after_in_parent() -> None:
    while _resting:
        _resting.pop().after_fork_in_parent()
    _lock.release()


def _after_in_child() -> None:
    global _lock
    while _resting:
        _resting.pop().after_fork_in_child()
    _lock = threading.RLock()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
