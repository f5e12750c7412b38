"""How one log row is drawn: columns, the fields that matter, rulers; and what it is as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len

from pake_tui.clock import SECOND
from pake_tui.model.record import Level, LogRow, Record
from pake_tui.records.aliases import is_alias
from pake_tui.records.draft import fields_message
from pake_tui.records.spans import names_span
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, ago, clock, fit, t, width_of, wrap
from pake_tui.tui.glyphs import LEVEL_ROLE, LEVEL_WORD, Glyphs
from pake_tui.tui.theming import Palette

if TYPE_CHECKING:
    from pake_tui.query import Query

CID_WIDTH = 9
SERVICE_MOST = 14
VALUE_MOST = 48
LOOKED_AT, SHOWN_MOST = 4_000, 600
"""Characters of a message that are looked at for its first line, and that a row may show."""
LISTED_MOST = 20
FIELDS_MOST = 12
FIRST_FIELDS = (
    "status",
    "status_code",
    "http_status",
    "code",
    "error.type",
    "error.message",
    "error",
    "exception",
    "duration_ms",
    "latency_ms",
    "elapsed_ms",
    "duration",
    "method",
    "path",
    "attempt",
)
SHOWN_ALREADY = frozenset(
    {
        *("timestamp", "@timestamp", "time", "ts", "date"),
        *("level", "severity", "levelname", "lvl"),
        *("service", "service.name", "service_name", "logger", "name"),
        *("message", "msg", "event", "log", "text"),
    }
)


class Look(Struct, frozen=True):
    """Widths and colours of the rows in view; a width of 0 leaves a column out."""

    palette: Palette
    glyphs: Glyphs
    zone: tzinfo
    now_ns: int
    relative: bool = False
    dated: bool = False
    service: int = 8
    cid: int = CID_WIDTH
    message: int = 0
    """Cells that messages are padded to, so that fields stand in a column where they fit."""


def is_today(ns: int | None, now_ns: int, zone: tzinfo) -> bool:
    """Whether a moment lies on this very day of the zone; True for none."""
    return ns is None or _day(ns, zone) == _day(now_ns, zone)


def _day(ns: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(ns // SECOND, zone).date()


def time_text(ns: int | None, look: Look) -> str:
    """The time column: `14:03:21.412`, `03-01 14:03:21` where days differ, or `12 s` ago."""
    if look.relative:
        return f"{ago(ns, look.now_ns) if ns is not None else '':>5}"
    if ns is None:
        return " " * (14 if look.dated else 12)
    if look.dated:
        return f"{datetime.fromtimestamp(ns // SECOND, look.zone):%m-%d %H:%M:%S}"
    return clock(ns, look.zone, precise=True)


def draw_record(
    row: LogRow, look: Look, *, query: Query | None = None, lit: bool | None = None, marked: bool = False
) -> Line:
    """Time, level, service, short correlation ID, what is not shown of the record, message, fields.

    What the query looks for is lit up in the message. `lit` is None where no rows are lit up; `marked` rows
    have the operator's mark.
    """
    line = _columns(row, look, lit, marked)
    skipped, message = _skipped_text(row.record), first_line(row.record.message)
    if skipped:
        # In front: the message of a line that was cut fills the row.
        skipped += " "
        line.append((t(skipped), "dim"))
    line += lit_text(message, query, "dim" if lit is False or not row.matched else "text")
    more = f" +{row.lines - 1} line{'s' if row.lines > 2 else ''}" if row.lines > 1 else ""
    fields = _fields_text(row.record, look)
    if fields or more:
        pad = max(1, look.message - cell_len(message) - len(skipped) - len(more))
        line.append((t(f"{more}{' ' * pad} {fields}" if fields else more), "dim"))
    return line


def wrap_record(
    row: LogRow,
    look: Look,
    width: int,
    most: int,
    *,
    query: Query | None = None,
    lit: bool | None = None,
    marked: bool = False,
) -> list[Line]:
    """The same over as many lines as the whole message and its fields take, at most `most`."""
    one = draw_record(row, look, query=query, lit=lit, marked=marked)
    if row.lines == 1 and width_of(one) <= width:
        return [one]
    columns = _columns(row, look, lit, marked)
    beside = width_of(columns) <= width // 2
    indent = width_of(columns) if beside else 4
    role = "dim" if lit is False or not row.matched else "text"
    message, fields = row.record.message[:LOOKED_AT].strip(), _fields_text(row.record, look)
    lines: list[Line] = [] if beside else [columns]
    texts = [(line, role) for line in message.split("\n")] + ([(fields, "dim")] if fields else [])
    if skipped := _skipped_text(row.record):
        texts.insert(0, (skipped, "dim"))
    for text, its_role in texts:
        for piece in wrap(text.rstrip(), max(8, width - indent)):
            start: Line = columns if not lines else [(t(" " * indent), "text")]
            lines.append([*start, *lit_text(piece, query if its_role == role else None, its_role)])
            if len(lines) > most:
                cut = f" {look.glyphs.ellipsis} enter shows all"
                return [*lines[: most - 1], [(t(" " * indent + cut), "dim")]]
    return lines


def _columns(row: LogRow, look: Look, lit: bool | None, marked: bool) -> Line:
    """What stands left of the message."""
    record, glyphs = row.record, look.glyphs
    low = lit is False or not row.matched
    level = record.level
    role = "dim" if low else LEVEL_ROLE[level]
    mark = glyphs.marked if marked else glyphs.pointer if lit else " "
    line: Line = [
        (t(mark), "accent"),
        (t(time_text(record.time_ns, look)), "match" if lit else "dim"),
        (SafeText(" "), "text"),
        (t(f"{LEVEL_WORD[level] if level is not None else '':<5}"), role),
        (SafeText(" "), "text"),
    ]
    if look.service:
        line += [(fit(record.service or "", look.service, glyphs), "dim" if low else "text"), _GAP]
    if look.cid:
        cid = record.correlation_id or ""
        colour = look.palette.for_id(cid) if cid and not low else "dim"
        line += [(fit(cid, look.cid, glyphs), colour), _GAP]
    return line


_GAP = (SafeText(" "), "text")


def _fields_text(record: Record, look: Look) -> str:
    """The fields that matter; none where the message is made of them."""
    if record.message == fields_message(record.fields):
        return ""
    return "  ".join(f"{name}={value}" for name, value in fields_that_matter(record, look.glyphs.ellipsis))


def _skipped_text(record: Record) -> str:
    """What of a record is not shown, in brackets; empty where all is."""
    return f"[{record.skipped}]" if record.skipped else ""


def lit_text(text: str, query: Query | None, role: str) -> Line:
    """A text with what a query looks for in it lit up."""
    line: Line = []
    done = 0
    for start, end in query.highlights(text) if query is not None else ():
        line += [(t(text[done:start]), role), (t(text[start:end]), "match")]
        done = end
    return [*line, (t(text[done:]), role)]


def draw_ruler(row: LogRow, look: Look, width: int) -> Line:
    """A thin line with what happened between records: a gap, a rotation, another file."""
    across = look.glyphs.across
    text = t(f" {across * 2} {row.record.message} ")
    return [(text, "ruler"), (SafeText(across * max(0, width - cell_len(text) - 1)), "border")]


def first_line(text: str) -> str:
    """The first line of a message, without blanks around it."""
    return text[:LOOKED_AT].strip().partition("\n")[0][:SHOWN_MOST]


def fields_that_matter(record: Record, ellipsis: str = "…") -> list[tuple[str, str]]:
    """Fields that no column shows, those that tell most first, nested ones by dotted names, values short."""
    found = dict(_flat(record.fields))
    names = [name for name in FIRST_FIELDS if name in found]
    names += [name for name in found if name not in FIRST_FIELDS]
    chosen = []
    for name in names:
        if name.lower() in SHOWN_ALREADY or is_alias(name) or names_span(name) or "traceback" in name.lower():
            continue
        chosen.append((name, short_value(found[name], ellipsis)))
        if len(chosen) == FIELDS_MOST:
            break
    return chosen


def _flat(fields: Mapping[str, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    for name, value in list(fields.items())[:64]:
        if isinstance(value, Mapping) and depth < 2:
            yield from _flat(value, f"{prefix}{name}.", depth + 1)
        elif value not in (None, "", [], {}):
            yield f"{prefix}{name}", value


def short_value(value: object, ellipsis: str = "…") -> str:
    """A field's value in at most 48 characters of one line."""
    if isinstance(value, (list, Mapping)) and len(value) > LISTED_MOST:
        return f"[{len(value):,} entries]"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = first_line(text)
    return text if len(text) <= VALUE_MOST else text[: VALUE_MOST - 1] + ellipsis


def is_error(row: LogRow) -> bool:
    """Whether the record is an error or worse."""
    return row.record.level is not None and row.record.level >= Level.ERROR
