"""The console's app: it holds sources, feed, themes and zone, and answers the keys of every screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.message import Message

from pake_tui.errors import PakeError
from pake_tui.model.alert import AlertList
from pake_tui.model.record import Address, LogRow
from pake_tui.model.sample import CollectorMode
from pake_tui.sources.protocols import Sources
from pake_tui.tui.drawing import zone_named
from pake_tui.tui.feed import Feed, Snapshot
from pake_tui.tui.glyphs import ASCII, UNICODE
from pake_tui.tui.navigation import ScreensApp
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.theming import ConsoleTheme, Palette
from pake_tui.tui.widgets.panel import bindings_for
from pake_tui.tui.widgets.prompt import Question

SHOWN_AFTER_S = 0.05
"""Seconds that the first screen gets for itself before the feed goes on."""
THEME_ORDER = ("dark", "light", "sixteen", "mono")


class PakeApp(ScreensApp):
    """The full-screen console over five sources."""

    TITLE = "pake-tui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = bindings_for("everywhere")

    class Snapped(Message):
        """A new snapshot is there."""

        def __init__(self, snapshot: Snapshot) -> None:
            self.snapshot = snapshot
            super().__init__()

    def __init__(
        self,
        sources: Sources,
        feed: Feed,
        themes: dict[str, ConsoleTheme],
        *,
        theme: str = "dark",
        ascii_only: bool = False,
        zone: str = "local",
        keymap: dict[str, str] | None = None,
        warnings: tuple[str, ...] = (),
        crash_folder: Path | None = None,
    ) -> None:
        if theme not in themes:
            raise PakeError(f"there is no theme {theme}", hint=f"themes: {', '.join(sorted(themes))}")
        super().__init__(
            ansi_color=themes[theme].ansi, ascii_only=ascii_only or None, crash_folder=crash_folder
        )
        self.sources = sources
        self.feed = feed
        self.themes = themes
        self.theme_name = theme
        self.glyphs = ASCII if ascii_only else UNICODE
        self.zone_mode = zone
        sources.logs.zone = self.zone
        self._period_s = feed.period_s
        self.snapshot = feed.latest
        self.marks: dict[Address, LogRow] = {}
        """Log lines that the operator marked, in all log views."""
        self.typed_before: dict[str, list[str]] = {}
        """Answers to questions by their kind, oldest first: what `up` brings back, on all screens."""
        self.warnings: tuple[str, ...] = (*sources.warnings, *warnings)
        self.keymap = keymap or {}
        """The keys that the user chose, by binding id."""
        self.rings = "bell"
        """How somebody is called when an alert fires: bell, osc9 or none."""
        self.heard: int | None = None
        """The newest notice that was known when the console opened, or was called for since."""
        self.opens_with = ""
        """The screen that is opened first, where that is not the overview."""
        self._acting = ThreadPoolExecutor(1, thread_name_prefix="pake-act")
        self._quit_asked = False
        for one in themes.values():
            self.register_theme(one.textual)
        # Before there is anything to style: a theme that is set later has all style sheets parsed again.
        self.set_reactive(PakeApp.theme, themes[theme].textual.name)
        self.stylesheet.set_variables(self.get_css_variables())

    # Looks.

    @property
    def palette(self) -> Palette:
        """The roles' styles of the theme in force."""
        return self.themes[self.theme_name].palette

    @property
    def zone(self) -> tzinfo:
        """The zone that times are shown in."""
        return zone_named(self.zone_mode)

    def now(self) -> int:
        """The present, UTC ns, as the sources have it."""
        return self.feed.clock()

    @property
    def paused(self) -> bool:
        """Whether the screen stands still."""
        return self.feed.paused

    def use_theme(self, name: str) -> None:
        """Draw everything in another theme."""
        if name not in self.themes:
            self.say(f"there is no theme {name}; themes: {', '.join(sorted(self.themes))}", "warning")
            return
        self.theme_name = name
        self.theme = self.themes[name].textual.name
        self._draw_anew()

    def narrowed(self) -> None:
        """Draw with ASCII: most of our own characters are of ambiguous width. Text stays as it is."""
        self.glyphs = ASCII
        self._draw_anew()
        super().narrowed()

    def _draw_anew(self) -> None:
        self.screen.refresh(layout=True)
        for widget in self.screen.walk_children():
            widget.refresh()

    # Start and end.

    def on_mount(self) -> None:
        """Take the user's keys, and begin to listen to the feed."""
        if self.keymap:
            self.set_keymap(self.keymap)
        self.snapshot = self.feed.latest
        if self.opens_with:
            self.call_after_refresh(self.go_to, self.opens_with)
        # Not after a refresh: that of a screen that is left at once never comes.
        self.set_timer(SHOWN_AFTER_S, self._first_shown)

    def _first_shown(self) -> None:
        """Now that there is a screen, listen to the feed."""
        self.feed.listen(self.take_snapshot)
        self.feed.nudge()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Called in the feed's thread: hand it over to the event loop."""
        self.post_message(self.Snapped(snapshot))

    def on_unmount(self) -> None:
        """Stop what runs beside the screen."""
        self.feed.stop()
        self._acting.shutdown(wait=False, cancel_futures=True)

    def on_pake_app_snapped(self, message: Snapped) -> None:
        """Hand a snapshot to the screen on top, and the title to the terminal."""
        if not self.is_running:  # on the way out its screens are gone already
            return
        self.snapshot = message.snapshot
        self.feed.period_s = max(self._period_s, self.rest_s)
        if self.warnings:
            self.say(" · ".join(self.warnings), "warning")
            self.warnings = ()
        self._ring(self.snapshot.alerts)
        firing = sum(alert.state.value == "firing" for alert in self.snapshot.alerts.alerts)
        mark = f"{self.glyphs.firing}{firing} " if firing else ""
        self.set_title(f"{mark}{self.sources.host}")
        for screen in self.screen_stack[-1:]:
            if isinstance(screen, ConsoleScreen) and screen.is_mounted:
                screen.bring(self.snapshot)

    def _ring(self, alerts: AlertList) -> None:
        """Call whoever sits here, once for each notice that goes out while the console is open."""
        before, self.heard = self.heard, max(alerts.notice, self.heard or 0)
        if before is not None and alerts.notice > before:
            self.ring(f"{self.sources.host}: {alerts.notice_title}", self.rings)

    async def on_event(self, event: events.Event) -> None:
        """A key goes first: what changes by itself waits for it."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.feed.typed()
            if isinstance(self.screen, ConsoleScreen):
                self.screen.messages.typed()
        await super().on_event(event)

    # Speaking and acting.

    def ask(self, question: Question) -> None:
        """Open the prompt of the screen in front."""
        self.top.ask(question)

    def act(self, work: Callable[[], str], *, aside: bool = False) -> None:
        """Do something to a source, off the event loop and in order, and say its answer or its failure.

        What takes long and changes nothing is done `aside`.
        """

        def body() -> None:
            try:
                text, role = work(), "ok"
            except PakeError as error:
                text, role = str(error), "error"
            self.feed.nudge()
            self.call_from_thread(self.say, text, role)

        if aside:
            threading.Thread(target=body, name="pake-aside", daemon=True).start()
        else:
            self._acting.submit(body)

    def look(self, work: Callable[[], None]) -> None:
        """Read something off the event loop, in order with what is done."""
        self._acting.submit(work)

    def may_change(self) -> bool:
        """Whether a key that changes something may act now; says why where not."""
        if self.sources.read_only:
            self.say(f"read-only: {self.sources.read_only}", "warning")
            return False
        if not self.last_key_alone:
            self.say("ignored: that key came together with others; press it again", "warning")
            return False
        return True

    def action_quit(self) -> None:  # type: ignore[override]  # Textual's is a coroutine without need
        """Leave; where nobody collects afterwards, only when asked twice."""
        if not self.collects_alone or self._quit_asked or self.sources.read_only:
            self.exit()
            return
        self._quit_asked = True
        self.say("Nobody is paged when you leave. q again to quit.", "warning")
        self.set_timer(5.0, self._forget_quit)

    @property
    def collects_alone(self) -> bool:
        """Whether nobody judges rules any more once the last console is closed."""
        return bool(self.snapshot.at_ns) and self.snapshot.collector.mode is not CollectorMode.AGENT

    def _forget_quit(self) -> None:
        self._quit_asked = False

    # Keys of every screen.

    def action_refresh(self) -> None:
        """Read everything again."""
        self.feed.nudge()
        self.top.reread()

    def action_pause(self) -> None:
        """Stop what changes by itself, and go on."""
        self.feed.paused = not self.feed.paused
        if not self.paused:
            self.feed.nudge()
        self.say("paused; p goes on" if self.paused else "live again")
        self.top.query_one("HeaderBar").refresh()

    def action_theme(self) -> None:
        """The next theme."""
        names = [name for name in THEME_ORDER if name in self.themes]
        names += [name for name in self.themes if name not in names]
        self.use_theme(names[(names.index(self.theme_name) + 1) % len(names)])
        self.say(f"theme {self.theme_name}")

    def action_zone(self) -> None:
        """Times local, UTC, relative."""
        modes = ("local", "UTC", "relative")
        self.zone_mode = modes[(modes.index(self.zone_mode) + 1) % 3]
        self.sources.logs.zone = self.zone
        self.say(f"times {self.zone_mode}")
        for widget in self.screen.walk_children():
            widget.refresh()

    def action_palette(self) -> None:
        """Find an action by name."""
        from pake_tui.tui.commands import palette_question

        self.ask(palette_question(self))

    def action_command(self) -> None:
        """The command line."""
        from pake_tui.tui.commands import command_question

        self.ask(command_question(self))

    def action_copy(self) -> None:
        """Copy what is selected: i ID, l line, j JSON, c the equal command."""
        from pake_tui.tui.commands import copy_question

        self.ask(copy_question(self))
