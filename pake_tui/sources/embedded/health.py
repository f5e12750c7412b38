"""Health checks as last judged: the host's and the engine's own by the collector, others by applications."""

from __future__ import annotations

from pake_tui.clock import now_ns
from pake_tui.engine.monitoring.checks import collector_check, merged
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import NotFoundError
from pake_tui.model.check import HealthAnswer, HealthCheck
from pake_tui.model.sample import Freshness
from pake_tui.sources.embedded.metrics import status


class EmbeddedHealthSource:
    """A HealthSource. Whether there is a collector at all is judged here, at the moment of asking."""

    def __init__(self, state: StateStore, metrics: MetricsStore) -> None:
        self._state = state
        self._metrics = metrics

    def checks(self) -> HealthAnswer:
        """All checks, most urgent first, then by name; of several processes' results the worst counts."""
        now = now_ns()
        results = self._metrics.health.list()
        newest = max((r.checked_ns for r in results if r.checked_ns is not None), default=None)
        rows = merged((*results, collector_check(status(self._state), now)), now)
        return HealthAnswer(rows, Freshness(newest, "" if newest is not None else "no check was run yet"))

    def check(self, name: str) -> HealthCheck:
        """One check with its history. NotFoundError."""
        for row in self.checks().checks:
            if row.name == name:
                return row
        raise NotFoundError(f"no health check {name!r}", hint="pake-tui health lists them")
