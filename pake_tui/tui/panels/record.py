"""One record whole, as a panel that scrolls."""

from __future__ import annotations

from typing import ClassVar

from pake_tui.model.record import LogRow, RecordDetail
from pake_tui.tui.drawing import Line
from pake_tui.tui.logrows import Look
from pake_tui.tui.panels.lines import LinesPanel
from pake_tui.tui.recordlines import record_lines
from pake_tui.tui.widgets.panel import bindings_for


class RecordPanel(LinesPanel):
    """Every field of a record; its raw text and neighbours once they are read."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("record")]
    places: ClassVar = ("record", "list")

    def __init__(self, row: LogRow, *, id: str | None = None) -> None:
        super().__init__("Record", id=id)
        self.row = row
        self.detail: RecordDetail | None = None

    def set_detail(self, detail: RecordDetail) -> None:
        """Add what was read of its file; the record is as it is read now."""
        self.row, self.detail = detail.row, detail
        self.write()

    def write(self) -> None:
        """Make the lines anew."""
        self.set_folded(self._lines_in)

    def _lines_in(self, width: int) -> list[Line]:
        app = self.console_app
        relative = app.zone_mode == "relative"
        look = Look(
            app.palette,
            app.glyphs,
            app.zone,
            self.console_app.now(),
            relative,
            message=36 if width >= 110 else 0,
        )
        return record_lines(self.row, self.detail, look, width)

    def action_trace(self) -> None:
        """All lines of this record's correlation ID."""
        cid = self.row.record.correlation_id
        if cid:
            self.console_app.open_trace(cid)
        else:
            self.console_app.say("this record has no correlation ID; paste one, or :trace ID", "warning")
