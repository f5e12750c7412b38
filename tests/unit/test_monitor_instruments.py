"""Counters, gauges and timings: exact under threads, bounded, and never an exception for their caller."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.engine.monitoring import instruments as module
from pake_tui.engine.monitoring.instruments import Instruments
from pake_tui.engine.monitoring.ledger import Ledger, quantile
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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "7", None, [], object()])
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
    assert instruments.refused == 3
    assert instruments.refusal


def test_a_counter_never_goes_down_and_no_duration_is_negative() -> None:
    """Both are refused."""
    instruments = Instruments("shop")
    instruments.count("c", -1)
    instruments.timing("t", -1.0)
    instruments.timing("t", 1.0)
    instruments.timing("t", -1.0)
    drained = instruments.drain()
    assert drained.counts == {}
    assert drained.timings[key("t")].count == 1
    assert instruments.refused == 3


def test_decimals_and_odd_tags_are_taken() -> None:
    """Numbers of other types count; tag values that cannot be hashed become text."""
    instruments = Instruments("shop")
    instruments.count("c", Decimal("1.5"), tags={"list": [1, 2]})  # type: ignore[arg-type]
    instruments.count("c", 1, tags={"list": [1, 2]})
    assert instruments.drain().counts == {key("c", list="[1, 2]"): 2.5}


def test_too_many_series_go_into_one_and_are_counted() -> None:
    """A tag with a value per request cannot fill the memory."""
    instruments = Instruments("shop")
    for number in range(module.MAX_SERIES + 500):
        instruments.count("hits", tags={"request": number})
    drained = instruments.drain()
    assert len(drained.counts) == module.MAX_SERIES + 1
    assert drained.counts[key("hits", other="true")] == 500
    assert instruments.overflow == 500


def test_too_many_metrics_are_bounded_as_well() -> None:
    """Even names that never end stay within twice the limit."""
    instruments = Instruments("shop")
    for number in range(3 * module.MAX_SERIES):
        instruments.gauge(f"metric-{number}", 1)
    assert len(instruments.drain().gauges) <= 2 * module.MAX_SERIES + 1


def test_many_timings_keep_count_maximum_and_a_fair_sample() -> None:
    """Memory is bounded; what is kept represents all."""
    instruments = Instruments("shop")
    for number in range(20_000):
        instruments.timing("t", float(number))
    timings = instruments.drain().timings[key("t")]
    assert (timings.count, timings.highest, len(timings.values)) == (20_000, 19_999.0, module.MAX_TIMINGS)
    assert 8_500 < quantile(sorted(timings.values), 0.5) < 11_500


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200))
def test_quantiles_are_values_that_were_measured(values: list[float]) -> None:
    """The nearest rank, never an invention; the ends are the ends."""
    ordered = sorted(values)
    assert quantile(ordered, 0.0) == ordered[0]
    assert quantile(ordered, 1.0) == ordered[-1]
    assert quantile(ordered, 0.95) in ordered


def test_a_tick_tells_counters_as_they_stand_and_timings_by_statistic() -> None:
    """Counters grow over ticks; a timing is only told when there is a new one."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.count("hits", 2)
    instruments.gauge("queue", 7)
    for value in (10.0, 20.0, 30.0):
        instruments.timing("api", value, {"endpoint": "/x"})
    values, meanings = ledger.tick()
    assert values[key("hits")] == 2
    assert meanings[key("hits")].kind is MetricKind.COUNTER
    assert values[key("queue")] == 7
    assert values[key("api", endpoint="/x", stat="p50")] == 20
    assert values[key("api", endpoint="/x", stat="max")] == 30
    assert values[key("api.count", endpoint="/x")] == 3
    assert meanings[key("api", endpoint="/x", stat="p95")].unit == "ms"
    instruments.count("hits", 1)
    values, _ = ledger.tick()
    assert values[key("hits")] == 3
    assert key("api", endpoint="/x", stat="p50") not in values


def test_a_summary_between_ticks_takes_nothing_away_from_them() -> None:
    """Asking for the summary does not steal values from the store."""
    instruments = Instruments("shop")
    ledger = Ledger(instruments)
    instruments.timing("api", 10.0)
    assert ledger.timings()["api"]["count"] == 1
    instruments.timing("api", 30.0)
    values, _ = ledger.tick()
    assert values[key("api", stat="max")] == 30
    assert values[key("api", stat="mean")] == 20
