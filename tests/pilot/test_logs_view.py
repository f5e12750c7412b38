"""Around log lines: context, marks, whole lines, the alert of a line, the histogram, what is typed."""

from __future__ import annotations

import gc
import re
import weakref

from textual.widget import Widget

from pake_tui.clock import MINUTE
from pake_tui.model.record import Level, RowKind
from pake_tui.sources.fake.story import SERVICES
from pake_tui.tui.panels.histogram import HistogramRow
from pake_tui.tui.screens.alerts import AlertScreen
from pake_tui.tui.screens.help import HelpScreen
from pake_tui.tui.screens.logs import LogsScreen
from pake_tui.tui.widgets.panel import Panel
from pake_tui.tui.widgets.prompt import Prompt
from tests.pilot.console import Console, console


def drawn(widget: Panel | HistogramRow) -> list[str]:
    """The lines of a widget as they are on the screen."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


async def histogram(one: Console) -> HistogramRow:
    """The histogram, once everything is counted."""
    row = one.app.screen.query_one(HistogramRow)
    await one.until(lambda: row.histogram is not None and row.histogram.complete, "the histogram")
    return row


async def test_c_shows_what_stands_around_each_match_then_more_then_nothing() -> None:
    """Key c shows three lines around each match, then ten, then none; the hits stay the same number."""
    async with console() as one:
        await one.filter("level>=error")
        window = one.panel.session.window
        hits = [row.address for row in window.rows]
        for count in (3, 10):
            await one.press("c")
            await one.settled()
            assert f"±{count}" in one.title
            records = [row for row in window.rows if row.kind is RowKind.RECORD]
            assert [row.address for row in records if row.matched] == hits
            addresses = [row.address for row in records]
            assert len(set(addresses)) == len(addresses)
            around = [row for row in records if not row.matched]
            assert around
            assert all(row.record.level is None or row.record.level < Level.ERROR for row in around)
            assert one.panel.counted.hits is not None
            assert one.panel.counted.hits.hits == len(hits)
        await one.press("c")
        await one.settled()
        assert [row.address for row in window.rows] == hits


async def test_context_without_a_filter_says_how_it_is_used() -> None:
    """Where all lines are shown there is nothing around them; the message names the key that filters."""
    async with console() as one:
        await one.press("c")
        assert "/ filters" in one.said


async def test_marks_are_gone_through_in_the_order_of_time() -> None:
    """Key m marks lines, ' goes from mark to mark in the order of time, then to the first again."""
    async with console() as one:
        await one.press("k", "k", "m")
        later = one.panel.current
        await one.press("g")
        await one.settled()
        await one.press("j", "m")
        earlier = one.panel.current
        assert earlier is not None
        assert later is not None
        assert "2 marked" in one.said
        assert any(line.startswith("│◆") for line in drawn(one.panel))
        await one.press("apostrophe")
        await one.settled()
        await one.until(lambda: one.panel.current == later, "the later mark")
        await one.press("apostrophe")
        await one.settled()
        await one.until(lambda: one.panel.current == earlier, "the earlier mark")
        await one.press("m")
        assert "1 marked" in one.said


async def test_whole_lines_show_the_end_of_a_long_message_and_the_cursor_stays_in_view() -> None:
    """Key v folds a message that is wider than the screen; going up and down never loses the cursor."""
    async with console(size=(80, 24)) as one:
        words = " ".join(f"word{number}" for number in range(60))
        one.logs.add("api", Level.ERROR, f"{words} END", time_ns=one.app.now(), status=502)
        await one.until(lambda: any("word3" in line for line in drawn(one.panel)), "the line")
        assert not any("END" in line for line in drawn(one.panel))
        await one.press("v")
        text = " ".join(drawn(one.panel))
        assert "END" in text
        assert "status=502" in text
        for key in ["k"] * 25 + ["j"] * 25:
            await one.press(key)
            row = one.panel.current
            assert row is not None
            assert any(row.record.message[:12] in line for line in drawn(one.panel))
        await one.press("v")
        assert not any("END" in line for line in drawn(one.panel))


async def test_the_alert_of_a_line_opens_and_escape_is_back() -> None:
    """Key ! on a line of a service that has an alert then opens that alert."""
    async with console() as one:
        alert = next(one for one in one.app.snapshot.alerts.alerts if one.service in SERVICES)
        one.logs.add(alert.service, Level.ERROR, "it broke", time_ns=alert.first_seen_ns)
        await one.filter(f'service:{alert.service} "it broke"')
        await one.press("exclamation_mark")
        await one.until(lambda: isinstance(one.app.screen, AlertScreen), "the alert")
        assert isinstance(one.app.screen, AlertScreen)
        found = next(a for a in one.app.snapshot.alerts.alerts if a.id == one.app.screen.alert_id)
        assert found.service == alert.service
        await one.press("escape")
        assert isinstance(one.app.screen, LogsScreen)


