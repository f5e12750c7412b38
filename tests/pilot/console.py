"""A console over the fakes, driven by keys: what the tests of the log side press and look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from pake_tui.clock import MINUTE, monotonic, now_ns
from pake_tui.model.record import Level, RowKind
from pake_tui.sources.fake import fake_sources
from pake_tui.sources.fake.logs import FakeLogSource
from pake_tui.tui.app import PakeApp
from pake_tui.tui.feed import Feed
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.panels.trace import TracePanel
from pake_tui.tui.screens.logs import LogsScreen
from pake_tui.tui.screens.trace import TraceScreen
from pake_tui.tui.widgets.bars import MessageBar
from pake_tui.tui.workspace import load_themes

KEY_NAMES = {
    " ": "space",
    ":": "colon",
    ">": "greater_than_sign",
    "=": "equals_sign",
    "(": "left_parenthesis",
}


class Console:
    """A running console and what a test asks of it."""

    def __init__(self, app: PakeApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys by their names."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text into the prompt."""
        await self.pilot.press(*(KEY_NAMES.get(one, one) for one in text))

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds; fails after five seconds."""
        end = monotonic() + 5
        while not holds():
            assert monotonic() < end, f"waited in vain for {what}; said: {self.said!r}"
            await self.pilot.pause(0.02)

    @property
    def logs(self) -> FakeLogSource:
        """The log source, to which a test may add."""
        source = self.app.sources.logs
        assert isinstance(source, FakeLogSource)
        return source

    @property
    def panel(self) -> LogPanel:
        """The log panel of the screen in front."""
        return self.app.screen.query_one(LogPanel)

    @property
    def lanes(self) -> TracePanel:
        """The trace panel of the screen in front."""
        return self.app.screen.query_one(TracePanel)

    @property
    def said(self) -> str:
        """The message line."""
        return "".join(text for text, _ in self.app.screen.query_one(MessageBar).line)

    @property
    def title(self) -> str:
        """The log panel's top edge."""
        return "".join(text for text, _ in self.panel.top_edge(200))

    def levels(self) -> list[Level | None]:
        """The levels of all rows read."""
        rows = self.panel.session.window.rows
        return [row.record.level for row in rows if row.kind is RowKind.RECORD]

    async def settled(self) -> None:
        """Wait until the log panel has read what it wants."""
        await self.until(lambda: bool(self.app.screen.query(LogPanel)), "the panel")
        session = self.panel.session
        await self.until(lambda: session.job is None and len(session.window) > 0, "rows")

    async def traced(self) -> None:
        """Wait until a trace is there, searched to its end."""
        await self.until(lambda: isinstance(self.app.screen, TraceScreen), "the trace screen")
        await self.until(lambda: bool(self.app.screen.query(TracePanel)), "the lanes")
        await self.until(lambda: self.lanes.trace.complete, "the trace")

    async def filter(self, query: str) -> None:
        """Filter by a query."""
        await self.press("slash", "ctrl+u")
        await self.type(query)
        await self.press("enter")
        await self.settled()


@asynccontextmanager
async def console(theme: str = "dark", size: tuple[int, int] = (120, 36)) -> AsyncIterator[Console]:
    """A console over the fakes, with the log screen in front."""
    sources = fake_sources(now_ns() - 10 * MINUTE)
    feed = Feed(sources, period_s=0.1)
    feed.read_once()
    feed.start()
    app = PakeApp(sources, feed, load_themes()[0], theme=theme, zone="UTC")
    async with app.run_test(size=size) as pilot:
        one = Console(app, pilot)
        await one.press("3")
        await one.until(lambda: isinstance(app.screen, LogsScreen), "the log screen")
        await one.settled()
        yield one


async def to_an_error(one: Console) -> None:
    """Stand on an error that has a correlation ID."""
    await one.filter("level>=error cid:?")
    await one.press("f", "X")
    await one.settled()
