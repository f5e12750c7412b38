"""Gauges that several processes set: the last one, their sum or the highest, of those that are alive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.clock import HOUR, MINUTE, SECOND, now_ns
from pake_tui.engine.monitoring.instruments import Instruments
from pake_tui.engine.monitoring.ledger import Ledger
from pake_tui.engine.store.buckets import Column
from pake_tui.engine.store.gauges import living, together
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.model.sample import Aggregate, MetricKind, SeriesKey

BUSY, PEAK, QUEUE = (SeriesKey(name, (), "shop") for name in ("busy", "peak", "queue"))
MEANINGS = {
    BUSY: Meaning(aggregate=Aggregate.SUM),
    PEAK: Meaning(aggregate=Aggregate.MAX),
    QUEUE: Meaning(aggregate=Aggregate.LAST),
}
START = now_ns() // HOUR * HOUR - 3 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> MetricsStore:
    """A fresh state folder."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    return MetricsStore(folder)


def tell(store: MetricsStore, pid: int, second: float, value: float, age: float = 0.0, **more: float) -> None:
    """One process's tick: the same value for all three gauges, the last of them set `age` seconds ago."""
    values = dict.fromkeys(MEANINGS, value) | {SeriesKey(name, (), "shop"): one for name, one in more.items()}
    store.record(f"shop@{pid}", START + int(second * SECOND), values, MEANINGS, {QUEUE: age})


def newest(store: MetricsStore) -> tuple[float, float, float]:
    """The sum, the highest and the last, as rules, the exposition and screens read them: all the same."""
    last = {key: value for key, (_, value) in store.last().items()}
    assert store.standing() == last
    return last[BUSY], last[PEAK], last[QUEUE]


def test_live_processes_are_added_compared_and_the_last_one_counts(store: MetricsStore) -> None:
    """The one that set its value last is not the one that told of it last."""
    for second in range(20):
        tell(store, 1, second, 5.0, age=0.1)
        tell(store, 2, second + 0.4, 7.0, age=second)
    assert newest(store) == (12.0, 7.0, 5.0)
    tell(store, 2, 20.4, 6.0, age=0.2)
    assert newest(store) == (11.0, 6.0, 6.0)


def test_a_value_set_again_is_the_last_although_it_did_not_change(store: MetricsStore) -> None:
    """Who said something else in between is overruled."""
    for second in range(10):
        tell(store, 1, second, 5.0, age=second)
        tell(store, 2, second, 6.0, age=max(0, second - 3))
    assert newest(store)[2] == 6.0
    tell(store, 1, 10, 5.0, age=0.5)
    tell(store, 2, 10, 6.0, age=7)
    assert newest(store)[2] == 5.0


def test_a_dead_processs_value_falls_out_and_its_past_stays(store: MetricsStore) -> None:
    """Within five seconds of its last word; also where what it set was the last."""
    for second in range(60):
        tell(store, 1, second, 5.0, age=second + 100)
        if second < 30:
            tell(store, 2, second, 7.0, age=0)
    assert newest(store) == (5.0, 5.0, 5.0)
    until = START + 60 * SECOND - 1
    for key, before in ((BUSY, 12.0), (PEAK, 7.0), (QUEUE, 7.0)):
        (series,) = store.series([key], START, until, 60)
        means = [point.mean for point in series.points]
        assert means[:30] == [before] * 30
        assert means[30:35] == [before] * 5
        assert means[35:] == [5.0] * 25


def test_a_process_that_spoke_once_does_not_live_longer_for_it(store: MetricsStore) -> None:
    """Nor does one of which a range shows but the last sample."""
    for second in range(120):
        tell(store, 1, second, 5.0)
    tell(store, 2, 10, 7.0)
    (busy,) = store.series([BUSY], START, START + 120 * SECOND - 1, 120)
    assert [point.mean for point in busy.points] == [5.0] * 9 + [12.0] * 7 + [5.0] * 104


