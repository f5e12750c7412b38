"""Promises of a trace's lanes."""

from __future__ import annotations

from datetime import UTC

import pytest

from pake_tui.clock import SECOND
from pake_tui.model.record import Address, Level, LogRow, Record, RowKind, Trace
from pake_tui.records.rowtext import trace_lines
from pake_tui.tui.glyphs import ASCII, UNICODE
from pake_tui.tui.lanes import (
    Gap,
    Ink,
    Lane,
    bar,
    first_error_text,
    headline,
    lanes_of,
    length_text,
    merged,
    offset_text,
    span_of,
)

MS = 1_000_000
BASE = 1_700_000_000 * SECOND


def row(at_ms: int | None, service: str, level: Level = Level.INFO, **fields: object) -> LogRow:
    """A record of a trace, so many milliseconds after its beginning."""
    time = None if at_ms is None else BASE + at_ms * MS
    record = Record("m", "m", time_ns=time, level=level, service=service, fields=fields)
    return LogRow(RowKind.RECORD, Address(service, at_ms or 0), record, f"{service}.log", "", "")


STORY = (
    row(0, "api"),
    row(31, "orders"),
    row(420, "payment", Level.ERROR, duration_ms=400),
    row(2310, "api", Level.ERROR, duration_ms=2310),
)


def drawn(lane: Lane, width: int = 24) -> str:
    """The bar as text."""
    return "".join(text for text, _ in bar(lane, span_of(STORY), width, UNICODE))


def lanes() -> list[Lane]:
    """The story's lanes without its gaps."""
    return [lane for lane in lanes_of(STORY) if isinstance(lane, Lane)]


def test_each_record_states_its_distance_from_the_first_and_from_the_last() -> None:
    """Offsets count from the first record, deltas from the one before."""
    assert [(lane.at, lane.since_last) for lane in lanes()] == [
        (0, None),
        (31 * MS, 31 * MS),
        (420 * MS, 389 * MS),
        (2310 * MS, 1890 * MS),
    ]


def test_a_silence_of_more_than_a_second_is_a_row_of_its_own() -> None:
    """Gaps are marked before the record that ends them, and only they."""
    assert [isinstance(lane, Gap) for lane in lanes_of(STORY)] == [False, False, False, True, False]
    gap = lanes_of(STORY)[3]
    assert isinstance(gap, Gap)
    assert length_text(gap.length) == "1.89 s"


def test_a_bar_reaches_to_the_next_record_of_its_service() -> None:
    """Without a stated duration, a bar ends where its service speaks again."""
    assert drawn(lanes()[0]) == "━" * 24


def test_span_ids_nest_the_lanes_and_end_their_bars() -> None:
    """A called span stands one deeper than its caller, and its bar reaches to its own last record."""
    called = {"span_id": "b", "parent_span_id": "a"}
    rows = (
        row(0, "api", span_id="a"),
        row(10, "pay", **called),
        row(20, "pay", span_id="another"),
        row(30, "pay", **called),
        row(40, "api", span_id="a"),
    )
    found = [lane for lane in lanes_of(rows) if isinstance(lane, Lane)]
    assert [lane.depth for lane in found] == [0, 1, 0, 1, 0]
    assert [(lane.start // MS, lane.end // MS) for lane in found] == [
        *((0, 40), (10, 30), (20, 20), (30, 30), (40, 40))
    ]
    printed = [line[11:18].rstrip() for line in trace_lines(Trace("t", rows), UTC)[1:]]
    assert printed == ["api", "  pay", "pay", "  pay", "api"]


def test_a_lonely_record_is_one_cell() -> None:
    """A service that says one thing has one cell, where it said it."""
    assert drawn(lanes()[1]).rstrip() == "━"


def test_a_stated_duration_ends_at_its_record_and_an_error_is_marked_there() -> None:
    """A line is written when the work is done; the error's mark stands at the line's own moment."""
    assert drawn(lanes()[2]).rstrip() == "━━━━✗"
    assert drawn(lanes()[3]) == "━" * 23 + "✗"


def test_a_duration_that_began_before_the_trace_starts_at_its_record() -> None:
    """A first record with a duration is drawn forwards, not out of the picture."""
    first = lanes_of((row(0, "api", duration_ms=500), row(1000, "b")))[0]
    assert isinstance(first, Lane)
    assert (first.start, first.end) == (0, 500 * MS)


@pytest.mark.parametrize("width", [0, 1, 2, 13, 60])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_bar_has_exactly_its_width(width: int, glyphs: object) -> None:
    """Whatever the width, columns right of the bar stay aligned."""
    for lane in lanes():
        assert sum(len(text) for text, _ in bar(lane, span_of(STORY), width, glyphs)) == width  # type: ignore[arg-type]


def test_records_without_a_time_are_shown_without_a_bar() -> None:
    """A record that states no time keeps its place in the list and draws nothing."""
    lane = lanes_of((row(0, "api"), row(None, "api"), row(10, "api")))[1]
    assert isinstance(lane, Lane)
    assert lane.at is None
    assert bar(lane, 10 * MS, 8, UNICODE) == [(" " * 8, Ink.BLANK)]


def test_all_at_one_moment_is_no_division_by_zero() -> None:
    """A trace of one instant has bars too."""
    only = lanes_of((row(0, "api"), row(0, "b", Level.ERROR)))
    for lane in only:
        assert isinstance(lane, Lane)
        assert len("".join(text for text, _ in bar(lane, 0, 10, UNICODE))) == 10


def test_the_head_says_how_many_how_long_and_where_it_broke() -> None:
    """Records, services, length; and when and in which service the first error came."""
    trace = Trace("req-1", STORY)
    assert headline(trace, "·") == "4 records · 3 services · 2.31 s"
    assert headline(trace, "·", short=True) == "4 records · 2.31 s"
    assert first_error_text(trace) == "first error at +0.42 s in payment"
    assert first_error_text(Trace("req-1", STORY[:2])) == ""


def test_late_records_stand_where_they_belong_and_once() -> None:
    """What comes later is put in by time; what is there already is left out."""
    late = row(100, "worker")
    rows = merged(STORY, [late, STORY[0]])
    assert [one.record.service for one in rows] == ["api", "orders", "worker", "payment", "api"]
    assert merged(STORY, [STORY[1]]) is STORY


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, ""),
        (0, "+0.000"),
        (420 * MS, "+0.420"),
        (99_999 * MS, "+99.999"),
        (100 * SECOND, "+100.0"),
        (999 * SECOND, "+999.0"),
        (1000 * SECOND, "+16m40s"),
        (7500 * SECOND, "+2h05m"),
    ],
)
def test_offsets_fit_their_column(ns: int | None, text: str) -> None:
    """An offset of any size leaves one of its eight cells to what stands behind it."""
    assert offset_text(ns) == text
    assert len(offset_text(ns)) <= 7
