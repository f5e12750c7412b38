"""Finds where what should be shown is what is shown, moved up or down: a scroll region saves these rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from pake_tui.tui.terminal.cells import Row

LEAST = 5
"""Rows that must be saved for a scroll to be worth its own bytes and the rows that it disturbs."""


class Scroll(Struct, frozen=True):
    """Rows [top, bottom) move up by `by` lines, down where that is negative."""

    top: int
    bottom: int
    by: int

    def moved(self, rows: Sequence[Row | None]) -> list[Row | None]:
        """The rows after the scroll; those that came in are unknown."""
        inside = list(rows[self.top : self.bottom])
        lines = abs(self.by)
        new: list[Row | None] = [None] * min(lines, len(inside))
        inside = inside[lines:] + new if self.by > 0 else new + inside[:-lines]
        return [*rows[: self.top], *inside, *rows[self.bottom :]]


def find_scroll(sent: Sequence[Row | None], wanted: Sequence[Row], changed: Sequence[int]) -> Scroll | None:
    """The scroll that saves most rows, if it saves enough. Only whole rows are compared."""
    if len(changed) < LEAST:
        return None
    where: dict[int, list[int]] = {}
    for y in changed:
        if (row := sent[y]) is not None:
            where.setdefault(_hash(row), []).append(y)
    votes: Counter[int] = Counter()
    saved: dict[int, list[int]] = {}
    for y in changed:
        for old in where.get(_hash(wanted[y]), ())[:8]:
            if old != y and sent[old] == wanted[y]:
                votes[old - y] += 1
                saved.setdefault(old - y, []).append(y)
    if not votes:
        return None
    by, count = votes.most_common(1)[0]
    if count < LEAST:
        return None
    rows = saved[by]
    top, bottom = min(rows[0], rows[0] + by), max(rows[-1], rows[-1] + by) + 1
    altered = set(changed)
    disturbed = sum(
        y not in altered and not (top <= y + by < bottom and sent[y + by] == wanted[y])
        for y in range(top, bottom)
    )
    return Scroll(top, bottom, by) if count - disturbed >= LEAST else None


def _hash(row: Row) -> int:
    return hash((tuple(row[0]), tuple(map(id, row[1]))))
