"""The fields of a list's entries in the configuration: what each takes, what is wrong with one. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from pake_tui.clock import DAY, SECOND, parse_duration
from pake_tui.engine.settings.values import shown
from pake_tui.model.alert import Severity
from pake_tui.query.regexes import RegexError, compiled

Found = tuple[str, str, str]
"""A problem: path below the list such as `0.threshold`, what is wrong, what would be accepted."""
MAX_TEXT = 2_000
MAX_NAME = 200
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LONGEST_NS = 30 * DAY


class Field(Struct, frozen=True):
    """One field: `read` gives its value or raises ValueError; `accepted` says in words what it takes. What a
    `secret` one holds is never quoted.
    """

    read: Callable[[Any], Any]
    accepted: str
    default: Any = None
    required: bool = False
    secret: bool = False


def text(accepted: str, *, required: bool = False, longest: int = MAX_TEXT) -> Field:
    """Text that is not blank."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > longest or "\0" in value:
            raise ValueError
        return value.strip()

    return Field(read, accepted, "", required)


def number(accepted: str, low: float, high: float, default: float | None = None) -> Field:
    """A number within limits (inclusive)."""

    def read(value: object) -> float:
        found = as_number(value)
        if found is None or not low <= found <= high:
            raise ValueError
        return found

    return Field(read, accepted, default)


def span(
    accepted: str, default: int | None = None, *, low: int = 0, high: int = LONGEST_NS, required: bool = False
) -> Field:
    """A duration such as `90s`, or a number of seconds; in nanoseconds."""

    def read(value: object) -> int:
        found = as_span(value)
        if found is None or not low <= found <= high:
            raise ValueError
        return found

    return Field(read, accepted, default, required)


def flag(default: bool) -> Field:
    """True or false."""

    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    return Field(read, "true or false", default)


def choice(*words: str, default: str) -> Field:
    """One of some words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError
        return value.lower()

    return Field(read, ", ".join(words), default)


def texts(accepted: str) -> Field:
    """A list of texts, or a single one."""

    def read(value: object) -> tuple[str, ...]:
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, (list, tuple)) or not found:
            raise ValueError
        if not all(isinstance(one, str) and one.strip() and len(one) <= MAX_TEXT for one in found):
            raise ValueError
        return tuple(found)

    return Field(read, accepted, ())


def pairs(accepted: str) -> Field:
    """A mapping of names to texts or numbers, sorted by name."""

    def read(value: object) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, Mapping):
            raise ValueError
        if not all(isinstance(k, str) and isinstance(v, (str, int, float)) for k, v in value.items()):
            raise ValueError
        return tuple(sorted((name, str(one)) for name, one in value.items()))

    return Field(read, accepted, ())


def headers() -> Field:
    """A mapping of header names to values, each on one line."""

    def read(value: object) -> tuple[tuple[str, str], ...]:
        found = pairs("").read(value)
        if not all(_HEADER.fullmatch(name) and one.strip().isprintable() for name, one in found):
            raise ValueError
        return tuple((name, one.strip()) for name, one in found)

    return Field(read, "a mapping of header names to values of one line", (), secret=True)


def regex(accepted: str) -> Field:
    """A regular expression that cannot backtrack without bound."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not value:
            raise ValueError
        try:
            compiled(value)
        except RegexError as error:
            raise ValueError(f"{error}, at character {error.position + 1}") from None
        return value

    return Field(read, accepted, "")


Kinds = Mapping[str, tuple[Field, Mapping[str, Field]]]
"""By the key that says what an entry is: the field of that key, and the further ones of the kind."""


def url(*schemes: str, host: bool = True) -> Field:
    """A URL of some schemes."""
    accepted = f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"

    def read(value: object) -> str:
        if not isinstance(value, str) or not _SENDABLE.fullmatch(value.strip()):
            raise ValueError
        try:
            parts = urlsplit(value.strip())
            _ = parts.port
        except ValueError:  # its words quote what it was given
            raise ValueError from None
        if parts.scheme not in schemes or (host and not parts.hostname):
            raise ValueError
        return value.strip()

    return Field(read, accepted, "", secret=True)


