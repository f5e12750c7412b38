"""Counters that several processes tell: their growth is counted once, whoever came and went."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.clock import DAY, HOUR, MINUTE, SECOND, now_ns
from pake_tui.engine.store.buckets import Column
from pake_tui.engine.store.counters import together
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.model.sample import MetricKind, SeriesKey

HITS = SeriesKey("hits", (), "shop")
MEANINGS = {HITS: Meaning(MetricKind.COUNTER, "/s")}
START = now_ns() // HOUR * HOUR - 3 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> MetricsStore:
    """A fresh state folder."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    return MetricsStore(folder)


def tell(store: MetricsStore, pid: int, second: float, total: float) -> None:
    """One process's tick."""
    store.record(f"shop@{pid}", START + int(second * SECOND), {HITS: total}, MEANINGS)


def test_a_killed_workers_rate_falls_out_within_five_seconds(store: MetricsStore) -> None:
    """Three at 20/s die while their parent goes on with nothing: what is left is its nothing."""
    for second in range(40):
        tell(store, 1, second, 7.0)
        for pid in (2, 3, 4) if second < 30 else ():
            tell(store, pid, second + pid / 10, second * 20.0)
        if second == 29:
            assert store.last()[HITS][1] == pytest.approx(60.0)
    assert store.last()[HITS] == (START + 39 * SECOND, 0.0)
    for span in (MINUTE, 2 * HOUR, 3 * DAY):
        (series,) = store.series([HITS], START + 40 * SECOND - span, START + 40 * SECOND - 1, 60)
        assert series.last == 0.0


def test_a_worker_that_stalls_for_a_moment_goes_on_counting(store: MetricsStore) -> None:
    """What it told late is spread over the time in which it grew; nothing dips, nothing leaps."""
    for second in range(60):
        tell(store, 1, second, second * 10.0)
        if not 30 < second < 34:
            tell(store, 2, second + 0.4, second * 20.0)
    (series,) = store.series([HITS], START + 5 * SECOND, START + 59 * SECOND, 50)
    assert [point.mean for point in series.points] == pytest.approx([30.0] * 50)


