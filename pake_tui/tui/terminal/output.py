"""The bytes of one frame: where the cursor is, which pen is in hand, and in which order that costs least."""

from __future__ import annotations

from typing import NamedTuple

from pake_tui.tui.terminal.pens import PLAIN, Pen, change
from pake_tui.tui.terminal.scrolling import Scroll

BLANKS = " " * 12
"""As many blanks as it costs to erase them and to step over them."""
MOVE = 7
"""Bytes of a usual move."""


class _Piece(NamedTuple):
    y: int
    x: int
    characters: list[str]
    pen: Pen
    text: str
    sure: bool
    """Whether every terminal draws it as wide as we think."""


class Output:
    """`add` the pieces of a frame row by row, then `done`."""

    def __init__(self, erases: bool, width: int) -> None:
        """`erases`: whether the terminal erases with the background in hand."""
        self.expected = 0
        """Bytes, roughly, of what was added."""
        self._erases = erases
        self._width = width
        self._pieces: list[_Piece] = []
        self._switches = 0
        self._parts: list[str] = []
        self._at: tuple[int, int] | None = None
        self._pen: Pen = PLAIN

    def add(self, y: int, x: int, characters: list[str], pen: Pen) -> None:
        """Cells from a place on, drawn with one pen."""
        text = "".join(characters)
        sure = text.isascii() or (max(text) <= "\uffff" and all(len(one) <= 1 for one in characters))
        before = self._pieces[-1] if self._pieces else None
        switch = len(change(before.pen if before else PLAIN, pen))
        if before and before.y == y and before.x + len(before.characters) == x:
            self._switches += switch - MOVE
        else:
            self._switches += switch
        self._pieces.append(_Piece(y, x, characters, pen, text, sure))
        self.expected += MOVE + switch + len(text.encode("utf-8", "replace"))

    def scroll(self, scroll: Scroll) -> None:
        """Move the lines of a region; the pen is plain, since what comes in may take its background."""
        top, bottom = scroll.top + 1, scroll.bottom
        at, step = (bottom, "\n") if scroll.by > 0 else (top, "\x1bM")
        self._parts.append(f"\x1b[{top};{bottom}r\x1b[{at}H{step * abs(scroll.by)}\x1b[r")

    def done(self) -> str:
        """The frame; no pen stays in hand."""
        for piece in self._ordered():
            self._draw(piece.y, piece.x, piece.characters, piece.pen, piece.text)
            if self._at is not None and self._at[1] >= self._width:
                self._at = None  # after the last column terminals disagree on where the cursor is
        if self._pen != PLAIN:
            self._parts.append(change(self._pen, PLAIN))
        return "".join(self._parts)

    def _ordered(self) -> list[_Piece]:
        """Row by row, or pen by pen where the moves so added cost less than the changes of pen so saved.

        What may come out too wide is drawn first, so that what is beside it is drawn over it.
        """
        groups: dict[Pen, list[_Piece]] = {}
        for piece in self._pieces:
            groups.setdefault(piece.pen, []).append(piece)
        cost, pen = 0, PLAIN
        for other in groups:
            cost += len(change(pen, other))
            pen = other
        if cost >= self._switches:
            return self._pieces
        ordered = [piece for group in groups.values() for piece in group]
        return [
            *(piece for piece in self._pieces if not piece.sure),
            *(piece for piece in ordered if piece.sure),
        ]

    def _move(self, y: int, x: int) -> None:
        """Put the cursor there, the shortest way."""
        if self._at == (y, x):
            return
        absolute = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        if self._at is not None:
            down, right = y - self._at[0], x - self._at[1]
            if not down:
                sideways = f"\x1b[{x + 1}G" if right < 0 else f"\x1b[{right}C" if right > 1 else "\x1b[C"
                absolute = "\b" * -right if -4 <= right < 0 else sideways
            elif down == 1 and -4 <= right <= 0:
                absolute = "\x1b[B" + "\b" * -right
        self._parts.append(absolute)
        self._at = (y, x)

    def _draw(self, y: int, x: int, characters: list[str], pen: Pen, text: str) -> None:
        """Draw cells from a place on with one pen."""
        self._move(y, x)
        if pen != self._pen:
            self._parts.append(change(self._pen, pen))
            self._pen = pen
        if self._erases and not pen.attributes and not pen.link and BLANKS in text:
            self._draw_blanks(y, x, characters, pen)
            return
        if len(text) == len(characters) and (text.isascii() or max(text) <= "\uffff"):
            self._parts.append(text)
            self._at = (y, x + len(characters))
            return
        for at, character in enumerate(characters, x):
            if character:
                self._move(y, at)
                self._parts.append(character)
                # Terminals differ in how wide these are: what follows is placed anew.
                sure = len(character) == 1 and character <= "\uffff"
                self._at = (y, at + 1) if sure else None
            elif self._at is not None:
                self._at = (y, at + 1)

    def _draw_blanks(self, y: int, x: int, characters: list[str], pen: Pen) -> None:
        """Erase the longest row of blanks instead of sending it, and draw what is before and after."""
        start, size = _longest_blanks(characters)
        if start:
            self._draw(y, x, characters[:start], pen, "".join(characters[:start]))
        self._move(y, x + start)
        self._parts.append(f"\x1b[{size}X")
        if start + size < len(characters):
            rest = characters[start + size :]
            self._draw(y, x + start + size, rest, pen, "".join(rest))


def _longest_blanks(characters: list[str]) -> tuple[int, int]:
    """(start, size) of the longest run of blanks."""
    best = size = 0
    end = 0
    for index, character in enumerate(characters):
        size = size + 1 if character == " " else 0
        if size > best:
            best, end = size, index + 1
    return end - best, best
