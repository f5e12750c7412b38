"""Health checks that an application registered: run in its process as the collector runs configured ones.

Each has a daemon thread of its own, which ends when nothing is due, so that none delays another. One that
does not return keeps its thread, and is unhealthy and not run again until it does.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import SECOND, now_ns
from pake_tui.engine.monitoring.checking.running import CheckRunner
from pake_tui.engine.monitoring.checking.specs import CheckSpec
from pake_tui.engine.monitoring.checking.standing import Run
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.text.masking import mask_fields, mask_text

CheckFunction = Callable[[], object]
MAX_CHECKS = 200
MAX_MESSAGE = 500
TIMEOUT_S = 10.0
IDLE_S = 1.0
_WORDS = {
    "healthy": HealthState.HEALTHY,
    "ok": HealthState.HEALTHY,
    "up": HealthState.HEALTHY,
    "pass": HealthState.HEALTHY,
    "degraded": HealthState.DEGRADED,
    "warning": HealthState.DEGRADED,
    "warn": HealthState.DEGRADED,
    "unhealthy": HealthState.UNHEALTHY,
    "critical": HealthState.UNHEALTHY,
    "down": HealthState.UNHEALTHY,
    "fail": HealthState.UNHEALTHY,
    "error": HealthState.UNHEALTHY,
    "unknown": HealthState.UNKNOWN,
}


class Outcome(Struct, frozen=True):
    """What one run said."""

    state: HealthState
    message: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


def judge(answer: object) -> Outcome:
    """A check's return value: True or False, a state, its word, a member of an enum with such a value or
    name, an exception, or `{status, message, details}`.

    Anything else is unknown, and says what would be accepted.
    """
    state = _state(answer)
    if state is not None:
        return Outcome(state)
    if isinstance(answer, BaseException):
        return _failed(answer)
    if isinstance(answer, Mapping) and "status" in answer:
        inner = judge(answer["status"])
        details = answer.get("details")
        told = (
            {_short(k): _plain(v) for k, v in list(details.items())[:50]}
            if isinstance(details, Mapping)
            else {}
        )
        message = answer.get("message")
        text = mask_text(_short(message)) if message is not None else inner.message
        return Outcome(inner.state, text, mask_fields(told))
    return Outcome(
        HealthState.UNKNOWN,
        f"the check returned {mask_text(_short(repr(answer)))}; return True, False, a status word or "
        "{'status': 'healthy', 'message': …}",
    )


def _state(answer: object) -> HealthState | None:
    """The state that a value says; None where it says none."""
    if isinstance(answer, bool):
        return HealthState.HEALTHY if answer else HealthState.UNHEALTHY
    if isinstance(answer, HealthState):
        return answer
    if isinstance(answer, Enum):
        by_value = _state(answer.value)
        return by_value if by_value is not None else _state(answer.name)
    return _WORDS.get(answer.strip().lower()) if isinstance(answer, str) else None


def run_check(function: CheckFunction) -> Outcome:
    """Run a check, a coroutine function in an event loop of its own; one that raises is unhealthy."""
    try:
        answer = function()
        if inspect.isawaitable(answer):
            answer = _awaited(answer)
        return judge(answer)
    except BaseException as error:  # also one that calls sys.exit: the thread is ours
        return _failed(error)


def _failed(error: BaseException) -> Outcome:
    return Outcome(HealthState.UNHEALTHY, mask_text(f"{type(error).__name__}: {_short(error)}"))


def _awaited(answer: Awaitable[object]) -> object:
    """What an asynchronous check answers, in an event loop of its own."""
    import asyncio

    async def wait() -> object:
        done, late = await asyncio.wait([asyncio.ensure_future(answer)], timeout=TIMEOUT_S)
        if late:
            raise TimeoutError(f"no answer within {TIMEOUT_S:g} s")
        return done.pop().result()

    return asyncio.run(wait())


class Probes:
    """The checks of one process. `interval` gives the seconds between runs, read anew each time.

    `turn` is called a few times a second; it calls `report(check)` for each run that ended since.
    """

    def __init__(
        self, owner: str, interval: Callable[[], float], report: Callable[[HealthCheck], None]
    ) -> None:
        self.owner = owner
        self._interval = interval
        self._report = report
        self._specs: dict[str, CheckSpec] = {}
        self._runner = CheckRunner(_ask, idle_s=IDLE_S)
        self._in_force = 0.0
        self.reset()

    def reset(self) -> None:
        """Start anew, with the same checks; in a forked child no thread came along."""
        self._lock = threading.Lock()
        kept = {row.name: row for row in self._runner.rows()}
        self._runner = CheckRunner(_ask, idle_s=IDLE_S)
        self._put_in_force(kept)

    def register(self, name: str, function: CheckFunction) -> bool:
        """Add or replace a check, which runs soon; False where there are 200 already."""
        # Two partials are never equal: what is registered again is another check, and runs again.
        target, limit = partial(run_check, function), int(TIMEOUT_S * SECOND)
        with self._lock:
            if name not in self._specs and len(self._specs) >= MAX_CHECKS:
                return False
            self._specs[name] = CheckSpec(name, "function", target, {}, timeout_ns=limit, retries=0)
            self._put_in_force()
        return True

    def run_soon(self, name: str) -> None:
        """Run a check at the next turn, if this process has it."""
        with self._lock:
            self._runner.run_soon(name)

    def checks(self) -> tuple[HealthCheck, ...]:
        """All checks as they stand, by name."""
        with self._lock:
            return tuple(replace(row, owner=self.owner) for row in self._runner.rows())

    def turn(self) -> None:
        """Start what is due, each on a thread of its own, and report what ended or takes too long."""
        with self._lock:
            if self._interval() != self._in_force:
                self._put_in_force()
            news = self._runner.turn()
        for row in news:
            self._report(replace(row, owner=self.owner))

    def _put_in_force(self, kept: Mapping[str, HealthCheck] | None = None) -> None:
        self._in_force = self._interval()
        self._runner.put_in_force(self._specs.values(), int(self._in_force * SECOND), kept)


def _ask(spec: CheckSpec) -> Run:
    """One run, on a thread of its own."""
    began, start = now_ns(), time.perf_counter_ns()
    outcome: Outcome = spec.target()
    took = time.perf_counter_ns() - start
    return Run(outcome.state, outcome.message, began, took, outcome.details)


def _short(value: object) -> str:
    try:
        return str(value)[:MAX_MESSAGE]
    except Exception as error:
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _plain(value: object) -> object:
    """A detail as JSON can say it."""
    return value if value is None or isinstance(value, (bool, int, float)) else _short(value)
