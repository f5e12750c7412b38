"""The log side of the console by keyboard: filter, follow, record and back, trace, keep and drop, save."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pake_tui.clock import HOUR, SECOND, local_zone, now_ns
from pake_tui.model.record import Level
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.screens.logs import LogsScreen
from pake_tui.tui.screens.record import RecordScreen
from pake_tui.tui.screens.trace import TraceScreen
from pake_tui.tui.widgets.prompt import Prompt
from tests.pilot.console import console, to_an_error


@pytest.mark.parametrize("theme", ["dark", "light", "sixteen", "mono"])
@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_it_opens_following_in_every_theme_and_size(theme: str, size: tuple[int, int]) -> None:
    """The newest line is under the cursor, and the frame says that it follows."""
    async with console(theme, size) as one:
        assert isinstance(one.app.screen, LogsScreen)
        assert one.panel.cursor == one.panel.row_count() - 1
        assert "following" in one.title
        assert one.panel.session.window.at_newest


async def test_a_filter_hides_what_does_not_match_and_counts_the_hits() -> None:
    """After / and a query, only hits are there, and their number over all files is said."""
    async with console() as one:
        await one.filter("level>=error")
        assert set(one.levels()) <= {Level.ERROR, Level.CRITICAL}
        counted = one.panel.counted
        await one.until(lambda: counted.hits is not None and counted.hits.last, "the count")
        assert counted.hits is not None
        assert counted.hits.hits >= len(one.levels()) > 0
        assert "level>=error" in one.title
        assert f"{counted.hits.hits:,} hit" in one.title


async def test_a_wrong_query_is_answered_at_the_character_and_changes_nothing() -> None:
    """The prompt stays open, names the place and what was expected; the rows stay."""
    async with console() as one:
        rows = list(one.panel.session.window.rows)
        await one.press("slash")
        await one.type("timeout (a")
        await one.press("enter")
        prompt = one.app.screen.query_one(Prompt)
        assert prompt.question is not None
        assert prompt.wrong[1] == len("timeout ")
        assert "expected" in prompt.wrong[0]
        assert one.panel.session.window.rows[: len(rows)] == rows
        await one.press("escape")
        assert one.panel.session.query == ""


async def test_nothing_found_says_what_to_take_off() -> None:
    """A query without hits is named, with the keys that take it off and the field that no record has."""
    async with console() as one:
        await one.press("slash")
        await one.type("no_such_field:x")
        await one.press("enter")
        await one.until(lambda: one.panel.session.job is None and not one.panel.row_count(), "no rows")
        said = " ".join(text for line in one.panel.empty_lines() for text, _ in line)
        assert "no_such_field:x" in said
        assert "field no_such_field" in said
        assert "backspace" in said
        await one.press("backspace")
        await one.settled()


async def test_a_move_up_stops_following_and_f_resumes() -> None:
    """One key up and the view stands still; f is at the newest line again."""
    async with console() as one:
        await one.press("k")
        assert not one.panel.session.following
        assert "following" not in one.title
        await one.press("f")
        await one.settled()
        assert one.panel.session.following
        assert one.panel.cursor == one.panel.row_count() - 1


async def test_lines_that_come_while_it_stands_still_are_counted() -> None:
    """The row under the cursor stays, the frame says how many came, and G is at the newest of them."""
    async with console() as one:
        await one.press("k")
        stood = one.panel.current
        for number in range(3):
            one.logs.add("api", Level.INFO, f"late {number}", time_ns=now_ns() + HOUR)
        await one.until(lambda: one.panel.session.fresh == 3, "three lines")
        assert "3 new" in one.title
        assert one.panel.current == stood
        await one.press("G")
        await one.until(lambda: one.panel.current is not None and one.panel.current != stood, "the end")
        await one.settled()
        assert one.panel.current is not None
        assert one.panel.current.record.message == "late 2"
        assert "following" in one.title


async def test_late_records_of_a_trace_come_under_an_unmoved_cursor() -> None:
    """A record that is written while the trace is looked at appears; the cursor stays on its record."""
    async with console() as one:
        one.app.open_trace("req-7f3a")
        await one.traced()
        stood, count = one.lanes.selected, len(one.lanes.trace.rows)
        one.logs.add("worker", Level.ERROR, "Refund queued", time_ns=now_ns() + HOUR, cid="req-7f3a")
        await one.until(lambda: len(one.lanes.trace.rows) == count + 1, "the late record")
        assert one.lanes.selected == stood
        assert one.lanes.trace.rows[-1].record.message == "Refund queued"


async def test_a_trace_that_still_grows_says_so_and_is_drawn_by_its_calls() -> None:
    """Lines of this moment say that more may come; a called service stands one step in from its caller."""
    async with console() as one:
        now = one.app.now()
        calls = {"api": {"span_id": "a"}, "payment": {"span_id": "b", "parent_id": "a"}}
        for service, fields in calls.items():
            one.logs.add(service, Level.INFO, "step", time_ns=now, cid="req-live", **fields)
        one.app.open_trace("req-live")
        await one.traced()
        assert "still receiving" in "".join(text for text, _ in one.lanes.title_right())
        drawn = ["".join(text for text, _ in one.lanes.draw_row(index, 110)) for index in range(2)]
        assert drawn[1].index("payment") == drawn[0].index("api") + 2
        one.app.open_trace("req-7f3a")
        await one.traced()
        assert "still receiving" not in "".join(text for text, _ in one.lanes.title_right())


async def test_enter_opens_the_record_and_escape_is_back_at_its_row() -> None:
    """The record is shown whole; esc returns to the same row at the same height with the same filter."""
    async with console() as one:
        await one.filter("level>=warning")
        await one.press("k", "k")
        row, place = one.panel.current, (one.panel.cursor, one.panel.offset_row)
        assert row is not None
        await one.press("enter")
        assert isinstance(one.app.screen, RecordScreen)
        panel = one.app.screen.query_one("#record")
        await one.until(lambda: panel.detail is not None, "the detail")  # type: ignore[attr-defined]
        text = "\n".join("".join(piece for piece, _ in line) for line in panel.lines)  # type: ignore[attr-defined]
        assert row.record.message.splitlines()[0] in text
        assert row.path in text
        assert "masked" in text
        await one.press("escape")
        assert isinstance(one.app.screen, LogsScreen)
        assert one.panel.current == row
        assert (one.panel.cursor, one.panel.offset_row) == place
        assert one.panel.session.query == "level>=warning"


async def test_a_filter_taken_off_leaves_the_cursor_on_its_line() -> None:
    """X shows everything around the hit that the cursor stood on."""
    async with console() as one:
        await one.filter("level>=error")
        await one.press("k")
        hit = one.panel.current
        await one.press("X")
        await one.settled()
        assert one.panel.session.query == ""
        assert one.panel.current is not None
        assert hit is not None
        assert one.panel.current.address == hit.address
        assert len(set(one.levels())) > 1


async def test_light_up_shows_all_lines_and_n_goes_to_those_that_match() -> None:
    """& shows every line and marks hits; N goes to one that matches."""
    async with console() as one:
        await one.filter("level>=error")
        await one.press("ampersand")
        await one.settled()
        assert one.panel.session.lit
        assert len(set(one.levels())) > 1
        await one.press("N")
        await one.settled()
        assert one.panel.current is not None
        assert one.panel.lit_up(one.panel.current)


async def test_keep_and_drop_make_terms_and_backspace_takes_the_last_off() -> None:
    """Keys i s keep the service of the line, x l drop its level; backspace and X undo."""
    async with console() as one:
        await to_an_error(one)
        row = one.panel.current
        assert row is not None
        await one.press("i", "s")
        await one.settled()
        assert one.panel.session.query == f"service:{row.record.service}"
        await one.press("x", "l")
        await one.settled()
        assert row.record.level is not None
        assert one.panel.session.query == f"service:{row.record.service} -level:{row.record.level.word}"
        assert row.record.level not in one.levels()
        await one.press("backspace")
        await one.settled()
        assert one.panel.session.query == f"service:{row.record.service}"
        await one.press("X")
        await one.settled()
        assert one.panel.session.query == ""


async def test_e_goes_from_error_to_error() -> None:
    """E stands on the error before the cursor; e is back."""
    async with console() as one:
        await one.press("E")
        await one.settled()
        first = one.panel.current
        assert first is not None
        assert first.record.level is not None
        assert first.record.level >= Level.ERROR
        await one.press("E")
        await one.settled()
        second = one.panel.current
        assert second is not None
        assert second.address != first.address
        await one.press("e")
        await one.settled()
        assert one.panel.current is not None
        assert one.panel.current.address == first.address


async def test_going_to_a_time_stands_on_the_first_line_at_or_after_it() -> None:
    """@ takes a moment as people type it; a wrong one is answered before it is taken."""
    async with console() as one:
        rows = one.panel.session.window.rows
        times = sorted(row.record.time_ns for row in rows if row.record.time_ns is not None)
        middle = times[len(times) // 2] // SECOND * SECOND
        await one.press("at")
        await one.type("noon")
        assert "expected" in one.app.screen.query_one(Prompt).wrong[0]
        await one.press("escape")
        one.panel.session.open_at(middle)
        await one.settled()
        row = one.panel.current
        assert row is not None
        assert row.record.time_ns is not None
        assert row.record.time_ns >= middle
        assert not one.panel.session.following


async def test_t_opens_the_trace_at_its_first_error_and_escape_is_back() -> None:
    """The lanes hold every record of the ID, the cursor is on the first error, esc is back at the line."""
    async with console() as one:
        await to_an_error(one)
        row = one.panel.current
        assert row is not None
        await one.press("t")
        assert isinstance(one.app.screen, TraceScreen)
        await one.traced()
        trace = one.lanes.trace
        assert {line.record.correlation_id for line in trace.rows} == {row.record.correlation_id}
        assert trace.first_error is not None
        assert one.lanes.selected == trace.rows[trace.first_error]
        title = "".join(text for text, _ in one.lanes.title_right())
        assert f"{len(trace.rows)} record" in title
        assert "first error at +" in title
        await one.press("enter")
        assert isinstance(one.app.screen, RecordScreen)
        await one.press("escape", "escape")
        assert isinstance(one.app.screen, LogsScreen)
        assert one.panel.current is not None
        assert one.panel.current.address == row.address


async def test_times_of_a_filter_are_read_in_the_zone_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """`at:` means the clock that the rows show, before and after U changes it."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    local_zone.cache_clear()
    try:
        async with console() as one:
            row = one.panel.session.window.rows[-1]
            assert row.record.time_ns is not None
            for zone in (UTC, ZoneInfo("Asia/Kolkata")):
                while one.app.zone != zone:
                    await one.press("U")
                await one.filter(f"at:{datetime.fromtimestamp(row.record.time_ns // SECOND, zone):%H:%M}")
                assert row.address in [found.address for found in one.panel.session.window.rows]
    finally:
        local_zone.cache_clear()


