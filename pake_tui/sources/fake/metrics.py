"""Invented metrics of one host and its services, the same for the same start time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from pake_tui.clock import DAY, MINUTE, SECOND
from pake_tui.model.forecast import Forecast
from pake_tui.model.sample import (
    Bucket,
    CollectorMode,
    CollectorStatus,
    Freshness,
    Mark,
    MetricAnswer,
    MetricKind,
    ProcessRow,
    Series,
    SeriesKey,
)

LASTS_NS = 12 * MINUTE
"""How long the incident has lasted: the fake's present is this long after its start."""
GIB = 1024.0**3


class _Shape(Struct, frozen=True):
    """One series: how it is read, and its value so many seconds before the present."""

    key: SeriesKey
    unit: str
    value: Callable[[float], float]
    kind: MetricKind = MetricKind.GAUGE
    threshold: float | None = None


def _swing(centre: float, width: float, period_s: float, phase: float = 0.0) -> Callable[[float], float]:
    """Up and down around a centre, with a smaller wave on top."""

    def value(ago_s: float) -> float:
        turn = 2 * math.pi * ago_s / period_s + phase
        return centre + width * (0.7 * math.cos(turn) + 0.3 * math.cos(3.7 * turn + phase))

    return value


def _rise(now: float, per_minute: float, least: float) -> Callable[[float], float]:
    """Ever growing towards the present, in small steps."""
    return lambda ago_s: max(least, now - per_minute * ago_s / 60 + 0.02 * now * math.sin(ago_s / 7))


def _shapes() -> tuple[_Shape, ...]:
    def host(metric: str, **tags: str) -> SeriesKey:
        return SeriesKey(metric, tuple(sorted(tags.items())))

    per_second = "bytes/s"
    eth, vda = {"interface": "eth0"}, {"device": "vda"}
    return (
        _Shape(host("cpu_percent"), "percent", _swing(52, 34, 130, 1.9), threshold=80.0),
        _Shape(host("cpu_percent", core="0"), "percent", _swing(47, 36, 130, 1.6)),
        _Shape(host("cpu_percent", core="1"), "percent", _swing(57, 33, 130, 2.2)),
        _Shape(host("cpu_mode_percent", mode="iowait"), "percent", _swing(3, 2.5, 60)),
        _Shape(host("cpu_mode_percent", mode="steal"), "percent", lambda ago: 0.0),
        _Shape(host("cpu_mode_percent", mode="system"), "percent", _swing(11, 7, 130, 1.9)),
        _Shape(host("cpu_mode_percent", mode="user"), "percent", _swing(41, 27, 130, 1.9)),
        _Shape(host("device_busy_percent", **vda), "percent", _swing(34, 25, 31, 1.0)),
        _Shape(host("device_latency_ms", **vda), "ms", _swing(2.4, 1.6, 31, 1.2)),
        _Shape(host("device_operations", **vda), "/s", _swing(310, 240, 31, 1.0)),
        _Shape(host("disk_available_bytes", mount="/"), "bytes", lambda ago: 4.7 * GIB + ago * 2e5),
        _Shape(host("disk_percent", mount="/"), "percent", lambda ago: 88.2 - ago / 4000, threshold=90.0),
        _Shape(host("disk_read_bytes"), per_second, _swing(2.1e6, 1.7e6, 47)),
        _Shape(host("disk_write_bytes"), per_second, _swing(6.4e6, 5.0e6, 31, 1.0)),
        _Shape(host("inodes_percent", mount="/"), "percent", lambda ago: 12.0),
        _Shape(host("load1"), "", _swing(1.9, 0.9, 300)),
        _Shape(host("load15"), "", _swing(1.4, 0.1, 900)),
        _Shape(host("load1_per_cpu"), "", _swing(0.95, 0.45, 300)),
        _Shape(host("load5"), "", _swing(1.6, 0.4, 600)),
        _Shape(host("memory_available_bytes"), "bytes", lambda ago: 4.6 * GIB + ago * 1e6),
        _Shape(host("memory_percent"), "percent", lambda ago: max(40.0, 71.4 - ago / 40), threshold=85.0),
        _Shape(host("network_receive_bytes", **eth), per_second, _swing(9.4e5, 6.0e5, 83)),
        _Shape(host("network_transmit_bytes", **eth), per_second, _swing(2.2e6, 1.3e6, 71)),
        _Shape(host("open_files"), "", _swing(4_210, 60, 200)),
        _Shape(host("pressure_cpu_some"), "percent", _swing(11, 9, 130, 1.9)),
        _Shape(host("pressure_io_some"), "percent", _swing(3, 2.5, 60)),
        _Shape(host("pressure_memory_some"), "percent", lambda ago: 0.4),
        _Shape(host("process_count"), "", lambda ago: 214.0),
        _Shape(host("processes", state="blocked"), "", lambda ago: 1.0),
        _Shape(host("processes", state="zombie"), "", lambda ago: 0.0),
        _Shape(host("swap_percent"), "percent", lambda ago: 6.0),
        _Shape(SeriesKey("requests.total", (), "api"), "/s", _swing(290, 60, 90), kind=MetricKind.COUNTER),
        _Shape(
            SeriesKey("api.response", (("stat", "p95"),), "api"),
            "ms",
            _rise(250.0, 26.0, 90.0),
            kind=MetricKind.TIMING,
            threshold=500.0,
        ),
    )


