"""What every MetricSource promises, held by the fake and by the embedded one alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pake_tui.clock import MINUTE, SECOND, now_ns
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.engine.store.sketch import Sketch
from pake_tui.engine.store.state import StateStore
from pake_tui.model.sample import CollectorMode, MetricKind, ProcessRow, SeriesKey
from pake_tui.sources.embedded.metrics import EmbeddedMetricSource
from pake_tui.sources.fake.metrics import FakeMetricSource
from pake_tui.sources.protocols import MetricSource

CPU = SeriesKey("cpu_percent")
CORE = SeriesKey("cpu_percent", (("core", "0"),))
P95 = SeriesKey("api.response", (("stat", "p95"),), "api")
LIMITS = {"cpu_percent": 80.0, "api.response": 500.0}


def embedded(folder: Path) -> MetricSource:
    """A store that holds two minutes of samples, one a second."""
    folder.mkdir(mode=0o700, exist_ok=True)
    metrics, now = MetricsStore(folder), now_ns()
    percent, took = Meaning(MetricKind.GAUGE, "percent"), Sketch()
    took.add([250.0])
    for second in range(120, -1, -1):
        at_ns = now - second * SECOND
        metrics.record("collector", at_ns, {CPU: 40.0, CORE: 30.0}, {CPU: percent, CORE: percent})
        metrics.record("api@1", at_ns, {}, sketches={SeriesKey("api.response", (), "api"): took})
    rows = [ProcessRow(number, f"p{number}", "ada", 50.0 - number, 1000) for number in range(12)]
    metrics.put_processes(now, rows)
    state = StateStore(folder)
    assert state.leadership.claim(config_path="/etc/p.yaml", permanent=True, version="1") is not None
    state.leadership.beat()
    return EmbeddedMetricSource(metrics, state, start=None, thresholds=lambda: LIMITS)


@pytest.fixture(params=["fake", "embedded"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> MetricSource:
    """One source after the other."""
    makers: dict[str, Callable[[], MetricSource]] = {
        "fake": lambda: FakeMetricSource(now_ns()),
        "embedded": lambda: embedded(tmp_path / "state"),
    }
    return makers[request.param]()


def test_the_catalog_is_sorted_with_the_host_first(source: MetricSource) -> None:
    """The host's own series come before the applications'."""
    found = source.catalog()
    assert {CPU, CORE, P95} <= set(found)
    assert list(found) == sorted(found, key=lambda key: (key.service, key))


def test_series_come_in_equal_steps_over_the_range_asked_for(source: MetricSource) -> None:
    """As many points as wanted, oldest first, evenly apart, within since and until."""
    answer = source.series([CPU], MINUTE, 30)
    (series,) = answer.series
    assert answer.until_ns - answer.since_ns == MINUTE
    assert len(series.points) == 30
    starts = [point.start_ns for point in series.points]
    gaps = {later - earlier for earlier, later in pairwise(starts)}
    assert max(gaps) - min(gaps) <= 1
    assert starts == sorted(starts)
    assert series.last is not None
    assert 0 <= series.last <= 100
    assert (series.unit, series.kind) == ("percent", MetricKind.GAUGE)


def test_what_was_not_measured_is_a_gap(source: MetricSource) -> None:
    """Before the first sample there is None, never zero."""
    (series,) = source.series([CPU], 26 * 60 * MINUTE, 26).series
    assert series.points[0].mean is None
    assert series.points[-1].mean is not None


def test_all_series_are_given_where_none_is_named(source: MetricSource) -> None:
    """None means every series that has a value in the range; a list only those, the unknown left out."""
    assert {CPU, CORE, P95} <= {one.key for one in source.series(None, MINUTE, 10).series}
    named = source.series([P95, SeriesKey("no such metric")], MINUTE, 10).series
    assert [one.key for one in named] == [P95]
    assert source.series([], MINUTE, 10).series == ()


def test_thresholds_stand_at_the_series_they_judge(source: MetricSource) -> None:
    """The whole cpu has one, a single core has none, a timing's p95 has its rule's."""
    found = {one.key: one.threshold for one in source.series([CPU, CORE, P95], MINUTE, 10).series}
    assert found == {CPU: 80.0, CORE: None, P95: 500.0}


def test_an_answer_says_how_fresh_it_is(source: MetricSource) -> None:
    """The newest sample's time stands in it."""
    answer = source.series(None, MINUTE, 10)
    age = answer.fresh.age_ns(answer.until_ns)
    assert age is not None
    assert age < 30 * SECOND
    assert not answer.fresh.problem


def test_processes_are_the_busiest_first_and_as_few_as_asked(source: MetricSource) -> None:
    """Sorted by cpu, bounded by the limit."""
    rows = source.processes(3)
    assert len(rows) == 3
    assert [row.cpu_percent for row in rows] == sorted((row.cpu_percent for row in rows), reverse=True)
    assert source.processes(0) == ()


def test_the_collector_is_named(source: MetricSource) -> None:
    """Its mode, pid, heartbeat and configuration."""
    status = source.collector()
    assert status.mode is CollectorMode.AGENT
    assert status.pid
    assert status.heartbeat_ns
    assert status.config_path.endswith(".yaml")


def test_an_empty_store_has_no_series_and_says_why_nobody_collects(tmp_path: Path) -> None:
    """No sample and no collector is said in words, and nothing is invented."""
    (tmp_path / "state").mkdir()
    metrics, state = MetricsStore(tmp_path / "state"), StateStore(tmp_path / "state")
    source = EmbeddedMetricSource(metrics, state, start=lambda: "it may not be started", thresholds=dict)
    answer = source.series(None, MINUTE, 10)
    assert answer.series == ()
    assert answer.fresh.at_ns is None
    assert answer.fresh.problem
    assert source.processes() == ()
    status = source.collector()
    assert (status.mode, status.problem) == (CollectorMode.NONE, "it may not be started")


def test_only_what_a_rule_bounds_is_foretold(source: MetricSource) -> None:
    """An unknown series has no forecast."""
    assert source.forecast(SeriesKey("no_such_metric")) is None
