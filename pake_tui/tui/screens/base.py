"""What all screens share: header, body, message line, prompt, keys; and how a panel is zoomed and focused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.reactive import Reactive
from textual.widget import Widget

from pake_tui.tui.feed import Snapshot
from pake_tui.tui.keys import Key, as_bound, footer_of, keys_of
from pake_tui.tui.terminal.screen import TerminalScreen
from pake_tui.tui.widgets.bars import HeaderBar, KeysBar, MessageBar
from pake_tui.tui.widgets.panel import Panel
from pake_tui.tui.widgets.prompt import Prompt, Question
from pake_tui.tui.widgets.steady import Ground

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
SHARED_CSS = """
ConsoleScreen { layout: vertical; }
ConsoleScreen #body { height: 1fr; width: 1fr; }
ConsoleScreen .-hidden { display: none; }
ConsoleScreen.-asking MessageBar { display: none; }
ConsoleScreen.-asking KeysBar { display: none; }
"""
"""The app's own style sheet: a screen's `CSS` is not inherited by its subclasses."""


class ConsoleScreen(TerminalScreen, inherit_bindings=False):
    """A full screen with the bars around a body of panels. `place` is its name in the key table, and its keys
    are those of the table alone: Textual's would keep `tab` from whoever gave it to something else.
    """

    place: ClassVar[str] = "everywhere"
    main: ClassVar[type[Panel] | None] = None
    """The panel that the screen is about: its keys act whichever panel has the focus."""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Textual's draws the whole screen anew; here what gains or loses the focus draws itself."""
    AUTO_FOCUS = None
    BLANK = True

    def __init__(self) -> None:
        super().__init__()
        self.zoomed: Panel | None = None
        self.messages = MessageBar()
        self.too_small = ""
        """What was said of the terminal's size, while it is so."""
        self._before_prompt: Widget | None = None
        self._keys: dict[Panel | None, tuple[Key, ...]] = {}
        """The keys that act while a panel has the focus: worked out once, they never change."""

    @property
    def console_app(self) -> PakeApp:
        """The app, with its own type."""
        return cast("PakeApp", self.app)

    def watch_focused(self, before: Widget | None, now: Widget | None) -> None:
        """Tell both at once, so that one picture has what changed in either: Textual tells each in its turn.

        A click does not take the focus from a question, which nobody could leave by `escape` then.
        """
        for one in (before, now):
            if isinstance(one, Panel):
                one.has_focus = one is now
        if isinstance(before, Prompt) and before.question is not None and isinstance(now, Panel):
            before.focus(scroll_visible=False)

    # What a screen overrides.

    def compose_body(self) -> Iterable[Widget]:
        """The panels."""
        return ()

    def bring(self, snapshot: Snapshot) -> None:
        """Draw what is newer."""
        self.show(snapshot)
        self.query_one(HeaderBar).redraw()

    def show(self, snapshot: Snapshot) -> None:
        """Hand new data to the panels."""

    def first_panel(self) -> Panel | None:
        """What has the focus when the screen opens."""
        panels = self.panels()
        return panels[0] if panels else None

    def stop_search(self) -> bool:
        """Stop a search of the focused panel; False where none runs."""
        panel = self.focused_panel()
        return panel is not None and panel.stop_search()

    def reread(self) -> None:
        """Read again what the feed does not bring."""

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The log query and moment (UTC ns) of what is selected; None where nothing is."""
        return None

    def selected_id(self) -> str:
        """The ID that `y i` copies and `:trace` takes without an argument."""
        return ""

    def selected_json(self) -> str:
        """What is selected as one line of JSON, masked."""
        return ""

    def selected_line(self) -> str:
        """What is selected as the line that is shown, masked."""
        panel = self.focused_panel()
        return panel.row_text(panel.cursor).strip() if panel and panel.row_count() else ""

    def equal_command(self) -> str:
        """The command that prints what this screen shows."""
        return "pake-tui"

    def find(self) -> None:
        """Let the focused panel ask for what it looks for."""
        panel = self.focused_panel()
        if panel is not None:
            panel.ask_find()

    def next_hit(self, step: int) -> None:
        """To the next or previous row of the focused panel that holds what was looked for."""
        panel = self.focused_panel()
        if panel is not None:
            panel.next_hit(step)

    # What all share.

    def compose(self) -> ComposeResult:
        """Bars around the body."""
        yield HeaderBar()
        with Ground(id="body"):
            yield from self.compose_body()
        yield self.messages
        yield Prompt()
        yield KeysBar()

    def on_mount(self) -> None:
        """Show what is known already, and focus the first panel."""
        self.bring(self.console_app.snapshot)
        panel = self.first_panel()
        if panel is not None:
            panel.focus(scroll_visible=False)

    def on_screen_resume(self) -> None:
        """Catch up with what came while another screen was shown."""
        if self.is_mounted:
            self.bring(self.console_app.snapshot)
            self.show_keys()

    def on_resize(self, event: events.Resize) -> None:
        """Say when the terminal is too small, and how much is needed."""
        if event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT:
            need = f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
            self.too_small = f"terminal {event.size.width}x{event.size.height} is too small: {need} needed"
            self.say(self.too_small, "warning")
        elif self.too_small:
            self.messages.forget(self.too_small)
            self.too_small = ""

    def on_paste(self, event: events.Paste) -> None:
        """A pasted ID outside a field opens its trace."""
        words = event.text.split()
        if len(words) == 1 and len(words[0]) <= 128:
            self.console_app.open_trace(words[0])
        elif words:
            self.say("paste one ID to see its trace; / and : take text", "dim")

    def panels(self) -> list[Panel]:
        """All panels, in the order of `tab`."""
        return [panel for panel in self.query(Panel) if panel.display]

    def focused_panel(self) -> Panel | None:
        """The panel that has the focus, or gets it back when the prompt closes."""
        widget = self._before_prompt if isinstance(self.focused, Prompt) else self.focused
        return widget if isinstance(widget, Panel) else None

    def say(self, text: str, role: str = "text") -> None:
        """Write the message line."""
        self.messages.say(text, role)

    def main_panel(self) -> Panel | None:
        """The panel that the screen is about, where it is not just the focused one."""
        return next(iter(self.query(self.main)), None) if self.main is not None else None

    def action_main(self, action: str) -> None:
        """Do what a key of the main panel does, while another panel has the focus."""
        panel = self.main_panel()
        if panel is not None and panel.does(action) and not isinstance(self.focused, Prompt):
            getattr(panel, f"action_{action}")()

    def owner_of(self, key: Key) -> object | None:
        """Who does what a key says: the focused panel, the main one, this screen or the app; None: nobody."""
        return next((one for one in self._owners() if does(one, key)), None)

    def _owners(self) -> tuple[object, ...]:
        return self.focused_panel(), self.main_panel(), self, self.console_app

    def keys_here(self) -> tuple[Key, ...]:
        """All keys that act now, as they are bound: the focused panel's, its screen's, everybody's."""
        panel = self.focused_panel()
        if panel not in self._keys:
            self._keys[panel] = self._keys_of(panel)
        return self._keys[panel]

    def _keys_of(self, panel: Panel | None) -> tuple[Key, ...]:
        owners = self._owners()
        found: dict[str, Key] = {}
        for place in dict.fromkeys((*(panel.places if panel else ()), self.place, "everywhere", "list")):
            for key in keys_of(place):
                if key.id not in found and any(does(one, key) for one in owners):
                    found[key.id] = as_bound(key, self.console_app.keymap)
        return tuple(found.values())

    def show_keys(self) -> None:
        """Write the footer for the focused panel."""
        for bar in self.query(KeysBar):
            bar.show(footer_of(self.keys_here()))

    def ask(self, question: Question) -> None:
        """Open the prompt; the focus comes back to where it was."""
        prompt = self.query_one(Prompt)
        if not isinstance(self.focused, Prompt):  # one question may lead to the next
            self._before_prompt = self.focused
        self.add_class("-asking")
        prompt.ask(question)

    def close_prompt(self) -> None:
        """Leave the prompt without an answer."""
        self.query_one(Prompt).close()

    def on_prompt_closed(self) -> None:
        """Give the focus back, unless the answer led to another question."""
        if self.query_one(Prompt).question is not None:
            return
        self.remove_class("-asking")
        if self._before_prompt is not None and self._before_prompt.is_attached:
            self._before_prompt.focus(scroll_visible=False)

    def focus_panel(self, step: int) -> None:
        """Focus the next or previous panel; a zoomed one stays alone."""
        panels = self.panels()
        if not panels or self.zoomed:
            return
        now = self.focused_panel()
        index = panels.index(now) if now in panels else -step
        self.set_focus(panels[(index + step) % len(panels)], scroll_visible=False)

    def toggle_zoom(self) -> None:
        """The focused panel alone on the screen, and back."""
        if self.zoomed is not None:
            for widget in self.query(".-hidden"):
                widget.remove_class("-hidden")
            self.zoomed = None
            self.remove_class("-zoomed")
            return
        panel = self.focused_panel()
        if panel is None:
            return
        self.zoomed = panel
        self.add_class("-zoomed")
        keep = {panel, *panel.ancestors}
        for widget in self.query("#body *"):
            if isinstance(widget, Widget) and widget not in keep and widget.parent in keep:
                widget.add_class("-hidden")


def does(owner: object, key: Key) -> bool:
    """Whether a panel, a screen or the app does what a key says."""
    return owner.does(key.action) if isinstance(owner, Panel) else hasattr(owner, f"action_{key.action}")
