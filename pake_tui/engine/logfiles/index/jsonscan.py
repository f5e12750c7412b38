"""Lines that are one JSON object each, looked at all at once: time, level and IDs without parsing.

A line is vouched for only where the answer is sure to be the parser's: its keys are in an order that was
learnt by parsing such a line, its time and level are spelled as known, nothing that matters is escaped. Of
flat lines only the keys that matter are looked at (all spellings of times, levels and ID aliases), of others
all, and how deep they are. What is not vouched for is left to the parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import numpy as np
import orjson
from numpy.typing import NDArray

from pake_tui.engine.logfiles.index import swar
from pake_tui.engine.logfiles.index.jsonview import (
    BACKSLASH,
    BLANK,
    BRACE,
    CLOSING,
    COLON,
    MARGIN,
    QUOTE,
    Ints,
    Keys,
    Lines,
    Scratch,
    View,
)
from pake_tui.engine.logfiles.index.patterns import Patterns
from pake_tui.engine.logfiles.index.shapes import Shape, Shapes, endings, names_that_matter
from pake_tui.engine.logfiles.index.stamps import Stamps
from pake_tui.records.levels import parse_level

MOST_WORDS = 64
NO_LEVEL, UNKNOWN_LEVEL = 0, 255
_PADDING = b"#" * 2 * MARGIN


class JsonScan:
    """Scans pieces of one file and learns from them."""

    def __init__(self, zone: tzinfo, aliases: Sequence[str]) -> None:
        self._flat, self._deep = Shapes(tuple(aliases), zone), Shapes(tuple(aliases), zone)
        self._endings = endings(aliases)
        self._patterns = Patterns(names_that_matter(aliases))
        self._stamps = Stamps(zone)
        self._words: dict[int, int] = {}
        self._scratch = Scratch()

    def scan(self, data: bytes) -> Lines:
        """The lines of a piece (256 bytes or more) that begins with a record and ends with a line's end."""
        view = View(data, self._scratch)
        lines = view.lines()
        keys = self._keys(view, lines)
        self._understand(view, lines, keys, self._flat)
        if len(lines.nested):
            self._look_inside(view, lines)
        return lines

    def _look_inside(self, view: View, lines: Lines) -> None:
        """Vouch for lines with objects in them, or with braces in their strings."""
        texts = [view.data[lines.starts[n] : lines.ends[n]] for n in lines.nested]
        inner = View(b"\n".join((_PADDING, *texts, _PADDING, b"")), self._scratch)
        found = inner.lines()
        found.sure[found.nested] = True
        self._understand(inner, found, _all_keys(inner, found), self._deep)
        good = np.flatnonzero(found.sure[1:-1])
        own = lines.nested[good]
        lines.sure[own] = True
        lines.times[own], lines.levels[own] = found.times[good + 1], found.levels[good + 1]
        lines.id_lines = np.concatenate((lines.id_lines, lines.nested[found.id_lines - 1]))
        lines.ids = np.concatenate((lines.ids, found.ids))

    def _keys(self, view: View, lines: Lines) -> Keys:
        """The keys that may matter, line by line."""
        quote, next_one = view.where(QUOTE, 0)[:-MARGIN], view.where(COLON, 1)[1 : 1 - MARGIN]
        ends = np.logical_and(quote, next_one, out=next_one)
        if view.escapes is not None:
            escaped = view.escapes + 1
            ends[escaped[escaped < len(ends)]] = False
        close = np.flatnonzero(ends)
        # Two bytes taken one by one come sooner than a pair that is not aligned.
        last_two = view.bytes.take(close - 1).astype(np.uint16) << 8
        last_two |= view.bytes.take(close - 2)
        close = close[self._endings.take(last_two)]
        keys = Keys.of(view, close, lines, self._patterns, None)
        lines.vouch_nested(keys)
        next_one = view.where(BLANK, 1)[1 : 1 - MARGIN]
        spaced = np.logical_and(quote, next_one, out=next_one)
        if spaced.any():
            places = np.flatnonzero(spaced)
            lines.sure[view.line_of(places[view.bytes[places - 1] != BACKSLASH], lines)] = False
        return keys

    def _understand(self, view: View, lines: Lines, keys: Keys, shapes: Shapes) -> None:
        rows = np.flatnonzero(lines.sure & (keys.counts > 0))
        lines.sure[keys.counts == 0] = False
        if not len(rows):
            return
        shape = shapes.find(keys.shapes[rows], lambda row: _example(view, lines, keys, rows[row], shapes))
        known = shape >= 0
        lines.sure[rows[~known]] = False
        rows, shape = rows[known], shape[known]
        if not len(rows):
            return
        first = keys.first[rows]
        where = keys.values(view, first + shapes.time.take(shape))
        times, good, _ = self._stamps.read(view.bytes, view.words, where)
        levels = self._levels(view, keys, first, shapes.level.take(shape))
        good &= levels != UNKNOWN_LEVEL
        lines.times[rows], lines.levels[rows] = times, levels
        found_lines, found = [], []
        for column in shapes.ids:
            places = column.take(shape)
            some = np.flatnonzero(places >= 0)
            if len(some):
                starts = keys.values(view, first[some] + places[some])
                middle = int(starts[len(starts) // 2])
                length = view.data.find(b'"', middle) - middle
                hashes, plain = swar.hash_ids(view.words, starts, length, escapes=view.escapes is not None)
                good[some[~plain]] = False
                found_lines.append(rows[some])
                found.append(hashes)
        lines.sure[rows[~good]] = False
        if found:
            lines.id_lines, lines.ids = np.concatenate(found_lines), np.concatenate(found)

    def _levels(self, view: View, keys: Keys, first: Ints, column: Ints) -> NDArray[np.uint8]:
        """Each line's level by the word that stands under its key."""
        where = keys.values(view, first + np.maximum(column, 0))
        words, ended = swar.until_quote(view.words[where])
        ended |= view.bytes.take(where + 8, mode="clip") == QUOTE
        levels = np.zeros(len(words), np.uint8)
        known = np.zeros(len(words), np.bool_)
        for word, code in self._words.items():
            same = words == word
            known |= same
            levels |= same.view(np.uint8) * np.uint8(code)
        if not known.all():
            for word in np.unique(words[~known]).tolist():
                if len(self._words) < MOST_WORDS:
                    self._words[word] = _level_code(word)
                levels[words == word] = self._words.get(word, UNKNOWN_LEVEL)
        levels[~ended] = UNKNOWN_LEVEL
        levels[column < 0] = NO_LEVEL
        return levels


def _example(view: View, lines: Lines, keys: Keys, line: int, shapes: Shapes) -> Shape | None:
    """The shape of a line, learnt by parsing it."""
    first, count = int(keys.first[line]), int(keys.counts[line])
    ends = keys.close[first : first + count].tolist()
    names = [view.data[view.data.rfind(b'"', 0, end) + 1 : end].decode(errors="replace") for end in ends]
    kinds = bytes(view.data[end + 2 + (view.data[end + 2] == BLANK)] for end in ends)
    depths = None if keys.depths is None else keys.depths[first : first + count].tolist()
    try:
        document = orjson.loads(view.data[lines.starts[line] : lines.ends[line]])
    except orjson.JSONDecodeError:
        return None
    return shapes.learn(document, names, kinds, depths) if isinstance(document, dict) else None


def _all_keys(view: View, lines: Lines) -> Keys:
    """All keys of lines with objects in them, and how deep each is."""
    quotes = np.flatnonzero(view.bytes == QUOTE)
    if view.escapes is not None:
        escaped = view.bytes[quotes - 1] == BACKSLASH
        twice = escaped & (view.bytes[quotes - 2] == BACKSLASH)
        lines.sure[view.line_of(quotes[twice], lines)] = False
        quotes = quotes[~escaped]
    before = np.searchsorted(quotes, lines.starts)
    lines.sure[np.diff(before, append=len(quotes)) % 2 != 0] = False

    def inside(places: Ints) -> NDArray[np.bool_]:
        number = np.searchsorted(quotes, places) - before[view.line_of(places, lines)]
        return np.asarray(number % 2 == 1)

    closing = inside(quotes)
    ahead = view.bytes.take(quotes + 1, mode="clip")
    lines.sure[view.line_of(quotes[closing & (ahead == BLANK)], lines)] = False
    close = quotes[closing & (ahead == COLON)]
    ups, downs = (np.flatnonzero(view.bytes == sign) for sign in (BRACE, CLOSING))
    ups, downs = ups[~inside(ups)], downs[~inside(downs)]
    level = np.searchsorted(ups, lines.starts) - np.searchsorted(downs, lines.starts)
    lines.sure[np.diff(level, append=len(ups) - len(downs)) != 0] = False
    depths = np.searchsorted(ups, close) - np.searchsorted(downs, close)
    return Keys.of(view, close, lines, None, depths - level[view.line_of(close, lines)])


def _level_code(word: int) -> int:
    text = word.to_bytes(8, "little").rstrip(b"\0").decode(errors="replace")
    level = None if text.strip().isdigit() else parse_level(text)
    return UNKNOWN_LEVEL if level is None else level // 10
