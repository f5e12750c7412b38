"""Lines around hits, as `-C` and the `c` key show them."""

from __future__ import annotations

from collections.abc import Iterator

from pake_tui.errors import LogError
from pake_tui.model.record import Address, LogBatch, LogRow, Record, RecordDetail, RowKind
from pake_tui.query import parse
from pake_tui.query.around import with_context


def rows_of(text: str) -> list[LogRow]:
    """One row for each letter, in one file."""
    return [
        LogRow(RowKind.RECORD, Address("f", at), Record(letter, letter), "/f", "", "")
        for at, letter in enumerate(text)
    ]


def shown(text: str, letter: str, count: int, *, batches: int = 1) -> str:
    """What is shown of a file for a letter, hits in upper case, rulers as |."""
    rows = rows_of(text)
    hits = [row for row in rows if row.record.text == letter]

    def detail(address: Address, around: int) -> RecordDetail:
        at = address.offset
        before = tuple(rows[max(0, at - around) : at])
        return RecordDetail(rows[at], "", before, tuple(rows[at + 1 : at + 1 + around]))

    def read() -> Iterator[LogBatch]:
        size = -(-len(hits) // batches)
        for start in range(0, len(hits), size):
            yield LogBatch(tuple(hits[start : start + size]), "")

    found = [
        row for batch in with_context(read(), parse(letter, now_ns=0), count, detail) for row in batch.rows
    ]
    return "".join(
        "|" if row.kind is RowKind.RULER else row.record.text.upper() if row.matched else row.record.text
        for row in found
    )


def test_each_hit_stands_between_its_neighbours() -> None:
    """Two neighbours on either side, and a ruler between groups that do not touch."""
    assert shown("abcdxefghijxk", "x", 2) == "cdXef|ijXk"


def test_a_neighbour_of_two_hits_stands_once() -> None:
    """Groups that overlap are one group, also where a batch ends between them."""
    assert shown("abxcxde", "x", 2).replace("|", "") == "abXcXde"
    assert shown("abxcxde", "x", 2, batches=2).replace("|", "") == "abXcXde"


def test_a_hit_whose_file_went_stands_alone() -> None:
    """What can't be looked up any more takes nothing else away."""

    def gone(address: Address, around: int) -> RecordDetail:
        raise LogError("gone")

    (batch,) = with_context(iter([LogBatch(tuple(rows_of("x")), "")]), parse("x", now_ns=0), 3, gone)
    assert [row.record.text for row in batch.rows] == ["x"]
