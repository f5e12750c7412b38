"""What a query can say of a block before it is read: which levels may match, and which surely do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from msgspec import Struct

from pake_tui.engine.logfiles.index.hashing import PREFIX, searchable
from pake_tui.engine.logfiles.index.layout import UNKNOWN_TIME
from pake_tui.engine.logfiles.index.lookup import LogIndex
from pake_tui.model.record import LEVEL_COLUMNS
from pake_tui.query import Query
from pake_tui.query.nodes import COMPARISONS, And, Equals, LevelIs, Node, Not, Or, Within

ALL = (1 << len(LEVEL_COLUMNS)) - 1
Marks = tuple[int, int]
"""A bit for each column of levels: of which some records may match, of which all do."""


class Judge(Struct, frozen=True, dict=True):
    """A query against the blocks of an index."""

    index: LogIndex
    query: Query

    @cached_property
    def named(self) -> bool:
        """Whether every hit has to have a known ID."""
        return self.query.root is not None and self._named(self.query.root) is not None

    def blocks(self) -> list[int]:
        """The blocks that may hold a hit, rising. Broken; OSError."""
        root = self.query.root
        some: Sequence[int] = range(len(self.index.columns.starts))
        if root is None:
            return list(some)
        if (named := self._named(root)) is not None:
            some = sorted(named)
        if not _times(root):
            # Without times the answer hangs on the levels present alone: settled by a table.
            may = levels_asked(self.query)
            table = bytes(bool(may & present) for present in range(256))
            wanted = self.index.levels_present.translate(table)
            return [number for number in some if wanted[number]]
        present = self.index.levels_present
        since, until = self.query.time_range
        if since is not None or until is not None:
            some = [number for number in some if self._near(number, since, until)]
        return [number for number in some if self._marks(root, number)[0] & present[number]]

    def _near(self, number: int, since: int | None, until: int | None) -> bool:
        low, high = self.index.columns.lows[number], self.index.columns.highs[number]
        if low == UNKNOWN_TIME:
            return True
        return (since is None or high >= since) and (until is None or low <= until)

    def counted(self) -> tuple[int, list[int]]:
        """Hits in the blocks that are settled without reading, and the blocks that have to be read."""
        root, levels = self.query.root, self.index.columns.levels
        present = self.index.levels_present
        if root is None:
            return 0, self.blocks()
        hits, unsettled = 0, []
        if not _times(root):
            may, must = _marks(root, _any_time)
            if may == must:
                return sum(sum(levels[n]) for n in range(len(levels)) if must >> n & 1), []
        for number in self.blocks():
            may, must = self._marks(root, number)
            if (may ^ must) & present[number]:
                unsettled.append(number)
            else:
                hits += sum(levels[n][number] for n in range(len(levels)) if must >> n & 1)
        return hits, unsettled

    def _named(self, node: Node) -> frozenset[int] | None:
        """The blocks in which an ID that every hit must have may be; None where none is asked for."""
        if isinstance(node, And):
            each = [found for term in node.terms if (found := self._named(term)) is not None]
            return frozenset.intersection(*each) if each else None
        if isinstance(node, Or):
            some = [self._named(term) for term in node.terms]
            known = [one for one in some if one is not None]
            return frozenset().union(*known) if len(known) == len(some) else None
        if isinstance(node, Equals) and node.name == "cid":
            parts = node.value.parts
            whole = len(parts) == 1
            if searchable(parts[0]) and (whole or len(parts[0]) >= PREFIX):
                return self.index.blocks_of(parts[0], prefix=not whole)
        return None

    def _marks(self, root: Node, number: int) -> Marks:
        return _marks(root, lambda node: self._time(node, number))

    def _time(self, node: Within, number: int) -> Marks:
        if not self.index.timed(number):
            return ALL, 0
        low, high = self.index.columns.lows[number], self.index.columns.highs[number]
        since, until = node.since_ns, node.until_ns
        if (since is not None and high < since) or (until is not None and low > until):
            return 0, 0
        inside = (since is None or low >= since) and (until is None or high <= until)
        return ALL, ALL if inside else 0


def levels_asked(query: Query) -> int:
    """A bit for each column of levels that a hit may have."""
    return ALL if query.root is None else _marks(query.root, _any_time)[0]


def _any_time(_: Within) -> Marks:
    return ALL, 0


def _marks(node: Node, when: Callable[[Within], Marks]) -> Marks:
    """What a term says of the levels, where `when` judges times."""
    if isinstance(node, LevelIs):
        compare = COMPARISONS[node.operator]
        known = [(n, level) for n, level in enumerate(LEVEL_COLUMNS) if level is not None]
        mask = sum(1 << n for n, level in known if compare(level, node.level))
        return mask, mask
    if isinstance(node, Within):
        return when(node)
    if isinstance(node, Not):
        may, must = _marks(node.term, when)
        return ALL & ~must, ALL & ~may
    if isinstance(node, (And, Or)):
        may, must = _marks(node.terms[0], when)
        for term in node.terms[1:]:
            other = _marks(term, when)
            if isinstance(node, And):
                may, must = may & other[0], must & other[1]
            else:
                may, must = may | other[0], must | other[1]
        return may, must
    return ALL, 0


def _times(node: Node) -> bool:
    """Whether a query asks for times anywhere."""
    if isinstance(node, (And, Or)):
        return any(_times(term) for term in node.terms)
    return _times(node.term) if isinstance(node, Not) else isinstance(node, Within)
