"""Counters, gauges and timings: exact under threads, bounded, and never an exception for their caller."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from pake_tui.engine.monitoring import instruments as module
from pake_tui.engine.monitoring.instruments import Instruments
from pake_tui.engine.monitoring.ledger import Ledger, summary_of
from pake_tui.engine.store.sketch import ERROR, STATS
from pake_tui.model.sample import MetricKind, SeriesKey


def key(metric: str, **tags: str) -> SeriesKey:
    """A series of the service under test."""
    return SeriesKey(metric, tuple(sorted(tags.items())), "shop")


def test_threads_lose_no_increment() -> None:
    """Four threads count the same counter and measure the same timing."""
    instruments = Instruments("shop")

    def work() -> None:
        for _ in range(5_000):
            instruments.count("hits", tags={"a": 1})
            instruments.timing("t", 1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drained = instruments.drain()
    assert drained.counts == {key("hits", a="1"): 20_000}
    assert drained.timings[key("t")].count == 20_000


def test_tags_make_one_series_whatever_their_order_and_type() -> None:
    """Tag order does not matter, and values are text."""
    instruments = Instruments("shop")
    instruments.count("hits", tags={"a": 1, "b": "x"})
    instruments.count("hits", 2, tags={"b": "x", "a": "1"})
    assert instruments.drain().counts == {key("hits", a="1", b="x"): 3}


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), pytest.param(10**400, id="10^400"), "7", None, [], object()]
)
def test_what_is_no_number_is_refused_and_counted(value: object) -> None:
    """No instrument raises for it, and no series is spoilt by it."""
    instruments = Instruments("shop")
    instruments.count("c", 1)
    instruments.count("c", value)  # type: ignore[arg-type]
    instruments.gauge("g", value)  # type: ignore[arg-type]
    instruments.timing("t", 5.0)
    instruments.timing("t", value)  # type: ignore[arg-type]
    drained = instruments.drain()
    assert drained.counts.get(key("c"), 1) == 1
    assert drained.gauges == {}
    assert (drained.timings[key("t")].count, drained.timings[key("t")].total) == (1, 5.0)
    assert instruments.refused == 3
    assert instruments.refusal


def test_a_counter_never_goes_down_and_no_duration_is_negative_or_endless() -> None:
    """All are refused."""
    instruments = Instruments("shop")
    instruments.count("c", -1)
    instruments.timing("t", -1.0)
    instruments.timing("t", 1.0)
    instruments.timing("t", -1.0)
    instruments.timing("t", 1e300)
    instruments.timing("other", 1e300)
    drained = instruments.drain()
    assert drained.counts == {}
    assert {one.metric: sketch.count for one, sketch in drained.timings.items()} == {"t": 1}
    assert instruments.refused == 5


def test_decimals_and_odd_tags_are_taken() -> None:
    """Numbers of other types count; tag values that cannot be hashed become text."""
    instruments = Instruments("shop")
    instruments.count("c", Decimal("1.5"), tags={"list": [1, 2]})  # type: ignore[arg-type]
    instruments.count("c", 1, tags={"list": [1, 2]})
    instruments.timing("t", 1)
    instruments.timing("t", Decimal("1.5"))  # type: ignore[arg-type]
    instruments.timing("t", True)
    drained = instruments.drain()
    assert drained.counts == {key("c", list="[1, 2]"): 2.5}
    assert (drained.timings[key("t")].count, drained.timings[key("t")].total) == (3, 3.5)


def test_too_many_series_go_into_one_and_are_counted() -> None:
    """A tag with a value per request cannot fill the memory."""
    instruments = Instruments("shop")
    for number in range(module.MAX_SERIES + 500):
        instruments.count("hits", tags={"request": number})
    drained = instruments.drain()
    assert len(drained.counts) == module.MAX_SERIES + 1
    assert drained.counts[key("hits", other="true")] == 500
    assert instruments.overflow == 500


def test_one_metric_with_too_many_tags_takes_no_room_from_others() -> None:
    """What has no tags never goes into `other`, and what has a few keeps them."""
    instruments = Instruments("shop")
    for number in range(module.MAX_SERIES + 500):
        instruments.count("req.bypath", tags={"path": f"/{number}"})
    instruments.count("orders.created")
    instruments.count("orders.failed", tags={"why": "card"})
    instruments.gauge("queue.size", 3)
    instruments.timing("took", 5.0, {"to": "db"})
    drained = instruments.drain()
    assert drained.counts[key("orders.created")] == 1
    assert drained.counts[key("orders.failed", why="card")] == 1
    assert set(drained.gauges) == {key("queue.size")}
    assert set(drained.timings) == {key("took", to="db")}
    assert (instruments.overflow, instruments.overflowed) == (500, "req.bypath")


def test_series_with_tags_are_bounded_over_all_metrics() -> None:
    """Many metrics with many tags stay within the memory too; each has its `other`."""
    instruments = Instruments("shop")
    for number in range(3 * module.MAX_TAGGED):
        instruments.count(f"metric-{number % 20}", tags={"request": number})
    counts = instruments.drain().counts
    assert len(counts) == module.MAX_TAGGED + 20
    assert sum(counts.values()) == 3 * module.MAX_TAGGED
    instruments.count("orders.created")
    assert instruments.drain().counts == {key("orders.created"): 1}


def test_too_many_metrics_are_bounded_as_well() -> None:
    """Even names that never end stay within twice the limit."""
    instruments = Instruments("shop")
    for number in range(3 * module.MAX_SERIES):
        instruments.gauge(f"metric-{number}", 1)
    assert len(instruments.drain().gauges) <= 2 * module.MAX_SERIES + 1


def test_many_timings_are_all_counted_and_take_little_room() -> None:
    """None is left out of count, sum, maximum or quantiles; what waits is bounded."""
    instruments = Instruments("shop")
    for number in range(20_000):
        instruments.timing("t", float(number))
    sketch = instruments.drain().timings[key("t")]
    assert (sketch.count, sketch.total, sketch.high) == (20_000, sum(range(20_000)), 19_999.0)
    assert sketch.stats()[0] == pytest.approx(9_999, rel=ERROR)
    assert len(sketch.buckets) < 500


def test_a_tick_tells_counters_as_they_stand_and_the_timings_since_the_last() -> None:
    """Counters grow over ticks; a timing is only told when there is a new one."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.count("hits", 2)
    instruments.gauge("queue", 7)
    for value in (10.0, 20.0, 30.0):
        instruments.timing("api", value, {"endpoint": "/x"})
    tick = ledger.tick()
    assert tick.values[key("hits")] == 2
    assert tick.meanings[key("hits")].kind is MetricKind.COUNTER
    assert tick.values[key("queue")] == 7
    assert tick.values[key("api.count", endpoint="/x")] == 3
    told = dict(zip(STATS, tick.timings[key("api", endpoint="/x")].stats(), strict=True))
    assert told["p50"] == pytest.approx(20, rel=ERROR)
    assert (told["mean"], told["max"]) == (20, 30)
    assert tick.begun == {key("hits"): 0, key("api.count", endpoint="/x"): 0}
    instruments.count("hits", 1)
    tick = ledger.tick()
    assert tick.values[key("hits")] == 3
    assert tick.timings == {}
    assert tick.begun == {}


