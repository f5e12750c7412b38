"""Lines of text, looked at all at once: what nearly all lines of a file look like, without a loop over them.

Headers with the level right behind the time, and pairs in an order that was learnt, are read here; what else
can be vouched for is read line by line (`textlines`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pake_tui.engine.logfiles.index import swar
from pake_tui.engine.logfiles.index.jsonview import (
    BACKSLASH,
    MARGIN,
    MOST_LINE,
    NEWLINE,
    QUOTE,
    RETURN,
    Lines,
    Scratch,
)
from pake_tui.engine.logfiles.index.shapes import Shape, Shapes
from pake_tui.engine.logfiles.index.stamps import Stamps
from pake_tui.engine.logfiles.index.textlines import BALANCER, NAME, Found, TextLines

BLANK, DASH, BRACKET, CLOSING, ZERO, AT, UNDERSCORE, TILDE, SLASH = b" -[]0@_~/"
LOWER = 0x20
SPAN_DIGITS = 16
"""Hexadecimal digits of a span's ID."""
SHORTEST_ID, LONGEST_ID = 9, 80
"""Characters of what stands alone in brackets and may be an ID."""
LONGEST_VALUE, LONGEST_NAME, MOST_PAIRS = 64, 24, 64
_DIRECTIVES = (b"\n#Fields", b"\n#fields")
_CLF = re.compile(rb"\[\d{1,2}/[A-Z][a-z]{2}/\d{4}:")
"""The time of an access log: where it is the line's first bracket, the whole line is read otherwise."""
_BALANCER = re.compile(BALANCER)
_AUDIT = re.compile(rb"audit\(")
_REQ = np.uint64(int.from_bytes(b"req", "little"))
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def _table(signs: bytes) -> Flags:
    table = np.zeros(256, np.bool_)
    table[list(signs)] = True
    return table


OPENING, CLOSINGS = b"[({<", b"])}>"
_OPENING, _CLOSING = _table(OPENING), _table(CLOSINGS)
_ADDRESS, _WORD = _table(b"0123456789abcdef.:"), _table(bytes(n for n in range(128) if chr(n).isalnum()))
_NAMING = _table(b"ntqe")
"""Last letters of what stands before `id` in a name of an ID: correlation, request, req, trace."""
_ODD = _table(bytes(n for n in range(256) if n < BLANK or n > 126))


