"""The index of one log file as its readers see it: blocks, and where an ID may be. No numpy here."""

from __future__ import annotations

import os
import threading
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate

from msgspec import Struct, field

from pake_tui.engine.logfiles.index import shelf
from pake_tui.engine.logfiles.index.hashing import FOREIGN, HALF, PREFIX, hash_of, prefix_of
from pake_tui.engine.logfiles.index.identity import home, speaks_of, valid
from pake_tui.engine.logfiles.index.layout import (
    BLOCK_BITS,
    LEVELS,
    PAGE,
    UNKNOWN_TIME,
    Broken,
    Columns,
    page_keys,
)
from pake_tui.engine.logfiles.index.shelf import Stored
from pake_tui.engine.logfiles.tape import Tape


class LogIndex(Struct, frozen=True, dict=True):
    """Whole segments from the file's start to `end`; `first` has the number of each one's first block."""

    segments: tuple[Stored, ...]
    columns: Columns
    first: tuple[int, ...] = ()
    found: dict[tuple[int, int], frozenset[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, segments: list[Stored]) -> LogIndex:
        """The index that segments make together."""
        columns, first = Columns(), []
        for one in segments:
            first.append(len(columns.starts))
            columns.extend(one.body.columns)
        return cls(tuple(segments), columns, tuple(first))

    @property
    def end(self) -> int:
        """Up to where the file is indexed."""
        return self.segments[-1].body.facts.end

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(one.size for one in self.segments)

    def block_end(self, number: int) -> int:
        """Where a block ends."""
        starts = self.columns.starts
        return starts[number + 1] if number + 1 < len(starts) else self.end

    @cached_property
    def levels_present(self) -> bytes:
        """For each block one byte: a bit for each column of levels that has records."""
        present = bytearray(len(self.columns.starts))
        for level, column in enumerate(self.columns.levels):
            bit = 1 << level
            for number, count in enumerate(column):
                if count:
                    present[number] |= bit
        return bytes(present)

    @cached_property
    def _latest(self) -> list[int]:
        """The latest time up to each block."""
        return list(accumulate(self.columns.highs, max))

    def blocks_of(self, text: str, *, prefix: bool) -> frozenset[int]:
        """The blocks in which an ID may be, or those that begin with eight characters or more. Broken."""
        if prefix:
            low = prefix_of(text[:PREFIX]) << HALF
            return self._between(low, low + (1 << HALF) - 1)
        whole = hash_of(text)
        return self._between(whole, whole)

    def _between(self, low: int, high: int) -> frozenset[int]:
        if (low, high) not in self.found:
            if len(self.found) > 100:
                self.found.clear()
            self.found[low, high] = self._foreign | self._posted(low, high)
        return self.found[low, high]

    @cached_property
    def _foreign(self) -> frozenset[int]:
        """The blocks that are candidates for any ID. Broken."""
        return self._posted(FOREIGN, FOREIGN)

    def _posted(self, low: int, high: int) -> frozenset[int]:
        """The blocks of the postings between two hashes, both included. Broken."""
        return frozenset(
            self.first[n] + block
            for n, one in enumerate(self.segments)
            for block in _postings(one, low << BLOCK_BITS, (high + 1 << BLOCK_BITS) - 1)
        )

    def line_before(self, offset: int) -> tuple[int, int]:
        """The nearest offset before one of which the line breaks before it are known, and how many."""
        if offset >= self.end:
            return self.end, self.segments[-1].body.facts.newlines
        at = bisect_right(self.columns.starts, offset) - 1
        return self.columns.starts[at], self.columns.lines[at]

    def place(self, time_ns: int) -> int | None:
        """Where to look for the first record at or after a time: a block's start, None behind the last.

        One stray time far ahead or behind does not count: the block is the one for which the fewest others
        lie on the wrong side, moved back while the block before may have such a record, too.
        """
        lows, highs = self.columns.lows, self.columns.highs
        if self._latest[-1] < time_ns:
            return None
        best = bisect_left(self._latest, time_ns)
        cost = lowest = 0
        for number in range(best, len(lows)):
            cost += (lows[number] >= time_ns) - (highs[number] < time_ns)
            if cost < lowest:
                lowest, best = cost, number + 1
        while best < len(lows) and highs[best] < time_ns:
            best += 1
        while best > 0 and highs[best - 1] >= time_ns:
            best -= 1
        return self.columns.starts[best] if best < len(lows) else None

    def numbers(self, begin: int, end: int) -> range:
        """The blocks that lie at least in part between two offsets."""
        starts = self.columns.starts
        return range(max(0, bisect_right(starts, begin) - 1), bisect_left(starts, end))

    def ranges(self, numbers: list[int]) -> Iterator[tuple[int, int]]:
        """The bytes of blocks (rising), adjacent ones together."""
        begin = end = -1
        for number in numbers:
            if number != end:
                if begin >= 0:
                    yield self.columns.starts[begin], self.block_end(end - 1)
                begin = number
            end = number + 1
        if begin >= 0:
            yield self.columns.starts[begin], self.block_end(end - 1)

    def timed(self, number: int) -> bool:
        """Whether the times of all records of a block are known."""
        return self.columns.lows[number] != UNKNOWN_TIME


def _postings(segment: Stored, low: int, high: int) -> Iterator[int]:
    """Blocks of the postings between two, both included. Broken; OSError."""
    fence = segment.body.fence
    page = max(0, bisect_left(fence, low) - 1)
    last = bisect_right(fence, high)
    if page >= last:
        return
    descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        left = segment.body.facts.keys - page * (PAGE // 8 - 1)
        for number in range(page, last):
            keys = page_keys(os.pread(descriptor, PAGE, segment.body.pages_at + number * PAGE))
            end = bisect_right(keys, high, 0, min(left, len(keys)))
            for at in range(bisect_left(keys, low, 0, end), end):
                yield keys[at] & (1 << BLOCK_BITS) - 1
            left -= len(keys)
    finally:
        os.close(descriptor)


class _Kept(Struct):
    """What was loaded for a tape, and the stamp of its folder then."""

    stamp: int
    index: LogIndex | None


_kept: weakref.WeakKeyDictionary[Tape, _Kept] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def index_of(tape: Tape) -> LogIndex | None:
    """The index of a tape as it is on disk now, None where there is none that speaks of its bytes."""
    name = home(tape)
    stamp = shelf.stamp(name)
    with _lock:
        kept = _kept.get(tape)
    if kept is None or kept.stamp != stamp:
        chain = valid(tape, shelf.load(name)) if stamp else []
        kept = _Kept(stamp, LogIndex.of(chain) if chain else None)
        with _lock:
            _kept[tape] = kept
        if chain:
            shelf.touch(name)
    if kept.index is None or not speaks_of(tape, kept.index.segments[-1].body.facts):
        return None
    return kept.index


def forget(tape: Tape) -> None:
    """Load a tape's index anew when it is next asked for: a part of it was broken or went."""
    with _lock:
        _kept.pop(tape, None)


__all__ = ["LEVELS", "Broken", "LogIndex", "forget", "index_of"]
