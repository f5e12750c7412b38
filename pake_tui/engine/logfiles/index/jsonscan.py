"""Lines that are one flat JSON object each, looked at all at once: time, level and IDs without parsing.

A line is vouched for only where the answer is sure to be the parser's: its keys that matter (all spellings of
times, levels and ID aliases) are in an order that was learnt by parsing such a line, its time and level are
spelled as known, nothing in it is nested or escaped where it matters. All others are left to the parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

import numpy as np
import orjson
from numpy.typing import NDArray

from pake_tui.engine.logfiles.index import swar
from pake_tui.engine.logfiles.index.shapes import Shape, Shapes, endings
from pake_tui.engine.logfiles.index.stamps import Stamps
from pake_tui.records.levels import parse_level

MOST_LINE = 8_192
MOST_WORDS = 64
MARGIN = 64
_QUOTE, _COLON, _BLANK, _BRACE, _BACKSLASH, _NEWLINE, _RETURN = b'": {\\\n\r'
NO_LEVEL, UNKNOWN_LEVEL = 0, 255
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(slots=True)
class Lines:
    """What is known of a piece's lines: where they are, which are vouched for, and what those say.

    `levels` count as `LEVEL_COLUMNS` does; `times` are UTC seconds; `ids` are (line, hash) pairs.
    """

    starts: Ints
    ends: Ints
    sure: NDArray[np.bool_]
    times: Ints
    levels: NDArray[np.uint8]
    id_lines: Ints
    ids: Words


class JsonScan:
    """Scans pieces of one file and learns from them."""

    def __init__(self, zone: tzinfo, aliases: Sequence[str]) -> None:
        self._shapes = Shapes(tuple(aliases), zone)
        self._endings = endings(aliases)
        self._stamps = Stamps(zone)
        self._words: dict[int, int] = {}

    def scan(self, data: bytes) -> Lines:
        """The lines of a piece (256 bytes or more) that begins with a record and ends with a line's end."""
        view = _View(data)
        lines = view.lines()
        keys = self._keys(view, lines)
        if len(keys.close):
            self._understand(view, lines, keys)
        else:
            lines.sure[:] = False
        return lines

    def _keys(self, view: _View, lines: Lines) -> _Keys:
        """The keys that may matter, line by line."""
        quote, colon = view.bytes == _QUOTE, view.bytes == _COLON
        close = np.flatnonzero(quote[:-MARGIN] & colon[1 : 1 - MARGIN])
        ahead = view.pairs[close - 2]
        close = close[self._endings.take(ahead)]
        spaced = quote[:-1] & (view.bytes[1:] == _BLANK)
        if spaced.any():
            places = np.flatnonzero(spaced)
            lines.sure[view.line_of(places[view.bytes[places - 1] != _BACKSLASH], lines)] = False
        if view.escapes is not None:
            close = close[view.bytes.take(close - 1, mode="clip") != _BACKSLASH]
        return _Keys.of(view, close, lines)

    def _understand(self, view: _View, lines: Lines, keys: _Keys) -> None:
        rows = np.flatnonzero(lines.sure & (keys.counts > 0))
        lines.sure[keys.counts == 0] = False
        if not len(rows):
            return
        shape = self._shapes.find(keys.shapes[rows], lambda row: self._example(view, lines, keys, rows[row]))
        known = shape >= 0
        lines.sure[rows[~known]] = False
        rows, shape = rows[known], shape[known]
        first, table = keys.first[rows], self._shapes
        where = keys.values.take(first + table.time.take(shape), mode="clip")
        times, good = self._stamps.read(view.bytes, view.words, where)
        levels = self._levels(view, keys, first, table.level.take(shape))
        good &= levels != UNKNOWN_LEVEL
        lines.times[rows], lines.levels[rows] = times, levels
        found_lines, found = [], []
        for column in table.ids:
            places = column.take(shape)
            some = np.flatnonzero(places >= 0)
            if len(some):
                starts = keys.values.take(first[some] + places[some])
                hashes, plain = swar.hash_ids(view.words, starts, escapes=view.escapes is not None)
                good[some[~plain]] = False
                found_lines.append(rows[some])
                found.append(hashes)
        lines.sure[rows[~good]] = False
        if found:
            lines.id_lines, lines.ids = np.concatenate(found_lines), np.concatenate(found)

    def _levels(self, view: _View, keys: _Keys, first: Ints, column: Ints) -> NDArray[np.uint8]:
        """Each line's level by the word that stands under its key."""
        where = keys.values.take(first + np.maximum(column, 0), mode="clip")
        words, ended = swar.until_quote(view.words[where])
        ended |= view.bytes.take(where + 8, mode="clip") == _QUOTE
        levels = np.full(len(words), UNKNOWN_LEVEL, np.uint8)
        left = len(words)
        for word, code in self._words.items():
            same = words == word
            levels[same] = code
            left -= int(np.count_nonzero(same))
        if left:
            for word in np.unique(words[levels == UNKNOWN_LEVEL]).tolist():
                if word not in self._words and len(self._words) < MOST_WORDS:
                    levels[words == word] = self._words[word] = _level_code(word)
        levels[~ended] = UNKNOWN_LEVEL
        levels[column < 0] = NO_LEVEL
        return levels

    def _example(self, view: _View, lines: Lines, keys: _Keys, line: int) -> Shape | None:
        """The shape of a line, learnt by parsing it."""
        raw = view.data[lines.starts[line] : lines.ends[line]]
        places = range(keys.first[line], keys.first[line] + keys.counts[line])
        names = [bytes(view.data[keys.open[n] + 1 : keys.close[n]]).decode(errors="replace") for n in places]
        strings = [view.data[keys.values[n] - 1] == _QUOTE for n in places]
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return None
        return self._shapes.learn(document, names, strings) if isinstance(document, dict) else None


