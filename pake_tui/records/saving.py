"""Rows as a file for a ticket or a program: JSON lines, text, CSV, Markdown; each says where it is from."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from msgspec import Struct

from pake_tui.clock import iso
from pake_tui.model.record import LogRow, RowKind, Trace
from pake_tui.records.export import record_json, timestamp_text
from pake_tui.records.rowtext import text_lines, trace_lines
from pake_tui.text.safe import safe

SUFFIXES = {"json": "jsonl", "text": "log", "csv": "csv", "markdown": "md"}
"""The formats, and how their files' names end."""
CSV_COLUMNS = (
    *("timestamp", "level", "service", "logger", "correlation_id", "message"),
    *("fields", "file", "line"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Origin(Struct, frozen=True):
    """What a file says of itself: the query or ID, where it was read, when (UTC ns), what is missing."""

    query: str
    source: str
    saved_ns: int
    notes: tuple[str, ...] = ()


def saved_lines(rows: Sequence[LogRow], form: str, origin: Origin, zone: tzinfo) -> Iterator[str]:
    """The lines of a file of rows. `form` is a key of `SUFFIXES`; times of text are in `zone`.

    The first line of JSON lines is `{"export": {by, query, source, saved_at, records, notes}}`; text and CSV
    begin with lines marked `#`; CSV has `CSV_COLUMNS`, fields as JSON.
    """
    records = [row for row in rows if row.kind is RowKind.RECORD]
    if form == "json":
        yield json.dumps({"export": _facts(origin, len(records), zone)}, ensure_ascii=False)
        yield from map(row_json, records)
    elif form == "csv":
        yield from _remarks(origin, len(records), zone)
        yield csv_line(CSV_COLUMNS)
        yield from map(csv_row, records)
    elif form == "markdown":
        yield f"# Logs: {_inline(origin.query or 'everything')}"
        yield from _bullets(origin, len(records), zone)
        yield from _fenced([line for row in rows for line in text_lines(row, zone)])
    else:
        yield from _remarks(origin, len(records), zone)
        for row in rows:
            yield from text_lines(row, zone)


def saved_trace(trace: Trace, form: str, origin: Origin, zone: tzinfo) -> Iterator[str]:
    """The lines of a file of a trace: as `saved_lines`, in text and Markdown with offsets and gaps."""
    if form in ("json", "csv"):
        yield from saved_lines(trace.rows, form, origin, zone)
        return
    summary, *lines = trace_lines(trace, zone) or [safe(trace.correlation_id)]
    if form == "markdown":
        yield f"# Trace {_inline(trace.correlation_id)}"
        yield from _bullets(origin, len(trace.rows), zone)
        yield f"- {summary.partition('  ')[2]}"
        yield from _fenced(lines)
    else:
        yield from _remarks(origin, len(trace.rows), zone)
        yield from (summary, *lines)


def row_json(row: LogRow) -> str:
    """The record as one line of JSON: what the command line prints, and where it lies."""
    where = {"file": row.path, "offset": row.address.offset}
    return json.dumps(
        {**record_json(row.record, row.line, row.lines), **where}, ensure_ascii=False, default=str
    )


def csv_row(row: LogRow) -> str:
    """The record as a line of CSV, its columns `CSV_COLUMNS`."""
    record = row.record
    return csv_line(
        (
            timestamp_text(record),
            record.level.word if record.level is not None else None,
            record.service,
            record.logger,
            record.correlation_id,
            record.message,
            json.dumps(dict(record.fields), ensure_ascii=False, default=str),
            row.path,
            row.line,
        )
    )


def csv_line(values: Sequence[object]) -> str:
    """One CSV record (RFC 4180), safe to print. What a spreadsheet would run as a formula gets an apostrophe
    in front.
    """
    import csv

    out = io.StringIO()
    cells = [_cell(value) if isinstance(value, str) else value for value in values]
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")


def _cell(text: str) -> str:
    shown = "\n".join(safe(line) for line in text.split("\n"))
    return f"'{shown}" if text.startswith(_FORMULA) else shown


def _facts(origin: Origin, count: int, zone: tzinfo) -> dict[str, object]:
    return {
        "by": "pake-tui",
        "query": origin.query,
        "source": origin.source,
        "saved_at": iso(origin.saved_ns, zone),
        "records": count,
        "notes": list(origin.notes),
    }


def _remarks(origin: Origin, count: int, zone: tzinfo) -> Iterator[str]:
    yield "# pake-tui export, secrets masked"
    yield from (f"# {name}: {text}" for name, text in _said(origin, count, zone))


def _bullets(origin: Origin, count: int, zone: tzinfo) -> Iterator[str]:
    yield ""
    yield from (f"- {name}: {_inline(text)}" for name, text in _said(origin, count, zone))


def _said(origin: Origin, count: int, zone: tzinfo) -> Iterator[tuple[str, str]]:
    yield "query", safe(origin.query) or "everything"
    yield "source", safe(origin.source)
    yield (
        "saved",
        f"{iso(origin.saved_ns, zone)}, {count:,} record{'s' if count != 1 else ''}, secrets masked",
    )
    yield from (("note", safe(note)) for note in origin.notes)


def _inline(text: str) -> str:
    """A text as Markdown code, whatever backticks it holds."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    blank = " " if "`" in text else ""
    return f"{ticks}{blank}{safe(text)}{blank}{ticks}"


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    """Lines in a code block whose fence none of them can close."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from ("", f"{fence}text", *lines, fence)
