"""What a process has measured since it started: totals for its own summary, and the values of each tick."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypedDict

from msgspec import Struct, field

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.instruments import Drained, Instruments, Level, Timings
from pake_tui.engine.store.metrics import Meaning
from pake_tui.model.sample import Aggregate, MetricKind, SeriesKey

QUANTILES = (0.5, 0.9, 0.95, 0.99)
RECENT = 1_024
"""Newest timings per series that the summary's percentiles are taken from."""
TIMING = Meaning(MetricKind.TIMING, "ms")
COUNTER = Meaning(MetricKind.COUNTER, "/s")
GAUGES = {aggregate: Meaning(aggregate=aggregate) for aggregate in Aggregate}


class TimingSummary(TypedDict):
    """One timing: `count` since the start of the process, milliseconds; percentiles of the newest 1,024."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


def quantile(ordered: list[float], share: float) -> float:
    """The nearest-rank quantile of sorted values; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Timing(Struct, frozen=True):
    """One timing: how many and their sum since the start of the process, and quantiles by their share; all in
    milliseconds.
    """

    count: int
    total: float
    quantiles: tuple[tuple[float, float], ...]


class Standing(Struct, frozen=True):
    """What a process measured, as it stands."""

    counters: dict[SeriesKey, float]
    gauges: dict[SeriesKey, float]
    timings: dict[SeriesKey, Timing]


class _Total(Struct):
    count: int = 0
    total: float = 0.0
    highest: float = 0.0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def add(self, new: Timings) -> None:
        self.count += new.count
        self.total += new.total
        self.highest = max(self.highest, new.highest)
        self.recent.extend(new.values)

    def timing(self) -> Timing:
        ordered = sorted(self.recent)
        return Timing(self.count, self.total, tuple((share, quantile(ordered, share)) for share in QUANTILES))

    def summary(self) -> TimingSummary:
        ordered = sorted(self.recent)
        return TimingSummary(
            count=self.count,
            mean_ms=round(self.total / self.count, 3) if self.count else 0.0,
            p50_ms=round(quantile(ordered, 0.50), 3),
            p95_ms=round(quantile(ordered, 0.95), 3),
            p99_ms=round(quantile(ordered, 0.99), 3),
            max_ms=round(self.highest, 3),
        )


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
        self._totals: dict[SeriesKey, _Total] = {}
        self._waiting: dict[SeriesKey, Timings] = {}

    def tick(self) -> tuple[dict[SeriesKey, float], dict[SeriesKey, Meaning]]:
        """What to record now and how to read it: counters as they stand, gauges, new timings by `stat`."""
        with self._lock:
            self._take(self._instruments.drain())
            waiting, self._waiting = self._waiting, {}
            values = {key: level.value for key, level in self._gauges.items()} | self._counters
            meanings = {key: GAUGES[level.aggregate] for key, level in self._gauges.items()}
            meanings |= dict.fromkeys(self._counters, COUNTER)
            for key, timings in waiting.items():
                for stat, value in _statistics(timings):
                    series = SeriesKey(key.metric, tuple(sorted((*key.tags, ("stat", stat)))), key.service)
                    values[series], meanings[series] = value, TIMING
            for key, total in self._totals.items():
                series = SeriesKey(f"{key.metric}.count", key.tags, key.service)
                values[series], meanings[series] = float(total.count), COUNTER
        return values, meanings

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
            return Standing(
                dict(self._counters),
                {key: level.value for key, level in self._gauges.items()},
                {key: total.timing() for key, total in self._totals.items()},
            )

    def timings(self) -> dict[str, TimingSummary]:
        """Every timing by its label, as it stands now."""
        with self._lock:
            self._take(self._instruments.drain())
            return {_label(key): total.summary() for key, total in sorted(self._totals.items())}

    def counters(self) -> dict[str, float]:
        """Every counter by its label, as it stands now."""
        with self._lock:
            self._take(self._instruments.drain())
            return {_label(key): value for key, value in sorted(self._counters.items())}

    def gauges(self) -> dict[str, float]:
        """Every gauge by its label, as it was set last."""
        with self._lock:
            self._take(self._instruments.drain())
            return {_label(key): level.value for key, level in sorted(self._gauges.items())}

    def _take(self, new: Drained) -> None:
        self._drained(new)
        for key, amount in new.counts.items():
            self._counters[key] = self._counters.get(key, 0.0) + amount
        self._gauges.update(new.gauges)
        for key, timings in new.timings.items():
            self._totals.setdefault(key, _Total()).add(timings)
            if key in self._waiting:
                self._waiting[key].merge(timings)
            else:
                self._waiting[key] = timings


def _statistics(timings: Timings) -> Iterable[tuple[str, float]]:
    ordered = sorted(timings.values)
    yield "p50", quantile(ordered, 0.50)
    yield "p95", quantile(ordered, 0.95)
    yield "p99", quantile(ordered, 0.99)
    yield "mean", timings.total / timings.count if timings.count else 0.0
    yield "max", timings.highest


def _label(key: SeriesKey) -> str:
    """`database.query{table=users}`: the service goes without saying in its own summary."""
    return SeriesKey(key.metric, key.tags).label
