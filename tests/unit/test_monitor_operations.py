"""`monitor_operation` wraps anything callable as what it is."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from pake_tui.engine.monitoring.operations import measured


class Seen(list[BaseException | None]):
    """The outcome of each call that ended."""

    def __call__(self, milliseconds: float, error: BaseException | None) -> None:
        """Keep how a call ended."""
        assert milliseconds >= 0
        self.append(error)


def test_a_function_keeps_its_result_its_name_and_its_exception() -> None:
    """The wrapper adds nothing but the measurement."""
    seen = Seen()

    def double(value: int) -> int:
        """Double it."""
        if value < 0:
            raise ValueError("negative")
        return 2 * value

    wrapped = measured(double, seen)
    assert wrapped(4) == 8
    assert (wrapped.__name__, wrapped.__doc__) == ("double", "Double it.")
    with pytest.raises(ValueError, match="negative"):
        wrapped(-1)
    assert seen[0] is None
    assert isinstance(seen[1], ValueError)


async def test_a_coroutine_function_stays_one_and_is_timed_to_its_end() -> None:
    """Frameworks that look still see a coroutine function."""
    seen = Seen()

    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    wrapped = measured(work, seen)
    assert inspect.iscoroutinefunction(wrapped)
    pending = wrapped()
    assert seen == []
    assert await pending == "done"
    assert seen == [None]


def test_a_generator_is_timed_until_it_ends_and_one_that_is_closed_did_not_fail() -> None:
    """Values, sends and the return value pass through."""
    seen = Seen()

    def numbers() -> Iterator[int]:
        yield 1
        yield 2

    wrapped = measured(numbers, seen)
    assert inspect.isgeneratorfunction(wrapped)
    assert list(wrapped()) == [1, 2]
    closed = wrapped()
    next(closed)
    closed.close()
    assert seen == [None, None]


async def test_an_async_generator_passes_values_both_ways() -> None:
    """What is sent and thrown reaches the wrapped generator."""
    seen = Seen()

    async def echo() -> AsyncIterator[object]:
        received: object = "start"
        while True:
            try:
                received = yield received
            except ValueError as error:
                received = f"caught {error}"

    wrapped = measured(echo, seen)
    assert inspect.isasyncgenfunction(wrapped)
    running = wrapped()
    assert await running.asend(None) == "start"
    assert await running.asend("a") == "a"
    assert await running.athrow(ValueError("v")) == "caught v"
    await running.aclose()
    assert seen == [None]


def test_methods_of_every_kind_are_wrapped() -> None:
    """Instance, class and static methods, and objects that can be called."""
    seen = Seen()

    class Service:
        @(lambda function: measured(function, seen))
        def own(self) -> object:
            return self

        @(lambda function: measured(function, seen))
        @classmethod
        def of_class(cls) -> object:
            return cls

        @(lambda function: measured(function, seen))
        @staticmethod
        def static() -> str:
            return "static"

        def __call__(self) -> str:
            return "called"

    service = Service()
    assert service.own() is service
    assert Service.of_class() is Service
    assert service.static() == "static"
    assert measured(service, seen)() == "called"
    assert seen == [None] * 4
