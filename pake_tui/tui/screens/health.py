"""The health checks, and one check alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widget import Widget

from pake_tui.clock import DAY, SECOND, short_duration
from pake_tui.errors import PakeError
from pake_tui.model.check import CheckHistory, HealthCheck, HealthState
from pake_tui.tui.drawing import Line, ago, clock, day_and_clock, t
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.glyphs import HEALTH_ROLE, Glyphs, health_mark
from pake_tui.tui.panels.health import HealthPanel, probe
from pake_tui.tui.panels.lines import LinesPanel, field, heading, paragraph
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.widgets.panel import Panel, bindings_for

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

HISTORY_EVERY_NS = 30 * SECOND
MOST_TRANSITIONS = 20


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


class CheckPanel(LinesPanel):
    """The lines of one check, which may be run from here too."""

    BINDINGS: ClassVar = [
        *bindings_for("list"),
        *(one for one in bindings_for("health") if isinstance(one, Binding) and one.action == "probe"),
    ]
    places: ClassVar = ("health", "list")

    def action_probe(self) -> None:
        """Have it run now."""
        app, name = self.console_app, self.title
        if app.may_change():
            app.act(lambda: probe(app, name))


class CheckScreen(ConsoleScreen):
    """One check: what it says, its details, its last transitions."""

    place: ClassVar = "health"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.check_name = name
        self.history = CheckHistory(name)
        self._read_ns = 0

    def compose_body(self) -> Iterable[Widget]:
        """The detail."""
        yield CheckPanel(self.check_name, id="detail")

    def show(self, snapshot: Snapshot) -> None:
        """Newer state."""
        panel = self.query_one(LinesPanel)
        check = self.check(snapshot)
        if check is None:
            panel.set_lines(paragraph("This check is not reported any more.", 60, "warning"))
            return
        if self.console_app.now() - self._read_ns > HISTORY_EVERY_NS:
            self.reread()
        panel.set_folded(lambda width: check_lines(check, self.history, self.console_app, width))

    def reread(self) -> None:
        """Read its states of a month, off the event loop."""
        app = self.console_app
        self._read_ns = app.now()

        def read() -> None:
            try:
                history = app.sources.health.history(self.check_name, app.now() - 30 * DAY)
            except PakeError as error:
                app.call_from_thread(app.say, str(error), "error")
            else:
                app.call_from_thread(self._show_history, history)

        app.look(read)

    def _show_history(self, history: CheckHistory) -> None:
        if self.is_mounted:
            self.history = history
            self.show(self.console_app.snapshot)

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


def check_lines(check: HealthCheck, history: CheckHistory, app: PakeApp, width: int) -> list[Line]:
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
    lines += availability_lines(history, app, width)
    lines += heading("Last runs")
    for point in reversed(check.history[-60:]):
        latency = f"{point.latency_ms:8.1f} ms" if point.latency_ms is not None else " " * 11
        text = f"{latency}  {point.message}"
        lines.append(_state_line(clock(point.at_ns, app.zone), point.state, text, app))
    return lines


def availability_lines(history: CheckHistory, app: PakeApp, width: int) -> list[Line]:
    """Shares of time and strips of states over a day, a week and a month, and the last transitions."""
    if not history.spans:
        return []
    now = app.now()
    lines = heading("Availability")
    cells = max(20, min(96, width - 30))
    for name, span in (("24 h", DAY), ("7 d", 7 * DAY), ("30 d", 30 * DAY)):
        share = history.availability(now - span, now)
        told = "n/a" if share is None else f"{100 * share:.2f} %"
        line: Line = [(t(f" {name:<5}{told:>9}  "), "text")]
        for state, run in groupby(history.strip(now - span, now, cells)):
            marks = strip_mark(state, app.glyphs) * len(list(run))
            line.append((t(marks), "dim" if state is None else HEALTH_ROLE[state]))
        lines.append(line)
    lines += heading("Last transitions")
    for stood in history.spans[: -MOST_TRANSITIONS - 1 : -1]:
        text = f"{short_duration(stood.until_ns - stood.from_ns):>6}  {stood.message}"
        lines.append(_state_line(day_and_clock(stood.from_ns, app.zone), stood.state, text, app))
    return lines


def _state_line(when: str, state: HealthState, text: str, app: PakeApp) -> Line:
    return [
        (t(f" {when} "), "dim"),
        (t(f"{health_mark(state, app.glyphs)} {state.word:<10}"), HEALTH_ROLE[state]),
        (t(text), "text"),
    ]


def strip_mark(state: HealthState | None, glyphs: Glyphs) -> str:
    """A cell of a strip, readable without colours; None: nobody looked."""
    if state is None:
        return glyphs.gap
    return glyphs.bar if state is HealthState.HEALTHY else health_mark(state, glyphs)