async def test_all_hits_are_saved_not_only_those_on_the_screen(private_places: Path) -> None:
    """With a filter, s and j write every hit in time order, though only the newest ones were read."""
    async with console() as one:
        await one.filter("level>=info")
        counted = one.panel.counted
        await one.until(lambda: counted.hits is not None and counted.hits.last, "the count")
        assert counted.hits is not None
        assert not one.panel.session.window.at_oldest
        assert counted.hits.hits > len(one.panel.session.window)
        await one.press("s", "j")
        await one.until(lambda: "saved to" in one.said, "the word of it")
        (file,) = (private_places / "home").glob("pake-logs-*.jsonl")
        head, *lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert head["export"]["records"] == len(lines) >= counted.hits.hits
        assert [line["timestamp"] for line in lines] == sorted(line["timestamp"] for line in lines)


async def test_a_trace_is_saved_as_masked_json_lines(private_places: Path) -> None:
    """Keys s, j write where it is from and one JSON object a record into a new file of the owner's own."""
    async with console() as one:
        await to_an_error(one)
        await one.press("t")
        await one.traced()
        await one.press("s", "j")
        await one.until(lambda: "saved to" in one.said, "the word of it")
        (file,) = (private_places / "home").glob("pake-trace-*.jsonl")
        head, *lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert head["export"]["query"] == f"cid:{one.lanes.trace.correlation_id}"
        assert head["export"]["records"] == len(lines)
        assert [line["message"] for line in lines] == [row.record.message for row in one.lanes.trace.rows]
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_trace_is_saved_as_markdown_for_a_ticket(private_places: Path) -> None:
    """Keys s, m write a heading, the facts, and the lines with their offsets in a block of code."""
    async with console() as one:
        await to_an_error(one)
        await one.press("t")
        await one.traced()
        await one.press("s", "m")
        await one.until(lambda: "saved to" in one.said, "the word of it")
        (file,) = (private_places / "home").glob("pake-trace-*.md")
        text = file.read_text()
        assert text.startswith(f"# Trace `{one.lanes.trace.correlation_id}`")
        assert "first error at +" in text
        for row in one.lanes.trace.rows:
            assert row.record.message.split("\n")[0] in text


async def test_an_unknown_id_is_named_with_where_it_was_looked_for() -> None:
    """A trace without records says which ID, and how many files were searched."""
    async with console() as one:
        one.app.open_trace("no-such-id-000")
        await one.traced()
        said = " ".join(text for line in one.lanes.empty_lines() for text, _ in line)
        assert "no-such-id-000" in said
        assert "searched" in said


async def test_the_log_panel_of_the_overview_opens_records_and_filters() -> None:
    """The same panel serves on the overview: its keys work there too."""
    async with console() as one:
        await one.press("1")
        one.app.screen.query_one(LogPanel).focus()
        await one.settled()
        await one.filter("level>=error")
        assert set(one.levels()) <= {Level.ERROR, Level.CRITICAL}
        await one.press("enter")
        assert isinstance(one.app.screen, RecordScreen)
