"""The 3 a.m. screen: metrics, health, alerts and the newest log lines at one glance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec.structs import replace
from textual.widget import Widget

from pake_tui.tui.alertwords import alert_json, logs_query, show_command
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.panels.alerts import AlertsPanel
from pake_tui.tui.panels.health import HealthPanel
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.panels.metrics import MetricsPanel
from pake_tui.tui.screens.gathering import GatheringScreen
from pake_tui.tui.widgets.panel import Panel, bindings_of_main
from pake_tui.tui.widgets.steady import Ground


class OverviewScreen(GatheringScreen):
    """Four panels; below 100 columns they stack, and what is not urgent shrinks to a line; lower still below
    22 rows.
    """

    place: ClassVar = "overview"
    main: ClassVar = MetricsPanel
    BINDINGS: ClassVar = bindings_of_main("overview")
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]
    DEFAULT_CSS = """
    OverviewScreen #upper { layout: horizontal; height: 40%; min-height: 9; }
    OverviewScreen #alerts { height: 8; }
    OverviewScreen.-stacked #upper { layout: vertical; height: auto; min-height: 0; }
    OverviewScreen.-stacked #metrics { height: 8; }
    OverviewScreen.-stacked #health { height: 1; }
    OverviewScreen.-stacked #alerts { height: 6; }
    OverviewScreen.-stacked.-unwell #health { height: 5; }
    OverviewScreen.-stacked.-unwell #metrics { height: 6; }
    OverviewScreen.-stacked #health:focus { height: 7; }
    OverviewScreen.-low #upper { height: 5; min-height: 0; }
    OverviewScreen.-low #alerts { height: 5; }
    OverviewScreen.-low.-stacked #upper { height: auto; }
    OverviewScreen.-low.-stacked #upper Panel { height: 1; }
    OverviewScreen.-low.-stacked #upper Panel:focus { height: 5; }
    OverviewScreen.-zoomed #upper { height: 1fr; }
    OverviewScreen.-zoomed Panel { height: 1fr !important; }
    """

    def __init__(self) -> None:
        super().__init__(LogPanel("Logs", id="logs"))
        self._beside: Snapshot | None = None
        """What the panels beside the log show."""

    def compose_body(self) -> Iterable[Widget]:
        """Metrics beside health, alerts, logs."""
        yield Ground(MetricsPanel(id="metrics"), HealthPanel(id="health"), id="upper")
        yield AlertsPanel(live_only=True, id="alerts")
        yield self.lines

    def first_panel(self) -> Panel | None:
        """The alerts: what needs a hand first."""
        return self.query_one(AlertsPanel)

    def show(self, snapshot: Snapshot) -> None:
        """Hand each panel beside the log its part; nothing where only lines came since."""
        beside, before = replace(snapshot, files=Snapshot().files), self._beside
        if beside == before:
            return
        self._beside = beside
        self.query_one(MetricsPanel).show(snapshot.metrics, snapshot.problem("metrics"))
        if before is None or _health_of(snapshot) != _health_of(before):
            self.query_one(HealthPanel).show(snapshot.health, snapshot.problem("health"))
        self.query_one(AlertsPanel).show(snapshot.alerts, snapshot.problem("alerts"))
        self.set_class(snapshot.health.worst >= 2, "-unwell")

    def on_panel_opened(self, message: Panel.Opened) -> None:
        """Open what is selected."""
        panel = message.panel
        if isinstance(panel, AlertsPanel) and panel.selected is not None:
            from pake_tui.tui.screens.alerts import AlertScreen

            self.console_app.open(AlertScreen(panel.selected.id))
        elif isinstance(panel, HealthPanel) and panel.selected is not None:
            from pake_tui.tui.screens.health import CheckScreen

            self.console_app.open(CheckScreen(panel.selected.name))
        elif isinstance(panel, MetricsPanel) and panel.selected is not None:
            from pake_tui.tui.screens.metric import MetricScreen

            self.console_app.open(MetricScreen(panel.selected.key))

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The lines of the alert, check or series under the cursor."""
        panel = self.focused_panel()
        if isinstance(panel, AlertsPanel) and panel.selected is not None:
            return logs_query(panel.selected), panel.selected.last_seen_ns
        if isinstance(panel, HealthPanel) and panel.selected is not None:
            from pake_tui.tui.screens.health import check_query

            return check_query(panel.selected), None
        if isinstance(panel, MetricsPanel) and panel.selected is not None:
            service = panel.selected.key.service
            return (f"service:{service}" if service else "level>=warning"), None
        return None

    def selected_id(self) -> str:
        """The alert's id, or the log line's correlation ID."""
        panel = self.focused_panel()
        if isinstance(panel, AlertsPanel) and panel.selected is not None:
            return panel.selected.id
        return panel.selected_id() if isinstance(panel, LogPanel) else ""

    def selected_json(self) -> str:
        """The alert or the log line under the cursor."""
        panel = self.focused_panel()
        if isinstance(panel, AlertsPanel):
            return alert_json(panel.selected)
        return panel.selected_json() if isinstance(panel, LogPanel) else ""

    def equal_command(self) -> str:
        """The command that prints what the focused panel shows."""
        panel = self.focused_panel()
        if isinstance(panel, AlertsPanel):
            return show_command(panel.selected)
        if isinstance(panel, HealthPanel):
            return "pake-tui health"
        if isinstance(panel, MetricsPanel):
            return f"pake-tui metrics {panel.selected.key.metric}" if panel.selected else "pake-tui metrics"
        return panel.equal_command() if isinstance(panel, LogPanel) else super().equal_command()


def _health_of(snapshot: Snapshot) -> tuple[object, ...]:
    """What the health panel shows: not when a check ran last, which the collector's does each second."""
    shown = [replace(check, checked_ns=None) for check in snapshot.health.checks]
    return shown, snapshot.problem("health")