def argv() -> Field:
    """A program and its arguments: a list, or text as a shell splits it. No shell is involved."""

    def read(value: object) -> tuple[str, ...]:
        found = shlex.split(value) if isinstance(value, str) else value
        if not isinstance(found, (list, tuple)) or not found:
            raise ValueError
        if not all(isinstance(one, str) and "\0" not in one for one in found) or not found[0]:
            raise ValueError
        return tuple(found)

    return Field(read, "a program and its arguments, as a list or as text; no shell is involved")


def severity(default: Severity) -> Field:
    """A severity by its word."""
    return Field(as_severity, ", ".join(one.word for one in Severity), default)


def of_kind(kind: str, kinds: Kinds, common: Mapping[str, Field]) -> dict[str, Field]:
    """The fields that an entry of a kind may have; the one that names the kind must be there."""
    target, further = kinds[kind]
    named = Field(target.read, target.accepted, required=True, secret=target.secret)
    return {**common, kind: named, **further}


def kind_of(entry: Mapping[Any, object], kinds: Kinds) -> str:
    """What an accepted entry is."""
    return next(name for name in kinds if entry.get(name) is not None)


def list_problems(
    raw: object, kinds: Kinds, common: Mapping[str, Field], verb: str, most: int
) -> list[Found]:
    """What is wrong with a list of entries, of each of which one key says what it is."""
    if not isinstance(raw, (list, tuple)):
        return []
    found: list[Found] = [("", f"has {len(raw)} entries", f"at most {most}")] if len(raw) > most else []
    for at, entry in enumerate(raw[:most]):
        if isinstance(entry, Mapping):
            one = _kind_problems(entry, kinds, common, verb)
            found += [(f"{at}.{path}", message, accepted) for path, message, accepted in one]
    return [*found, *twice(raw[:most])]


def _kind_problems(
    entry: Mapping[Any, object], kinds: Kinds, common: Mapping[str, Field], verb: str
) -> Iterator[Found]:
    named = [name for name in kinds if entry.get(name) is not None]
    if len(named) == 1:
        yield from problems(entry, of_kind(named[0], kinds, common))
    elif named:
        yield named[1], f"{verb} two things: {' and '.join(named)}", f"one of {', '.join(kinds)}"
    else:
        yield "", f"{verb} nothing", f"one of {', '.join(kinds)}"


def problems(raw: Mapping[Any, object], fields: Mapping[str, Field]) -> Iterator[Found]:
    """What is wrong with an entry, by field."""
    for name, field in fields.items():
        if field.required and raw.get(name) is None:
            yield name, "is missing", field.accepted
    for name, value in raw.items():
        if name not in fields:
            yield str(name), "is unknown", f"one of {', '.join(fields)}"
        elif value is not None:
            try:
                fields[name].read(value)
            except ValueError as error:
                what = "the value" if fields[name].secret else shown(value)
                yield str(name), str(error) or f"{what} is not accepted", fields[name].accepted


def values(raw: Mapping[str, object], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The values of an entry in which nothing is wrong, its defaults among them."""
    return {
        name: field.default if raw.get(name) is None else field.read(raw[name])
        for name, field in fields.items()
    }


def twice(raw: list[Any] | tuple[Any, ...]) -> Iterator[Found]:
    """Entries that have another one's name."""
    names: dict[str, int] = {}
    for at, entry in enumerate(raw):
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if isinstance(name, str):
            name = name.strip()
            if name in names:
                yield (
                    f"{at}.name",
                    f"{name!r} is there twice",
                    f"a name of its own; entry {names[name] + 1} has it",
                )
            names.setdefault(name, at)


def as_severity(value: object) -> Severity:
    """The severity of a word. ValueError."""
    if not isinstance(value, str) or value.upper() not in Severity.__members__:
        raise ValueError
    return Severity[value.upper()]


def as_number(value: object) -> float | None:
    """A finite number; None for anything else, true and false among it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if isfinite(found) else None


def as_span(value: object) -> int | None:
    """Nanoseconds of `2m`, or of a plain number of seconds; None for anything else or past 30 days."""
    if isinstance(value, str):
        try:
            found = parse_duration(value)
        except ValueError:
            return None
    else:
        seconds = as_number(value)
        if seconds is None or not 0 <= seconds <= LONGEST_NS / SECOND:
            return None
        found = int(seconds * SECOND)
    return found if 0 <= found <= LONGEST_NS else None
