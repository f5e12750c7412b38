"""What a process has measured since it started: totals for its own summary, and the values of each tick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypedDict, TypeVar

from msgspec import Struct

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.instruments import Drained, Instruments, Level
from pake_tui.engine.store.metrics import Meaning
from pake_tui.engine.store.sketch import Sketch
from pake_tui.model.sample import Aggregate, MetricKind, SeriesKey

T = TypeVar("T")
COUNTER = Meaning(MetricKind.COUNTER, "/s")
GAUGES = {aggregate: Meaning(aggregate=aggregate) for aggregate in Aggregate}


class TimingSummary(TypedDict):
    """One timing since the start of the process, milliseconds: `count`, mean and maximum exact, percentiles
    within 1 %.
    """

    count: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Tick(Struct, frozen=True):
    """What to record now and how to read it: counters as they stand, gauges, timings since the last tick.

    `begun` are the counters that no tick told before, at the zero they began from: what is recorded of a
    moment ago, so that their first value is growth.
    """

    values: dict[SeriesKey, float]
    meanings: dict[SeriesKey, Meaning]
    timings: dict[SeriesKey, Sketch]
    begun: dict[SeriesKey, float]


class Standing(Struct, frozen=True):
    """What a process measured, as it stands; timings since it started."""

    counters: dict[SeriesKey, float]
    gauges: dict[SeriesKey, float]
    timings: dict[SeriesKey, Sketch]


class Ledger:
    """What the instruments counted: totals, and for the next tick what nobody recorded yet."""

    def __init__(
        self, instruments: Instruments, drained: Callable[[Drained], None] = lambda new: None
    ) -> None:
        """`drained(new)` hears of everything that comes in, once."""
        self._instruments = instruments
        self._drained = drained
        self.reset()

    def reset(self) -> None:
        """Start from nothing, as a forked child does."""
        self._lock = threading.Lock()
        self._counters: dict[SeriesKey, float] = {}
        self._gauges: dict[SeriesKey, Level] = {}
        self._totals: dict[SeriesKey, Sketch] = {}
        self._waiting: dict[SeriesKey, Sketch] = {}
        self._told: set[SeriesKey] = set()

    def tick(self) -> Tick:
        """What to record now."""
        with self._lock:
            self._take(self._instruments.drain())
            waiting, self._waiting = self._waiting, {}
            values = {key: level.value for key, level in self._gauges.items()} | self._counters
            meanings = {key: GAUGES[level.aggregate] for key, level in self._gauges.items()}
            meanings |= dict.fromkeys(self._counters, COUNTER)
            for key, total in self._totals.items():
                series = SeriesKey(f"{key.metric}.count", key.tags, key.service)
                values[series], meanings[series] = float(total.count), COUNTER
            begun = {key: 0.0 for key in values if meanings[key] is COUNTER and key not in self._told}
            self._told |= begun.keys()
        return Tick(values, meanings, waiting, begun)

    def put_back(self, tick: Tick) -> None:
        """It could not be recorded: its timings, and what began with it, are told by the next one."""
        with self._lock:
            _merge(tick.timings, self._waiting)
            self._told -= tick.begun.keys()

    def ages(self) -> dict[SeriesKey, float]:
        """Seconds since each gauge was set of which the value set last counts, whichever process set it."""
        now = monotonic()
        with self._lock:
            return {
                key: now - level.set_at
                for key, level in self._gauges.items()
                if level.aggregate is Aggregate.LAST
            }

    def standing(self) -> Standing:
        """Every series as it stands now."""
        with self._lock:
            self._take(self._instruments.drain())
            timings: dict[SeriesKey, Sketch] = {}
            _merge(self._totals, timings)
            levels = {key: level.value for key, level in self._gauges.items()}
            return Standing(dict(self._counters), levels, timings)

    def _take(self, new: Drained) -> None:
        self._drained(new)
        for key, amount in new.counts.items():
            self._counters[key] = self._counters.get(key, 0.0) + amount
        self._gauges.update(new.gauges)
        _merge(new.timings, self._totals)
        _merge(new.timings, self._waiting)


def _merge(new: Mapping[SeriesKey, Sketch], into: dict[SeriesKey, Sketch]) -> None:
    for key, sketch in new.items():
        into.setdefault(key, Sketch()).merge(sketch)


def summary_of(sketch: Sketch) -> TimingSummary:
    """A timing as a process tells of it."""
    p50, p90, p95, p99, mean, highest = (round(value, 3) for value in sketch.stats())
    return TimingSummary(
        count=sketch.count,
        mean_ms=mean,
        p50_ms=p50,
        p90_ms=p90,
        p95_ms=p95,
        p99_ms=p99,
        max_ms=highest,
    )


def by_label(values: Mapping[SeriesKey, T]) -> dict[str, T]:
    """Sorted, by `database.query{table=users}`: the service goes without saying in its own summary."""
    return {SeriesKey(key.metric, key.tags).label: value for key, value in sorted(values.items())}
