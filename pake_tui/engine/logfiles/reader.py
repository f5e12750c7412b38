"""Reads a view: rows either way, counts, one record whole. Used in-process and by the scan worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from msgspec import Struct

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles import blocks
from pake_tui.engine.logfiles.blocks import Block
from pake_tui.engine.logfiles.course import within_time
from pake_tui.engine.logfiles.cursor import Position, decode
from pake_tui.engine.logfiles.index import candidates, counted, index_of
from pake_tui.engine.logfiles.merging import BATCH_S, MergedRead
from pake_tui.engine.logfiles.rows import Cursors, lone_row, tag_of
from pake_tui.engine.logfiles.strand import Item, Strand
from pake_tui.engine.logfiles.suspects import Suspects, odd_spans
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.engine.logfiles.view import View, find_time, positions
from pake_tui.errors import LogError
from pake_tui.model.record import Address, Cursor, Direction, LogBatch, RecordDetail
from pake_tui.query import Query
from pake_tui.text.masking import mask_text
from pake_tui.text.safe import safe


class LogReader(Struct):
    """Reads views. `numbers`: rows carry their line number even where reading did not begin at the start."""

    numbers: bool = False

    def read(
        self,
        view: View,
        query: Query,
        start: Cursor | None,
        direction: Direction,
        limit: int,
        cancel: threading.Event,
    ) -> Iterator[LogBatch]:
        """At most `limit` rows from a place on, in batches at least every 0.1 s. LogError: a foreign cursor.

        The last batch is `done`; nothing more comes once `cancel` is set.
        """
        known = None if start is None else decode(start)
        ranges = [within_time(tape, query, candidates(tape, query)) for tape in view.tapes]
        strands = [
            Strand(tape, query, cancel, index=index, numbers=self.numbers, ranges=ranges[index])
            for index, tape in enumerate(view.tapes)
        ]
        reading = MergedRead(view, strands, query, direction, limit)
        return reading.batches(known, cancel)

    def count(
        self, view: View, query: Query, cancel: threading.Event, before: Cursor | None = None
    ) -> Iterator[LogBatch]:
        """Hits over all files, or up to a place, growing; of the empty query: records, by their first lines.

        LogError: a foreign cursor.
        """
        ends = [(tape.size, 0) for tape in view.tapes]
        if before is not None:
            ends = [place or (0, 0) for place in positions(view, decode(before), tag_of(query))]
        total = sum(end for end, _ in ends)
        cursors = Cursors(view.tapes, "")
        hits = done = 0
        told = monotonic()
        for index, (tape, end) in enumerate(zip(view.tapes, ends, strict=True)):
            for more, here in _counted(tape, query, cancel, end):
                if cancel.is_set():
                    return
                hits += more
                if monotonic() - told >= BATCH_S:
                    told = monotonic()
                    yield LogBatch((), "", scanned_bytes=done + here, total_bytes=total, hits=hits)
            done += end[0]
            cursors.move(index, end)
        if not cancel.is_set():
            yield LogBatch((), cursors.here(), total, total, hits, done=True, at_end=True)

    def detail(self, view: View, address: Address, context: int = 3) -> RecordDetail:
        """One record whole, its raw lines masked and safe, with its neighbours in its file. LogError."""
        tape = view.tape(address.file)
        if tape is None:
            raise LogError("the file of this record is gone", hint="it was deleted, or rotated out of view")
        strand = Strand(tape, Query(), threading.Event(), numbers=self.numbers)
        after = strand.newer((address.offset, 0), tape.size)
        rows = [lone_row(tape, item) for item in _some(after, address.part + context + 1)]
        own = next((n for n, row in enumerate(rows) if row.address == address), None)
        if own is None:
            raise LogError(f"{tape.path} no longer holds this record", hint="the file was truncated")
        before = [
            lone_row(tape, item) for item in _some(strand.older((address.offset, address.part)), context)
        ]
        block = next(blocks.newer(tape, address.offset, tape.size))
        text = mask_text("\n".join(block.records(tape)[0].lines), tape.reading.own)
        raw = "\n".join(safe(line) for line in text.split("\n"))
        return RecordDetail(rows[own], raw, tuple(reversed(before)), tuple(rows[own + 1 : own + 1 + context]))

    def place(self, view: View, time_ns: int) -> Cursor:
        """The place before the first record at or after a time, in every file."""
        cursors = Cursors(view.tapes, "")
        for index, tape in enumerate(view.tapes):
            cursors.move(index, (find_time(tape, time_ns), 0))
        return cursors.here()


def _records(tape: Tape, block: Block, suspects: Suspects) -> int:
    """How many records a block has."""
    if block.cut or not tape.parser_now.unframed:
        return len(block.records(tape))
    if block.data[:1] != b"{" and (text := suspects.text(block.data)) is not None:
        sure, others = text.records(block.data)
        return sure + sum(len(block.part(*span).records(tape)) for span in others)
    if (spans := odd_spans(block.data)) is None:
        return len(block.records(tape))
    count = block.data.count(b"\n") + (not block.data.endswith(b"\n"))
    for part in (block.part(*span) for span in spans):
        count += len(part.records(tape)) - len(part.lines())
    return count


def _counted_fields(strand: Strand, end: int) -> Iterator[tuple[int, int]]:
    """The same of a query for fields; what can't be judged by them alone is parsed."""
    for block in strand.suspect_blocks(end):
        judged = None if block.cut else strand.suspects.counted(block.data)
        hits, spans = judged or (0, [(0, block.end - block.start)])
        yield hits + sum(strand.hits(block.part(*span)) for span in spans), block.end


def _some(items: Iterator[Item], count: int) -> list[Item]:
    """The first records among items."""
    found: list[Item] = []
    for item in items:
        if len(found) >= count:
            break
        if item.record is not None:
            found.append(item)
    return found


def _counted(
    tape: Tape, query: Query, cancel: threading.Event, before: Position
) -> Iterator[tuple[int, int]]:
    """(further hits, bytes read of this file) up to a position, at each block and hit."""
    end, part = before
    if query.empty:
        everything = Suspects(query, tape.reading)
        for block in blocks.newer(tape, 0, end):
            if cancel.is_set():
                return
            yield _records(tape, block, everything), block.end
        return
    index = index_of(tape)
    if index is not None and index.end > end:
        # It counts whole blocks, of which some are beyond the end.
        known, ranges = 0, candidates(tape, query)
    else:
        known, ranges = counted(tape, query) or (0, None)
    yield known, 0
    strand = Strand(tape, query, cancel, ranges=within_time(tape, query, ranges))
    if part:
        yield sum(1 for _ in strand.earlier_parts(end, part)), 0
    if strand.suspects.counts and tape.parser().unframed:
        yield from _counted_fields(strand, end)
        return
    for item in strand.newer((0, 0), end):
        yield int(item.record is not None), item.end[0]
