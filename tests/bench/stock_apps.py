"""Two plain Textual programs to compare with: `bare` shows one line, `stock` what a dashboard would."""

from __future__ import annotations

import random
import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Log, Sparkline, Static

ROWS = 500


class Bare(App[None]):
    """The least that a Textual program can be."""

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static("bare and ready")


class Stock(App[None]):
    """Four sparklines, a table and a log, all moving once a second."""

    CSS = "Sparkline { height: 2; } DataTable { height: 14; }"
    BINDINGS: ClassVar[list[BindingType]] = [("question_mark", "tell", "help")]

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        for _ in range(4):
            yield Sparkline([random.random() for _ in range(120)])
        yield DataTable()
        yield Log()

    def on_mount(self) -> None:
        """Fill the table and begin to move."""
        table = self.query_one(DataTable)
        table.add_columns("name", "value", "state", "since")
        table.add_rows((f"row {n}", n * 7 % 100, "ok", f"{n} s") for n in range(ROWS))
        table.focus()
        self.set_interval(1.0, self.tick)
        self.tick()

    def tick(self) -> None:
        """Everything gets a newer value."""
        for line in self.query(Sparkline):
            line.data = [*(line.data or [])[1:], random.random()]
        table = self.query_one(DataTable)
        for row in range(0, ROWS, 20):
            table.update_cell_at((row, 1), random.randint(0, 100))
        self.query_one(Log).write_line(f"a line with {random.random()}")

    def action_tell(self) -> None:
        """Something that can be seen."""
        self.notify("Help is here")


if __name__ == "__main__":
    {"bare": Bare, "stock": Stock}[sys.argv[1]]().run()
