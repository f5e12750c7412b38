"""Health checks that an application registered: run in its process, one after another, on a daemon thread.

A check that does not return keeps its thread; the others go on in a fresh one, and it is unhealthy until it
returns.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct, field

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.model.check import CheckPoint, HealthCheck, HealthState
from pake_tui.text.masking import mask_fields, mask_text

CheckFunction = Callable[[], object]
MAX_CHECKS = 200
MAX_MESSAGE = 500
TIMEOUT_S = 10.0
HISTORY = 60
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
    """A check's return value: True or False, a state, its word, or `{status, message, details}`.

    Anything else is unknown, and says what would be accepted.
    """
    if isinstance(answer, bool):
        return Outcome(HealthState.HEALTHY if answer else HealthState.UNHEALTHY)
    if isinstance(answer, HealthState):
        return Outcome(answer)
    if isinstance(answer, str) and answer.strip().lower() in _WORDS:
        return Outcome(_WORDS[answer.strip().lower()])
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


def run_check(function: CheckFunction) -> Outcome:
    """Run a check, a coroutine function in an event loop of its own; one that raises is unhealthy."""
    try:
        answer = function()
        if inspect.isawaitable(answer):
            answer = _awaited(answer)
        return judge(answer)
    except Exception as error:
        return Outcome(HealthState.UNHEALTHY, mask_text(_short(f"{type(error).__name__}: {error}")))


def _awaited(answer: Awaitable[object]) -> object:
    """What an asynchronous check answers, in an event loop of its own."""
    import asyncio

    async def wait() -> object:
        async with asyncio.timeout(TIMEOUT_S):
            return await answer

    return asyncio.run(wait())


class _Probe(Struct):
    """One registered check and how it last went. Times are UTC ns, `due` and `started` monotonic seconds."""

    name: str
    function: CheckFunction
    outcome: Outcome
    due: float = 0.0
    started: float | None = None
    since_ns: int | None = None
    checked_ns: int | None = None
    latency_ms: float | None = None
    history: deque[CheckPoint] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def record(self, outcome: Outcome, latency_ms: float | None) -> None:
        now = now_ns()
        if self.since_ns is None or outcome.state is not self.outcome.state:
            self.since_ns = now
        self.outcome, self.checked_ns, self.latency_ms = outcome, now, latency_ms
        self.history.append(CheckPoint(now, outcome.state, latency_ms, outcome.message))


class Probes:
    """The checks of one process. `interval` gives the seconds between runs, read anew each time.

    `report(check)` is called after each run, on the checks' own thread.
    """

    def __init__(
        self, owner: str, interval: Callable[[], float], report: Callable[[HealthCheck], None]
    ) -> None:
        self.owner = owner
        self._interval = interval
        self._report = report
        self._probes: dict[str, _Probe] = {}
        self.reset()

    def reset(self) -> None:
        """Start anew, with the same checks; in a forked child no thread came along."""
        self._wake = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        for probe in self._probes.values():
            probe.started = None

    def register(self, name: str, function: CheckFunction) -> bool:
        """Add or replace a check, and run it at once; False where there are 200 already."""
        with self._wake:
            if name not in self._probes and len(self._probes) >= MAX_CHECKS:
                return False
            self._probes[name] = _Probe(name, function, Outcome(HealthState.UNKNOWN, "not run yet"))
            self._ensure_thread()
            self._wake.notify_all()
        return True

    def run_soon(self, name: str) -> None:
        """Run a check now, if this process has it."""
        with self._wake:
            if name in self._probes:
                self._probes[name].due = 0.0
                self._wake.notify_all()

    def checks(self) -> tuple[HealthCheck, ...]:
        """All checks as they stand, by name."""
        with self._wake:
            return tuple(self._row(self._probes[name]) for name in sorted(self._probes))

    def watch(self) -> None:
        """To be called every now and then: replaces the thread where a check holds it for too long."""
        stuck: _Probe | None = None
        with self._wake:
            for probe in self._probes.values():
                late = probe.started is not None and monotonic() - probe.started > TIMEOUT_S
                if late and not probe.outcome.message.startswith("no answer"):
                    probe.record(Outcome(HealthState.UNHEALTHY, f"no answer for {TIMEOUT_S:g} s"), None)
                    stuck = probe
                    self._thread = None
            if self._probes:
                self._ensure_thread()
        if stuck is not None:
            self._report(self._row(stuck))

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._loop, name="pake-tui-checks", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return
            self._thread = thread

    def _loop(self) -> None:
        me = threading.current_thread()
        while (probe := self._next(me)) is not None:
            begun = time.perf_counter()
            outcome = run_check(probe.function)
            latency = (time.perf_counter() - begun) * 1000
            with self._wake:
                probe.started = None
                probe.due = monotonic() + self._interval()
                probe.record(outcome, latency)
                current = self._probes.get(probe.name) is probe
            if current:
                self._report(self._row(probe))

    def _next(self, me: threading.Thread) -> _Probe | None:
        """Wait for the next check that is due and not running; None once another thread took over."""
        with self._wake:
            while self._thread is None or self._thread is me:
                idle = [probe for probe in self._probes.values() if probe.started is None]
                first = min(idle, key=lambda probe: probe.due, default=None)
                wait = first.due - monotonic() if first is not None else None
                if first is not None and wait is not None and wait <= 0:
                    first.started = monotonic()
                    return first
                self._wake.wait(wait)
            return None

    def _row(self, probe: _Probe) -> HealthCheck:
        interval = self._interval()
        checked = probe.checked_ns
        return HealthCheck(
            name=probe.name,
            state=probe.outcome.state,
            message=probe.outcome.message,
            owner=self.owner,
            since_ns=probe.since_ns,
            checked_ns=checked,
            next_ns=None if checked is None else checked + int(interval * SECOND),
            latency_ms=probe.latency_ms,
            interval_s=interval,
            details=probe.outcome.details,
            history=tuple(probe.history),
        )


def _short(value: object) -> str:
    try:
        return str(value)[:MAX_MESSAGE]
    except Exception as error:
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _plain(value: object) -> object:
    """A detail as JSON can say it."""
    return value if value is None or isinstance(value, (bool, int, float)) else _short(value)
