"""How commands print log records: text made safe for a terminal, or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from pake_tui.clock import iso
from pake_tui.model.record import LogRow, Record, RowKind
from pake_tui.query import QueryError
from pake_tui.records.aliases import is_alias
from pake_tui.records.export import record_json, timestamp_text
from pake_tui.text.safe import safe

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIELD_CHARACTERS = 200


def json_line(row: LogRow, assumed_zone: tzinfo) -> str:
    """A row as one JSON object, in ASCII: `line, lines, timestamp, level, service, logger, message,
    correlation_id, fields`. `line` is null where it is not known.
    """
    document = record_json(row.record, row.line, row.lines)
    document["timestamp"] = timestamp_text(row.record, _offset_s(row.record, assumed_zone))
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
        return [safe(f"--- {row.record.message} ---")]
    record = row.record
    first, *rest = record.message.split("\n")
    columns = [_time(record, zone), *columns_of(record), first, fields_text(record.fields)]
    lines = [" ".join(column for column in columns if column.strip())]
    if record.skipped:
        rest.append(f"[{record.skipped}]")
    return [safe(lines[0]), *(safe(f"    {line}") for line in rest)]


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


class Printer:
    """Prints rows to standard output; of a record that has grown since, in text, only what came."""

    def __init__(self, *, as_json: bool, zone: tzinfo, assumed_zone: tzinfo) -> None:
        self._json = as_json
        self._zone = zone
        self._assumed = assumed_zone
        self._last: dict[str, tuple[LogRow, int]] = {}

    def rows(self, rows: Sequence[LogRow]) -> int:
        """Print rows and flush, so that a pipe has them at once. How many were records."""
        written: list[str] = []
        for row in rows:
            if self._json:
                if row.kind is RowKind.RECORD:
                    written.append(json_line(row, self._assumed))
                continue
            lines = text_lines(row, self._zone)
            last = self._last.get(row.address.file)
            again = last is not None and last[0].address == row.address and last[0].kind is row.kind
            written += lines[last[1] :] if last is not None and again else lines
            self._last[row.address.file] = (row, len(lines))
        if written:
            sys.stdout.write("\n".join(written) + "\n")
            sys.stdout.flush()
        return sum(row.kind is RowKind.RECORD for row in rows)


def print_query_error(query: str, error: QueryError) -> None:
    """The query with a caret at the character where it goes wrong, on standard error."""
    from rich.cells import cell_len

    print(f"pake-tui: {safe(str(error))}", file=sys.stderr)
    print(f"  {safe(query)}", file=sys.stderr)
    print(f"  {' ' * cell_len(safe(query[: error.position]))}^", file=sys.stderr)
