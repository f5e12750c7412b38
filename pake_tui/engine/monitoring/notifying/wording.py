"""How a notice reads: one subject, a text, and the fields that programs get. Pure."""

from __future__ import annotations

from msgspec import Struct

from pake_tui.clock import iso
from pake_tui.engine.store.alerts import NoticeRow
from pake_tui.model.alert import Alert, alert_fields
from pake_tui.text.safe import safe

VERSION = 1
LABELS = {
    "opened": "",
    "reopened": "again",
    "escalated": "worse",
    "resolved": "RESOLVED",
    "flapping": "flapping",
    "reminder": "still firing",
    "ack expired": "acknowledgement expired",
    "woke": "snooze ended",
    "unsuppressed": "still firing",
    "digest": "digest",
}


class Message(Struct, frozen=True):
    """What is sent: `id` is the same for the same notice, so that a receiver can tell a repetition."""

    id: str
    thread: str
    subject: str
    text: str
    fields: dict[str, object]


def message(notice: NoticeRow, alert: Alert | None, host: str) -> Message:
    """The message of a notice on an alert (None: a digest)."""
    title = alert.title if alert is not None else notice.title
    shown = safe(" ".join(title.split()))
    label = LABELS.get(notice.kind, notice.kind)
    severity = notice.severity.word.upper()
    head = "RESOLVED" if notice.kind == "resolved" else f"{severity} {label}".strip()
    # What an application or a log says may hold escapes and line breaks: none of its words forges a line.
    said = notice.text or (alert.message if alert is not None else "")
    lines = ["\n".join(safe(line) for line in said.splitlines())]
    if alert is not None:
        lines += map(safe, _facts(alert))
    lines.append(f"{host}, {iso(notice.at_ns, timespec='seconds')}")
    fields: dict[str, object] = {
        "version": VERSION,
        "id": f"{host}-{notice.number}-{notice.alert_id or notice.at_ns}",
        "kind": notice.kind,
        "severity": notice.severity.word,
        "title": title,
        "text": said,
        "at": iso(notice.at_ns),
        "host": host,
        "alert": alert_fields(alert) if alert is not None else None,
    }
    text = "\n".join(line for line in lines if line)
    return Message(str(fields["id"]), notice.alert_id or "digest", f"[{head}] {shown} ({host})", text, fields)


def _facts(alert: Alert) -> list[str]:
    """Who has it or resolved it, its service and tags, the runbook."""
    facts = []
    if alert.resolved is not None:
        note = f": {alert.resolved.note}" if alert.resolved.note else ""
        facts.append(f"resolved by {alert.resolved.by}{note}")
    elif alert.acknowledged is not None:
        facts.append(f"acknowledged by {alert.acknowledged.by}")
    tags = [f"{name}={value}" for name, value in alert.tags if name != "service"]
    if alert.service:
        tags.insert(0, f"service={alert.service}")
    facts.append(" ".join(tags))
    if alert.runbook_url:
        facts.append(f"runbook: {alert.runbook_url}")
    facts.append(f"alert {alert.id[:8]}: pake-tui alerts show {alert.id[:8]}")
    return facts
