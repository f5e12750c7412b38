"""The decorator `monitor_operation`: times what it wraps and counts its errors by type."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

Done = Callable[[float, BaseException | None], None]


class _Measured:
    """Measures a block; its exception passes through."""

    __slots__ = ("_done", "_start")

    def __init__(self, done: Done) -> None:
        self._done = done

    def __enter__(self) -> Self:
        self._start = time.perf_counter_ns()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        # A generator that is closed early did not fail.
        failed = None if isinstance(error, GeneratorExit) else error
        self._done((time.perf_counter_ns() - self._start) / 1e6, failed)


def measured(function: Any, done: Done) -> Any:
    """The function, wrapped as what it is: sync, async, generator, async generator, static or class method.

    `done(milliseconds, exception or None)` is called as each call ends; a generator's call ends with it.
    """
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(measured(function.__func__, done))
    kind = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    wrapper: Any
    if inspect.isasyncgenfunction(kind):
        wrapper = _async_generator(function, done)
    elif inspect.iscoroutinefunction(kind):
        wrapper = _coroutine(function, done)
    elif inspect.isgeneratorfunction(kind):
        wrapper = _generator(function, done)
    else:
        wrapper = _plain(function, done)
    if inspect.isroutine(function):
        return functools.wraps(function)(wrapper)
    return functools.wraps(function, updated=())(wrapper)


def _plain(function: Any, done: Done) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        with _Measured(done):
            return function(*args, **kwargs)

    return call


def _coroutine(function: Any, done: Done) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _Measured(done):
            return await function(*args, **kwargs)

    return call


def _generator(function: Any, done: Done) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        with _Measured(done):
            return (yield from function(*args, **kwargs))

    return call


def _async_generator(function: Any, done: Done) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _Measured(done):
            inner = function(*args, **kwargs)
            try:
                reply: Any = None
                item = await inner.asend(None)
                while True:
                    try:
                        reply = yield item
                    except GeneratorExit:
                        raise
                    except BaseException as thrown:
                        item = await inner.athrow(thrown)
                    else:
                        item = await inner.asend(reply)
            except StopAsyncIteration:
                return
            finally:
                await inner.aclose()

    return call
