"""One file in one read: its records one by one, each with the time at which it takes its place.

A strand also yields marks, items without a record that tell how far it has looked, so that a merge need not
wait for the next hit of a file that may have none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from pake_tui.engine.logfiles import blocks, ripgrep
from pake_tui.engine.logfiles.blocks import Block, Raw
from pake_tui.engine.logfiles.cursor import Position
from pake_tui.engine.logfiles.index import Ranges, closer, index_of
from pake_tui.engine.logfiles.index.lookup import LogIndex
from pake_tui.engine.logfiles.suspects import Suspects
from pake_tui.engine.logfiles.tape import Tape, decoded
from pake_tui.model.record import Record
from pake_tui.query import Query
from pake_tui.query.needles import missing

SCREEN_PIECE = 32 * 1024
BACK_BYTES = 64 * 1024
EDGE_LINES = 30


class Item(Struct, frozen=True):
    """A record (None: a mark, or a ruler if `ruler` says something) between two positions of its file."""

    time_ns: int
    start: Position
    end: Position
    record: Record | None = None
    line: int | None = None
    lines: int = 1
    ruler: str = ""


class Strand:
    """A tape read with a query; stops soon after `cancel` is set. `numbers`: count lines even going back.

    Only `ranges` may hold hits (None: the whole file); each begins with a record.
    """

    def __init__(
        self,
        tape: Tape,
        query: Query,
        cancel: threading.Event,
        *,
        index: int = 0,
        numbers: bool = False,
        ranges: Ranges | None = None,
    ) -> None:
        tape.check()
        self.tape = tape
        self._indexed = ranges is not None and self._index is not None
        if not self._indexed or tape.format:
            tape.parser()
        self.index = index
        self.position: Position = (0, 0)
        """Where the merge stands in this file."""
        self.query = query
        self._cancel = cancel
        self._numbers = numbers
        self.ranges = ranges
        self._piece = SCREEN_PIECE if query.empty else blocks.PIECE
        self._since, self._until = query.time_range
        self.suspects = Suspects(query, tape.reading)

    @cached_property
    def _index(self) -> LogIndex | None:
        """Looked at once: whether an index still speaks of the file costs as much as a record does."""
        return index_of(self.tape)

    def newer(self, position: Position, end: int) -> Iterator[Item]:
        """From a position up to the byte `end`, oldest first."""
        offset, part = position
        at, line = offset, self._first_line(offset)
        time_ns: int | None = None
        for begin, stop in self._within(offset, end):
            if begin > at:
                time_ns = None
                # Where only times tell what is read, all that lies before would have to be read, too.
                counts = self.ranges is None or self._indexed or self._numbers
                known = None if line is None else (at, line - 1)
                line = self._line_at(begin, known) if counts and known else None
            at = stop
            for block in blocks.newer(self.tape, begin, stop, self._piece):
                if self._cancel.is_set():
                    return
                if missing(self.query.needles, block.data):
                    # What an index leaves to be read is soon read through: its marks need no times.
                    time_ns = None if self._indexed else _last_time(self.tape, block) or time_ns
                else:
                    parts = self._parts(block)
                    first, counted = line, block.start
                    for one in [block] if parts is None else parts:
                        if first is not None:
                            first += block.data.count(b"\n", counted - block.start, one.start - block.start)
                            counted = one.start
                        for raw in one.records(self.tape):
                            if self._cancel.is_set():
                                return
                            if (stated := self._outside(raw)) is not None:
                                time_ns = stated
                                continue
                            items = self._items(raw, time_ns if parts is None else None, first)
                            time_ns = items[-1].time_ns if items and items[-1].time_ns else time_ns
                            yield from (
                                item for item in items if item.start >= (offset, part) and self._hit(item)
                            )
                    if parts is not None and not self._indexed:
                        time_ns = _last_time(self.tape, block) or time_ns
                yield self._mark(time_ns, block.end)
                line = line + block.newlines(self.tape) if line is not None else None
        if at < end:
            yield self._mark(time_ns, end)

    def suspect_blocks(self, end: int) -> Iterator[Block]:
        """The blocks of the file, up to the byte `end`, that may hold a hit, oldest first."""
        for begin, stop in self._within(0, end):
            for block in blocks.newer(self.tape, begin, stop, self._piece):
                if self._cancel.is_set():
                    return
                if not missing(self.query.needles, block.data):
                    yield block

    def hits(self, part: Block) -> int:
        """How many records of a part of the file match a query that asks for no times."""
        raws = part.records(self.tape)
        return sum(self.query.matches(record) for raw in raws for record in raw.parse(self.tape))

    def _within(self, begin: int, end: int, *, backwards: bool = False) -> Iterator[tuple[int, int]]:
        """The ranges between two offsets, in the order in which they are read."""
        if self.ranges is None:
            yield from self._passing_over((begin, end), backwards=backwards)
            return
        for low, high in reversed(self.ranges) if backwards else self.ranges:
            low, high = max(low, begin), min(high, end)
            if low < high:
                for part in closer(self.tape, self.query, low, high, backwards=backwards):
                    yield from self._passing_over(part, backwards=backwards)

    def _passing_over(self, span: tuple[int, int], *, backwards: bool) -> Iterator[tuple[int, int]]:
        """The parts of a span that are read; each begins with a record."""
        needles = self.query.needles
        if span[0] < span[1]:
            yield from ripgrep.narrowed(self.tape, needles, span, self._cancel, backwards=backwards)

    def _parts(self, block: Block) -> list[Block] | None:
        """What of a block may hold hits; None where that is all of it."""
        if block.cut or self.query.empty or not self.tape.parser_now.unframed:
            return None
        if block.data.find(b"\n") in (-1, len(block.data) - 1):
            return [block]  # one line is parsed sooner than it is judged
        spans = self.suspects.spans(block.data)
        return None if spans is None else [block.part(*span) for span in spans]

    def _mark(self, time_ns: int | None, at: int) -> Item:
        known = self.tape.fallback_ns if time_ns is None else time_ns
        return Item(known, (at, 0), (at, 0))

    def older(self, position: Position) -> Iterator[Item]:
        """From a position back to the beginning, newest first."""
        offset, part = position
        if part:
            yield from self.earlier_parts(offset, part)
        for low, high in self._within(0, offset, backwards=True):
            for block in blocks.older(self.tape, high, self._piece, low):
                if self._cancel.is_set():
                    return
                first = self._first_time(block)
                if not missing(self.query.needles, block.data):
                    parts = self._parts(block)
                    for one in [block] if parts is None else reversed(parts):
                        yield from self._block_older(one)
                yield self._mark(first, block.start)

    def _block_older(self, block: Block) -> Iterator[Item]:
        raws = block.records(self.tape)
        line = self._line_at(block.start) if self._numbers else None
        inherited: tuple[int, int | None] | None = None
        for number in range(len(raws) - 1, -1, -1):
            if self._cancel.is_set():
                return
            raw = raws[number]
            if missing(self.query.needles, raw_bytes(block, raw)) or self._outside(raw) is not None:
                continue
            records = raw.parse(self.tape)
            if not records:
                continue
            time_ns: int | None = None
            if records[0].time_ns is None:
                if inherited is None or inherited[0] >= number:
                    inherited = self._inherited(block, raws, number)
                time_ns = inherited[1]
            yield from (item for item in reversed(self._rows(raw, records, time_ns, line)) if self._hit(item))

    def _inherited(self, block: Block, raws: list[Raw], number: int) -> tuple[int, int | None]:
        """The record before `number` that states a time (-1: one before the block), and that time."""
        for before in range(number - 1, -1, -1):
            if (found := self.tape.parser_now.time_of(raws[before].lines[0])) is not None:
                return before, found
        return -1, time_before(self.tape, block.start)

    def earlier_parts(self, offset: int, part: int) -> Iterator[Item]:
        """The hits among the records of one line before a part of it, newest first."""
        block = next(blocks.newer(self.tape, offset, self.tape.size, self._piece), None)
        raws = block.records(self.tape) if block else []
        if raws:
            items = self._items(raws[0], None, self._first_line(offset))
            yield from (item for item in reversed(items[:part]) if self._hit(item))

    def _items(self, raw: Raw, time_ns: int | None, line: int | None) -> list[Item]:
        records = raw.parse(self.tape)
        if time_ns is None and raw.start and records and records[0].time_ns is None:
            time_ns = time_before(self.tape, raw.start)
        return self._rows(raw, records, time_ns, line)

    def _rows(self, raw: Raw, records: list[Record], time_ns: int | None, line: int | None) -> list[Item]:
        items: list[Item] = []
        for part, record in enumerate(records):
            time_ns = record.time_ns if record.time_ns is not None else time_ns
            items.append(
                Item(
                    self.tape.fallback_ns if time_ns is None else time_ns,
                    (raw.start, part),
                    (raw.start, part + 1) if part + 1 < len(records) else (raw.end, 0),
                    record,
                    None if line is None else line + raw.line,
                    raw.height,
                )
            )
        return items

    def _outside(self, raw: Raw) -> int | None:
        """The time of a line of text, where that alone keeps it from being a hit: it is not parsed then."""
        if (self._since is None and self._until is None) or raw.lines[0].lstrip().startswith(("{", "[{")):
            return None
        stated = self.tape.parser_now.time_of(raw.lines[0])
        if stated is None:
            return None
        before = self._since is not None and stated < self._since
        return stated if before or (self._until is not None and stated > self._until) else None

    def _hit(self, item: Item) -> bool:
        return item.record is not None and self.query.matches(item.record, item.time_ns)

    def _first_line(self, offset: int) -> int | None:
        if offset == 0:
            return 1
        return self._line_at(offset) if self._numbers else None

    def _line_at(self, offset: int, known: tuple[int, int] = (0, 0)) -> int:
        """The number of a line; `known` is an offset before it, and the line breaks before that."""
        indexed = (0, 0) if self._index is None else self._index.line_before(offset)
        return self.tape.line_at(offset, max(known, indexed))

    def _first_time(self, block: Block) -> int | None:
        """The time from which a block's records go on; what states none inherits it."""
        for line in block.data.split(b"\n", EDGE_LINES)[:EDGE_LINES]:
            if (found := self.tape.parser_now.time_of(decoded(line)[0])) is not None:
                return found
        return time_before(self.tape, block.start)


def raw_bytes(block: Block, raw: Raw) -> bytes:
    """A record's bytes inside its block."""
    return block.data[raw.start - block.start : raw.end - block.start]


def time_before(tape: Tape, offset: int) -> int | None:
    """The time that a record at an offset inherits: of the last one before it that states any, if near."""
    low = max(0, offset - BACK_BYTES)
    for block in blocks.older(tape, offset, SCREEN_PIECE):
        if (found := _last_time(tape, block)) is not None:
            return found
        if block.start <= low:
            return None
    return None


def _last_time(tape: Tape, block: Block) -> int | None:
    """The newest time that a record of the block states, looking from its end."""
    parser = tape.parser_now
    lines = block.data.rsplit(b"\n", EDGE_LINES)
    for line in reversed(lines[1:] if len(lines) > EDGE_LINES else lines):
        if (found := _stated(tape, line)) is not None:
            return found
    for raw in reversed(block.records(tape)):
        if (found := parser.time_of(raw.lines[0])) is not None:
            return found
    return None


def _stated(tape: Tape, line: bytes) -> int | None:
    """The time of a line that begins a record."""
    text = decoded(line)[0]
    parser = tape.parser_now
    return parser.time_of(text) if parser.starts_record(text) else None