def test_a_process_that_follows_another_is_not_added_to_it_for_long(store: MetricsStore) -> None:
    """For five seconds at most, and in the step of a chart where that was."""
    for second in range(90):
        tell(store, 1 if second < 45 else 2, second, 5.0)
    assert newest(store) == (5.0, 5.0, 5.0)
    (busy,) = store.series([BUSY], START, START + 90 * SECOND - 1, 9)
    assert [point.mean for point in busy.points] == [5.0] * 4 + [8.0] + [5.0] * 4


def tales(store: MetricsStore, seconds: int) -> None:
    """Three processes of which one ends and one begins later; the last one to set a value changes."""
    for second in range(seconds):
        tell(store, 1, second, float(second % 7), age=second % 20)
        if second < seconds * 0.4:
            tell(store, 2, second + 0.3, float(second % 5), age=second % 31)
        if second > seconds * 0.7:
            tell(store, 3, second + 0.6, 9.0, age=3)


@pytest.mark.parametrize("key", [BUSY, PEAK, QUEUE], ids=lambda key: key.metric)
def test_minutes_and_hours_keep_what_the_seconds_were(store: MetricsStore, key: SeriesKey) -> None:
    """Rolled up, mean, low and high of each step are the same, whoever came and went."""
    tales(store, 3600)
    begin, end = START, START + HOUR
    (raw,) = store.series([key], begin, end - 1, 60)
    seconds = store.summary(begin, end)[key]
    store.prune(end + 15 * SECOND)
    assert store.read("SELECT rolled_ns FROM hour_progress") == [(end,)]
    (rolled,) = store.series([key], begin - 10 * HOUR, end - 1, 11 * 60)
    for before, after in zip(raw.points, rolled.points[-60:], strict=True):
        assert after.start_ns == before.start_ns
        assert (after.mean, after.low, after.high) == pytest.approx(
            (before.mean, before.low, before.high), rel=1e-6
        )
    (hours,) = store.series([key], begin - 71 * HOUR, end - 1, 72)
    assert hours.points[-1].mean == pytest.approx(seconds[0], rel=1e-3)
    assert (hours.points[-1].low, hours.points[-1].high) == seconds[1:]
    assert store.summary(begin, end)[key] == pytest.approx(seconds, rel=1e-3)


def test_the_minutes_just_rolled_up_and_the_seconds_since_make_one_line(store: MetricsStore) -> None:
    """A long range ends with what live processes said a second ago, and nothing is counted twice."""
    for second in range(200):
        tell(store, 1, second, 2.0)
        tell(store, 2, second + 0.5, 3.0, age=9)
    store.prune(START + 130 * SECOND)
    (busy,) = store.series([BUSY], START - 5 * HOUR, START + 199 * SECOND, 300)
    assert {point.mean for point in busy.points[-3:]} == {5.0}
    assert (busy.points[-1].low, busy.points[-1].high, busy.last) == (5.0, 5.0, 5.0)


