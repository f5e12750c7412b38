"""Judges lines of JSON by the few fields that a query names, the rest of them skipped by the decoder.

A verdict is True or False where it is what the parser, the masker and the query would say, else None: then
the line has to be parsed. msgspec decodes a line only if the parser would; what it refuses is None, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pake_tui.model.record import Record
from pake_tui.query import Query
from pake_tui.query.needles import trusted
from pake_tui.query.nodes import (
    COMPARISONS,
    And,
    Compare,
    Equals,
    Exists,
    FieldRegex,
    LevelIs,
    Node,
    Not,
    Or,
    Subject,
    leaves,
)
from pake_tui.query.values import as_number
from pake_tui.records import jsonkeys
from pake_tui.records.levels import parse_level
from pake_tui.text.masking import mask_fields, mask_text
from pake_tui.text.own import NOTHING, Own

Verdict = bool | None
_USED = (jsonkeys.TIME, jsonkeys.LEVEL, jsonkeys.MESSAGE, jsonkeys.LOGGER, jsonkeys.SERVICE, ("name", "cid"))
_PARTLY_USED = frozenset(name.lower() for names in _USED for name in names)
"""Names that the parser may take out of a record's fields."""
SERVICE = jsonkeys.SERVICE[0]
"""Where it stands, its value is the record's service; a longer one is none."""
_LONGEST_SERVICE = 256
_OTHERWISE = ("resourceLogs", "log", "eventSource")
"""Names that make the parser read an object in another way."""
_PLAIN = re.compile(r"[A-Za-z0-9_@-]{1,64}")
_WORD = re.compile(r"[A-Za-z]{2,16}")
_LARGEST = 10**6
"""Larger numbers may be a card's or a phone's, which are masked."""
_LONGEST = 512
"""A longer value is left to the parser."""
_BITS = 63
"""Of a larger number the parser makes another value."""
MOST_KNOWN = 20_000
FEWEST = 16
"""Fewer lines, one of which can't be decoded, are left to the parser."""
_NUMBERS = frozenset({int, float})
_EXACT = 10**15
_SEEN_FROM_THERE = {">": "__lt__", "<": "__gt__", ">=": "__le__", "<=": "__ge__"}
"""How the number that is asked for stands to one that is right: float's methods, which need no Python."""
_PROBES: tuple[object, ...] = (1.5, "plain", True)


def sieve_of(query: Query, aliases: Sequence[str], own: Own = NOTHING) -> Sieve | None:
    """The judge of a query, or of those of its terms that each hit has to match; None if there is none.

    Patterns of the user's own may hide anything: with those every line has to be parsed.
    """
    root = query.root
    known = frozenset(name.lower() for name in aliases)
    if root is None or own.patterns:
        return None
    if _told(root, known, own):
        return Sieve(root, own, whole=True)
    some = tuple(term for term in root.terms if _told(term, known, own)) if isinstance(root, And) else ()
    return Sieve(And(some), own, whole=False) if some else None


def _told(node: Node, aliases: frozenset[str], own: Own) -> bool:
    """Whether a term asks for nothing but levels and fields that stay what they are in the line."""
    if isinstance(node, (And, Or)):
        return all(_told(term, aliases, own) for term in node.terms)
    if isinstance(node, Not):
        return _told(node.term, aliases, own)
    if isinstance(node, (Compare, Equals, Exists, FieldRegex)):
        if node.name == SERVICE:
            return SERVICE not in aliases
        return _stays(node.name, own) and node.name.lower() not in aliases
    return isinstance(node, LevelIs)


def _stays(name: str, own: Own) -> bool:
    """Whether a field of that name is neither used by the parser nor hidden for its name."""
    if not _PLAIN.fullmatch(name) or name.lower() in _PARTLY_USED or name in _OTHERWISE:
        return False
    fields: list[dict[str, object]] = [{name: value} for value in _PROBES]
    fields.append({"name": "password", name: "plain"})
    return all(mask_fields(one, own=own) == one for one in fields)


