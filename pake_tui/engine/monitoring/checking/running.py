"""When checks run: each at its own interval; a slow one holds no thread but its own."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.engine.monitoring.checking.specs import CheckSpec
from pake_tui.engine.monitoring.checking.standing import Run, Standing, after, failing_since, row, unreachable
from pake_tui.model.check import HealthCheck, HealthState

MOST_THREADS = 256
IDLE_S = 60.0
GRACE_S = 1.0
"""So much past its time-out a run that does not return is given up."""
FIRST_WITHIN_S = 5.0
APART_S = 0.05
"""New checks are spread over so much for each, up to five seconds."""
Ask = Callable[[CheckSpec], Run]


class _Planned(Struct):
    """A check with its standing. `due`, `started` and `told` (when its row last was news of a run that lasts)
    are monotonic seconds; `ticket` names its run.
    """

    spec: CheckSpec
    interval_ns: int
    due: float
    standing: Standing = field(default_factory=Standing)
    ticket: int = 0
    started: float | None = None
    told: float = 0.0
    running: bool = False


class CheckRunner:
    """Runs checks through `ask`, which blocks; `turn` is called a few times a second, by one thread."""

    def __init__(self, ask: Ask, *, idle_s: float = IDLE_S) -> None:
        """Threads without work end after `idle_s` seconds."""
        self._ask = ask
        self._planned: dict[str, _Planned] = {}
        self._done: queue.SimpleQueue[tuple[str, int, Run]] = queue.SimpleQueue()
        self._pool = _Pool(idle_s)
        self._starved: set[str] = set()

    def put_in_force(
        self, specs: Collection[CheckSpec], default_ns: int, kept: Mapping[str, HealthCheck] | None = None
    ) -> None:
        """These checks from now on; a new or changed one runs within five seconds, the others go on.

        `kept` are rows by name as an earlier collector left them: their states are still hard.
        """
        fresh: dict[str, _Planned] = {}
        for spec in specs:
            interval = spec.interval_ns or default_ns
            known = self._planned.get(spec.name)
            if known is not None and known.spec == spec:
                known.interval_ns = interval
                fresh[spec.name] = known
            else:
                ticket = known.ticket + 1 if known is not None else 0
                within = min(interval / SECOND, FIRST_WITHIN_S, APART_S * len(specs))
                first = 0.0 if known is not None else _share_of(spec.name) * within
                was = (kept or {}).get(spec.name)
                standing = Standing(was.state, was.message, was.message) if was is not None else Standing()
                fresh[spec.name] = _Planned(spec, interval, monotonic() + first, standing, ticket)
        self._planned = fresh

    def run_soon(self, name: str) -> None:
        """Make a check due now; one that is not configured is no matter."""
        if (planned := self._planned.get(name)) is not None:
            planned.due = monotonic()

    def turn(self) -> list[HealthCheck]:
        """Start what is due, take what is done, give up what does not return: the rows that are news."""
        news: dict[str, HealthCheck] = {}
        while True:
            try:
                name, ticket, run = self._done.get_nowait()
            except queue.Empty:
                break
            planned = self._planned.get(name)
            if planned is not None and planned.running and planned.ticket == ticket:
                planned.running = False
                if planned.started is not None:  # else it was given up, and said so
                    planned.started = None
                    news[name] = self._settled(planned, run)
        now = monotonic()
        for planned in self._planned.values():
            spec = planned.spec
            late = spec.timeout_ns / SECOND + GRACE_S
            if planned.started is not None and now - planned.started > late:
                planned.started = None
                news[spec.name] = self._given_up(planned)
            elif planned.started is not None and (now - planned.told) * SECOND > planned.interval_ns / 2:
                planned.told = now
                if planned.standing.run is not None:
                    news[spec.name] = self._as_it_stands(planned)
            elif planned.due <= now and planned.running and planned.started is None:
                self._plan_next(planned, planned.interval_ns)
                news[spec.name] = self._still_stuck(planned)
            elif planned.due <= now and not planned.running:
                parent = self._failed_parent(spec)
                if parent is not None:
                    planned.standing = unreachable(*parent, now_ns())
                    self._plan_next(planned, planned.interval_ns)
                    news[spec.name] = row(spec, planned.standing, planned.interval_ns)
                else:
                    self._start(planned)
        return list(news.values())

    def rows(self) -> list[HealthCheck]:
        """All checks as they stand, by name."""
        return [self._as_it_stands(self._planned[name]) for name in sorted(self._planned)]

    @property
    def summary(self) -> str:
        """How many checks there are."""
        return f"{len(self._planned)} configured checks"

    @property
    def problem(self) -> str:
        """Why checks are not run as they should be; empty where they are."""
        stuck = [one.spec.name for one in self._planned.values() if one.running and one.started is None]
        if self._starved:
            waiting = sorted(self._starved)
            return (
                f"{len(waiting)} checks wait for a thread, {len(stuck)} others do not return: {waiting[0]}, …"
            )
        return f"{len(stuck)} checks do not return: {', '.join(stuck[:5])}" if stuck else ""

    @property
    def unreachable(self) -> dict[str, str]:
        """Checks that are not asked because a parent failed, with what their rows say."""
        return {
            name: one.standing.shown
            for name, one in self._planned.items()
            if one.standing.state is HealthState.UNKNOWN and self._failed_parent(one.spec) is not None
        }

    @property
    def names(self) -> frozenset[str]:
        """The checks in force."""
        return frozenset(self._planned)

    def _start(self, planned: _Planned) -> None:
        spec = planned.spec
        planned.ticket += 1
        ticket = planned.ticket

        def work() -> None:
            self._done.put((spec.name, ticket, self._ask(spec)))

        planned.running = self._pool.submit(work)
        if planned.running:
            planned.started = planned.told = monotonic()
            self._starved.discard(spec.name)
        else:
            self._starved.add(spec.name)

    def _settled(self, planned: _Planned, run: Run) -> HealthCheck:
        """Take a run: its state, when the next one is due, and the row."""
        spec, before = planned.spec, planned.standing.state
        failing_ns = failing_since(planned.standing, run)
        sure = failing_ns is None or self._parents_asked_since(spec, failing_ns)
        planned.standing = after(spec, planned.standing, run, sure=sure)
        soon = planned.standing.soft
        self._plan_next(planned, min(spec.retry_ns, planned.interval_ns) if soon else planned.interval_ns)
        parent = self._failed_parent(spec) if run.state is not HealthState.HEALTHY else None
        if parent is not None:
            planned.standing = unreachable(*parent, now_ns())
        if before is HealthState.UNHEALTHY and planned.standing.state is not before:
            self._wake_children(spec.name)
        return row(spec, planned.standing, planned.interval_ns)

    def _wake_children(self, name: str) -> None:
        """A parent is back: what depends on it is asked now."""
        for planned in self._planned.values():
            if name in planned.spec.depends_on:
                planned.due = min(planned.due, monotonic())

    def _given_up(self, planned: _Planned) -> HealthCheck:
        """Its time is over, though it has not returned: that is its result."""
        limit = planned.spec.timeout_ns
        said = f"time-out: no answer within {limit / SECOND:g} s, and it does not return"
        return self._settled(planned, Run(HealthState.UNHEALTHY, said, now_ns() - limit, limit))

    def _as_it_stands(self, planned: _Planned) -> HealthCheck:
        """The row. A run may last longer than intervals do: meanwhile the check is not silent."""
        found = row(planned.spec, planned.standing, planned.interval_ns)
        asked_again = planned.started is not None and planned.standing.run is not None
        return replace(found, checked_ns=now_ns()) if asked_again else found

    def _still_stuck(self, planned: _Planned) -> HealthCheck:
        run = planned.standing.run
        assert run is not None
        again = replace(run, began_ns=now_ns() - (run.took_ns or 0))
        planned.standing = after(planned.spec, planned.standing, again)
        return row(planned.spec, planned.standing, planned.interval_ns)

    def _plan_next(self, planned: _Planned, span_ns: int) -> None:
        """From when it was due, so that intervals hold; from now where that is past."""
        planned.due += span_ns / SECOND
        if planned.due < monotonic():
            planned.due = monotonic() + (span_ns / SECOND if planned.standing.soft else 0.0)

    def _failed_parent(self, spec: CheckSpec) -> tuple[str, HealthState] | None:
        """A parent that is unhealthy, or unreachable itself."""
        for name in spec.depends_on:
            parent = self._planned.get(name)
            if parent is None:
                continue
            state = parent.standing.state
            if state is HealthState.UNHEALTHY:
                return name, state
            if state is HealthState.UNKNOWN and self._failed_parent(parent.spec) is not None:
                return name, state
        return None

    def _parents_asked_since(self, spec: CheckSpec, since_ns: int) -> bool:
        """Whether every parent was asked after a time; those that were not are asked now."""
        asked = True
        for name in spec.depends_on:
            parent = self._planned.get(name)
            if parent is None:
                continue
            run = parent.standing.run
            if run is None or run.began_ns < since_ns or parent.standing.soft:
                parent.due = min(parent.due, monotonic())
                asked = False
        return asked


class _Pool:
    """Daemon threads, made when all others are busy, gone after `idle_s` seconds without work."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def submit(self, work: Callable[[], None]) -> bool:
        """False where every thread is busy and there may be no more."""
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._threads >= MOST_THREADS:
                return False
            else:
                thread = threading.Thread(target=self._loop, name="pake-check", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False
                self._threads += 1
            self._work.put(work)
            return True

    def _loop(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=self._idle_s)
            except queue.Empty:
                with self._lock:
                    if self._idle == 0:  # work was promised to this thread meanwhile
                        continue
                    self._idle -= 1
                    self._threads -= 1
                return
            work()
            with self._lock:
                self._idle += 1


def _share_of(name: str) -> float:
    """A check's own place in [0, 1), in each process: checks of one interval do not all run at once."""
    seed = f"{os.getpid()} {name}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(seed, digest_size=4).digest(), "big") / 2**32
