"""Builds a log file's index, segment by segment, from where it ends to the file's last whole record."""

from __future__ import annotations

import errno
from array import array
from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from pake_tui.clock import MINUTE, monotonic
from pake_tui.engine.logfiles import blocks
from pake_tui.engine.logfiles.index import shelf
from pake_tui.engine.logfiles.index.identity import ends, home, reading_digest, valid
from pake_tui.engine.logfiles.index.layout import (
    BLOCK_BITS,
    LEAST_BYTES,
    PAGE_KEYS,
    UNKNOWN_TIME,
    Body,
    Columns,
    Facts,
    coarser,
    page_keys,
)
from pake_tui.engine.logfiles.index.pieces import BLOCK_BYTES, Piece, Reader
from pake_tui.engine.logfiles.index.shelf import Stored
from pake_tui.engine.logfiles.tape import SAMPLE_BYTES, SAMPLE_LINES, Tape, decoded

SEGMENT_S = 10.0
SCREEN_PIECE = 32 * 1024
KEPT_BYTES = 16 << 20
"""A block of memory as large as all that is needed for a piece."""
FEW_COUNTS, COUNT_BYTES = 1_000, 4_096
"""A segment may have a few counts, or one for so many bytes of the log; else it counts by hours or days."""
Words = NDArray[np.uint64]


class Sizes(Struct, frozen=True):
    """In bytes of the log: what is looked at at once, a block, a segment, and the least that is worth one.

    Fewer than those at a file's end are read faster than they are looked up.
    """

    piece: int = 1 << 21
    block: int = BLOCK_BYTES
    segment: int = 256 << 20
    least: int = LEAST_BYTES


USUAL = Sizes()


class NoRoom(Exception):
    """An index that cannot grow: the disk or its limit is full; the message says which."""


class _Segment(Struct):
    """A segment that is being made, and those that it will stand in the place of."""

    start: int
    newlines: int
    last_ns: int
    end: int = 0
    columns: Columns = field(default_factory=Columns)
    counts: dict[int, int] = field(default_factory=dict)
    postings: list[Words] = field(default_factory=list)
    replacing: list[Stored] = field(default_factory=list)
    began: float = field(default_factory=monotonic)

    def add(self, piece: Piece) -> None:
        """The blocks of the next piece."""
        first = len(self.columns.starts)
        for row in piece.blocks:
            self.columns.add(row)
        for key, count in piece.minutes.items():
            self.counts[key] = self.counts.get(key, 0) + count
        numbers = (piece.key_blocks + first).astype(np.uint64)
        self.postings.append(piece.keys << np.uint64(BLOCK_BITS) | numbers)
        self.end, self.last_ns = piece.blocks[-1].end, piece.last_ns
        self.newlines += piece.newlines

    def take(self, stored: Stored) -> None:
        """Begin with the blocks of a segment on disk. OSError; layout.Broken."""
        first = len(self.columns.starts)
        self.columns.extend(stored.body.columns)
        for key, count in stored.body.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
        with open(stored.path, "rb") as file:
            file.seek(stored.body.pages_at)
            left = stored.body.facts.keys
            for _ in stored.body.fence:
                keys = np.array(page_keys(file.read(PAGE_KEYS * 8 + 8)), np.uint64)
                self.postings.append(keys[:left] + np.uint64(first))
                left -= min(left, PAGE_KEYS)
        self.end, self.last_ns = stored.body.facts.end, stored.body.facts.last_ns
        self.newlines = stored.body.facts.newlines
        self.replacing.append(stored)


