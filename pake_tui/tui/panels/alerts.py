"""The alert list, and the keys that acknowledge, give back, comment and resolve."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len

from pake_tui.clock import short_duration
from pake_tui.model.alert import Alert, AlertList, AlertState
from pake_tui.text.safe import SafeText
from pake_tui.tui.alertwords import check_snooze, each, service_of, snooze_of, who_line
from pake_tui.tui.drawing import Line, ago, fit, t
from pake_tui.tui.glyphs import SEVERITY_ROLE, SEVERITY_WORD, alert_mark
from pake_tui.tui.widgets.panel import Panel, bindings_for
from pake_tui.tui.widgets.prompt import Question

SORTS = ("urgency", "newest", "oldest", "service")
SNOOZE = "1h"
"""For how long an alert is silent where nothing else is typed."""


class AlertsPanel(Panel):
    """Firing first, then by severity, then newest; the row says who has it."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("alerts")]
    places: ClassVar = ("alerts", "list")

    def __init__(self, title: str = "Alerts", *, live_only: bool = False, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self.answer: AlertList | None = None
        self.rows: tuple[Alert, ...] = ()
        self.live_only = live_only
        self.problem = ""
        self.sort = "urgency"
        self.marked: set[str] = set()
        """Ids of alerts that the next key acts on together."""
        self._title_cells = 0
        self._services = False

    def show(self, answer: AlertList, problem: str) -> None:
        """Draw newer data."""
        key = self.current_key()
        self.answer, self.problem = answer, problem
        self.take(self.sorted(alert for alert in answer.alerts if alert.live or not self.live_only))
        self.marked &= {alert.id for alert in self.rows}
        self.keep(key)

    def take(self, rows: tuple[Alert, ...]) -> None:
        """These are the rows, in this order; columns are as wide as what stands in them."""
        self.rows = rows
        self._title_cells = max((cell_len(alert.title) for alert in rows), default=0)
        self._services = any(map(service_of, rows))

    def sorted(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """In the chosen order; by urgency they come already."""
        if self.sort == "newest":
            return tuple(sorted(alerts, key=lambda alert: -alert.first_seen_ns))
        if self.sort == "oldest":
            return tuple(sorted(alerts, key=lambda alert: alert.first_seen_ns))
        if self.sort == "service":
            return tuple(sorted(alerts, key=lambda alert: service_of(alert)))
        return tuple(alerts)

    def row_count(self) -> int:
        """One row an alert."""
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        """The alert's id."""
        return self.rows[index].id

    @property
    def selected(self) -> Alert | None:
        """The alert under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def draw_row(self, index: int, width: int) -> Line:
        """Glyph, severity, title, service, age, count, and who did what."""
        app = self.console_app
        alert = self.rows[index]
        mark, role = alert_mark(alert, app.glyphs)
        severity = SEVERITY_ROLE[alert.severity] if alert.live else "dim"
        service = 12 if self._services else 0
        room = width - 8 - service - 7 - 6 - (14 if width < 90 else 32)
        title = max(16, min(room, self._title_cells))
        word = SEVERITY_WORD[alert.severity]
        return [
            (t(app.glyphs.marked if alert.id in self.marked else " "), "accent"),
            (t(f"{mark} "), role),
            (t(word), severity),
            (SafeText(" "), "text"),
            (fit(alert.title, title, app.glyphs), "text" if alert.live else "dim"),
            (fit(f" {service_of(alert)}", service, app.glyphs), "dim"),
            (fit(ago(alert.first_seen_ns, self.console_app.now()), 6, app.glyphs, right=True), "text"),
            (fit(f"{app.glyphs.times}{alert.count}", 6, app.glyphs, right=True), "dim"),
            (SafeText("  "), "text"),
            *who_line(alert, app.now()),
        ]

    def title_right(self) -> Line:
        """How many stand in each state."""
        answer = self.answer
        if answer is None:
            return []
        dot = f" {self.console_app.glyphs.separator} "
        firing = answer.count(AlertState.FIRING)
        parts: Line = [(t(f"{self.problem} "), "warning")] if self.problem else []
        parts += [
            (t(f"{firing} firing"), "critical" if firing else "dim"),
            (t(f"{dot}{answer.count(AlertState.ACKNOWLEDGED)} acknowledged"), "dim"),
            (t(f"{dot}{answer.resolved_24h} resolved 24 h"), "dim"),
        ]
        if snoozed := answer.count(AlertState.SNOOZED):
            parts.insert(-1, (t(f"{dot}{snoozed} snoozed"), "dim"))
        if withheld := sum(bool(alert.suppressed) and alert.live for alert in self.rows):
            parts.append((t(f"{dot}{withheld} withheld"), "warning"))
        if self.marked:
            parts.append((t(f"{dot}{len(self.marked)} marked"), "accent"))
        if answer.held_back:
            parts.append((t(f"{dot}{answer.held_back} held back"), "warning"))
        return parts

    def summary(self) -> Line:
        """Counts and the most urgent title."""
        line: Line = [(t("Alerts  "), "title"), *self.title_right()]
        return [*line, (t(f": {self.rows[0].title}"), "text")] if self.rows else line

    def empty_lines(self) -> list[Line]:
        """What would fill it, or why nobody knows."""
        if self.problem:
            return [[(t(f" Alerts cannot be read: {self.problem}"), "error")]]
        return [
            [(t(" No alert is open."), "ok")],
            [
                (
                    t(" Rules stand in pake.yaml under rules: and monitoring: (screen 5); applications call"),
                    "dim",
                )
            ],
            [(t(" get_monitor().create_alert(...)."), "dim")],
        ]

    # What the keys do.

    def targets(self) -> tuple[Alert, ...]:
        """The marked alerts, else the selected one; none, which is said, where nothing may be changed."""
        app, selected = self.console_app, self.selected
        chosen = tuple(alert for alert in self.rows if alert.id in self.marked)
        chosen = chosen or ((selected,) if selected is not None else ())
        if not chosen:
            app.say("no alert is selected", "warning")
        self.touched = True  # the cursor stays on what is acted on, also where another panel has the focus
        return chosen if chosen and app.may_change() else ()

    def on_targets(self, work: Callable[[Alert], str]) -> None:
        """Do something to the marked alerts, or the selected one, and say what came of it."""
        if targets := self.targets():
            self._do(targets, work)

    def _do(self, targets: Sequence[Alert], work: Callable[[Alert], str]) -> None:
        self.marked.clear()
        self.refresh()
        self.console_app.act(lambda: each(targets, work))

    def ask_about(
        self,
        label: str,
        done: Callable[[Alert, str], str],
        check: Callable[[str], tuple[str, int | None]] | None = None,
        default: str = "",
    ) -> None:
        """Ask for a text about the marked alerts, or the selected one, then do something with both."""
        app, targets = self.console_app, self.targets()
        if not targets:
            return
        title = targets[0].title
        what = f"{len(targets)} alerts" if len(targets) > 1 else fit(title, min(36, len(title)), app.glyphs)

        def answered(text: str) -> None:
            self._do(targets, lambda alert: done(alert, text))

        app.ask(Question(f"{label} {what}: ", answered, kind=label, default=default, check=check))

    def command(self, word: str, text: str) -> bool:
        """`:resolve TEXT` and the like, on the marked alerts or the selected one; False for other words."""
        works: dict[str, Callable[[Alert, str], str]] = {
            "acknowledge": self.acknowledge,
            "acknowledge-with": self.acknowledge,
            "resolve": self.resolve,
            "comment": self.add_comment,
            "snooze": self.snooze,
        }
        if word not in works:
            return False
        problem = check_snooze(text)[0] if word == "snooze" else ""
        if problem:
            self.console_app.say(problem, "warning")
        else:
            self.on_targets(lambda alert: works[word](alert, text))
        return True

    def action_sort(self) -> None:
        """The next order."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        if self.answer is not None:
            self.show(self.answer, self.problem)
        by = f"sorted by {self.sort}" if self.sort in ("urgency", "service") else f"{self.sort} first"
        self.console_app.say(by)

    def action_history(self) -> None:
        """The alert alone, with its whole history."""
        self.action_open()

    def action_mark(self) -> None:
        """Mark the selected alert, or take the mark off; then on to the next row."""
        if self.selected is not None:
            self.marked ^= {self.selected.id}
            self.move_to(self.cursor + 1)
            self.refresh()

    def action_acknowledge(self) -> None:
        """Take it."""
        self.on_targets(self.acknowledge)

    def acknowledge(self, alert: Alert, comment: str = "") -> str:
        """Take it, with a comment; what to say."""
        self.console_app.sources.alerts.acknowledge(alert.id, comment)
        return f"acknowledged: {alert.title}"

    def action_acknowledge_with(self) -> None:
        """Take it with a comment."""
        self.ask_about("acknowledge", self.acknowledge)

    def action_unacknowledge(self) -> None:
        """Give it back."""

        def work(alert: Alert) -> str:
            self.console_app.sources.alerts.unacknowledge(alert.id)
            return f"given back, firing again: {alert.title}"

        self.on_targets(work)

    def action_snooze(self) -> None:
        """Ask for how long, and why; until then it is silent."""
        self.ask_about("snooze, for how long and why,", self.snooze, check_snooze, SNOOZE)

    def snooze(self, alert: Alert, text: str) -> str:
        """Silence it; what to say."""
        length, comment = snooze_of(text)
        until = self.console_app.now() + length
        self.console_app.sources.alerts.snooze(alert.id, until, comment)
        return f"snoozed for {short_duration(length)}: {alert.title}"

    def action_resolve(self) -> None:
        """Ask for a note, then close it; `esc` leaves it open."""
        self.ask_about("resolve (enter confirms)", self.resolve)

    def resolve(self, alert: Alert, note: str) -> str:
        """Close it; what to say."""
        after = self.console_app.sources.alerts.resolve(alert.id, note)
        more = " (its condition is still true)" if after.still_true else ""
        return f"resolved: {alert.title}{more}"

    def action_comment(self) -> None:
        """Add to its history."""
        self.ask_about("comment", self.add_comment)

    def add_comment(self, alert: Alert, text: str) -> str:
        """Add a text to its history; what to say."""
        if not text.strip():
            return "no comment written"
        self.console_app.sources.alerts.comment(alert.id, text)
        return f"commented: {alert.title}"