def test_one_collector_after_another_is_one_writer(store: MetricsStore) -> None:
    """A takeover, with both at work for a moment, doubles nothing of the host's."""
    cpu = SeriesKey("cpu_percent")
    for second in range(20):
        store.record("collector", START + second * SECOND, {cpu: 40.0}, {cpu: Meaning(unit="percent")})
        if second > 9:
            other = {cpu: 40.0, SeriesKey("extra"): 1.0}
            store.record("collector", START + second * SECOND + SECOND // 3, other)
    assert store.last()[cpu][1] == 40.0
    (series,) = store.series([cpu], START, START + 20 * SECOND - 1, 20)
    assert {(point.mean, point.high) for point in series.points} == {(40.0, 40.0)}


def test_the_aggregate_told_last_counts_for_all(store: MetricsStore) -> None:
    """A process tells it when it begins or changes it, not with each tick: two that differ do not quarrel."""
    other = MetricsStore(store.folder)

    def say(who: MetricsStore, pid: int, second: int, aggregate: Aggregate) -> None:
        meanings = {QUEUE: Meaning(aggregate=aggregate)}
        who.record(f"shop@{pid}", START + second * SECOND, {QUEUE: float(pid)}, meanings)

    say(store, 1, 0, Aggregate.SUM)
    say(other, 2, 0, Aggregate.MAX)
    say(store, 1, 1, Aggregate.SUM)
    assert store.last()[QUEUE][1] == 2.0
    say(store, 1, 3601, Aggregate.SUM)
    say(other, 2, 3601, Aggregate.MAX)
    assert store.catalog()[QUEUE].aggregate is Aggregate.MAX
    say(store, 1, 3602, Aggregate.LAST)
    assert store.catalog()[QUEUE].aggregate is Aggregate.LAST
    say(other, 2, 3603, Aggregate.SUM)
    assert store.last()[QUEUE][1] == 3.0
    assert other.catalog() == store.catalog()


def test_counters_stay_rates_beside_gauges(store: MetricsStore) -> None:
    """Only gauges are gathered this way."""
    hits = SeriesKey("hits", (), "shop")
    meanings = {**MEANINGS, hits: Meaning(MetricKind.COUNTER, "/s")}
    for second in range(10):
        for pid in (1, 2):
            store.record(f"shop@{pid}", START + second * SECOND, {hits: second * 2.0, BUSY: 1.0}, meanings)
    assert store.last()[hits][1] == 4.0
    assert store.standing() == {hits: 36.0, BUSY: 2.0}


def test_a_tick_tells_how_long_ago_a_gauge_was_set() -> None:
    """Where the last one counts; the same tags in another order are the same gauge."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.gauge("queue", 1, {"a": 1, "b": 2})
    instruments.gauge("queue", 2, {"b": 2, "a": 1})
    instruments.gauge("queue", 3, {"a": 1, "b": 2})
    instruments.gauge("busy", 4, None, Aggregate.SUM)
    queue = SeriesKey("queue", (("a", "1"), ("b", "2")), "shop")
    tick = ledger.tick()
    assert tick.values == {queue: 3.0, BUSY: 4.0}
    assert tick.meanings == {queue: Meaning(), BUSY: Meaning(aggregate=Aggregate.SUM)}
    (age,) = ledger.ages().values()
    assert 0 <= age < 60
    assert ledger.tick().values == tick.values


HOW: Mapping[Aggregate, Callable[[Sequence[float]], float]] = {Aggregate.SUM: sum, Aggregate.MAX: max}


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 40), st.integers(-9, 9)), min_size=1, max_size=40),
        min_size=2,
        max_size=4,
    ),
    st.sampled_from(sorted(HOW, key=lambda one: one.value)),
)
def test_at_each_second_the_living_are_gathered(
    ticks: list[list[tuple[int, int]]], aggregate: Aggregate
) -> None:
    """As a plain loop would: whoever told something in the last five seconds (or in his next one)."""
    writers = [dict(one) for one in ticks]
    parts = [
        Column([START + at * SECOND for at in sorted(one)], *([[float(one[at]) for at in sorted(one)]] * 3))
        for one in writers
    ]
    column = together(parts, aggregate, living([part.times for part in parts]), [])
    assert [at - START for at in column.times] == [
        at * SECOND for at in sorted({at for one in writers for at in one})
    ]
    for at, value in zip(column.times, column.means, strict=True):
        second = (at - START) // SECOND
        expected = []
        for one in writers:
            told = [tick for tick in one if tick <= second]
            spans = sorted(b - a for a, b in zip(sorted(one), sorted(one)[1:], strict=False))
            usual = spans[len(spans) // 2] if spans else 0
            if told and second - max(told) <= max(5, 2.5 * usual):
                expected.append(one[max(told)])
            elif second + 1 in one:
                expected.append(one[second + 1])
        assert value == HOW[aggregate](expected)


def test_a_process_that_tells_late_is_one_of_all_in_minutes_rolled_up_before(store: MetricsStore) -> None:
    """What another one had told alone is replaced by what both make, not averaged with it."""
    for second in range(300):
        tell(store, 1, second, 4.0)
    store.prune(START + 300 * SECOND)
    for second in range(60, 120):
        tell(store, 2, second, 3.0)
    store.prune(START + 301 * SECOND)
    (found,) = store.series([BUSY], START - 6 * HOUR, START + 5 * MINUTE - 1, 365)
    minutes = {point.start_ns: point.mean for point in found.points}
    assert [minutes[START + number * MINUTE] for number in (0, 1, 3)] == [4.0, 7.0, 4.0]
