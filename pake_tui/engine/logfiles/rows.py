"""Items become rows, with cursors on either side; events between reads become rulers."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from pake_tui.engine.logfiles.cursor import Decoded, Place, Position, encode, place_text
from pake_tui.engine.logfiles.newcomers import kept
from pake_tui.engine.logfiles.strand import Item
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.engine.logfiles.view import View
from pake_tui.model.record import Address, Cursor, LogRow, Record, RowKind
from pake_tui.query import Query


class Cursors:
    """Spells the place where a merge stands. `tag` marks a filtered read, see `tag_of`."""

    def __init__(self, tapes: Sequence[Tape], tag: str) -> None:
        self._tag = tag
        self._heads = [tape.head() for tape in tapes]
        self._keys = [tape.key for tape in tapes]
        self._parts = [""] * len(tapes)

    def move(self, index: int, position: Position) -> None:
        """A file's strand stands elsewhere."""
        self._parts[index] = place_text(self._keys[index], position, self._heads[index])

    def keep(self, index: int, place: Place) -> None:
        """A file's place stays one that was taken before."""
        self._parts[index] = place_text(self._keys[index], place.position, place.head)

    def here(self, index: int = -1, time_ns: int | None = None) -> Cursor:
        """The place now; of a filtered read, beside a row of file `index` at a time."""
        if not self._tag or index < 0:
            return encode(self._parts)
        return encode(self._parts, self._tag, self._keys[index], time_ns)


def tag_of(query: Query) -> str:
    """What marks the cursors of a filtered read; empty for a read of everything."""
    return "" if query.empty else f"{crc32(str(query).encode('utf-8', 'replace')):x}"


def row_of(tape: Tape, item: Item, before: Cursor, after: Cursor) -> LogRow:
    """An item with a record or a ruler, as a row."""
    record = item.record
    kind = RowKind.RECORD
    if record is None:
        kind, record = (
            RowKind.RULER,
            Record(item.ruler, item.ruler, time_ns=item.time_ns, service=tape.service),
        )
    return LogRow(
        kind=kind,
        address=Address(tape.key, *item.start, tape.origin),
        record=record,
        path=tape.path,
        before=before,
        after=after,
        line=item.line,
        lines=item.lines,
    )


def lone_row(tape: Tape, item: Item) -> LogRow:
    """A row whose cursors know its own file only; places in others are found by time."""
    head = tape.head()
    before, after = (
        encode([place_text(tape.key, position, head)], "-", tape.key, item.time_ns)
        for position in (item.start, item.end)
    )
    return row_of(tape, item, before, after)


def event_of(tape: Tape, cursor: Decoded | None, begin: Position) -> str:
    """What happened to a file, read from `begin` on, since a cursor was taken; empty where it only grew."""
    if cursor is None:
        return ""
    place = cursor.places.get(tape.key)
    if place is None:
        return "" if cursor.time_ns is not None or begin > (0, 0) else f"{tape.path}: a new file begins"
    if not kept(tape, place) and begin == (0, 0):
        return f"{tape.path} was truncated or written anew; it is read from its start"
    return ""


def departures(view: View, cursor: Decoded) -> list[str]:
    """Keys of files that a cursor knows and that have left the view since."""
    here = {tape.key for tape in view.tapes}
    return [key for key in cursor.places if key not in here and key in view.gone]


def departure_row(view: View, key: str, here: Cursor) -> LogRow:
    """The ruler of a file that left the view."""
    words = f"{view.gone[key]} is gone: deleted, or moved out of view"
    return LogRow(RowKind.RULER, Address(key, 0), Record(words, words), view.gone[key], here, here)
