"""The reports of a monitor: plain dicts with the shapes written here, ready for JSON. Times are ISO
8601, UTC.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypedDict

from pake_tui.clock import HOUR, iso, now_ns
from pake_tui.engine.monitoring.instruments import Instruments
from pake_tui.engine.monitoring.ledger import Ledger, TimingSummary, by_label, summary_of
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.alert import Alert, AlertState
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.model.sample import SeriesKey


class PerformanceSummary(TypedDict):
    """What one process measured: `operations`, `counters` and `gauges` by label
    (`database.query{table=users}`).

    `overflow` counts values folded into `other` series, `refused` values that were none.
    """

    service: str
    pid: int
    since: str
    operations: dict[str, TimingSummary]
    counters: dict[str, float]
    gauges: dict[str, float]
    overflow: int
    refused: int


class SeriesSummary(TypedDict):
    """One series over a range; `unit` is percent, bytes, bytes/s, ms, /s, celsius or empty."""

    unit: str
    mean: float
    low: float
    high: float
    last: float | None


class SystemSummary(TypedDict):
    """The host over the last `hours`; `problem` says why there is less than that, empty where there is
    not.
    """

    hours: float
    since: str
    until: str
    metrics: dict[str, SeriesSummary]
    problem: str


class CheckSummary(TypedDict):
    """One health check; `state` is healthy, degraded, unhealthy or unknown."""

    name: str
    state: str
    message: str
    owner: str
    checked: str | None
    latency_ms: float | None


class HealthSummary(TypedDict):
    """All checks, each over all processes. `health_percentage` is the share of healthy ones among those
    that are not unknown, 0..100; 100 where there is none that could be unhealthy.
    """

    health_percentage: float
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    checks: list[CheckSummary]


class Acknowledged(TypedDict):
    """Who has an alert, since when, and what they said."""

    by: str
    at: str
    comment: str


class AlertSummary(TypedDict):
    """One open alert."""

    id: str
    state: str
    severity: str
    title: str
    message: str
    tags: dict[str, str]
    service: str
    first_seen: str
    last_seen: str
    count: int
    acknowledged: Acknowledged | None


class AlertsSummary(TypedDict):
    """This service's open alerts."""

    firing: int
    acknowledged: int
    snoozed: int
    active: list[AlertSummary]


class MonitoringReport(TypedDict):
    """Everything of one moment."""

    service: str
    generated_at: str
    health: HealthSummary
    alerts: AlertsSummary
    performance: PerformanceSummary
    system: SystemSummary


def performance(service: str, since_ns: int, ledger: Ledger, instruments: Instruments) -> PerformanceSummary:
    """The summary of one process."""
    standing = ledger.standing()
    return PerformanceSummary(
        service=service,
        pid=os.getpid(),
        since=iso(since_ns),
        operations={label: summary_of(one) for label, one in by_label(standing.timings).items()},
        counters=by_label(standing.counters),
        gauges=by_label(standing.gauges),
        overflow=instruments.overflow,
        refused=instruments.refused,
    )


def summaries(
    metrics: MetricsStore, span_ns: int, wanted: Callable[[SeriesKey], bool]
) -> list[tuple[SeriesKey, SeriesSummary]]:
    """The series of the last `span_ns` that are wanted and have values. StoreError."""
    until, known, newest = now_ns(), metrics.catalog(), metrics.last()
    return [
        (
            key,
            SeriesSummary(
                unit=known[key].unit,
                mean=round(mean, 3),
                low=low,
                high=high,
                last=newest[key][1] if key in newest else None,
            ),
        )
        for key, (mean, low, high) in metrics.summary(until - span_ns, until).items()
        if key in known and wanted(key)
    ]


def system(metrics: MetricsStore, hours: float) -> SystemSummary:
    """The host's series of the last `hours`. StoreError."""
    until, span = now_ns(), int(hours * HOUR)
    told = {key.label: one for key, one in summaries(metrics, span, lambda key: not key.service)}
    problem = "" if told else "nothing was collected in this time"
    return SystemSummary(
        hours=hours, since=iso(until - span), until=iso(until), metrics=told, problem=problem
    )


def no_system(hours: float, problem: str) -> SystemSummary:
    """The summary where nothing could be read."""
    now = now_ns()
    since = iso(now - int(hours * HOUR))
    return SystemSummary(hours=hours, since=since, until=iso(now), metrics={}, problem=problem)


def monitoring(
    service: str,
    checks: Iterable[HealthCheck],
    alerts: Iterable[Alert],
    performance: PerformanceSummary,
    host: SystemSummary,
) -> MonitoringReport:
    """The whole report."""
    return MonitoringReport(
        service=service,
        generated_at=iso(now_ns()),
        health=health(list(checks)),
        alerts=alerts_summary(list(alerts)),
        performance=performance,
        system=host,
    )


def health(checks: list[HealthCheck]) -> HealthSummary:
    """Checks counted by state."""
    count = {state: sum(check.state is state for check in checks) for state in HealthState}
    known = len(checks) - count[HealthState.UNKNOWN]
    return HealthSummary(
        health_percentage=round(100.0 * count[HealthState.HEALTHY] / known, 1) if known else 100.0,
        healthy=count[HealthState.HEALTHY],
        degraded=count[HealthState.DEGRADED],
        unhealthy=count[HealthState.UNHEALTHY],
        unknown=count[HealthState.UNKNOWN],
        checks=[_check(check) for check in checks],
    )


def alerts_summary(alerts: list[Alert]) -> AlertsSummary:
    """Alerts counted by state."""
    count = {state: sum(alert.state is state for alert in alerts) for state in AlertState}
    return AlertsSummary(
        firing=count[AlertState.FIRING],
        acknowledged=count[AlertState.ACKNOWLEDGED],
        snoozed=count[AlertState.SNOOZED],
        active=[_alert(alert) for alert in alerts],
    )


def _check(check: HealthCheck) -> CheckSummary:
    return CheckSummary(
        name=check.name,
        state=check.state.word,
        message=check.message,
        owner=check.owner,
        checked=None if check.checked_ns is None else iso(check.checked_ns),
        latency_ms=check.latency_ms,
    )


def _alert(alert: Alert) -> AlertSummary:
    taken = alert.acknowledged
    told = Acknowledged(by=taken.by, at=iso(taken.at_ns), comment=taken.comment) if taken else None
    return AlertSummary(
        id=alert.id,
        state=alert.state.value,
        severity=alert.severity.word,
        title=alert.title,
        message=alert.message,
        tags=dict(alert.tags),
        service=alert.service,
        first_seen=iso(alert.first_seen_ns),
        last_seen=iso(alert.last_seen_ns),
        count=alert.count,
        acknowledged=told,
    )