class TextScan:
    """Scans pieces of one file and learns from them."""

    def __init__(self, zone: tzinfo, aliases: Sequence[str]) -> None:
        self._lines = TextLines(aliases)
        self._scratch = Scratch()
        self._stamps = Stamps(zone, b' ],:|"\r\n')
        self._shapes = Shapes(tuple(aliases), zone)

    def scan(self, data: bytes) -> Lines:
        """The lines of a piece (256 bytes or more) that begins with a record and ends with a line's end."""
        piece = _Piece(data, self._scratch)
        if b"\n#" in data and any(one in data for one in _DIRECTIVES):
            return piece.lines
        firsts = piece.bytes[piece.lines.starts]
        piece.open &= piece.lines.ends - piece.lines.starts <= MOST_LINE
        if self._lines.headed:
            self._headers(piece, np.flatnonzero(piece.open & ((firsts == BRACKET) | (firsts - ZERO < 10))))
        self._pairs(piece, np.flatnonzero(piece.open & (firsts >= AT) & (firsts != BRACKET)))
        self._one_by_one(piece)
        lines = piece.lines
        lines.sure[piece.line_of(piece.where(b"\x1b"))] = False
        lines.sure[piece.line_of(piece.found(_CLF))] = False
        lines.id_lines = np.concatenate(piece.id_rows)
        lines.ids = np.concatenate(piece.ids)
        return lines

    def _headers(self, piece: _Piece, rows: Ints) -> None:
        """Lines that begin with a time, or one in brackets, then blanks, a level and a blank."""
        if len(rows) < piece.few:
            return
        places = piece.lines.starts[rows]
        boxed = piece.bytes[places] == BRACKET
        places = places + boxed
        times, good, lengths = self._stamps.read(piece.bytes, piece.words, places)
        at = places + lengths
        good &= piece.at(at) == np.where(boxed, CLOSING, BLANK)
        at = at + boxed
        blanks = swar.leading_blanks(piece.words_at(at))
        good &= (blanks > 0) & (blanks < 8)
        at = at + blanks
        words, length = swar.until_blank(piece.words_at(at))
        good &= length > 0
        levels = self._levels(words, good)
        good &= levels < 255
        at = at + length
        good &= ~self._addresses(piece, at, good)
        rows, at = rows[good], at[good]
        slow = self._bracketed(piece, rows, at)
        kept = ~slow
        piece.settle(rows[kept], times[good][kept], levels[good][kept])

    def _levels(self, words: NDArray[np.uint64], good: Flags) -> NDArray[np.uint8]:
        """The column of the level that each word names; 255 where it names none."""
        levels = np.full(len(words), 255, np.uint8)
        for word in np.unique(words[good]).tolist():
            code = self._lines.word(word.to_bytes(8, "little").rstrip(b"\0"))
            if code >= 0:
                levels[words == word] = code
        return levels

    def _addresses(self, piece: _Piece, at: Ints, good: Flags) -> Flags:
        """Where a client's address may follow, so that the line is one of a load balancer's."""
        text = at + swar.leading_blanks(piece.words_at(at))
        maybe = good & _ADDRESS.take(piece.at(text))
        maybe &= _ADDRESS.take(piece.at(text + 1)) & _ADDRESS.take(piece.at(text + 2))
        for row in np.flatnonzero(maybe).tolist():
            maybe[row] = _BALANCER.match(piece.data, int(at[row])) is None
        return maybe

    def _bracketed(self, piece: _Piece, rows: Ints, at: Ints) -> Flags:
        """Which of these lines may hold an ID that has to be looked for; others' are noted.

        `at` is where their headers' levels end. What stands in any bracket counts as an ID if it can be one.
        """
        lines = piece.lines
        slow = np.zeros(len(lines.starts), np.bool_)
        slow[piece.line_of(piece.doubtful_ids)] = True
        floor = np.full(len(lines.starts), len(piece.data), np.int64)
        floor[rows] = at
        opens = piece.where(OPENING)
        own = piece.line_of(opens)
        wanted = opens >= floor[own]
        opens, own = opens[wanted], own[wanted]
        closes = np.append(piece.where(CLOSINGS), len(piece.data))
        closes = closes[np.searchsorted(closes, opens)]
        length = closes - opens - 1
        maybe = (closes < lines.ends[own]) & (length >= SHORTEST_ID)
        opens, own, closes, length = opens[maybe], own[maybe], closes[maybe], length[maybe]
        first, last = piece.at(opens + 1), piece.at(closes - 1)
        padded = _ODD.take(first) | _ODD.take(last) | (first == BLANK) | (last == BLANK)
        slow[own[padded]] = True
        # A trace and a span in one bracket, `[shop,trace,span]` or `[trace-span]`: only the first is an ID.
        commas = piece.where(b",")
        several = np.searchsorted(commas, opens) < np.searchsorted(commas, closes)
        sign = piece.at(closes - SPAN_DIGITS - 1)
        slow[own[(several | (sign == DASH) | (sign == SLASH)) & (length > 2 * SPAN_DIGITS)]] = True
        kept = _WORD.take(first) & _WORD.take(last) & (length <= LONGEST_ID) & ~slow[own]
        hashes, good = swar.hash_spans(piece.words, opens[kept] + 1, length[kept])
        piece.note(own[kept][good], hashes[good])
        return slow[rows]

    def _pairs(self, piece: _Piece, rows: Ints) -> None:
        """Lines of nothing but pairs."""
        if len(rows) < piece.few:
            return
        plain = np.zeros(len(piece.lines.starts), np.bool_)
        plain[rows] = True
        odd = (piece.bytes < BLANK) & (piece.bytes != NEWLINE)
        odd = np.flatnonzero(odd | (piece.bytes > TILDE) | (piece.bytes == BACKSLASH))
        own = piece.line_of(odd)
        plain[own[odd < piece.lines.ends[own]]] = False
        plain[piece.line_of(piece.found(_AUDIT))] = False
        if len(rows := np.flatnonzero(plain)):
            self._understand(piece, _Tokens(piece, rows))

    def _understand(self, piece: _Piece, tokens: _Tokens) -> None:
        if not len(tokens.rows):
            return
        shape = self._shapes.find(tokens.shapes, lambda line: self._example(piece, tokens, line))
        known = shape >= 0
        rows, first, shape = tokens.rows[known], tokens.first[known], shape[known]
        if not len(rows):
            return
        number = first + self._shapes.time.take(shape)
        times, good, lengths = self._stamps.read(piece.bytes, piece.words, tokens.values[number])
        good &= lengths == tokens.lengths[number]
        column = self._shapes.level.take(shape)
        number = first + np.maximum(column, 0)
        length = tokens.lengths[number]
        words = piece.words_at(tokens.values[number]) & swar.low_bytes(length)
        levels = np.full(len(rows), 255, np.uint8)
        short = good & (length > 0) & (length <= 8) & (column >= 0)
        for word in np.unique(words[short]).tolist():
            levels[short & (words == word)] = self._lines.level(word.to_bytes(8, "little").rstrip(b"\0"))
        levels[column < 0] = 0
        good &= levels < 255
        for column in self._shapes.ids:
            places = column.take(shape)
            some = np.flatnonzero((places >= 0) & good)
            number = first[some] + places[some]
            length = tokens.lengths[number]
            hashes, plain = swar.hash_spans(
                piece.words, tokens.values[number], np.minimum(length, LONGEST_VALUE)
            )
            plain &= (length <= LONGEST_VALUE) & (length != swar.TRACEPARENT)
            good[some[~plain & (length > 0)]] = False
            kept = plain & (length > 0)
            piece.note(rows[some[kept]], hashes[kept])
        piece.settle(rows[good], times[good], levels[good])

    def _example(self, piece: _Piece, tokens: _Tokens, line: int) -> Shape | None:
        """How to read lines with the keys of this one."""
        first = int(tokens.first[line])
        numbers = range(first, first + int(tokens.counts[line]))
        names = tuple(piece.data[tokens.starts[n] : tokens.signs[n]] for n in numbers)
        plan = self._lines.planned(names) if all(map(NAME.fullmatch, names)) else None
        return None if plan is None else Shape(plan.time, plan.level, plan.ids)

    def _one_by_one(self, piece: _Piece) -> None:
        """The lines that are left."""
        rows = np.flatnonzero(piece.open)
        found = Found([], [], [], [], [])
        named = np.zeros(len(piece.lines.starts), np.bool_)
        named[piece.line_of(piece.doubtful_ids)] = True
        lines = piece.lines
        each = rows, lines.starts[rows], lines.ends[rows], named[rows]
        for row, start, end, is_named in zip(*(one.tolist() for one in each), strict=True):
            self._lines.read(piece.data, row, start, end, found, named=is_named)
        if found.rows:
            times, good, _ = self._stamps.read(piece.bytes, piece.words, np.array(found.times, np.int64))
            levels = np.array(found.levels, np.uint8)
            piece.settle(np.array(found.rows, np.int64)[good], times[good], levels[good])
        piece.note(np.array(found.id_rows, np.int64), np.array(found.ids, np.uint64))


