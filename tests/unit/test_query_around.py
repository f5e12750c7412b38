"""Lines around hits, as `-C` and the `c` key show them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.errors import LogError
from pake_tui.model.record import Address, Cursor, Direction, LogBatch, LogRow, Record, RowKind
from pake_tui.query import parse
from pake_tui.query.around import with_context

CANCEL = threading.Event()


class View:
    """A view with one record for each letter, read in batches of a size."""

    def __init__(self, text: str, size: int = 100) -> None:
        self.size = size
        self.rows = [
            LogRow(RowKind.RECORD, Address("f", at), Record(letter, letter), "/f", str(at), str(at + 1))
            for at, letter in enumerate(text)
        ]

    def read(
        self, query: str, start: Cursor | None, direction: Direction, limit: int, cancel: threading.Event
    ) -> Iterator[LogBatch]:
        """Rows from a place on, those of a batch in order."""
        at = int(start or (len(self.rows) if direction is Direction.OLDER else 0))
        rows = self.rows[:at][::-1] if direction is Direction.OLDER else self.rows[at:]
        rows = [row for row in rows if not query or row.record.text == query][:limit]
        for first in range(0, len(rows), self.size):
            batch = rows[first : first + self.size]
            yield LogBatch(tuple(batch[::-1] if direction is Direction.OLDER else batch), "")


def shown(text: str, count: int, *, size: int = 100, direction: Direction = Direction.NEWER) -> str:
    """What is shown of a view around each x: hits in upper case, rulers as |."""
    view = View(text, size)
    hits = view.read("x", None, direction, 1_000, CANCEL)
    found: list[LogRow] = []
    for batch in with_context(hits, parse("x", now_ns=0), count, view.read, CANCEL):
        found = [*batch.rows, *found] if direction is Direction.OLDER else [*found, *batch.rows]
    return "".join(
        "|" if row.kind is RowKind.RULER else row.record.text.upper() if row.matched else row.record.text
        for row in found
    )


def expected(text: str, count: int) -> str:
    """The same worked out letter by letter."""
    near = ["x" in text[max(0, at - count) : at + count + 1] or text[at] == "x" for at in range(len(text))]
    done = ""
    for at, letter in enumerate(text):
        if near[at]:
            done += ("|" if at and not near[at - 1] else "") + (letter.upper() if letter == "x" else letter)
    return done


def test_each_hit_stands_between_its_neighbours() -> None:
    """Two neighbours on either side, and a ruler before each group that does not touch the one before."""
    assert shown("abcdxefghijxk", 2) == "|cdXef|ijXk"


@pytest.mark.parametrize("direction", list(Direction))
@given(st.text("abx", max_size=30), st.integers(1, 4), st.integers(1, 5))
def test_nothing_stands_twice_nor_out_of_order(
    direction: Direction, text: str, count: int, size: int
) -> None:
    """Wherever hits lie and batches end, each neighbour stands once in its place, with rulers at gaps."""
    assert shown(text, count, size=size, direction=direction) == expected(text, count)


def test_a_hit_whose_file_went_stands_alone() -> None:
    """What can't be looked up any more takes nothing else away."""

    def gone(*asked: object) -> Iterator[LogBatch]:
        raise LogError("gone")

    hits = iter([LogBatch(tuple(View("x").rows), "")])
    (batch,) = with_context(hits, parse("x", now_ns=0), 3, gone, CANCEL)
    assert [row.record.text for row in batch.rows] == ["x"]
