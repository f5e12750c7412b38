"""The health checks, and one check alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from pake_tui.model.check import HealthCheck
from pake_tui.tui.drawing import Line, ago, clock, day_and_clock, t
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.glyphs import HEALTH_ROLE, health_mark
from pake_tui.tui.panels.health import HealthPanel
from pake_tui.tui.panels.lines import LinesPanel, field, heading, paragraph
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp


class HealthScreen(ConsoleScreen):
    """Every check in its row."""

    place: ClassVar = "health"

    def compose_body(self) -> Iterable[Widget]:
        """The list."""
        yield HealthPanel(wide=True, id="list")

    def show(self, snapshot: Snapshot) -> None:
        """Newer states."""
        self.query_one(HealthPanel).show(snapshot.health, snapshot.problem("health"))

    def on_panel_opened(self, message: Panel.Opened) -> None:
        """The check alone."""
        check = self.query_one(HealthPanel).selected
        if check is not None:
            self.console_app.open(CheckScreen(check.name))

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The lines of the check's owner."""
        check = self.query_one(HealthPanel).selected
        return (check_query(check), None) if check else None

    def equal_command(self) -> str:
        """The command that prints all checks."""
        return "pake-tui health"


class CheckScreen(ConsoleScreen):
    """One check: what it says, its details, its last transitions."""

    place: ClassVar = "health"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.check_name = name

    def compose_body(self) -> Iterable[Widget]:
        """The detail."""
        yield LinesPanel(self.check_name, id="detail")

    def show(self, snapshot: Snapshot) -> None:
        """Newer state."""
        panel = self.query_one(LinesPanel)
        check = self.check(snapshot)
        if check is None:
            panel.set_lines(paragraph("This check is not reported any more.", 60, "warning"))
        else:
            panel.set_lines(check_lines(check, self.console_app, panel.size.width - 2))

    def check(self, snapshot: Snapshot) -> HealthCheck | None:
        """The check in a snapshot."""
        return next((check for check in snapshot.health.checks if check.name == self.check_name), None)

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The lines of the check's owner."""
        check = self.check(self.console_app.snapshot)
        return (check_query(check), None) if check else None

    def equal_command(self) -> str:
        """The command that prints all checks."""
        return "pake-tui health"


def check_query(check: HealthCheck) -> str:
    """The log query for a check: its application's lines, else everybody's warnings."""
    service = check.owner.partition("@")[0] if "@" in check.owner else ""
    return f"service:{service}" if service else "level>=warning"


def check_lines(check: HealthCheck, app: PakeApp, width: int) -> list[Line]:
    """Everything known of a check."""
    now = app.now()
    state: Line = [
        (t(f" {health_mark(check.state, app.glyphs)} {check.state.word}"), HEALTH_ROLE[check.state])
    ]
    lines: list[Line] = [state, *paragraph(check.message or "no message", width), []]
    lines.append(field("owner", check.owner))
    if check.since_ns:
        lines.append(
            field("since", f"{day_and_clock(check.since_ns, app.zone)}, {ago(check.since_ns, now)} ago")
        )
    if check.latency_ms is not None:
        lines.append(field("latency", f"{check.latency_ms:.1f} ms"))
    lines.append(field("last run", f"{ago(check.checked_ns, now)} ago" if check.checked_ns else "never"))
    if check.interval_s:
        lines.append(field("interval", f"{check.interval_s:g} s"))
    for name, value in check.details.items():
        lines.append(field(str(name), str(value)))
    lines += heading("Last runs")
    for point in reversed(check.history[-60:]):
        latency = f"{point.latency_ms:8.1f} ms" if point.latency_ms is not None else " " * 11
        lines.append(
            [
                (t(f" {clock(point.at_ns, app.zone)} "), "dim"),
                (
                    t(f"{health_mark(point.state, app.glyphs)} {point.state.word:<10}"),
                    HEALTH_ROLE[point.state],
                ),
                (t(f"{latency}  {point.message}"), "text"),
            ]
        )
    return lines
