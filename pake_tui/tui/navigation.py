"""Which screen is in front: the five of the console, what is opened over them, and the way back."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from pake_tui.tui.screens.base import SHARED_CSS, ConsoleScreen
from pake_tui.tui.screens.overview import OverviewScreen
from pake_tui.tui.terminal.app import TerminalApp


class ScreensApp(TerminalApp):
    """Holds the screens and answers the keys that lead from one to another, or around in one."""

    CSS = SHARED_CSS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._bases: dict[str, ConsoleScreen] = {}
        self._before: list[str] = []
        """The screens that were in front before this one, oldest first, each once."""

    # The screens.

    def get_default_screen(self) -> Screen[object]:
        """The overview is there from the first paint on."""
        return self.base("overview")  # type: ignore[return-value]  # a screen without a result is one of any

    def base(self, name: str) -> ConsoleScreen:
        """One of the five screens; made, and its module imported, when first opened."""
        if name not in self._bases:
            screen = self._make(name)
            self._bases[name] = screen
            self.install_screen(screen, name)
        return self._bases[name]

    def _make(self, name: str) -> ConsoleScreen:
        if name == "overview":
            return OverviewScreen()
        if name == "alerts":
            from pake_tui.tui.screens.alerts import AlertsScreen

            return AlertsScreen()
        if name == "logs":
            from pake_tui.tui.screens.logs import LogsScreen

            return LogsScreen()
        if name == "health":
            from pake_tui.tui.screens.health import HealthScreen

            return HealthScreen()
        from pake_tui.tui.screens.config import ConfigScreen

        return ConfigScreen()

    @property
    def top(self) -> ConsoleScreen:
        """The screen in front."""
        screen = self.screen
        assert isinstance(screen, ConsoleScreen)
        return screen

    def say(self, text: str, role: str = "text") -> None:
        """Write the message line."""
        self.top.say(text, role)

    def focus_moved(self) -> None:
        """Show the keys of the panel that now has the focus."""
        if isinstance(self.screen, ConsoleScreen):
            self.screen.show_keys()

    # Going places.

    def open(self, screen: ConsoleScreen) -> None:
        """Show a screen over this one; `esc` comes back to exactly here."""
        self.push_screen(screen)

    def go_to(self, name: str) -> None:
        """One of the five screens, left by `esc` to the one before; what was opened over that is closed."""
        if self.screen is self.base(name):
            return
        names = {screen: name for name, screen in self._bases.items()}
        here = next(names[screen] for screen in reversed(self.screen_stack) if screen in names)
        self._before = [one for one in self._before if one not in (here, name)] + [here] * (here != name)
        self._come_to(name)

    def _come_to(self, name: str) -> None:
        """Bring one of the five to the front; the overview is under all."""
        target = self.base(name)
        with self.batch_update():
            while len(self.screen_stack) > 1:
                self.pop_screen()
            if self.screen is not target:
                self.push_screen(name)

    def action_overview(self) -> None:
        """Go to the overview."""
        self.go_to("overview")

    def action_alerts(self) -> None:
        """Go to the alerts."""
        self.go_to("alerts")

    def action_logs(self) -> None:
        """Go to the logs."""
        self.go_to("logs")

    def action_health(self) -> None:
        """Go to the health checks."""
        self.go_to("health")

    def action_config(self) -> None:
        """Go to the configuration."""
        self.go_to("config")

    def action_back(self) -> None:  # type: ignore[override]  # Textual's is a coroutine without need
        """Stop a search, leave a zoom, else close what was opened last, else to the screen before."""
        screen = self.top
        if screen.stop_search():
            return
        if screen.zoomed is not None:
            screen.toggle_zoom()
        elif screen not in self._bases.values():
            self.pop_screen()
        elif self._before:
            self._come_to(self._before.pop())

    def action_stop(self) -> None:
        """Stop a search; nothing else."""
        if not self.top.stop_search():
            self.say("nothing to stop; q quits", "dim")

    # Around in the screen in front.

    def action_next_panel(self) -> None:
        """Focus the next panel."""
        self.top.focus_panel(1)

    def action_previous_panel(self) -> None:
        """Focus the previous panel."""
        self.top.focus_panel(-1)

    def action_zoom(self) -> None:
        """Zoom the focused panel, and back."""
        self.top.toggle_zoom()

    def action_find(self) -> None:
        """Filter the logs; find text in any other list."""
        self.top.find()

    def action_next_hit(self) -> None:
        """To the next hit."""
        self.top.next_hit(1)

    def action_previous_hit(self) -> None:
        """To the previous hit."""
        self.top.next_hit(-1)

    def action_its_logs(self) -> None:
        """The log lines of what is selected."""
        query = self.top.query_for_logs()
        if not query:
            self.say("nothing selected that has log lines", "warning")
            return
        self.open_logs(query[0], query[1])

    def open_logs(self, query: str, at_ns: int | None = None) -> None:
        """A log view over this screen, filtered, at a moment (the newest end without one)."""
        from pake_tui.tui.screens.logs import LogsScreen

        self.open(LogsScreen(query, at_ns=at_ns))

    def open_trace(self, correlation_id: str) -> None:
        """The trace of one correlation ID over this screen."""
        from pake_tui.tui.screens.trace import TraceScreen

        self.open(TraceScreen(correlation_id))

    def action_help(self) -> None:
        """This screen's keys and the filter language."""
        from pake_tui.tui.screens.help import HelpScreen

        self.open(HelpScreen(self.top.place, self.top.keys_here()))
