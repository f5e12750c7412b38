"""What the collector does about health: the host's own checks, the engine's, and the configured ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.engine.monitoring import checks
from pake_tui.engine.monitoring.checking.running import CheckRunner
from pake_tui.engine.monitoring.checking.specs import CheckSpec, specs_from
from pake_tui.engine.monitoring.checking.standing import OWNER, Run
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.requests import PROBE, Heard
from pake_tui.engine.store.state import StateStore
from pake_tui.model.check import HEALTH, LEVELS, HealthCheck, HealthState
from pake_tui.model.sample import SeriesKey

LOOK_EVERY_S = 2.0
"""Applications' checks are looked at so often; the collector's own as they come."""
SPANS_EVERY_S = 10.0
SPANS_GAP_NS = 40 * SECOND


class HealthKeeper:
    """Runs checks and keeps their rows, states over time, and what rules judge of them.

    `no_commands` says why programs may not be run, empty where they may.
    """

    def __init__(
        self, state: StateStore, metrics: MetricsStore, settings: Callable[[], Settings], no_commands: str
    ) -> None:
        self._state = state
        self._metrics = metrics
        self._settings = settings
        self._no_commands = no_commands
        self._adopted: tuple[object, float] | None = None
        self._runner = CheckRunner(self._ask)
        self._asked = Heard(state, PROBE)
        self._due = 0.0
        self._look_due = 0.0
        self._spans_due = 0.0
        self._told: dict[str, HealthState] = {}
        self._shown: set[str] = set()
        self.levels: dict[SeriesKey, tuple[int, float]] = {}
        """The newest (UTC ns, level) of every check whose state is known, as rules take it."""
        self.heard: dict[SeriesKey, str] = {}
        """What those checks said."""
        self.names: frozenset[str] = frozenset()
        """Every check that anybody reports, or that is configured."""
        self.unreachable: dict[str, str] = {}
        """Checks whose parent is down, with what their rows say."""

    @property
    def summary(self) -> str:
        """What the configured checks do; empty where there are none."""
        return self._runner.summary if self._runner.names else ""

    @property
    def problem(self) -> str:
        """Why configured checks are not run as they should be; empty where they are."""
        return self._runner.problem

    def judge_soon(self) -> None:
        """Something changed: the host's and the engine's rows are judged at the next turn."""
        self._due = 0.0

    def turn(self, own: Callable[[], Sequence[HealthCheck]]) -> None:
        """A few times a second. `own()` gives the host's and the engine's rows, once an interval."""
        self._adopt()
        for name in self._asked.names():
            self._runner.run_soon(name)
            self._due = 0.0  # it may be one of the host's or the engine's
        news = self._runner.turn()
        if news:
            self._metrics.health.put(news)
        interval = float(self._settings().monitoring.collection_interval_seconds)
        due = monotonic() >= self._due
        if due:
            self._due = monotonic() + interval  # before the work: a change during it asks for another
            self._put_own(own(), interval)
        if due or news or monotonic() >= self._look_due:
            self._look_due = monotonic() + LOOK_EVERY_S
            self._follow()

    def _adopt(self) -> None:
        """Put the settings' checks in force where they changed."""
        settings = self._settings()
        wanted = (settings.checks, settings.monitoring.collection_interval_seconds)
        if self._adopted == wanted:
            return
        kept = {row.name: row for row in self._metrics.health.list() if row.owner == OWNER}
        specs = specs_from(settings.checks)
        self._runner.put_in_force(specs, int(wanted[1] * SECOND), kept)
        for gone in kept.keys() - {spec.name for spec in specs}:
            self._metrics.health.forget(OWNER, gone)
        self._adopted = wanted

    def _ask(self, spec: CheckSpec) -> Run:
        """On one of the runner's threads."""
        from pake_tui.engine.monitoring.checking.asking import Surroundings
        from pake_tui.engine.monitoring.checking.kinds import ask

        return ask(spec, Surroundings(self._no_commands, self._log_files))

    def _log_files(self, service: str) -> list[Path]:
        return [Path(row.path) for row in self._state.loggers.paths() if row.service == service]

    def _put_own(self, rows: Sequence[HealthCheck], interval_s: float) -> None:
        self._metrics.health.put(checks.timed(rows, now_ns(), interval_s))
        names = {row.name for row in rows}
        known = self._shown or {
            row.name for row in self._metrics.health.list() if row.owner in (checks.HOST, checks.ENGINE)
        }
        for gone in known - names:
            self._metrics.health.forget(checks.ENGINE, gone)
        self._shown = names

    def _follow(self) -> None:
        """Keep when each check changed, and what rules judge: every process's word on it merged."""
        now = now_ns()
        rows = checks.merged(self._metrics.health.states(), now)
        known = [(SeriesKey(HEALTH, (("check", row.name),)), row) for row in rows if row.state in LEVELS]
        self.levels = {key: (now, LEVELS[row.state]) for key, row in known}
        self.heard = {key: row.message for key, row in known}
        self.names = frozenset(row.name for row in rows) | self._runner.names
        self.unreachable = self._runner.unreachable
        whole = monotonic() >= self._spans_due
        changed = rows if whole else [row for row in rows if self._told.get(row.name) is not row.state]
        if changed:
            self._metrics.health.extend(changed, now, SPANS_GAP_NS)
            self._told = {row.name: row.state for row in rows}
        if whole:
            self._spans_due = monotonic() + SPANS_EVERY_S
