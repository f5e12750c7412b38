"""What a console asks of its scan worker, and what comes back."""

from __future__ import annotations

from datetime import tzinfo

from msgspec import Struct, field

from pake_tui.engine.logfiles.newcomers import Look
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.model.record import Cursor, Direction, LogBatch, Trace


class Request(Struct, frozen=True):
    """A search over named files. `files` are (path, service); `gone` and `seen` are those of a view.

    `kind` is read, count or trace; `text` the query, read with `now_ns` and `zone`, or the ID to trace.
    """

    kind: str
    text: str
    files: tuple[tuple[str, str], ...]
    reading: Reading
    now_ns: int
    zone: tzinfo
    gone: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Look] = field(default_factory=dict)
    packed: tuple[tuple[str, str], ...] = ()
    """Compressed files that have to be unpacked first, older than the others."""
    unread: tuple[str, ...] = ()
    start: Cursor | None = None
    direction: Direction = Direction.OLDER
    limit: int = 0
    numbers: bool = False
    index_bytes: int = 0
    """What all indexes of this user may have; 0: build none."""


class Keep(Struct, frozen=True):
    """Build the indexes of a request's files once nobody searches."""

    request: Request


class Ask(Struct, frozen=True):
    """Begin a request."""

    ticket: int
    request: Request


class Stop(Struct, frozen=True):
    """Nobody waits for it any more."""

    ticket: int


class More(Struct, frozen=True):
    """An answer was taken: one more may be sent."""

    ticket: int


class Answer(Struct, frozen=True):
    """A batch or a growing trace; without either the request has ended, by an error if there is one."""

    ticket: int
    value: LogBatch | Trace | None = None
    error: str = ""


WINDOW = 8
"""Answers that may be under way before the worker waits for them to be taken."""
