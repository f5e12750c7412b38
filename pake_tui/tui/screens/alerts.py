"""The alert list with its detail, and one alert alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.widget import Widget

from pake_tui.errors import PakeError
from pake_tui.model.alert import Alert, AlertDetail, AlertEvent
from pake_tui.model.check import HEALTH
from pake_tui.model.sample import Series
from pake_tui.tui.alertwords import alert_json, logs_query, show_command
from pake_tui.tui.drawing import Line, ago, course, day_and_clock, number, scale_of, spark, t
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.glyphs import SEVERITY_ROLE, alert_mark
from pake_tui.tui.panels.alerts import AlertsPanel
from pake_tui.tui.panels.lines import LinesPanel, field, heading, paragraph
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.widgets.panel import Panel, bindings_of_main
from pake_tui.tui.widgets.steady import Ground

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

EVENT_ROLE = {
    "acknowledged": "ok",
    "resolved": "ok",
    "commented": "text",
    "fired": "error",
    "escalated": "critical",
}


class OfAlertsScreen(ConsoleScreen):
    """What screens of alerts share: keys, and what is told of the selected one."""

    place: ClassVar = "alerts"
    main: ClassVar = AlertsPanel
    BINDINGS: ClassVar = bindings_of_main("alerts")

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The lines of the alert's service around the moment it was last seen."""
        alert = self.query_one(AlertsPanel).selected
        return (logs_query(alert), alert.last_seen_ns) if alert else None

    def selected_json(self) -> str:
        """The alert."""
        return alert_json(self.query_one(AlertsPanel).selected)

    def equal_command(self) -> str:
        """The command that prints the alert."""
        return show_command(self.query_one(AlertsPanel).selected)


class AlertsScreen(OfAlertsScreen):
    """All alerts of the day; the selected one's detail beside or below."""

    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (130, "-wide")]
    DEFAULT_CSS = """
    AlertsScreen #both { layout: horizontal; height: 1fr; }
    AlertsScreen #list { width: 3fr; }
    AlertsScreen #detail { width: 2fr; }
    AlertsScreen.-stacked #both { layout: vertical; }
    AlertsScreen.-stacked #list { width: 1fr; height: 1fr; }
    AlertsScreen.-stacked #detail { width: 1fr; height: 1fr; }
    """

    def compose_body(self) -> Iterable[Widget]:
        """List and detail."""
        detail = LinesPanel("Detail", id="detail")
        detail.nothing = "The selected alert's message, rule and history stand here."
        detail.opens = True
        yield Ground(AlertsPanel(id="list"), detail, id="both")

    def show(self, snapshot: Snapshot) -> None:
        """Newer alerts; the detail follows."""
        self.query_one(AlertsPanel).show(snapshot.alerts, snapshot.problem("alerts"))
        self.read_detail()

    def on_panel_moved(self, message: Panel.Moved) -> None:
        """Another alert: another detail."""
        if isinstance(message.panel, AlertsPanel):
            self.read_detail()

    def on_panel_opened(self, message: Panel.Opened) -> None:
        """The alert alone."""
        alert = self.query_one(AlertsPanel).selected
        if alert is not None:
            self.console_app.open(AlertScreen(alert.id))

    def read_detail(self) -> None:
        """Read the selected alert's history off the event loop."""
        alert = self.query_one(AlertsPanel).selected
        if alert is None:
            self.query_one("#detail", LinesPanel).set_lines([])
        else:
            self._read(alert.id)

    @work(thread=True, exclusive=True, exit_on_error=False, group="detail")
    def _read(self, alert_id: str) -> None:
        app = self.console_app
        try:
            detail = app.sources.alerts.alert(alert_id)
        except PakeError as error:
            app.call_from_thread(self.say, str(error), "error")
            return
        app.call_from_thread(self._show_detail, detail)

    def _show_detail(self, detail: AlertDetail) -> None:
        panel = self.query_one("#detail", LinesPanel)
        panel.set_folded(lambda width: detail_lines(detail, self.console_app, width))

    def selected_id(self) -> str:
        """The alert's id."""
        alert = self.query_one(AlertsPanel).selected
        return alert.id if alert else ""


