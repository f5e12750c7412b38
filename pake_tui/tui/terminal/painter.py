"""Brings frames to the terminal: the differ says what, the pacer when, the driver writes. Never blocks."""

from __future__ import annotations

import re
import time
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

from textual._compositor import CompositorUpdate, LayoutUpdate

from pake_tui.tui.terminal.cells import Charset
from pake_tui.tui.terminal.differ import EVERY_ROW, Differ
from pake_tui.tui.terminal.driver import TerminalDriver
from pake_tui.tui.terminal.pacing import Pacer

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
GATHER = 0.004
"""Seconds that a frame waits for what changes with it, at most and on slow links only."""
ANSWER, BEGINNING = 0.3, 3.0
"""Seconds after a key, and after the start, in which what changes counts as the answer."""
_HARMLESS = re.compile(r"(?:\x07|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))*")
"""Bell and OSC: writes that change no cell."""
PROBE = "\x1b[H─●"
"""Two characters of ambiguous width, from which on the cursor is in column 3 where they are narrow."""
WIDE = range(4, 8)
"""Columns where one of them is wide, or where each of their bytes was taken for a character."""


class Painter:
    """Holds what should be on the screen until it may be sent; what changes meanwhile is one next frame."""

    def __init__(
        self, driver: TerminalDriver, loop: AbstractEventLoop, depth: str, ascii_only: bool = False
    ) -> None:
        self.pacer = Pacer()
        self._driver = driver
        self._loop = loop
        self._differ = Differ(
            depth, Charset.ASCII if ascii_only else Charset.FULL, links=not driver.plain, erases=driver.erases
        )
        self._cursor = (0, 0)
        self._timer: TimerHandle | None = None
        self._begun_until = self._answers_until = time.monotonic() + BEGINNING
        driver.reported = self._reported
        driver.drained = self._drained
        driver.entered = self.repaint
        driver.foreign_write = self._foreign
        self.narrowed: Callable[[], None] = lambda: None
        """Called once if the terminal draws what is of ambiguous width wide."""
        self._probing = not ascii_only
        # Measures the round trip, and that width, while the first frame is on its way.
        driver.put(PROBE if self._probing else "", asks=True)
        if self._probing:
            driver.put("\r\x1b[K")
        self.pacer.sent(0, time.monotonic())

    def key(self) -> None:
        """A key came: what changes next goes before what changes by itself."""
        self._answers_until = max(self._answers_until, time.monotonic() + ANSWER)

    def show(self, update: CompositorUpdate, cursor: tuple[int, int], focus: range = EVERY_ROW) -> bool:
        """Paint an update and place the cursor (x, y); False where the whole screen must be painted anew.

        `focus` are the rows where keys act. What changes there soon after a key answers it, as do changes of
        the whole screen; anything else changed by itself.
        """
        now = time.monotonic()
        whole = now < self._begun_until or isinstance(update, LayoutUpdate)
        answers = EVERY_ROW if whole else focus
        fits = self._differ.take(update, answers if now < self._answers_until else range(0))
        self._cursor = cursor
        self._later(self._gathering())
        return fits

    def repaint(self) -> None:
        """Send the whole screen again, soon: what the terminal shows is not known."""
        self._differ.forget()
        self._later(self._gathering())

    def _gathering(self) -> float:
        return min(GATHER, (self.pacer.round_trip or 0.0) / 8)

    def _later(self, seconds: float) -> None:
        """Try to send then, unless an earlier try is planned already."""
        if self._timer is not None:
            if self._timer.when() <= self._loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._try)

    def _try(self) -> None:
        self._timer = None
        now = time.monotonic()
        if self._driver.busy or self._differ.size != self._driver.size:
            return  # `drained` or the painting of the new size comes back here
        if not self._differ.pending:
            return
        own = self._differ.own
        if (wait := self.pacer.wait(now, own=own)) > 0:
            self._later(wait)
            return
        if frame := self._differ.frame(self.pacer.room(own=own)):
            self._send(frame, now, own)
        if self._differ.pending:
            self._later(self.pacer.wait(now, own=self._differ.own))

    def _send(self, frame: str, now: float, own: bool) -> None:
        x, y = self._cursor
        if x or y:
            frame += f"\x1b[{y + 1};{x + 1}H"
        if self._driver.synchronized:
            frame = f"{SYNC_START}{frame}{SYNC_END}"
        asks = self.pacer.sent(len(frame.encode("utf-8", "replace")), now, own=own)
        self._driver.put(frame, asks=asks)

    def _reported(self, row: int, column: int) -> None:
        if self._probing:
            self._probing = False
            if row == 1 and column in WIDE:
                self._differ.charset = Charset.NARROW
                self.narrowed()
        self.pacer.answered(time.monotonic())
        self._later(0.0)

    def _drained(self) -> None:
        self.pacer.taken(time.monotonic())
        self._later(0.0)

    def _foreign(self, text: str) -> None:
        if not _HARMLESS.fullmatch(text):
            self.repaint()
