"""The console ends in every way there is: the terminal is as it was found, and no process is left of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.pty.driver import Terminal

PROGRAM = """
import sys
from pake_tui.cli.main import main
from pake_tui.tui.app import PakeApp

def fail(app):
    raise RuntimeError("crashed on purpose")

PakeApp.action_redraw = fail
sys.exit(main([]))
"""
"""The console with a defect behind `ctrl+l`."""
SHELL = '"$@"; exit $?'
SET = {1049: "alternate screen", 2004: "bracketed paste", 1000: "mouse", 1006: "mouse reports"}


def by_key(terminal: Terminal, console: psutil.Process) -> None:
    """`q`, and again where it warns."""
    terminal.press("q")
    terminal.wait_for("q again to quit")
    terminal.press("q")


def by_crash(terminal: Terminal, console: psutil.Process) -> None:
    """The key with the defect."""
    terminal.press("<ctrl+l>")


def by_signal(number: signal.Signals) -> Callable[[Terminal, psutil.Process], None]:
    """A signal to the console itself."""
    return lambda terminal, console: console.send_signal(number)


def by_killed_shell(terminal: Terminal, console: psutil.Process) -> None:
    """The shell that started it is killed: the kernel hangs the session up."""
    terminal.process.kill()


def by_closed_window(terminal: Terminal, console: psutil.Process) -> None:
    """The terminal itself is gone."""
    terminal.hang_up()


ENDINGS = {
    "quit": (by_key, 0),
    "crash": (by_crash, 1),
    "SIGTERM": (by_signal(signal.SIGTERM), 128 + signal.SIGTERM),
    "SIGHUP": (by_signal(signal.SIGHUP), 128 + signal.SIGHUP),
    "SIGINT": (by_signal(signal.SIGINT), 128 + signal.SIGINT),
    "killed shell": (by_killed_shell, -signal.SIGKILL),
    "closed window": (by_closed_window, None),
}


def processes(terminal: Terminal) -> tuple[psutil.Process, list[psutil.Process]]:
    """The console below its shell, and what it started."""
    (console,) = psutil.Process(terminal.process.pid).children()
    return console, console.children(recursive=True)


def has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, or only its exit code is left."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("name", ENDINGS)
def test_however_it_ends_nothing_is_left(open_terminal: Callable[..., Terminal], name: str) -> None:
    """Mouse, paste, keyboard, title, screen, cursor and line modes are given back; the scan worker ends."""
    end, code = ENDINGS[name]
    logs = Path.cwd() / "logs"
    logs.mkdir()
    (logs / "app.log").write_text("2026-03-01T12:00:00 INFO app: a line\n" * 200)
    terminal = open_terminal(command=["sh", "-c", SHELL, "sh", sys.executable, "-c", PROGRAM])
    terminal.wait_for("a line")
    terminal.press("3")
    terminal.wait_for("[─━] Logs")
    terminal.press("/")
    terminal.wait_for("level>=")
    terminal.press("x")
    terminal.wait(lambda: processes(terminal)[1], what="the scan worker")
    terminal.wait_for("0 hits")
    terminal.press("<esc>")
    terminal.wait_for("1-5 screens")
    console, children = processes(terminal)
    assert [mode for mode in SET if terminal.modes.get(mode)] == [*SET]
    assert terminal.key_modes == 1
    assert terminal.title
    end(terminal, console)
    if code is not None:
        assert terminal.wait_exit() == code
    terminal.wait(lambda: all(map(has_ended, (console, *children))), what="the end of all its processes")
    if code is not None:
        terminal.settle()
        assert terminal.restored() == []
