"""A small app on the terminal layer, to press keys in. `sample_app.py [stock] [crash=FOLDER]`."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import OptionList, Sparkline, Static

from pake_tui.tui.terminal.app import TerminalApp

THEMES = ("textual-dark", "textual-light", "nord", "ansi-dark")
MIXED = "plain ünïcödé 漢字かな 한글 e\u0301a\u0308 ▁▂▃▄▅▆▇█ ─│╭╮ ←↑→↓ 🙂 🚀x"


def styled(step: int) -> Text:
    """Lines in every style, shifted by a step."""
    text = Text(no_wrap=True)
    styles = (
        "bold",
        "dim",
        "italic",
        "underline",
        "strike",
        "reverse",
        "bold reverse #ff8800 on #002244",
        "color(33) on color(229)",
        "red on default",
        "link https://example.invalid/a underline",
    )
    for index in range(8):
        words = MIXED[(step * 3 + index) % 20 :]
        text.append(f"{index} {words}\n", Style.parse(styles[(step + index) % len(styles)]))
    return text


class Over(Screen[None]):
    """A second screen."""

    CSS = "Over Static { border: round $accent; margin: 2 4; height: 12; }"

    def compose(self) -> ComposeResult:
        """One box."""
        yield Static("over\n" + MIXED, id="over")


class SampleApp(TerminalApp):
    """Two lists, sparklines, mixed text; keys that change each."""

    CSS = """
    #top { height: 2; background: $panel; } #mixed { height: 9; } Sparkline { height: 2; }
    OptionList { width: 1fr; height: 1fr; border: round $primary; scrollbar-size-vertical: 1; }
    Vertical { width: 2fr; } #log { height: 1fr; overflow: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "bye", ""),
        ("x", "crash", ""),
        ("a", "note('a')", ""),
        ("i", "note('i')", ""),
        ("up", "up", ""),
        ("down", "down", ""),
        ("s", "spark", ""),
        ("w", "words", ""),
        ("l", "line", ""),
        ("b", "burst", ""),
        ("t", "next_theme", ""),
        ("p", "over", ""),
        ("z", "toggle", ""),
        ("m", "mouse", ""),
        ("e", "edit", ""),
        ("ctrl+l", "redraw", ""),
        ("ctrl+z", "suspend", ""),
    ]
    ENABLE_COMMAND_PALETTE = False
    stock = False

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.step = 0
        self.notes: list[str] = []
        self.lines = [f"line {number} {MIXED[: number % 30]}" for number in range(20)]
        self.pasted = ""

    def get_driver_class(self) -> type[Driver]:
        """The stock driver, and with it stock painting, for comparison."""
        if self.stock:
            from textual.drivers.linux_driver import LinuxDriver

            return LinuxDriver
        return super().get_driver_class()

    def compose(self) -> ComposeResult:
        """A status, a list, sparklines, mixed text and a log that scrolls."""
        yield Static("ready", id="top", markup=False)
        with Horizontal():
            yield OptionList(*(f"option {number:03} {'abc ' * 5}" for number in range(200)))
            with Vertical():
                yield Sparkline([1, 2, 3, 4, 5] * 8, id="spark")
                yield Static(styled(0), id="mixed")
                yield Static("\n".join(self.lines), id="log", markup=False)

    def on_mount(self) -> None:
        """Show a title."""
        self.set_title("sample \x1b]0;evil\x07 title")
        self.query_one(OptionList).focus()

    def on_paste(self, event: object) -> None:
        """Show that a paste came as text."""
        self.pasted = getattr(event, "text", "")
        self.show_notes()

    def show_notes(self) -> None:
        """Show what was noted, and the link."""
        pasted = f" pasted {self.pasted!r}" if self.pasted else ""
        known = "known" if self.round_trip_ms is not None else "unknown"
        self.query_one("#top", Static).update(f"notes {' '.join(self.notes)}{pasted} trip {known}")

    def action_note(self, what: str) -> None:
        """Note a key, and whether it was alone."""
        self.notes.append(what if self.last_key_alone else f"({what})")
        self.show_notes()

    def action_bye(self) -> None:
        """Leave."""
        self.exit()

    def action_crash(self) -> None:
        """Fail."""
        raise RuntimeError("crashed on purpose")

    def action_up(self) -> None:
        """Move the list's cursor."""
        self.query_one(OptionList).action_cursor_up()

    def action_down(self) -> None:
        """Move the list's cursor."""
        self.query_one(OptionList).action_cursor_down()

    def action_spark(self) -> None:
        """Change a sparkline."""
        self.step += 1
        values = [(number * 7 + self.step) % 11 for number in range(40)]
        self.query_one(Sparkline).data = [float(value) for value in values]

    def action_words(self) -> None:
        """Change the mixed text."""
        self.step += 1
        self.query_one("#mixed", Static).update(styled(self.step))

    def action_line(self) -> None:
        """Scroll the log by a line."""
        self.lines = [*self.lines[1:], f"new line {self.step} {MIXED[: self.step % 30]}"]
        self.step += 1
        self.query_one("#log", Static).update("\n".join(self.lines))

    def action_burst(self) -> None:
        """Change the screen fifty times, one after the other."""
        for number in range(50):
            self.set_timer((number + 1) / 500, self.action_line)

    def action_next_theme(self) -> None:
        """Switch the theme."""
        self.theme = THEMES[(THEMES.index(self.theme) + 1) % len(THEMES)]

    def action_over(self) -> None:
        """Open or close the second screen."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.push_screen(Over())

    def action_edit(self) -> None:
        """Give the terminal to another program until it has read a line."""
        with suppress(FileNotFoundError), self.suspend():
            subprocess.run(["sh", "-c", "echo editing; read line; echo got $line"], check=False)
            subprocess.run(["no-such-editor"], check=False)

    def action_toggle(self) -> None:
        """Hide or show the right half."""
        half = self.query_one(Vertical)
        half.display = not half.display


if __name__ == "__main__":
    folder = next((Path(one.partition("=")[2]) for one in sys.argv if one.startswith("crash=")), None)
    SampleApp.stock = "stock" in sys.argv
    app = SampleApp(crash_folder=folder)
    app.run()
    sys.exit(app.return_code)
