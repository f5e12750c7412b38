"""Several real processes set the same gauges, and one of them is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.engine.monitoring.exposition import exposition
from pake_tui.model.alert import AlertState
from pake_tui.model.sample import SeriesKey
from tests.process.places import Place, wait_for

WORKER = """
import sys
from pake_tui import get_monitor
monitor = get_monitor("shop")
for line in sys.stdin:  # the gauge, its value and its aggregate
    name, value, aggregate = line.split()
    monitor.set_gauge(name, float(value), aggregate=aggregate)
    print("set", flush=True)
"""
BUSY, PEAK, QUEUE = (SeriesKey(name, (), "shop") for name in ("busy", "peak", "queue"))


class Worker:
    """A process of the service, which sets what it is told."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def set(self, *gauges: tuple[str, float, str]) -> None:
        """Set gauges; they are set when this returns."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for name, value, aggregate in gauges:
            self.process.stdin.write(f"{name} {value} {aggregate}\n")
            assert self.process.stdout.readline() == "set\n"


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Three processes of one service."""
    found = [Worker() for _ in range(3)]
    yield found
    for worker in found:
        worker.process.kill()
        worker.process.communicate()


def test_only_the_living_count_and_the_past_stays(place: Place, workers: list[Worker]) -> None:
    """Sum, highest and last of three; within a few seconds of kill -9 of the other two; then of one."""
    for worker, value in zip(workers, (1.0, 2.0, 4.0), strict=True):
        worker.set(("busy", value, "sum"), ("peak", value, "max"), ("queue", value, "last"))

    def newest() -> tuple[float, ...]:
        last = place.metrics.last()
        return tuple(last[key][1] for key in (BUSY, PEAK, QUEUE) if key in last)

    wait_for(lambda: newest() == (7.0, 4.0, 4.0))
    workers[0].set(("queue", 1.0, "last"))
    wait_for(lambda: newest() == (7.0, 4.0, 1.0))
    workers[2].set(("queue", 4.0, "last"))
    wait_for(lambda: newest() == (7.0, 4.0, 4.0))
    killed, killed_ns = monotonic(), now_ns()
    workers[2].process.kill()
    wait_for(lambda: newest() == (3.0, 2.0, 1.0))
    assert monotonic() - killed < 10
    standing = exposition(place.metrics.standing(), place.metrics.catalog())
    assert 'pake_busy{service="shop"} 3\n' in standing
    assert 'pake_queue{service="shop"} 1\n' in standing

    def told() -> list[float]:
        (busy,) = place.metrics.series([BUSY], killed_ns - 60 * SECOND, now_ns(), 60)
        return [point.mean for point in busy.points if point.mean is not None]

    wait_for(lambda: told()[-1] == 3.0)
    assert 7.0 in told()
    shown = subprocess.run(
        [sys.executable, "-m", "pake_tui", "metrics", "shop/busy", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(shown.stdout)["value"] == 3.0
    workers[1].process.kill()
    wait_for(lambda: newest() == (1.0, 1.0, 1.0))


COUNTER = """
import sys
from pake_tui import get_monitor
monitor = get_monitor("shop")
for line in sys.stdin:
    monitor.record_error("boom")
"""


def test_a_single_error_fires_its_rule(place: Place, tmp_path: Path) -> None:
    """Counted once by a process that lives on, long before its rule is judged again."""
    config = tmp_path / "pake.yaml"
    config.write_text(
        "monitoring: {collection_interval_seconds: 6}\n"
        "rules: [{name: any error, metric: errors, op: '>', threshold: 0}]\n"
    )
    place.agent("--config", str(config))
    wait_for(place.leader)
    child = subprocess.Popen([sys.executable, "-c", COUNTER], stdin=subprocess.PIPE)
    place.children.append(child)
    assert child.stdin is not None
    child.stdin.write(b"\n")
    child.stdin.flush()
    alert = wait_for(lambda: place.alert(AlertState.FIRING), 25.0)
    assert alert.rule == "any error"
    errors = SeriesKey("errors", (("error", "boom"),), "shop")
    wait_for(lambda: place.metrics.last()[errors][1] == 0.0)
