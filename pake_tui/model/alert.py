"""Alerts: states, severities, history entries, and the policy they are judged by."""

from __future__ import annotations

from enum import Enum, IntEnum

from msgspec import Struct, field

from pake_tui.clock import iso
from pake_tui.model.sample import Freshness, Tags


class Severity(IntEnum):
    """Low, medium, high, critical; ordered."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """Lower-case name, as files and commands spell it."""
        return self.name.lower()


class AlertState(Enum):
    """Where a stored alert stands; `pending` rules are not stored."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


LIVE = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SNOOZED})


class Acknowledgement(Struct, frozen=True):
    """Who has the alert, since when (UTC ns), what they said, and the severity they had seen."""

    by: str
    at_ns: int
    comment: str = ""
    severity: Severity = Severity.CRITICAL
    expires_ns: int | None = None


class Resolution(Struct, frozen=True):
    """Who resolved it, when, why; `by_rule` where the condition cleared by itself."""

    by: str
    at_ns: int
    note: str = ""
    by_rule: bool = False


class Alert(Struct, frozen=True):
    """One alert as the store has it. Times are UTC nanoseconds; `version` grows with every change.

    `rule` is empty for an alert that an application made. `still_true` marks an alert resolved by
    hand while its condition holds.
    """

    id: str
    fingerprint: str
    state: AlertState
    severity: Severity
    title: str
    message: str
    first_seen_ns: int
    last_seen_ns: int
    tags: Tags = ()
    service: str = ""
    rule: str = ""
    metric: str = ""
    value: float | None = None
    threshold: float | None = None
    count: int = 1
    reopened: int = 0
    version: int = 1
    acknowledged: Acknowledgement | None = None
    resolved: Resolution | None = None
    snoozed_until_ns: int | None = None
    still_true: bool = False
    no_data: bool = False
    flapping: bool = False
    held_back: int = 0
    """Notices that the policy withheld so far."""
    suppressed: str = ""
    """Why its notices are withheld (a silence, a parent that is down); empty where they are not."""
    runbook_url: str = ""
    """Where the rule says what to do."""
    memory: dict[str, int] = field(default_factory=dict)
    """The lifecycle's own bookkeeping (last notice, reopenings, ...), JSON-able; opaque to everybody else."""

    @property
    def live(self) -> bool:
        """Firing, acknowledged or snoozed."""
        return self.state in LIVE

    @property
    def notes(self) -> list[str]:
        """What is odd about it, in words."""
        return ["flapping"] * self.flapping + ["no data"] * self.no_data


def alert_fields(alert: Alert) -> dict[str, object]:
    """An alert as commands print it and notifiers send it; times are ISO 8601 in UTC."""
    ack, end = alert.acknowledged, alert.resolved
    return {
        "id": alert.id,
        "fingerprint": alert.fingerprint,
        "state": alert.state.value,
        "severity": alert.severity.word,
        "title": alert.title,
        "message": alert.message,
        "tags": dict(alert.tags),
        "service": alert.service,
        "first_seen": iso(alert.first_seen_ns),
        "last_seen": iso(alert.last_seen_ns),
        "count": alert.count,
        "snoozed_until": iso(alert.snoozed_until_ns) if alert.snoozed_until_ns else None,
        "acknowledged": {"by": ack.by, "at": iso(ack.at_ns), "comment": ack.comment} if ack else None,
        "resolved": {"by": end.by, "at": iso(end.at_ns), "note": end.note} if end else None,
        "value": alert.value,
        "threshold": alert.threshold,
        "runbook_url": alert.runbook_url,
        "withheld": alert.suppressed,
    }


class AlertEvent(Struct, frozen=True):
    """One entry of an alert's history: append-only, one per change."""

    alert_id: str
    at_ns: int
    kind: str
    """fired, escalated, reopened, acknowledged, unacknowledged, snoozed, woke, commented, resolved, ..."""
    actor: str
    text: str = ""
    state: AlertState = AlertState.FIRING
    severity: Severity = Severity.LOW
    number: int = 0


class AlertList(Struct, frozen=True):
    """Alerts as a panel shows them: firing first, then by severity, then newest."""

    alerts: tuple[Alert, ...]
    fresh: Freshness
    resolved_24h: int = 0
    held_back: int = 0
    notice: int = 0
    """The number of the newest notice that went out that something fires; it only grows."""
    notice_title: str = ""

    def count(self, state: AlertState) -> int:
        """How many stand in a state."""
        return sum(alert.state is state for alert in self.alerts)


class AlertDetail(Struct, frozen=True):
    """One alert with its history, oldest first."""

    alert: Alert
    history: tuple[AlertEvent, ...]


class Presence(Struct, frozen=True):
    """A console that is open now."""

    actor: str
    pid: int
    since_ns: int
    host: str = ""


class Policy(Struct, frozen=True):
    """The settings that bound how often people are told. Spans are nanoseconds."""

    cooldown_ns: int = 30 * 60 * 1_000_000_000
    max_per_hour: int = 10
    flap_reopenings: int = 3
    flap_window_ns: int = 3600 * 1_000_000_000
    steady_ns: int = 1800 * 1_000_000_000
    ack_expires_ns: int | None = None
    reminder_ns: int | None = None
