"""What a terminal answers, however it is cut and late, does nothing in the console."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pake_tui.tui.terminal.guard import TAINT
from pake_tui.tui.widgets.prompt import Prompt
from tests.pilot.console import Console, console
from tests.pty.typist import REPLIES, Typist, pieces

PLACES = {
    "the alerts": ("2", "j"),
    "an alert": ("2", "enter"),
    "a comment": ("2", "C"),
    "a note": ("2", "R"),
    "a setting": ("5", "enter"),
    "a filter": ("3", "slash"),
    "a command": ("1", "colon"),
}
ASKING = ("a comment", "a note", "a setting", "a filter", "a command")
"""Places where something is typed."""
MOUSE = ("\x1b[<0;10;10M", "\x1b[<0;10;10m", "\x1b[<65;10;10M")


def state(one: Console) -> tuple[object, object, str]:
    """Alerts and settings, which a key could have changed, and what was typed where something asks.

    An `escape` that was cut off its reply for seconds is that key: it may lead to a screen that asked before.
    """
    sources, prompt = one.app.sources, one.app.screen.query_one(Prompt)
    return sources.alerts.alerts(), sources.config.view(), prompt.text if asking(one) else ""


def asking(one: Console) -> bool:
    """Whether the screen in front asks for something."""
    return one.app.screen.query_one(Prompt).question is not None


async def go(one: Console, place: str) -> None:
    """To a place, from wherever, with nothing typed."""
    if asking(one):
        await one.press("escape")
        await one.until(lambda: not asking(one), "the end of the question")
    await one.press(*PLACES[place])
    await one.until(lambda: asking(one) is (place in ASKING), place)


async def receive(one: Console, place: str, reads: list[str], gaps: list[float]) -> None:
    """Go to a place, let the replies come, and compare."""
    await go(one, place)
    before = state(one)
    for event in Typist().dribble(reads, gaps).wait().got:
        one.app.post_message(event)
    await one.pilot.pause()
    after = state(one)
    assert after[:2] == before[:2]
    assert after[2].strip("[]_") in ("", before[2])


async def test_no_reply_acknowledges_edits_or_types_anything() -> None:
    """Replies to any query, cut anywhere, seconds apart, doubled, at any place: all stays as it was."""
    async with console() as one:
        loop = asyncio.get_running_loop()

        @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(
            place=st.sampled_from(sorted(PLACES)),
            stream=st.lists(st.sampled_from([*REPLIES, *MOUSE]), min_size=1, max_size=5).map("".join),
            cuts=st.lists(st.integers(0, 10_000), max_size=12),
            gaps=st.lists(st.floats(0.0, TAINT * 0.95), min_size=14, max_size=14),
        )
        @example("the alerts", "\x1b[?0u", [1, 4], [0.0, 2.0, 2.0])
        @example("a comment", "\x1b]11;rgb:aaaa/aaaa/aaaa\x07", [2, 3], [0.0, 1.5, 1.5])
        def fuzz(place: str, stream: str, cuts: list[int], gaps: list[float]) -> None:
            coming = receive(one, place, pieces(stream, cuts), gaps)
            asyncio.run_coroutine_threadsafe(coming, loop).result(20)

        await asyncio.to_thread(fuzz)
