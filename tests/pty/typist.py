"""Types into the input guard what terminals and people send, at simulated times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from textual import events
from textual.message import Message

from pake_tui.tui.terminal.guard import LATE, Guard
from pake_tui.tui.terminal.keyboard import Keyboard, came_alone

REPLIES = [
    "\x1b[1;1R",
    "\x1b[36;120R",
    "\x1b[?1;1R",
    "\x1b[0n",
    "\x1b[?62;22c",
    "\x1b[>41;388;0c",
    "\x1b[=0c",
    "\x1b[?2026;2$y",
    "\x1b[?2048;0$y",
    "\x1b[?0u",
    "\x1b[8;36;120t",
    "\x1b[4;600;800t",
    "\x1b[48;36;120;600;800t",
    "\x1b[?1;0;256S",
    "\x1b[2;1;1;112;112;1;0x",
    "\x1b[I",
    "\x1b[O",
    "\x1bP>|XTerm(388)\x1b\\",
    "\x1bP1$r0 q\x1b\\",
    "\x1bP1+r544e=787465726d\x1b\\",
    "\x1bP!|00000000\x1b\\",
    "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b]11;rgb:1a1a/1a1a/2b2b\x07",
    "\x1b]4;1;rgb:cdcd/0000/0000\x1b\\",
    "\x1b]52;c;YWFhYUFSUkFh\x07",
    "\x1b]Laaa\x1b\\",
    "\x1b]l\x1b\\",
    "\x1b_Gi=1;OK\x1b\\",
]


class Typist:
    """Feeds pieces, each some seconds after the one before, and collects what an app would get."""

    def __init__(self) -> None:
        self.guard = Guard()
        self.reports = 0
        self.modes: list[tuple[str, bool]] = []
        self.keyboard = Keyboard(self._report, lambda mode, known: self.modes.append((mode, known)))
        self.now = 100.0
        self.got: list[Message] = []

    def _report(self, row: int, column: int) -> None:
        self.reports += 1

    def type(self, text: str, after: float = 0.001) -> Typist:
        """Feed one read."""
        self.wait(after)
        self.got += self.keyboard.events(self.guard.feed(text, self.now))
        return self

    def dribble(self, reads: Sequence[str], gaps: Sequence[float]) -> Typist:
        """Feed reads, each so long after the one before; a lone ESC's next byte is not later than known."""
        before = ""
        for read, gap in zip(reads, gaps, strict=False):
            lone = before.endswith("\x1b") and len(read) == 1
            self.type(read, min(gap, LATE * 0.9) if lone else gap)
            before = read
        return self

    def wait(self, seconds: float = 20.0) -> Typist:
        """Let time pass as the input thread does: woken when the guard asks."""
        end = self.now + seconds
        while (wake := self.guard.wake_in(self.now)) is not None and self.now + wake <= end:
            self.now += wake
            self.got += self.keyboard.events(self.guard.tick(self.now))
        self.now = end
        return self

    @property
    def keys(self) -> list[events.Key]:
        """The keys that came out."""
        return [event for event in self.got if isinstance(event, events.Key)]

    @property
    def names(self) -> list[str]:
        """Their names, in parentheses those that were not alone."""
        return [key.key if came_alone(key) else f"({key.key})" for key in self.keys]


def pieces(stream: str, cuts: list[int]) -> list[str]:
    """The stream cut at these places."""
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[a:b] for a, b in pairwise(places)]
