"""Health checks of an application: every answer understood, no check able to stop the others."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum, IntEnum, StrEnum

import pytest

from pake_tui.engine.monitoring import probes as module
from pake_tui.engine.monitoring.probes import Probes, judge, run_check
from pake_tui.model.check import HealthCheck, HealthState


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.005)


class Own(Enum):
    """An application's own states."""

    UP = 7
    GONE = "down"
    SHAKY = HealthState.DEGRADED
    FINE = True
    OK = "unhealthy"
    PURPLE = "violet"


class Level(IntEnum):
    """As numbers, of which 0 and 1 are no booleans."""

    CRITICAL = 1
    PASS = 0


class Word(StrEnum):
    """As words."""

    WARN = "Warning"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (True, HealthState.HEALTHY),
        (False, HealthState.UNHEALTHY),
        (HealthState.DEGRADED, HealthState.DEGRADED),
        ("healthy", HealthState.HEALTHY),
        ("DOWN", HealthState.UNHEALTHY),
        ({"status": "degraded"}, HealthState.DEGRADED),
        ({"status": True}, HealthState.HEALTHY),
        (Own.UP, HealthState.HEALTHY),
        (Own.GONE, HealthState.UNHEALTHY),
        (Own.SHAKY, HealthState.DEGRADED),
        (Own.FINE, HealthState.HEALTHY),
        (Own.OK, HealthState.UNHEALTHY),
        (Own.PURPLE, HealthState.UNKNOWN),
        (Level.CRITICAL, HealthState.UNHEALTHY),
        (Level.PASS, HealthState.HEALTHY),
        (Word.WARN, HealthState.DEGRADED),
        ({"status": Own.GONE}, HealthState.UNHEALTHY),
        ({"status": HealthState.HEALTHY}, HealthState.HEALTHY),
        (None, HealthState.UNKNOWN),
        ("splendid", HealthState.UNKNOWN),
        ({"state": "healthy"}, HealthState.UNKNOWN),
        (42, HealthState.UNKNOWN),
    ],
)
def test_answers_are_judged(answer: object, state: HealthState) -> None:
    """Booleans, states, words, enums by value or else by name, and dicts are understood; anything else is
    unknown and says what would be.
    """
    outcome = judge(answer)
    assert outcome.state is state
    if state is HealthState.UNKNOWN:
        assert "return True, False" in outcome.message


def test_a_dict_brings_its_message_and_details_masked() -> None:
    """What a check tells is masked like everything else."""
    outcome = judge(
        {"status": "healthy", "message": "up, token=abc-secret", "details": {"password": "x-secret"}}
    )
    assert outcome.message.startswith("up")
    assert "secret" not in outcome.message + str(outcome.details)


def test_a_check_that_raises_is_unhealthy_and_tells_why() -> None:
    """The exception's type and text, masked."""

    def check() -> bool:
        raise ConnectionError("refused, password=hidden-here")

    outcome = run_check(check)
    assert outcome.state is HealthState.UNHEALTHY
    assert outcome.message.startswith("ConnectionError: refused")
    assert "hidden-here" not in outcome.message


def test_an_exception_that_is_returned_is_as_bad_as_one_that_is_raised() -> None:
    """Also as a status; and one whose text cannot be had."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    outcome = judge(OSError("gone"))
    assert (outcome.state, outcome.message) == (HealthState.UNHEALTHY, "OSError: gone")
    assert judge({"status": OSError("gone")}) == outcome
    assert judge(Mute()).message.startswith("Mute: <Mute that cannot be shown")


def test_a_check_that_would_end_its_process_is_unhealthy() -> None:
    """`sys.exit` in a check ends neither the thread nor anything else."""
    outcome = run_check(lambda: sys.exit(3))
    assert (outcome.state, outcome.message) == (HealthState.UNHEALTHY, "SystemExit: 3")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("healthy", HealthState.HEALTHY),
        (False, HealthState.UNHEALTHY),
        (Own.SHAKY, HealthState.DEGRADED),
        ({"status": "down", "message": "x"}, HealthState.UNHEALTHY),
        (ValueError("x"), HealthState.UNHEALTHY),
    ],
)
def test_an_async_check_runs_in_a_loop_of_its_own(answer: object, state: HealthState) -> None:
    """A coroutine function is as good as a plain one, whatever it answers or raises."""

    async def check() -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert run_check(check).state is state


def test_an_async_check_that_waits_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and its thread is free again."""
    import asyncio

    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    outcome = run_check(lambda: asyncio.sleep(60))
    assert (outcome.state, outcome.message) == (
        HealthState.UNHEALTHY,
        "TimeoutError: no answer within 0.05 s",
    )


class Turning:
    """Probes that are turned until something holds, and what they reported."""

    def __init__(self, interval_s: float) -> None:
        self.reports: list[HealthCheck] = []
        self.probes = Probes("shop@1", lambda: interval_s, self.reports.append)
        self.threads = set(threading.enumerate())

    def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Turn until a condition holds, with a deadline."""
        until(lambda: self.probes.turn() or condition(), seconds)

    def own_threads(self) -> int:
        """Threads that were not there before."""
        return len(set(threading.enumerate()) - self.threads)


def test_checks_run_soon_and_again_after_their_interval() -> None:
    """The first result does not wait for the interval; rows are the process's own."""
    turning = Turning(0.02)
    assert turning.probes.register("db", lambda: {"status": True, "details": {"pool": 3}})
    turning.until(lambda: len(turning.reports) >= 3)
    assert {report.name for report in turning.reports} == {"db"}
    (row,) = turning.probes.checks()
    assert (row.owner, row.interval_s, row.state) == ("shop@1", 0.02, HealthState.HEALTHY)
    assert row.details["pool"] == 3
    assert row.latency_ms is not None
    stamps = [report.checked_ns for report in turning.reports]
    assert len(set(stamps)) == len(stamps)


