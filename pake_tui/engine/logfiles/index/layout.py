"""How a segment of an index lies on disk: a checked header, columns about its blocks, pages of ID postings.

A posting is the 48 bits of an ID's hash, then 16 of the block in which it occurs; postings are sorted, and
each page has a checksum of its own, so that a look-up reads, and trusts, no more than the page it needs.
Numbers are little-endian.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from zlib import crc32

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import MINUTE
from pake_tui.model.record import LEVEL_COLUMNS

VERSION = 1
LEVELS = len(LEVEL_COLUMNS)
UNKNOWN_TIME = -(1 << 63)
BLOCK_BITS = 16
LEAST_BYTES = 1 << 20
"""Fewer bytes at a log's end are read faster than they are looked up."""
PAGE = 4_096
PAGE_KEYS = PAGE // 8 - 1
_MAGIC = b"PAKEIDX\n"
_HEADER = struct.Struct("<8sIIqqqqqqIIII16s16s16sII")
_PADDING = (1 << 64) - 1


class Broken(Exception):
    """A segment that cannot be trusted: cut, altered, or written by another version."""


class BlockRow(Struct, frozen=True):
    """A block: its bytes, the line breaks before it, its earliest and latest time, its records by level.

    `low_ns` is UNKNOWN_TIME where the time of a record is not known; times may lie a second apart from the
    records' own, outwards.
    """

    start: int
    end: int
    line: int
    low_ns: int
    high_ns: int
    levels: Sequence[int]


class Facts(Struct, frozen=True):
    """What a segment says of itself. `head`, `tail` and `reading` are digests.

    They are of the log's first `head_count` bytes, of the `tail_count` before `end`, and of how it was read.
    """

    start: int
    end: int
    newlines: int
    last_ns: int
    head_count: int
    head: bytes
    tail_count: int
    tail: bytes
    reading: bytes
    unit_ns: int = MINUTE
    keys: int = 0


