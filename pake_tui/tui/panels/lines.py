"""A panel of plain lines: details, histories, help."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, t
from pake_tui.tui.widgets.panel import Panel

LEAST_ROOM = 20
"""Cells that text is folded to at least, also before a panel knows its width."""


class LinesPanel(Panel):
    """Shows lines and scrolls through them."""

    opens = False

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self.lines: list[Line] = []
        self.nothing = ""
        self._fold: Callable[[int], Sequence[Line]] | None = None

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show other lines; the cursor stays where it was."""
        self._fold, self.lines = None, list(lines)
        self.keep(None)

    def set_folded(self, fold: Callable[[int], Sequence[Line]]) -> None:
        """Show the lines that `fold(width)` makes for the panel's width, now and whenever that is another."""
        self.set_lines(fold(self._room))
        self._fold = fold

    @property
    def _room(self) -> int:
        return max(LEAST_ROOM, self.size.width - 2)

    def on_resize(self) -> None:
        """Fold the lines to the width."""
        if self._fold is not None:
            self.set_folded(self._fold)
        super().on_resize()

    def row_count(self) -> int:
        """One row a line."""
        return len(self.lines)

    def draw_row(self, index: int, width: int) -> Line:
        """The line."""
        return self.lines[index]

    def bottom_edge(self, width: int) -> Line:
        """How many lines there are below."""
        glyphs = self.console_app.glyphs
        more = len(self.lines) - self.offset_row - self.inner_height
        if more <= 0:
            return super().bottom_edge(width)
        said = t(f" {glyphs.below} {more} more ")
        fill = glyphs.across * max(0, width - len(said) - 1)
        return [(SafeText(fill), "border"), (said, "dim"), (SafeText(glyphs.across), "border")]

    def empty_lines(self) -> list[Line]:
        """What would fill it."""
        return [[(t(f" {self.nothing}"), "dim")]]

    def row_text(self, index: int) -> str:
        """What `/` searches."""
        return "".join(text for text, _ in self.lines[index])


def field(name: str, value: str, role: str = "text", *, column: int = 14) -> Line:
    """`  name          value`."""
    return [(t(f" {name:<{column}} "), "dim"), (t(value), role)]


def paragraph(text: str, width: int, role: str = "text") -> list[Line]:
    """Text folded at blanks to a width, its own line breaks kept."""
    lines: list[Line] = []
    for piece in text.splitlines() or [""]:
        for row in textwrap.wrap(piece, max(20, width - 2), break_long_words=True) or [""]:
            lines.append([(t(f" {row}"), role)])
    return lines


def heading(text: str) -> list[Line]:
    """A blank line and a title."""
    return [[(SafeText(""), "text")], [(t(f" {text}"), "title")]]
