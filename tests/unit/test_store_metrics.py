"""`metrics.db`: what was measured comes back as steps, rates and roll-ups."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from pake_tui.clock import HOUR, MINUTE, SECOND, now_ns
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.model.sample import MetricKind, ProcessRow, SeriesKey

CPU = SeriesKey("cpu_percent")
HITS = SeriesKey("requests.total", (("path", "/"),), "api")
COUNTER = {HITS: Meaning(MetricKind.COUNTER)}
START = now_ns() // HOUR * HOUR - 2 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> MetricsStore:
    """A fresh state folder."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    return MetricsStore(folder)


def means(store: MetricsStore, key: SeriesKey, since: int, until: int, points: int) -> list[float | None]:
    """The steps of one series."""
    return [bucket.mean for bucket in store.series([key], since, until, points)[0].points]


def test_samples_come_back_in_equal_steps(store: MetricsStore) -> None:
    """Means with their extremes, oldest first, with unit and newest value."""
    for second in range(60):
        store.record(
            "collector", START + second * SECOND, {CPU: float(second)}, {CPU: Meaning(unit="percent")}
        )
    (series,) = store.series([CPU], START, START + 60 * SECOND - 1, 6)
    assert (series.unit, series.last, series.last_ns) == ("percent", 59.0, START + 59 * SECOND)
    assert [(b.mean, b.low, b.high) for b in series.points] == [
        (4.5 + 10 * n, 10.0 * n, 10.0 * n + 9) for n in range(6)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_what_comes_with_a_series_changes_nothing_in_it(tmp_path: Path, seed: int) -> None:
    """The same samples make the same steps, whichever series come, go and return beside them, from whom."""
    chance = random.Random(seed)
    alone, among = (MetricsStore(tmp_path / name) for name in ("alone", "among"))
    for store in (alone, among):
        store.folder.mkdir(mode=0o700)
    others: list[SeriesKey] = []
    for second in range(240):
        if chance.random() < 0.02:
            others = [SeriesKey(f"other{number}") for number in range(5) if chance.random() < 0.5]
        if 100 + seed < second < 100 + 2 * seed:
            continue
        at, value = START + second * SECOND, {CPU: float(chance.randrange(100))}
        alone.record("collector", at, value)
        among.record("collector", at, value | {key: float(second) for key in others})
        if chance.random() < 0.1:
            among.record("api@7", at, {SeriesKey("other0"): 1.0})
    for span in (10, 40, 150, 230):
        until = START + chance.randrange(span, 245) * SECOND
        (expected,), (found,) = (
            store.series([CPU], until - span * SECOND, until, span // 2) for store in (alone, among)
        )
        assert found == expected


def test_a_gap_is_none_and_never_zero(store: MetricsStore) -> None:
    """Where nothing was measured for more than the usual interval, nothing is shown."""
    for second in [*range(10), *range(40, 50)]:
        store.record("collector", START + second * SECOND, {CPU: 1.0})
    found = means(store, CPU, START, START + 50 * SECOND - 1, 50)
    assert found == [1.0] * 12 + [None] * 28 + [1.0] * 10


def test_a_slow_writer_is_held_between_its_samples(store: MetricsStore) -> None:
    """An application that reports every 30 s draws a line, not dots."""
    for minute in range(0, 300, 30):
        store.record("api@1", START + minute * SECOND, {CPU: 5.0})
    assert means(store, CPU, START, START + 300 * SECOND - 1, 100) == [5.0] * 100


def test_counters_are_rates_over_all_writers_and_survive_a_reset(store: MetricsStore) -> None:
    """Growth per second, summed; a restart drops one sample instead of drawing a cliff."""
    for second in range(60):
        store.record("api@1", START + second * SECOND, {HITS: float(second * 3)}, COUNTER)
        store.record("api@2", START + second * SECOND, {HITS: float(second % 30 * 2)}, COUNTER)
    (series,) = store.series([HITS], START + 10 * SECOND, START + 60 * SECOND - 1, 5)
    assert [round(b.mean or -1, 6) for b in series.points] == [5.0] * 5
    assert store.last()[HITS] == (START + 59 * SECOND, 5.0)


def test_what_is_not_finite_is_left_out(store: MetricsStore) -> None:
    """NaN and infinity are no measurements."""
    store.record("collector", START, {CPU: math.nan, HITS: 1.0})
    assert set(store.catalog()) == {HITS}


def test_hours_come_from_minutes_rolled_up(store: MetricsStore) -> None:
    """After an hour samples go, their minutes stay with mean, low and high; counters stay rates."""
    for second in range(0, 600, 2):
        at = START + second * SECOND
        store.record("collector", at, {CPU: float(second % 60), HITS: second * 4.0}, COUNTER)
    store.prune(START + 10 * MINUTE + 15 * SECOND)
    store.prune(START + 90 * MINUTE)
    assert store.read("SELECT count(*) FROM samples") == [(0,)]
    until = START + 10 * MINUTE - 1
    cpu, hits = store.series([CPU, HITS], until - 2 * HOUR, until, 120)
    assert [(b.mean, b.low, b.high) for b in cpu.points[-10:]] == [(29.0, 0.0, 58.0)] * 10
    assert [round(b.mean or -1, 6) for b in hits.points[-10:]] == [4.0] * 10
    assert cpu.points[0].mean is None


def test_rolling_up_again_changes_nothing_and_the_newest_minutes_are_not_missing(store: MetricsStore) -> None:
    """A long range ends with what was sampled a second ago."""
    for second in range(200):
        store.record("collector", START + second * SECOND, {CPU: 7.0})
    for _ in range(2):
        store.prune(START + 130 * SECOND)
    (series,) = store.series([CPU], START - 5 * HOUR, START + 199 * SECOND, 300)
    assert (series.last_ns, series.points[-1].mean) == (START + 199 * SECOND, 7.0)
    assert store.read("SELECT count(*) FROM minutes") == [(2,)]


def test_after_two_days_hours_are_left_and_after_four_hundred_nothing(store: MetricsStore) -> None:
    """Mean, low and high of each hour stay; then the names of series without data go too."""
    for second in range(120):
        store.record("collector", START + second * SECOND, {CPU: float(second)})
    store.prune(START + 3 * MINUTE)
    store.prune(START + 50 * HOUR)
    assert store.read("SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM minutes)") == [(0, 0)]
    (series,) = store.series([CPU], START - 24 * HOUR, START + 48 * HOUR - 1, 72)
    (known,) = [point for point in series.points if point.mean is not None and point.start_ns == START]
    assert (known.mean, known.low, known.high) == (59.5, 0.0, 119.0)
    store.prune(START + 401 * 24 * HOUR)
    assert store.catalog() == {}
    store.record("collector", START + 402 * 24 * HOUR, {CPU: 8.0})
    assert store.last()[CPU] == (START + 402 * 24 * HOUR, 8.0)


def test_a_long_range_goes_from_hours_over_minutes_to_the_newest_second(store: MetricsStore) -> None:
    """Also of a counter, as a rate; an hour in which nobody collected is a gap."""
    for hour in (0, 1, 2, 4):
        for minute in range(60):
            for third in range(3):
                at = START + hour * HOUR + minute * MINUTE + third * 20 * SECOND
                total = float((at - START) // SECOND * 5)
                store.record("api@1", at, {HITS: total, CPU: float(hour)}, COUNTER)
        store.prune(START + (hour + 1) * HOUR + MINUTE)
    newest = START + 5 * HOUR - 20 * SECOND
    (cpu,) = store.series([CPU], newest - 72 * HOUR, newest, 72)
    assert [point.mean for point in cpu.points[-6:]] == [None, 0.0, 1.0, 2.0, None, 4.0]
    (hits,) = store.series([HITS], newest - 72 * HOUR, newest, 72)
    rates = [point.mean for point in hits.points if point.mean is not None]
    assert rates
    assert all(rate == pytest.approx(5.0) for rate in rates)


def test_a_range_is_summed_by_the_time_that_each_part_lasts(store: MetricsStore) -> None:
    """Whole hours, minutes at both ends and the newest seconds: the mean is that of all seconds."""
    begin, end = START - 3 * HOUR - 10 * MINUTE, START + 20 * MINUTE + 30 * SECOND
    value = {at: float((at - begin) // MINUTE % 50) for at in range(begin, end, 10 * SECOND)}
    for at, level in value.items():
        store.record("collector", at, {CPU: level, HITS: (at - begin) / SECOND * 2}, COUNTER)
        if (at - begin) % HOUR == 0:
            store.prune(at)
    store.prune(START + 20 * MINUTE + 12 * SECOND)
    found = store.summary(begin, end)
    assert found[CPU][0] == pytest.approx(sum(value.values()) / len(value), abs=0.3)
    assert found[CPU][1:] == (0.0, 49.0)
    assert found[HITS][0] == pytest.approx(2.0, rel=1e-6)
    assert store.summary(begin - 3 * HOUR, begin - 2 * HOUR) == {}


def test_a_full_store_drops_its_oldest_hours(store: MetricsStore) -> None:
    """The newest stay, and the file says how far back it reaches."""
    keys = [SeriesKey(f"metric {number}") for number in range(200)]
    for day in range(30):
        at = START - (30 - day) * 24 * HOUR
        for minute in (0, 1):
            store.record("collector", at + minute * MINUTE, {key: random.random() for key in keys})
        store.prune(at + 2 * HOUR)
    whole, oldest = store.reach()
    assert oldest == START - 30 * 24 * HOUR
    store.prune(START, most_bytes=whole - 20_000)
    smaller, later = store.reach()
    assert smaller <= whole - 20_000
    assert later is not None
    assert oldest < later < START


def test_what_is_forgotten_anyway_takes_no_room_from_the_hours(store: MetricsStore) -> None:
    """Seconds that piled up while nobody tidied do not drive out what is older."""
    store.record("collector", START - 48 * HOUR, {CPU: 1.0})
    store.record("collector", START - 48 * HOUR + MINUTE, {CPU: 1.0})
    store.prune(START - 46 * HOUR)
    before, _ = store.reach()
    keys = [SeriesKey(f"metric {number}") for number in range(200)]
    for second in range(300):
        store.record("api@1", START - 20 * HOUR + second * SECOND, dict.fromkeys(keys, 1.0))
    store.prune(START, most_bytes=before + 200_000)
    assert store.reach()[1] == START - 48 * HOUR


def test_a_clock_that_is_set_back_leaves_a_gap_and_no_false_rate(store: MetricsStore) -> None:
    """What was told of the time to come is gone at once, and counters go on from where they are."""
    now = now_ns()
    for second in range(-300, 240):
        at = now + second * SECOND
        store.record("collector", at, {CPU: 1.0, HITS: (second + 300) * 4.0}, COUNTER)
    store.prune(now + 240 * SECOND)
    store.lead(1)
    for second in range(5):
        at = now + second * SECOND
        store.record("collector", at, {CPU: 20.0, HITS: 540 * 4.0 + second * 4.0}, COUNTER)
    assert store.last()[CPU][1] == 20.0
    assert store.rates(MINUTE)[HITS][1] == pytest.approx(4.0, rel=0.3)
    assert store.standing()[HITS] == pytest.approx(540 * 4.0 + 16.0, abs=17.0)
    found = means(store, HITS, now - 300 * SECOND, now + 5 * SECOND, 300)
    assert max(rate for rate in found if rate is not None) < 6.0
    assert store.newest_ns() == now + 4 * SECOND


def test_samples_of_a_clock_that_was_ahead_go(store: MetricsStore) -> None:
    """The future does not hide the present."""
    store.record("collector", START + 30 * 24 * HOUR, {CPU: 1.0})
    store.prune(START)
    assert store.newest_ns() is None


def test_a_file_that_was_replaced_is_learnt_anew(store: MetricsStore) -> None:
    """What was remembered of the old file's rows is not written into the new one."""
    store.record("collector", START, {HITS: 1.0, CPU: 1.0})
    for path in store.folder.glob("metrics.db*"):
        path.unlink()
    store.record("collector", START, {CPU: 2.0})
    assert store.last() == {CPU: (START, 2.0)}


def test_a_deposed_collector_cannot_write(store: MetricsStore) -> None:
    """The epoch is checked by every write."""
    other = MetricsStore(store.folder)
    store.lead(1)
    store.record("collector", START, {CPU: 1.0})
    other.lead(2)
    with pytest.raises(DeposedError):
        store.record("collector", START + SECOND, {CPU: 1.0})
    MetricsStore(store.folder).record("api@1", START, {HITS: 1.0})


def test_series_are_bounded(store: MetricsStore) -> None:
    """Past the limit new series are dropped and counted; known ones go on."""
    store.record("collector", START, {SeriesKey(f"m{number}"): 1.0 for number in range(5_001)})
    assert store.refused == 1
    assert len(store.catalog()) == 5_000


def test_busiest_processes_are_the_last_ones_given(store: MetricsStore) -> None:
    """They come back as they were."""
    rows = (ProcessRow(1, "init", "root", 0.1, 4096), ProcessRow(2, "näme", "ada", 99.0, 1))
    store.put_processes(START, [])
    store.put_processes(START, rows)
    assert store.processes() == rows


def test_health_keeps_the_last_runs_of_each_owner(store: MetricsStore) -> None:
    """Sixty points, since when the state holds, one row per owner."""

    def check(at: int, state: HealthState) -> HealthCheck:
        return HealthCheck("db", state, "fine", "api@1", checked_ns=START + at * SECOND, latency_ms=1.5)

    for at in range(70):
        store.health.put([check(at, HealthState.HEALTHY if at < 65 else HealthState.UNHEALTHY)])
    store.health.put([check(69, HealthState.UNHEALTHY)])
    (row,) = store.health.list()
    assert (len(row.history), row.since_ns) == (60, START + 65 * SECOND)
    assert [point.state for point in row.history[-6:]] == [HealthState.HEALTHY] + [HealthState.UNHEALTHY] * 5
    store.health.prune(START + 70 * SECOND)
    assert store.health.list() == ()
