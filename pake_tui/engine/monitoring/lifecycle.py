"""The lifecycle of an alert: a pure function of the alert, an event, the policy and the time.

`step` knows every cell of the table of states and events; `settle` adds what time alone brings. Nothing
here reads a clock, a file or a setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pake_tui.clock import HOUR
from pake_tui.engine.monitoring import alert_events as events
from pake_tui.engine.monitoring.alert_events import Event, Fire, Notice, NoticeKind
from pake_tui.engine.monitoring.cells import HANDLERS, expired
from pake_tui.engine.monitoring.draft import Draft, rebased
from pake_tui.model.alert import Alert, AlertEvent, AlertState, Policy, Severity

UNLIMITED = 1_000_000
MOST_STEPS = 8


class Outcome(Struct, frozen=True):
    """What an event made of an alert. `refusal` says in words why a person's wish changed nothing."""

    alert: Alert | None
    history: tuple[AlertEvent, ...] = ()
    notices: tuple[Notice, ...] = ()
    refusal: str = ""


def step(alert: Alert | None, event: Event, policy: Policy, now_ns: int, room: int = UNLIMITED) -> Outcome:
    """Apply one event.

    `room` is how many more notices the sliding hour allows (critical ones are never held).
    """
    if isinstance(event, Fire) and (alert is None or not (alert.live or _cooling(alert, policy, now_ns))):
        return _opened(event, policy, now_ns, room)
    if alert is None:
        return Outcome(None, refusal="nothing is open")
    if isinstance(event, events.CooldownEnded):
        return _opened(_again(alert, event.new_id), policy, now_ns, room)
    draft = Draft(rebased(alert, policy, now_ns), policy, now_ns, room, [], [])
    HANDLERS[type(event)](draft, event)
    changed = draft.alert
    if changed != alert:
        draft.change(version=alert.version + 1)
        changed = draft.alert
    return Outcome(changed, tuple(draft.history), tuple(draft.notices), draft.refusal)


def settle(
    alert: Alert, policy: Policy, now_ns: int, room: int = UNLIMITED, new_id: str = ""
) -> list[Outcome]:
    """What time alone brings, in order; empty if nothing is due. `new_id` names the alert of a condition that
    outlived its resolution by hand: that one stands in the last outcome.
    """
    outcomes: list[Outcome] = []
    current = rebased(alert, policy, now_ns)
    while len(outcomes) < MOST_STEPS and (event := due(current, policy, now_ns, new_id)):
        outcome = step(current, event, policy, now_ns, room)
        outcomes.append(outcome)
        room -= sum(counts(notice) for notice in outcome.notices)
        if outcome.alert is None or outcome.alert.id != alert.id:
            break
        current = outcome.alert
    return outcomes


def due(alert: Alert, policy: Policy, now_ns: int, new_id: str = "") -> Event | None:
    """The next event that time alone brings."""
    state, memory = alert.state, alert.memory
    ack = alert.acknowledged
    if alert.live:
        if alert.snoozed_until_ns is not None and alert.snoozed_until_ns <= now_ns:
            return events.Wake()
        if state is AlertState.ACKNOWLEDGED and ack and expired(ack, now_ns):
            return events.AckExpired()
        if 0 < memory.get("expires_ns", 0) <= now_ns:
            return events.Expired()
        if alert.flapping and now_ns - memory.get("edge_ns", 0) >= policy.steady_ns:
            return events.FlapEnded()
    elif alert.still_true and not _cooling(alert, policy, now_ns):
        return events.CooldownEnded(new_id)
    if state is not AlertState.FIRING or alert.suppressed or alert.flapping:
        return None
    if 0 < memory.get("due_ns", 0) <= now_ns:
        return events.NoticeDue()
    told_ns = memory.get("notice_ns", 0)
    if policy.reminder_ns and told_ns and now_ns - told_ns >= max(policy.reminder_ns, policy.cooldown_ns):
        return events.ReminderDue()
    return None


def counts(notice: Notice) -> bool:
    """Whether a notice that was sent uses up room of the hour."""
    return not (
        notice.held
        or notice.severity is Severity.CRITICAL
        or notice.kind in (NoticeKind.RESOLVED, NoticeKind.DIGEST)
    )


def digest(held: Sequence[Notice], policy: Policy, now_ns: int, room: int) -> Notice | None:
    """One notice for all that were held back, once there is room; None if there is nothing or no room."""
    if not held or room <= 0:
        return None
    worst = max(notice.severity for notice in held)
    titles = list(dict.fromkeys(notice.title for notice in held))
    more = f" and {len(titles) - 5} more" if len(titles) > 5 else ""
    spans = f"in the last {max(1, (now_ns - held[0].at_ns) // HOUR + 1)} h"
    text = f"{len(held)} held back {spans}: {'; '.join(titles[:5])}{more}"
    return Notice("", "", NoticeKind.DIGEST, worst, f"{len(held)} notices held back", now_ns, text=text)


def begun(event: Fire, now_ns: int) -> Alert:
    """The alert that an edge begins."""
    return Alert(
        id=event.new_id,
        fingerprint=event.fingerprint,
        state=AlertState.FIRING,
        severity=event.severity,
        title=event.title,
        message=event.message,
        first_seen_ns=now_ns,
        last_seen_ns=now_ns,
        tags=event.tags,
        service=event.service,
        rule=event.rule,
        metric=event.metric,
        value=event.value,
        threshold=event.threshold,
        suppressed=event.suppressed,
        runbook_url=event.runbook_url,
    )


def _cooling(alert: Alert, policy: Policy, now_ns: int) -> bool:
    """Resolved, and not longer than the cooldown ago."""
    resolved_ns = alert.memory.get("resolved_ns", 0)
    return not alert.live and now_ns - min(resolved_ns, now_ns) <= policy.cooldown_ns


def _opened(event: Fire, policy: Policy, now_ns: int, room: int) -> Outcome:
    draft = Draft(begun(event, now_ns), policy, now_ns, room, [], [])
    draft.remember(true=1, edge_ns=now_ns, expires_ns=event.expires_ns or 0)
    draft.enter("fired", event.actor, event.message)
    draft.tell(NoticeKind.OPENED)
    return Outcome(draft.alert, tuple(draft.history), tuple(draft.notices))


def _again(alert: Alert, new_id: str) -> Fire:
    return Fire(
        new_id=new_id,
        fingerprint=alert.fingerprint,
        severity=alert.severity,
        title=alert.title,
        message=alert.message,
        tags=alert.tags,
        service=alert.service,
        rule=alert.rule,
        metric=alert.metric,
        value=alert.value,
        threshold=alert.threshold,
        suppressed=alert.suppressed,
        runbook_url=alert.runbook_url,
    )
