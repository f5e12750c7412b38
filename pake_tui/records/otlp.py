"""OTLP/JSON log exports: one object holds resources, scopes and records (OpenTelemetry, logs data model)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pake_tui.records.draft import Draft
from pake_tui.records.levels import Scale, parse_level
from pake_tui.records.timestamps import Clock, Stamp

_MAX_RECORDS = 10_000
_DEEPEST = 16


def plain(value: object, depth: int = 0) -> object:
    """An AnyValue (`{"stringValue": …}`) as a plain value."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return value
    for name, inner in value.items():
        if name == "intValue" and isinstance(inner, str) and inner.lstrip("-").isdigit() and len(inner) < 20:
            return int(inner)
        if name == "arrayValue":
            items = inner.get("values", []) if isinstance(inner, dict) else []
            return [plain(one, depth + 1) for one in items] if isinstance(items, list) else []
        if name == "kvlistValue":
            return attributes(inner.get("values") if isinstance(inner, dict) else None, depth + 1)
        if name.endswith("Value"):
            return inner
    return value


def attributes(pairs: object, depth: int = 0) -> dict[str, object]:
    """A list of `{"key": …, "value": …}` as a mapping."""
    made: dict[str, object] = {}
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            made[pair["key"]] = plain(pair.get("value"), depth)
    return made


def _nanos(record: Mapping[str, Any]) -> Stamp | None:
    for name in ("timeUnixNano", "observedTimeUnixNano"):
        text = str(record.get(name) or "")
        if text.isascii() and text.isdigit() and len(text) < 20 and int(text):
            return Stamp(int(text), 0)
    return None


def _draft(record: Mapping[str, Any], resource: Mapping[str, object], scope: str | None) -> Draft:
    body = plain(record.get("body"))
    draft = Draft("otlp", body if isinstance(body, str) else None, _nanos(record))
    number = record.get("severityNumber")
    draft.level = parse_level(record.get("severityText"))
    if draft.level is None and isinstance(number, int) and number > 0:
        draft.level = parse_level(number, Scale.OTEL)
    service = resource.get("service.name")
    draft.service = service if isinstance(service, str) else None
    draft.logger = scope
    trace = record.get("traceId")
    draft.correlation_id = trace if isinstance(trace, str) and trace.strip("0") else None
    draft.fields = {name: value for name, value in resource.items() if name != "service.name"}
    draft.fields.update(attributes(record.get("attributes")))
    for name, shown in (("traceId", "trace_id"), ("spanId", "span_id")):
        if isinstance(record.get(name), str):
            draft.fields[shown] = record[name]
    if not isinstance(body, str) and body is not None:
        draft.fields["body"] = body
    return draft


def drafts_of(document: Mapping[str, Any], clock: Clock) -> list[Draft]:
    """Every log record of an export, in its order; at most 10,000."""
    drafts: list[Draft] = []
    for resource_logs in _objects(document.get("resourceLogs")):
        resource = resource_logs.get("resource")
        about = attributes(resource.get("attributes") if isinstance(resource, dict) else None)
        for scope_logs in _objects(
            resource_logs.get("scopeLogs") or resource_logs.get("instrumentationLibraryLogs")
        ):
            scope = scope_logs.get("scope")
            name = scope.get("name") if isinstance(scope, dict) else None
            for record in _objects(scope_logs.get("logRecords")):
                drafts.append(_draft(record, about, name if isinstance(name, str) and name else None))
                if len(drafts) >= _MAX_RECORDS:
                    return drafts
    return drafts


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