def restarted(store: MetricsStore, seconds: int, life: int) -> None:
    """A service at 20/s that is restarted every `life` seconds, and rolled up meanwhile."""
    for second in range(seconds):
        tell(store, second // life, second + 0.3, second % life * 20.0)
        if second % 60 == 30:
            store.prune(START + second * SECOND)


def test_a_service_restarted_often_shows_its_own_traffic(store: MetricsStore) -> None:
    """Over seconds, minutes and hours, in charts as in reports: no process's mean adds to the next one's."""
    restarted(store, 2 * 3600 + 90, life=125)
    end = START + 2 * HOUR
    store.prune(end + 90 * SECOND)
    for since in (end - 10 * MINUTE, START + 20 * MINUTE, START, START - 3 * DAY):
        mean, low, high = store.summary(since, end)[HITS]
        assert mean == pytest.approx(20.0, rel=0.02)
        assert low <= 20.0
        assert high == pytest.approx(20.0)
        (series,) = store.series([HITS], since, end - 1, 12)
        known = [point for point in series.points if point.mean is not None]
        assert known
        assert all(point.mean == pytest.approx(20.0, rel=0.05) for point in known)
        assert all(point.high == pytest.approx(20.0) for point in known)


def test_highs_that_never_met_are_not_added(store: MetricsStore) -> None:
    """Two processes busy by turns: the highest second of both together is that of one."""
    totals = [0.0, 0.0]
    for second in range(300):
        for pid in (0, 1):
            totals[pid] += 100.0 if second // 30 % 2 == pid else 0.0
            tell(store, pid, second, totals[pid])
    assert store.summary(START, START + 299 * SECOND)[HITS] == pytest.approx((100.0, 100.0, 100.0))
    store.prune(START + 310 * SECOND)
    assert store.summary(START + MINUTE, START + 4 * MINUTE)[HITS] == pytest.approx((100.0, 100.0, 100.0))


def test_a_minute_keeps_what_grew_while_other_series_came(store: MetricsStore) -> None:
    """A process that tells of one more series begins another row; its counter goes on."""
    for second in range(150):
        more = {SeriesKey(f"level {number}", (), "shop"): 1.0 for number in range(second // 2)}
        store.record("shop@1", START + second * SECOND, {HITS: second * 20.0, **more}, MEANINGS)
    store.prune(START + 150 * SECOND)
    assert store.summary(START + MINUTE, START + 2 * MINUTE)[HITS] == pytest.approx((20.0, 20.0, 20.0))


def test_what_an_older_version_rolled_up_is_added_step_by_step(store: MetricsStore) -> None:
    """It kept each process's minutes: those that stand side by side are added, those in turn are not."""
    for second in range(130):
        tell(store, 1, second, second * 20.0)
    store.prune(START + 131 * SECOND)
    with store.write() as connection:
        connection.execute("UPDATE minutes SET writer=5 WHERE minute_ns=?", (START,))
        connection.execute(
            "INSERT INTO minutes SELECT minute_ns, 6, layout, packed FROM minutes WHERE minute_ns=?", (START,)
        )
    assert store.summary(START, START + 2 * MINUTE - 1)[HITS] == pytest.approx((30.0, 20.0, 40.0))
    (series,) = store.series([HITS], START - 3 * HOUR, START + 2 * MINUTE - 1, 182)
    assert [point.mean for point in series.points[-2:]] == pytest.approx([40.0, 20.0])


def test_a_total_never_falls(store: MetricsStore) -> None:
    """Workers die and others follow, one of them under the same number; a collector keeps house meanwhile."""
    counted, before, totals = 0.0, 0.0, dict.fromkeys(range(1, 5), 0.0)
    for second in range(0, 1200, 5):
        for pid in totals:
            if (second // 200 + pid) % 3:
                if second % 200 == 0 and pid == 4:
                    totals[pid] = 0.0
                totals[pid] += 7.0 * pid
                counted += 7.0 * pid
                tell(store, pid, second, totals[pid])
        assert store.standing()[HITS] == counted >= before
        before = counted
        if second % 60 == 30:
            store.prune(START + second * SECOND)
    later = START + 1195 * SECOND + DAY
    store.prune(later - HOUR)
    store.record("shop@9", later, {HITS: 5.0}, MEANINGS)
    store.prune(later + MINUTE)
    assert store.standing()[HITS] == counted + 5.0
    assert store.read("SELECT count(*) FROM totals") == [(2,)]


def test_a_total_is_told_while_somebody_counts(store: MetricsStore) -> None:
    """A service that was stopped is not told of for ever; started again it goes on from where it was."""
    cpu = SeriesKey("cpu_percent")
    tell(store, 1, 0, 40.0)
    store.record("collector", START + 200 * SECOND, {cpu: 1.0})
    assert store.standing() == {cpu: 1.0}
    tell(store, 2, 201, 2.0)
    assert store.standing()[HITS] == 42.0


def test_a_slow_writers_growth_stands_where_it_was_told(store: MetricsStore) -> None:
    """Beside a fast one it is spread over the seconds; alone it is one step, and a long silence is a gap."""
    for second in range(0, 301, 30):
        tell(store, 1, second, second * 2.0)
        if second != 150:
            tell(store, 2, second, second * 1.0)
    for second in range(301, 361):
        tell(store, 2, second, second * 1.0)
    tell(store, 1, 360, 720.0)
    (series,) = store.series([HITS], START + MINUTE, START + 6 * MINUTE - 1, 10)
    assert [point.mean for point in series.points] == pytest.approx([3.0] * 10)


ticks = st.lists(st.tuples(st.floats(0.9, 3.0), st.integers(0, 500)), min_size=1, max_size=30)


@given(st.lists(st.tuples(st.floats(0, 60), ticks), min_size=1, max_size=5))
def test_all_growth_is_counted_once(told: list[tuple[float, list[tuple[float, int]]]]) -> None:
    """Whatever the lives of the writers and the phases of their ticks: the rates of the seconds, each by its
    length, add up to what was counted, once it is known who died.
    """
    parts, grown = [], 0
    for begins, steps in told:
        at, total = START + int(begins * SECOND), 0
        times, values = [at], [0.0]
        for seconds, amount in steps:
            at, total = at + int(seconds * SECOND), total + amount
            times.append(at)
            values.append(float(total))
        grown += total
        parts.append(Column(times, values, values, values))
    last = max(part.times[-1] for part in parts) // SECOND * SECOND
    witness = [last + second * SECOND for second in range(20)]
    parts.append(Column(witness, [3.0] * 20, [3.0] * 20, [3.0] * 20))
    column = together(parts, {})
    assert sum(column.means) == pytest.approx(grown)
    assert all(before < after for before, after in pairwise(column.times))
    covered = {
        second
        for part in parts
        for second in range(part.times[0] // SECOND + 1, -(-part.times[-1] // SECOND) + 1)
    }
    assert [at // SECOND for at in column.times] == sorted(covered)
