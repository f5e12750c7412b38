"""An incident's alerts in memory: what the screens of the documentation show, twelve minutes after it
began.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pake_tui.clock import DAY, HOUR, MINUTE, SECOND, iso
from pake_tui.errors import ConflictError, NotFoundError, ReadOnlyError
from pake_tui.model.alert import (
    LIVE,
    Acknowledgement,
    Alert,
    AlertDetail,
    AlertEvent,
    AlertList,
    AlertState,
    Presence,
    Resolution,
    Severity,
)
from pake_tui.model.sample import Freshness

_RANK = {AlertState.FIRING: 0, AlertState.ACKNOWLEDGED: 1, AlertState.SNOOZED: 2, AlertState.RESOLVED: 3}
_CLOSED = ("disk / above 90 %", "memory above 85 %", "queue longer than 500", "certificate expires in 14 d")


class _Table:
    """What consoles on one fake share: the alerts, their histories, and a clock that moves with each
    action.
    """

    def __init__(self, start_ns: int) -> None:
        self.now_ns = start_ns + 12 * MINUTE
        self.version = 1
        self.alerts: dict[str, Alert] = {}
        self.history: dict[str, list[AlertEvent]] = {}

    def put(self, alert: Alert, kind: str, actor: str, text: str = "", at_ns: int | None = None) -> Alert:
        """Keep an alert as it became, with one history entry."""
        entries = self.history.setdefault(alert.id, [])
        at = self.now_ns if at_ns is None else at_ns
        entries.append(
            AlertEvent(alert.id, at, kind, actor, text, alert.state, alert.severity, len(entries) + 1)
        )
        self.alerts[alert.id] = alert
        self.version += 1
        return alert


class FakeAlertSource:
    """Three alerts are open: two fire, one is acknowledged by ada; fourteen were resolved within 24 hours."""

    def __init__(self, start_ns: int, actor: str = "ada", read_only: str = "") -> None:
        self._table = _Table(start_ns)
        self._actor = actor
        self._read_only = read_only
        self._since_ns = start_ns
        _tell(self._table, start_ns)

    def seen_by(self, actor: str) -> FakeAlertSource:
        """Another person's console on the same alerts."""
        other = FakeAlertSource(self._since_ns, actor, self._read_only)
        other._table = self._table
        return other

    def alerts(self, states: frozenset[AlertState] | None = None) -> AlertList:
        """As `AlertSource.alerts`."""
        now = self._table.now_ns
        everything = self._table.alerts.values()
        closed = sum(1 for alert in everything if alert.resolved and alert.resolved.at_ns > now - DAY)
        chosen = [alert for alert in everything if states is None or alert.state in states]
        return AlertList(tuple(sorted(chosen, key=_order)), Freshness(now), resolved_24h=closed)

    def alert(self, alert_id: str) -> AlertDetail:
        """As `AlertSource.alert`."""
        found = self._find(alert_id)
        return AlertDetail(found, tuple(self._table.history[found.id]))

    def changed(self) -> int:
        """Grows with every action."""
        return self._table.version

    def watch(self, wake: Callable[[], None]) -> None:
        """Nobody tells."""

    def quiet(self) -> bool:
        """Only looking tells."""
        return False

    def acknowledge(self, alert_id: str, comment: str = "") -> Alert:
        """As `AlertSource.acknowledge`."""
        alert = self._changing(alert_id)
        if alert.state in (AlertState.ACKNOWLEDGED, AlertState.RESOLVED):
            raise self._first(alert, comment)
        ack = Acknowledgement(self._actor, self._table.now_ns, comment, alert.severity)
        taken = replace(alert, state=AlertState.ACKNOWLEDGED, acknowledged=ack)
        return self._put(taken, "acknowledged", comment)

    def unacknowledge(self, alert_id: str) -> Alert:
        """As `AlertSource.unacknowledge`."""
        alert = self._changing(alert_id)
        if alert.state is AlertState.RESOLVED:
            raise self._first(alert, "")
        if alert.state is not AlertState.ACKNOWLEDGED:
            raise ConflictError(f"alert {alert.id[:8]}: nobody has it")
        return self._put(replace(alert, state=AlertState.FIRING, acknowledged=None), "unacknowledged")

    def snooze(self, alert_id: str, until_ns: int, comment: str = "") -> Alert:
        """As `AlertSource.snooze`."""
        alert = self._changing(alert_id)
        if alert.state not in LIVE:
            raise self._first(alert, comment)
        if until_ns <= self._table.now_ns:
            raise ConflictError(f"{iso(until_ns)} has passed")
        silent = replace(alert, state=AlertState.SNOOZED, snoozed_until_ns=until_ns)
        return self._put(silent, "snoozed", comment or f"until {iso(until_ns)}")

    def resolve(self, alert_id: str, note: str = "") -> Alert:
        """As `AlertSource.resolve`."""
        alert = self._changing(alert_id)
        if alert.state not in LIVE:
            raise self._first(alert, note)
        end = Resolution(self._actor, self._table.now_ns, note)
        return self._put(replace(alert, state=AlertState.RESOLVED, resolved=end), "resolved", note)

    def comment(self, alert_id: str, text: str) -> Alert:
        """As `AlertSource.comment`."""
        return self._put(self._changing(alert_id), "commented", text)

    def presence(self) -> tuple[Presence, ...]:
        """Ada and bob."""
        return (
            Presence("ada", 4711, self._since_ns, "web-1"),
            Presence("bob", 4822, self._since_ns + 5 * MINUTE, "web-1"),
        )

    def _find(self, alert_id: str) -> Alert:
        found = [alert for name, alert in self._table.alerts.items() if name.startswith(alert_id)]
        if len(found) != 1 or not alert_id:
            raise NotFoundError(f"no alert {alert_id!r}")
        return found[0]

    def _changing(self, alert_id: str) -> Alert:
        if self._read_only:
            raise ReadOnlyError(f"nothing was changed: {self._read_only}")
        self._table.now_ns += SECOND
        return self._find(alert_id)

    def _put(self, alert: Alert, kind: str, text: str = "") -> Alert:
        return self._table.put(replace(alert, version=alert.version + 1), kind, self._actor, text)

    def _first(self, alert: Alert, text: str) -> ConflictError:
        """Somebody was first: who and when; what was typed is kept."""
        by = alert.resolved or alert.acknowledged
        if text:
            self._put(alert, "commented", text)
        if by is None:
            return ConflictError(f"alert {alert.id[:8]} was changed by somebody else")
        return ConflictError(f"alert {alert.id[:8]}: {alert.state.value} by {by.by} at {iso(by.at_ns)}")