class AlertScreen(OfAlertsScreen):
    """One alert: its row, and everything known of it; the keys of its row act here too."""

    DEFAULT_CSS = "AlertScreen #row { height: 3; } AlertScreen #detail { height: 1fr; }"

    def __init__(self, alert_id: str) -> None:
        super().__init__()
        self.alert_id = alert_id

    def compose_body(self) -> Iterable[Widget]:
        """The row and the detail."""
        row = AlertsPanel("Alert", id="row")
        row.opens = False
        yield row
        yield LinesPanel("Detail", id="detail")

    def first_panel(self) -> Panel | None:
        """What there is to read."""
        return self.query_one("#detail", LinesPanel)

    def show(self, snapshot: Snapshot) -> None:
        """Read it again whenever anything may have changed."""
        self._read()

    @work(thread=True, exclusive=True, exit_on_error=False, group="detail")
    def _read(self) -> None:
        app = self.console_app
        try:
            detail = app.sources.alerts.alert(self.alert_id)
        except PakeError as error:
            app.call_from_thread(self.say, str(error), "error")
            return
        app.call_from_thread(self._show_detail, detail)

    def _show_detail(self, detail: AlertDetail) -> None:
        row = self.query_one(AlertsPanel)
        row.take((detail.alert,))
        row.refresh()
        panel = self.query_one("#detail", LinesPanel)
        panel.set_folded(lambda width: detail_lines(detail, self.console_app, width))

    def selected_id(self) -> str:
        """The alert's id."""
        return self.alert_id


def detail_lines(detail: AlertDetail, app: PakeApp, width: int) -> list[Line]:
    """Message, what fired it, its metric around the moment, tags, and its history."""
    alert = detail.alert
    mark, role = alert_mark(alert, app.glyphs)
    times = "once" if alert.count == 1 else f"{alert.count} times"
    lines: list[Line] = [
        [
            (t(f" {mark} {alert.state.value} "), role),
            (t(f"{alert.severity.word}  "), SEVERITY_ROLE[alert.severity]),
        ],
        *paragraph(alert.title, width, "title"),
        *paragraph(alert.message, width),
        [],
        field("id", alert.id),
        field(
            "since",
            f"{day_and_clock(alert.first_seen_ns, app.zone)}, {ago(alert.first_seen_ns, app.now())} ago",
        ),
        field("last seen", f"{ago(alert.last_seen_ns, app.now())} ago, {times}"),
    ]
    if alert.rule:
        lines.append(field("rule", alert.rule))
    if alert.runbook_url:
        lines.append(field("runbook", alert.runbook_url, "title"))
    if alert.suppressed:
        lines.append(field("withheld", alert.suppressed, "warning"))
    if alert.service:
        lines.append(field("service", alert.service))
    lines += metric_lines(alert, app, width)
    lines += [field(*tag) for tag in alert.tags if tag != ("service", alert.service)]
    if alert.still_true:
        lines.append(field("condition", "still true", "warning"))
    lines += heading("History")
    for event in detail.history:
        lines += event_lines(event, app, width)
    return lines


def metric_lines(alert: Alert, app: PakeApp, width: int) -> list[Line]:
    """Value against threshold, and the metric's sparkline over the shown range."""
    if alert.metric in ("", HEALTH):
        return []
    series = series_of(alert, app.snapshot.metrics.series)
    unit = series.unit if series else ""
    value = number(alert.value, unit)
    limit = f" (threshold {number(alert.threshold, unit)})" if alert.threshold is not None else ""
    lines = [field(alert.metric, f"{value} when last judged{limit}")]
    if series is not None and series.points:
        room = min(60, max(10, width - 28))
        values = course(series.points, room)
        low, high = scale_of(values, series.unit, alert.threshold)
        drawn = spark(values, room, app.glyphs, low, high)
        lines.append(
            [(t(f" {'now':<14} "), "dim"), (drawn, "spark"), (t(f" {number(series.last, unit)}"), "title")]
        )
    return lines


def series_of(alert: Alert, all_series: tuple[Series, ...]) -> Series | None:
    """The series an alert's rule looks at: same metric, and tags that do not disagree."""
    tags = dict(alert.tags)
    for series in all_series:
        agrees = all(tags.get(name, value) == value for name, value in series.key.tags)
        if series.key.metric == alert.metric and agrees:
            return series
    return None


def event_lines(event: AlertEvent, app: PakeApp, width: int) -> list[Line]:
    """When, what, who, and what was said."""
    role = EVENT_ROLE.get(event.kind, "text")
    lines: list[Line] = [
        [
            (t(f" {day_and_clock(event.at_ns, app.zone)}  "), "dim"),
            (t(f"{event.kind:<15} "), role),
            (t(event.actor), "text"),
        ]
    ]
    if event.text:
        lines += [[(t("   "), "dim"), *line] for line in paragraph(f"“{event.text}”", width - 4)]
    return lines
