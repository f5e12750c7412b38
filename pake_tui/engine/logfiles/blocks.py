"""Bytes become records: blocks that hold whole records, read in either direction, split into their lines.

A line ends at its newline. One longer than 64 MB also ends where a stretch of 64 MB without a newline does,
so that no file makes a reader scan it whole; both directions agree on that place.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.engine.logfiles.tape import Tape, decoded
from pake_tui.model.record import Record

STRETCH = 64 * 1024 * 1024
PIECE = 256 * 1024
RECORD_LINES = 5_000
HOLE = bytes(16)
"""NULs at a line's start that nobody wrote; fewer stay."""
_MIDDLE = ("Traceback (most recent call last):", '  File "x.py", line 1, in x')
"""The middle of a traceback: what begins a record even there begins one anywhere."""


class Raw(Struct, frozen=True):
    """The bytes of one record: where they lie, its lines as text, and what of them is not shown.

    `line` counts the line breaks between the block's start and the record; `height` its physical lines,
    blank ones before the next record included.
    """

    start: int
    end: int
    lines: tuple[str, ...]
    skipped: str = ""
    line: int = 0
    height: int = 1

    def parse(self, tape: Tape) -> list[Record]:
        """Its records; each says what was skipped."""
        records = tape.parser_now.parse(self.lines)
        if not self.skipped:
            return records
        return [replace(one, skipped="; ".join(filter(None, (self.skipped, one.skipped)))) for one in records]


class _Gathering:
    """The lines of the record that is being put together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.start = self.line = self.blanks = 0
        self.texts: list[str] = []
        self._cut: list[str] = []
        self._lost = 0

    def begin(self, start: int, line: int) -> None:
        """Another record."""
        self.start, self.line, self.blanks = start, line, 0
        self.texts, self._cut, self._lost = [], [], 0

    def add(self, raw: bytes, text: str, length: int, lost: int, hole: int) -> None:
        """A further line of it; `lost` bytes could not be decoded, and `hole` NULs stood before it."""
        self.texts += [""] * self.blanks
        self.blanks = 0
        if hole:
            self._cut.append(f"a hole of {_amount(hole)} (NULs) skipped")
        if length > self._most:
            self._cut.append(f"line of {_amount(length)} cut after {_amount(self._most)}")
            text, lost = decoded(_whole_characters(raw[: self._most]), self.start == 0 and not self.texts)
        self.texts.append(text)
        self._lost += lost

    def full(self, at: int) -> bool:
        """Whether it is as long as a record may be."""
        return at - self.start > self._most or len(self.texts) >= RECORD_LINES

    def raw(self, end: int, *, last: bool) -> Raw:
        """The record, which ends at an offset; blank lines at the very end of a file belong to none."""
        notes = list(self._cut)
        if self._lost > 0:
            notes.append(f"{self._lost} undecodable byte{'s' if self._lost > 1 else ''} shown as \ufffd")
        height = len(self.texts) + (0 if last else self.blanks)
        return Raw(self.start, end, tuple(self.texts), "; ".join(notes), self.line, height)


class Block(Struct, frozen=True):
    """Whole records between two offsets. `cut` is the length of the one line that `data` begins, behind a
    `hole` of NULs, as truncation leaves it where the writer goes on at its old place.
    """

    start: int
    end: int
    data: bytes
    cut: int = 0
    hole: int = 0

    def records(self, tape: Tape) -> list[Raw]:
        """The records in file order."""
        starts = tape.parser_now.starts_record
        found: list[Raw] = []
        record = _Gathering(tape.reading.record_bytes)
        at = self.start
        for number, whole in enumerate(self.lines()):
            line = whole.lstrip(b"\0") if whole.startswith(HOLE) else whole
            text, lost = decoded(line, at == 0)
            if not text.strip():
                record.blanks += bool(record.texts)
            else:
                if record.texts and (starts(text, record.texts) or record.full(at)):
                    found.append(record.raw(at, last=False))
                    record.texts = []
                if not record.texts:
                    record.begin(at, number)
                record.add(line, text, self.cut or len(line), lost, self.hole or len(whole) - len(line))
            at += len(whole) + 1
        if record.texts:
            found.append(record.raw(self.end, last=self.end >= tape.size))
        return found

    def part(self, start: int, end: int) -> Block:
        """The whole records between two places in its data."""
        return Block(self.start + start, self.start + end, self.data[start:end])

    def newlines(self, tape: Tape) -> int:
        """Line breaks in the block."""
        return int(tape.read(self.end - 1, 1) == b"\n") if self.cut else self.data.count(b"\n")

    def lines(self) -> list[bytes]:
        """Its physical lines."""
        lines = self.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return lines


def surely_starts(tape: Tape, line: bytes) -> bool:
    """Whether a line begins a record whatever stands before it, so that reading may begin there."""
    return tape.parser_now.starts_record(decoded(line)[0], _MIDDLE)


def newer(tape: Tape, start: int, end: int, size: int = PIECE) -> Iterator[Block]:
    """Blocks from a record's start up to `end`, oldest first."""
    while start < end:
        block = _block_after(tape, start, end, size)
        if block is None:
            return
        yield block
        start = block.end


