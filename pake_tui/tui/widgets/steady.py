"""Widgets that draw whole lines by themselves, and whose lines stay as they are until they are refreshed.

Textual works out every widget's styles anew for each frame, also of those that nothing happened to, and of
those of which nothing is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip

from pake_tui.tui.terminal.screen import TerminalWidget

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp


class Steady(TerminalWidget):
    """Hands out its lines as they were drawn last, until `refresh`.

    Textual puts borders, padding, opacity and filters on every line. These widgets have none: `render_line`
    gives a line as it is to be seen, and may leave out blanks at its end.
    """

    _lines: dict[int, Strip] | None = None
    _lines_wide = 0

    @property
    def console_app(self) -> PakeApp:
        """The app, with its own type."""
        return cast("PakeApp", self.app)

    def refresh(self, *regions: Region, **how: bool) -> Self:
        """As Textual's."""
        lines = self._lines
        if not regions or lines is None:
            self._lines = None
        else:
            for y in (y for region in regions for y in region.line_range):
                lines.pop(y, None)
        return super().refresh(*regions, **how)

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's."""
        width = self.outer_size.width
        if self._lines is None or self._lines_wide != width:
            self._lines, self._lines_wide = {}, width
        lines = self._lines
        for y in crop.line_range:
            if y not in lines:
                paper = self.console_app.palette.paper
                lines[y] = self.render_line(y).adjust_cell_length(width, paper)
        strips = [lines[y] for y in crop.line_range]
        if crop.column_span == (0, width):
            return strips
        return [strip.crop(*crop.column_span) for strip in strips]


class Ground(Container):
    """What panels lie on. Textual need not work out how it looks: only its background is ever seen."""

    BLANK = True
