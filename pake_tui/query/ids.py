"""Every correlation ID that a record holds, under whatever alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pake_tui.model.record import Record
from pake_tui.records.aliases import id_of, is_alias

DEEPEST = 6


def ids_of(record: Record, aliases: Sequence[str]) -> tuple[str, ...]:
    """The record's own correlation ID first, then those in its fields at any depth, each once."""
    return ids_in(record.correlation_id, record.fields, aliases)


def ids_in(own: str | None, fields: Mapping[str, object], aliases: Sequence[str]) -> tuple[str, ...]:
    """An ID that was found already first, then those in the fields at any depth, each once."""
    first = (own,) if own else ()
    return tuple(dict.fromkeys((*first, *_inside(fields, tuple(aliases), "", 0))))


def _inside(fields: Mapping[str, object], aliases: tuple[str, ...], prefix: str, depth: int) -> Iterator[str]:
    for key, value in fields.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if depth < DEEPEST:
                yield from _inside(value, aliases, f"{name}.", depth + 1)
        elif _known(name, aliases) and (found := id_of(value)):
            yield found


@lru_cache(maxsize=4096)
def _known(name: str, aliases: tuple[str, ...]) -> bool:
    return is_alias(name, aliases)
