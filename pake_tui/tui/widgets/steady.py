"""Widgets whose lines stay as they are until they are refreshed."""

from __future__ import annotations

from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Steady(Widget):
    """Hands out its lines as they were drawn last, until `refresh`.

    Textual works out every widget's styles anew for each frame, also of those that nothing happened to.
    """

    _kept: tuple[Region, list[Strip]] | None = None

    def refresh(self, *regions: Region, **how: bool) -> Self:
        """As Textual's."""
        self._kept = None
        return super().refresh(*regions, **how)

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's."""
        if self._kept is None or self._kept[0] != crop:
            self._kept = crop, super().render_lines(crop)
        return self._kept[1]
