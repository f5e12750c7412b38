"""The health panel: one row a check, most urgent first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar

from pake_tui.model.check import HealthAnswer, HealthCheck, HealthState
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, ago, fit, spark, t
from pake_tui.tui.glyphs import HEALTH_ROLE, health_mark
from pake_tui.tui.widgets.panel import Panel, bindings_for

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

SORTS = ("urgency", "name", "change")
USUAL_LOW = 4
"""A strip is at least so many times as high as its lower quartile: what is steady stays low."""


class HealthPanel(Panel):
    """State, since when, latency and its strip, the last message."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("health")]
    places: ClassVar = ("health", "list")

    def __init__(self, title: str = "Health", *, wide: bool = False, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self.answer: HealthAnswer | None = None
        self.rows: tuple[HealthCheck, ...] = ()
        self.wide = wide
        self.sort = "urgency"
        self.timed = False
        self.problem = ""

    def show(self, answer: HealthAnswer, problem: str) -> None:
        """Draw newer data."""
        key = self.current_key()
        self.answer, self.problem = answer, problem
        self.rows = self.sorted(answer.checks)
        self.timed = any(check.latency_ms is not None for check in self.rows)
        self.keep(key)

    def sorted(self, checks: tuple[HealthCheck, ...]) -> tuple[HealthCheck, ...]:
        """In the chosen order."""
        if self.sort == "name":
            return tuple(sorted(checks, key=lambda check: check.name))
        if self.sort == "change":
            return tuple(sorted(checks, key=lambda check: -(check.since_ns or 0)))
        return tuple(sorted(checks, key=lambda check: (-check.state, check.name)))

    def row_count(self) -> int:
        """One row a check."""
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        """The check."""
        return self.rows[index].name, self.rows[index].owner

    @property
    def selected(self) -> HealthCheck | None:
        """The check under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def draw_row(self, index: int, width: int) -> Line:
        """Glyph, word when wide, name, latency, strip, message."""
        app = self.console_app
        check = self.rows[index]
        role = HEALTH_ROLE[check.state]
        latency = f"{check.latency_ms:.0f} ms" if check.latency_ms is not None else ""
        name = 14 if width < 70 else 20
        line: Line = [(t(f" {health_mark(check.state, app.glyphs)} "), role)]
        line.append((fit(check.state.word, 10, app.glyphs), role))
        line.append((fit(check.name, name, app.glyphs), "text"))
        if self.wide:
            since = ago(check.since_ns, app.now()) if check.since_ns is not None else ""
            line.append((fit(since, 7, app.glyphs, right=True), "dim"))
        if self.timed:
            line.append((fit(latency, 8, app.glyphs, right=True), "text"))
        line.append((SafeText(" "), "text"))
        if width >= 70:
            line += [(self.strip(check, 10), role if check.state is HealthState.UNHEALTHY else "spark")]
            line.append((SafeText(" "), "text"))
        line.append((t(check.message), "text" if check.state is HealthState.HEALTHY else role))
        return line

    def strip(self, check: HealthCheck, width: int) -> SafeText:
        """The latest runs: latency as blocks, low where it is as usual; a failure as its glyph."""
        glyphs = self.console_app.glyphs
        points = check.history[-width:]
        taken = sorted(point.latency_ms or 0.0 for point in points) or [0.0]
        top = max(taken[-1], USUAL_LOW * taken[len(taken) // 4]) or 1.0
        cells = [
            glyphs.unhealthy
            if point.state is HealthState.UNHEALTHY
            else spark([point.latency_ms or 0.0], 1, glyphs, 0.0, top * 1.05)
            for point in points
        ]
        return SafeText("".join(cells).rjust(width))

    def title_right(self) -> Line:
        """How many stand in each state."""
        if self.answer is None:
            return []
        if self.problem:
            return [(t(self.problem), "warning")]
        line: Line = []
        for state in sorted(HealthState):
            count = self.answer.count(state)
            if count:
                separator = f" {self.console_app.glyphs.separator} " if line else ""
                line += [(t(separator), "dim"), (t(f"{count} {state.word}"), HEALTH_ROLE[state])]
        return line

    def summary(self) -> Line:
        """Counts, and the names of what is not healthy."""
        bad = [check.name for check in self.rows if check.state >= HealthState.DEGRADED]
        line: Line = [(t("Health  "), "title"), *self.title_right()]
        return [*line, (t(f": {', '.join(bad)}"), "error")] if bad else line

    def empty_lines(self) -> list[Line]:
        """What would fill it."""
        return [
            [(t(" No checks yet. The collector brings the host's; applications add theirs with"), "dim")],
            [(t(" get_monitor().register_health_check(name, function)."), "dim")],
        ]

    def action_probe(self) -> None:
        """Have the check run now."""
        check, app = self.selected, self.console_app
        if check is not None and app.may_change():
            app.act(lambda: probe(app, check.name))

    def action_history(self) -> None:
        """The check alone, with its states over time."""
        self.action_open()

    def action_sort(self) -> None:
        """The next order."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        key = self.current_key()
        self.rows = self.sorted(self.rows)
        self.keep(key)
        self.console_app.say(f"sorted by {self.sort}")


def probe(app: PakeApp, name: str) -> str:
    """Ask for a run of a check; what to say."""
    app.sources.health.probe(name)
    return f"{name} is run now"
