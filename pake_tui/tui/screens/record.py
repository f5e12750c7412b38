"""One log record alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from pake_tui.errors import PakeError
from pake_tui.model.record import LogRow, RecordDetail
from pake_tui.query import from_flags
from pake_tui.records.saving import row_json
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.loghead import file_options
from pake_tui.tui.panels.record import RecordPanel
from pake_tui.tui.screens.base import ConsoleScreen


class RecordScreen(ConsoleScreen):
    """A record's every field, exception, place, raw text and neighbours; `esc` is back at its row."""

    place: ClassVar = "record"

    def __init__(self, row: LogRow) -> None:
        super().__init__()
        self.row = row
        self._read_as = 0

    def compose_body(self) -> Iterable[Widget]:
        """The lines."""
        yield RecordPanel(self.row, id="record")

    def on_mount(self) -> None:
        """Show what the row holds at once, and read the rest."""
        super().on_mount()
        self.reread()

    def show(self, snapshot: Snapshot) -> None:
        """Its age goes on, the zone may be another, and what is secret."""
        if snapshot.files.read_as != self._read_as:
            self._read_as = snapshot.files.read_as
            self.reread()
        for panel in self.query(RecordPanel):
            panel.write()

    def reread(self) -> None:
        """Read its raw text and its neighbours, off the event loop."""
        app = self.console_app

        def read() -> None:
            try:
                detail = app.sources.logs.detail(self.row.address)
            except PakeError as error:
                app.call_from_thread(app.say, str(error), "error")
            else:
                app.call_from_thread(self.show_detail, detail)

        app.look(read)

    def show_detail(self, detail: RecordDetail) -> None:
        """Add what was read; the record is as it is read now."""
        self.row = detail.row
        for panel in self.query(RecordPanel):
            panel.set_detail(detail)

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The lines of its ID, else of its service, around its moment."""
        record = self.row.record
        query = from_flags(cid=record.correlation_id or "") or from_flags(service=record.service or "")
        return query, record.time_ns

    def selected_id(self) -> str:
        """The record's correlation ID."""
        return self.row.record.correlation_id or ""

    def selected_json(self) -> str:
        """The record as JSON."""
        return row_json(self.row)

    def equal_command(self) -> str:
        """The command that prints the record's trace, else its file."""
        cid = self.selected_id()
        return (
            f"pake-tui trace {shlex.quote(cid)}{file_options(self.console_app.snapshot.files)}"
            if cid
            else f"pake-tui logs --file {shlex.quote(self.row.path)}"
        )
