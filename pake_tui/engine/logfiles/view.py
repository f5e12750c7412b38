"""What a read works on: the tapes of one moment, and how places in them are found."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from pake_tui.engine.logfiles import blocks
from pake_tui.engine.logfiles.cursor import Decoded, Position
from pake_tui.engine.logfiles.index import index_of
from pake_tui.engine.logfiles.newcomers import Look, cut_since, kept, rotated_newcomers
from pake_tui.engine.logfiles.strand import SCREEN_PIECE, time_before
from pake_tui.engine.logfiles.tape import Tape

NEAR = 32 * 1024
LAST_LINE = 4 * 1024
"""Bytes in which the last line is looked for before more is read."""
PROBE_BYTES = 64 * 1024
HOLD_WHOLE_S = 0.1
HOLD_PART_S = 1.0


class View(Struct, frozen=True):
    """Open files in the order in which equal times stand; `gone` names files that left, by key.

    `seen` is what the files were when others were looked for, by key.
    """

    tapes: tuple[Tape, ...] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, Look] = field(default_factory=dict)

    def tape(self, key: str) -> Tape | None:
        """The file of a key."""
        return next((tape for tape in self.tapes if tape.key == key), None)


def positions(view: View, cursor: Decoded, query: str, *, newer: bool = False) -> list[Position | None]:
    """The place of a cursor in each file of the view; 0 in files that it does not know or that were cut, but
    for rotated ones, see `rotated_newcomers`. None: nothing of the file is read yet.

    `query` is the tag of the query that reads on: by another one, other files are found by the row's time.
    """
    found: list[Position | None] = []
    own_index = next((n for n, tape in enumerate(view.tapes) if tape.key == cursor.own), -1)
    places = ((tape, cursor.places.get(tape.key)) for tape in view.tapes)
    held = {tape.key: place for tape, place in places if place is not None and kept(tape, place)}
    rotated = rotated_newcomers(view.tapes, cursor, held, newer=newer)
    for index, tape in enumerate(view.tapes):
        place = cursor.places.get(tape.key)
        if place is not None and tape.key in rotated:
            found.append(rotated[tape.key])
        elif place is not None and tape.key not in held:
            # Cut this very moment: what it held may be in a copy that the view does not have yet.
            unsure = newer and tape.key in view.seen and cut_since(tape, view.seen[tape.key])
            found.append(None if unsure else (0, 0))
        elif cursor.time_ns is None or index == own_index or cursor.query == query:
            found.append(rotated.get(tape.key, (0, 0)) if place is None else place.position)
        else:
            after = cursor.time_ns + 1 if index < own_index else cursor.time_ns
            found.append((find_time(tape, after), 0))
    return found


def find_time(tape: Tape, time_ns: int) -> int:
    """The offset of the first record at or after a time, by halving; the file's size if there is none."""
    tape.parser()
    low, high = 0, tape.size
    if (index := index_of(tape)) is not None:
        if (at := index.place(time_ns)) is not None:
            return _walk(tape, at, time_ns)
        low = index.end
    while high - low > NEAR:
        middle = (low + high) // 2
        probed = _probe(tape, middle, high)
        if probed is None or probed[1] >= time_ns:
            high = middle
        else:
            low = probed[0]
    return _walk(tape, low, time_ns)


def _probe(tape: Tape, middle: int, high: int) -> tuple[int, int] | None:
    """The first record that begins at or after `middle` and states a time: its offset and time."""
    stop = min(high, middle + PROBE_BYTES)
    data = tape.read(middle, stop - middle)
    at = data.find(b"\n") + 1
    parser = tape.parser_now
    for line in data[at:].split(b"\n")[:-1] if at else []:
        text = line.decode(errors="replace").rstrip("\r")
        if parser.starts_record(text) and (found := parser.time_of(text)) is not None:
            return middle + at, found
        at += len(line) + 1
    return None


def _walk(tape: Tape, start: int, time_ns: int) -> int:
    """The first record from `start` on whose time, its own or inherited, is not before `time_ns`."""
    known = time_before(tape, start) if start else None
    for block in blocks.newer(tape, start, tape.size, SCREEN_PIECE):
        for raw in block.records(tape):
            stated = tape.parser_now.time_of(raw.lines[0])
            known = known if stated is None else stated
            if (tape.fallback_ns if known is None else known) >= time_ns:
                return raw.start
    return tape.size


def grown_from(tape: Tape, offset: int) -> int:
    """Where to read on from an offset: the start of the record before it, if that has grown since."""
    size = tape.size
    if not 0 < offset < size:
        return offset
    following = tape.read(offset, SCREEN_PIECE).split(b"\n", 1)[0]
    if tape.read(offset - 1, 1) == b"\n" and (not following or blocks.surely_starts(tape, following)):
        return offset
    before = next(blocks.older(tape, offset, SCREEN_PIECE), None)
    raws = before.records(tape) if before else []
    if not raws:
        return offset
    again = next(blocks.newer(tape, raws[-1].start, size, SCREEN_PIECE), None)
    whole = again.records(tape) if again else []
    return raws[-1].start if whole and whole[0].end > offset else offset


def settled(tape: Tape) -> int:
    """Up to where a file is read while it is followed: a record that is just being written waits.

    An unfinished line waits a second, a record that may get more lines a tenth of it.
    """
    size = tape.size
    age = tape.age()
    if size == 0 or not 0 <= age < HOLD_PART_S:
        return size
    if tape.read(size - 1, 1) != b"\n":
        return _last_start(tape, size)
    if age >= HOLD_WHOLE_S:
        return size
    start = _last_start(tape, size)
    first = tape.read(start, min(size - start, 4096))
    # A line that is one JSON object gets no second line.
    return size if first.startswith(b"{") and tape.read(size - 2, 1) == b"}" else start


def _last_start(tape: Tape, size: int) -> int:
    data = tape.read(max(0, size - LAST_LINE), LAST_LINE)
    begin = data.rfind(b"\n", 0, len(data) - 1) + 1
    if begin and blocks.surely_starts(tape, data[begin:].removesuffix(b"\n")):
        return size - len(data) + begin
    block = next(blocks.older(tape, size, SCREEN_PIECE), None)
    raws = block.records(tape) if block else []
    return raws[-1].start if raws else size
