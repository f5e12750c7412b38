"""What every HealthSource promises, held by the fake and by the embedded one alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from pake_tui.clock import MINUTE, SECOND, now_ns
from pake_tui.engine.monitoring.checks import (
    HOST,
    PartReport,
    engine_checks,
    host_checks,
    merged,
    timed,
)
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import NotFoundError, ReadOnlyError
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.model.sample import SeriesKey
from pake_tui.sources.embedded.health import EmbeddedHealthSource
from pake_tui.sources.fake.health import FakeHealthSource
from pake_tui.sources.protocols import HealthSource

GOOD, BAD = HealthState.HEALTHY, HealthState.UNHEALTHY


def result(name: str, state: HealthState, owner: str, checked_ns: int, message: str = "") -> HealthCheck:
    """One process's result of a check that runs every ten seconds."""
    return HealthCheck(name, state, message, owner, checked_ns=checked_ns, latency_ms=2.0, interval_s=10.0)


def embedded(folder: Path) -> HealthSource:
    """A store with a host check and two applications' checks, each run twice."""
    folder.mkdir(mode=0o700)
    metrics, now, me = MetricsStore(folder), now_ns(), os.getpid()
    for ago in (8, 1):
        at_ns = now - ago * SECOND
        payments = result("payments", GOOD if ago == 8 else BAD, f"api@{me}", at_ns, "timeout")
        metrics.health.put(
            [result("disks", GOOD, HOST, at_ns), result("redis", GOOD, f"worker@{me}", at_ns), payments]
        )
    state = StateStore(folder)
    assert state.leadership.claim(config_path="/etc/p.yaml", permanent=True, version="1") is not None
    state.leadership.beat()
    return EmbeddedHealthSource(state, metrics)