def _order(alert: Alert) -> tuple[int, int, int]:
    newest = alert.resolved.at_ns if alert.resolved else alert.first_seen_ns
    return _RANK[alert.state], 0 if alert.resolved else -alert.severity, -newest


def _tell(table: _Table, start_ns: int) -> None:
    """The incident so far."""
    for index in range(14):
        _closed(table, index, start_ns - (index + 1) * HOUR)
    _payment(table, start_ns)
    cpu = Alert(
        id="3fa9e1774c0d4f2ab6d05b8c1e7790aa",
        fingerprint="3fa9e1774c0d4f2a",
        state=AlertState.FIRING,
        severity=Severity.HIGH,
        title="cpu_percent above 80 % for 2 m",
        message="cpu_percent is 91.4 %, above 80 % for 2 m",
        first_seen_ns=start_ns + 8 * MINUTE,
        last_seen_ns=start_ns + 12 * MINUTE,
        tags=(("host", "web-1"),),
        service="web-1",
        rule="cpu",
        metric="cpu_percent",
        value=91.4,
        threshold=80.0,
        count=3,
    )
    table.put(cpu, "fired", "rule", cpu.message, cpu.first_seen_ns)
    down = Alert(
        id="b04c55d19ef84a70a1c2d3e4f5061728",
        fingerprint="b04c55d19ef84a70",
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        title="payments unhealthy",
        message="timeout: 2 of 3 tries failed",
        first_seen_ns=start_ns + 10 * MINUTE,
        last_seen_ns=start_ns + 12 * MINUTE,
        tags=(("check", "payments"),),
        service="payment",
        rule="health payments",
    )
    table.put(down, "fired", "rule", down.message, down.first_seen_ns)


def _payment(table: _Table, start_ns: int) -> None:
    """What the payment service raised, and ada took."""
    payment = Alert(
        id="7d21c0de5a8f4b1c9e3a66f0b2d94811",
        fingerprint="7d21c0de5a8f4b1c",
        state=AlertState.FIRING,
        severity=Severity.HIGH,
        title="Payment Service Error",
        message="gateway answered 502 to 5 of 9 requests",
        first_seen_ns=start_ns,
        last_seen_ns=start_ns + 11 * MINUTE,
        tags=(("env", "production"), ("gateway", "primary")),
        service="payment",
        count=5,
    )
    table.put(payment, "fired", "payment@812", payment.message, start_ns)
    at = start_ns + 9 * MINUTE
    ack = Acknowledgement("ada", at, "looking at the gateway", Severity.HIGH)
    taken = replace(payment, state=AlertState.ACKNOWLEDGED, acknowledged=ack, version=2)
    table.put(taken, "acknowledged", "ada", ack.comment, at)


def _closed(table: _Table, index: int, at_ns: int) -> None:
    """One alert of the day before that is over."""
    title = _CLOSED[index % len(_CLOSED)]
    by_rule = index % 3 != 1
    who, note = ("rule", "") if by_rule else ("bob", "restarted the worker")
    fired = Alert(
        id=f"{index:02x}{'c105ed' * 5}",
        fingerprint=f"{index:02x}c105edc105edc1",
        state=AlertState.FIRING,
        severity=Severity(1 + index % 3),
        title=title,
        message=title,
        first_seen_ns=at_ns,
        last_seen_ns=at_ns,
        service="web-1",
        rule="" if not by_rule else title.split(" ")[0],
    )
    table.put(fired, "fired", "rule" if by_rule else "worker@77", fired.message, at_ns)
    end = Resolution(who, at_ns + 20 * MINUTE, note, by_rule)
    over = replace(fired, state=AlertState.RESOLVED, resolved=end, last_seen_ns=end.at_ns, version=2)
    table.put(over, "resolved", who, note, end.at_ns)
