"""Context lasts exactly as long as its block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from pake_tui.engine.logger.context import Scope, current


def test_scopes_nest_and_end_with_their_blocks() -> None:
    """The inner value hides the outer one only inside."""
    with Scope({"a": 1}):
        with Scope({"a": 2, "b": 3}):
            assert current() == {"a": 2, "b": 3}
        assert current() == {"a": 1}
    assert current() == {}


def test_a_scope_ends_when_its_block_raises() -> None:
    """An exception takes no context along."""
    try:
        with Scope({"a": 1}):
            raise ValueError
    except ValueError:
        pass
    assert current() == {}


async def test_tasks_inherit_and_do_not_disturb_one_another() -> None:
    """Each task has its own context from where it was started on."""
    seen: dict[str, object] = {}

    async def work(name: str) -> None:
        with Scope({"who": name}):
            await asyncio.sleep(0)
            seen[name] = dict(current())

    with Scope({"request": "r"}):
        await asyncio.gather(work("x"), work("y"))
        assert current() == {"request": "r"}
    assert seen == {"x": {"request": "r", "who": "x"}, "y": {"request": "r", "who": "y"}}


async def test_a_thread_made_by_asyncio_keeps_the_context_a_bare_one_starts_without() -> None:
    """`to_thread` carries the context over; a new thread has none."""
    found: list[object] = []
    with Scope({"a": 1}):
        assert await asyncio.to_thread(current) == {"a": 1}
        bare = threading.Thread(target=lambda: found.append(dict(current())))
        bare.start()
        bare.join()
    assert found == [{}]


def test_a_generator_closed_elsewhere_harms_nobody() -> None:
    """A block in a generator that another context closes ends without an error."""
    import contextvars

    def generator() -> Iterator[int]:
        with Scope({"a": 1}):
            yield 1

    made = generator()
    contextvars.copy_context().run(next, made)
    made.close()
    assert current() == {}
