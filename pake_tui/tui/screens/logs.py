"""The log viewer: all files merged by time, filtered, followed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from pake_tui.tui.feed import Snapshot
from pake_tui.tui.panels.histogram import HistogramRow
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.screens.gathering import GatheringScreen
from pake_tui.tui.widgets.panel import Panel


class LogsScreen(GatheringScreen):
    """Log lines that match a query: the newest, or those around a moment (UTC ns)."""

    place: ClassVar = "logs"

    def __init__(self, query: str = "", *, at_ns: int | None = None) -> None:
        super().__init__(LogPanel("Logs", query=query, at_ns=at_ns, id="lines"))
        self.histogram = HistogramRow()
        self.histogram.counted = self.came

    def compose_body(self) -> Iterable[Widget]:
        """When there is how much, and the rows."""
        yield self.histogram
        yield self.lines

    def show(self, snapshot: Snapshot) -> None:
        """Newer state of the files, for what stands beside the rows."""
        self.histogram.show(snapshot.files.growth)

    def reads(self) -> bool:
        """Also while lines are counted by time."""
        return super().reads() or self.histogram.counting

    def on_panel_moved(self, message: Panel.Moved) -> None:
        """Show in the histogram where the cursor stands."""
        row = self.lines.current
        if row is not None:
            self.histogram.stand(row.record.time_ns, self.lines.session.following)

    def reread(self) -> None:
        """Read the rows again at the same place."""
        self.lines.session.reopen()

    def selected_id(self) -> str:
        """The correlation ID of the line under the cursor."""
        return self.lines.selected_id()

    def selected_json(self) -> str:
        """The line under the cursor as JSON."""
        return self.lines.selected_json()

    def equal_command(self) -> str:
        """The command that prints these lines."""
        return self.lines.equal_command()
