"""A parsed query: what it matches, and what a reader may conclude from it before it reads."""

from __future__ import annotations

import re
from functools import cached_property

from msgspec import Struct

from pake_tui.model.record import Record
from pake_tui.query.needles import needles_of
from pake_tui.query.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldRegex,
    Node,
    Or,
    Regex,
    Subject,
    Text,
    Within,
    leaves,
)
from pake_tui.query.regexes import compiled
from pake_tui.query.terms import RESERVED
from pake_tui.query.values import smart
from pake_tui.records.aliases import CORRELATION_IDS

HIGHLIGHT_CHARACTERS = 4_000


class Query(Struct, frozen=True, dict=True):
    """A query; `str()` spells it so that it parses to an equal one. `root` is None where it is empty."""

    root: Node | None = None
    aliases: tuple[str, ...] = CORRELATION_IDS

    def __str__(self) -> str:
        return "" if self.root is None else str(self.root)

    @property
    def empty(self) -> bool:
        """Whether it matches everything."""
        return self.root is None

    def matches(self, record: Record, time_ns: int | None = None) -> bool:
        """Whether a masked record is a hit; `time_ns` stands in where the record states no time."""
        return self.root is None or self.root.matches(Subject(record, time_ns, self.aliases))

    @cached_property
    def time_range(self) -> tuple[int | None, int | None]:
        """No record outside these times (UTC ns, both included, None: no bound) can match."""
        return _range(self.root)

    @cached_property
    def fields_named(self) -> frozenset[str]:
        """Fields that its terms ask for, without those that every record may have."""
        names = {
            node.name
            for node in leaves(self.root, negated=True)
            if isinstance(node, (Exists, Equals, Compare, FieldRegex))
        }
        return frozenset(name for name in names if name not in RESERVED and name != "message")

    @cached_property
    def needles(self) -> tuple[frozenset[bytes], ...]:
        """Lower-case ASCII literals: of each set at least one stands in the raw bytes, in lower case, of
        every record that matches. Empty where nothing is known; `needles.trusted` says where it holds.
        """
        return needles_of(self.root)

    def highlights(self, text: str) -> list[tuple[int, int]]:
        """Where words, phrases and patterns of the query stand in a text: (start, end), in order, apart."""
        seen = text[:HIGHLIGHT_CHARACTERS]
        spans: list[tuple[int, int]] = []
        for node in leaves(self.root, negated=False):
            if isinstance(node, Text):
                pattern = re.compile(re.escape(node.text), 0 if smart(node.text) else re.IGNORECASE)
            elif isinstance(node, Regex):
                pattern = compiled(node.pattern)
            elif isinstance(node, Equals) and node.name == "cid" and node.value.parts[0]:
                pattern = re.compile(re.escape(node.value.parts[0]), re.IGNORECASE)
            else:
                continue
            spans += [found.span() for found in pattern.finditer(seen) if found.end() > found.start()]
        return _joined(spans)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _range(node: Node | None) -> tuple[int | None, int | None]:
    if isinstance(node, Within):
        return node.since_ns, node.until_ns
    if not isinstance(node, (And, Or)):
        return None, None
    ranges = [_range(term) for term in node.terms]
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    known_lows, known_highs = [n for n in lows if n is not None], [n for n in highs if n is not None]
    if isinstance(node, And):
        return max(known_lows, default=None), min(known_highs, default=None)
    low = min(known_lows) if len(known_lows) == len(lows) else None
    return low, max(known_highs) if len(known_highs) == len(highs) else None
