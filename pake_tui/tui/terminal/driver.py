"""Drives the terminal: its modes, its size, its input; restores all of it however the app ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import constants, events
from textual.driver import Driver
from textual.geometry import Size

from pake_tui.tui.terminal.keyboard import SYNCHRONIZED
from pake_tui.tui.terminal.manners import (
    RESTORE_TITLE,
    SAVE_TITLE,
    erases_with_background,
    is_plain,
    title_sequence,
)
from pake_tui.tui.terminal.reader import Reader
from pake_tui.tui.terminal.writer import Writer

if TYPE_CHECKING:
    from textual.app import App

ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h"
LEAVE = "\x1b[0m\x1b[r\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h"
MOUSE_ON = "\x1b[?1000h\x1b[?1006h"
"""Buttons and wheel only: a report for each movement would cost a packet and repaint what is under it."""
MOUSE_OFF = "\x1b[?1006l\x1b[?1000l"
KITTY_ON, KITTY_OFF = "\x1b[>1u", "\x1b[<u"
"""Kitty's keyboard protocol, only its first level: an escape key that cannot be mistaken for a beginning."""
POINTER_SHAPE = "\x1b]22;"
ASK_POSITION = "\x1b[6n"
ASK_SYNCHRONIZED = "\x1b[?2026$p"


