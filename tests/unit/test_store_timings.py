"""Timings in `metrics.db`: percentiles of any window and all processes, out of sketches that were merged."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from pake_tui.clock import DAY, HOUR, MINUTE, SECOND
from pake_tui.engine.store.database import Database, Schema
from pake_tui.engine.store.metrics import FILE_NAME, SCHEMA, Meaning, MetricsStore
from pake_tui.engine.store.samples import Packer
from pake_tui.engine.store.sketch import ERROR, PERCENTS, STATS, Sketch
from pake_tui.engine.store.timings import MOST_TIMINGS
from pake_tui.model.sample import MetricKind, SeriesKey

LATENCY = SeriesKey("api.latency", (("endpoint", "pay"),), "api")
BEGIN = 2_800 * 7 * DAY + DAY
"""A week, a day and a quarter of one begin here or before: windows are cut on multiples of their width."""


def stat(name: str, key: SeriesKey = LATENCY) -> SeriesKey:
    """The series of one statistic."""
    return SeriesKey(key.metric, tuple(sorted((*key.tags, ("stat", name)))), key.service)


def sketches(*durations: float, key: SeriesKey = LATENCY) -> dict[SeriesKey, Sketch]:
    """What one flush brings."""
    made = Sketch()
    made.add(durations)
    return {key: made}


@pytest.fixture
def store(tmp_path: Path) -> MetricsStore:
    """A fresh state folder."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    return MetricsStore(folder)


def steps(store: MetricsStore, name: str, since: int, until: int, points: int) -> list[float | None]:
    """The values of one statistic."""
    return [point.mean for point in store.series([stat(name)], since, until, points)[0].points]


