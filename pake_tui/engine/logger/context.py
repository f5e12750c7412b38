"""Whose record it is: correlation ID, user and request, each for as long as its block lasts.

The context lives in a context variable: asyncio tasks inherit it, each on its own; a new thread starts
without one (`asyncio.to_thread` and `contextvars.copy_context().run` carry it over).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from types import MappingProxyType

_EMPTY: Mapping[str, object] = MappingProxyType({})
_context: ContextVar[Mapping[str, object]] = ContextVar("pake_tui_context", default=_EMPTY)


def current() -> Mapping[str, object]:
    """The fields that every record gets here and now."""
    return _context.get()


class Scope:
    """`with` or `async with`: adds fields to the context until the block ends; yields `value`."""

    __slots__ = ("_added", "_tokens", "value")

    def __init__(self, added: Mapping[str, object], value: str = "") -> None:
        self._added = added
        self._tokens: list[Token[Mapping[str, object]]] = []
        self.value = value

    def __enter__(self) -> str:
        self._tokens.append(_context.set({**_context.get(), **self._added}))
        return self.value

    def __exit__(self, *_error: object) -> None:
        # A generator may be closed in another context than it was started in: there is nothing to end there.
        with suppress(ValueError, IndexError):
            _context.reset(self._tokens.pop())

    async def __aenter__(self) -> str:
        return self.__enter__()

    async def __aexit__(self, *_error: object) -> None:
        self.__exit__()


def without_none(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
