"""Health checks as last judged: the host's and the engine's own by the collector, others by applications."""

from __future__ import annotations

from pake_tui.clock import now_ns
from pake_tui.engine.monitoring.checks import collector_check, folder_checks, merged
from pake_tui.engine.store.files import trouble_in
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.requests import PROBE
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import NotFoundError, ReadOnlyError
from pake_tui.model.check import CheckHistory, HealthAnswer, HealthCheck
from pake_tui.model.sample import Freshness
from pake_tui.sources.embedded.metrics import status


class EmbeddedHealthSource:
    """A HealthSource. Whether there is a collector at all is judged here, at the moment of asking."""

    def __init__(
        self, state: StateStore, metrics: MetricsStore, actor: str = "", read_only: str = ""
    ) -> None:
        self._state = state
        self._metrics = metrics
        self._actor = actor
        self._read_only = read_only

    def checks(self) -> HealthAnswer:
        """All checks, most urgent first, then by name; of several processes' results the worst counts."""
        now = now_ns()
        results = self._metrics.health.list()
        newest = max((r.checked_ns for r in results if r.checked_ns is not None), default=None)
        own = [
            collector_check(status(self._state), now),
            *folder_checks(*trouble_in(self._state.folder), now),
        ]
        rows = merged((*results, *own), now)
        return HealthAnswer(rows, Freshness(newest, "" if newest is not None else "no check was run yet"))

    def check(self, name: str) -> HealthCheck:
        """One check with its history. NotFoundError."""
        for row in self.checks().checks:
            if row.name == name:
                return row
        raise NotFoundError(f"no health check {name!r}", hint="pake-tui health lists them")

    def history(self, name: str, since_ns: int) -> CheckHistory:
        """Its states since a time (UTC ns)."""
        return self._metrics.health.spans(name, since_ns)

    def probe(self, name: str) -> None:
        """Ask the collector or the application that runs it. NotFoundError, ReadOnlyError."""
        if self._read_only:
            raise ReadOnlyError(f"nothing is run: {self._read_only}")
        self.check(name)
        self._state.requests.ask(PROBE, name, self._actor)
