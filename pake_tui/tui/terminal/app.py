"""The app that knows its terminal: painting, signals, suspend, title, mouse, copying, crash reports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen

from pake_tui.tui.terminal.cells import Charset, characters_of
from pake_tui.tui.terminal.clipboard import copy
from pake_tui.tui.terminal.driver import TerminalDriver
from pake_tui.tui.terminal.keyboard import came_alone
from pake_tui.tui.terminal.manners import (
    color_system,
    has_shell,
    in_screen,
    ring_sequence,
    wants_ascii,
    wants_mouse,
)
from pake_tui.tui.terminal.painter import Painter
from pake_tui.tui.terminal.screen import TerminalScreen
from pake_tui.tui.terminal.turns import Acted, Turns


class TerminalApp(App[None], inherit_bindings=False):
    """A Textual app without Textual's own keys that paints, reads and leaves its terminal as this room says.

    Without a real terminal (`run_test`, inline) it is a plain Textual app and what follows does nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    last_key_alone: bool = True
    """Whether the key being handled now was alone in its read; keys that change something obey only then."""

    def __init__(
        self,
        *,
        ansi_color: bool | None = None,
        crash_folder: Path | None = None,
        ascii_only: bool | None = None,
        depth: str | None = None,
    ) -> None:
        """What is None is read from the environment. `depth`: `truecolor`, `256`, `16` or `none`."""
        if os.environ.get("NO_COLOR") == "":
            # Textual takes an empty one as set; its convention does not.
            del os.environ["NO_COLOR"]
        super().__init__(ansi_color=ansi_color)
        self.crash_folder = crash_folder
        self.resting: Callable[[], AbstractContextManager[None]] = nullcontext
        """Within it the process is stopped on `ctrl+z`: nothing may be held in it that others wait for."""
        self._ascii_only = wants_ascii(os.environ) if ascii_only is None else ascii_only
        self._depth = depth or color_system(os.environ)
        self._painter: Painter | None = None
        self._turns = Turns(self)
        self._crash: BaseException | None = None

    def get_driver_class(self) -> type[Driver]:
        """The driver of a real terminal."""
        return TerminalDriver

    @property
    def terminal(self) -> TerminalDriver | None:
        """The real terminal; None where there is none."""
        return self._driver if isinstance(self._driver, TerminalDriver) else None

    # Painting.

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        terminal = self.terminal
        if terminal is None:
            super()._display(screen, renderable)
            return
        try:
            if self._batch_count or not self._running or self._closed:
                return
            if isinstance(renderable, LayoutUpdate | ChopsUpdate):
                self._paint(terminal, renderable)
        except Exception as error:
            self._handle_exception(error)
        finally:
            self.post_display_hook()

    def _paint(self, terminal: TerminalDriver, update: LayoutUpdate | ChopsUpdate) -> None:
        if self._painter is None:
            self._painter = Painter(terminal, asyncio.get_running_loop(), self._depth, self._ascii_only)
            self._painter.narrowed = self.narrowed
        x, y = self.screen.outer_size.clamp_offset(self.cursor_position)
        focus = self.focused.region if self.focused is not None else self.screen.region
        if not self._painter.show(update, (x, y), range(focus.y, focus.bottom)):
            self.refresh()

    @property
    def round_trip_ms(self) -> float | None:
        """The last measured round trip to the terminal, milliseconds; None where it never answered."""
        seconds = self._painter.pacer.round_trip if self._painter else None
        return None if seconds is None else seconds * 1e3

    @property
    def link_bytes_per_s(self) -> float | None:
        """The last measured throughput to the terminal; None before a large frame was answered."""
        return self._painter.pacer.throughput if self._painter else None

    @property
    def rest_s(self) -> float:
        """Seconds that should lie between two changes of what changes by itself; 0 where the link is fast."""
        return self._painter.pacer.rest if self._painter else 0.0

    def narrowed(self) -> None:
        """The terminal was found to draw characters of ambiguous width wide: they are not sent any more."""
        self.redraw()

    def action_redraw(self) -> None:
        """Paint the whole screen again."""
        self.redraw()

    def redraw(self) -> None:
        """Paint the whole screen again, whatever the terminal shows."""
        if self._painter is not None:
            self._painter.repaint()
        self.refresh()

    def pop_screen(self) -> AwaitComplete:
        """Leave a screen, and let go what it drew: a cache of Textual's would keep 1,024 widgets' lines."""
        left = super().pop_screen()
        StylesCache.get_inner_outer.cache_clear()
        return left

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        """Let keys act in turn; note of each whether it was alone, and that its answer goes first."""
        typed = event if isinstance(event, events.Key | events.Paste) and not event.is_forwarded else None
        if typed and not self._turns.may_act(typed):
            return
        if isinstance(event, events.Key):
            self.last_key_alone = came_alone(event)
        if self._painter is not None and isinstance(event, events.InputEvent | events.Paste):
            self._painter.key()
            if isinstance(self.screen, TerminalScreen):
                self.screen.hasten()
        await super().on_event(event)
        if typed:
            self._turns.acted(typed)

    def on_turns_acted(self, message: Acted) -> None:
        """A key has acted."""
        self._turns.heard(message)

    # Manners.

    def run(self, *args: Any, **options: Any) -> Any:
        """Run until the end, with what `exit` was given; the terminal is restored whatever goes wrong."""
        try:
            return super().run(*args, **options)
        finally:
            if self.terminal is not None:
                self.terminal.close()

    def _build_driver(
        self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None
    ) -> Driver:
        driver = super()._build_driver(headless, inline, mouse and wants_mouse(os.environ), size)
        if isinstance(driver, TerminalDriver):
            driver.resting = self.resting
        return driver

    def set_title(self, text: str) -> None:
        """Show a text in the terminal's title, until another one or the end; in ASCII also where GNU screen
        would cut each character to a byte.
        """
        if self.terminal is not None:
            plain = self._ascii_only or in_screen(os.environ)
            self.terminal.set_title("".join(characters_of(text, Charset.ASCII)) if plain else text)

    def ring(self, text: str, way: str) -> None:
        """Call somebody to the terminal; see `manners.ring_sequence`."""
        if self.terminal is not None and not self.terminal.plain:
            self.terminal.put(ring_sequence(text, way, tmux="TMUX" in os.environ))

    def copy_text(self, text: str) -> str:
        """Copy to the clipboard; the way taken, in words."""
        if self.terminal is None:
            self.copy_to_clipboard(text)
            return "by the terminal"
        return copy(text, self.terminal.put)

    def action_mouse(self) -> None:
        """Mouse reports on or off."""
        if self.terminal is not None:
            self.terminal.mouse = not self.terminal.mouse
            self.say("mouse on; hold shift to select text" if self.mouse_on else "mouse off")

    @property
    def mouse_on(self) -> bool:
        """Whether the terminal reports the mouse."""
        return self.terminal is not None and self.terminal.mouse

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Give the terminal to another program within the `with`; it comes back also when that fails."""
        failure: Exception | None = None
        with super().suspend():
            try:
                yield
            except Exception as error:
                failure = error
        if failure is not None:
            raise failure

    def action_suspend(self) -> None:
        """Suspend to the shell; `fg` comes back. Refused where no shell is there to do that."""
        if self.terminal is not None and not has_shell():
            self.say("not suspended: no shell started this that could bring it back", "warning")
        else:
            self.action_suspend_process()

    def say(self, text: str, role: str = "text") -> None:
        """Tell the user something; `role` is `text`, `ok`, `warning` or `error`."""
        self.notify(text, severity="information" if role in ("text", "ok") else "warning", markup=False)

    # Crashes.

    def _handle_exception(self, error: Exception) -> None:
        self._crash = self._crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        if self.terminal is None:
            super()._fatal_error()
        else:
            self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        if self.terminal is None:
            super()._print_error_renderables()
            return
        if self._crash is not None:
            _tell(self._crash, self.crash_folder)
            self._crash = None
        self._exit_renderables.clear()


def _tell(error: BaseException, folder: Path | None) -> None:
    """Say on standard error, with the terminal restored, what happened and where the report lies."""
    from pake_tui.tui.terminal.crash import write_crash_report

    path = write_crash_report(folder, error) if folder is not None else None
    where = f"report: {path}" if path else "no report could be written"
    kind = type(error).__name__
    print(f"pake-tui: ended by an error of its own ({kind}); {where}", file=sys.__stderr__)
