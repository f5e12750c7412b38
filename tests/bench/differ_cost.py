"""The differ's cost: a script of keys in the real console, each update that it paints timed in a differ.

Run by bench_console in its stage; prints one JSON object: kind of frame to milliseconds, each.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from textual._compositor import ChopsUpdate, LayoutUpdate

from pake_tui.sources.embedded.open import open_sources
from pake_tui.tui.app import PakeApp
from pake_tui.tui.feed import Feed
from pake_tui.tui.terminal.differ import Differ
from pake_tui.tui.workspace import load_themes

KEYS = [*"jkjk", "tab", *"jkjk", *"3kkkkkkkkkkjjjj", *"2jk", *"4jj", *"5jjjj", *"1T", *"3TT", "question_mark"]
LIVE_S = 5.0


class Timed(PakeApp):
    """The console, with a differ beside its painting and a watch in hand."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.differ = Differ()
        self.took: dict[str, list[float]] = {"usual": [], "full": [], "forgotten": []}

    def _display(self, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and self._running and not self._batch_count:
            whole = isinstance(renderable, LayoutUpdate)
            self._time("full" if whole else "usual", renderable)
            if whole:
                self.differ.forget()
                self._time("forgotten", renderable)
        super()._display(screen, renderable)

    def _time(self, kind: str, update: LayoutUpdate | ChopsUpdate) -> None:
        begun = time.perf_counter()
        self.differ.take(update)
        if self.differ.frame():
            self.took[kind].append((time.perf_counter() - begun) * 1e3)


async def play() -> dict[str, list[float]]:
    """Press the keys, and let it live for a while."""
    sources = open_sources(config=None, read_only=False)
    feed = Feed(sources)
    feed.start()
    app = Timed(sources, feed, load_themes()[0])
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.pause(1.0)
            for key in KEYS:
                await pilot.press(key)
                await pilot.pause(0.05)
            await pilot.press("1")
            await pilot.pause(LIVE_S)
    finally:
        feed.stop()
        sources.close()
    return app.took


if __name__ == "__main__":
    print(json.dumps(asyncio.run(play())))
