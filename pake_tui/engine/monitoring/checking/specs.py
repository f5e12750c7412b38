"""The configuration's `checks:`: what is wrong with them, and what they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.monitoring import fields
from pake_tui.engine.monitoring.fields import Field, Found, number, span, text

MAX_CHECKS = 1_000
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


def _address(value: object) -> tuple[str, int]:
    """`host:port`, an IPv6 host in brackets."""
    found = re.fullmatch(r"\[([0-9A-Fa-f:.%\w]+)\]:(\d{1,5})|([^\s:/@]+):(\d{1,5})", str(value).strip())
    if not isinstance(value, str) or found is None or not 0 < int(found[2] or found[4]) < 65_536:
        raise ValueError
    return found[1] or found[3], int(found[2] or found[4])


def _statuses(value: object) -> tuple[tuple[int, int], ...]:
    """`200-299, 401` as pairs of first and last."""
    found = []
    for part in str(value).split(","):
        ends = re.fullmatch(r"\s*(\d{3})(?:\s*-\s*(\d{3}))?\s*", part)
        if ends is None or isinstance(value, bool):
            raise ValueError
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if first > last:
            raise ValueError
        found.append((first, last))
    return tuple(found)


def _counts(value: object) -> tuple[int, int | None]:
    """`2`, `1-4`, `1-` as least and most."""
    ends = re.fullmatch(r"(\d{1,6})(-(\d{1,6})?)?", str(value).strip())
    if ends is None or isinstance(value, bool):
        raise ValueError
    least, most = int(ends[1]), int(ends[3]) if ends[3] else None if ends[2] else int(ends[1])
    if most is not None and most < least:
        raise ValueError
    return least, most


SOME = "a path"
KINDS: fields.Kinds = {
    "http": (
        fields.url("http", "https"),
        {
            "method": fields.choice("get", "head", "post", default="get"),
            "status": Field(_statuses, "statuses such as 200-299, 401", ((200, 399),)),
            "body": fields.regex("a regular expression that the first 64 KiB of the body match"),
            "headers": fields.headers(),
            "verify_tls": fields.flag(True),
            "tls_expiry": span("a duration such as 14d: degraded when less is left"),
        },
    ),
    "tcp": (Field(_address, "host:port"), {}),
    "dns": (
        text("a host name"),
        {"expect": fields.texts("addresses, one of which must be among those found")},
    ),
    "redis": (fields.url("redis", "rediss"), {}),
    "postgres": (fields.url("postgres", "postgresql", host=False), {}),
    "mysql": (fields.url("mysql"), {}),
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
    "command": (fields.argv(), {}),
}


def validate(raw: object) -> list[Found]:
    """What is wrong: (path below `checks`, message, what would be accepted) each."""
    found = fields.list_problems(raw, KINDS, COMMON, "checks", MAX_CHECKS)
    return found or list(_wrong_parents(specs_from(raw if isinstance(raw, (list, tuple)) else ())))


def specs_from(raw: Sequence[Mapping[str, Any]]) -> tuple[CheckSpec, ...]:
    """The checks of a list that `validate` accepts."""
    return tuple(_spec(entry) for entry in raw)


def _spec(entry: Mapping[str, Any]) -> CheckSpec:
    kind = fields.kind_of(entry, KINDS)
    known = fields.values(entry, fields.of_kind(kind, KINDS, COMMON))
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
