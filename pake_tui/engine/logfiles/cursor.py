"""Cursors: a place between two records of a merged view, as text.

It holds a place in every file of the view, each with a checksum of the file's first bytes, so that a file
that was rewritten in place is noticed. One made by a filtered read holds the time of its row too: such a read
runs ahead in files without hits, so another query finds its place in those by that time.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from pake_tui.errors import LogError
from pake_tui.model.record import Cursor

Position = tuple[int, int]
"""A byte offset, and how many records of the line that begins there lie before the place."""
_MARK = "p1"


class Place(Struct, frozen=True):
    """Where one file stands, and its first bytes then: how many, and their checksum."""

    position: Position
    head: tuple[int, int] = (0, 0)


class Decoded(Struct, frozen=True):
    """A cursor taken apart: `own` and `time_ns` are its row's file and time, `query` marks its query."""

    places: Mapping[str, Place] = field(default_factory=dict)
    query: str = ""
    own: str = ""
    time_ns: int | None = None


def place_text(key: str, position: Position, head: tuple[int, int]) -> str:
    """One file's part of a cursor."""
    return f"{key}@{position[0]:x}.{position[1]}~{head[0]:x}.{head[1]:x}"


def encode(parts: list[str], query: str = "", own: str = "", time_ns: int | None = None) -> Cursor:
    """A cursor of places made by `place_text`."""
    time_text = "" if time_ns is None else str(time_ns)
    return "|".join((_MARK, query, own, time_text, ",".join(parts)))


def decode(cursor: Cursor) -> Decoded:
    """The places of a cursor. LogError if it was made by somebody else."""
    pieces = cursor.split("|")
    try:
        mark, query, own, time_text, places = pieces
        if mark != _MARK:
            raise ValueError(mark)
        found = dict(_place(text) for text in places.split(",") if text)
        return Decoded(found, query, own, int(time_text) if time_text else None)
    except ValueError:
        raise LogError(
            "this place in the logs was not made by this program", hint="start at an end"
        ) from None


def _place(text: str) -> tuple[str, Place]:
    key, rest = text.split("@")
    position, head = rest.split("~")
    offset, part = position.split(".")
    count, checksum = head.split(".")
    return key, Place((int(offset, 16), int(part)), (int(count, 16), int(checksum, 16)))
