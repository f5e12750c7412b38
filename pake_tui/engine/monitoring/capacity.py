"""How long what the host has will last: a forecast for each series that a rule bounds."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from pake_tui.clock import DAY, HOUR, MINUTE
from pake_tui.engine.monitoring.forecasts import Point, forecast
from pake_tui.engine.monitoring.rules import Rule
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.forecast import Forecast
from pake_tui.model.sample import Series, SeriesKey

RANGES = ((28 * DAY, HOUR), (2 * DAY, 15 * MINUTE), (6 * HOUR, 2 * MINUTE))
"""(how far back, step): the longest one is taken of which a quarter is known."""
KNOWN = 0.25
NEVER = frozenset(
    {"cpu_percent", "cpu_mode_percent", "load1", "load1_per_cpu", "device_busy_percent"}
    | {"cgroup_cpu_percent", "cgroup_throttled_percent"}
)
"""What is used anew each second fills up no sooner for having risen."""


class Outlook(Struct, frozen=True):
    """A series, the threshold of the rule that bounds it, its unit, and when it gets there."""

    key: SeriesKey
    unit: str
    rule: str
    threshold: float
    forecast: Forecast


def outlook(
    store: MetricsStore, rules: Iterable[Rule], now_ns: int, *, only: SeriesKey | None = None
) -> list[Outlook]:
    """Each series (or only one) that a rule bounds; what is full first on top. StoreError."""
    known = {key: meaning for key, meaning in store.catalog().items() if only in (None, key)}
    bounded: dict[SeriesKey, Rule] = {}
    for rule in rules:
        if rule.metric in NEVER or rule.query:
            continue
        for key in known:
            if rule.matches(key):
                bounded.setdefault(key, rule)
    histories = {
        span: {one.key: one for one in store.series(list(bounded), now_ns - span, now_ns, span // step)}
        for span, step in RANGES
    }
    found = []
    for key, rule in bounded.items():
        points = _longest([histories[span][key] for span, _ in RANGES if key in histories[span]])
        told = forecast(points, rule.threshold, upward=rule.op in (">", ">="))
        found.append(Outlook(key, known[key].unit, rule.name, rule.threshold, told))
    return sorted(found, key=lambda one: (_soonest(one.forecast), one.key))


def _longest(histories: list[Series]) -> list[Point]:
    """The points of the first range of which enough is known, else of the last."""
    points: list[Point] = []
    for one in histories:
        # A mean is that of the middle of its step.
        half = (one.points[1].start_ns - one.points[0].start_ns) // 2 if len(one.points) > 1 else 0
        points = [(point.start_ns + half, point.mean) for point in one.points if point.mean is not None]
        if len(points) >= KNOWN * len(one.points):
            break
    return points


def _soonest(told: Forecast) -> tuple[int, int]:
    if told.state == "reached":
        return 0, 0
    return (1, told.eta_ns) if told.eta_ns is not None else (2, 0)