class Builder:
    """Builds the index of one file. `pause` is called every few milliseconds and may raise to stop.

    `most` bytes may all indexes of this user have.
    """

    def __init__(self, tape: Tape, most: int, pause: Callable[[], object], sizes: Sizes = USUAL) -> None:
        self._sizes = sizes
        self._tape = tape
        self._home = home(tape)
        self._most = most
        self._pause = pause

    def build(self) -> Iterator[int]:
        """Up to which byte the file is indexed, growing. Nothing where another process builds it. NoRoom."""
        try:
            with shelf.writing(self._home) as mine:
                if mine:
                    yield from self._build()
        except OSError as error:
            raise NoRoom(_problem(error)) from error

    def _build(self) -> Iterator[int]:
        tape = self._tape
        tape.check()
        tape.parser()
        chain = valid(tape, shelf.load(self._home))
        shelf.tidy(self._home, chain)
        at = chain[-1].body.facts.end if chain else 0
        end = last_start(tape, tape.size)
        if end - at < self._sizes.least:
            return
        if shelf.make_room(self._most, self._home) <= 0:
            raise NoRoom("the indexes have reached limits.index_bytes")
        _keep_freed_memory()
        reader = Reader(tape, self._pause, self._sizes.block)
        segment = self._begin(chain, end - at)
        for block in blocks.newer(tape, at, end, self._sizes.piece):
            self._pause()
            segment.add(reader.piece(block, segment.newlines, segment.last_ns))
            full = segment.end - segment.start >= self._sizes.segment
            if full or monotonic() - segment.began >= SEGMENT_S or segment.end >= end:
                stored = self._store(segment)
                chain = [*(one for one in chain if one not in segment.replacing), stored]
                segment = self._begin(chain, end - segment.end)
            yield block.end

    def _begin(self, chain: list[Stored], more: int) -> _Segment:
        """A segment behind the chain; small ones at its end become part of it."""
        facts = chain[-1].body.facts if chain else None
        if facts is None:
            return _Segment(0, 0, self._first_time())
        taken: list[Stored] = []
        size = more
        for one in reversed(chain):
            length = one.body.facts.end - one.body.facts.start
            if length > 2 * size or size + length > self._sizes.segment:
                break
            taken.insert(0, one)
            size += length
        if not taken:
            return _Segment(facts.end, facts.newlines, facts.last_ns, facts.end)
        segment = _Segment(taken[0].body.facts.start, 0, 0)
        for one in taken:
            segment.take(one)
        return segment

    def _store(self, segment: _Segment) -> Stored:
        tape = self._tape
        head_count, head, tail_count, tail = ends(tape, segment.end)
        facts = Facts(
            segment.start, segment.end, segment.newlines, segment.last_ns,
            head_count, head, tail_count, tail, reading_digest(tape.reading), MINUTE,
        )  # fmt: skip
        postings = np.sort(np.concatenate(segment.postings))
        postings = postings[np.diff(postings, prepend=~postings[:1]) != 0]
        body = coarser(
            Body(facts, segment.columns, segment.counts, array("Q")),
            max(FEW_COUNTS, (segment.end - segment.start) // COUNT_BYTES),
        )
        stored = shelf.store(self._home, body, postings.tobytes(), segment.replacing)
        if shelf.make_room(self._most, self._home) < 0:
            raise NoRoom("the indexes have reached limits.index_bytes")
        return stored

    def _first_time(self) -> int:
        """The time that the records before the first stated one take, where the file's sample tells it."""
        parser = self._tape.parser_now
        for line in self._tape.read(0, SAMPLE_BYTES).split(b"\n")[:SAMPLE_LINES]:
            if (found := parser.time_of(decoded(line)[0])) is not None:
                return found
        return UNKNOWN_TIME


def _keep_freed_memory() -> None:
    """Give a large block back, from which the C library learns to keep smaller ones that are given back.

    Else each array would be of new pages, and those cost more than what is done with them.
    """
    bytes(KEPT_BYTES)


def last_start(tape: Tape, size: int) -> int:
    """Where the last record of a file begins, which may still grow."""
    block = next(blocks.older(tape, size, SCREEN_PIECE), None)
    raws = block.records(tape) if block else []
    return raws[-1].start if raws else size


def _problem(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no index: no space left in {shelf.root()}"
    return f"no index: {shelf.root()}: {error.strerror or error}"
