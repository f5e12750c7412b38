"""Under which names JSON loggers (ECS, GELF, pino, serilog, …) keep time, level, message and the like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pake_tui.model.record import Level
from pake_tui.records.levels import Scale, parse_level
from pake_tui.records.timestamps import Clock, Stamp, from_epoch

TIME = (
    "@timestamp", "timestamp", "time", "ts", "t", "@t", "datetime", "date", "eventTime", "asctime",
    "Timestamp", "__REALTIME_TIMESTAMP", "timeMillis", "instant", "event_time", "event_timestamp",
    "log_time", "logged_at", "start_time", "startTime", "StartUTC", "requestReceivedTimestamp",
    "EdgeStartTimestamp", "time_iso8601", "Time", "timestamp_ms", "epoch", "created", "created_at",
    "published", "_source_realtime_timestamp", "msec", "log.time", "receivedTimestamp", "utc",
    "when", "time_local", "dt", "T", "EventTime", "TimeGenerated", "TimeCreated", "received_at",
)  # fmt: skip
LEVEL = (
    "level", "severity", "log.level", "lvl", "levelname", "loglevel", "log_level", "logLevel",
    "level_name", "@l", "severityText", "severity_text", "s", "PRIORITY", "priority", "Level",
    "Severity", "LogLevel", "levelno", "severity_number", "severityNumber", "level_value",
    "event_severity", "syslog_severity", "error_severity", "@level", "SeverityText", "SeverityNumber",
    "LevelDisplayName", "SeverityLevel", "L",
)  # fmt: skip
MESSAGE = (
    "message", "msg", "@m", "MESSAGE", "short_message", "event", "body", "text", "log",
    "RenderedMessage", "Message", "@mt", "MessageTemplate", "textPayload", "eventName", "@message",
    "Msg", "full_message", "description", "detail", "event_type", "Body", "M",
)  # fmt: skip
LOGGER = (
    "logger", "log.logger", "logger_name", "loggerName", "SourceContext", "target", "component",
    "module", "category", "channel", "c", "scope", "Logger", "_logger", "source_context",
    "log_name", "subsystem", "Category", "@module",
)  # fmt: skip
SERVICE = (
    "service", "service.name", "service_name", "serviceName", "app", "application",
    "SYSLOG_IDENTIFIER", "program", "container_name", "appname", "app_name", "_app", "eventSource",
    "Application",
)  # fmt: skip
_INSIDE = ("fields", "log", "Properties", "attr", "data", "extra", "jsonPayload", "record", "ctx")


def pick(document: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any] | None:
    """The first of the names that has a value in the document; a dotted one may be nested objects."""
    for name in names:
        value = document.get(name)
        if value is None and "." in name:
            head, _, tail = name.partition(".")
            inner = document.get(head)
            value = inner.get(tail) if isinstance(inner, dict) else None
        if value is not None and value != "":
            return name, value
    return None


def time_of(document: Mapping[str, Any], clock: Clock) -> tuple[str, Stamp] | None:
    """The record's time and the name it stands under."""
    for name in TIME:
        value = document.get(name)
        if value is None:
            continue
        if isinstance(value, dict):
            stamp = _nested_time(value, clock)
        elif (
            name == "__REALTIME_TIMESTAMP" and isinstance(value, str) and value.isdigit() and len(value) < 19
        ):
            stamp = from_epoch(int(value))
        else:
            stamp = clock.value(value)
        if stamp is not None:
            return name, stamp
    return None


def _nested_time(value: Mapping[str, Any], clock: Clock) -> Stamp | None:
    if "$date" in value:
        date = value["$date"]
        return clock.value(date.get("$numberLong") if isinstance(date, dict) else date)
    for name in ("date", "repr", "timestamp"):
        if isinstance(value.get(name), (str, float)) and (stamp := clock.value(value[name])):
            return stamp
    seconds, nanos = (
        value.get("epochSecond", value.get("seconds")),
        value.get("nanoOfSecond", value.get("nanos", 0)),
    )
    if isinstance(seconds, int) and isinstance(nanos, int) and 0 <= seconds < 7_000_000_000:
        return Stamp(seconds * 1_000_000_000 + nanos, 0)
    return None


def scale_of(document: Mapping[str, Any], name: str, number: float) -> Scale:
    """Which scale a level number is on, told by its name and by what else the document holds."""
    if name in ("PRIORITY", "syslog_severity") or "short_message" in document or "facility" in document:
        return Scale.SYSLOG
    if name in ("severityNumber", "severity_number", "SeverityNumber"):
        return Scale.OTEL
    if name in ("levelno", "level_value"):
        return Scale.TENS_FROM_DEBUG
    if number >= 8:
        return Scale.TENS_FROM_TRACE if "levelname" not in document else Scale.TENS_FROM_DEBUG
    return Scale.RISING if number <= 4 else Scale.SYSLOG


def level_of(document: Mapping[str, Any]) -> tuple[str, Level] | None:
    """The record's level and the name it stands under; a name whose value is no level is passed over."""
    for name in LEVEL:
        value = document.get(name)
        if value is None and name == "log.level":
            inner = document.get("log")
            value = inner.get("level") if isinstance(inner, dict) else None
        if isinstance(value, dict):
            value = value.get("name")
        if value is None or isinstance(value, (dict, list)):
            continue
        number = float(value) if isinstance(value, (int, float)) or (_is_number(value)) else None
        level = parse_level(value, scale_of(document, name, number) if number is not None else Scale.GUESS)
        if level is not None:
            return name, level
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 8


def message_of(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """The message and the (dotted) name it stands under; one level down for loggers that nest it."""
    for name in MESSAGE:
        value = document.get(name)
        if isinstance(value, str):
            return name, value
        if isinstance(value, dict) and isinstance(value.get("stringValue"), str):
            return name, value["stringValue"]
    for outer in _INSIDE:
        inner = document.get(outer)
        if isinstance(inner, dict):
            for name in MESSAGE:
                if isinstance(inner.get(name), str):
                    return f"{outer}.{name}", inner[name]
    return None


def name_of(document: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, str] | None:
    """A logger's or service's name and the key it stands under; an object gives its `name`."""
    found = pick(document, names)
    if found is None:
        return None
    key, value = found
    if isinstance(value, dict):
        value = value.get("name")
    return (key, value) if isinstance(value, str) and value and len(value) <= 256 else None
