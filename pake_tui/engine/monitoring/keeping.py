"""Outcomes of the lifecycle as rows, and what time alone brings to the alerts of a store."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Sequence

from pake_tui.clock import HOUR
from pake_tui.engine.monitoring.alert_events import Notice, NoticeKind, Suppress, Unsuppress
from pake_tui.engine.monitoring.lifecycle import Outcome, counts, digest, settle, step
from pake_tui.engine.store import alerts as table
from pake_tui.engine.store.silences import prune as prune_silences
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Alert, Policy
from pake_tui.model.silence import why

TIDY_EVERY_NS = HOUR
Parents = Callable[[Alert], str]
WORDS = {kind.word: kind for kind in NoticeKind}


def room_left(connection: sqlite3.Connection, policy: Policy, now_ns: int) -> int:
    """How many more notices the sliding hour allows."""
    return policy.max_per_hour - table.sent_in_hour(connection, now_ns, policy.max_per_hour)


def keep(connection: sqlite3.Connection, seen: Alert | None, outcome: Outcome) -> None:
    """Write what an event made of an alert: row, history and notices together."""
    if outcome.alert is not None and outcome.alert != seen:
        table.save(connection, outcome.alert, seen)
    table.append_history(connection, outcome.history)
    _keep_notices(connection, outcome.notices)


def settle_all(store: StateStore, policy: Policy, now_ns: int, parents: Parents = lambda alert: "") -> bool:
    """Silences begin and end, snoozes end, acknowledgements expire, notices that were put off or held back go
    out. `parents(alert)` says which parent of what an alert is about is down, empty where none is.

    Looks without a transaction first, so that a quiet second writes nothing. False where time alone will
    bring nothing, before somebody writes to the store.
    """
    unsettled, held = store.alerts.unsettled(), store.alerts.held()
    if not unsettled and not held:
        return False
    silences = store.silences.active(now_ns)

    def withheld(alert: Alert) -> str:
        return (why(alert, silences) or parents(alert)) if alert.live else alert.suppressed

    moving = [
        alert.id
        for alert in unsettled
        if withheld(alert) != alert.suppressed or settle(alert, policy, now_ns, new_id="-")
    ]
    if not moving and not held:
        return True
    with store.write() as connection:
        for alert_id in moving:
            alert = table.load(connection, alert_id)
            if alert is None:
                continue
            room = room_left(connection, policy, now_ns)
            if (reason := withheld(alert)) != alert.suppressed:
                event = Suppress(reason) if reason else Unsuppress()
                outcome = step(alert, event, policy, now_ns, room)
                keep(connection, alert, outcome)
                alert = outcome.alert or alert
                room = room_left(connection, policy, now_ns)
            for outcome in settle(alert, policy, now_ns, room, new_id=uuid.uuid4().hex):
                keep(connection, alert, outcome)
                alert = outcome.alert
        _send_digest(connection, policy, now_ns)
    return True


def tidy(store: StateStore, now_ns: int) -> None:
    """Forget what is too old."""
    with store.write() as connection:
        table.prune(connection, now_ns)
        prune_silences(connection, now_ns)


def _send_digest(connection: sqlite3.Connection, policy: Policy, now_ns: int) -> None:
    held = [
        Notice(row.alert_id, "", WORDS[row.kind], row.severity, row.title, row.at_ns, held=True)
        for row in table.held(connection)
        if row.kind in WORDS
    ]
    notice = digest(held, policy, now_ns, room_left(connection, policy, now_ns))
    if notice is not None:
        table.release_held(connection)
        _keep_notices(connection, [notice])


def _keep_notices(connection: sqlite3.Connection, notices: Sequence[Notice]) -> None:
    rows = [
        table.NoticeRow(n.alert_id, n.at_ns, n.kind.word, n.severity, n.title, n.text, n.held, counts(n))
        for n in notices
    ]
    if rows:
        table.append_notices(connection, rows)
