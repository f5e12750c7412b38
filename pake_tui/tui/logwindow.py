"""The rows that a log view holds: a bounded window over a view of any size, grown at both ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.model.record import Address, Cursor, Direction, LogRow, RowKind

LIMIT = 4_000
PAGE = 200


class Window(Struct):
    """Rows in the order of the view, with the places from which either end is read on.

    `older` and `newer` are None where nothing was read yet. `at_oldest` and `at_newest` say that there
    was nothing further when that end was last read.
    """

    limit: int = LIMIT
    rows: list[LogRow] = field(default_factory=list)
    older: Cursor | None = None
    newer: Cursor | None = None
    at_oldest: bool = False
    at_newest: bool = False
    came: int = 0
    """Records that match, and were not there, in the batch that was last put at an end."""

    def __len__(self) -> int:
        return len(self.rows)

    def open(self, edge: Cursor | None, *, at_oldest: bool = False, at_newest: bool = False) -> None:
        """Empty it: a read begins at `edge` (None: at an end whose place is not known yet)."""
        self.rows = []
        self.older = self.newer = edge
        self.at_oldest, self.at_newest = at_oldest, at_newest

    def grow(self, direction: Direction, rows: Sequence[LogRow], cursor: Cursor, at_end: bool) -> int:
        """Put a batch at one end, and trim the other to the limit.

        Returns by how much the index of a row that stays has changed.
        """
        fresh = self._unseen(rows)
        self.came = sum(row.kind is RowKind.RECORD and row.matched for row in fresh)
        if direction is Direction.OLDER:
            self.older, self.at_oldest = cursor, at_end
            if self.newer is None and fresh:
                self.newer = fresh[-1].after
            self.rows[:0] = fresh
            self._trim_newest()
            return len(fresh)
        self.newer, self.at_newest = cursor, at_end
        if self.older is None and fresh:
            self.older = fresh[0].before
        self.rows += fresh
        return -self._trim_oldest()

    def room(self) -> int:
        """How many rows may come before the other end is trimmed."""
        return max(0, self.limit - len(self.rows))

    def hits(self) -> int:
        """Records that match."""
        return sum(row.kind is RowKind.RECORD and row.matched for row in self.rows)

    def index_of(self, address: Address) -> int | None:
        """Where a record stands; None where it is not in the window."""
        for index, row in enumerate(self.rows):
            if row.address == address and row.kind is RowKind.RECORD:
                return index
        return None

    def seek(self, start: int, step: int, wanted: Callable[[LogRow], bool]) -> int | None:
        """The next record from `start` (not itself) in steps of +1 or -1 that is wanted."""
        index = start + step
        while 0 <= index < len(self.rows):
            row = self.rows[index]
            if row.kind is RowKind.RECORD and wanted(row):
                return index
            index += step
        return None

    def _unseen(self, rows: Sequence[LogRow]) -> list[LogRow]:
        """The batch without records that stand at either end already, which take their place there.

        Two reads may meet at one place, and a record at the end may have got more lines since. Rulers tell of
        events, each its own.
        """
        size = len(self.rows)
        ends = (*range(min(PAGE, size)), *range(max(0, size - PAGE), size))
        came = {row.address for row in rows if row.kind is RowKind.RECORD}
        # While a file's first line was not whole yet, its origin was 0.
        came |= {replace(one, origin=0) for one in came if not one.offset}
        standing = ((self.rows[index], index) for index in ends if self.rows[index].address in came)
        near = {row.address: index for row, index in standing if row.kind is RowKind.RECORD}
        fresh = []
        for row in rows:
            known = near.get(row.address)
            if known is None and not row.address.offset:
                known = near.get(replace(row.address, origin=0))
            if known is None or row.kind is RowKind.RULER:
                fresh.append(row)
            else:
                self.rows[known] = row
        return fresh

    def _trim_newest(self) -> None:
        if len(self.rows) > self.limit:
            del self.rows[self.limit :]
            self.newer, self.at_newest = self.rows[-1].after, False

    def _trim_oldest(self) -> int:
        surplus = len(self.rows) - self.limit
        if surplus <= 0:
            return 0
        del self.rows[:surplus]
        self.older, self.at_oldest = self.rows[0].before, False
        return surplus
