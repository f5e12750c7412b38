"""What a monitor counts and measures, in the `/metrics` that an application serves by prometheus_client.

from pake_tui.integrations.prometheus import register
register(get_monitor())
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Metric
except ImportError as error:
    raise ImportError("prometheus_client is missing: pip install 'pake-tui[prometheus]'") from error

_lock = threading.Lock()
_collectors: WeakKeyDictionary[CollectorRegistry, MonitorCollector] = WeakKeyDictionary()


def _after_fork() -> None:
    """In a child: a thread that held the lock did not come along."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


class Measuring(Protocol):
    """A monitor."""

    def get_metric_families(
        self,
    ) -> Iterable[tuple[str, str, str, Sequence[tuple[str, Mapping[str, str], float]]]]:
        """Families of (name, kind, help, samples), each sample (name, labels, value)."""
        ...


def register(monitor: Measuring, registry: CollectorRegistry = REGISTRY) -> None:
    """Serve what this process measures through `monitor` with whatever else is in `registry`: counters,
    gauges, and timings as summaries. A second time does nothing.
    """
    with _lock:
        collector = _collectors.get(registry)
        if collector is None:
            collector = _collectors[registry] = MonitorCollector()
            registry.register(collector)
        if monitor not in collector.monitors:
            collector.monitors = (*collector.monitors, monitor)


class MonitorCollector:
    """Collects from all monitors of a registry, since a family may come but once; reads memory only."""

    def __init__(self) -> None:
        self.monitors: tuple[Measuring, ...] = ()

    def describe(self) -> list[Metric]:
        """Nothing: names come with what is measured."""
        return []

    def collect(self) -> list[Metric]:
        """The families as they stand."""
        found: dict[str, Metric] = {}
        for monitor in self.monitors:
            for name, kind, told, samples in monitor.get_metric_families():
                metric = found.setdefault(name, Metric(_base(name, kind), told, kind))
                for sample_name, labels, value in samples if metric.type == kind else ():
                    metric.add_sample(sample_name, dict(labels), value)
        return list(found.values())


def _base(name: str, kind: str) -> str:
    """A counter's name without its ending, as prometheus_client has it."""
    return name.removesuffix("_total") if kind == "counter" else name
