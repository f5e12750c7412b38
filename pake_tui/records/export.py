"""A record as the JSON object that the command line prints and exports hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from pake_tui.model.record import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp_text(record: Record, assumed_offset_s: int = 0) -> str | None:
    """ISO 8601 to the microsecond (finer where the line was); an offset only where the line states one.

    A naive time is spelled in the zone that was assumed for it, so it reads as the line did.
    """
    if record.time_ns is None:
        return None
    offset = record.utc_offset_s
    zone = timezone(timedelta(seconds=assumed_offset_s if offset is None else offset))
    moment = (_EPOCH + timedelta(microseconds=record.time_ns // 1000)).astimezone(zone)
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    if record.time_ns % 1000:
        text += f"{record.time_ns % 1000:03}"
    if offset is None:
        return text
    return text + ("Z" if offset == 0 else moment.isoformat()[-6:])


def record_json(record: Record, line: int | None = None, lines: int = 1) -> dict[str, Any]:
    """One record as a JSON object, documented in this order; `line` is its 1-based first physical line, left
    out where it is not known, and `skipped`, what of it is not there and why, where nothing is missing.
    """
    return {
        **({} if line is None else {"line": line}),
        "lines": lines,
        "timestamp": timestamp_text(record),
        "level": record.level.word if record.level is not None else None,
        "service": record.service,
        "logger": record.logger,
        "message": record.message,
        "correlation_id": record.correlation_id,
        "fields": dict(record.fields),
        **({"skipped": record.skipped} if record.skipped else {}),
    }