def test_what_could_not_be_recorded_is_told_again() -> None:
    """Timings, and where counters began."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.count("hits", 2)
    instruments.timing("api", 10.0)
    ledger.put_back(ledger.tick())
    tick = ledger.tick()
    assert tick.begun == {key("hits"): 0, key("api.count"): 0}
    assert tick.timings[key("api")].count == 1


def test_a_summary_between_ticks_takes_nothing_away_from_them() -> None:
    """Asking for the summary does not steal values from the store."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.timing("api", 10.0)
    assert summary_of(ledger.standing().timings[key("api")])["count"] == 1
    instruments.timing("api", 30.0)
    sketch = ledger.tick().timings[key("api")]
    assert (sketch.count, sketch.total, sketch.high) == (2, 40, 30)


def test_a_summary_is_of_the_whole_life_of_the_process() -> None:
    """Its percentiles are of every timing since the start, however many ticks ago, within 1 %."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    for number in range(1, 10_001):
        instruments.timing("api", float(number))
        if number % 1_000 == 0:
            ledger.tick()
    told = summary_of(ledger.standing().timings[key("api")])
    assert (told["count"], told["mean_ms"], told["max_ms"]) == (10_000, 5_000.5, 10_000)
    found = [told["p50_ms"], told["p90_ms"], told["p95_ms"], told["p99_ms"]]
    assert found == pytest.approx([5_000, 9_000, 9_500, 9_900], rel=ERROR)


def test_timings_that_could_not_be_recorded_are_told_by_the_next_tick() -> None:
    """A database that was busy costs none, and none is told twice."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.timing("api", 10.0)
    ledger.put_back(ledger.tick())
    instruments.timing("api", 30.0)
    sketch = ledger.tick().timings[key("api")]
    assert (sketch.count, sketch.total) == (2, 40)
    assert ledger.tick().timings == {}


def test_no_secret_in_a_tag_is_kept() -> None:
    """What an application puts into a tag by mistake is masked as in its log, and every other tag stays."""
    instruments = Instruments("shop")
    instruments.count("calls", tags={"token": "kP4rT9wX2bN7cV5z", "path": "/pay"})
    instruments.gauge("level", 1, {"user": "joe@example.com"})
    drained = instruments.drain()
    assert set(drained.counts) == {key("calls", path="/pay", token="********")}
    assert set(drained.gauges) == {key("level", user="j***@example.com")}
