"""Which lines of a block have to be parsed for a query, where most lines are one JSON object each.

Such a line is a record of its own, so a query's needles, or a comparison of numbers, can pass over it by its
bytes alone. What is no object is always looked at, with the line before it, which it may continue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct

from pake_tui.engine.logfiles.tape import Reading
from pake_tui.model.record import LEVEL_COLUMNS
from pake_tui.query import Query
from pake_tui.query.needles import trusted
from pake_tui.query.nodes import COMPARISONS, And, Compare, LevelIs
from pake_tui.query.values import as_number, dig
from pake_tui.records import jsonkeys
from pake_tui.records.levels import parse_level
from pake_tui.text.masking import mask_fields

if TYPE_CHECKING:
    from pake_tui.engine.logfiles.textspans import TextSpans

Span = tuple[int, int]
SHORTEST_TEXT = 1 << 17
"""Shorter blocks are not worth loading numpy."""
MOST_ODD = 8
"""One line in so many may be no object; with more of them all is parsed."""
_USED = (jsonkeys.TIME, jsonkeys.LEVEL, jsonkeys.MESSAGE, jsonkeys.LOGGER, jsonkeys.SERVICE, ("name",))
_PARTLY_USED = frozenset(name.lower() for names in _USED for name in names)
"""Names that the parser may take out of a record's fields."""
_OTHERWISE = ("resourceLogs", "log", "eventSource")
"""Names that make the parser read an object in another way."""
_LEVEL = re.compile(rb'"level": ?"([a-z]{1,16})"')
"""The name that comes before all others for a level, with a word."""
_LARGEST = 10**6
"""Larger numbers may be a card's or a phone's, which are masked."""


def odd_spans(data: bytes) -> list[Span] | None:
    """The lines that are no object, and each line before one, joined; None where those are many.

    Spans are (start, end behind the line's break).
    """
    breaks = data.count(b"\n")
    if (
        data[:1] == b"{"
        and data[-2:] == b"}\n"
        and data.count(b"}\n") == breaks
        and data.count(b"\n{") == breaks - 1
    ):
        return []
    if data[:1] != b"{":
        return None
    spans: list[Span] = []
    at = before = 0
    most = 2 + breaks // MOST_ODD
    for line in data.split(b"\n"):
        end = min(at + len(line) + 1, len(data))
        if end > at and (line[:1] != b"{" or line[-1:] != b"}"):
            _add(spans, before, end)
            if len(spans) > most:
                return None
        before, at = at, end
    return spans


def _add(spans: list[Span], start: int, end: int) -> None:
    """Add a span that begins no earlier than the last; what touches is joined."""
    if spans and start <= spans[-1][1]:
        spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
    else:
        spans.append((start, end))


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans in their order, what touches or overlaps joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        _add(joined, start, end)
    return joined


def _line_around(data: bytes, found: re.Match[bytes]) -> Span:
    """The line in which something was found, its break included."""
    return data.rfind(b"\n", 0, found.start()) + 1, data.find(b"\n", found.end()) + 1 or len(data)


