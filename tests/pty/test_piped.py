"""The console on what is piped into it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.pty.driver import Terminal

TEXT = "".join(
    f"2026-03-01 14:00:{n:02} {'ERROR' if n % 7 == 0 else 'INFO'} app: line {n}\n" for n in range(60)
)


def test_the_console_shows_what_is_piped_in(
    open_terminal: Callable[..., Terminal], private_places: Path
) -> None:
    """With `-` the log screen opens on the pipe, keys come from the terminal, and new lines follow."""
    pipe = private_places / "source"
    os.mkfifo(pipe)
    shell = f'cat "{pipe}" | "$0" -m pake_tui -'
    terminal = open_terminal(command=["bash", "-ic", shell, sys.executable])
    with pipe.open("w") as sink:
        sink.write(TEXT)
        sink.flush()
        terminal.wait_for("line 59", seconds=30.0)
        terminal.wait_for("[─━] Logs ─")
        sink.write("2026-03-01 14:02:00 WARN app: one more\n")
        sink.flush()
        terminal.wait_for("one more")
        terminal.press("/")
        terminal.send(b"level:error\r")
        terminal.wait(lambda: "line 56" in terminal.text() and "one more" not in terminal.text(), what="hits")
    terminal.press("q")
    terminal.wait_for("q again")
    terminal.press("q")
    terminal.wait_exit()
    pid = terminal.process.pid
    assert not list(Path(tempfile.gettempdir()).glob(f"pake-stream-{pid}-*"))
