"""Rows and traces as text for a terminal or a file: columns, JSON, raw. Everything is masked and safe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from pake_tui.clock import SECOND, iso
from pake_tui.model.record import LogRow, Record, RowKind, Trace
from pake_tui.records.aliases import is_alias
from pake_tui.records.draft import fields_message
from pake_tui.records.export import record_json, timestamp_text
from pake_tui.records.spans import nested, spans_of
from pake_tui.text.safe import safe

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIELD_CHARACTERS = 200
_TIME_WIDTH = len("2026-03-01T14:00:00.000Z")
GAP_NS = SECOND


def json_line(row: LogRow, assumed_zone: tzinfo) -> str:
    """A row as one JSON object, in ASCII: `line, lines, timestamp, level, service, logger, message,
    correlation_id, fields, file`. `line` is left out where it is not known.
    """
    document = record_json(row.record, row.line, row.lines)
    document["timestamp"] = timestamp_text(row.record, _offset_s(row.record, assumed_zone))
    document["file"] = row.path
    if not row.matched:
        document["matched"] = False
    try:
        return json.dumps(document, allow_nan=False, default=str)
    except (ValueError, RecursionError):
        document["fields"] = {"problem": "its fields can't be written as JSON; see the line itself"}
        return json.dumps(document)


def _offset_s(record: Record, zone: tzinfo) -> int:
    if record.time_ns is None:
        return 0
    try:
        offset = (_EPOCH + timedelta(microseconds=record.time_ns // 1000)).astimezone(zone).utcoffset()
    except (OverflowError, ValueError):
        return 0
    return int(offset.total_seconds()) if offset is not None else 0


def text_lines(row: LogRow, zone: tzinfo) -> list[str]:
    """A row as safe lines: time, level, service, ID, message, fields; below it the message's other lines."""
    if row.kind is RowKind.RULER:
        return [safe(f"--- {row.record.message} ---" if row.record.message else "--")]
    record = row.record
    first, *rest = shown_message(record).split("\n")
    columns = [
        f"{_time(record, zone):<{_TIME_WIDTH}}",
        *columns_of(record),
        first,
        fields_text(record.fields),
    ]
    lines = [" ".join(column for column in columns if column.strip())]
    if record.skipped:
        rest.append(f"[{record.skipped}]")
    return [safe(lines[0]), *(safe(f"    {line}") for line in rest)]


def shown_message(record: Record) -> str:
    """The message, empty where it was made of the fields, which stand behind it."""
    return "" if record.message == fields_message(record.fields) else record.message


def columns_of(record: Record) -> list[str]:
    """Level, service and correlation ID, each padded for a column."""
    level = record.level.word.upper() if record.level is not None else "-"
    return [f"{level:<8}", f"{record.service or '-':<10}", f"{record.correlation_id or '-':<10}"]


def fields_text(fields: Mapping[str, object]) -> str:
    """The fields as key=value, without the correlation ID, long values cut."""
    shown = []
    for name, value in fields.items():
        if is_alias(name) and isinstance(value, str):
            continue
        try:
            text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
        except (ValueError, RecursionError):
            text = "…"
        if len(text) > FIELD_CHARACTERS:
            text = f"{text[:FIELD_CHARACTERS]}…"
        quoted = isinstance(value, str) and " " in text
        shown.append(f"{name}={json.dumps(text, ensure_ascii=False) if quoted else text}")
    return " ".join(shown)


def _time(record: Record, zone: tzinfo) -> str:
    if record.time_ns is None:
        return "-"
    try:
        return iso(record.time_ns, zone, timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return "-"


def trace_lines(trace: Trace, zone: tzinfo) -> list[str]:
    """The trace as safe text: a summary with its first moment in a zone, then each record with its distance
    from that, gaps between.
    """
    times = [row.record.time_ns for row in trace.rows if row.record.time_ns is not None]
    first = times[0] if times else 0
    lines = [_summary(trace, first, max(times, default=0), zone)]
    last = first
    depths = spans_of([row.record for row in trace.rows]).depths()
    for row, depth in zip(trace.rows, depths, strict=True):
        time_ns = row.record.time_ns if row.record.time_ns is not None else last
        if time_ns - last > GAP_NS:
            lines.append(f"     ···  gap {(time_ns - last) / SECOND:.2f} s")
        last = time_ns
        lines += _row(row, time_ns - first, depth)
    return lines


def _summary(trace: Trace, first: int, last: int, zone: tzinfo) -> str:
    services = {row.record.service for row in trace.rows if row.record.service}
    words = [
        f"{len(trace.rows)} record{'s' if len(trace.rows) != 1 else ''}",
        f"{len(services)} service{'s' if len(services) != 1 else ''}",
        f"{(last - first) / SECOND:.2f} s"
        + (f" from {iso(first, zone, timespec='milliseconds')}" if first else ""),
    ]
    if (number := trace.first_error) is not None:
        row = trace.rows[number]
        since = "" if row.record.time_ns is None else f" at +{(row.record.time_ns - first) / SECOND:.3f} s"
        words.append(f"first error{since} in {row.record.service or '-'}")
    return safe(f"{trace.correlation_id}  {' · '.join(words)}")


def _row(row: LogRow, since: int, depth: int) -> list[str]:
    message, *rest = shown_message(row.record).split("\n")
    level, _, _ = columns_of(row.record)
    service = f"{nested(row.record.service or '-', depth):<10}"
    columns = [f"{since / SECOND:+10.3f}", service, level, message, fields_text(row.record.fields)]
    return [
        safe(" ".join(column for column in columns if column.strip())),
        *(safe(f"    {one}") for one in rest),
    ]
