"""The app that knows its terminal: signals, suspend, title, mouse, copying, crash reports."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType

from pake_tui.tui.terminal.clipboard import copy


class TerminalApp(App[None], inherit_bindings=False):
    """A Textual app without Textual's own keys. Everything here does nothing where no terminal is driven."""

    BINDINGS: ClassVar[list[BindingType]] = []
    last_key_alone: bool = True
    """Whether the key being handled now was alone in its read; keys that change something obey only then."""
    round_trip_ms: float | None = None
    """The last measured round trip to the terminal, milliseconds; None before or where it does not answer."""

    def __init__(self, *, ansi_color: bool | None = None, crash_folder: Path | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.crash_folder = crash_folder

    def set_title(self, text: str) -> None:
        """Show a text in the terminal's title; control characters become pictures."""

    def copy_text(self, text: str) -> str:
        """Copy to the clipboard; the way taken: `tmux`, `screen` or `terminal`."""
        return copy(self, text)

    def action_mouse(self) -> None:
        """Mouse reports on or off."""

    def action_redraw(self) -> None:
        """Paint the whole screen again."""

    def action_suspend(self) -> None:
        """Suspend to the shell; `fg` comes back."""
        self.action_suspend_process()
