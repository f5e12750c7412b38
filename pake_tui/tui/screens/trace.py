"""The trace of one correlation ID."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import ClassVar

from msgspec.structs import replace
from textual.message import Message
from textual.widget import Widget

from pake_tui.clock import monotonic
from pake_tui.errors import Cancelled, PakeError
from pake_tui.model.record import Cursor, Direction, LogRow, Trace
from pake_tui.query import from_flags
from pake_tui.records.saving import row_json
from pake_tui.sources.protocols import Cancel
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.lanes import merged
from pake_tui.tui.loghead import file_options
from pake_tui.tui.logreader import TELL_EVERY_S, Reader
from pake_tui.tui.panels.trace import TracePanel
from pake_tui.tui.screens.base import ConsoleScreen

LATE_MOST = 500


class TraceScreen(ConsoleScreen):
    """All records of one ID; those that come later appear where they belong, under an unmoved cursor."""

    place: ClassVar = "trace"

    class Grown(Message):
        """The searching thread found more, or failed."""

        def __init__(
            self, ticket: int, trace: Trace | None, late: tuple[LogRow, ...] = (), problem: str = ""
        ) -> None:
            self.ticket = ticket
            self.trace = trace
            self.late = late
            self.problem = problem
            super().__init__()

    def __init__(self, correlation_id: str) -> None:
        super().__init__()
        self.correlation_id = correlation_id
        self._reader = Reader("pake-trace")
        self._searching = False
        self._edge: Cursor | None = None
        self._growth = -1
        self._read_as = 0

    def compose_body(self) -> Iterable[Widget]:
        """The lanes."""
        yield TracePanel(self.correlation_id, id="trace")

    @property
    def lanes(self) -> TracePanel:
        """The panel."""
        return self.query_one(TracePanel)

    def on_mount(self) -> None:
        """Search at once."""
        super().on_mount()
        self.reread()

    def on_unmount(self) -> None:
        """End the thread."""
        self._reader.close()

    def show(self, snapshot: Snapshot) -> None:
        """Look for late records where files grew."""
        for panel in self.query(TracePanel):
            panel.files, panel.problem = snapshot.files, snapshot.problem("files")
            panel.refresh()
        grew = snapshot.files.growth != self._growth
        self._growth = snapshot.files.growth
        otherwise = snapshot.files.read_as != self._read_as
        self._read_as = snapshot.files.read_as
        if otherwise:
            self.reread()
        elif grew and not self._searching and self._edge is not None:
            self._searching = True
            self._reader.ask(self._read_late)

    def reread(self) -> None:
        """Search all files."""
        self._searching = True
        self._reader.ask(self._search)

    def stop_search(self) -> bool:
        """Stop a search; what was found stays."""
        panel = self.lanes
        if not self._searching or panel.trace.complete:
            return False
        self._reader.stop()
        self._searching = False
        note = "the search was stopped; r searches again"
        panel.set_trace(replace(panel.trace, complete=True, notes=(*panel.trace.notes, note)))
        return True

    def _search(self, ticket: int, cancel: Cancel) -> None:
        source = self.console_app.sources.logs
        told = 0.0
        try:
            self._edge = source.place(self.console_app.now())
            for trace in source.trace(self.correlation_id, cancel):
                if trace.complete or monotonic() - told > TELL_EVERY_S:
                    told = monotonic()
                    self.post_message(self.Grown(ticket, trace))
        except Cancelled:
            return
        except PakeError as error:
            self.post_message(self.Grown(ticket, None, problem=str(error)))

    def _read_late(self, ticket: int, cancel: Cancel) -> None:
        source = self.console_app.sources.logs
        query = from_flags(cid=self.correlation_id)
        late: list[LogRow] = []
        try:
            for batch in source.read(query, self._edge, Direction.NEWER, LATE_MOST, cancel):
                late += batch.rows
                if batch.done:
                    self._edge = batch.cursor
        except Cancelled:
            return
        except PakeError as error:
            self.post_message(self.Grown(ticket, None, tuple(late), str(error)))
            return
        self.post_message(self.Grown(ticket, None, tuple(late)))

    def on_trace_screen_grown(self, message: Grown) -> None:
        """Show what came, unless it comes too late."""
        if message.ticket != self._reader.ticket:
            return
        panel = self.lanes
        panel.problem = message.problem
        if message.trace is not None:
            self.correlation_id = message.trace.correlation_id or self.correlation_id
            panel.set_trace(message.trace)
            self._searching = not message.trace.complete
            return
        self._searching = False
        rows = merged(panel.trace.rows, message.late)
        if message.problem or rows is not panel.trace.rows:
            panel.set_trace(replace(panel.trace, rows=rows, complete=True))

    def selected_id(self) -> str:
        """The ID."""
        return self.correlation_id

    def selected_json(self) -> str:
        """The record under the cursor as JSON."""
        row = self.lanes.selected
        return row_json(row) if row is not None else ""

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The ID's lines in the log view."""
        row = self.lanes.selected
        return from_flags(cid=self.correlation_id), row.record.time_ns if row is not None else None

    def equal_command(self) -> str:
        """The command that prints this trace."""
        return f"pake-tui trace {shlex.quote(self.correlation_id)}{file_options(self.lanes.files)}"
