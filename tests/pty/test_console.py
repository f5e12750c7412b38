"""The real command in a real pseudo-terminal, read back through an emulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.engine.store.state import StateStore
from tests.pty.driver import Terminal

COMMAND = [sys.executable, "-m", "pake_tui"]
LEAVE = "q again to quit"


def quit_by_key(terminal: Terminal) -> int | None:
    """`q`, and again where the console warns."""
    terminal.press("q")
    terminal.wait(lambda: LEAVE in terminal.text(), what="the warning")
    terminal.press("q")
    return terminal.wait_exit()


@pytest.fixture
def host_logs(private_places: Path) -> Path:
    """A log file in ./logs with a hostile line."""
    folder = Path.cwd() / "logs"
    folder.mkdir()
    hostile = "\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x07[red]markup[/red] \x9b31m\u202eabc"
    lines = [f"2026-03-01T12:00:{n:02} INFO app: line {n}" for n in range(50)]
    (folder / "app.log").write_text("\n".join([*lines, f"2026-03-01T12:01:00 ERROR app: {hostile}", ""]))
    return folder


def test_it_opens_on_this_host_and_leaves_the_terminal_as_it_was(
    open_terminal: Callable[..., Terminal], host_logs: Path
) -> None:
    """Without configuration the overview is there; every screen opens; `q` restores all."""
    terminal = open_terminal(command=COMMAND)
    terminal.wait(lambda: "Metrics" in terminal.text() and "Alerts" in terminal.text(), what="the overview")
    terminal.wait(lambda: "line 49" in terminal.text(), what="log lines")
    for key, title in (("2", "Detail"), ("3", "Logs"), ("4", "Health"), ("5", "Settings"), ("?", "Help")):
        terminal.press(key)
        terminal.wait_for(f"[─━] {title}")
    terminal.press("1")
    terminal.wait_for("[─━] Metrics")
    assert quit_by_key(terminal) == 0
    assert terminal.restored() == []


def test_no_escape_of_a_log_line_reaches_the_terminal(
    open_terminal: Callable[..., Terminal], host_logs: Path
) -> None:
    """A hostile line is shown as text and obeyed by nobody."""
    terminal = open_terminal(command=COMMAND)
    terminal.wait(lambda: "[red]markup[/red]" in terminal.text(), what="the hostile line")
    assert not any("pwned" in one or one.startswith("52;") for one in terminal.osc)
    assert "pwned" not in terminal.title
    assert "\u202e" not in terminal.raw.decode("utf-8", "replace")


def test_it_fits_eighty_by_twenty_four(open_terminal: Callable[..., Terminal]) -> None:
    """The four panels stack, and none is lost."""
    terminal = open_terminal(command=COMMAND, columns=80, rows=24)
    terminal.wait(
        lambda: all(name in terminal.text() for name in ("Metrics", "Health", "Alerts", "Logs")),
        what="panels",
    )


def test_where_frames_would_be_too_wide_it_draws_with_ascii(
    open_terminal: Callable[..., Terminal], host_logs: Path
) -> None:
    """A terminal that draws characters of ambiguous width wide is found out, and nothing is out of place."""
    terminal = open_terminal(command=COMMAND, wide=True)
    terminal.wait_for(r"(?m)^[+#][-=] Logs -+.*\+$")
    terminal.wait_for(r"(?m)^\| .*line 49 +\|$")


@pytest.fixture
def with_collector(private_places: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateStore]:
    """A state folder whose collector is ended with the test."""
    monkeypatch.delenv("PAKE_COLLECTOR")
    folder = private_places / "state"
    folder.mkdir(mode=0o700)
    state = StateStore(folder)
    yield state
    leader = state.leadership.current()
    if leader is not None and leader.alive:
        os.kill(leader.pid, signal.SIGKILL)
    state.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_collector_is_replaced(
    open_terminal: Callable[..., Terminal], with_collector: StateStore, how: signal.Signals
) -> None:
    """A console starts its collector, and another one when that is killed or falls silent."""
    terminal = open_terminal(command=COMMAND)
    terminal.wait(lambda: "● own collector" in terminal.text(), seconds=20.0, what="its collector")
    terminal.wait(lambda: "cpu" in terminal.text(), seconds=20.0, what="samples")
    first = with_collector.leadership.current()
    assert first is not None
    os.kill(first.pid, how)

    def replaced() -> bool:
        now = with_collector.leadership.current()
        return now is not None and now.pid != first.pid and now.alive and not now.silent

    try:
        terminal.wait(replaced, seconds=20.0, what="another collector")
        terminal.wait(lambda: "● own collector" in terminal.text(), seconds=20.0, what="the header")
    finally:
        if how is signal.SIGSTOP:
            os.kill(first.pid, signal.SIGKILL)


@pytest.mark.needs_server("tmux")
def test_it_runs_inside_tmux(open_terminal: Callable[..., Terminal], host_logs: Path, tmp_path: Path) -> None:
    """In a real tmux the panels are drawn and `q` ends it."""
    tmux = ["tmux", "-S", str(tmp_path / "tmux.sock"), "-f", "/dev/null"]
    terminal = open_terminal(command=[*tmux, "new-session", *COMMAND])
    try:
        terminal.wait_for("[─━] Metrics", seconds=20.0)
        terminal.wait_for("line 49", seconds=20.0)
        assert quit_by_key(terminal) == 0
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


def test_a_suspended_console_leaves_its_collector_at_work(
    open_terminal: Callable[..., Terminal], with_collector: StateStore
) -> None:
    """While the console that started it is stopped by ctrl+z the collector goes on; `fg` shows it still."""
    shell = 'set -m; "$@"; echo stopped; read x; fg'
    terminal = open_terminal(command=["sh", "-c", shell, "sh", *COMMAND])
    terminal.wait(lambda: "● own collector" in terminal.text(), seconds=20.0, what="its collector")
    before = with_collector.leadership.current()
    assert before is not None
    terminal.press("<ctrl+z>")
    terminal.wait(lambda: b"stopped\r\n" in terminal.raw, what="the shell")
    terminal.screen.reset()
    beat = before.beat_ns

    def beats() -> bool:
        now = with_collector.leadership.current()
        return now is not None and now.pid == before.pid and now.beat_ns > beat + 3_000_000_000

    terminal.wait(beats, what="the collector's signs of life")
    terminal.send(b"\n")
    terminal.wait(lambda: "● own collector" in terminal.text(), what="the header")
    assert quit_by_key(terminal) == 0
