"""The orders of keys that a file's JSON lines have, and where in each time, level and IDs stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pake_tui.records import jsonkeys
from pake_tui.records.aliases import is_alias, plain_name
from pake_tui.records.timestamps import Clock

MOST_SHAPES = 1_000
MOST_IDS = 4
MOST_LEARNT_AT_ONCE = 50
_WATCHED = ("resourceLogs", "eventSource", "log", "stream")
"""Names that make the parser read an object in another way."""
_SEPARATORS = b"_-. "
_QUOTE = ord('"')
Ints = NDArray[np.int64]


class Shape(Struct, frozen=True):
    """Which of a line's keys that matter hold its time, its level (-1: it has none) and its IDs."""

    time: int
    level: int
    ids: tuple[int, ...]


def names_that_matter(aliases: Sequence[str]) -> tuple[str, ...]:
    """Of times, levels and IDs, and those that make the parser read an object in another way."""
    return (*jsonkeys.TIME, *jsonkeys.LEVEL, *_WATCHED, *aliases)


def endings(aliases: Sequence[str]) -> NDArray[np.bool_]:
    """The last two bytes (little-endian) of keys that matter: times, levels, aliases in any spelling."""
    table = np.zeros((256, 256), np.bool_)  # [last, the one before]
    table[list(_SEPARATORS)] = True
    table[128:] = True
    table[:, 128:] = True
    for name in (*jsonkeys.TIME, *jsonkeys.LEVEL, *_WATCHED):
        before, last = f'"{name}'.encode()[-2:]
        table[last, before] = True
    for name in aliases:
        plain = plain_name(name).encode()
        if not plain:
            continue
        befores = {*_SEPARATORS, ord('"'), *plain[-2:-1].lower(), *plain[-2:-1].upper()}
        for last in (*plain[-1:].lower(), *plain[-1:].upper()):
            table[last, list(befores)] = True
    return table.reshape(-1)


class Shapes:
    """Shapes by their hash; those that nobody may vouch for are remembered as such."""

    def __init__(self, aliases: tuple[str, ...], zone: tzinfo) -> None:
        self._aliases = aliases
        self._clock = Clock(zone)
        self._known: dict[int, Shape | None] = {}
        self._hashes = np.zeros(0, np.uint64)
        self._sure = np.zeros(0, np.bool_)
        self.time = self.level = np.zeros(0, np.int64)
        self.ids: list[Ints] = []

    def find(self, hashes: NDArray[np.uint64], example: Callable[[int], Shape | None]) -> Ints:
        """Each line's row in the tables; -1 where it has to be parsed. New ones are learnt by example."""
        found = self._find(hashes)
        new = np.flatnonzero(found == -2)
        if len(new) and len(self._known) < MOST_SHAPES:
            some, where = np.unique(hashes[new], return_index=True)
            for one, row in list(zip(some.tolist(), where.tolist(), strict=True))[:MOST_LEARNT_AT_ONCE]:
                self._known[one] = example(int(new[row]))
            self._tabulate()
            found = self._find(hashes)
        return np.maximum(found, -1)

    def _find(self, hashes: NDArray[np.uint64]) -> Ints:
        if not len(self._hashes):
            return np.full(len(hashes), -2, np.int64)
        at = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        same = self._hashes.take(at) == hashes
        return np.where(same, np.where(self._sure.take(at), at, -1), -2)

    def _tabulate(self) -> None:
        order = sorted(self._known)
        shapes = [self._known[one] or Shape(0, 0, ()) for one in order]
        self._hashes = np.array(order, np.uint64)
        self._sure = np.array([self._known[one] is not None for one in order], np.bool_)
        self.time = np.array([one.time for one in shapes], np.int64)
        self.level = np.array([one.level for one in shapes], np.int64)
        most = max((len(one.ids) for one in shapes), default=0)
        self.ids = [
            np.array([one.ids[n] if n < len(one.ids) else -1 for one in shapes], np.int64)
            for n in range(most)
        ]

    def learn(
        self, document: dict[str, object], names: Sequence[str], kinds: bytes, depths: Sequence[int] | None
    ) -> Shape | None:
        """The shape of an object with these keys; None where only the parser knows.

        Of each key `kinds` has its value's first sign, and `depths` in how many objects it is (None: these
        are the keys that matter in a flat object, else all keys there are).
        """
        time, level = jsonkeys.time_of(document, self._clock), jsonkeys.level_of(document)
        if time is None or any(name in document for name in _WATCHED):
            return None
        top = [name for n, name in enumerate(names) if depths is None or depths[n] == 1]
        if any(name not in document for name in top) or (depths and set(top) != set(document)):
            return None
        when = _column(time[0], jsonkeys.TIME, names, kinds)
        grade = -1 if level is None else _column(level[0], jsonkeys.LEVEL, names, kinds)
        if level is None and any(name in document for name in (*jsonkeys.LEVEL, "log")):
            return None
        paths = names if depths is None else _paths(names, depths)
        ids = [
            n
            for n, name in enumerate(names)
            if is_alias(name, self._aliases) or is_alias(paths[n], self._aliases)
        ]
        if when is None or grade is None or any(kinds[n] in b"-0123456789" for n in ids):
            return None
        if depths is not None and (depths[when] != 1 or (grade >= 0 and depths[grade] != 1)):
            return None
        columns = tuple(n for n in ids if kinds[n] == _QUOTE)
        return Shape(when, grade, columns) if len(columns) <= MOST_IDS else None


def _paths(names: Sequence[str], depths: Sequence[int]) -> list[str]:
    """Each key's dotted path."""
    stack: list[str] = []
    paths = []
    for name, depth in zip(names, depths, strict=True):
        del stack[max(0, depth - 1) :]
        stack.append(name)
        paths.append(".".join(stack))
    return paths


def _column(name: str, known: Sequence[str], names: Sequence[str], kinds: bytes) -> int | None:
    """Where a name stands; None where it is not alone in its rank, or holds no string."""
    better = known[: known.index(name)]
    if names.count(name) != 1 or any(one in names for one in better):
        return None
    at = names.index(name)
    return at if kinds[at] == _QUOTE else None
