"""A piece of JSON lines as numpy sees it: its lines, and the keys in them with their hashes."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from pake_tui.engine.logfiles.index import patterns, swar
from pake_tui.engine.logfiles.index.patterns import Patterns

MOST_LINE = 8_192
MARGIN = 64
QUOTE, COLON, BLANK, BRACE, CLOSING, BACKSLASH, NEWLINE, RETURN = b'": {}\\\n\r'
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


class Lines(Struct):
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
    nested: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Lines with further braces, in them or in their strings; not sure so far."""
    braces: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Where each of those has the first."""

    @classmethod
    def unknown(cls, starts: Ints, ends: Ints) -> Lines:
        """Lines of which nothing is known."""
        count = len(starts)
        return cls(
            starts, ends, np.zeros(count, np.bool_), np.zeros(count, np.int64), np.zeros(count, np.uint8),
            np.zeros(0, np.int64), np.zeros(0, np.uint64),
        )  # fmt: skip

    def vouch_nested(self, keys: Keys) -> None:
        """Lines of which the first brace comes behind all keys that matter are as sure as flat ones."""
        last = keys.close.take(keys.first[self.nested] + keys.counts[self.nested] - 1, mode="clip")
        flat = (keys.shapes[self.nested] != 0) & (last < self.braces)
        self.sure[self.nested[flat]] = True
        self.nested = self.nested[~flat]

    def doubt_before(self) -> None:
        """A line is not sure either where the one below is not, which may belong to it."""
        self.sure[:-1] &= self.sure[1:]

    def runs(self, wanted: NDArray[np.bool_], size: int) -> list[tuple[int, int]]:
        """Where runs of wanted lines begin and end, the last one's break included; `size` is the piece's."""
        edges = np.flatnonzero(np.diff(wanted, prepend=False, append=False))
        bounds = np.append(self.starts, size)[edges].reshape(-1, 2)
        return [(start, end) for start, end in bounds.tolist()]


class Scratch:
    """Memory for flags about the bytes of a piece, used again for the next: new pages are dear."""

    def __init__(self) -> None:
        self._slots = [np.zeros(0, np.bool_) for _ in range(2)]

    def flags(self, slot: int, count: int) -> NDArray[np.bool_]:
        """So many flags, their values left over."""
        if len(self._slots[slot]) < count:
            self._slots[slot] = np.zeros(count, np.bool_)
        return self._slots[slot][:count]


def places(flags: NDArray[np.bool_]) -> Ints:
    """Where flags are set: as `np.flatnonzero`, but sooner where they are few."""
    whole = len(flags) & ~7
    words = flags[:whole].view(np.uint64)
    some = np.flatnonzero(words != 0)
    inside = np.flatnonzero(words.take(some).view(np.bool_))
    return np.append((some.take(inside >> 3) << 3) + (inside & 7), np.flatnonzero(flags[whole:]) + whole)


class View:
    """A piece's bytes as numpy sees them: one by one, and eight at a time from any place."""

    def __init__(self, data: bytes, scratch: Scratch) -> None:
        self.data = data
        self._scratch = scratch
        self.bytes = np.frombuffer(data, np.uint8)
        self.words = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
        escapes = places(self.where(BACKSLASH))
        self.escapes = escapes if len(escapes) else None
        """Where backslashes are; None where there is none."""

    def lines(self) -> Lines:
        """Its lines; sure are those that may be one flat object."""
        control = places(np.less(self.bytes, 32, out=self._scratch.flags(0, len(self.data))))
        breaks = control
        odd = self.bytes[control] != NEWLINE
        if odd.any():
            breaks, control = control[~odd], control[odd]
        else:
            control = control[:0]
        starts = np.empty_like(breaks)
        starts[0], starts[1:] = 0, breaks[:-1] + 1
        ends = breaks - (self.bytes.take(breaks - 1, mode="clip") == RETURN)
        lines = Lines.unknown(starts, ends)
        first, last = self.bytes[starts], self.bytes.take(ends - 1, mode="clip")
        lines.sure = (first == BRACE) & (last == ord("}")) & (ends - starts <= MOST_LINE)
        # Near the piece's end eight bytes cannot be looked at everywhere.
        lines.sure[ends > len(self.data) - MARGIN] = False
        if len(control):
            inner = control[self.bytes.take(control + 1, mode="clip") != NEWLINE]
            stray = control[self.bytes[control] != RETURN]
            lines.sure[self.line_of(np.concatenate((inner, stray)), lines)] = False
        if self.escapes is not None:
            coded = self.escapes[self.bytes.take(self.escapes + 1, mode="clip") == ord("u")]
            lines.sure[self.line_of(coded, lines)] = False
        braces = self.where(BRACE)
        braces[starts] = False
        if len(inner_braces := places(braces)):
            more, firsts = np.unique(self.line_of(inner_braces, lines), return_index=True)
            lines.nested = more[lines.sure[more]]
            lines.braces = inner_braces[firsts[lines.sure[more]]]
            lines.sure[more] = False
        return lines

    def where(self, sign: int, slot: int = 0) -> NDArray[np.bool_]:
        """Which bytes are a sign; good until the slot is used again."""
        return np.equal(self.bytes, sign, out=self._scratch.flags(slot, len(self.data)))

    @staticmethod
    def line_of(places: Ints, lines: Lines) -> Ints:
        """The lines in which places lie."""
        return np.searchsorted(lines.starts, places, side="right") - 1


