"""An alert while one event changes it: what it becomes, its history entries, and who is told.

Stamps that the lifecycle needs lie in `Alert.memory`, all UTC ns unless said otherwise; 0 or absent means
never: `true` (0 or 1: the condition holds) · `edge_ns` (last change of that) · `told` (highest severity
that people were told of since it opened) · `notice_ns` (last notice) · `due_ns`, `due_kind` (a notice put
off) · `resolved_ns` · `expires_ns` (an application's `expires_after`) · `reopen_0`, `reopen_1`, ... (last
reopenings).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.engine.monitoring.alert_events import Fire, Notice, NoticeKind
from pake_tui.model.alert import Alert, AlertEvent, AlertState, Policy, Resolution, Severity

PAST = ("edge_ns", "notice_ns", "resolved_ns")
BY_RULE = "rule"


class Draft(Struct):
    """`room` is how many more notices this hour allows; it shrinks as they are sent."""

    alert: Alert
    policy: Policy
    now_ns: int
    room: int
    history: list[AlertEvent]
    notices: list[Notice]
    refusal: str = ""

    def stamp(self, name: str) -> int:
        """One stamp of the alert's memory."""
        return self.alert.memory.get(name, 0)

    def remember(self, **stamps: int) -> None:
        """Change stamps; zeros are forgotten."""
        memory = {name: value for name, value in (self.alert.memory | stamps).items() if value}
        self.alert = replace(self.alert, memory=memory)

    def change(self, **fields: Any) -> None:
        """Change fields of the alert."""
        self.alert = replace(self.alert, **fields)

    def enter(self, kind: str, actor: str, text: str = "") -> None:
        """One history entry, with the state and severity as they are now."""
        alert = self.alert
        self.history.append(AlertEvent(alert.id, self.now_ns, kind, actor, text, alert.state, alert.severity))

    def observe(self, event: Fire, severity: Severity) -> None:
        """Take over what a fire says; one more counted."""
        self.change(
            severity=severity,
            title=event.title,
            message=event.message,
            value=event.value,
            threshold=event.threshold,
            last_seen_ns=self.now_ns,
            count=self.alert.count + 1,
            no_data=False,
        )

    def count_reopening(self) -> bool:
        """Remember one more reopening; whether it flaps now. Entering the flapping state begins the count
        anew.
        """
        wanted = self.policy.flap_reopenings
        stamps = [*reopenings(self.alert), self.now_ns][-wanted:] if wanted > 0 else []
        recent = [at for at in stamps if self.now_ns - at < self.policy.flap_window_ns]
        flaps = 0 < wanted <= len(recent)
        kept = [] if flaps else recent
        self.remember(**{name: 0 for name in self.alert.memory if name.startswith("reopen_")})
        self.remember(**{f"reopen_{index}": at for index, at in enumerate(kept)})
        return flaps

    def put_off(self, kind: NoticeKind, until_ns: int) -> None:
        """A notice goes out later, if it still fires then; the earlier time wins."""
        due = self.stamp("due_ns")
        self.remember(due_ns=min(due, until_ns) if due else until_ns, due_kind=int(kind))

    def tell(self, kind: NoticeKind) -> None:
        """People should know now: sent, held back by the hour, put off by the cooldown, or not while others
        have it.
        """
        alert, now = self.alert, self.now_ns
        if alert.state is not AlertState.FIRING:
            return
        if alert.suppressed or (alert.flapping and kind is not NoticeKind.FLAPPING):
            self.put_off(kind, now)
            return
        ready = self.stamp("notice_ns") + self.policy.cooldown_ns
        if self.stamp("notice_ns") and now < ready and not _passes(kind, alert.severity):
            self.put_off(kind, ready)
            return
        critical = alert.severity is Severity.CRITICAL
        held = not critical and self.room <= 0
        self.room -= not critical and not held
        self.notices.append(_notice(alert, kind, now, held))
        told = self.stamp("told")
        self.remember(notice_ns=now, due_ns=0, due_kind=0, told=told if held else max(told, alert.severity))
        self.change(held_back=alert.held_back + held)

    def close(self, by: str, note: str, *, by_rule: bool, silent: bool = False) -> None:
        """Resolved; people hear of it only if they had heard that it fired."""
        alert = self.alert
        quiet = silent or alert.flapping or bool(alert.suppressed) or not self.stamp("told")
        self.change(
            state=AlertState.RESOLVED,
            resolved=Resolution(by, self.now_ns, note, by_rule),
            still_true=not by_rule and bool(alert.rule) and bool(self.stamp("true")),
            snoozed_until_ns=None,
            flapping=False,
            no_data=False,
        )
        self.remember(resolved_ns=self.now_ns, due_ns=0, due_kind=0)
        self.enter("resolved", by, note)
        if not quiet:
            self.notices.append(_notice(self.alert, NoticeKind.RESOLVED, self.now_ns, held=False))


def reopenings(alert: Alert) -> list[int]:
    """Times of the last reopenings, oldest first, UTC ns."""
    return sorted(value for name, value in alert.memory.items() if name.startswith("reopen_"))


def rebased(alert: Alert, policy: Policy, now_ns: int) -> Alert:
    """The alert after the clock stepped back: what lay in the past still does, what was put off waits no
    longer.

    Without that a clock that once stood years ahead would silence an alert for years.
    """
    fixed = {
        name: min(value, now_ns)
        for name, value in alert.memory.items()
        if name in PAST or name.startswith("reopen_")
    }
    if due := alert.memory.get("due_ns"):
        fixed["due_ns"] = min(due, now_ns + policy.cooldown_ns)
    if all(alert.memory[name] == value for name, value in fixed.items()):
        return alert
    return replace(alert, memory=alert.memory | fixed)


def _passes(kind: NoticeKind, severity: Severity) -> bool:
    """Notices that no cooldown stops."""
    return kind in (NoticeKind.ESCALATED, NoticeKind.FLAPPING) or (
        kind is NoticeKind.REOPENED and severity is Severity.CRITICAL
    )


def _notice(alert: Alert, kind: NoticeKind, now_ns: int, held: bool) -> Notice:
    return Notice(alert.id, alert.fingerprint, kind, alert.severity, alert.title, now_ns, held)