def check(told: Mapping[str, float | None], durations: list[float]) -> None:
    """Percentiles are within 1 % of the exact ones by nearest rank; mean and maximum are exact."""
    ordered = sorted(durations)
    for percent in PERCENTS:
        exact = ordered[-(-len(ordered) * percent // 100) - 1]
        assert told[f"p{percent}"] == pytest.approx(exact, rel=ERROR * (1 + 1e-9))
    assert told["mean"] == pytest.approx(sum(ordered) / len(ordered))
    assert told["max"] == ordered[-1]


@pytest.fixture
def history(store: MetricsStore) -> list[tuple[int, float]]:
    """Two processes, a busy and a slow one, for two hours and a half in which all becomes slower; rolled up
    and forgotten as they went. Every duration with its time.
    """
    rng, every = random.Random(7), []
    for at in range(BEGIN, BEGIN + 150 * MINUTE, 20 * SECOND):
        slower = 1 + (at - BEGIN) / HOUR
        for writer, count, centre in (("api@1", 25, 3.0), ("api@2", 4, 5.5)):
            flush = [slower * rng.lognormvariate(centre, 0.8) for _ in range(count)]
            every += [(at, duration) for duration in flush]
            store.record(writer, at, {}, sketches=sketches(*flush))
        if (at - BEGIN) % (5 * MINUTE) == 0:
            store.prune(at)
    return every


@pytest.mark.parametrize("span", [5 * MINUTE, 6 * HOUR, 7 * DAY])
def test_a_window_has_the_quantiles_of_all_its_timings(
    store: MetricsStore, history: list[tuple[int, float]], span: int
) -> None:
    """Of both processes, out of seconds, minutes or hours; as a step of a chart and as a range's summary."""
    until = BEGIN + 150 * MINUTE - 1
    found = store.series([stat(name) for name in STATS], until - span, until, 1)
    (start,) = {series.points[0].start_ns for series in found}
    window = [duration for at, duration in history if at >= start]
    check({name: series.points[0].mean for name, series in zip(STATS, found, strict=True)}, window)
    since = max(until + 1 - span, BEGIN - HOUR)
    whole = store.summary(since, until)
    check(
        {name: whole[stat(name)][0] for name in STATS},
        [duration for at, duration in history if at >= since],
    )
    assert len({*whole[stat("p95")]}) == 1


def test_every_step_of_a_range_has_its_own(store: MetricsStore, history: list[tuple[int, float]]) -> None:
    """Five minutes each, of six hours: where nothing was timed there is None, never zero."""
    until = BEGIN + 150 * MINUTE - 1
    found = store.series([stat(name) for name in STATS], until - 6 * HOUR, until, 72)
    for index, point in enumerate(found[0].points):
        window = [duration for at, duration in history if point.start_ns <= at < point.start_ns + 5 * MINUTE]
        told = {name: series.points[index].mean for name, series in zip(STATS, found, strict=True)}
        if window:
            check(told, window)
        else:
            assert set(told.values()) == {None}
    assert [point.mean is None for point in found[0].points] == [True] * 42 + [False] * 30


@pytest.mark.parametrize("span", [10 * MINUTE, 6 * HOUR])
def test_what_comes_late_counts_as_if_it_had_come_in_time(store: MetricsStore, span: int) -> None:
    """A flush for minutes that are rolled up already is part of every range that holds it."""
    now = BEGIN + HOUR
    store.record("api@1", now - 9 * MINUTE, {}, sketches=sketches(10.0))
    store.record("api@1", now, {}, sketches=sketches(10.0))
    store.prune(now)
    store.record("api@2", now - 4 * MINUTE, {}, sketches=sketches(500.0))
    for _ in range(2):
        assert 500.0 in steps(store, "max", now - span, now, 5)
        store.prune(now + MINUTE)


def test_what_is_kept_goes_from_seconds_to_minutes_to_hours_and_ends(
    store: MetricsStore, history: list[tuple[int, float]]
) -> None:
    """Nothing of a level is kept longer than promised; the name goes with the last hour."""

    def rows(level: str) -> int:
        return int(store.read(f"SELECT count(*) FROM timing_{level}")[0][0])

    assert rows("tens") == pytest.approx(65 * 3, abs=10)
    assert rows("minutes") == pytest.approx(145, abs=1)
    assert rows("flushes") < 2 * 3 * 70
    store.prune(BEGIN + 3 * HOUR + MINUTE)
    assert rows("hours") == 3
    store.prune(BEGIN + 52 * HOUR)
    assert [rows(level) for level in ("flushes", "tens", "minutes", "hours")] == [0, 0, 0, 3]
    until = BEGIN + 72 * HOUR - 1
    found = [value for value in steps(store, "max", until - 7 * DAY, until, 168) if value is not None]
    assert found == [
        max(d for at, d in history if at // HOUR == hour) for hour in range(BEGIN // HOUR, BEGIN // HOUR + 3)
    ]
    store.prune(BEGIN + 401 * DAY)
    assert store.catalog() == {}


def test_a_minute_stands_for_all_of_its_steps(store: MetricsStore, history: list[tuple[int, float]]) -> None:
    """Where steps are shorter than what is left, there are no holes between."""
    end = BEGIN + 120 * MINUTE
    found = steps(store, "p90", end - 2 * HOUR, end - 1, 200)
    assert all(found[-190:])


def test_seldom_timings_are_dots_and_a_silent_process_is_no_zero(store: MetricsStore) -> None:
    """No step repeats a timing that was not measured in it."""
    for second in (0, 10, 30):
        store.record("api@1", BEGIN + second * SECOND, {}, sketches=sketches(7.0))
    found = steps(store, "p50", BEGIN, BEGIN + 40 * SECOND - 1, 20)
    assert [index for index, value in enumerate(found) if value is not None] == [0, 5, 15]
    assert found[0] == 7.0


def test_the_newest_value_is_that_of_half_a_minute_over_all_processes(store: MetricsStore) -> None:
    """For screens, rules and Prometheus alike; nothing measured in it is nothing to tell."""
    store.record("api@1", BEGIN, {}, sketches=sketches(*[9_000.0] * 50))
    for second in range(40, 60):
        store.record("api@1", BEGIN + second * SECOND, {}, sketches=sketches(*[10.0] * 49))
        store.record("api@2", BEGIN + second * SECOND, {}, sketches=sketches(700.0))
    now = BEGIN + 59 * SECOND
    (p95,) = store.series([stat("p95")], now - 5 * MINUTE, now, 150)
    assert (p95.kind, p95.unit, p95.last_ns) == (MetricKind.TIMING, "ms", now)
    assert p95.last == pytest.approx(10.0, rel=ERROR)
    assert store.last()[stat("p95")] == (now, p95.last)
    assert store.last([stat("max")]) == {stat("max"): (now, 700.0)}
    assert store.standing()[stat("mean")] == pytest.approx((49 * 10 + 700) / 50)
    assert store.last(over_ns=MINUTE)[stat("p99")][1] == pytest.approx(9_000.0, rel=ERROR)
    (later,) = store.series([stat("p95")], now - 4 * MINUTE, now + MINUTE, 150)
    assert later.last is None


def test_timings_of_a_clock_that_was_ahead_go(store: MetricsStore) -> None:
    """With the names that only they had."""
    store.record("api@1", BEGIN + 30 * DAY, {}, sketches=sketches(1.0))
    store.prune(BEGIN)
    store.prune(BEGIN + MINUTE)
    assert store.newest_ns() is None
    assert store.catalog() == {}
    store.record("api@1", BEGIN + 2 * HOUR, {}, sketches=sketches(3.0))
    assert store.last()[stat("max")] == (BEGIN + 2 * HOUR, 3.0)


def test_timings_are_bounded_in_number_and_in_bytes(store: MetricsStore) -> None:
    """Past the limit a timing is dropped and counted; past the file's size the oldest hours go."""
    rng = random.Random(3)
    keys = [SeriesKey("api.latency", (("user", str(number)),), "api") for number in range(MOST_TIMINGS + 1)]
    one = sketches(1.0)[LATENCY]
    store.record("api@1", BEGIN - DAY, {}, sketches=dict.fromkeys(keys, one))
    assert store.refused == 1
    assert len(store.catalog()) == MOST_TIMINGS * len(STATS)
    for hour in range(40):
        at = BEGIN + hour * HOUR
        flush = [rng.lognormvariate(3, 2) for _ in range(2_000)]
        store.record("api@1", at, {}, sketches=sketches(*flush, key=keys[0]))
        store.prune(at + 2 * MINUTE)
    store.prune(BEGIN + 40 * HOUR + MINUTE)
    whole, oldest = store.reach()
    assert oldest is not None
    store.prune(BEGIN + 40 * HOUR + MINUTE, most_bytes=whole - 10_000)
    smaller, later = store.reach()
    assert smaller <= whole - 10_000
    assert later is not None
    assert oldest < later


def test_a_file_of_an_older_version_opens_and_goes_on(tmp_path: Path) -> None:
    """What it kept as samples shows until there are sketches, also to who only reads; no step has both."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    older = Database(folder / FILE_NAME, Schema(SCHEMA.application_id, SCHEMA.migrations[:-1]))
    packer, timing = Packer(), {stat("p95"): Meaning(MetricKind.TIMING, "ms")}

    def write_older(at: int) -> None:
        with older.write() as connection:
            packer.insert(connection, "api@1", at, {stat("p95"): 40.0}, timing, {})

    for second in range(0, 30, 2):
        write_older(BEGIN + second * SECOND)
    until = BEGIN + 40 * SECOND - 1
    reading = MetricsStore(folder, read_only=True)
    assert steps(reading, "p95", BEGIN, until, 20)[:15] == [40.0] * 15
    assert reading.last() == {stat("p95"): (BEGIN + 28 * SECOND, 40.0)}
    store = MetricsStore(folder)
    for second in range(20, 40, 2):
        store.record("api@2", BEGIN + second * SECOND, {}, sketches=sketches(9.0))
    write_older(BEGIN + 38 * SECOND)
    for one in (store, reading):
        assert steps(one, "p95", BEGIN, until, 20) == [40.0] * 10 + [9.0] * 10
        assert one.last()[stat("p95")] == (BEGIN + 38 * SECOND, 9.0)
        assert set(one.catalog()) == {stat(name) for name in STATS}
    older.close()