@pytest.fixture(params=["fake", "embedded"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> HealthSource:
    """One source after the other."""
    return FakeHealthSource(now_ns()) if request.param == "fake" else embedded(tmp_path / "state")


def test_checks_come_most_urgent_first_then_by_name(source: HealthSource) -> None:
    """What is unhealthy stands on top; each name is there once."""
    rows = source.checks().checks
    assert rows[0].name == "payments"
    assert list(rows) == sorted(rows, key=lambda row: (-row.state, row.name))
    assert len({row.name for row in rows}) == len(rows)
    assert {"collector", "disks", "redis"} <= {row.name for row in rows}


def test_the_worst_and_the_counts_are_those_of_the_rows(source: HealthSource) -> None:
    """An unhealthy check makes the whole unhealthy."""
    answer = source.checks()
    assert answer.worst is BAD
    assert answer.count(BAD) == 1
    assert sum(answer.count(state) for state in HealthState) == len(answer.checks)
    assert answer.fresh.at_ns is not None


def test_one_check_has_its_history_oldest_first_and_since_when(source: HealthSource) -> None:
    """The runs that led to where it stands."""
    check = source.check("payments")
    times = [point.at_ns for point in check.history]
    assert len(times) >= 2
    assert times == sorted(times)
    assert check.history[-1].state is BAD
    assert check.history[0].state is GOOD
    since = next(point.at_ns for point in check.history if point.state is BAD)
    assert check.since_ns == since
    assert check.message.startswith("timeout")


def test_an_unknown_check_is_not_found(source: HealthSource) -> None:
    """The error names it."""
    with pytest.raises(NotFoundError, match="no-such"):
        source.check("no-such")


def test_without_anything_there_is_one_row_that_says_nobody_collects(tmp_path: Path) -> None:
    """An empty state is unknown, not healthy."""
    (tmp_path / "state").mkdir()
    source = EmbeddedHealthSource(StateStore(tmp_path / "state"), MetricsStore(tmp_path / "state"))
    answer = source.checks()
    assert [(row.name, row.state) for row in answer.checks] == [("collector", HealthState.UNKNOWN)]
    assert answer.fresh.at_ns is None


NOW = 1_000 * MINUTE


def test_of_several_processes_the_worst_counts_and_is_named() -> None:
    """One failing worker makes the check fail, with which one and of how many."""
    rows = [result("db", GOOD, "api@11", NOW), result("db", BAD, "api@12", NOW, "refused")]
    (row,) = merged(rows, NOW, lambda owner: True)
    assert (row.state, row.message) == (BAD, "api@12: refused (1 of 2 processes)")


def test_three_missed_intervals_make_a_check_unknown() -> None:
    """A process that stopped reporting is named by its pid; at exactly three intervals it still counts."""
    row = result("db", GOOD, "api@812", NOW)
    assert merged([row], NOW + 30 * SECOND)[0].state is GOOD
    (late,) = merged([row], NOW + 31 * SECOND)
    assert late.state is HealthState.UNKNOWN
    assert "pid 812 stopped reporting" in late.message


def test_a_process_that_ended_does_not_count_while_another_of_its_service_reports() -> None:
    """A restarted worker leaves no unknown check behind; a worker that hangs does."""
    rows = [result("db", GOOD, "api@11", NOW - MINUTE), result("db", GOOD, "api@12", NOW)]
    assert merged(rows, NOW, lambda owner: owner != "api@11")[0].state is GOOD
    assert merged(rows, NOW, lambda owner: True)[0].state is HealthState.UNKNOWN
    assert merged(rows[:1], NOW, lambda owner: False)[0].state is HealthState.UNKNOWN


def test_the_host_is_judged_by_disks_memory_and_load() -> None:
    """Over its threshold a check is degraded, nearly full it is unhealthy, without a value it is unknown."""
    values = {
        SeriesKey("disk_percent", (("mount", "/"),)): 92.0,
        SeriesKey("disk_percent", (("mount", "/data"),)): 40.0,
        SeriesKey("memory_percent"): 99.0,
    }
    rows = {row.name: row for row in host_checks(values, memory_limit=85, disk_limit=90)}
    assert rows["disks"].state is HealthState.DEGRADED
    assert rows["disks"].message.startswith("/ 92 % used")
    assert rows["memory"].state is BAD
    assert rows["load"].state is HealthState.UNKNOWN
    assert "n/a" in rows["load"].message
    calm = {SeriesKey("load1"): 7.0, SeriesKey("load1_per_cpu"): 0.9}
    assert host_checks(calm, memory_limit=85, disk_limit=90)[2].state is GOOD


def test_a_failing_part_or_sensor_is_a_row_of_its_own() -> None:
    """The engine's own parts say what went wrong; a sensor without a value is n/a with its reason."""
    parts = [PartReport("sampler"), PartReport("store", "disk full"), PartReport("rules", stuck_s=60)]
    rows = {row.name: row for row in engine_checks(parts, {"disk /mnt": "no answer for 12 s"})}
    assert rows["sampler"].state is GOOD
    assert (rows["store"].state, rows["store"].message) == (BAD, "disk full")
    assert rows["rules"].state is BAD
    assert rows["sensor disk /mnt"].message == "n/a: no answer for 12 s"
    (row,) = timed([replace(rows["sampler"])], NOW, 30)
    assert (row.checked_ns, row.next_ns, row.interval_s) == (NOW, NOW + 30 * SECOND, 30)


def test_a_check_has_a_history_and_can_be_asked_for(source: HealthSource) -> None:
    """A name that is known may be run now; one that is not is refused."""
    source.probe("payments")
    with pytest.raises(NotFoundError):
        source.probe("no such check")
    assert source.history("payments", 0).name == "payments"
    assert source.history("no such check", 0).spans == ()


def test_states_over_time_grow_change_and_leave_gaps(tmp_path: Path) -> None:
    """One span as long as nothing changes; a new one for another state, or where nobody looked."""
    (tmp_path / "s").mkdir()
    kept, gap = MetricsStore(tmp_path / "s").health, 40 * SECOND
    for at_s, state in ((0, GOOD), (10, GOOD), (20, BAD), (30, BAD), (200, GOOD), (100, GOOD), (210, GOOD)):
        kept.extend([HealthCheck("db", state, "said")], at_s * SECOND, gap)
    spans = kept.spans("db", 0).spans
    assert [(s.from_ns // SECOND, s.until_ns // SECOND, s.state) for s in spans] == [
        (0, 20, GOOD),
        (20, 30, BAD),
        (200, 210, GOOD),
    ]
    assert [s.state for s in kept.spans("db", 25 * SECOND).spans] == [BAD, GOOD]


def test_a_read_only_source_runs_nothing(tmp_path: Path) -> None:
    """It says why."""
    (tmp_path / "s").mkdir()
    source = EmbeddedHealthSource(
        StateStore(tmp_path / "s"), MetricsStore(tmp_path / "s"), "ada", "asked for with --read-only"
    )
    with pytest.raises(ReadOnlyError, match="--read-only"):
        source.probe("disks")
