"""The cells of the table of states and events: each function is one event, met by any state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pake_tui.clock import iso
from pake_tui.engine.monitoring import alert_events as events
from pake_tui.engine.monitoring.alert_events import Fire, NoticeKind
from pake_tui.engine.monitoring.draft import BY_RULE, Draft
from pake_tui.model.alert import Acknowledgement, Alert, AlertState, Severity


def expired(ack: Acknowledgement, now_ns: int) -> bool:
    """Whether an acknowledgement's time has passed."""
    return ack.expires_ns is not None and ack.expires_ns <= now_ns


def covered(alert: Alert) -> Severity:
    """The severity up to which people have seen it: a rise beyond it is news."""
    return max(alert.severity, alert.acknowledged.severity if alert.acknowledged else Severity.LOW)


def _fire(draft: Draft, event: Fire) -> None:
    if not draft.alert.live:
        _reopen(draft, event)
        return
    rises = event.severity > covered(draft.alert)
    draft.observe(event, max(draft.alert.severity, event.severity))
    draft.remember(true=1, edge_ns=draft.now_ns)
    if event.expires_ns:
        draft.remember(expires_ns=event.expires_ns)
    if rises:
        _escalate(draft, event.actor, event.message)
    else:
        draft.enter("fired again", event.actor, event.message)


def _escalate(draft: Draft, actor: str, text: str) -> None:
    draft.change(state=AlertState.FIRING, acknowledged=None, snoozed_until_ns=None)
    draft.enter("escalated", actor, text)
    draft.tell(NoticeKind.ESCALATED)


def _reopen(draft: Draft, event: Fire) -> None:
    alert, ack = draft.alert, draft.alert.acknowledged
    by_rule = alert.resolved is not None and alert.resolved.by_rule
    higher = event.severity > (covered(alert) if by_rule else alert.severity)
    keeps = by_rule and not higher and ack is not None and not expired(ack, draft.now_ns)
    put_off_until = draft.stamp("resolved_ns") + draft.policy.cooldown_ns
    draft.observe(event, event.severity)
    draft.change(
        state=AlertState.ACKNOWLEDGED if keeps else AlertState.FIRING,
        acknowledged=ack if keeps else None,
        resolved=None,
        still_true=False,
        reopened=alert.reopened + 1,
        suppressed=event.suppressed,
    )
    draft.remember(
        true=1, edge_ns=draft.now_ns, told=0, resolved_ns=0, expires_ns=event.expires_ns or 0, due_ns=0
    )
    draft.enter("reopened", event.actor, event.message)
    if draft.count_reopening():
        draft.change(flapping=True)
        draft.tell(NoticeKind.FLAPPING)
    elif higher:
        draft.tell(NoticeKind.ESCALATED)
    elif event.severity is Severity.CRITICAL:
        draft.tell(NoticeKind.REOPENED)
    elif not keeps:
        draft.put_off(NoticeKind.REOPENED, put_off_until)


def _still_true(draft: Draft, event: events.StillTrue) -> None:
    alert = draft.alert
    if not alert.live and (alert.resolved is None or alert.resolved.by_rule):
        return
    words = {"title": event.title or alert.title, "message": event.message or alert.message}
    draft.change(last_seen_ns=draft.now_ns, value=event.value, **words)
    if not alert.live:
        draft.change(still_true=True)
        draft.remember(true=1)
        return
    edge_ns = draft.stamp("edge_ns") if draft.stamp("true") else draft.now_ns
    draft.change(no_data=False)
    draft.remember(true=1, edge_ns=edge_ns)
    severity = event.severity or alert.severity
    if severity == alert.severity:
        return
    rises = severity > covered(alert)
    draft.change(severity=severity)
    change = f"{alert.severity.word} to {severity.word}"
    if rises:
        _escalate(draft, BY_RULE, change)
    else:
        draft.enter("severity", BY_RULE, change)


def _clear(draft: Draft, event: events.Clear) -> None:
    if not draft.alert.live:
        draft.change(still_true=False)
        draft.remember(true=0)
        return
    draft.change(value=event.value, no_data=False)
    if draft.alert.flapping:
        if draft.stamp("true"):
            draft.remember(true=0, edge_ns=draft.now_ns)
        return
    draft.remember(true=0, edge_ns=draft.now_ns)
    draft.close(BY_RULE, "", by_rule=True)


def _no_data(draft: Draft, event: events.NoData) -> None:
    if draft.alert.live and not draft.alert.no_data:
        draft.change(no_data=True)
        draft.enter("no data", BY_RULE)


def _rule_deleted(draft: Draft, event: events.RuleDeleted) -> None:
    if draft.alert.live:
        draft.close(BY_RULE, "the rule was deleted", by_rule=True, silent=True)
    else:
        draft.change(still_true=False)
        draft.remember(true=0)


def _acknowledge(draft: Draft, event: events.Acknowledge) -> None:
    alert = draft.alert
    if alert.state is AlertState.RESOLVED or alert.state is AlertState.ACKNOWLEDGED:
        _refuse(draft, event.actor, event.comment)
        return
    span = draft.policy.ack_expires_ns
    ack = Acknowledgement(
        event.actor, draft.now_ns, event.comment, alert.severity, draft.now_ns + span if span else None
    )
    draft.change(state=AlertState.ACKNOWLEDGED, acknowledged=ack, snoozed_until_ns=None)
    draft.remember(due_ns=0, due_kind=0)
    draft.enter("acknowledged", event.actor, event.comment)


