"""Which lines of a block have to be parsed for a query, where most lines are one JSON object each.

Such a line is a record of its own, so a query's needles, or the fields that it names, can pass over it
without the parser. What is no object is always looked at, with the line before it, which it may continue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.engine.logfiles.sieve import Sieve, Verdict, sieve_of
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.model.record import LEVEL_COLUMNS, Level
from pake_tui.query import Query
from pake_tui.query.needles import best_of, trusted
from pake_tui.query.nodes import COMPARISONS, And, LevelIs

if TYPE_CHECKING:
    from pake_tui.engine.logfiles.textspans import TextSpans

Span = tuple[int, int]
SHORTEST_TEXT = 1 << 17
"""Shorter blocks are not worth loading numpy."""
MOST_ODD = 8
"""One line in so many may be no object; with more of them all is parsed."""
_BEGINS_OTHERWISE, _ENDS_OTHERWISE = re.compile(rb"\n(?!\{|\Z)"), re.compile(rb"\n(?<!\}\n)(?<!\}\r\n)")
"""A break after which, and before which, there is no object. Led by one byte it is found fast."""


def odd_spans(data: bytes) -> list[Span] | None:
    """The lines that are no object, and each line before one, joined; None where those are many.

    Spans are (start, end behind the line's break).
    """
    if data[:1] != b"{":
        return None
    most = 2 + data.count(b"\n") // MOST_ODD
    begun = [found.end() for found in islice(_BEGINS_OTHERWISE.finditer(data), most + 1)]
    ended = [found.start() for found in islice(_ENDS_OTHERWISE.finditer(data), most + 1)]
    odd = {*begun, *(data.rfind(b"\n", 0, end) + 1 for end in ended)}
    if not data.endswith((b"\n", b"}")):
        odd.add(data.rfind(b"\n") + 1)
    if len(odd) > most:
        return None
    spans: list[Span] = []
    for start in sorted(odd):
        _add(spans, data.rfind(b"\n", 0, max(0, start - 1)) + 1, data.find(b"\n", start) + 1 or len(data))
    return spans


def _has_longer(data: bytes, most: int) -> bool:
    """Whether a line has more bytes than that."""
    at = 0
    while len(data) - at > most:
        at, before = data.rfind(b"\n", at, at + most + 1) + 1, at
        if at <= before:
            return True
    return False


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
        if data[:1] != b"{":
            return self._text_spans(data)
        if self.counts or self._pattern is None:
            if (judged := self._judged(data)) is None:
                return None
            others, told = judged
            return _joined([*others, *(span for piece in told for span in piece.lines_of(True, None))])
        pattern = self._pattern
        if pattern is None or not trusted(data) or (odd := odd_spans(data)) is None:
            return None
        spans: list[Span] = []
        behind = 0
        for found in pattern.finditer(data.lower()):
            if found.start() >= behind:
                start, behind = _line_around(data, found)
                spans.append((start, behind))
        return _joined((*spans, *odd)) if odd else spans

    def counted(self, data: bytes) -> tuple[int, list[Span]] | None:
        """Hits that are sure without the parser, and the lines that only it can judge; None as above."""
        judged = self._judged(data) if self.counts and data[:1] == b"{" else None
        if judged is None:
            return None
        odd, told = judged
        doubtful = [span for piece in told for span in piece.lines_of(None)]
        return sum(piece.verdicts.count(True) for piece in told), _joined((*odd, *doubtful))

    @property
    def counts(self) -> bool:
        """Whether hits in lines of JSON can be counted without the parser."""
        return self._sieve is not None and self._sieve.whole

    def _judged(self, data: bytes) -> tuple[list[Span], list[_Told]] | None:
        """The lines that are no objects, and what is told of the others; None where those are many."""
        sieve, most = self._sieve, self.reading.record_bytes
        if sieve is None or _has_longer(data, most) or (odd := odd_spans(data)) is None:
            return None
        pieces = ((start, data[start:end]) for start, end in _between(odd, len(data)))
        return odd, [_Told(start, piece, sieve.judge(piece)) for start, piece in pieces]

    def _text_spans(self, data: bytes) -> list[Span] | None:
        """As `spans`, of text: by levels alone, since its scan tells them."""
        passed = self._passed
        text = self.text(data) if passed and self._pattern is None and trusted(data) else None
        return None if text is None else text.without(data, passed)

    @cached_property
    def _passed(self) -> frozenset[Level | None]:
        """Levels that no hit has; none where it is not asked for levels."""
        root = self.query.root
        terms = root.terms if isinstance(root, And) else (root,)
        asked = next((term for term in terms if isinstance(term, LevelIs)), None)
        if asked is None:
            return frozenset()
        compare = COMPARISONS[asked.operator]
        return frozenset(level for level in LEVEL_COLUMNS if level is None or not compare(level, asked.level))

    @cached_property
    def _sieve(self) -> Sieve | None:
        return sieve_of(self.query, self.reading.aliases, self.reading.own)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes] | None:
        """What a line has that may match, in lower case."""
        if not self.query.needles:
            return None
        return re.compile(b"|".join(map(re.escape, sorted(best_of(self.query.needles)))))


class _Told(Struct):
    """Lines that are objects, from a place in the block on, and a verdict for each."""

    start: int
    data: bytes
    verdicts: list[Verdict]

    def lines_of(self, *wanted: Verdict) -> list[Span]:
        """The lines with one of some verdicts."""
        if not any(map(self.verdicts.count, wanted)):
            return []
        lines = zip(_lines(self.start, self.data), self.verdicts, strict=False)
        return [span for span, verdict in lines if verdict in wanted]


def _between(odd: list[Span], size: int) -> Iterator[Span]:
    """What lies between spans."""
    at = 0
    for start, end in (*odd, (size, size)):
        if at < start:
            yield at, start
        at = end


def _lines(start: int, data: bytes) -> Iterator[Span]:
    """Each line of some bytes, its break included."""
    stop = start + len(data)
    for line in data.split(b"\n"):
        end = min(start + len(line) + 1, stop)
        yield start, end
        start = end
