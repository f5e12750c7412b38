"""What Textual's compositor hands over, as rows of cells; the last guard: no control character passes.

A row is two lists of the same length: characters and pens. A wide character stands in its first cell and
leaves empty strings in the others. A character may be several code points (combining marks, joined emoji).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum, auto
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size
from textual.strip import Strip

from pake_tui.tui.terminal.pens import PLAIN, Pen, Pens

_SIMPLE = re.compile("[ -~¡-¬®-˿Ͱ-҂‐-‧←-↙─-◼⠀-⣿]*")
"""Text in which each code point is one cell wide and harmless."""
JOINER = "\u200d"
_ASCII_TWINS = dict(zip("–—‘’“”…•·●○▲▼←↑→↓×✓✗", "--''\"\"~*-*o^v<^>vxvx", strict=True))
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
MARKS_LIMIT = 8
"""Code points in one cell; more is not writing but an attack on the terminal."""

Row = tuple[list[str], list[Pen]]


class Charset(Enum):
    """What a terminal draws as wide as we think: all, all but the ambiguous (Unicode's UAX 11), or ASCII."""

    FULL = auto()
    NARROW = auto()
    ASCII = auto()


@lru_cache(4096)
def characters_of(text: str, charset: Charset = Charset.FULL) -> tuple[str, ...]:
    """The cells of a text, as wide as rich measures it."""
    if _SIMPLE.fullmatch(text) and (charset is Charset.FULL or text.isascii()):
        return tuple(text)
    clusters: list[str] = []
    for character in text:
        joined = clusters and clusters[-1].endswith(JOINER)
        if clusters and (joined or not get_character_cell_size(character)):
            clusters[-1] += character
        else:
            clusters.append(character)
    cells: list[str] = []
    for cluster in clusters:
        width = cell_len(cluster)
        if width:
            cells += _shown(cluster, width, charset)
    return tuple(cells)


def _shown(cluster: str, width: int, charset: Charset) -> list[str]:
    """The cells of one character: what cannot be seen leaves it; the rest must start with something."""
    kept = "".join(c for c in cluster if c == JOINER or unicodedata.category(c) not in _UNSEEN)
    kept = kept[:MARKS_LIMIT].rstrip(JOINER)
    if not kept or not get_character_cell_size(kept[0]):
        kept = "\ufffd" if width == 1 else ""
    if (charset is Charset.ASCII and not kept.isascii()) or (
        charset is Charset.NARROW and width == 1 and unicodedata.east_asian_width(kept[0]) == "A"
    ):
        return [_in_ascii(kept)] * width
    return [kept, *[""] * (width - 1)] if kept else ["\ufffd"] * width


def _in_ascii(character: str) -> str:
    """The letter without its marks, a line or block drawn with what ASCII has, else a question mark."""
    first = unicodedata.normalize("NFKD", character)[:1]
    if character in _ASCII_TWINS:
        return _ASCII_TWINS[character]
    if "\u2500" <= first <= "\u257f":
        return "-" if first in "─━═╌╍" else "|" if first in "│┃║╎╏┊" else "+"
    if "\u2580" <= first <= "\u259f":
        return "#"
    return first if first.isascii() and first.isprintable() and first else "?"


class Grid:
    """The rows of a screen."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rows: list[Row] = [([" "] * width, [PLAIN] * width) for _ in range(height)]
        self._painted: dict[int, tuple[Strip, Charset, list[str], list[Pen]]] = {}
        """The cells of strips that were painted lately, by their id: lists that scroll hand out the same."""

    def paint(
        self, y: int, x: int, strips: Iterable[Strip], limit: int, pens: Pens, charset: Charset
    ) -> None:
        """Draw strips from a cell on, up to the column `limit`."""
        characters: list[str] = []
        drawn: list[Pen] = []
        for strip in strips:
            cells, their_pens = self._cells_of(strip, pens, charset)
            characters += cells
            drawn += their_pens
        room = min(limit, self.width) - x
        if len(characters) > room:
            # A wide character that does not fit whole is not drawn.
            cut = room
            while cut > 0 and characters[cut] == "":
                cut -= 1
            characters[cut:] = [" "] * (room - cut)
            del drawn[room:]
        end = x + len(characters)
        row, row_pens = self.rows[y]
        if end < self.width:
            self._heal(row, end)
        if x and row[x] == "":
            self._blank_before(row, x)
        row[x:end] = characters
        row_pens[x:end] = drawn

    def _cells_of(self, strip: Strip, pens: Pens, charset: Charset) -> tuple[list[str], list[Pen]]:
        known = self._painted.get(id(strip))
        if known is not None and known[0] is strip and known[1] is charset:
            return known[2], known[3]
        characters: list[str] = []
        drawn: list[Pen] = []
        for text, style, control in strip:
            if not control:
                cells = characters_of(text, charset)
                characters += cells
                drawn += [pens.of(style)] * len(cells)
        if len(self._painted) >= 2 * self.height:
            self._painted.clear()
        self._painted[id(strip)] = strip, charset, characters, drawn
        return characters, drawn

    def _heal(self, row: list[str], x: int) -> None:
        """Blank the rest of a wide character whose beginning will be drawn over."""
        while x < self.width and row[x] == "":
            row[x] = " "
            x += 1

    def _blank_before(self, row: list[str], x: int) -> None:
        """Blank the beginning of a wide character whose rest will be drawn over."""
        while row[x - 1] == "" and x > 1:
            row[x - 1] = " "
            x -= 1
        row[x - 1] = " "