def _refuse(draft: Draft, actor: str, text: str) -> None:
    """Somebody was first: say who and when, and keep what was typed."""
    alert = draft.alert
    if alert.resolved is not None:
        draft.refusal = f"resolved by {alert.resolved.by} at {_when(alert.resolved.at_ns)}"
    elif alert.acknowledged is not None:
        draft.refusal = f"acknowledged by {alert.acknowledged.by} at {_when(alert.acknowledged.at_ns)}"
    if text:
        draft.enter("commented", actor, text)


def _unacknowledge(draft: Draft, event: events.Unacknowledge) -> None:
    alert = draft.alert
    if alert.state is not AlertState.ACKNOWLEDGED:
        draft.refusal = "nobody has it"
        if alert.resolved is not None:
            _refuse(draft, event.actor, "")
        return
    draft.change(state=AlertState.FIRING, acknowledged=None)
    draft.enter("unacknowledged", event.actor)
    if not draft.stamp("told"):
        draft.put_off(NoticeKind.OPENED, draft.now_ns + draft.policy.cooldown_ns)


def _snooze(draft: Draft, event: events.Snooze) -> None:
    if not draft.alert.live:
        _refuse(draft, event.actor, event.comment)
    elif event.until_ns <= draft.now_ns:
        draft.refusal = f"{_when(event.until_ns)} has passed"
    else:
        draft.change(state=AlertState.SNOOZED, snoozed_until_ns=event.until_ns)
        draft.remember(due_ns=0, due_kind=0)
        draft.enter("snoozed", event.actor, event.comment or f"until {_when(event.until_ns)}")


def _wake(draft: Draft, event: events.Wake) -> None:
    alert, ack = draft.alert, draft.alert.acknowledged
    if alert.state is not AlertState.SNOOZED:
        return
    if ack and not expired(ack, draft.now_ns):
        draft.change(state=AlertState.ACKNOWLEDGED, snoozed_until_ns=None)
        draft.enter("woke", BY_RULE)
    elif not alert.rule or draft.stamp("true"):
        draft.change(state=AlertState.FIRING, acknowledged=None, snoozed_until_ns=None)
        draft.enter("woke", BY_RULE)
        draft.tell(NoticeKind.WOKE)
    else:
        draft.close(BY_RULE, "no longer true when the snooze ended", by_rule=True)


def _ack_expired(draft: Draft, event: events.AckExpired) -> None:
    if draft.alert.state is AlertState.ACKNOWLEDGED:
        draft.change(state=AlertState.FIRING, acknowledged=None)
        draft.enter("acknowledgement expired", BY_RULE)
        draft.tell(NoticeKind.ACK_EXPIRED)


def _resolve(draft: Draft, event: events.Resolve) -> None:
    if draft.alert.live:
        draft.close(event.actor, event.note, by_rule=False)
    else:
        _refuse(draft, event.actor, event.note)


def _expire(draft: Draft, event: events.Expired) -> None:
    if draft.alert.live:
        draft.close(BY_RULE, "its time was up", by_rule=True)


def _comment(draft: Draft, event: events.Comment) -> None:
    draft.enter("commented", event.actor, event.text)


def _suppress(draft: Draft, event: events.Suppress) -> None:
    if draft.alert.suppressed != event.reason:
        draft.change(suppressed=event.reason)
        draft.enter("suppressed", BY_RULE, event.reason)


def _unsuppress(draft: Draft, event: events.Unsuppress) -> None:
    if draft.alert.suppressed:
        draft.change(suppressed="")
        draft.enter("unsuppressed", BY_RULE)
        draft.tell(NoticeKind.UNSUPPRESSED)


def _flap_ended(draft: Draft, event: events.FlapEnded) -> None:
    if not draft.alert.flapping:
        return
    draft.change(flapping=False)
    if draft.alert.rule and not draft.stamp("true"):
        draft.close(BY_RULE, "steady again", by_rule=True)
    else:
        draft.enter("steady", BY_RULE)


def _notice_due(draft: Draft, event: events.NoticeDue) -> None:
    kind = NoticeKind(draft.stamp("due_kind") or NoticeKind.OPENED)
    draft.remember(due_ns=0, due_kind=0)
    draft.tell(kind)


def _remind(draft: Draft, event: events.ReminderDue) -> None:
    draft.tell(NoticeKind.REMINDER)


def _when(at_ns: int) -> str:
    return iso(at_ns, timespec="seconds").replace("T", " ").replace("Z", " UTC")


HANDLERS: dict[type[Any], Callable[[Draft, Any], None]] = {
    events.Fire: _fire,
    events.StillTrue: _still_true,
    events.Clear: _clear,
    events.NoData: _no_data,
    events.RuleDeleted: _rule_deleted,
    events.Acknowledge: _acknowledge,
    events.Unacknowledge: _unacknowledge,
    events.Snooze: _snooze,
    events.Resolve: _resolve,
    events.Comment: _comment,
    events.Suppress: _suppress,
    events.Unsuppress: _unsuppress,
    events.Wake: _wake,
    events.AckExpired: _ack_expired,
    events.Expired: _expire,
    events.FlapEnded: _flap_ended,
    events.NoticeDue: _notice_due,
    events.ReminderDue: _remind,
}
