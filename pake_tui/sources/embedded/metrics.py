"""Metrics out of `metrics.db`, and who fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from pake_tui.clock import now_ns
from pake_tui.engine.monitoring.rules import Rule
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.forecast import Forecast
from pake_tui.model.sample import (
    CollectorMode,
    CollectorStatus,
    Freshness,
    MetricAnswer,
    ProcessRow,
    Series,
    SeriesKey,
)
from pake_tui.sources.embedded.recent import Recent

NO_COLLECTOR = "nobody collects here; run `pake-tui agent`, or open the console"
NO_SAMPLES = "no samples yet"


class EmbeddedMetricSource:
    """A MetricSource. `start`, where given, sees to it that somebody collects and says why nobody does.

    `thresholds` gives limits by metric name or by series label (`disk_percent{mount=/}`), `rules` what they
    come from.
    """

    def __init__(
        self,
        metrics: MetricsStore,
        state: StateStore,
        *,
        start: Callable[[], str | None] | None,
        thresholds: Callable[[], Mapping[str, float]],
        rules: Callable[[], Sequence[Rule]] = tuple,
    ) -> None:
        self._metrics = metrics
        self._state = state
        self._start = start
        self._thresholds = thresholds
        self._rules = rules
        self._recent = Recent(metrics)
        self._limits: Mapping[str, float] = {}
        self._limit: dict[SeriesKey, float | None] = {}

    def catalog(self) -> tuple[SeriesKey, ...]:
        """Every series there is data for, the host's first, sorted."""
        return tuple(self._metrics.catalog())

    def series(self, keys: Sequence[SeriesKey] | None, span_ns: int, points: int) -> MetricAnswer:
        """The last `span_ns` in `points` steps; of all series, those that have a value in it."""
        until = now_ns()
        if keys is None:
            found = self._recent.series(span_ns, points, until)
            shown = self._with_limits([one for one in found if _has_value(one)])
        else:
            found = self._metrics.series(keys, until - span_ns, until, points)
            shown = self._with_limits(found)
        newest = max((one.last_ns for one in found if one.last_ns is not None), default=None)
        if newest is None:
            newest = self._metrics.newest_ns()
        problem = "" if newest is not None else NO_SAMPLES
        marks = self._metrics.marks.list(until - span_ns, until)
        return MetricAnswer(shown, until - span_ns, until, Freshness(newest, problem), marks)

    def _with_limits(self, found: Sequence[Series]) -> tuple[Series, ...]:
        """The series with their thresholds; which is whose is worked out once for the limits in force."""
        limits = self._thresholds()
        if limits != self._limits:
            self._limits, self._limit = limits, {}
        known = self._limit
        self._limit = {
            one.key: known[one.key] if one.key in known else limit_of(one.key, limits) for one in found
        }
        return tuple(replace(one, threshold=self._limit[one.key]) for one in found)

    def forecast(self, key: SeriesKey) -> Forecast | None:
        """When a series reaches the threshold that a rule sets it, by its history."""
        from pake_tui.engine.monitoring.capacity import outlook  # asked for by one screen

        found = outlook(self._metrics, self._rules(), now_ns(), only=key)
        return found[0].forecast if found else None

    def processes(self, limit: int = 10) -> tuple[ProcessRow, ...]:
        """The busiest processes at the last sample."""
        return self._metrics.processes()[: max(0, limit)]

    def collector(self) -> CollectorStatus:
        """Who samples; one is started where none does and this source may. ConfigError for another file."""
        said = self._start() if self._start is not None else None
        return status(self._state, said or "")


def status(state: StateStore, problem: str = "") -> CollectorStatus:
    """The collector of a state folder; `problem` says why there is none, where that is known."""
    leader = state.leadership.lately()
    if leader is None or not leader.alive:
        return CollectorStatus(CollectorMode.NONE, problem=problem or NO_COLLECTOR)
    if leader.silent:
        mode = CollectorMode.STALE
    else:
        mode = CollectorMode.AGENT if leader.permanent else CollectorMode.OWN
    return CollectorStatus(
        mode=mode,
        pid=leader.pid,
        heartbeat_ns=leader.beat_ns,
        epoch=leader.epoch,
        config_path=leader.config_path,
        problem=problem,
    )


def limit_of(key: SeriesKey, limits: Mapping[str, float]) -> float | None:
    """The threshold a series is drawn with: of its label, else of its metric unless it is part of a whole."""
    tags = dict(key.tags)
    spellings = [key.tags]
    if tags.get("stat", "p95") == "p95":
        spellings.append(tuple(tag for tag in key.tags if tag[0] != "stat"))
        spellings += [] if "core" in tags else [()]
    for wanted in spellings:
        for service in (key.service, ""):
            found = limits.get(SeriesKey(key.metric, wanted, service).label)
            if found is not None:
                return found
    return None


def _has_value(series: Series) -> bool:
    return any(point.mean is not None for point in reversed(series.points))
