"""When a screen is drawn: what belongs together in one frame, and a key's answer before anything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from pake_tui.clock import monotonic
from pake_tui.tui.terminal.app import TerminalApp
from pake_tui.tui.terminal.screen import TerminalScreen, TerminalWidget

NEVER_S = 60.0


class Row(TerminalWidget):
    """A line that counts how often it was drawn."""

    DEFAULT_CSS = "Row { height: 1; }"
    drawn = 0

    def render_line(self, y: int) -> Strip:
        """Another text each time."""
        self.drawn += 1
        return Strip.blank(self.drawn)


class Rows(TerminalScreen):
    """Two of them."""

    def compose(self) -> ComposeResult:
        """One below the other."""
        yield Row()
        yield Row()


class Frames(TerminalApp):
    """Counts its frames."""

    frames = 0

    def get_default_screen(self) -> Screen[None]:
        """The two rows."""
        return Rows()

    def post_display_hook(self) -> None:
        """A frame was drawn."""
        self.frames += 1

    @property
    def front(self) -> TerminalScreen:
        """The screen."""
        assert isinstance(self.screen, TerminalScreen)
        return self.screen


async def drawn(app: Frames, count: int) -> None:
    """Wait until so many frames are drawn."""
    end = monotonic() + 5
    while app.frames < count:
        assert monotonic() < end, f"{app.frames} frames instead of {count}"
        await asyncio.sleep(0.001)


@asynccontextmanager
async def gathering(seconds: float) -> AsyncIterator[tuple[Frames, Pilot[None], Row, Row]]:
    """An app that gathers for so long and has drawn nothing since, though its first row has changed."""
    app = Frames()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.frames = 0
        one, other = app.screen.query(Row)
        app.front.gather(seconds)
        one.refresh()
        yield app, pilot, one, other


async def test_what_is_gathered_is_one_frame() -> None:
    """What changes while something is waited for is drawn when that came, all of it at once."""
    async with gathering(NEVER_S) as (app, pilot, one, other):
        await asyncio.sleep(0.05)  # three frames' time: a pilot's pause would draw by itself
        assert app.frames == 0
        other.refresh()
        app.front.gathered()
        await drawn(app, 1)
        await pilot.pause()
        assert (app.frames, one.drawn, other.drawn) == (1, 2, 2)


async def test_what_does_not_come_is_waited_for_no_longer_than_was_said() -> None:
    """After the time that was given the frame is drawn without it."""
    async with gathering(0.02) as (app, _, one, _):
        await drawn(app, 1)
        assert one.drawn == 2


async def test_a_key_waits_for_nothing() -> None:
    """What a key changes is drawn at once, and what waited goes with it."""
    async with gathering(NEVER_S) as (app, pilot, one, other):
        app.front.hasten()
        other.refresh()
        await drawn(app, 1)
        await pilot.pause()
        assert (app.frames, one.drawn, other.drawn) == (1, 2, 2)