class Keys(Struct):
    """The keys of a piece's lines in file order, by the quotes that close them.

    `first`, `counts` and `shapes` have one entry for each line.
    """

    close: Ints
    depths: Ints | None
    first: Ints
    counts: Ints
    shapes: Words

    @classmethod
    def of(cls, view: View, close: Ints, lines: Lines, known: Patterns | None, depths: Ints | None) -> Keys:
        """The keys that end at these quotes, so many objects deep (None: all one deep)."""
        first = np.searchsorted(close, lines.starts)
        counts = np.diff(first, append=len(close))
        keys = cls(close, depths, first, counts, np.zeros(len(first), np.uint64))
        left = lines.sure & (counts > 0)
        if known:
            left &= known.recognise(view.words, close, first, counts, keys.shapes)
        if left[0] or (counts[0] and close[0] < patterns.TAIL):
            # Of its first key there are not eight bytes everywhere.
            left[0] = lines.sure[0] = False
        if len(rows := np.flatnonzero(left)):
            keys._hash(view, lines, rows)
            if known:
                known.learn(view.data, close, first, counts, keys.shapes, rows)
        return keys

    def _hash(self, view: View, lines: Lines, rows: Ints) -> None:
        """Work out the shapes of some lines."""
        counts = self.counts[rows]
        first = np.cumsum(counts) - counts
        order = np.arange(counts.sum()) - np.repeat(first, counts)
        places = np.repeat(self.first[rows], counts) + order
        close = self.close[places]
        hashes, opens = swar.hash_keys(view.words, close)
        kinds = view.bytes.take(close + 2, mode="clip")
        kinds = np.where(kinds == BLANK, view.bytes.take(close + 3, mode="clip"), kinds)
        if view.escapes is not None:
            escaped = view.escapes + 1
            behind = np.minimum(np.searchsorted(close, escaped, side="right"), len(close) - 1)
            lines.sure[view.line_of(close[behind[opens[behind] == escaped]], lines)] = False
        lines.sure[view.line_of(close[opens < 0], lines)] = False
        lines.sure[rows[counts > len(swar.ORDER)]] = False
        if self.depths is not None:
            hashes = hashes + self.depths[places].astype(np.uint64) * swar.DEPTH
        hashes = (hashes + swar.KIND.take(kinds)) * swar.ORDER.take(order, mode="clip")
        self.shapes[rows] = np.add.reduceat(hashes, first)

    def values(self, view: View, at: Ints) -> Ints:
        """Where the strings begin that stand under keys, inside their quotes."""
        after = self.close.take(at, mode="clip") + 2
        after += view.bytes.take(after, mode="clip") == BLANK
        return after + 1