def test_a_check_that_was_not_run_yet_says_so() -> None:
    """Unknown, not healthy."""
    turning = Turning(60)
    turning.probes.register("db", lambda: True)
    (row,) = turning.probes.checks()
    assert (row.state, row.message, row.checked_ns) == (HealthState.UNKNOWN, "not run yet", None)


def test_one_slow_check_delays_no_other_and_is_told_when_it_ends() -> None:
    """The others keep their interval while it is within its time limit; reports come as runs end."""
    turning, release = Turning(0.05), threading.Event()
    began = threading.Event()
    turning.probes.register("slow", lambda: began.set() or release.wait(20))
    turning.until(began.is_set)
    turning.probes.register("quick", lambda: True)
    turning.until(lambda: len(turning.reports) >= 10)
    assert {report.name for report in turning.reports} == {"quick"}
    gaps = [
        (after.checked_ns or 0) - (before.checked_ns or 0)
        for before, after in zip(turning.reports, turning.reports[1:], strict=False)
    ]
    assert sorted(gaps)[len(gaps) // 2] < 1e9
    release.set()
    turning.until(lambda: any(report.name == "slow" for report in turning.reports))


def test_checks_that_hang_are_unhealthy_and_hold_one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """After their time limit; none is run again meanwhile; they recover when they return."""
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    turning, release = Turning(0.05), threading.Event()
    runs: Counter[str] = Counter()

    def hangs(name: str) -> bool:
        runs[name] += 1
        return release.wait(20)

    names = [f"hangs {number}" for number in range(10)]
    for name in names:
        turning.probes.register(name, lambda name=name: hangs(name))
    turning.probes.register("other", lambda: True)
    told = lambda: {row.name: row for row in turning.reports}  # noqa: E731
    turning.until(lambda: all(name in told() for name in names))
    for name in names:
        assert told()[name].state is HealthState.UNHEALTHY
        assert told()[name].message == "time-out: no answer within 0.05 s, and it does not return"
    before = sum(report.name == "other" for report in turning.reports)
    turning.until(lambda: sum(report.name == "other" for report in turning.reports) >= before + 5)
    assert set(runs.values()) == {1}
    assert turning.own_threads() <= len(names) + 2
    release.set()
    turning.until(lambda: {row.state for row in turning.probes.checks()} == {HealthState.HEALTHY})


def test_no_thread_is_kept_when_nothing_is_due() -> None:
    """An application with a check a minute pays for none."""
    turning = Turning(60)
    for number in range(3):
        turning.probes.register(f"c{number}", lambda: True)
    turning.until(lambda: len(turning.reports) == 3)
    until(lambda: turning.own_threads() == 0)


def test_many_checks_do_not_run_at_one_instant() -> None:
    """They are spread from the first run on, and so few threads do."""
    turning, began = Turning(30), list[float]()
    for number in range(40):
        turning.probes.register(f"c{number}", lambda: began.append(time.monotonic()) or True)
    turning.until(lambda: len(turning.reports) == 40)
    assert max(began) - min(began) > 0.5
    dues = sorted(row.next_ns or 0 for row in turning.probes.checks())
    assert dues[-1] - dues[0] > 0.5e9


def test_a_check_can_be_asked_for_now() -> None:
    """Long before its interval."""
    turning = Turning(3600)
    turning.probes.register("db", lambda: True)
    turning.until(lambda: len(turning.reports) == 1)
    turning.probes.run_soon("db")
    turning.probes.run_soon("nobody has this one")
    turning.until(lambda: len(turning.reports) == 2)


def test_a_check_that_is_registered_again_is_replaced() -> None:
    """The new function runs soon, and what the old one still says does not count."""
    turning, release = Turning(3600), threading.Event()
    began = threading.Event()
    turning.probes.register("db", lambda: began.set() or (release.wait(20) and "down"))
    turning.until(began.is_set)
    turning.probes.register("db", lambda: True)
    turning.until(lambda: turning.reports)
    release.set()
    turning.until(lambda: turning.own_threads() == 0)
    assert [report.state for report in turning.reports] == [HealthState.HEALTHY]


def test_another_interval_counts_at_once() -> None:
    """As the settings are edited."""
    intervals = [3600.0]
    reports: list[HealthCheck] = []
    probes = Probes("shop@1", lambda: intervals[-1], reports.append)
    probes.register("db", lambda: True)
    until(lambda: probes.turn() or reports)
    assert reports[0].interval_s == 3600.0
    intervals.append(0.02)
    probes.run_soon("db")
    until(lambda: probes.turn() or len(reports) >= 4)
    assert reports[-1].interval_s == 0.02


def test_a_forked_child_runs_the_checks_itself() -> None:
    """Also while one of the parent's hangs, whose thread did not come along."""
    turning, release = Turning(0.05), threading.Event()
    began = threading.Event()
    parent = os.getpid()
    turning.probes.register("db", lambda: os.getpid() != parent or (began.set() or release.wait(20)))
    turning.until(began.is_set)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            turning.probes.owner = "shop@2"
            turning.probes.reset()
            turning.until(lambda: turning.reports)
            status = 0 if turning.reports[0].owner == "shop@2" else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    release.set()


def test_two_hundred_checks_are_the_most() -> None:
    """More are refused, and the caller is told by the answer."""
    probes = Probes("shop@1", lambda: 60, lambda _check: None)
    taken = [probes.register(f"c{number}", lambda: True) for number in range(201)]
    assert taken == [True] * 200 + [False]