class Sieve:
    """The judge of one query. `whole`: a line of which it says True is a hit."""

    def __init__(self, root: Node, own: Own, *, whole: bool) -> None:
        self.whole = whole
        self._root = root
        terms = leaves(root, negated=True)
        names = list(dict.fromkeys(map(_name_of, terms)))
        self._columns = [_Column(leaf, f"f{names.index(_name_of(leaf))}", own) for leaf in terms]
        self._joint = _Known(lambda verdicts: _joined(root, iter(verdicts)))
        places: list[Any] = [
            (f"f{n}", int | float | str | bool | None | UnsetType, UNSET) for n in range(len(names))
        ]
        places += [(f"p{n}", Literal["\0"] | UnsetType, UNSET) for n in range(len(_OTHERWISE))]
        keys = dict(zip([place[0] for place in places], [*names, *_OTHERWISE], strict=True))
        line = msgspec.defstruct("Line", places, rename=keys, gc=False)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(line)

    def judge(self, data: bytes) -> list[Verdict]:
        """A verdict for each of some lines; where they are not all objects, halves tell which of them are."""
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        try:
            rows = self._decoder.decode_lines(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            rows = []
        if len(rows) == lines:
            return self._verdicts(data, rows)
        middle = data.find(b"\n", len(data) // 2) + 1
        if lines <= FEWEST or not 0 < middle < len(data):
            return [None] * lines
        return [*self.judge(data[:middle]), *self.judge(data[middle:])]

    def _verdicts(self, data: bytes, rows: list[Any]) -> list[Verdict]:
        columns = []
        fields: dict[str, tuple[list[Any], bool]] = {}
        for column in self._columns:
            if column.name not in fields:
                values = list(map(column.take, rows))
                missing = values.count(UNSET)
                # Where it is missing, the parser takes the name in other letters; a service takes both.
                hidden = bool(missing) or column.name == SERVICE
                hidden = hidden and _elsewhere(data, column.name, len(values) - missing)
                fields[column.name] = values, hidden
            columns.append(column.verdicts(*fields[column.name]))
        if self._root is self._columns[0].node:
            return columns[0]
        return [self._joint[verdicts] for verdicts in zip(*columns, strict=True)]


class _Known(dict[Any, Verdict]):
    """Verdicts that were given, by what they were asked about."""

    def __init__(self, judge: Callable[[Any], Verdict]) -> None:
        self._judge = judge

    def __missing__(self, asked: Any) -> Verdict:
        if len(self) >= MOST_KNOWN:
            self.clear()
        verdict = self[asked] = self._judge(asked)
        return verdict


class _Column:
    """One term, and the values of its field."""

    def __init__(self, node: Node, place: str, own: Own) -> None:
        self.node = node
        self._own = own
        self.name = _name_of(node)
        self.take = attrgetter(place)
        judge = self._service if self.name == SERVICE else self._field
        self._texts = _Known(self._level if isinstance(node, LevelIs) else judge)
        self._above: Callable[[float], bool] | None = None
        """Whether a number is on the right side."""
        wanted = as_number(node.typed) if isinstance(node, Compare) else None
        if isinstance(node, Compare) and wanted is not None and abs(wanted) < _EXACT:
            self._above = getattr(float(wanted), _SEEN_FROM_THERE[node.operator])

    def verdicts(self, values: list[Any], hidden: bool) -> list[Verdict]:
        """A verdict for each value; `hidden`: one that is missing may stand there in other letters."""
        kinds = set(map(type, values))
        if self.name == SERVICE:
            if hidden:
                return [None] * len(values)
            return [self._texts[value] if type(value) is str else None for value in values]
        if kinds == {str}:
            return list(map(self._texts.__getitem__, values))
        if isinstance(self.node, LevelIs):
            return [self._texts[value] if type(value) is str else None for value in values]
        if self._above is not None and kinds <= _NUMBERS and max(map(abs, values)) < _LARGEST:
            return list(map(self._above, values))
        missing = None if hidden else self._field(UNSET)
        return [self._other(value, missing) for value in values]

    def _other(self, value: Any, missing: Verdict) -> Verdict:
        if value is UNSET:
            return missing
        if self._above is not None and type(value) in _NUMBERS and abs(value) < _LARGEST:
            return self._above(value)
        return self._texts[value] if type(value) is str else self._field(value)

    def _level(self, value: str) -> Verdict:
        assert isinstance(self.node, LevelIs)
        level = parse_level(value) if _WORD.fullmatch(value) else None
        return None if level is None else COMPARISONS[self.node.operator](level, self.node.level)

    def _service(self, value: str) -> Verdict:
        if not 0 < len(value) <= _LONGEST_SERVICE or mask_text(value, self._own) is not value:
            return None
        return self.node.matches(Subject(Record("", "", service=value), None, ()))

    def _field(self, value: Any) -> Verdict:
        if isinstance(value, str) and len(value) > _LONGEST:
            return None
        if isinstance(value, int) and value.bit_length() > _BITS:
            return None
        fields = {} if value is UNSET else dict(mask_fields({self.name: value}, own=self._own))
        return self.node.matches(Subject(Record("", "", fields=fields), None, ()))


def _name_of(leaf: Node) -> str:
    return leaf.name if isinstance(leaf, (Compare, Equals, Exists, FieldRegex)) else "level"


def _joined(node: Node, told: Iterator[Verdict]) -> Verdict:
    """The verdict of a node, its leaves' told in order."""
    if isinstance(node, Not):
        verdict = _joined(node.term, told)
        return None if verdict is None else not verdict
    if not isinstance(node, (And, Or)):
        return next(told)
    some = [_joined(term, told) for term in node.terms]
    decisive = isinstance(node, Or)
    if decisive in some:
        return decisive
    return None if None in some else not decisive


def _elsewhere(data: bytes, name: str, known: int) -> bool:
    """Whether a name may stand in more places of some lines than those known."""
    return not trusted(data) or data.lower().count(b'"' + name.lower().encode() + b'"') != known