def older(tape: Tape, end: int, size: int = PIECE, floor: int = 0) -> Iterator[Block]:
    """Blocks from a boundary back to the record that begins at `floor`, newest first."""
    while end > floor:
        block = _block_before(tape, end, size, floor)
        if block is None:
            return
        yield block
        end = block.start


def line_end(tape: Tape, start: int, end: int) -> int:
    """Where the line that begins at `start` ends, its newline included; `end` where it is not finished."""
    at = start
    while at < end:
        # The end of a stretch that lies whole inside this line is a place to break it.
        stop = min(end, (at // STRETCH + 1) * STRETCH, at + 4 * PIECE)
        found = tape.read(at, stop - at).find(b"\n")
        if found >= 0:
            return at + found + 1
        if stop % STRETCH == 0 and stop - STRETCH >= start:
            return stop
        at = stop
    return end


def line_start(tape: Tape, end: int) -> int:
    """Where the line begins that ends at `end` (a boundary, or the end of the file)."""
    boundary = (end - 1) // STRETCH * STRETCH
    floor = max(0, boundary - STRETCH)
    at = end - 1
    while at > floor:
        begin = max(floor, at - 4 * PIECE, boundary if at > boundary else 0)
        found = tape.read(begin, at - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    if floor == 0 and boundary < STRETCH:
        return 0
    return boundary


def _block_after(tape: Tape, start: int, end: int, size: int) -> Block | None:
    most = tape.reading.record_bytes
    while True:
        data = tape.read(start, min(size, end - start))
        if not data:
            return None
        if start + len(data) >= end:
            return Block(start, start + len(data), data)
        stop = data.rfind(b"\n") + 1
        if not stop and size <= most:
            size *= 2
            continue
        if not stop:
            stop = line_end(tape, start, end) - start
            return _long_line(tape, start, start + stop)
        while begin := data.rfind(b"\n", 0, stop - 1) + 1:
            line, stop = data[begin : stop - 1], begin
            if surely_starts(tape, line):
                return Block(start, start + stop, data[:stop])
        if size > most:
            return Block(start, start + data.rfind(b"\n") + 1, data[: data.rfind(b"\n") + 1])
        size *= 2


def _long_line(tape: Tape, start: int, end: int) -> Block:
    """The one line between two offsets: as much of it as is shown, from where it says something."""
    at = start
    while at < end:
        data = tape.read(at, min(PIECE, end - at))
        if bare := data.lstrip(b"\0"):
            at += len(data) - len(bare)
            break
        at += PIECE
    data = tape.read(at, min(tape.reading.record_bytes + 4, end - at)) if at < end else b""
    return Block(start, end, data, max(1, end - at), at - start)


def _block_before(tape: Tape, end: int, size: int, floor: int) -> Block | None:
    most = tape.reading.record_bytes
    while True:
        begin = max(floor, end - size)
        data = tape.read(begin, end - begin)
        if not data:
            return None
        skip = 0 if begin == floor else data.find(b"\n", 0, len(data) - 1) + 1
        if begin > floor and not skip and size <= most:
            size *= 2
            continue
        if begin > floor and not skip:
            start = max(floor, line_start(tape, end))
            length = end - start
            if length > most:
                return _long_line(tape, start, end)
            skip, data, begin = 0, tape.read(start, length), start
        at = skip
        for line in data[skip:].split(b"\n"):
            if surely_starts(tape, line) and at < len(data):
                return Block(begin + at, end, data[at:])
            at += len(line) + 1
        if begin == floor or size > most:
            return Block(begin + skip, end, data[skip:])
        size *= 2


def _amount(count: int) -> str:
    """Bytes as people read them."""
    for size, unit in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


def _whole_characters(raw: bytes) -> bytes:
    """The bytes without a character that was cut in half at their end."""
    for back in range(1, min(4, len(raw)) + 1):
        if raw[-back] & 0xC0 != 0x80:
            width = 1 if raw[-back] < 0x80 else 2 if raw[-back] < 0xE0 else 3 if raw[-back] < 0xF0 else 4
            return raw[:-back] if width > back else raw
    return raw
