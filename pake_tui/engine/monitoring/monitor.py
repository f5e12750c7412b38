"""The monitor that an application holds: instruments, checks, alerts and reports of its process."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from pake_tui.clock import SECOND, now_ns
from pake_tui.engine.monitoring import reports
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.checks import merged
from pake_tui.engine.monitoring.exposition import Family, families
from pake_tui.engine.monitoring.identity import MOST_TITLE, clean
from pake_tui.engine.monitoring.instruments import Drained, Instruments, Tags
from pake_tui.engine.monitoring.ledger import COUNTER, Ledger, Tick
from pake_tui.engine.monitoring.operations import measured
from pake_tui.engine.monitoring.probes import CheckFunction, Probes
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import FULL, MetricsStore
from pake_tui.errors import NotFoundError, PakeError
from pake_tui.model.alert import Alert, Severity
from pake_tui.model.check import HealthCheck
from pake_tui.model.sample import Aggregate, Mark

if TYPE_CHECKING:
    from pake_tui.engine.monitoring.dogstatsd import DogStatsd

Answer = TypeVar("Answer")
TICK_NS = SECOND
"""So long before its first value a counter began."""
MOST_HOURS = 400 * 24.0
"""So far back anything is kept."""


def _nothing() -> None:
    """Nobody wants to know that the monitor is used."""


def _silence(text: str) -> None:
    """Nobody wants to hear warnings."""


class Done(Struct, frozen=True):
    """The answer of an action that is on disk already: whether it changed something. Awaitable."""

    changed: bool

    def __bool__(self) -> bool:
        return self.changed

    def __await__(self) -> Generator[None, None, bool]:
        return self.changed
        yield


class Monitor:
    """Counts, measures, checks and alerts for one service in one process. Nothing here fails its caller.

    `touched()` is called whenever it is used, so that its owner can run what goes on behind it; `warn(text)`
    says something once.
    """

    def __init__(
        self,
        service: str,
        settings: Callable[[], Settings],
        alerting: Alerting,
        metrics: MetricsStore,
        *,
        touched: Callable[[], None] = _nothing,
        warn: Callable[[str], None] = _silence,
    ) -> None:
        self.service = service
        self._settings = settings
        self._alerting = alerting
        self._metrics = metrics
        self._touched = touched
        self._warn = warn
        self._started_ns = now_ns()
        self._reported: dict[str, HealthCheck] = {}
        self._report_lock = threading.Lock()
        self._written_once = False
        self._instruments = Instruments(service)
        self._ledger = Ledger(self._instruments, self._export)
        self._dogstatsd: DogStatsd | None = None
        self._probes = Probes(self.owner, self._interval, self._keep_result)

    @property
    def owner(self) -> str:
        """`service@pid`, as which this process acts."""
        return f"{self.service}@{os.getpid()}"

    def increment_counter(self, name: str, value: float = 1, tags: Tags = None) -> None:
        """Add to a counter, which is shown as a rate."""
        self._instruments.count(name, value, tags)
        self._touched()

    def set_gauge(
        self, name: str, value: float, tags: Tags = None, aggregate: Aggregate | str = "last"
    ) -> None:
        """Set a level; it holds until it is set again, as long as this process lives.

        Where several processes of the service set it, `aggregate` says what it is: the value that was set
        `last`, the `sum`, or the `max`. Where calls disagree, the newest one decides for all of them.
        """
        self._instruments.gauge(name, value, tags, self._aggregate(aggregate))
        self._touched()

    def record_timing(self, name: str, duration_ms: float, tags: Tags = None) -> None:
        """Add a duration in milliseconds, which is shown as p50, p90, p95, p99, mean and max."""
        self._instruments.timing(name, duration_ms, tags)
        self._touched()

    def record_error(self, name: str, tags: Tags = None) -> None:
        """Count an error: the counter `errors`, tagged with its name."""
        self._instruments.count("errors", 1, self._instruments.with_tags("errors", tags, error=name))
        self._touched()

    def event(self, title: str) -> None:
        """Something happened now (a deployment, a restart): a mark on every chart."""

        def keep() -> None:
            self._metrics.marks.add(Mark(now_ns(), clean(str(title), MOST_TITLE), self.service))

        self._try("an event could not be kept", keep, None)
        self._touched()

    def monitor_operation(self, name: str | Callable[..., Any], tags: Tags = None) -> Any:
        """A decorator for functions, coroutines, generators and methods: times each call as `name`.

        An exception is counted under `errors` with the operation and its type, and passes through.
        """
        if callable(name):
            return self.monitor_operation(getattr(name, "__qualname__", "operation"), tags)(name)

        def done(milliseconds: float, error: BaseException | None) -> None:
            self.record_timing(name, milliseconds, tags)
            if isinstance(error, Exception):
                more = self._instruments.with_tags(str(name), tags, operation=name)
                self.record_error(type(error).__name__, more)

        def decorate(function: Any) -> Any:
            return measured(function, done)

        return decorate

    def register_health_check(self, name: str, function: CheckFunction | None = None) -> None:
        """Run `function`, plain or async, every collection interval: it answers True, False, a status word, a
        member of an enum of such, or `{"status", "message", "details"}`; one that raises, or takes more than
        10 seconds, is unhealthy. Without one, the check of that name in the configuration (`checks:`) is run
        in this process too; where there is none it is unknown.
        """
        if not self._probes.register(str(name), function or self._configured(str(name))):
            self._warn(f"the health check {name!r} was left out: there are 200 already")
        self._touched()

    def _configured(self, name: str) -> CheckFunction:
        """A check that runs what the configuration has under its name, as it stands at each run."""

        def run() -> object:
            entries = [entry for entry in self._settings().checks if entry.get("name") == name]
            if not entries:
                hint = f"not configured: give a function, or an entry of checks: with name: {name}"
                return {"status": "unknown", "message": hint}
            from pake_tui.engine.monitoring.checking.asking import Surroundings
            from pake_tui.engine.monitoring.checking.kinds import ask
            from pake_tui.engine.monitoring.checking.specs import specs_from
            from pake_tui.engine.monitoring.checking.standing import timed

            spec = specs_from(entries)[0]
            only = "commands and silent logs are checked by the collector"
            answer = timed(spec, ask(spec, Surroundings(only, lambda service: ())))
            return {"status": answer.state, "message": answer.message}

        return run

    def create_alert(
        self,
        title: str,
        message: str = "",
        severity: Severity | str | int = Severity.HIGH,
        tags: Mapping[str, object] | None = None,
    ) -> str:
        """Raise an alert, durable on return: the id of the open one of this title and tags, or of a new one.

        Waits for the database for at most 50 ms; behind a busy one the alert is kept in this process's spool,
        on a full disk in its memory until it can be stored under that id.
        """
        self._touched()

        def create() -> str:
            given = self._instruments.with_tags(f"alert {title}", tags)
            told = tuple(sorted((str(key), str(value)) for key, value in given.items()))
            level = self._severity(severity)
            return self._alerting.create(
                str(title), str(message), level, actor=self.owner, tags=told, service=self.service
            )

        alert_id = self._try("an alert could not be stored", create, "")
        self._say_what_waits()
        return alert_id or str(uuid.uuid4())

    def resolve_alert(self, alert_id: str, note: str = "") -> Done:
        """Resolve an alert, durable when this returns true; false where it was resolved already, is unknown,
        or waits until it can be stored.
        """
        self._touched()

        def resolve() -> bool:
            return self._alerting.resolve_own(str(alert_id), actor=self.owner, note=str(note))

        done = Done(self._try("an alert could not be resolved", resolve, False))
        self._say_what_waits()
        return done

    def get_alert(self, alert_id: str) -> Alert | None:
        """An alert as it stands now, with who acknowledged or resolved it; None where there is none."""
        return self._try("alerts cannot be read", lambda: self._alerting.get(str(alert_id)), None)

    def active_alerts(self) -> tuple[Alert, ...]:
        """This service's firing, acknowledged and snoozed alerts, as they stand now."""
        return self._try("alerts cannot be read", lambda: self._alerting.active(self.service), ())

    def get_performance_summary(self) -> reports.PerformanceSummary:
        """What this process measured since it started."""
        return reports.performance(self.service, self._started_ns, self._ledger, self._instruments)

    def get_metric_families(self) -> list[Family]:
        """What this process measured, as it stands: (name, kind, help, samples) by Prometheus's conventions.

        Names and base units are those of the collector's endpoint; a timing is a summary. Reads memory only.
        """
        return self._try("metrics cannot be told", self._families, [])

    def get_system_metrics_summary(self, hours: float = 24) -> reports.SystemSummary:
        """The host's metrics over the last `hours`, as far as they were collected; 400 days at most."""
        hours = self._hours(hours)
        try:
            return reports.system(self._metrics, hours)
        except Exception as error:
            return reports.no_system(hours, str(error))

    def generate_monitoring_report(self) -> reports.MonitoringReport:
        """Health, alerts, performance and host in one, read at call time."""
        return reports.monitoring(
            service=self.service,
            checks=self._all_checks(),
            alerts=self.active_alerts(),
            performance=self.get_performance_summary(),
            host=self.get_system_metrics_summary(1),
        )

    def probe(self, name: str) -> None:
        """Run one of this process's health checks now, because somebody asked."""
        self._probes.run_soon(name)

    def check(self) -> None:
        """Run the health checks that are due; a few times a second is meant."""
        self._probes.turn()

    def flush(self) -> None:
        """Write what was measured and checked since the last call into the store; once a second is meant."""
        self.check()
        with suppress(PakeError):  # what still waits was said when it came
            self._alerting.outbox.retry()
        tick = self._ledger.tick()
        with self._report_lock:
            results, self._reported = self._reported, {}
        left: Tick | None = tick
        try:
            now = now_ns()
            if tick.begun:
                self._metrics.record(self.owner, now - TICK_NS, tick.begun, tick.meanings)
            if tick.values:
                self._metrics.record(
                    self.owner, now, tick.values, tick.meanings, self._ledger.ages(), tick.timings
                )
            left = None
            if results:
                self._metrics.health.put(list(results.values()))
        except Exception as error:
            # Counters are told as they stand, so the next flush makes up for this one; the rest is put back.
            self._warn(f"metrics of {self.service} cannot be stored: {error}")
            if left is not None:
                self._ledger.put_back(left)
            with self._report_lock:
                self._reported = {**results, **self._reported}
        if self._metrics.refused:
            self._warn(f"metrics of {self.service}: {FULL}")
        if self._instruments.refused:
            self._warn(f"a metric's value was refused: {self._instruments.refusal} (and maybe others)")
        if self._instruments.overflow:
            told = f"{self._instruments.overflowed} of {self.service} has too many different tags"
            self._warn(f"{told}: what is more goes into its series {{other=true}} (and maybe others')")

    def after_fork(self) -> None:
        """In a child: what was measured so far is the parent's; checks run here as well."""
        self._report_lock = threading.Lock()
        self._instruments.reset()
        self._ledger.reset()
        self._alerting.outbox.forget()
        self._dogstatsd = None
        self._probes.owner = self.owner
        self._probes.reset()

    def _export(self, new: Drained) -> None:
        """Tell Datadog's agent too, where the settings want that; what sends is loaded then."""
        if not self._settings().monitoring.datadog_enabled:
            return
        from pake_tui.engine.monitoring.dogstatsd import DogStatsd

        try:
            self._dogstatsd = self._dogstatsd or DogStatsd()
            self._dogstatsd.send(new)
        except OSError as error:
            self._warn(f"nothing reaches DogStatsD: {error}")

    def _families(self) -> list[Family]:
        standing = self._ledger.standing()
        meanings = dict.fromkeys(standing.counters, COUNTER)
        return families({**standing.gauges, **standing.counters}, meanings, standing.timings)

    def _keep_result(self, check: HealthCheck) -> None:
        """A check ran: written by the next flush, never in the check's own time."""
        with self._report_lock:
            self._reported[check.name] = check

    def _all_checks(self) -> tuple[HealthCheck, ...]:
        """This process's checks as they stand and everybody else's as stored last: one row a check."""
        own = self._probes.checks()
        stored: tuple[HealthCheck, ...] = self._try(
            "health results cannot be read", self._metrics.health.list, ()
        )
        return merged((*own, *(check for check in stored if check.owner != self.owner)), now_ns())

    def _say_what_waits(self) -> None:
        outbox = self._alerting.outbox
        if outbox.waits:
            self._warn(f"alerts of {self.service} wait until they can be stored: {outbox.problem}")

    def _try(self, what: str, action: Callable[[], Answer], otherwise: Answer) -> Answer:
        """The action's answer; what goes wrong is said once, and is never the caller's trouble."""
        try:
            return action()
        except NotFoundError:
            return otherwise
        except Exception as error:
            self._warn(f"{what}: {error}")
            return otherwise

    def _interval(self) -> float:
        return float(self._settings().monitoring.collection_interval_seconds)

    def _aggregate(self, given: Aggregate | str) -> Aggregate:
        """An aggregate by value or word; a wrong one is the default, since the value must not be lost."""
        try:
            return Aggregate(given)
        except Exception:
            shown = given[:50] if isinstance(given, str) else type(given).__name__
            self._warn(f"{shown!r} is no aggregate (last, sum, max); last is taken")
            return Aggregate.LAST

    def _hours(self, given: float) -> float:
        """A span in hours; a wrong one is a day."""
        try:
            if (hours := float(given)) >= 0:
                return min(hours, MOST_HOURS)
        except Exception:
            pass
        shown = given[:50] if isinstance(given, str) else type(given).__name__
        self._warn(f"{shown!r} is no number of hours; 24 is taken")
        return 24.0

    def _severity(self, given: Severity | str | int) -> Severity:
        """A severity by value, number or word; a wrong one is high, since the alert must not be lost."""
        try:
            return Severity[given.strip().upper()] if isinstance(given, str) else Severity(given)
        except Exception:
            self._warn(f"{given!r} is no severity (low, medium, high, critical); high is taken")
            return Severity.HIGH
