"""`with logger.timer("name")`, `async with` too: one performance record when the block ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self


class Timer:
    """Measures its block; `elapsed_ms` is final once the block has ended. Errors pass through."""

    __slots__ = ("_done", "_start", "elapsed_ms")

    def __init__(self, done: Callable[[float, BaseException | None], None]) -> None:
        self._done = done
        self._start = 0
        self.elapsed_ms = 0.0

    def __enter__(self) -> Self:
        self._start = time.perf_counter_ns()
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        self.elapsed_ms = (time.perf_counter_ns() - self._start) / 1e6
        self._done(self.elapsed_ms, error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.__exit__(kind, error, trace)
