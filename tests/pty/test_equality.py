"""The differ's screen equals that of stock painting, cell by cell, read back through a terminal emulator."""

from __future__ import annotations

import asyncio

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.screen import Screen

from pake_tui.clock import MINUTE, now_ns
from pake_tui.sources.fake import fake_sources
from pake_tui.tui.app import PakeApp
from pake_tui.tui.feed import Feed
from pake_tui.tui.terminal.app import TerminalApp
from pake_tui.tui.terminal.differ import Differ
from pake_tui.tui.workspace import load_themes
from tests.pty.sample_app import SampleApp

DEPTHS = {
    "truecolor": ColorSystem.TRUECOLOR,
    "256": ColorSystem.EIGHT_BIT,
    "16": ColorSystem.STANDARD,
}


class Emulated:
    """A terminal as an emulator sees it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.feed("\x1b[?7l")

    def feed(self, text: str) -> None:
        """Take output; hyperlinks, which the emulator would show, are left out."""
        self.stream.feed(text)

    def rows(self) -> list[list[tuple[object, ...]]]:
        """All cells, with the space that the emulator leaves out in its buffer."""
        buffer = self.screen.buffer
        return [[tuple(buffer[y][x]) for x in range(self.screen.columns)] for y in range(self.screen.lines)]


def forget_colors(update: LayoutUpdate | ChopsUpdate) -> None:
    """Drop what Textual and rich remember of colours from an app of another depth in this process."""
    rows = update.strips if isinstance(update, LayoutUpdate) else [row.values() for row in update.chops]
    for strip in (strip for row in rows for strip in row if strip is not None):
        strip._render_cache = None
        for _, style, _ in strip:
            if style is not None:
                style._ansi = None


class Twin(TerminalApp):
    """Paints each update the stock way and through the differ, and compares where the differ sends."""

    def become_twin(self, depth: str, every: int) -> None:
        """Compare at every so many updates."""
        self.console._color_system = DEPTHS[depth]
        self.every = every
        self.differ = Differ(depth)
        self.stock_screen = self.ours = Emulated(1, 1)
        self.updates = self.compared = self.bytes = 0

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        wanted = isinstance(renderable, LayoutUpdate | ChopsUpdate)
        if wanted and not self._batch_count and self._running:
            self.both(renderable)
        super()._display(screen, renderable)

    def both(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Paint an update both ways."""
        assert self.differ.take(update)
        columns, rows = self.differ.size
        if (self.stock_screen.screen.columns, self.stock_screen.screen.lines) != (columns, rows):
            self.stock_screen, self.ours = Emulated(columns, rows), Emulated(columns, rows)
        forget_colors(update)
        self.stock_screen.feed(update.render_segments(self.console))
        self.updates += 1
        if self.updates % self.every == 0:
            self.compare()

    def compare(self) -> None:
        """Send what the differ has, and compare every cell."""
        frame = self.differ.frame()
        self.bytes += len(frame.encode())
        self.ours.feed(frame)
        self.compared += 1
        stock, ours = self.stock_screen.rows(), self.ours.rows()
        wrong = [
            (x, y, one, other)
            for y, row in enumerate(stock)
            for x, (one, other) in enumerate(zip(row, ours[y], strict=True))
            if one != other
        ]
        assert not wrong


class TwinSample(Twin, SampleApp):
    """The sample app, painted both ways."""

    def __init__(self, depth: str = "truecolor", every: int = 1) -> None:
        super().__init__(depth=depth)
        self.become_twin(depth, every)


class TwinConsole(Twin, PakeApp):
    """The console over invented sources, whose data change while it is used, painted both ways."""

    def __init__(self, depth: str = "truecolor", every: int = 1, theme: str = "dark") -> None:
        sources = fake_sources(now_ns() - 10 * MINUTE)
        super().__init__(
            sources, Feed(sources, period_s=0.05), load_themes()[0], theme=theme, ascii_only=False, zone="UTC"
        )
        self.become_twin(depth, every)
        self.feed.read_once()
        self.feed.start()


async def play(app: Twin, keys: list[str], size: tuple[int, int] = (100, 30)) -> None:
    """Press keys, `WIDTHxHEIGHT` resizes; compare at the end of each."""
    async with app.run_test(size=size, notifications=True) as pilot:
        for key in keys:
            if "x" in key and key != "x":
                columns, rows = map(int, key.split("x"))
                await pilot.resize_terminal(columns, rows)
            else:
                await pilot.press(key)
            await pilot.pause()
            app.compare()


SCRIPT = [
    *["down"] * 40,
    *["s", "s", "w", "w", "w", "l", "l", "l"],
    *["pagedown", "pagedown", "pageup", "end", "home"],
    *["p", "t", "p", "t", "t", "t"],
    *["z", "l", "s", "z", "60x20", "down", "w", "l", "132x43", "l", "w", "p", "80x24", "p"],
]


@pytest.mark.parametrize("depth", DEPTHS)
async def test_scripted_use_paints_what_stock_painting_paints(depth: str) -> None:
    """Scrolling, sparklines, wide and combining text, screens, themes and resizes: every cell is equal."""
    app = TwinSample(depth)
    await play(app, SCRIPT)
    assert app.updates > 60


ACTIONS = ["down", "up", "pagedown", "end", "home", "s", "w", "l", "t", "p", "z", "61x17", "100x30", "140x45"]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(keys=st.lists(st.sampled_from(ACTIONS), max_size=15), every=st.integers(1, 5))
def test_random_use_paints_what_stock_painting_paints(keys: list[str], every: int) -> None:
    """Whatever is done, and however many updates one frame gathers, every cell is equal."""
    asyncio.run(play(TwinSample(every=every), keys))


STORY = [
    *["tab", "j", "j", "tab", "j", "tab", "k", "shift+tab", "2", "j", "k", "enter", "escape"],
    *["3", "k", "k", "k", "pageup", "up", "up", "80x24", "up", "slash", *"pay", "enter", "n", "z", "z"],
    *["T", "k", "T", "4", "j", "T", "enter", "escape", "5", "j", "j", "T", "question_mark", "pagedown"],
    *["escape", "colon", "escape", "1", "200x60", "tab", "j", "plus", "60x20", "1", "2", "3", "120x36"],
]


@pytest.mark.parametrize("depth", DEPTHS)
async def test_the_console_is_painted_as_stock_painting_would(depth: str) -> None:
    """Through every screen, prompt, theme and size of the console, with live data, every cell is equal."""
    app = TwinConsole(depth, theme={"16": "sixteen"}.get(depth, "dark"))
    await play(app, STORY)
    assert app.updates > 80


KEYS = [
    *["j", "k", "tab", "shift+tab", "up", "down", "pageup", "pagedown", "home", "end", "enter", "escape"],
    *["1", "2", "3", "4", "5", "question_mark", "slash", "colon", "x", "f", "z", "p", "T", "U", "L", "e"],
    *["a", "space", "plus", "minus", "left_square_bracket", "o", "80x24", "120x36", "97x31", "200x60"],
]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    keys=st.lists(st.sampled_from(KEYS), max_size=15),
    every=st.integers(1, 5),
    theme=st.sampled_from(["dark", "light", "sixteen", "mono"]),
)
def test_random_use_of_the_console_is_painted_so_too(keys: list[str], every: int, theme: str) -> None:
    """Whatever is pressed in the console, in any order and theme, every cell is equal."""
    asyncio.run(play(TwinConsole(every=every, theme=theme), keys))