class Suspects(Struct, dict=True):
    """A query's reasons to look at a line."""

    query: Query
    reading: Reading

    def text(self, data: bytes) -> TextSpans | None:
        """Who looks at a block of text; None where it is short."""
        return self._text if len(data) >= SHORTEST_TEXT and data.endswith(b"\n") else None

    @cached_property
    def _text(self) -> TextSpans:
        from pake_tui.engine.logfiles.textspans import TextSpans

        return TextSpans(self.reading)

    def spans(self, data: bytes) -> list[Span] | None:
        """The lines that may match, rising; None where nothing can be passed over."""
        pattern = self._pattern
        if pattern is None and self._levels is not None and trusted(data):
            if data[:1] != b"{" and (text := self.text(data)) is not None:
                return text.without(data, self._levels.passed)
            return self._levels.spans(data)
        if pattern is None or not trusted(data) or (odd := odd_spans(data)) is None:
            return None
        spans: list[Span] = []
        behind = 0
        for found in pattern.finditer(data.lower()):
            if found.start() >= behind:
                number = found[1] if self.number else None
                if number is None or self.number is None or self.number.compare(float(number)):
                    start, behind = _line_around(data, found)
                    spans.append((start, behind))
        if not odd:
            return spans
        return _joined((*spans, *odd))

    def counted(self, data: bytes) -> tuple[int, list[Span]] | None:
        """Hits that are sure without the parser, and the lines that only it can judge; None as above."""
        number = self.number
        if number is None or not trusted(data) or (odd := odd_spans(data)) is None:
            return None
        hits = 0
        doubtful = list(odd)
        behind = place = 0
        for found in number.pattern.finditer(data.lower()):
            written = found[1]
            if found.start() < behind or (written is not None and not number.compare(float(written))):
                continue
            while place < len(odd) and odd[place][1] <= found.start():
                place += 1
            if place < len(odd) and odd[place][0] <= found.start():
                continue
            start, behind = _line_around(data, found)
            verdict = number.judge(data[start:behind])
            hits += verdict is True
            if verdict is None:
                doubtful.append((start, behind))
        return hits, sorted(doubtful)

    @cached_property
    def number(self) -> Number | None:
        """The query as a comparison of a field that the parser leaves among the fields."""
        term = self.query.root
        return number_of(term) if isinstance(term, Compare) else None

    @cached_property
    def _levels(self) -> Levels | None:
        """Where every hit has a level of some kind."""
        root = self.query.root
        terms = root.terms if isinstance(root, And) else (root,)
        term = next((term for term in terms if isinstance(term, LevelIs)), None)
        return None if term is None else Levels(term)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes] | None:
        """What a line has that may match, in lower case."""
        if self.number is not None:
            return self.number.pattern
        if not self.query.needles:
            return None
        best = max(self.query.needles, key=_shortest)
        return re.compile(b"|".join(map(re.escape, sorted(best))))


def _shortest(some: Sequence[bytes] | frozenset[bytes]) -> int:
    return min(len(one) for one in some)


class Levels:
    """`level>=error`: passes over flat objects whose `level` is a word for another one."""

    def __init__(self, term: LevelIs) -> None:
        self._compare = COMPARISONS[term.operator]
        self._level = term.level
        self._known: dict[bytes, bool] = {}
        self.passed = frozenset(
            level for level in LEVEL_COLUMNS if level is None or not self._compare(level, self._level)
        )
        """Levels that no hit has."""

    def spans(self, data: bytes) -> list[Span] | None:
        """As `Suspects.spans`."""
        if (spans := odd_spans(data)) is None:
            return None
        at = 0
        others: list[Span] = []
        for line in data.lower().split(b"\n"):
            end = at + len(line) + 1
            found = _LEVEL.search(line)
            if found is None or line.count(b"{") > 1 or line.find(b'"level"', found.end()) >= 0:
                others.append((at, min(end, len(data))))
            else:
                word = found[1]
                passed = self._known.get(word)
                if passed is None:
                    level = parse_level(word.decode())
                    passed = level is not None and len(word) > 1 and not self._compare(level, self._level)
                    self._known[word] = passed
                if not passed:
                    others.append((at, min(end, len(data))))
            at = end
        return _joined((*(one for one in others if one[0] < len(data)), *spans))


class Number:
    """`field>400`: the bytes with which a line may match, and whether one does."""

    def __init__(self, name: str, operator: str, wanted: float) -> None:
        self._name = name
        self._wanted = wanted
        self._compare = COMPARISONS[operator]
        key = re.escape(name.lower().encode())
        self.pattern = re.compile(rb'"' + key + rb'"(?:: ?(-?\d{1,6}(?:\.\d{1,9})?)(?=[,}]))?')
        """The name as a key, and its value where that is a plain number."""

    def compare(self, number: float) -> bool:
        """Whether a number is on the right side."""
        return self._compare(number, self._wanted)

    def judge(self, line: bytes) -> bool | None:
        """Whether an object matches; None where only the parser knows."""
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        if any(name in document for name in _OTHERWISE):
            return None
        found = False
        for value in dig(document, (self._name,)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) >= _LARGEST:
                return None
            found = found or self.compare(value)
        return found


def number_of(term: Compare) -> Number | None:
    """None for a field that the parser may use, or the masker hide."""
    name, wanted = term.name, as_number(term.typed)
    plain = re.fullmatch(r"[A-Za-z0-9_@-]+", name) and name.lower() not in (*_PARTLY_USED, "cid")
    probe: dict[str, object] = {name: 1.5}
    if wanted is None or not plain or mask_fields(probe) != probe:
        return None
    return Number(name, term.operator, wanted)
