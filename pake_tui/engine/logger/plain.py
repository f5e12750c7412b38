"""Any object becomes a bounded JSON value: cyclic, huge, broken ones survive being logged."""

from __future__ import annotations

import dataclasses
import math
import traceback
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from itertools import islice
from numbers import Integral, Real
from typing import Any

Plain = Any
"""None, bool, int, float, str, and lists and dicts (with str keys) of them."""

MAX_DEPTH = 8
MAX_ITEMS = 200
MAX_NODES = 2_000
MAX_TEXT = 16_384
MAX_KEY = 256
_BIG = 1 << 63


def plain(value: object) -> Plain:
    """The value as JSON can say it: at most 8 levels, 200 items each, 2,000 in all, 16 KiB a text.

    What is cut says so in its place. An object becomes its `repr`, a dataclass a dict of its fields.
    Never raises.
    """
    kind = type(value)
    if (kind is str and len(value) <= MAX_TEXT) or value is None or kind is bool:  # type: ignore[arg-type]
        return value
    return _Walk().visit(value, 0)


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """The text, or its beginning and end around a word on what was cut."""
    if len(text) <= limit:
        return text
    head, tail = limit * 3 // 4, limit // 4
    return f"{text[:head]} …({len(text) - head - tail} characters cut)… {text[-tail:]}"


def describe_error(error: BaseException) -> dict[str, str]:
    """`{type, message, traceback}` of an exception, causes included. Never raises."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        trace = "".join(traceback.format_exception(kind, error, error.__traceback__))
    except Exception as broken:
        trace = f"(no traceback: {type(broken).__name__})"
    return {"type": name, "message": bounded(_text_of(error, str)), "traceback": bounded(trace)}


def _text_of(value: object, how: Any) -> str:
    try:
        return str.__str__(how(value))
    except Exception as error:
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


class _Walk:
    """One value on its way to plain: what is being visited (cycles) and what the budget has left."""

    __slots__ = ("_inside", "_left")

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._left = MAX_NODES

    def visit(self, value: object, depth: int) -> Plain:
        kind = type(value)
        if kind is str:
            return bounded(value)  # type: ignore[arg-type]
        if value is None or kind is bool:
            return value
        if kind is int or kind is float:
            return _number(value)  # type: ignore[arg-type]
        if kind in (dict, list, tuple, set, frozenset) or isinstance(value, (Mapping, list, tuple, set)):
            return self._container(value, depth)
        try:
            return self._other(value, depth)
        except Exception:
            return bounded(_text_of(value, repr))

    def _container(self, value: Any, depth: int) -> Plain:
        if id(value) in self._inside:
            return f"<{type(value).__name__} inside itself>"
        if depth >= MAX_DEPTH:
            return f"<{type(value).__name__} deeper than {MAX_DEPTH} levels>"
        self._inside.add(id(value))
        try:
            return self._mapping(value, depth) if isinstance(value, Mapping) else self._items(value, depth)
        except Exception as error:
            # Changed by another thread while it was read, or a mapping that is none.
            return f"<{type(value).__name__} that cannot be read: {type(error).__name__}>"
        finally:
            self._inside.discard(id(value))

    def _mapping(self, value: Mapping[object, object], depth: int) -> dict[str, Plain]:
        known: dict[str, Plain] = {}
        for key, item in islice(value.items(), MAX_ITEMS):
            if not self._afford():
                break
            known[key_text(key)] = self.visit(item, depth + 1)
        if len(known) < len(value):
            known["…"] = f"{len(value) - len(known)} more"
        return known

    def _items(self, value: Iterable[object], depth: int) -> list[Plain]:
        found: list[Plain] = []
        for item in islice(value, MAX_ITEMS):
            if not self._afford():
                break
            found.append(self.visit(item, depth + 1))
        total = len(value)  # type: ignore[arg-type]
        if len(found) < total:
            found.append(f"… {total - len(found)} more")
        return found

    def _other(self, value: object, depth: int) -> Plain:
        if isinstance(value, Enum):
            return self.visit(value.value, depth) if isinstance(value.value, str) else value.name
        if isinstance(value, str):
            return bounded(str.__str__(value))
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, Integral):
            return _number(int(value))
        if isinstance(value, Real) and isinstance(value, float):
            return _number(float(value))
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bounded(repr(bytes(value[: MAX_TEXT // 4])))
        if isinstance(value, BaseException):
            return bounded(f"{type(value).__name__}: {_text_of(value, str)}")
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
            return self._nested(value, fields, depth)
        if isinstance(value, type) or type(value).__str__ is object.__str__:
            return bounded(_text_of(value, repr))
        return bounded(_text_of(value, str))

    def _nested(self, owner: object, fields: dict[str, object], depth: int) -> Plain:
        """A dataclass by its fields; one that holds itself is a cycle as well."""
        if id(owner) in self._inside:
            return f"<{type(owner).__name__} inside itself>"
        self._inside.add(id(owner))
        try:
            return self._container(fields, depth)
        finally:
            self._inside.discard(id(owner))

    def _afford(self) -> bool:
        self._left -= 1
        return self._left >= 0


def key_text(key: object) -> str:
    """A dict's key as JSON needs it."""
    return bounded(key if type(key) is str else _text_of(key, str), MAX_KEY)


def _number(value: int | float) -> Plain:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if -_BIG <= value < _BIG:
        return value
    bits = value.bit_length()
    return str(value) if bits <= 4_096 else f"<int of {bits} bits>"
