"""Alerts in words: who has one, what was typed about it, which log lines belong to it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence

from pake_tui.clock import HOUR, MINUTE, parse_duration
from pake_tui.errors import PakeError
from pake_tui.model.alert import Alert, AlertState, alert_fields
from pake_tui.model.record import Record
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, ago, t

FORGOTTEN_NS = 4 * HOUR
"""An acknowledgement as old as that stands out: perhaps whoever has the alert has gone."""
AROUND_NS = 5 * MINUTE
"""So far from an alert in time a log line of its service may belong to it."""


def each(targets: Sequence[Alert], work: Callable[[Alert], str]) -> str:
    """Do something to each alert; what to say. PakeError: to how many it was done, and why not to others."""
    if len(targets) == 1:
        return work(targets[0])
    said, failed = [], []
    for alert in targets:
        try:
            said.append(work(alert))
        except PakeError as error:
            failed.append(str(error))
    done = f"{len(said)} alerts {said[0].partition(':')[0]}" if said else "nothing was changed"
    if failed:
        raise PakeError(f"{done}; {len(failed)} not: {failed[0]}")
    return done


def snooze_of(text: str) -> tuple[int, str]:
    """How long (ns), and why, of `2h` or `2h after the release`. PakeError."""
    length, _, comment = text.strip().partition(" ")
    try:
        found = parse_duration(length)
    except ValueError as error:
        raise PakeError(str(error)) from None
    if not found:
        raise PakeError(f"{length} is no time to snooze")
    return found, comment.strip()


def check_snooze(text: str) -> tuple[str, int | None]:
    """Why a text says no time yet; empty where it does."""
    try:
        snooze_of(text)
    except PakeError as error:
        return str(error), None
    return "", None


def who_line(alert: Alert, now: int) -> Line:
    """Who has it or who resolved it, how long ago, and what they said."""
    line: Line = [(t(f"{', '.join(alert.notes)} "), "warning")] if alert.notes else []
    if alert.resolved is not None and not alert.live:
        said = f" “{alert.resolved.note}”" if alert.resolved.note else ""
        return [
            *line,
            (t(f"resolved by {alert.resolved.by} {ago(alert.resolved.at_ns, now)} ago{said}"), "dim"),
        ]
    if alert.state is AlertState.SNOOZED and alert.snoozed_until_ns is not None:
        line.append((t(f"snoozed, wakes in {ago(now, alert.snoozed_until_ns)} "), "dim"))
    if alert.suppressed:
        line.append((t(f"{alert.suppressed} "), "dim"))
    if alert.acknowledged is not None and alert.state is not AlertState.FIRING:
        said = f" “{alert.acknowledged.comment}”" if alert.acknowledged.comment else ""
        role = "warning" if now - alert.acknowledged.at_ns > FORGOTTEN_NS else "ok"
        return [*line, (t(f"{alert.acknowledged.by} {ago(alert.acknowledged.at_ns, now)} ago{said}"), role)]
    return line or [(SafeText("—"), "dim")]


def service_of(alert: Alert) -> str:
    """The service that an alert is about; empty where it is the host."""
    return alert.service or dict(alert.tags).get("service", "")


def logs_query(alert: Alert) -> str:
    """The log query that shows what an alert is about: its service's lines, else everybody's warnings."""
    service = dict(alert.tags).get("service") or alert.service
    if not service:
        return "level>=warning"
    return (
        f"service:{service}"
        if service.replace("-", "").replace("_", "").isalnum()
        else f'service:"{service}"'
    )


def alert_of(record: Record, alerts: Sequence[Alert]) -> Alert | None:
    """The alert that a log record belongs to: one that names its ID, else its service's nearest in time."""
    moment = record.time_ns
    for alert in alerts:
        if record.correlation_id and record.correlation_id in dict(alert.tags).values():
            return alert
    if moment is None or not record.service:
        return None

    def apart(alert: Alert) -> int:
        until = max(alert.last_seen_ns, moment) if alert.live else alert.last_seen_ns
        return max(alert.first_seen_ns - moment, moment - until, 0)

    near = [
        alert
        for alert in alerts
        if record.service in (alert.service, dict(alert.tags).get("service")) and apart(alert) <= AROUND_NS
    ]
    return min(near, key=lambda alert: (apart(alert), abs(alert.first_seen_ns - moment)), default=None)


def show_command(alert: Alert | None) -> str:
    """The command that prints this alert; the list where there is none."""
    return f"pake-tui alerts show {shlex.quote(alert.id[:8])}" if alert else "pake-tui alerts list"


def alert_json(alert: Alert | None) -> str:
    """An alert as `pake-tui alerts --json` prints it."""
    return json.dumps(alert_fields(alert)) if alert else ""
