"""Health checks of an application: every answer understood, no check able to stop the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

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
        (None, HealthState.UNKNOWN),
        ("splendid", HealthState.UNKNOWN),
        ({"state": "healthy"}, HealthState.UNKNOWN),
        (42, HealthState.UNKNOWN),
    ],
)
def test_answers_are_judged(answer: object, state: HealthState) -> None:
    """Booleans, states, words and dicts are understood; anything else is unknown and says what would be."""
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


def test_an_async_check_runs_in_a_loop_of_its_own() -> None:
    """A coroutine function is as good as a plain one."""

    async def check() -> str:
        return "healthy"

    assert run_check(check).state is HealthState.HEALTHY


def test_checks_run_at_once_and_again_after_their_interval() -> None:
    """The first result does not wait for the interval."""
    runs: list[float] = []
    reports: list[HealthCheck] = []
    probes = Probes("shop@1", lambda: 0.02, reports.append)
    assert probes.register("db", lambda: runs.append(time.monotonic()) or True)
    until(lambda: len(reports) >= 3)
    assert {report.name for report in reports} == {"db"}
    (row,) = probes.checks()
    assert row.owner == "shop@1"
    assert row.interval_s == 0.02
    assert len(row.history) >= 3


def test_a_check_that_hangs_holds_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unhealthy after its time limit, the others go on, and it recovers when it returns."""
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    release = threading.Event()
    reports: list[HealthCheck] = []
    others: list[int] = []
    probes = Probes("shop@1", lambda: 0.02, reports.append)
    probes.register("hangs", lambda: release.wait(10))
    probes.register("other", lambda: others.append(1) or True)
    until(lambda: probes.watch() or any(report.name == "hangs" for report in reports))
    stuck = next(report for report in reports if report.name == "hangs")
    assert stuck.state is HealthState.UNHEALTHY
    assert "no answer" in stuck.message
    until(lambda: len(others) >= 3)
    release.set()
    until(lambda: {c.name: c.state for c in probes.checks()}["hangs"] is HealthState.HEALTHY)


def test_two_hundred_checks_are_the_most() -> None:
    """More are refused, and the caller is told by the answer."""
    probes = Probes("shop@1", lambda: 60, lambda _check: None)
    taken = [probes.register(f"c{number}", lambda: True) for number in range(201)]
    assert taken == [True] * 200 + [False]