PROCESSES = (
    ProcessRow(812, "payment", "app", 61.3, 412_000_000),
    ProcessRow(640, "postgres", "postgres", 24.0, 1_310_000_000),
    ProcessRow(777, "api", "app", 18.9, 298_000_000),
    ProcessRow(801, "orders", "app", 7.2, 240_000_000),
    ProcessRow(655, "redis-server", "redis", 3.1, 41_000_000),
    ProcessRow(790, "worker", "app", 1.4, 188_000_000),
)


class FakeMetricSource:
    """A MetricSource whose present is twelve minutes after `start_ns`."""

    def __init__(self, start_ns: int) -> None:
        self._now_ns = start_ns + LASTS_NS
        self._shapes = {shape.key: shape for shape in _shapes()}

    def catalog(self) -> tuple[SeriesKey, ...]:
        """Every series, the host's first, sorted."""
        return tuple(sorted(self._shapes, key=lambda key: (key.service, key)))

    def series(self, keys: Sequence[SeriesKey] | None, span_ns: int, points: int) -> MetricAnswer:
        """The last `span_ns` of the named series (all if None); before the first hour there is a gap."""
        wanted = self.catalog() if keys is None else [key for key in keys if key in self._shapes]
        steps = max(1, points)
        found = tuple(self._series(self._shapes[key], span_ns, steps) for key in wanted)
        since, deployed = self._now_ns - span_ns, Mark(self._now_ns - 3 * MINUTE, "deployed 2.4.1", "payment")
        marks = (deployed,) if deployed.at_ns >= since else ()
        return MetricAnswer(found, since, self._now_ns, Freshness(self._now_ns), marks)

    def forecast(self, key: SeriesKey) -> Forecast | None:
        """The disk is full in three days, give or take one; nothing else is foretold."""
        if key.metric != "disk_percent":
            return None
        now, seen = self._now_ns, 7 * DAY
        return Forecast("rising", 88.0, 0.7, 0.5, 1.0, seen, now + 3 * DAY, now + 2 * DAY, now + 4 * DAY)

    def processes(self, limit: int = 10) -> tuple[ProcessRow, ...]:
        """The busiest processes."""
        return PROCESSES[: max(0, limit)]

    def collector(self) -> CollectorStatus:
        """A permanent agent that was heard a second ago."""
        path = "/etc/pake-tui/pake.yaml"
        return CollectorStatus(CollectorMode.AGENT, 4242, self._now_ns - SECOND, 3, path)

    def _series(self, shape: _Shape, span_ns: int, steps: int) -> Series:
        step_ns = span_ns / steps
        buckets = []
        for number in range(steps):
            ago_s = (steps - 1 - number) * step_ns / SECOND
            start = self._now_ns - span_ns + round(number * step_ns)
            value = shape.value(ago_s) if ago_s <= 3600 else None
            low, high = (None, None) if value is None else (value * 0.97, value * 1.03)
            buckets.append(Bucket(start, value, low, high))
        last = shape.value(0.0)
        return Series(shape.key, shape.kind, shape.unit, tuple(buckets), last, self._now_ns, shape.threshold)
