"""Keeps the cells that the terminal shows and those that it should show, and writes only the difference.

This is the last place where something can be stopped on its way to the terminal: apart from what `cells` let
through as characters, everything written is made here.
"""

from __future__ import annotations

from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from pake_tui.tui.terminal.cells import Grid, Row
from pake_tui.tui.terminal.pens import PLAIN, Pen, Pens, change
from pake_tui.tui.terminal.scrolling import Scroll, find_scroll

BLANKS = " " * 12
"""As many blanks as it costs to erase them and to step over them."""
BRIDGE = 4
"""Equal cells of the same pen that are cheaper sent again than skipped."""


class Differ:
    """`take` what Textual paints; `frame` is what to send; `forget` what the terminal shows."""

    def __init__(
        self, depth: str = "truecolor", ascii_only: bool = False, links: bool = True, erases: bool = True
    ) -> None:
        """`erases`: whether the terminal erases with the background in hand (terminfo's bce)."""
        self._erases = erases
        self._pens = Pens(depth, links)
        self._ascii = ascii_only
        self._grid = Grid(0, 0)
        self._sent: list[Row | None] = []
        self._touched: set[int] = set()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows that Textual last painted whole."""
        return self._grid.width, self._grid.height

    def forget(self) -> None:
        """Take nothing for granted: the next frame is the whole screen."""
        self._sent = [None] * self._grid.height
        self._touched = set(range(self._grid.height))

    def take(self, update: CompositorUpdate) -> bool:
        """Note what should be on the screen; False where the update does not fit and all must be painted."""
        if isinstance(update, LayoutUpdate):
            return self._take_layout(update)
        assert isinstance(update, ChopsUpdate)
        if len(update.chops) != self._grid.height:
            return False
        for y, first, last in update.spans:
            if not 0 <= y < self._grid.height:
                continue
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x < last and end > first:
                    self._grid.paint(y, x, (strip,), min(end, last), self._pens, self._ascii)
                    self._touched.add(y)
        return True

    def _take_layout(self, update: LayoutUpdate) -> bool:
        region = update.region
        if region.x or region.y:
            return False
        if (region.width, region.height) != self.size:
            self._grid = Grid(region.width, region.height)
            self.forget()
        for y, strips in enumerate(update.strips):
            if y < self._grid.height:
                self._grid.paint(y, 0, strips, self._grid.width, self._pens, self._ascii)
                self._touched.add(y)
        return True

    def frame(self) -> str:
        """What makes the terminal show what it should; from then on that counts as shown."""
        rows = self._grid.rows
        changed = [y for y in sorted(self._touched) if rows[y] != self._sent[y]]
        self._touched.clear()
        if not changed:
            return ""
        out = _Output(self._erases)
        scroll = find_scroll(self._sent, rows, changed)
        if scroll is not None:
            self._sent = scroll.moved(self._sent)
            out.scroll(scroll)
            changed = [y for y in range(len(rows)) if rows[y] != self._sent[y]]
        for y in changed:
            self._send_row(out, y)
        return out.done()

    def _send_row(self, out: _Output, y: int) -> None:
        characters, pens = self._grid.rows[y]
        for start, end in _runs(self._grid.rows[y], self._sent[y]):
            at = start
            while at < end:
                pen, stop = pens[at], at + 1
                while stop < end and pens[stop] is pen:
                    stop += 1
                out.draw(y, at, characters[at:stop], pen)
                at = stop
        out.edge(self._grid.width)
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


def _longest_blanks(characters: list[str]) -> tuple[int, int]:
    """(start, size) of the longest run of blanks."""
    best = size = 0
    end = 0
    for index, character in enumerate(characters):
        size = size + 1 if character == " " else 0
        if size > best:
            best, end = size, index + 1
    return end - best, best


class _Output:
    """What is sent in one frame, knowing where the cursor is and which pen is in hand."""

    def __init__(self, erases: bool) -> None:
        self._erases = erases
        self._parts: list[str] = []
        self._at: tuple[int, int] | None = None
        self._pen: Pen = PLAIN

    def move(self, y: int, x: int) -> None:
        """Put the cursor there."""
        if self._at == (y, x):
            return
        if self._at is not None and self._at[0] == y and x > self._at[1]:
            by = x - self._at[1]
            self._parts.append(f"\x1b[{by}C" if by > 1 else "\x1b[C")
        else:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self._at = (y, x)

    def draw(self, y: int, x: int, characters: list[str], pen: Pen) -> None:
        """Draw cells from a place on with one pen."""
        self.move(y, x)
        if pen != self._pen:
            self._parts.append(change(self._pen, pen))
            self._pen = pen
        text = "".join(characters)
        if self._erases and not pen.attributes and not pen.link and BLANKS in text:
            self._draw_blanks(y, x, characters, text, pen)
            return
        if len(text) == len(characters) and not any(character > "\uffff" for character in text):
            self._parts.append(text)
            self._at = (y, x + len(characters))
            return
        for at, character in enumerate(characters, x):
            if character:
                self.move(y, at)
                self._parts.append(character)
                # Terminals differ in how wide these are: what follows is placed anew.
                sure = len(character) == 1 and character <= "\uffff"
                self._at = (y, at + 1) if sure else None
            elif self._at is not None:
                self._at = (y, at + 1)

    def _draw_blanks(self, y: int, x: int, characters: list[str], text: str, pen: Pen) -> None:
        """Erase the longest row of blanks instead of sending it, and draw what is before and after."""
        start, size = _longest_blanks(characters)
        if start:
            self.draw(y, x, characters[:start], pen)
        self.move(y, x + start)
        self._parts.append(f"\x1b[{size}X")
        if start + size < len(characters):
            self.draw(y, x + start + size, characters[start + size :], pen)

    def edge(self, width: int) -> None:
        """After the last column terminals disagree on where the cursor is."""
        if self._at is not None and self._at[1] >= width:
            self._at = None

    def scroll(self, scroll: Scroll) -> None:
        """Move the lines of a region; the pen is plain, since what comes in may take its background."""
        top, bottom = scroll.top + 1, scroll.bottom
        at, step = (bottom, "\n") if scroll.by > 0 else (top, "\x1bM")
        self._parts.append(f"\x1b[{top};{bottom}r\x1b[{at}H{step * abs(scroll.by)}\x1b[r")
        self._at = None

    def done(self) -> str:
        """The frame; no pen stays in hand."""
        if self._pen != PLAIN:
            self._parts.append(change(self._pen, PLAIN))
        return "".join(self._parts)
