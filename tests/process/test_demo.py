"""The demo as real processes: the incident plays, and nothing is left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.cli import demo, demo_supervisor
from pake_tui.clock import SECOND
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy
from pake_tui.model.check import HealthState
from pake_tui.model.sample import SeriesKey

SECRETS = re.compile(
    r"sk_live_\w{8}|4111 1111 1111|5555-5555-5555|4012888888881881|eyJhbGci|:[0-9a-f]{24}@|[a-z]+\.\d\d@"
    r'|"password":"[0-9a-f]'
)
CONSOLE = """
import sys
from pake_tui.cli import demo
with demo.stage() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


def living_in(folder: Path) -> list[int]:
    """Every process of the demo, a console aside."""
    return [pid for pid in demo_supervisor.processes() if demo_supervisor.in_demo(pid, folder)]


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that stands where the console would, and the demo's folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", CONSOLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.wait()


def all_play(folder: Path) -> bool:
    """Whether every service writes its log."""
    return len(list((folder / "logs").glob("*.log"))) == 5


@pytest.mark.parametrize("end", ["quit", "kill -9"])
def test_however_the_console_ends_nothing_is_left(
    console: tuple[subprocess.Popen[str], Path], end: str
) -> None:
    """No process, no folder; after a quit already when the command returns."""
    process, folder = console
    until(lambda: all_play(folder))
    assert len(living_in(folder)) >= 6
    if end == "quit":
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
        assert not folder.exists()
        assert living_in(folder) == []
    else:
        process.send_signal(signal.SIGKILL)
        until(lambda: not folder.exists() and not living_in(folder))


def test_the_incident_unfolds_and_a_person_can_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alerts, a failing check, masked secrets; a raised threshold, an acknowledgement and a resolve show."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = dict(os.environ)
    with demo.stage() as folder:
        store, metrics = StateStore(folder / "state"), MetricsStore(folder / "state", read_only=True)
        people = Alerting(store, Policy)
        until(lambda: all_play(folder) and any("Payment" in alert.title for alert in people.active()))
        alert = next(alert for alert in people.active() if "Payment" in alert.title)

        def gateway() -> HealthState | None:
            return next((c.state for c in metrics.health.list() if c.name == "payment-gateway"), None)

        until(lambda: gateway() is HealthState.UNHEALTHY)
        latency = SeriesKey("api.latency", (("endpoint", "pay"), ("stat", "p95")), "api")

        def past_points() -> int:
            now = time.time_ns()
            found = metrics.series([latency], now - 240 * SECOND, now, 24)
            return sum(point.mean is not None for series in found for point in series.points)

        until(lambda: past_points() > 20)

        def latency_fires() -> bool:
            return any(alert.title.startswith("api latency") for alert in people.active())

        until(latency_fires)
        config = folder / "pake.yaml"
        config.write_text(config.read_text().replace("threshold: 500 ", "threshold: 5000 "))
        until(lambda: not latency_fires())
        people.acknowledge(alert.id, actor="ada", comment="on it")
        until(lambda: "on it" in (folder / "logs" / "payment.log").read_text())
        people.resolve(alert.id, actor="ada", note="take the backup")
        until(lambda: gateway() is HealthState.HEALTHY)
        text = "".join(path.read_text() for path in (folder / "logs").glob("*.log"))
        assert not SECRETS.findall(text)
        assert "take the backup" in text
        store.close()
        metrics.close()
    assert dict(os.environ) == before
    assert not folder.exists()