class _Piece:
    """A piece's bytes as numpy sees them, and what is known of its lines so far."""

    def __init__(self, data: bytes, scratch: Scratch) -> None:
        self.data = data
        self._scratch = scratch
        self.bytes = np.frombuffer(data, np.uint8)
        self.words = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
        ends = self.where(b"\n")
        starts = np.concatenate(([0], ends[:-1] + 1))
        ends = ends - ((self.bytes.take(ends - 1, mode="clip") == RETURN) & (ends > starts))
        self.lines = Lines.unknown(starts, ends)
        self.open = ends <= len(data) - MARGIN
        """Lines that nothing is known of yet; near the piece's ends eight bytes can't be read at once."""
        self.open[0] = False
        self.few = 1 + len(starts) // 50
        """Fewer lines than that are quicker read one by one."""
        self.id_rows: list[Ints] = []
        self.ids: list[NDArray[np.uint64]] = []

    def at(self, places: Ints) -> NDArray[np.uint8]:
        """The bytes at places."""
        return self.bytes.take(places, mode="clip")

    def words_at(self, places: Ints) -> NDArray[np.uint64]:
        """The eight bytes from each place on."""
        # Not `take`, which would copy all of them first.
        found: NDArray[np.uint64] = self.words[np.clip(places, 0, len(self.words) - 1)]
        return found

    def line_of(self, places: Ints) -> Ints:
        """The lines in which places lie."""
        return np.searchsorted(self.lines.starts, places, side="right") - 1

    def settle(self, rows: Ints, times: Ints, levels: NDArray[np.uint8]) -> None:
        """These lines are vouched for."""
        self.lines.sure[rows] = True
        self.lines.times[rows], self.lines.levels[rows] = times, levels
        self.open[rows] = False

    def note(self, rows: Ints, ids: NDArray[np.uint64]) -> None:
        """IDs that are in lines."""
        self.id_rows.append(rows)
        self.ids.append(ids)

    @cached_property
    def named(self) -> Ints:
        """Where a line may name its ID outside of brackets, as `request_id=` does."""
        signs = self.where(b"=:")
        signs = signs[((self.at(signs - 1) | LOWER) == ord("d")) & ((self.at(signs - 2) | LOWER) == ord("i"))]
        before = self.at(signs - 3)
        before = np.where((before == DASH) | (before == UNDERSCORE), self.at(signs - 4), before)
        found: Ints = signs[_NAMING.take(before | LOWER)]
        return found

    def where(self, signs: bytes) -> Ints:
        """Where one of some signs is."""
        count = len(self.bytes)
        some = np.equal(self.bytes, signs[0], out=self._scratch.flags(0, count))
        for sign in signs[1:]:
            some |= np.equal(self.bytes, sign, out=self._scratch.flags(1, count))
        return np.flatnonzero(some)

    def found(self, pattern: re.Pattern[bytes]) -> Ints:
        """Where a pattern is."""
        return np.array([found.start() for found in pattern.finditer(self.data)], np.int64)

    @cached_property
    def doubtful_ids(self) -> Ints:
        """Where an ID may be that does not stand alone in brackets."""
        dashes = self.where(b"-")
        uuid = (self.at(dashes + 5) == DASH) & (self.at(dashes + 10) == DASH) & (self.at(dashes + 15) == DASH)
        uuid &= ~(_OPENING.take(self.at(dashes - 9)) & _CLOSING.take(self.at(dashes + 28)))
        request = (self.words_at(dashes - 3) & swar.low_bytes(np.int64(3))) == _REQ
        request &= ~_OPENING.take(self.at(dashes - 4))
        found: Ints = np.concatenate((self.named, dashes[uuid | request]))
        return found