async def test_a_line_without_an_alert_says_where_all_are() -> None:
    """Key ! on a line of a service without any alert names the key of the alert list."""
    async with console() as one:
        one.logs.add("quiet-service", Level.INFO, "all is well", time_ns=one.app.now())
        await one.filter("service:quiet-service")
        await one.press("exclamation_mark")
        assert "2 shows all" in one.said
        assert isinstance(one.app.screen, LogsScreen)


async def test_the_histogram_counts_all_lines_and_its_range_is_changed_by_keys() -> None:
    """Above the rows stand all lines by time, with the errors among them; [ narrows it around the cursor."""
    async with console() as one:
        row = await histogram(one)
        assert row.histogram is not None
        total = sum(map(sum, row.histogram.counts))
        (line,) = drawn(row)
        assert f"{total:,} lines" in line
        assert re.search(r"\d+ errors?", line)
        for _ in range(6):
            await one.press("left_square_bracket")
        assert row.range_ns == 5 * MINUTE
        assert "histogram of 5 m" in one.said
        await one.until(lambda: row.histogram is not None and len(row.histogram.counts) == 5, "five minutes")
        await one.press("g")
        await one.settled()
        first = one.panel.current
        assert first is not None
        assert first.record.time_ns is not None
        await one.until(lambda: row.bucket_of(first.record.time_ns) is not None, "the cursor's minute")
        for _ in range(6):
            await one.press("right_square_bracket")
        assert row.range_ns is None


async def test_hits_are_counted_while_a_query_is_typed() -> None:
    """Below the query stands how many lines it finds before enter is pressed; nothing is filtered yet."""
    async with console() as one:
        await one.press("slash")
        await one.type("level>=error")
        prompt = one.app.screen.query_one(Prompt)
        await one.until(lambda: re.fullmatch(r"[\d,]+ hits?", prompt.hint), "the whole count")
        count = int(prompt.hint.split()[0].replace(",", ""))
        assert one.panel.session.query == ""
        await one.press("enter")
        await one.settled()
        assert len(one.levels()) == count > 0


async def test_hits_that_were_passed_over_are_counted_once_the_log_is_quiet() -> None:
    """A title that says there are more hits says how many as soon as nothing comes any more."""
    async with console() as one:
        await one.filter("level>=error")
        await one.until(lambda: re.search(r" [\d,]+ hits", one.title), "the count")
        (count,) = re.findall(r" ([\d,]+) hits", one.title)
        one.panel.session.came_more = True
        assert f" {count}+ hits" in one.title
        await one.until(lambda: f" {count} hits" in one.title, "the new count")


async def test_values_of_every_field_seen_are_completed() -> None:
    """After a field's name the values that rows have had are offered, the newest first."""
    async with console() as one:
        one.logs.add("api", Level.INFO, "one", time_ns=one.app.now(), region="eu-west-7")
        await one.until(lambda: "region" in one.panel.values_seen(), "the line")
        await one.press("slash")
        await one.type("region:eu")
        prompt = one.app.screen.query_one(Prompt)
        assert "region:eu-west-7" in prompt.choices
        await one.press("tab", "enter")
        await one.settled()
        assert one.panel.session.query == "region:eu-west-7"
        assert len(one.levels()) == 1


async def test_screens_that_were_left_leave_nothing_behind() -> None:
    """Nothing keeps the lines that the help drew when it was opened some times ago."""
    drawn: list[weakref.ref[object]] = []

    def gone() -> bool:
        gc.collect()
        return not any(one() for one in drawn)

    async with console() as one:
        for number in range(4):
            await one.press("question_mark")
            await one.until(lambda: isinstance(one.app.screen, HelpScreen), "the help")
            await one.pilot.pause()
            if number == 0:
                widgets = [one.app.screen, *one.app.screen.walk_children(Widget)]
                drawn += [weakref.ref(widget._styles_cache) for widget in widgets]
            await one.press("escape")
            await one.until(lambda: not isinstance(one.app.screen, HelpScreen), "the screen before")
        del widgets
        await one.until(gone, "the first to be let go")
