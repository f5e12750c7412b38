"""A trace as lanes: each record's place and length on the trace's span, gaps, and what its head says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.model.record import LogRow, RowKind, Trace
from pake_tui.records.spans import spans_of
from pake_tui.tui.glyphs import Glyphs
from pake_tui.tui.logrows import is_error

GAP_NS = SECOND
DURATIONS = {
    "duration_ms": 1e6,
    "latency_ms": 1e6,
    "elapsed_ms": 1e6,
    "took_ms": 1e6,
    "response_time_ms": 1e6,
    "duration_s": 1e9,
    "duration_seconds": 1e9,
    "elapsed_seconds": 1e9,
}
"""Fields that state how long something took, and what makes nanoseconds of them."""


class Lane(Struct, frozen=True):
    """A record of the trace; times are nanoseconds since its first record, None where it states none.

    `start` to `end` is the time its bar covers; `depth` counts the callers above it, by span IDs.
    """

    row: LogRow
    at: int | None
    since_last: int | None
    start: int
    end: int
    error: bool
    depth: int = 0


class Gap(Struct, frozen=True):
    """A silence of more than a second before a record."""

    length: int
    row: LogRow


def span_of(rows: Iterable[LogRow]) -> int:
    """Nanoseconds from the first to the last record that states a time."""
    times = [row.record.time_ns for row in rows if row.record.time_ns is not None]
    return max(times) - min(times) if times else 0


def lanes_of(rows: tuple[LogRow, ...]) -> list[Lane | Gap]:
    """The lanes in the order of the rows, with a gap wherever more than a second passed in silence."""
    rows = tuple(row for row in rows if row.kind is RowKind.RECORD)
    times = [row.record.time_ns for row in rows]
    first = min((time for time in times if time is not None), default=0)
    span = span_of(rows)
    spans = spans_of([row.record for row in rows])
    again = _next_times([own or row.record.service for own, row in zip(spans.own, rows, strict=True)], times)
    lanes: list[Lane | Gap] = []
    last: int | None = None
    for row, depth, after in zip(rows, spans.depths(), again, strict=True):
        time = row.record.time_ns
        at = time - first if time is not None else None
        since = at - last if at is not None and last is not None else None
        if since is not None and since > GAP_NS:
            lanes.append(Gap(since, row))
        start, end = covers(row, at, after - first if after is not None else None, span)
        lanes.append(Lane(row, at, since, start, end, is_error(row), depth))
        last = at if at is not None else last
    return lanes


def _next_times(voices: Sequence[str | None], times: Sequence[int | None]) -> list[int | None]:
    """For each record the time at which its voice (span or service) speaks next; None where it does not."""
    following: dict[str | None, int] = {}
    found: list[int | None] = []
    for voice, time in zip(reversed(voices), reversed(times), strict=True):
        found.append(following.get(voice))
        if time is not None:
            following[voice] = time
    return found[::-1]


def covers(row: LogRow, at: int | None, again: int | None, span: int) -> tuple[int, int]:
    """What time a record's bar covers; `again` is when its span, or else its service, speaks next.

    A stated duration ends at the record, since a line is written when the work is done; where that would
    begin before the trace, it starts at the record. Without one, it lasts until `again`.
    """
    if at is None:
        return 0, 0
    took = duration_of(row.record.fields)
    if took is not None:
        if took <= at + span // 50:
            return max(0, at - took), at
        return (at, min(span, at + took)) if at + took <= span + span // 50 else (0, at)
    return at, at if again is None else max(at, again)


def duration_of(fields: Mapping[str, object]) -> int | None:
    """Nanoseconds that a record says something took."""
    for name, unit in DURATIONS.items():
        value = fields.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e12:
            return int(value * unit)
    return None


class Ink(Enum):
    """What a piece of a bar is."""

    BLANK = "blank"
    BAR = "bar"
    ERROR = "error"


def bar(lane: Lane, span: int, width: int, glyphs: Glyphs) -> list[tuple[str, Ink]]:
    """The bar in exactly `width` cells, in pieces; an error's mark stands at the record's own moment."""
    if width <= 0 or lane.at is None:
        return [(" " * max(0, width), Ink.BLANK)]
    start, end, here = (cell_of(moment, span, width) for moment in (lane.start, lane.end, lane.at))
    pieces = [(" " * start, Ink.BLANK)]
    if lane.error:
        pieces += [(glyphs.bar * (here - start), Ink.BAR), (glyphs.unhealthy, Ink.ERROR)]
        pieces.append((glyphs.bar * (end - here), Ink.BAR))
    else:
        pieces.append((glyphs.bar * (end - start + 1), Ink.BAR))
    pieces.append((" " * (width - end - 1), Ink.BLANK))
    return [(text, ink) for text, ink in pieces if text]


def cell_of(moment: int, span: int, width: int) -> int:
    """The cell of a moment on the span."""
    return 0 if span <= 0 else max(0, min(width - 1, moment * (width - 1) // span))


def offset_text(ns: int | None) -> str:
    """`+0.420`, `+139.7`, `+1h02m` in at most seven cells, up to a hundred hours."""
    if ns is None:
        return ""
    if ns < 1000 * SECOND:
        return f"+{ns / SECOND:.{3 if ns < 99.9995 * SECOND else 1}f}"
    if ns < 100 * MINUTE:
        return f"+{ns // MINUTE}m{ns % MINUTE // SECOND:02d}s"
    return f"+{ns // HOUR}h{ns % HOUR // MINUTE:02d}m"


def length_text(ns: int) -> str:
    """`420 ms`, `2.31 s`, `3 m 12 s`, `2 h 5 m`."""
    if ns < SECOND:
        return f"{ns // 1_000_000} ms"
    if ns < MINUTE:
        return f"{ns / SECOND:.2f} s"
    if ns < HOUR:
        return f"{ns // MINUTE} m {ns % MINUTE // SECOND} s"
    return f"{ns // HOUR} h {ns % HOUR // MINUTE} m"


def headline(trace: Trace, dot: str, *, short: bool = False) -> str:
    """`7 records · 3 services · 2.31 s`; short without the services."""
    rows = trace.rows
    services = {row.record.service for row in rows if row.record.service}
    parts = [f"{len(rows):,} record{'s' if len(rows) != 1 else ''}"]
    if services and not short:
        parts.append(f"{len(services)} service{'s' if len(services) != 1 else ''}")
    parts.append(length_text(span_of(rows)))
    return f" {dot} ".join(parts)


def first_error_text(trace: Trace) -> str:
    """`first error at +0.42 s in payment`; empty where there is none."""
    index = trace.first_error
    if index is None:
        return ""
    record = trace.rows[index].record
    times = [row.record.time_ns for row in trace.rows if row.record.time_ns is not None]
    when = f" at +{(record.time_ns - min(times)) / SECOND:.2f} s" if record.time_ns is not None else ""
    return f"first error{when}" + (f" in {record.service}" if record.service else "")


def merged(rows: tuple[LogRow, ...], late: Iterable[LogRow]) -> tuple[LogRow, ...]:
    """The rows with late ones put in by time; those already there are left out."""
    known = {row.address for row in rows}
    fresh = [row for row in late if row.kind is RowKind.RECORD and row.address not in known]
    if not fresh:
        return rows
    done = list(rows)
    for row in fresh:
        place = len(done)
        time = row.record.time_ns
        while time is not None and place and (done[place - 1].record.time_ns or 0) > time:
            place -= 1
        done.insert(place, row)
    return tuple(done)