class _Tokens:
    """The pairs of some lines, in file order: where their names begin, their signs and values are.

    `rows` are the lines that are pairs and nothing else, with the number of the first pair of each, how many
    there are, and a hash of their names in order.
    """

    def __init__(self, piece: _Piece, rows: Ints) -> None:
        lines = piece.lines
        wanted = np.zeros(len(lines.starts), np.bool_)
        wanted[rows] = True
        quotes = piece.where(b'"')
        before = np.searchsorted(quotes, lines.starts)
        blanks = piece.where(b" ")
        own = piece.line_of(blanks)
        outside = wanted[own] & ((np.searchsorted(quotes, blanks) - before[own]) % 2 == 0)
        starts = np.sort(np.concatenate((lines.starts[rows], blanks[outside] + 1)), kind="stable")
        own = piece.line_of(starts)
        ends = np.append(starts[1:] - 1, 0)
        last = np.append(own[1:] != own[:-1], True)
        ends[last] = lines.ends[own[last]]
        equals = np.append(piece.where(b"="), len(piece.data))
        signs = equals[np.searchsorted(equals, starts)]
        quoted = (piece.at(signs + 1) == QUOTE) & (signs + 1 < ends)
        count = np.searchsorted(quotes, ends) - np.searchsorted(quotes, starts)
        closed = (count == 2) & (piece.at(ends - 1) == QUOTE) & (ends - 1 > signs + 1)
        good = (signs < ends) & (signs > starts) & (signs - starts <= LONGEST_NAME)
        good &= np.where(quoted, closed, count == 0)
        first = np.flatnonzero(np.append(True, own[1:] != own[:-1]))
        counts = np.diff(first, append=len(own))
        whole = np.logical_and.reduceat(good, first) & (counts <= MOST_PAIRS)
        order = np.arange(len(own)) - np.repeat(first, counts)
        names = swar.hash_names(piece.words, starts, np.minimum(signs - starts, LONGEST_NAME))
        names = names * swar.ORDER.take(order, mode="clip")
        shapes = np.add.reduceat(names, first)
        self.starts, self.signs, self.quoted = starts, signs, quoted
        self.values = signs + 1 + quoted
        self.lengths = np.maximum(ends - signs - 1 - 2 * quoted, 0)
        self.rows, self.first, self.counts = own[first][whole], first[whole], counts[whole]
        self.shapes = shapes[whole]
