"""Keys typed faster than the console draws."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pty.driver import Terminal

COMMAND = [sys.executable, "-m", "pake_tui"]


@pytest.mark.parametrize("keys", ["3/line 7\r", "3z/line 7\r1", "3:\x1b/line 7\r5", "5?\x1b3/line 7\r"])
def test_keys_that_came_at_once_act_one_after_the_other(
    open_terminal: Callable[..., Terminal], private_places: Path, keys: str
) -> None:
    """What is typed ahead in one read, over screens and prompts, does what it would do typed slowly."""
    folder = Path.cwd() / "logs"
    folder.mkdir()
    (folder / "app.log").write_text(
        "".join(f"2026-03-01T12:00:{n:02} INFO app: line {n}\n" for n in range(60))
    )
    terminal = open_terminal(command=COMMAND)
    terminal.wait_for("line 59")
    for _ in range(3):
        terminal.send(keys.encode())
        terminal.send(b"3")
        terminal.wait_for(r"Logs.*line 7")
        terminal.wait_for("f follows|following")
        terminal.press("X")
        terminal.wait(lambda: "line 59" in terminal.text(), what="all lines again")
        terminal.press("1")
        terminal.wait_for("Metrics")
