"""The configuration's `notifiers:`: what is wrong with them, and what they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from pake_tui.engine.monitoring import fields
from pake_tui.engine.monitoring.fields import Field, Found, text
from pake_tui.model.alert import Alert, Severity

MAX_NOTIFIERS = 50
FORMATS = ("json", "slack")


class NotifierSpec(Struct, frozen=True):
    """One notifier: `kind` (webhook, command, email) tells `target`.

    It is told of alerts from `severity` on that have all of `tags` (`service` is the alert's own); of their
    end too, unless `resolved` is false.
    """

    name: str
    kind: str
    target: Any
    options: Mapping[str, Any]
    severity: Severity = Severity.LOW
    tags: tuple[tuple[str, str], ...] = ()
    resolved: bool = True

    def wants(self, kind: str, severity: Severity, alert: Alert | None) -> bool:
        """Whether it is told of a notice of this kind; a digest (no alert) goes to whoever names no tags."""
        if kind == "resolved" and not self.resolved:
            return False
        if alert is None:
            return not self.tags and severity >= self.severity
        has = {**dict(alert.tags), "service": alert.service, "rule": alert.rule}
        worst = max(severity, alert.severity)
        return worst >= self.severity and all(has.get(name) == value for name, value in self.tags)


def _mailbox(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\s@<>,;:\\\"]+@[\w.-]+", value.strip()):
        raise ValueError
    return value.strip()


def _mailboxes(value: object) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, (list, tuple)) or not found:
        raise ValueError
    return tuple(_mailbox(one) for one in found)


def _server(value: object) -> tuple[str, int]:
    found = re.fullmatch(r"([^\s:/@]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?", str(value).strip())
    if not isinstance(value, str) or found is None or not 0 <= int(found[2] or 0) < 65_536:
        raise ValueError
    return found[1].strip("[]"), int(found[2] or 0)


COMMON: Mapping[str, Field] = {
    "name": text("a name, as text", required=True, longest=fields.MAX_NAME),
    "severity": fields.severity(Severity.LOW),
    "tags": fields.pairs("a mapping of tag names to values, such as {service: api}"),
    "resolved": fields.flag(True),
}
KINDS: fields.Kinds = {
    "webhook": (
        fields.url("http", "https"),
        {
            "format": fields.choice(*FORMATS, default="json"),
            "headers": fields.headers(),
        },
    ),
    "command": (fields.argv(), {}),
    "email": (
        Field(_mailboxes, "mail addresses, such as [ops@example.org]"),
        {
            "from": Field(_mailbox, "a mail address", required=True),
            "server": Field(_server, "host or host:port of a mail server", ("localhost", 0)),
            "security": fields.choice("none", "starttls", "tls", default="starttls"),
            "username": text("a name"),
            "password": Field(text("").read, "a password", "", secret=True),
        },
    ),
}


def validate(raw: object) -> list[Found]:
    """What is wrong: (path below `notifiers`, message, what would be accepted) each."""
    return fields.list_problems(raw, KINDS, COMMON, "tells", MAX_NOTIFIERS)


def notifiers_from(raw: Sequence[Mapping[str, Any]]) -> tuple[NotifierSpec, ...]:
    """The notifiers of a list that `validate` accepts."""
    return tuple(_spec(entry) for entry in raw)


def _spec(entry: Mapping[str, Any]) -> NotifierSpec:
    kind = fields.kind_of(entry, KINDS)
    known = fields.values(entry, fields.of_kind(kind, KINDS, COMMON))
    return NotifierSpec(
        name=known["name"],
        kind=kind,
        target=known[kind],
        options={name: known[name] for name in KINDS[kind][1]},
        severity=known["severity"],
        tags=known["tags"],
        resolved=known["resolved"],
    )
