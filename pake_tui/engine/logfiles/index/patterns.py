"""Lines with the same keys as many before them, known by a few of their bytes instead of by hashing all keys.

A pattern is learnt from one line whose shape is common. Another line with as many keys has that shape where
the text of each key that matters is the same, from the sign before it to its value's first, and where the
ends of its other keys are the same, as long as no key that matters has such an end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pake_tui.records.aliases import plain_name

MOST_PATTERNS = 12
COMMON = 32
"""One line in so many makes a shape common."""
TAIL, AHEAD = 5, 3
"""A key's tail: the eight bytes from so many before its closing quote to so many behind that begins."""
_BEFORE = b"{, "
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Flags = NDArray[np.bool_]


class Part(Struct, frozen=True):
    """Eight bytes that begin `offset` from where a line's key closes; those under the mask are the word."""

    key: int
    offset: int
    mask: np.uint64
    word: np.uint64


class Pattern(Struct, frozen=True):
    """The tails of a shape's keys, and what else of the keys that matter there is to compare."""

    shape: np.uint64
    tails: tuple[Part, ...]
    rest: tuple[Part, ...]


class Patterns:
    """The patterns of one file's lines; `names` are those of keys that matter."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {plain_name(one) for one in names}
        self._known: list[Pattern] = []

    def recognise(self, words: Words, close: Ints, first: Ints, counts: Ints, shapes: Words) -> Flags:
        """Which lines are left when those with a known pattern were given its shape.

        Keys close at `close`; a line's are `counts` from `first` on.
        """
        left = np.ones(len(first), np.bool_)
        for count in {len(one.tails) for one in self._known}:
            rows = np.flatnonzero(counts == count)
            begin = first[rows]
            ends = [close.take(begin + key) for key in range(count)]
            tails = [words[each - TAIL] for each in ends]
            for pattern in self._known:
                if len(pattern.tails) != count or not len(rows):
                    continue
                same = np.ones(len(rows), np.bool_)
                for part, tail in zip(pattern.tails, tails, strict=True):
                    same &= tail & part.mask == part.word
                some = np.flatnonzero(same)
                for part in pattern.rest:
                    found = words[ends[part.key][some] + part.offset] & part.mask
                    some = some[found == part.word]
                shapes[rows[some]] = pattern.shape
                left[rows[some]] = False
        return left

    def learn(self, data: bytes, close: Ints, first: Ints, counts: Ints, shapes: Words, rows: Ints) -> None:
        """Learn from lines that no pattern fitted."""
        if len(rows) * COMMON < len(first) or len(self._known) == MOST_PATTERNS:
            return
        found, where, often = np.unique(shapes[rows], return_index=True, return_counts=True)
        for shape, row, times in zip(found, rows[where].tolist(), often.tolist(), strict=True):
            if times * COMMON >= len(first) and len(self._known) < MOST_PATTERNS:
                ends = close[first[row] : first[row] + counts[row]].tolist()
                pattern = self._pattern(data, ends, shape)
                self._known += [pattern] if pattern else []

    def _pattern(self, data: bytes, ends: Sequence[int], shape: np.uint64) -> Pattern | None:
        tails, rest = [], []
        for key, end in enumerate(ends):
            start = data.rfind(b'"', 0, end)
            if start < 1 or data[start - 1] not in _BEFORE:
                return None
            if not self._may_matter(data[max(start + 1, end - TAIL) : end]):
                tails.append(_part(key, data, end, -TAIL, start - end, 2))
                continue
            value = 3 if data[end + 2] == ord(" ") else 2
            if data[end + value] != ord('"'):
                return None
            low, high = start - 1 - end, value + 1
            offsets = [*range(low, -TAIL, 8), *([high - 8] if high > AHEAD else [])]
            tails.append(_part(key, data, end, -TAIL, low, high))
            rest += [_part(key, data, end, offset, low, high) for offset in offsets]
        return Pattern(shape, tuple(tails), tuple(rest))

    def _may_matter(self, tail: bytes) -> bool:
        """Whether a key that matters may end so."""
        plain = plain_name(tail.decode(errors="replace"))
        return not tail.isascii() or any(one.endswith(plain) for one in self._names)


def _part(key: int, data: bytes, end: int, offset: int, low: int, high: int) -> Part:
    """The eight bytes at an offset, of which those from `low` to `high` count."""
    low, high = max(low, offset) - offset, min(high, offset + 8) - offset
    mask = (1 << 8 * high) - (1 << 8 * low)
    word = int.from_bytes(data[end + offset : end + offset + 8], "little") & mask
    return Part(key, offset, np.uint64(mask), np.uint64(word))
