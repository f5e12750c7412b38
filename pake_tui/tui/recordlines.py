"""One log record as lines: fields aligned, nested ones as pretty JSON, exceptions folded out, its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from rich.cells import cell_len, chop_cells

from pake_tui.clock import SECOND
from pake_tui.model.record import LogRow, Record, RecordDetail, RowKind
from pake_tui.tui.drawing import Line, ago, clock, t
from pake_tui.tui.glyphs import LEVEL_ROLE
from pake_tui.tui.logrows import Look, draw_record, draw_ruler

COLUMN_MOST = 26
VALUE_LINES_MOST = 400


def record_lines(row: LogRow, detail: RecordDetail | None, look: Look, width: int) -> list[Line]:
    """Head, fields, folded out texts, where it lies, raw text, neighbours (the last two once read)."""
    record = row.record
    lines = head_lines(row, look, width)
    column = min(COLUMN_MOST, max((cell_len(name) for name in record.fields), default=8))
    folded: list[tuple[str, str]] = []
    if record.fields:
        lines += section("Fields")
        for name, value in record.fields.items():
            lines += field_lines(name, value, column, width, folded)
    for name, text in folded:
        lines += section(name)
        lines += text_lines(text, width, "error" if is_exception(name) else "text")
    lines += section("Where it lies")
    lines += place_lines(row, width)
    if detail is not None:
        lines += section("As it stands in the file (masked)")
        lines += text_lines(detail.raw, width, "dim")
        lines += neighbour_lines(detail, look, width)
    return lines


def head_lines(row: LogRow, look: Look, width: int) -> list[Line]:
    """Level, service and moment, then the message over as many lines as it takes."""
    record = row.record
    level = record.level.word.upper() if record.level is not None else "no level"
    first: Line = [(t(f" {level} "), LEVEL_ROLE[record.level])]
    if record.service:
        first.append((t(f" {record.service} "), "title"))
    if record.correlation_id:
        first.append((t(f" {record.correlation_id} "), look.palette.for_id(record.correlation_id)))
    first.append((t(f" {moment_text(record, look)}"), "dim"))
    lines = [first, *text_lines(record.message, width, "title")]
    if record.logger:
        lines.append([(t(f" logger {record.logger}"), "dim")])
    if record.skipped:
        lines.append([(t(f" not shown whole: {record.skipped}"), "warning")])
    return lines


def moment_text(record: Record, look: Look) -> str:
    """The whole time with its zone, its age, and what was assumed of it."""
    if record.time_ns is None:
        return "no time stated"
    there = datetime.fromtimestamp(record.time_ns // SECOND, look.zone)
    moment = f"{there:%Y-%m-%d} {clock(record.time_ns, look.zone, precise=True)} {there:%Z}"
    assumed = [
        name for name, on in (("year", record.year_assumed), ("zone", record.utc_offset_s is None)) if on
    ]
    said = f", {' and '.join(assumed)} assumed" if assumed else ""
    return f"{moment}, {ago(record.time_ns, look.now_ns)} ago{said}"


def field_lines(
    name: str, value: object, column: int, width: int, folded: list[tuple[str, str]]
) -> Iterator[Line]:
    """A field's lines; a text of several lines is put into `folded` to follow on its own."""
    room = max(12, width - column - 4)
    if isinstance(value, Mapping):
        plain = {}
        for key, inner in value.items():
            if isinstance(inner, str) and "\n" in inner.strip():
                folded.append((f"{name}.{key}", inner))
            else:
                plain[key] = inner
        if not plain:
            return
        text = json.dumps(plain, indent=2, ensure_ascii=False, default=str)
    elif isinstance(value, str):
        if "\n" in value.strip():
            folded.append((name, value))
            return
        text = pretty_json(value)
    else:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    label = f" {name:<{column}}  "
    for piece in wrapped(text, room):
        yield [(t(label), "dim"), (t(piece), "text")]
        label = " " * (column + 3)


def pretty_json(text: str) -> str:
    """JSON inside a string, indented; any other text as it is."""
    stripped = text.strip()
    if stripped[:1] not in ("{", "[") or len(stripped) > 65_536:
        return text
    try:
        return json.dumps(json.loads(stripped), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def is_exception(name: str) -> bool:
    """Whether a folded out field tells of an exception."""
    lowered = name.lower()
    return any(word in lowered for word in ("error", "exc", "trace", "stack"))


def text_lines(text: str, width: int, role: str) -> list[Line]:
    """A text over as many lines as it takes, its own breaks and indentation kept."""
    return [[(t(f" {piece}"), role)] for piece in wrapped(text, max(12, width - 2))]


def wrapped(text: str, width: int) -> Iterator[str]:
    """Pieces of at most `width` cells, at most 400 of them."""
    count = 0
    for row in (text or "").expandtabs(4).splitlines() or [""]:
        for piece in chop_cells(t(row), width) or [""]:
            count += 1
            if count > VALUE_LINES_MOST:
                yield f"(cut here: {len(text):,} characters; y copies all)"
                return
            yield piece


def place_lines(row: LogRow, width: int) -> list[Line]:
    """File, byte, line if known, and format."""
    where = f"byte {row.address.offset:,}"
    if row.line is not None:
        where += f", line {row.line:,}"
    if row.lines > 1:
        where += f", {row.lines} lines"
    return [*text_lines(row.path, width, "text"), [(t(f" {where}, {row.record.format}"), "dim")]]


def neighbour_lines(detail: RecordDetail, look: Look, width: int) -> list[Line]:
    """The records before and after it in its own file, itself among them."""
    if not detail.before and not detail.after:
        return []
    lines = section("Before and after, in the same file")
    for row in (*detail.before, detail.row, *detail.after):
        if row.kind is RowKind.RULER:
            lines.append(draw_ruler(row, look, width))
        else:
            lines.append(draw_record(row, look, lit=True if row is detail.row else None))
    return lines


def section(title: str) -> list[Line]:
    """A blank line and a heading."""
    return [[], [(t(f" {title}"), "accent")]]
