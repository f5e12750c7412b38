"""The names under which a correlation ID travels, and how to find one among a record's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pake_tui.model.record import Record

CORRELATION_IDS: tuple[str, ...] = (
    "correlation_id",
    "correlationId",
    "x-correlation-id",
    "request_id",
    "requestId",
    "x-request-id",
    "req_id",
    "reqId",
    "trace_id",
    "traceId",
    "trace.id",
    "dd.trace_id",
    "otelTraceID",
    "x-trace-id",
    "x-b3-traceid",
    "x-amzn-trace-id",
    "uber-trace-id",
    "traceparent",
    "@tr",
    "operation_id",
    "transaction.id",
    "cid",
)
"""Known names, most telling first; case, dots, dashes and underscores do not count."""

_DROP = str.maketrans("", "", "_-. ")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A field name without case, dots, dashes, underscores and blanks: `X-Request-ID` is `xrequestid`."""
    return name.lower().translate(_DROP)


@lru_cache(maxsize=16)
def ranks(aliases: tuple[str, ...]) -> dict[str, int]:
    """Plain name of each alias to its place in the list."""
    found: dict[str, int] = {}
    for place, name in enumerate(aliases):
        found.setdefault(plain_name(name), place)
    return found


def is_alias(name: str, aliases: Iterable[str] = CORRELATION_IDS) -> bool:
    """Whether a (dotted) field name, or its last part, is one of the aliases."""
    known = ranks(tuple(aliases))
    return plain_name(name) in known or plain_name(name.rpartition(".")[2]) in known


def id_of(value: object) -> str | None:
    """The ID inside a value: a `traceparent` gives its trace ID, blanks and placeholders give None."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return None
    text = str(value).strip()
    if (
        len(text) > 256
        or text.lower() in {"", "-", "n/a", "null", "none", "undefined"}
        or not text.strip("0-")
    ):
        return None
    parts = text.split("-")
    if len(parts) == 4 and [len(part) for part in parts] == [2, 32, 16, 2]:
        return parts[1]
    return text


def find_correlation_id(fields: Mapping[str, object], aliases: Iterable[str] = CORRELATION_IDS) -> str | None:
    """The correlation ID of a record: the first alias of the list, at the top level before nested ones."""
    known = ranks(tuple(aliases))
    best: tuple[int, int, str] | None = None
    level: list[tuple[str, Mapping[str, object]]] = [("", fields)]
    for depth in range(4):
        deeper: list[tuple[str, Mapping[str, object]]] = []
        for prefix, mapping in level:
            for name, value in mapping.items():
                if isinstance(value, Mapping):
                    deeper.append((f"{prefix}{name}.", value))
                    continue
                place = known.get(plain_name(name))
                if place is None and prefix:
                    place = known.get(plain_name(f"{prefix}{name}"))
                if (
                    place is not None
                    and (text := id_of(value))
                    and (best is None or (depth, place) < best[:2])
                ):
                    best = (depth, place, text)
        if best or not deeper:
            break
        level = deeper[:64]
    return best[2] if best else None


def find_correlation_ids(record: Record, aliases: Iterable[str] = CORRELATION_IDS) -> tuple[str, ...]:
    """Every correlation ID a record carries: its own, and what stands under any alias, nested ones too."""
    known = ranks(tuple(aliases))
    found: dict[str, None] = {}
    if record.correlation_id:
        found[record.correlation_id] = None
    level: list[tuple[str, Mapping[str, object]]] = [("", record.fields)]
    for _ in range(4):
        deeper: list[tuple[str, Mapping[str, object]]] = []
        for prefix, mapping in level:
            for name, value in mapping.items():
                if isinstance(value, Mapping):
                    deeper.append((f"{prefix}{name}.", value))
                elif (plain_name(name) in known or plain_name(f"{prefix}{name}") in known) and (
                    text := id_of(value)
                ):
                    found[text] = None
        level = deeper[:64]
    return tuple(found)
