"""A screen with log rows among other things: what is new in all of them is one picture."""

from __future__ import annotations

from pake_tui.tui.feed import Snapshot
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.screens.base import ConsoleScreen

GATHER_S = 0.03
"""So long what is new waits for what threads read, at most."""


class GatheringScreen(ConsoleScreen):
    """What a second brings is drawn with what is read because of it."""

    def __init__(self, lines: LogPanel) -> None:
        super().__init__()
        self.lines = lines
        lines.rows_came = self.came

    def bring(self, snapshot: Snapshot) -> None:
        """Draw what is newer, as soon as all of it is there."""
        self.gather(GATHER_S)
        self.lines.show(snapshot.files, snapshot.problem("files"))
        super().bring(snapshot)
        self.came()

    def came(self) -> None:
        """Something was read: whether that was all."""
        if not self.reads():
            self.gathered()

    def reads(self) -> bool:
        """Whether a thread reads what is to be drawn."""
        return self.lines.session.job is not None