def _level_code(word: int) -> int:
    text = word.to_bytes(8, "little").rstrip(b"\0").decode(errors="replace")
    level = None if text.strip().isdigit() else parse_level(text)
    return UNKNOWN_LEVEL if level is None else level // 10


class _View:
    """A piece's bytes as numpy sees them: one by one, in pairs, and eight at a time from any place."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, np.uint8)
        self.pairs = np.ndarray((len(data) - 1,), "<u2", data, strides=(1,))
        self.words = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
        escapes = self.bytes == _BACKSLASH
        self.escapes = np.flatnonzero(escapes) if escapes.any() else None
        """Where backslashes are; None where there is none."""

    def lines(self) -> Lines:
        """Its lines; sure are those that may be one flat object."""
        control = np.flatnonzero(self.bytes < 32)
        breaks = control
        odd = self.bytes[control] != _NEWLINE
        if odd.any():
            breaks, control = control[~odd], control[odd]
        else:
            control = control[:0]
        starts = np.empty_like(breaks)
        starts[0], starts[1:] = 0, breaks[:-1] + 1
        ends = breaks - (self.bytes.take(breaks - 1, mode="clip") == _RETURN)
        count = len(starts)
        lines = Lines(
            starts, ends, np.zeros(count, np.bool_), np.zeros(count, np.int64), np.zeros(count, np.uint8),
            np.zeros(0, np.int64), np.zeros(0, np.uint64),
        )  # fmt: skip
        first, last = self.bytes[starts], self.bytes.take(ends - 1, mode="clip")
        lines.sure = (first == _BRACE) & (last == ord("}")) & (ends - starts <= MOST_LINE)
        # Near the piece's ends eight bytes cannot be looked at everywhere.
        lines.sure[0] = False
        lines.sure[ends > len(self.data) - MARGIN] = False
        if len(control):
            inner = control[self.bytes.take(control + 1, mode="clip") != _NEWLINE]
            stray = control[self.bytes[control] != _RETURN]
            lines.sure[self.line_of(np.concatenate((inner, stray)), lines)] = False
        if self.escapes is not None:
            coded = self.escapes[self.bytes.take(self.escapes + 1, mode="clip") == ord("u")]
            lines.sure[self.line_of(coded, lines)] = False
        braces = self.bytes == _BRACE
        if np.count_nonzero(braces) != np.count_nonzero(lines.sure):
            inside = np.bincount(self.line_of(np.flatnonzero(braces), lines), minlength=count)
            lines.sure &= inside == 1
        return lines

    @staticmethod
    def line_of(places: Ints, lines: Lines) -> Ints:
        """The lines in which places lie."""
        return np.searchsorted(lines.starts, places, side="right") - 1


@dataclass(slots=True)
class _Keys:
    """Keys in file order: their quotes, where their values begin (inside the quote of a string).

    `first`, `counts` and `shapes` have one entry for each line.
    """

    open: Ints
    close: Ints
    values: Ints
    first: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    shapes: Words = field(default_factory=lambda: np.zeros(0, np.uint64))

    @classmethod
    def of(cls, view: _View, close: Ints, lines: Lines) -> _Keys:
        """The keys that end at these quotes."""
        hashes, opens = swar.hash_keys(view.words, close)
        values = close + 2
        kinds = view.bytes.take(values, mode="clip")
        if (spaced := kinds == _BLANK).any():
            values = values + spaced
            kinds = view.bytes.take(values, mode="clip")
        first = np.searchsorted(close, lines.starts)
        counts = np.diff(first, append=len(close))
        if view.escapes is not None:
            bad = view.bytes.take(opens - 1, mode="clip") == _BACKSLASH
            lines.sure[view.line_of(close[bad], lines)] = False
        if len(long := np.flatnonzero(opens < 0)):
            lines.sure[view.line_of(close[long], lines)] = False
        order = np.arange(len(close)) - np.repeat(first, counts)
        hashes = (hashes + swar.KIND.take(kinds)) * swar.ORDER.take(order, mode="clip")
        shapes = np.zeros(len(first), np.uint64)
        some = counts > 0
        if some.any():
            shapes[some] = np.add.reduceat(hashes, first[some])
        return cls(opens, close, values + (kinds == _QUOTE), first, counts, shapes)
