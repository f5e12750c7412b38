"""A piece of a file becomes blocks of an index: the quick way where it is sure, by parsing where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from pake_tui.clock import SECOND
from pake_tui.engine.logfiles.blocks import Block
from pake_tui.engine.logfiles.index.facts import Fact, facts_of
from pake_tui.engine.logfiles.index.jsonscan import JsonScan
from pake_tui.engine.logfiles.index.jsonview import Lines
from pake_tui.engine.logfiles.index.layout import LEVELS, UNKNOWN_TIME, BlockRow
from pake_tui.engine.logfiles.index.textscan import TextScan
from pake_tui.engine.logfiles.tape import Tape, decoded

BLOCK_BYTES = 256 * 1024
SHORTEST_SCAN = 4_096
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
_HALF_SECOND = SECOND - 1


class Piece(Struct):
    """Blocks in file order; `keys` are ID hashes and `key_blocks` the rows (from 0) they occur in.

    `minutes` counts records by minute and level: minute * 8 + column of `LEVEL_COLUMNS`.
    """

    blocks: list[BlockRow] = field(default_factory=list)
    keys: Words = field(default_factory=lambda: np.zeros(0, np.uint64))
    key_blocks: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    minutes: dict[int, int] = field(default_factory=dict)
    newlines: int = 0
    last_ns: int = UNKNOWN_TIME
    """The time that a record behind the piece inherits."""


class Reader:
    """Reads the pieces of one file into blocks of some size. `pause` is called every few milliseconds."""

    def __init__(self, tape: Tape, pause: Callable[[], object], block_bytes: int = BLOCK_BYTES) -> None:
        self._block_bytes = block_bytes
        self._tape = tape
        self._pause = pause
        self._json = JsonScan(tape.reading.assumed_zone, tape.reading.aliases)
        self._text = TextScan(tape.reading.assumed_zone, tape.reading.aliases)

    def piece(self, block: Block, line: int, inherited_ns: int) -> Piece:
        """The piece of whole records in a block, of which the first line has a number (from 0)."""
        data = block.data
        is_json = data[:1] == b"{"
        whole = not block.cut and len(data) >= SHORTEST_SCAN and data[-1:] == b"\n"
        if not whole or not (is_json or self._tape.parser_now.unframed):
            return self._assembled(
                _Rows.parsed(self._parse(block)), _breaks(block), block, line, inherited_ns
            )
        lines = self._json.scan(data) if is_json else self._text.scan(data)
        _doubt_before(self._tape, lines, data, is_json)
        rows = _Rows.sure(lines, block.start)
        if not lines.sure.all():
            rows = rows.joined(_Rows.parsed(self._doubtful(block, lines)))
        breaks = lines.starts[1:] + block.start
        return self._assembled(rows, np.append(breaks, block.end), block, line, inherited_ns)

    def _parse(self, block: Block) -> Iterator[Fact]:
        for number, fact in enumerate(facts_of(self._tape, block)):
            if number % 100 == 0:
                self._pause()
            yield fact

    def _doubtful(self, block: Block, lines: Lines) -> Iterator[Fact]:
        """The records in lines that nobody vouches for."""
        for start, end in lines.runs(~lines.sure, len(block.data)):
            yield from self._parse(block.part(start, end))

    def _assembled(self, rows: _Rows, breaks: Ints, block: Block, line: int, inherited_ns: int) -> Piece:
        """The piece of its records; `breaks` are the offsets behind each line break."""
        total = len(breaks) if not block.cut else block.newlines(self._tape)
        if not len(rows.starts):
            row = BlockRow(block.start, block.end, line, inherited_ns, inherited_ns, (0,) * LEVELS)
            return Piece([row], newlines=total, last_ns=inherited_ns)
        low, high = rows.ranges(inherited_ns)
        goals = np.arange(self._block_bytes, block.end - block.start, self._block_bytes) + block.start
        cuts = np.searchsorted(rows.starts, goals)
        cuts = np.unique(rows.starts[cuts[cuts < len(rows.starts)]])
        cuts = cuts[cuts > block.start]
        firsts = np.concatenate(([0], np.searchsorted(rows.starts, cuts)))
        number = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=len(rows.starts)))
        counts = np.bincount(number * LEVELS + rows.levels, minlength=len(firsts) * LEVELS)
        piece = Piece(newlines=total, last_ns=int(rows.times[-1]))
        columns = (
            [block.start, *cuts.tolist()],
            [*cuts.tolist(), block.end],
            [line, *(line + np.searchsorted(breaks, cuts, side="right")).tolist()],
            np.minimum.reduceat(low, firsts).tolist(),
            np.maximum.reduceat(high, firsts).tolist(),
            counts.reshape(-1, LEVELS).tolist(),
        )
        piece.blocks = [BlockRow(*row) for row in zip(*columns, strict=True)]
        piece.keys = rows.ids
        piece.key_blocks = np.searchsorted(cuts, rows.id_starts, side="right").astype(np.int64)
        piece.minutes = rows.by_minute()
        return piece


def _breaks(block: Block) -> Ints:
    """The offsets behind each line break of a block."""
    return np.flatnonzero(np.frombuffer(block.data, np.uint8) == ord("\n")) + block.start + 1


def _doubt_before(tape: Tape, lines: Lines, data: bytes, is_json: bool) -> None:
    """A line that may continue the record above it makes that one doubtful, too."""
    if not is_json:
        lines.doubt_before()
        return
    doubtful = np.flatnonzero(~lines.sure[1:] & lines.sure[:-1]) + 1
    view = np.frombuffer(data, np.uint8)
    whole = (view[lines.starts[doubtful]] == ord("{")) & (view[lines.ends[doubtful] - 1] == ord("}"))
    for number in doubtful[~whole].tolist():
        above, line = (decoded(data[lines.starts[n] : lines.ends[n]])[0] for n in (number - 1, number))
        lines.sure[number - 1] = tape.parser_now.starts_record(line, (above,))


class _Rows(Struct):
    """Records in file order: first byte, time (UTC ns), how exact that is (ns), level; and ID hashes."""

    starts: Ints
    times: Ints
    spans: Ints
    levels: NDArray[np.uint8]
    id_starts: Ints
    ids: Words

    @classmethod
    def sure(cls, lines: Lines, start: int) -> _Rows:
        """The lines that are vouched for."""
        rows = np.flatnonzero(lines.sure)
        starts = lines.starts + start
        kept = lines.sure[lines.id_lines]
        return cls(
            starts[rows],
            lines.times[rows] * SECOND,
            np.full(len(rows), _HALF_SECOND),
            lines.levels[rows],
            starts[lines.id_lines[kept]],
            lines.ids[kept],
        )

    @classmethod
    def parsed(cls, facts: Iterator[Fact]) -> _Rows:
        """Records that were parsed."""
        known = list(facts)
        ids = [(fact.start, one) for fact in known for one in fact.ids]
        return cls(
            np.array([fact.start for fact in known], np.int64),
            np.array([UNKNOWN_TIME if fact.time_ns is None else fact.time_ns for fact in known], np.int64),
            np.zeros(len(known), np.int64),
            np.array([fact.level for fact in known], np.uint8),
            np.array([start for start, _ in ids], np.int64),
            np.array([one for _, one in ids], np.uint64),
        )

    def joined(self, other: _Rows) -> _Rows:
        """Both, in file order."""
        starts = np.concatenate((self.starts, other.starts))
        order = np.argsort(starts, kind="stable")
        return _Rows(
            starts[order],
            np.concatenate((self.times, other.times))[order],
            np.concatenate((self.spans, other.spans))[order],
            np.concatenate((self.levels, other.levels))[order],
            np.concatenate((self.id_starts, other.id_starts)),
            np.concatenate((self.ids, other.ids)),
        )

    def ranges(self, inherited_ns: int) -> tuple[Ints, Ints]:
        """The earliest and latest each record can be; one without a time takes the last one stated."""
        if len(gaps := np.flatnonzero(self.times == UNKNOWN_TIME)):
            known = np.where(self.times == UNKNOWN_TIME, -1, np.arange(len(self.times)))
            last = np.maximum.accumulate(known)[gaps]
            self.times[gaps] = np.where(last < 0, inherited_ns, self.times[last])
            self.spans[gaps] = np.where(last < 0, _HALF_SECOND, self.spans[last])
        unknown = self.times == UNKNOWN_TIME
        return self.times, np.where(unknown, self.times, self.times + self.spans)

    def by_minute(self) -> dict[int, int]:
        """Records by minute and level, of those with a time."""
        timed = self.times != UNKNOWN_TIME
        keys, counts = np.unique(
            self.times[timed] // (60 * SECOND) * 8 + self.levels[timed], return_counts=True
        )
        return dict(zip(keys.tolist(), counts.tolist(), strict=True))
