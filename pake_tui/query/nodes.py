"""The terms of a query and how they join: frozen values that match a subject and spell themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from pake_tui.model.record import Level, Record
from pake_tui.query.ids import ids_of
from pake_tui.query.regexes import compiled
from pake_tui.query.values import (
    Glob,
    as_number,
    as_text,
    quote,
    quote_regex,
    smart,
    values_of,
    word,
)


class Subject:
    """A record under judgement: its time (its own, or the one inherited) and the ID aliases in force."""

    __slots__ = ("_lower", "aliases", "record", "time_ns")

    def __init__(self, record: Record, time_ns: int | None, aliases: Sequence[str]) -> None:
        self.record = record
        self.time_ns = time_ns if record.time_ns is None else record.time_ns
        self.aliases = aliases
        self._lower: str | None = None

    @property
    def lower(self) -> str:
        """The whole masked text in lower case, made once."""
        if self._lower is None:
            self._lower = self.record.text.lower()
        return self._lower


class Node(Protocol):
    """A term, or terms joined."""

    def matches(self, subject: Subject) -> bool:
        """Whether the record is one of those asked for."""
        ...


class And(Struct, frozen=True):
    """All of them."""

    terms: tuple[Node, ...]

    def matches(self, subject: Subject) -> bool:
        """Whether every term matches."""
        return all(term.matches(subject) for term in self.terms)

    def __str__(self) -> str:
        return " ".join(f"({term})" if isinstance(term, Or) else str(term) for term in self.terms)


class Or(Struct, frozen=True):
    """At least one of them."""

    terms: tuple[Node, ...]

    def matches(self, subject: Subject) -> bool:
        """Whether any term matches."""
        return any(term.matches(subject) for term in self.terms)

    def __str__(self) -> str:
        return " OR ".join(str(term) for term in self.terms)


class Not(Struct, frozen=True):
    """Not this one."""

    term: Node

    def matches(self, subject: Subject) -> bool:
        """Whether the term does not match."""
        return not self.term.matches(subject)

    def __str__(self) -> str:
        return f"-({self.term})" if isinstance(self.term, (And, Or, Not)) else f"-{self.term}"


class Text(Struct, frozen=True):
    """A word or phrase anywhere in the masked text, smart-case."""

    text: str

    def matches(self, subject: Subject) -> bool:
        """Whether the text occurs."""
        return self.text in (subject.record.text if smart(self.text) else subject.lower)

    def __str__(self) -> str:
        return word(self.text)


class Regex(Struct, frozen=True):
    """A regular expression anywhere in the masked text."""

    pattern: str

    def matches(self, subject: Subject) -> bool:
        """Whether the pattern occurs."""
        return compiled(self.pattern).search(subject.record.text) is not None

    def __str__(self) -> str:
        return f"~{quote_regex(self.pattern)}"


class Exists(Struct, frozen=True):
    """A field that the record has; `cid` stands for every alias."""

    name: str

    def matches(self, subject: Subject) -> bool:
        """Whether there is such a field."""
        return any(True for _ in held(subject, self.name))

    def __str__(self) -> str:
        return f"{self.name}:?"


class Equals(Struct, frozen=True):
    """A field with this value; numbers compare as numbers, and a message needs to contain it only."""

    name: str
    value: Glob

    def matches(self, subject: Subject) -> bool:
        """Whether any value of the field is this one."""
        return any(self._is(value) for value in held(subject, self.name))

    def _is(self, value: object) -> bool:
        text = as_text(value)
        if text is None:
            return False
        literal = self.value.literal
        if literal is not None and self.name.lower() in ("message", "msg"):
            return literal in (text if smart(literal) else text.lower())
        if self.value.matches(text):
            return True
        if literal is None or isinstance(value, str):
            return False
        wanted = as_number(literal)
        return wanted is not None and as_number(value) == wanted

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"


class Compare(Struct, frozen=True):
    """A field whose number is above or below."""

    name: str
    operator: str
    typed: str

    def matches(self, subject: Subject) -> bool:
        """Whether any value of the field is a number on that side."""
        wanted = as_number(self.typed)
        if wanted is None:
            return False
        compare = COMPARISONS[self.operator]
        numbers = (as_number(value) for value in held(subject, self.name))
        return any(compare(number, wanted) for number in numbers if number is not None)

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{self.typed}"


class FieldRegex(Struct, frozen=True):
    """A field in which a regular expression occurs."""

    name: str
    pattern: str

    def matches(self, subject: Subject) -> bool:
        """Whether it occurs in any value of the field."""
        pattern = compiled(self.pattern)
        texts = (as_text(value) for value in held(subject, self.name))
        return any(pattern.search(text) for text in texts if text is not None)

    def __str__(self) -> str:
        return f"{self.name}~{quote_regex(self.pattern)}"


class LevelIs(Struct, frozen=True):
    """A level compared with another; `:` is equality."""

    operator: str
    level: Level

    def matches(self, subject: Subject) -> bool:
        """Whether the record states such a level."""
        level = subject.record.level
        return level is not None and COMPARISONS[self.operator](level, self.level)

    def __str__(self) -> str:
        return f"level{self.operator}{self.level.word}"


class Within(Struct, frozen=True):
    """A time between two moments, both included; `typed` is how `kind` (since, until, at) named it."""

    kind: str
    typed: str
    since_ns: int | None
    until_ns: int | None

    def matches(self, subject: Subject) -> bool:
        """Whether the record's time is known and lies there."""
        time_ns = subject.time_ns
        if time_ns is None:
            return False
        return (self.since_ns is None or time_ns >= self.since_ns) and (
            self.until_ns is None or time_ns <= self.until_ns
        )

    def __str__(self) -> str:
        bare = not any(character.isspace() or character in '"()' for character in self.typed)
        return f"{self.kind}:{self.typed if bare else quote(self.typed)}"


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ":": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def held(subject: Subject, name: str) -> Sequence[object]:
    """What the record holds under a name; `cid` finds every alias of a correlation ID."""
    if name == "cid":
        return ids_of(subject.record, subject.aliases)
    return tuple(values_of(subject.record, name))


def leaves(node: Node | None, *, negated: bool) -> list[Node]:
    """Terms that join no others, in their order; what is negated only where it is asked for."""
    if node is None:
        return []
    if isinstance(node, (And, Or)):
        return [leaf for term in node.terms for leaf in leaves(term, negated=negated)]
    if isinstance(node, Not):
        return leaves(node.term, negated=negated) if negated else []
    return [node]