class TerminalDriver(Driver):
    """Textual's driver for a real terminal: keys from descriptor 0, painting on 2.

    `reported`, `drained` and `entered` are called on the event loop: a cursor report came, nothing waits to
    be written any more, the terminal is ours again and shows nothing of what was painted before. Within
    `resting` the process is stopped.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.reported: Callable[[int, int], None] = lambda row, column: None
        self.drained: Callable[[], None] = lambda: None
        self.entered: Callable[[], None] = lambda: None
        self.foreign_write: Callable[[str], None] = lambda text: None
        self.resting: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self.synchronized = False
        self.title = ""
        self.plain = is_plain(os.environ)
        self.erases = erases_with_background(os.environ)
        self._kitty = not (self.plain or constants.DISABLE_KITTY_KEY)
        self._input = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._output = sys.__stderr__.fileno() if sys.__stderr__ else 2
        self._before: list[Any] | None = None
        self._writer: Writer | None = None
        self._reader: Reader | None = None
        self._must_signal_resume = False
        self._lent = False
        self._size = size or self.size
        signal.signal(signal.SIGTSTP, self._suspended)
        signal.signal(signal.SIGCONT, self._continued)

    # What Textual asks of a driver.

    @property
    def can_suspend(self) -> bool:
        """A job can be suspended."""
        return True

    def write(self, data: str) -> None:
        """Write what is not a frame: bell, pointer shape. Ignored while the terminal is not ours."""
        if data.startswith(POINTER_SHAPE) and (self.plain or not self._mouse):
            return
        self.foreign_write(data)
        self.put(data)

    def start_application_mode(self) -> None:
        """Take the terminal: raw input, other screen, hidden cursor."""
        if self._writer is not None or not self._in_foreground():
            return
        self._make_raw()
        self._writer = Writer(self._output, lambda: self._soon(self.drained))
        self._obey(ENDINGS[:-1] if self._lent else ENDINGS)
        if self._lent:
            # The loop has not seen yet which interrupts were meant for the other program.
            self._loop.call_later(0.1, self._obey, ENDINGS[-1:])
        self._lent = False
        signal.signal(signal.SIGWINCH, lambda number, frame: self._resized())
        self._send_size()
        self._enter()
        self._start_reading()
        self._soon(self.entered)
        if self._must_signal_resume:
            self._must_signal_resume = False
            self.send_message(self.SignalResume())

    def disable_input(self) -> None:
        """Read no more keys."""
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop()
            with contextlib.suppress(termios.error):
                termios.tcflush(self._input, termios.TCIFLUSH)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was found."""
        self.disable_input()
        if self._writer is not None and self._before is not None:
            self.put(self._leaving())
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSANOW, self._before)
            self._before = None

    def close(self) -> None:
        """Write what waits and forget the terminal."""
        self.stop_application_mode()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for number in ENDINGS:
            self._loop.remove_signal_handler(number)

    def suspend_application_mode(self) -> None:
        """Give the terminal to somebody else for a while; a ctrl+c there is not meant for us."""
        self.stop_application_mode()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        self._lent = True
        self._loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, lambda number, frame: None)

    # What the rest of this room asks.

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal now."""
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(self._output)
            if columns and rows:
                return columns, rows
        return 80, 24

    @property
    def busy(self) -> bool:
        """Whether the terminal has not taken all that was written."""
        return self._writer is None or self._writer.waiting > 0

    def put(self, data: str, *, asks: bool = False) -> None:
        """Write without telling anybody; never blocks. `asks` for a cursor report behind it: `reported` is
        called when that comes.
        """
        if asks and self._reader is not None:
            self._reader.asked()
            data += ASK_POSITION
        if self._writer is not None:
            self._writer.write(data)

    @property
    def mouse(self) -> bool:
        """Whether mouse reports are on."""
        return self._mouse

    @mouse.setter
    def mouse(self, on: bool) -> None:
        self._mouse = on
        self.put(MOUSE_ON if on else MOUSE_OFF)

    def set_title(self, text: str) -> None:
        """Show a title, until another one or the end; consoles without titles are left alone."""
        if text != self.title and not self.plain:
            self.title = text
            self.put(title_sequence(text))

    # Modes.

    def _enter(self, *, again: bool = False) -> None:
        """Set the modes; those that are kept on a stack only the first time."""
        parts = [ENTER, MOUSE_ON if self._mouse else ""]
        if not again and self._kitty:
            parts.append(KITTY_ON)
        if not self.plain:
            if not again:
                parts.insert(0, SAVE_TITLE)
            if self.title:
                parts.append(title_sequence(self.title))
            if os.environ.get("TERM_PROGRAM") != "Apple_Terminal":
                parts.append(ASK_SYNCHRONIZED)
        self.put("".join(parts))

    def _leaving(self) -> str:
        mouse = MOUSE_OFF if self._mouse else ""
        kitty = KITTY_OFF if self._kitty else ""
        return f"{mouse}{kitty}{LEAVE}{'' if self.plain else RESTORE_TITLE}"

    def _make_raw(self) -> None:
        """No echo, no line editing, no signals from keys, no flow control; output is left alone."""
        with contextlib.suppress(termios.error):
            self._before = self._before or termios.tcgetattr(self._input)
            modes = termios.tcgetattr(self._input)
            modes[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._input, termios.TCSANOW, modes)

    def _in_foreground(self) -> bool:
        """Whether the terminal lets us set it; in the background (`bg`) we are stopped again instead."""

        def stop_again(number: int, frame: object) -> None:
            os.kill(os.getpid(), signal.SIGSTOP)

        if not os.isatty(self._input):
            return True
        before = [signal.signal(number, stop_again) for number in (signal.SIGTTOU, signal.SIGTTIN)]
        try:
            termios.tcsetattr(self._input, termios.TCSANOW, termios.tcgetattr(self._input))
        except termios.error:
            return False
        finally:
            for number, handler in zip((signal.SIGTTOU, signal.SIGTTIN), before, strict=True):
                signal.signal(number, handler)
        return True

    # Signals.

    def _obey(self, numbers: tuple[signal.Signals, ...]) -> None:
        if self._writer is not None:
            for number in numbers:
                self._loop.add_signal_handler(number, self._ended_by, number)

    def _ended_by(self, number: int) -> None:
        self._app.exit(return_code=128 + number)

    def _suspended(self, number: int, frame: object) -> None:
        """Stop: while the app runs between two of its steps, so that it is in the middle of nothing."""
        if self._auto_restart and self._writer is not None:
            self._soon(self._stop)
        else:
            self._stop()

    def _stop(self) -> None:
        if self._auto_restart and self._writer is not None:
            self.suspend_application_mode()
            self._must_signal_resume = True
        with self.resting():
            os.kill(os.getpid(), signal.SIGSTOP)

    def _continued(self, number: int, frame: object) -> None:
        if not self._auto_restart:
            return
        if self._writer is None:
            if self._must_signal_resume:
                self.resume_application_mode()
            return
        # Stopped without our knowing: the shell has set the terminal its own way meanwhile.
        self._make_raw()
        self._enter(again=True)
        self._resized()

    def _resized(self) -> None:
        self._send_size()
        self._soon(self.entered)

    def _send_size(self) -> None:
        size = Size(*self.size)
        self.send_message(events.Resize(size, size))

    def _soon(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call)

    # Input.

    def _start_reading(self) -> None:
        self._reader = Reader(
            self._input,
            constants.ESCAPE_DELAY,
            deliver=self.process_message,
            reported=lambda row, column: self._soon(partial(self.reported, row, column)),
            mode=self._mode_reported,
            gone=lambda error: self._soon(partial(self._input_ended, error)),
        )

    def _input_ended(self, error: Exception | None) -> None:
        """Reading failed, which is a crash, or the terminal is gone, which is a hang-up."""
        if error is not None:
            self._app._handle_exception(error)
        else:
            self._ended_by(signal.SIGHUP)

    def _mode_reported(self, mode: str, known: bool) -> None:
        if mode == SYNCHRONIZED:
            self.synchronized = known
