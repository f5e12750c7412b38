"""The configuration's `checks:`: what is wrong with them, and what they are. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.monitoring import fields
from pake_tui.engine.monitoring.fields import Field, Found, number, span, text

MAX_CHECKS = 2_000
NAME = text("a name, as text", required=True, longest=fields.MAX_NAME)
A_SPAN = "a duration such as 500ms, 30s, 5m"


class CheckSpec(Struct, frozen=True):
    """One configured check: `kind` asks `target`; spans are nanoseconds.

    A state becomes hard after `retries` further runs said the same, `retry_ns` apart. None of `interval_ns`
    means every `collection_interval_seconds`. `slow_ns` makes an answer degraded, `too_slow_ns` unhealthy.
    """

    name: str
    kind: str
    target: Any
    options: Mapping[str, Any]
    interval_ns: int | None = None
    timeout_ns: int = 10 * SECOND
    retries: int = 1
    retry_ns: int = 5 * SECOND
    depends_on: tuple[str, ...] = ()
    slow_ns: int | None = None
    too_slow_ns: int | None = None


COMMON: Mapping[str, Field] = {
    "name": NAME,
    "interval": span("a duration from 1s to 6h, such as 15s", low=SECOND, high=6 * HOUR),
    "timeout": span("a duration from 100ms to 5m", 10 * SECOND, low=SECOND // 10, high=5 * MINUTE),
    "retries": number("how many further runs make a state hard: 0 to 20", 0, 20, 1),
    "retry_interval": span("a duration from 1s", 5 * SECOND, low=SECOND),
    "depends_on": fields.texts("names of other checks"),
    "slow": span(A_SPAN),
    "too_slow": span(A_SPAN),
}
PERCENT = "per cent, 0 to 100"


def _url(*schemes: str, host: bool = True) -> Field:
    """A URL of some schemes."""
    accepted = f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError
        parts = urlsplit(value.strip())
        if parts.scheme not in schemes or (host and not parts.hostname):
            raise ValueError
        _ = parts.port  # ValueError where it is none
        return value.strip()

    return Field(read, accepted)


def _address(value: object) -> tuple[str, int]:
    """`host:port`, an IPv6 host in brackets."""
    found = re.fullmatch(r"\[([0-9A-Fa-f:.%\w]+)\]:(\d{1,5})|([^\s:/@]+):(\d{1,5})", str(value).strip())
    if not isinstance(value, str) or found is None or not 0 < int(found[2] or found[4]) < 65_536:
        raise ValueError
    return found[1] or found[3], int(found[2] or found[4])


def _argv(value: object) -> tuple[str, ...]:
    """A program and its arguments: a list, or text as a shell splits it. No shell is involved."""
    found = shlex.split(value) if isinstance(value, str) else value
    if not isinstance(found, (list, tuple)) or not found:
        raise ValueError
    if not all(isinstance(one, str) and "\0" not in one for one in found) or not found[0]:
        raise ValueError
    return tuple(found)


def _statuses(value: object) -> tuple[tuple[int, int], ...]:
    """`200-299, 401` as pairs of first and last."""
    found = []
    for part in str(value).split(","):
        ends = re.fullmatch(r"\s*(\d{3})(?:\s*-\s*(\d{3}))?\s*", part)
        if ends is None or isinstance(value, bool):
            raise ValueError
        found.append((int(ends[1]), int(ends[2] or ends[1])))
    return tuple(found)


def _counts(value: object) -> tuple[int, int | None]:
    """`2`, `1-4`, `1-` as least and most."""
    ends = re.fullmatch(r"(\d{1,6})(-(\d{1,6})?)?", str(value).strip())
    if ends is None or isinstance(value, bool):
        raise ValueError
    return int(ends[1]), int(ends[3]) if ends[3] else None if ends[2] else int(ends[1])


SOME = "a path"
KINDS: Mapping[str, tuple[Field, Mapping[str, Field]]] = {
    "http": (
        _url("http", "https"),
        {
            "method": fields.choice("get", "head", "post", default="get"),
            "status": Field(_statuses, "statuses such as 200-299, 401", ((200, 399),)),
            "body": fields.regex("a regular expression that the first 64 KiB of the body match"),
            "headers": fields.pairs("a mapping of header names to values"),
            "verify_tls": fields.flag(True),
            "tls_expiry": span("a duration such as 14d: degraded when less is left", 14 * 24 * 60 * MINUTE),
        },
    ),
    "tcp": (Field(_address, "host:port"), {}),
    "dns": (
        text("a host name"),
        {"expect": fields.texts("addresses, one of which must be among those found")},
    ),
    "redis": (_url("redis", "rediss"), {}),
    "postgres": (_url("postgres", "postgresql", host=False), {}),
    "mysql": (_url("mysql"), {}),
    "sqlite": (text(SOME), {}),
    "process": (
        fields.regex("a regular expression that the command line of a process matches"),
        {"count": Field(_counts, "how many: 2, 1-4, or 1- for at least one", (1, None))},
    ),
    "systemd": (text("a unit, such as nginx.service"), {}),
    "disk": (
        text(SOME),
        {"warn": number(PERCENT, 0, 100, 90.0), "critical": number(PERCENT, 0, 100, 95.0)},
    ),
    "file_age": (
        text(f"{SOME}, or a pattern with *"),
        {
            "max_age": span("a duration such as 26h", required=True),
            "min_bytes": number("a number of bytes", 0, 1e15, 0),
        },
    ),
    "log_silence": (
        text("the name of a service, or the path or pattern of its log files"),
        {"for": span("a duration such as 5m", required=True)},
    ),
    "command": (
        Field(_argv, "a program and its arguments, as a list or as text; no shell is involved"),
        {},
    ),
}


def validate(raw: object) -> list[Found]:
    """What is wrong: (path below `checks`, message, what would be accepted) each."""
    if not isinstance(raw, (list, tuple)):
        return []
    found: list[Found] = []
    if len(raw) > MAX_CHECKS:
        found.append(("", f"has {len(raw)} checks", f"at most {MAX_CHECKS}"))
    for at, entry in enumerate(raw[:MAX_CHECKS]):
        if isinstance(entry, Mapping):
            found += [(f"{at}.{path}", message, wanted) for path, message, wanted in _problems(entry)]
    found += fields.twice(raw)
    return found or list(_wrong_parents(specs_from(raw)))


def specs_from(raw: Sequence[Mapping[str, Any]]) -> tuple[CheckSpec, ...]:
    """The checks of a list that `validate` accepts."""
    return tuple(_spec(entry) for entry in raw)


def _problems(entry: Mapping[Any, object]) -> Iterator[Found]:
    kinds = [str(name) for name in entry if name in KINDS]
    if len(kinds) != 1:
        what = "says not what it checks" if not kinds else f"checks two things: {' and '.join(kinds)}"
        yield (kinds[1] if kinds else "", what, f"one of {', '.join(KINDS)}")
        return
    yield from fields.problems(entry, _fields(kinds[0]))


def _fields(kind: str) -> dict[str, Field]:
    target, options = KINDS[kind]
    return {**COMMON, kind: Field(target.read, target.accepted, required=True), **options}


def _spec(entry: Mapping[str, Any]) -> CheckSpec:
    kind = next(name for name in entry if name in KINDS)
    known = fields.values(entry, _fields(kind))
    return CheckSpec(
        name=known["name"],
        kind=kind,
        target=known[kind],
        options={name: known[name] for name in KINDS[kind][1]},
        interval_ns=known["interval"],
        timeout_ns=known["timeout"],
        retries=int(known["retries"]),
        retry_ns=known["retry_interval"],
        depends_on=known["depends_on"],
        slow_ns=known["slow"],
        too_slow_ns=known["too_slow"],
    )


def _wrong_parents(specs: Sequence[CheckSpec]) -> Iterator[Found]:
    """Parents that do not exist, and checks that depend on themselves."""
    parents = {spec.name: spec.depends_on for spec in specs}
    for at, spec in enumerate(specs):
        for parent in spec.depends_on:
            if parent not in parents:
                yield f"{at}.depends_on", f"there is no check {parent!r}", "the name of another check"
        if spec.name in _above(spec.name, parents):
            yield f"{at}.depends_on", f"{spec.name} depends on itself", "parents that do not depend on it"


def _above(name: str, parents: Mapping[str, tuple[str, ...]]) -> set[str]:
    seen: set[str] = set()
    todo = list(parents.get(name, ()))
    while todo:
        parent = todo.pop()
        if parent not in seen:
            seen.add(parent)
            todo += parents.get(parent, ())
    return seen
