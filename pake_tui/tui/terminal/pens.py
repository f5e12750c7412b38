"""How a cell is drawn, and the shortest SGR from one way to another (ECMA-48 SGR, xterm's colours, OSC 8)."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

_SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}
_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("blink2", "6"),
    ("reverse", "7"),
    ("conceal", "8"),
    ("strike", "9"),
    ("underline2", "21"),
    ("frame", "51"),
    ("encircle", "52"),
    ("overline", "53"),
)
LINK_LIMIT = 2000
KEPT = 4096


class Pen(NamedTuple):
    """Attributes as SGR codes in order, foreground and background codes (defaults 39 and 49), a link."""

    attributes: tuple[str, ...] = ()
    ink: str = "39"
    paper: str = "49"
    link: str = ""


PLAIN = Pen()


class Pens:
    """The pens of rich styles at one colour depth; equal pens are one object."""

    def __init__(self, depth: str = "truecolor", links: bool = True) -> None:
        self._links = links
        self._system = _SYSTEMS.get(depth)
        self._of_style: dict[Style, Pen] = {}
        self._one: dict[Pen, Pen] = {PLAIN: PLAIN}

    def of(self, style: Style | None) -> Pen:
        """The pen that draws a style."""
        if style is None:
            return PLAIN
        pen = self._of_style.get(style)
        if pen is None:
            if len(self._of_style) >= KEPT:
                self._of_style.clear()
                self._one = {PLAIN: PLAIN}
            pen = self._make(style)
            pen = self._of_style[style] = self._one.setdefault(pen, pen)
        return pen

    def _make(self, style: Style) -> Pen:
        return Pen(
            tuple(code for name, code in _ATTRIBUTES if getattr(style, name)),
            self._color(style.color, True),
            self._color(style.bgcolor, False),
            _safe_link(style.link) if self._links else "",
        )

    def _color(self, color: Color | None, foreground: bool) -> str:
        if color is None or self._system is None:
            return "39" if foreground else "49"
        return ";".join(color.downgrade(self._system).get_ansi_codes(foreground))


def _safe_link(link: str | None) -> str:
    """A link that fits between OSC and ST: printable ASCII, not too long; otherwise none."""
    if not link or len(link) > LINK_LIMIT or not (link.isascii() and link.isprintable()):
        return ""
    return link


@lru_cache(KEPT)
def change(old: Pen, new: Pen) -> str:
    """What to send so that what is drawn with the old pen is drawn with the new one from here on."""
    link = ""
    if old.link != new.link:
        known = f"id={zlib.crc32(new.link.encode()):x}" if new.link else ""
        link = f"\x1b]8;{known};{new.link}\x1b\\"
    if old[:3] == new[:3]:
        return link
    anew = [*new.attributes]
    anew += [code for code, default in ((new.ink, "39"), (new.paper, "49")) if code != default]
    best = ";".join(["0", *anew]) if anew else ""
    if set(old.attributes) <= set(new.attributes):
        more = [code for code in new.attributes if code not in old.attributes]
        more += [code for code, before in ((new.ink, old.ink), (new.paper, old.paper)) if code != before]
        added = ";".join(more)
        if len(added) < len(best):
            best = added
    return f"{link}\x1b[{best}m"
