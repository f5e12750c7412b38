"""Keeps the cells that the terminal shows and those that it should show, and writes only the difference.

This is the last place where something can be stopped on its way to the terminal: apart from what `cells` let
through as characters, everything written is made here.
"""

from __future__ import annotations

from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from pake_tui.tui.terminal.cells import Charset, Grid, Row
from pake_tui.tui.terminal.output import Output
from pake_tui.tui.terminal.pens import Pen, Pens
from pake_tui.tui.terminal.scrolling import find_scroll

EVERY_ROW = range(100_000)
BRIDGE = 4
"""Equal cells of the same pen that are cheaper sent again than skipped."""


class Differ:
    """`take` what Textual paints; `frame` is what to send; `forget` what the terminal shows."""

    def __init__(
        self,
        depth: str = "truecolor",
        charset: Charset = Charset.FULL,
        links: bool = True,
        erases: bool = True,
    ) -> None:
        """`erases`: whether the terminal erases with the background in hand (terminfo's bce)."""
        self._erases = erases
        self._pens = Pens(depth, links)
        self.charset = charset
        self._grid = Grid(0, 0)
        self._sent: list[Row | None] = []
        self._first: dict[int, None] = {}
        """Rows to look at before any other, in their order."""
        self._own: dict[int, None] = {}
        """Rows that changed by themselves."""
        self._going: dict[int, Row] = {}
        """What these were when the frame that is under way piece by piece began: one moment, not many."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows that Textual last painted whole."""
        return self._grid.width, self._grid.height

    @property
    def pending(self) -> bool:
        """Whether there is something to look at."""
        return bool(self._first or self._own or self._going)

    @property
    def own(self) -> bool:
        """Whether all that there is to look at changed by itself."""
        return not self._first

    def forget(self) -> None:
        """Take nothing for granted: the next frame is the whole screen."""
        self._sent = [None] * self._grid.height
        self._first = dict.fromkeys(range(self._grid.height))
        self._own, self._going = {}, {}

    def take(self, update: CompositorUpdate, urgent: range = EVERY_ROW) -> bool:
        """Note what should be on the screen; False where the update does not fit and all must be painted.

        Rows outside of `urgent` changed by themselves and may wait for what answers a key.
        """
        if isinstance(update, LayoutUpdate):
            return self._take_layout(update, urgent)
        assert isinstance(update, ChopsUpdate)
        if len(update.chops) != self._grid.height:
            return False
        for y, first, last in update.spans:
            if not 0 <= y < self._grid.height:
                continue
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x < last and end > first:
                    self._grid.paint(y, x, (strip,), min(end, last), self._pens, self.charset)
                    self._touch(y, urgent)
        return True

    def _take_layout(self, update: LayoutUpdate, urgent: range) -> bool:
        region = update.region
        if region.x or region.y:
            return False
        if (region.width, region.height) != self.size:
            self._grid = Grid(region.width, region.height)
            self.forget()
        for y, strips in enumerate(update.strips):
            if y < self._grid.height:
                self._grid.paint(y, 0, strips, self._grid.width, self._pens, self.charset)
                self._touch(y, urgent)
        return True

    def _touch(self, y: int, urgent: range) -> None:
        if y in urgent:
            self._own.pop(y, None)
            self._going.pop(y, None)
            self._first[y] = None
        elif y not in self._first:
            self._own[y] = None

    def frame(self, room: int | None = None) -> str:
        """What makes the terminal show what it should; from then on that counts as shown.

        With `room` (bytes, roughly; a row at least) rows that changed by themselves wait for the others, and
        what has no room waits for the next frame: see `pending`.
        """
        wanted = self._wanted(room)
        changed = [y for y, row in wanted.items() if row != self._sent[y]]
        if not changed:
            return ""
        out = Output(self._erases, self._grid.width)
        target = [wanted.get(y, row) for y, row in enumerate(self._grid.rows)]
        if (scroll := find_scroll(self._sent, target, sorted(changed))) is not None:
            self._sent = scroll.moved(self._sent)
            out.scroll(scroll)
            for y in range(scroll.top, scroll.bottom):
                if y not in wanted:
                    self._going.pop(y, None)
                    wanted[y] = target[y]
            changed = [y for y, row in wanted.items() if row != self._sent[y]]
        for count, y in enumerate(changed):
            if room is not None and count and out.expected >= room:
                self._postpone(changed[count:], wanted)
                break
            self._send_row(out, y, wanted[y])
        return out.done()

    def _wanted(self, room: int | None) -> dict[int, Row]:
        """The rows that this frame is about, and what they should be; they count as looked at."""
        rows = self._grid.rows
        if room is None:
            chosen = sorted({*self._first, *self._own, *self._going})
            self._first, self._own, self._going = {}, {}, {}
            return {y: rows[y] for y in chosen}
        if self._first:
            first, self._first = self._first, {}
            return {y: rows[y] for y in first}
        if not self._going:
            self._going = {y: (rows[y][0].copy(), rows[y][1].copy()) for y in self._own}
            self._own = {}
        going, self._going = self._going, {}
        return going

    def _postpone(self, changed: list[int], wanted: dict[int, Row]) -> None:
        for y in changed:
            if wanted[y] is self._grid.rows[y]:
                self._first[y] = None
            else:
                self._going[y] = wanted[y]

    def _send_row(self, out: Output, y: int, row: Row) -> None:
        characters, pens = row
        for start, end in _runs(row, self._sent[y]):
            at = start
            while at < end:
                pen, stop = pens[at], at + 1
                while stop < end and pens[stop] is pen:
                    stop += 1
                out.add(y, at, characters[at:stop], pen)
                at = stop
        self._sent[y] = (characters.copy(), pens.copy())


def _runs(row: Row, sent: Row | None) -> list[tuple[int, int]]:
    """Where a row differs from what was sent: [start, end) runs that never cut a wide character."""
    characters, pens = row
    if sent is None:
        return [(0, len(characters))]
    old, old_pens = sent
    runs: list[tuple[int, int]] = []
    start = end = -1
    cells = zip(characters, old, pens, old_pens, strict=True)
    for x in [x for x, (a, b, c, d) in enumerate(cells) if a != b or c != d]:
        if x < end:
            continue
        first, after = x, x + 1
        while first and (characters[first] == "" or old[first] == ""):
            first -= 1
        while after < len(old) and (characters[after] == "" or old[after] == ""):
            after += 1
        if end < 0:
            start, end = first, after
        elif first <= end or _cheap(pens, end, first):
            end = after
        else:
            runs.append((start, end))
            start, end = first, after
    if end >= 0:
        runs.append((start, end))
    return runs


def _cheap(pens: list[Pen], end: int, first: int) -> bool:
    """Whether the equal cells between two runs are better sent than skipped."""
    return first - end <= BRIDGE and all(pens[x] == pens[end - 1] for x in range(end, first))
