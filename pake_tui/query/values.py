"""Values: how they are written in a query, and how they compare with what a record holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from pake_tui.model.record import Record
from pake_tui.query.errors import QueryError
from pake_tui.query.lexer import Kind, tokens

_PLAIN = re.compile(r"[\w.@+/%,=#:-]+")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_ATTRIBUTES = {
    "message": "message",
    "msg": "message",
    "level": "level",
    "service": "service",
    "logger": "logger",
    "correlation_id": "correlation_id",
}
MOST_ELEMENTS = 200


def quote(text: str) -> str:
    """The text in quotes, as the lexer reads it back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def quote_regex(pattern: str) -> str:
    """A pattern, in quotes where it has to be; a backslash stays one."""
    bare = bool(re.fullmatch(r"[\w.*+?|^$/\\:@-]+", pattern)) and not pattern.endswith("\\")
    if bare:
        return pattern
    return '"' + re.sub(r'(\\\\)|(\\)?"', lambda m: m[1] or '\\"', pattern) + '"'


def word(text: str) -> str:
    """A word or phrase term: bare where the lexer reads it back as the same text, else in quotes."""
    if _PLAIN.fullmatch(text) and not text.startswith("-"):
        try:
            found = list(tokens(text))
        except QueryError:
            return quote(text)
        if len(found) == 1 and found[0].kind is Kind.TEXT:
            return text
    return quote(text)


class Glob(Struct, frozen=True):
    """A value to compare with: literal parts with anything between them; one part is the whole value."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        if len(self.parts) == 1:
            text = self.parts[0]
            bare = bool(_PLAIN.fullmatch(text)) and not text.startswith(("//", ":", "="))
            return text if bare else quote(text)
        if len(self.parts) == 2 and not self.parts[1] and not _PLAIN.fullmatch(self.parts[0]):
            return f"{quote(self.parts[0])}*"
        return "*".join(self.parts)

    @property
    def literal(self) -> str | None:
        """The value, where it has no `*`."""
        return self.parts[0] if len(self.parts) == 1 else None

    def matches(self, text: str) -> bool:
        """Whether the text is such a value, smart-case."""
        sensitive = smart(" ".join(self.parts))
        if len(self.parts) == 1:
            return text == self.parts[0] if sensitive else text.lower() == self.parts[0].lower()
        return _pattern(self.parts, sensitive).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _pattern(parts: tuple[str, ...], sensitive: bool) -> re.Pattern[str]:
    # Each part is taken where it first occurs (atomic), so that many stars stay linear.
    middle = "".join(f"(?>.*?{re.escape(part)})" for part in parts[1:-1])
    last = f".*{re.escape(parts[-1])}" if parts[-1] else ".*"
    return re.compile(re.escape(parts[0]) + middle + last, re.DOTALL | (0 if sensitive else re.IGNORECASE))


def smart(text: str) -> bool:
    """Smart-case: whether case counts, which it does where the query has a capital."""
    return text != text.lower()


def glob_of(text: str, quoted: bool, star: bool) -> Glob:
    """The glob of a typed value: `*` is a wildcard outside quotes, and directly after the closing one."""
    if quoted:
        return Glob((text, "")) if star else Glob((text,))
    return Glob(tuple(re.sub(r"\*+", "*", text).split("*")))


def as_text(value: object) -> str | None:
    """A single value as a query writes it; None for mappings and lists."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        try:
            return str(value)
        except ValueError:
            return None
    return None


def as_number(value: object) -> float | int | None:
    """A number, also one written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and len(value) <= 64 and NUMBER.fullmatch(value.strip()):
        number = value.strip()
        return int(number) if number.lstrip("+-").isdigit() else float(number)
    return None


def values_of(record: Record, name: str) -> Iterator[object]:
    """All that a record holds under a (dotted) name: its attribute, then its fields, list elements too."""
    attribute = _ATTRIBUTES.get(name.lower())
    if attribute and (value := getattr(record, attribute)) is not None:
        yield value.word if attribute == "level" else value
    yield from dig(record.fields, name.split("."), 0)


def dig(value: object, path: Sequence[str], depth: int = 0) -> Iterator[object]:
    """What a value holds under a path of names: exactly spelled ones first, then in any case."""
    if isinstance(value, (list, tuple)):
        if not path:
            yield value
        for element in value[:MOST_ELEMENTS]:
            yield from dig(element, path, depth + 1)
        return
    if not path:
        yield value
        return
    if not isinstance(value, Mapping) or depth > 32:
        return
    for size in range(len(path), 0, -1):
        key = ".".join(path[:size])
        if key in value:
            yield from dig(value[key], path[size:], depth + 1)
            return
    wanted = path[0].lower()
    whole = ".".join(path).lower()
    for key, inner in value.items():
        lowered = str(key).lower()
        if lowered == whole:
            yield from dig(inner, (), depth + 1)
            return
        if lowered == wanted:
            yield from dig(inner, path[1:], depth + 1)
            return
