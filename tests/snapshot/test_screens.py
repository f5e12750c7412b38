"""Every screen at two sizes, dark and light, as somebody looked at it."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pake_tui.clock import MINUTE, monotonic
from pake_tui.model.sample import SeriesKey
from pake_tui.sources.fake import fake_sources
from pake_tui.tui.app import PakeApp
from pake_tui.tui.feed import Feed
from pake_tui.tui.panels.histogram import HistogramRow
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.screens.metric import MetricScreen
from pake_tui.tui.workspace import load_themes

START_NS = 1_772_366_400_000_000_000
LOOKS = 6
SCREENS = {"overview": "1", "alerts": "2", "logs": "3", "health": "4", "config": "5"}


def still_console(theme: str) -> PakeApp:
    """A console over the invented incident in which no time passes."""
    sources = fake_sources(START_NS)
    feed = Feed(sources, clock=lambda: START_NS + 12 * MINUTE)
    feed.read_once()
    return PakeApp(sources, feed, load_themes()[0], theme=theme, zone="UTC")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the log panel in front has its rows and several looks in a row show the same."""
    app = pilot.app
    end, equal, before = monotonic() + 10, 0, ""
    while monotonic() < end and equal < LOOKS:
        await pilot.pause(0.1)
        now = app.export_screenshot()
        counted = all(row.histogram is not None for row in app.screen.query(HistogramRow))
        ready = counted and all(panel.row_count() for panel in app.screen.query(LogPanel))
        equal = equal + 1 if now == before and ready else 0
        before = now


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(snap_compare, screen: str, size: tuple[int, int], theme: str) -> None:  # type: ignore[no-untyped-def]  # the plugin's fixture has no type
    """The screen looks as it did when it was looked at."""

    async def open_it(pilot: Pilot[None]) -> None:
        await pilot.press(SCREENS[screen])
        await settled(pilot)

    assert snap_compare(still_console(theme), terminal_size=size, run_before=open_it)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
def test_chart(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]  # the plugin's fixture has no type
    """The cpu alone: its course, its cores and modes, who uses it."""

    async def open_it(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, PakeApp)
        pilot.app.open(MetricScreen(SeriesKey("cpu_percent")))
        await settled(pilot)

    assert snap_compare(still_console("dark"), terminal_size=size, run_before=open_it)


def test_trace(snap_compare) -> None:  # type: ignore[no-untyped-def]  # the plugin's fixture has no type
    """One request over all services, its first error under the cursor."""

    async def open_it(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, PakeApp)
        pilot.app.open_trace("req-7f3a")
        await settled(pilot)

    assert snap_compare(still_console("dark"), terminal_size=(120, 36), run_before=open_it)


def test_help(snap_compare) -> None:  # type: ignore[no-untyped-def]  # the plugin's fixture has no type
    """The keys of the overview's alert panel."""

    async def open_it(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await settled(pilot)

    assert snap_compare(still_console("dark"), terminal_size=(120, 36), run_before=open_it)
