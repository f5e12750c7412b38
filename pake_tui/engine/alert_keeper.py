"""What the collector does about alerts: rules are judged, log lines counted for them, notices delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import cache
from typing import TYPE_CHECKING

from pake_tui.clock import SECOND, now_ns
from pake_tui.engine.monitoring import rules
from pake_tui.engine.monitoring.alerting import Alerting, policy_of
from pake_tui.engine.monitoring.rulebook import RuleBook, Values
from pake_tui.engine.monitoring.silencing import MAINTENANCE, Window, windows_from
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Alert
from pake_tui.model.check import HEALTH, HealthCheck
from pake_tui.model.sample import SeriesKey

if TYPE_CHECKING:
    from pake_tui.engine.log_counter import LogCounter
    from pake_tui.engine.notifiers import Notifiers

TURNS_NS = 2 * SECOND


class AlertKeeper:
    """Judges by the settings in force. `no_commands` says why programs may not be run, empty where they may;
    `deposed(error)` is told when another collector leads.
    """

    def __init__(
        self,
        state: StateStore,
        metrics: MetricsStore,
        settings: Callable[[], Settings],
        no_commands: str,
        deposed: Callable[[Exception], None],
    ) -> None:
        self._state = state
        self._metrics = metrics
        self._settings = settings
        self._no_commands = no_commands
        self._deposed = deposed
        self._alerting = Alerting(state, lambda: policy_of(settings().monitoring))
        self._rules = RuleBook(self._alerting)
        self._outdated = True
        self._lost = ""
        self._counter: LogCounter | None = None
        self._lines: Values = {}
        self._notifiers: Notifiers | None = None
        self._windows: tuple[Window, ...] = ()
        self._maintained: Set[str] = frozenset()
        """Ids of the silences that maintenance windows have in force."""
        self._maintained_in = 0
        """The state file that they are in: one that is begun anew has none."""

    def recall(self) -> None:
        """After a restart: what was firing, and what was missed since counts as missing data."""
        self._rules.recall(self._state.alerts.unsettled())

    def settings_changed(self) -> None:
        """Other rules and notifiers are put in force at the next turn."""
        self._outdated = True

    def turn(self, health: Values, heard: Mapping[SeriesKey, str], unreachable: Mapping[str, str]) -> None:
        """Once a second: spools, what time alone brings, and the rules that are due.

        `health` are levels of checks and `heard` what they said, beside the metrics in the store;
        `unreachable` are the checks whose parent is down, with what their rows say.
        """
        self._alerting.drain_spools()
        if self._outdated:
            self._adopt()
        self._maintain()
        self._alerting.tick(lambda alert: unreachable.get(check_of(alert), ""))
        if self._settings().monitoring.alerting_enabled and self._rules.is_due:
            units = {key: meaning.unit for key, meaning in self._metrics.catalog().items()}
            samples = self._metrics.last(over_ns=0)

            @cache
            def values(over_ns: int) -> Values:
                # Turns are a second apart: no growth falls between two judgements.
                rates, timed = self._metrics.rates(over_ns + TURNS_NS), self._metrics.timed(over_ns)
                return {**samples, **rates, **timed, **health, **self._lines}

            self._rules.judge_due(values, units, now_ns(), heard)

    def look_for(self, checks: frozenset[str]) -> None:
        """These checks are reported: a rule on any other is never judged, and its name perhaps mistyped."""
        if not checks:
            return
        wanted = ((rule, dict(rule.tags)["check"]) for rule in self._rules.rules if rule.metric == HEALTH)
        lost = [
            f"rule {rule.name}: nobody reports a check {check!r}"
            for rule, check in wanted
            if check not in checks
        ]
        self._lost = "; ".join(lost[:3])

    def count_lines(self) -> None:
        """Once a second, on a thread of its own: read what is new in the log files for the rules on them."""
        counter = self._counter
        self._lines = counter.turn() if counter is not None else {}

    def rules_report(self) -> tuple[str, str]:
        """What is odd about the rules, and what they do."""
        enabled = self._settings().monitoring.alerting_enabled
        return (
            self._rules.problem or self._lost,
            self._rules.summary if enabled else "alerting is switched off",
        )

    def lines_report(self) -> tuple[str, str] | None:
        """What is odd about the counting of lines, and what it does; None where no rule wants it."""
        counter = self._counter
        return None if counter is None else (counter.problem, "lines are counted for log rules")

    def notifier_rows(self) -> list[HealthCheck]:
        """How each notifier does."""
        return self._notifiers.rows() if self._notifiers is not None else []

    def tidy(self) -> None:
        """Forget notices that nobody can deliver any more."""
        if self._notifiers is not None:
            self._state.deliveries.prune(now_ns())

    def stop(self) -> None:
        """Deliver nothing more."""
        if self._notifiers is not None:
            self._notifiers.stop()

    def _adopt(self) -> None:
        """Put the settings in force; tried again if the store fails meanwhile."""
        self._outdated = False
        settings = self._settings()
        try:
            wanted = rules.in_force(settings)
            self._count_for([rule for rule in wanted if rule.query], settings)
            self._notify_by(settings)
            self._windows = windows_from(settings.maintenance)
            self._rules.put_in_force(wanted, int(settings.monitoring.collection_interval_seconds * SECOND))
        except BaseException:
            self._outdated = True
            raise

    def _maintain(self) -> None:
        """Maintenance windows are silences while they last; one that was edited away ends."""
        now = now_ns()
        wanted = {one.id: one for window in self._windows if (one := window.current(now)) is not None}
        self._state.changed()  # looks at the file, which another process may have begun anew
        generation = self._state.database.generation
        if (wanted.keys(), generation) == (self._maintained, self._maintained_in):
            return
        known = {one.id: one for one in self._state.silences.active(now) if one.by == MAINTENANCE}
        for silence in wanted.values():
            if silence.id not in known:
                self._state.silences.add(silence)
        for gone in known.keys() - wanted.keys():
            self._state.silences.end(gone, now, MAINTENANCE)
        self._maintained, self._maintained_in = wanted.keys(), generation

    def _count_for(self, wanted: list[rules.Rule], settings: Settings) -> None:
        """The log engine is loaded with the first rule on lines."""
        if not wanted:
            self._counter = None
            return
        from pake_tui.engine.log_counter import LogCounter

        if self._counter is None or not self._counter.reads_as(settings):
            self._counter = LogCounter(self._state, settings)
        self._counter.put_in_force(wanted)

    def _notify_by(self, settings: Settings) -> None:
        """What sends is loaded with the first notifier."""
        if not settings.notifiers and self._notifiers is None and not self._state.deliveries.standings():
            return
        from pake_tui.engine.monitoring.notifying.specs import notifiers_from
        from pake_tui.engine.notifiers import Notifiers

        self._notifiers = self._notifiers or Notifiers(self._state, self._no_commands, self._deposed)
        self._notifiers.put_in_force(notifiers_from(settings.notifiers))


def check_of(alert: Alert) -> str:
    """The health check that an alert is about; empty for any other alert."""
    return dict(alert.tags).get("check", "") if alert.metric == HEALTH else ""