class Columns(Struct):
    """What is known of the blocks, in file order, one entry each."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    lows: array[int] = field(default_factory=lambda: array("q"))
    highs: array[int] = field(default_factory=lambda: array("q"))
    levels: list[array[int]] = field(default_factory=lambda: [array("I") for _ in range(LEVELS)])

    def add(self, row: BlockRow) -> None:
        """One more block."""
        for column, value in zip(self._all(), (row.start, row.line, row.low_ns, row.high_ns), strict=False):
            column.append(value)
        for column, count in zip(self.levels, row.levels, strict=True):
            column.append(count)

    def extend(self, other: Columns) -> None:
        """The blocks behind these."""
        for mine, theirs in zip(self._all(), other._all(), strict=True):
            mine.extend(theirs)

    def _all(self) -> list[array[int]]:
        return [self.starts, self.lines, self.lows, self.highs, *self.levels]

    def to_bytes(self) -> bytes:
        """All columns, one behind the other."""
        return b"".join(column.tobytes() for column in self._all())

    @classmethod
    def from_bytes(cls, data: memoryview, count: int) -> Columns:
        """The columns of so many blocks."""
        made = cls()
        at = 0
        for column in made._all():
            size = count * column.itemsize
            column.frombytes(data[at : at + size])
            at += size
        return made


COLUMN_BYTES = 4 * 8 + 4 * LEVELS


class Body(Struct):
    """A segment without its postings. `fence` has the first posting of each page.

    `counts` are records by unit of time and level: unit * 8 + column of `LEVEL_COLUMNS`.
    """

    facts: Facts
    columns: Columns
    counts: dict[int, int]
    fence: array[int]

    @property
    def pages_at(self) -> int:
        """Where its pages begin in the file."""
        return (
            _HEADER.size
            + len(self.columns.starts) * COLUMN_BYTES
            + len(self.counts) * 12
            + len(self.fence) * 8
        )


def packed(body: Body, postings: bytes) -> bytes:
    """A whole segment; `postings` are sorted 64-bit numbers."""
    if sys.byteorder != "little":
        raise OSError("an index needs a little-endian machine")
    pages, fence = [], array("Q")
    for at in range(0, len(postings), PAGE_KEYS * 8):
        chunk = postings[at : at + PAGE_KEYS * 8]
        fence.frombytes(chunk[:8])
        chunk = chunk.ljust(PAGE_KEYS * 8, b"\xff")
        pages.append(chunk + struct.pack("<II", crc32(chunk), 0))
    inner = body.columns.to_bytes() + array("q", body.counts).tobytes()
    inner += array("I", body.counts.values()).tobytes() + fence.tobytes()
    facts = body.facts
    head = _HEADER.pack(
        _MAGIC, VERSION, facts.unit_ns // MINUTE, facts.start, facts.end, facts.newlines, facts.last_ns,
        len(postings) // 8, len(pages), len(body.columns.starts), len(body.counts),
        facts.head_count, facts.tail_count, facts.head, facts.tail, facts.reading, crc32(inner), 0,
    )  # fmt: skip
    head = head[:-4] + struct.pack("<I", crc32(head[:-4]))
    return b"".join((head, inner, *pages))


def unpacked(data: bytes, size: int) -> Body:
    """The body at the start of a segment's file that is `size` bytes long. Broken."""
    if len(data) < _HEADER.size:
        raise Broken("cut")
    fields = _HEADER.unpack_from(data)
    magic, version, unit, start, end, newlines, last_ns, keys, pages, blocks, counts = fields[:11]
    head_count, tail_count, head, tail, reading, body_crc, head_crc = fields[11:]
    if magic != _MAGIC or version != VERSION or crc32(data[: _HEADER.size - 4]) != head_crc:
        raise Broken("foreign")
    length = blocks * COLUMN_BYTES + counts * 12 + pages * 8
    if size != _HEADER.size + length + pages * PAGE:
        raise Broken("cut")
    if len(data) < _HEADER.size + length:
        raise ShortRead(_HEADER.size + length)
    inner = memoryview(data)[_HEADER.size : _HEADER.size + length]
    if crc32(inner) != body_crc:
        raise Broken("altered")
    names, numbers, fence = array("q"), array("I"), array("Q")
    at = blocks * COLUMN_BYTES
    names.frombytes(inner[at : at + counts * 8])
    numbers.frombytes(inner[at + counts * 8 : at + counts * 12])
    fence.frombytes(inner[at + counts * 12 :])
    facts = Facts(
        start, end, newlines, last_ns, head_count, head, tail_count, tail, reading, unit * MINUTE, keys
    )
    return Body(facts, Columns.from_bytes(inner, blocks), dict(zip(names, numbers, strict=True)), fence)


class ShortRead(Exception):
    """More of the file has to be read: so many bytes."""

    def __init__(self, need: int) -> None:
        super().__init__(need)
        self.need = need


def page_keys(page: bytes) -> array[int]:
    """The postings of a page, padding included. Broken."""
    if len(page) != PAGE or crc32(page[: PAGE_KEYS * 8]) != struct.unpack_from("<I", page, PAGE_KEYS * 8)[0]:
        raise Broken("altered")
    keys = array("Q")
    keys.frombytes(page[: PAGE_KEYS * 8])
    return keys


def coarser(body: Body, most: int) -> Body:
    """The body with its counts in hours or days where minutes would be too many."""
    for unit in (60 * MINUTE, 24 * 60 * MINUTE):
        if len(body.counts) <= most or unit <= body.facts.unit_ns:
            continue
        ratio = unit // body.facts.unit_ns
        counts: dict[int, int] = {}
        for key, count in body.counts.items():
            name = (key >> 3) // ratio << 3 | key & 7
            counts[name] = counts.get(name, 0) + count
        body = replace(body, facts=replace(body.facts, unit_ns=unit), counts=counts)
    return body
