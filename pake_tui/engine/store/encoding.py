"""Alerts as rows: the columns that queries need, everything else as JSON in `body`."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from pake_tui.model.alert import Acknowledgement, Alert, AlertState, Resolution, Severity

LIVE_WORDS = "('firing', 'acknowledged', 'snoozed')"
_PLAIN = (
    "title",
    "message",
    "metric",
    "value",
    "threshold",
    "count",
    "reopened",
    "snoozed_until_ns",
    "no_data",
    "flapping",
    "held_back",
    "suppressed",
    "runbook_url",
    "memory",
)


def encode(alert: Alert) -> tuple[object, ...]:
    """The twelve columns of the table `alerts`, in their order."""
    body: dict[str, object] = {name: getattr(alert, name) for name in _PLAIN}
    body["tags"] = alert.tags
    if ack := alert.acknowledged:
        body["acknowledged"] = [ack.by, ack.at_ns, ack.comment, int(ack.severity), ack.expires_ns]
    if end := alert.resolved:
        body["resolved"] = [end.by, end.at_ns, end.note, end.by_rule]
    return (
        alert.id,
        alert.fingerprint,
        alert.state.value,
        int(alert.severity),
        alert.service,
        alert.rule,
        alert.first_seen_ns,
        alert.last_seen_ns,
        alert.resolved.at_ns if alert.resolved else None,
        int(alert.still_true),
        alert.version,
        msgspec.json.encode(body).decode(),
    )


def decode(row: tuple[Any, ...]) -> Alert:
    """An alert from `id, fingerprint, state, severity, first_seen_ns, last_seen_ns, service, rule,
    still_true, version, body`; what a newer version added to the body is left alone.
    """
    alert_id, fingerprint, state, severity, first_ns, last_ns, service, rule, still_true, version, text = row
    body = json.loads(text)
    ack, end = body.get("acknowledged"), body.get("resolved")
    return Alert(
        id=alert_id,
        fingerprint=fingerprint,
        state=AlertState(state),
        severity=Severity(severity),
        first_seen_ns=first_ns,
        last_seen_ns=last_ns,
        service=service,
        rule=rule,
        still_true=bool(still_true),
        version=version,
        tags=tuple((str(name), str(value)) for name, value in body.get("tags", ())),
        acknowledged=Acknowledgement(ack[0], ack[1], ack[2], Severity(ack[3]), ack[4]) if ack else None,
        resolved=Resolution(*end) if end else None,
        **{name: body[name] for name in _PLAIN if name in body},
    )
