"""One correlation ID over all services, as lanes."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import ClassVar

from pake_tui.clock import SECOND
from pake_tui.model.record import LogFiles, LogRow, Trace
from pake_tui.query import from_flags
from pake_tui.records.saving import saved_trace
from pake_tui.records.spans import nested
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, fit, t
from pake_tui.tui.glyphs import LEVEL_ROLE, LEVEL_WORD
from pake_tui.tui.lanes import (
    Gap,
    Ink,
    Lane,
    bar,
    first_error_text,
    headline,
    lanes_of,
    length_text,
    offset_text,
    span_of,
)
from pake_tui.tui.logrows import fields_that_matter, first_line
from pake_tui.tui.saving import ask_save
from pake_tui.tui.widgets.panel import Panel, bindings_for

OFFSET_WIDTH = 8
SERVICE_MOST = 16
RECEIVING_NS = 10 * SECOND
NOTES_MOST = 4


class TracePanel(Panel):
    """Lanes by service on one span of time; the cursor opens on the first error and then stays."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("trace")]
    places: ClassVar = ("trace", "list")

    def __init__(self, correlation_id: str, *, id: str | None = None) -> None:
        super().__init__(correlation_id, id=id)
        self.correlation_id = correlation_id
        self.trace = Trace(correlation_id)
        self.lanes: list[Lane | Gap] = []
        self.files: LogFiles | None = None
        self.problem = ""
        self.span = 0
        self._newest = 0
        self._moved = False
        self._service_width = 6

    def set_trace(self, trace: Trace) -> None:
        """Show a grown trace. Until the operator moves, the cursor stands on the first error."""
        key = self.current_key()
        self.trace, self.title = trace, trace.correlation_id
        self.lanes = lanes_of(trace.rows)
        self.span = span_of(trace.rows)
        self._newest = max((row.record.time_ns or 0 for row in trace.rows), default=0)
        self._service_width = max((min(SERVICE_MOST, len(_service(lane))) for lane in self.lanes), default=6)
        if not self._moved:
            key = self._key_of_first_error() or key
        self.keep(key)

    def _key_of_first_error(self) -> Hashable | None:
        index = self.trace.first_error
        return (False, self.trace.rows[index].address) if index is not None else None

    @property
    def selected(self) -> LogRow | None:
        """The record under the cursor."""
        return self.lanes[self.cursor].row if self.cursor < len(self.lanes) else None

    @property
    def inner_height(self) -> int:
        """Rows that fit above the notes."""
        return max(0, super().inner_height - len(self.notes()))

    def notes(self) -> list[Line]:
        """What is missing or odd, below the lanes."""
        mark = self.console_app.glyphs.pointer
        said = [*self.trace.notes, *([self.problem] if self.problem else [])]
        return [[(t(f" {mark} {note}"), "warning")] for note in said[:NOTES_MOST]]

    # Drawing.

    def row_count(self) -> int:
        """One row a record, one a gap."""
        return len(self.lanes)

    def row_key(self, index: int) -> Hashable:
        """The record's address, and whether it is the gap before it."""
        lane = self.lanes[index]
        return isinstance(lane, Gap), lane.row.address

    def draw_inner(self, y: int, width: int) -> tuple[Line, str]:
        """A lane, or a note below the lanes."""
        below = y - self.inner_height
        notes = self.notes() if below >= 0 else []
        return (notes[below], "") if 0 <= below < len(notes) else super().draw_inner(y, width)

    def draw_row(self, index: int, width: int) -> Line:
        """Offset, service, bar, level, message, fields; or the gap."""
        glyphs, palette = self.console_app.glyphs, self.console_app.palette
        lane = self.lanes[index]
        if isinstance(lane, Gap):
            dots = glyphs.separator * 3
            return [(t(f"  {dots}  gap {length_text(lane.length)}  {dots}"), "ruler")]
        record = lane.row.record
        colour = palette.for_id(record.service or "")
        line: Line = [
            (SafeText(" "), "text"),
            (fit(offset_text(lane.at), OFFSET_WIDTH, glyphs), "title" if lane.error else "text"),
        ]
        if width >= 110:
            step = offset_text(lane.since_last)
            line.append((fit(f"Δ{step}" if step and glyphs.bar == "━" else step, 9, glyphs), "dim"))
        line.append((fit(_service(lane), self._service_width + 1, glyphs), colour))
        inks = {Ink.BLANK: "text", Ink.BAR: colour, Ink.ERROR: "error"}
        for text, ink in bar(lane, self.span, self.bar_width(width), glyphs):
            line.append((t(text), inks[ink]))
        word = LEVEL_WORD[record.level] if record.level is not None else ""
        line += [
            (SafeText("  "), "text"),
            (t(f"{word:<5}"), LEVEL_ROLE[record.level]),
            (t(f" {first_line(record.message)}"), "text"),
        ]
        fields = "  ".join(f"{name}={value}" for name, value in fields_that_matter(record, glyphs.ellipsis))
        return [*line, (t(f"  {fields}"), "dim")] if fields else line

    @staticmethod
    def bar_width(width: int) -> int:
        """Cells for the bars: a third of the row, so that messages keep their room."""
        return max(12, min(60, width * 32 // 100))

    def title_right(self) -> Line:
        """Records, services, length, first error; or how far the search is."""
        trace = self.trace
        line: Line = []
        if trace.rows:
            dot = self.console_app.glyphs.separator
            line.append((t(headline(trace, dot, short=self.size.width < 90)), "dim"))
            error = first_error_text(trace)
            if error:
                line += [(t(f" {dot} "), "dim"), (t(error), "error")]
        if not trace.complete:
            share = (
                f" {min(99, trace.scanned_bytes * 100 // trace.total_bytes)} %" if trace.total_bytes else ""
            )
            blank = "  " if line else ""
            line.append((t(f"{blank}still searching{share}"), "accent"))
        elif -SECOND < self.console_app.now() - self._newest < RECEIVING_NS:
            line.append((t("  still receiving"), "accent"))
        return line

    def empty_lines(self) -> list[Line]:
        """Which ID was looked for, and where."""
        files = self.files.files if self.files is not None else ()
        readable = [one for one in files if not one.problem]
        if not self.trace.complete:
            return [[(t(f" Searching {len(readable)} file(s) for {self.correlation_id}"), "dim")]]
        lines: list[Line] = [
            [(SafeText(" No record has the ID "), "text"), (t(self.correlation_id), "accent")],
            [(t(f" {len(readable)} file(s) were searched to their ends."), "dim")],
        ]
        if len(readable) < len(files):
            lines.append(
                [(t(f" {len(files) - len(readable)} file(s) can't be read: see screen 3."), "warning")]
            )
        lines.append(
            [(SafeText(" A part of an ID has to have at least 8 characters. esc goes back."), "dim")]
        )
        return lines

    # Keys.

    def move_to(self, index: int) -> None:
        """Put the cursor on a record; gaps are stepped over."""
        self._moved = True
        step = 1 if index >= self.cursor else -1
        index = max(0, min(index, len(self.lanes) - 1))
        if index < len(self.lanes) and isinstance(self.lanes[index], Gap):
            index += step
        super().move_to(index)

    def action_open(self) -> None:
        """The record under the cursor, whole."""
        from pake_tui.tui.screens.record import RecordScreen

        row = self.selected
        if row is not None:
            self._moved = True
            self.console_app.open(RecordScreen(row))

    def action_next_error(self) -> None:
        """To the next error of the trace."""
        self._to_error(1)

    def action_previous_error(self) -> None:
        """To the previous error of the trace."""
        self._to_error(-1)

    def _to_error(self, step: int) -> None:
        index = self.cursor + step
        while 0 <= index < len(self.lanes):
            lane = self.lanes[index]
            if isinstance(lane, Lane) and lane.error:
                self.move_to(index)
                return
            index += step
        self.console_app.say(f"no further error {'below' if step > 0 else 'above'}", "dim")

    def action_save(self) -> None:
        """Write the trace, masked as it is, as a file of a chosen format."""
        if not self.trace.rows:
            self.console_app.say("nothing to save", "warning")
            return
        name = "trace-" + (
            re.sub(r"[^A-Za-z0-9_.-]+", "-", self.trace.correlation_id)[:64].strip(".-") or "id"
        )
        trace = self.trace
        unfinished = () if trace.complete else ("still searching when this was saved: not all of it",)
        ask_save(
            self.console_app,
            name,
            from_flags(cid=trace.correlation_id),
            lambda form, origin, zone: saved_trace(trace, form, origin, zone),
            (*trace.notes, *unfinished),
        )


def _service(lane: Lane | Gap) -> str:
    """A lane's service, moved in below the callers that have lanes too."""
    if isinstance(lane, Gap):
        return ""
    return nested(lane.row.record.service or "", lane.depth)
