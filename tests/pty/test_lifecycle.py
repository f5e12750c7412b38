"""However the app ends, the terminal is as it was found; and it never spins, blocks or types by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pty.driver import Terminal

Opener = Callable[..., Terminal]


def started(terminal: Terminal) -> Terminal:
    """The same terminal once the app has painted all it has."""
    terminal.wait_for("option 00")
    terminal.wait(lambda: terminal.title, what="a title")
    terminal.settle()
    return terminal


def test_start_sets_and_quit_restores(open_terminal: Opener) -> None:
    """Alternate screen, hidden cursor, bracketed paste, mouse and title are set, and all are given back."""
    terminal = started(open_terminal())
    assert {mode for mode in (1049, 2004, 1000, 1006) if terminal.modes.get(mode)} == {1049, 2004, 1000, 1006}
    assert not terminal.modes.get(1003)
    assert terminal.modes[25] is False
    assert terminal.title == "sample ␛]0;evil␇ title"
    assert "evil" not in [text.partition(";")[2] for text in terminal.osc if text.startswith("0;")]
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.restored() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_restores(open_terminal: Opener, number: signal.Signals) -> None:
    """SIGTERM, SIGHUP and SIGINT end the app with 128 + number and a restored terminal."""
    terminal = started(open_terminal())
    terminal.process.send_signal(number)
    assert terminal.wait_exit() == 128 + number
    assert terminal.restored() == []


@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_window_ends_it(open_terminal: Opener, ignored: bool) -> None:
    """When the window closes the app ends, even where SIGHUP is ignored, and uses no CPU for it."""
    code = "import os, signal, sys; "
    code += "signal.signal(signal.SIGHUP, signal.SIG_IGN); " if ignored else ""
    code += "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    sample = str(Path(__file__).with_name("sample_app.py"))
    terminal = started(open_terminal(command=[sys.executable, "-c", code, sample]))
    terminal.hang_up()
    assert terminal.process.wait(10) == 128 + signal.SIGHUP


def test_a_crash_restores_and_names_its_report(open_terminal: Opener, tmp_path: Path) -> None:
    """An exception restores the terminal, is written to a private file, and one line says where."""
    terminal = started(open_terminal(f"crash={tmp_path}", columns=200))
    mark = len(terminal.raw)
    terminal.press("x")
    assert terminal.wait_exit() == 1
    assert terminal.restored() == []
    (report,) = tmp_path.glob("crash-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "RuntimeError: crashed on purpose" in report.read_text()
    after = terminal.raw[mark:].partition(b"\x1b[?1049l")[2].decode()
    assert f"report: {report}" in after
    assert "Traceback" not in after


def test_suspend_gives_the_terminal_back_and_resume_paints(open_terminal: Opener) -> None:
    """ctrl+z restores the terminal and stops; `fg` takes it again, mouse as it was, and paints all of it."""
    terminal = started(open_terminal())
    before = terminal.cells()
    for _ in range(2):
        terminal.press("<ctrl+z>")
        stopped = os.waitpid(terminal.process.pid, os.WUNTRACED)[1]
        assert os.WIFSTOPPED(stopped)
        terminal.settle()
        assert terminal.restored() == []
        terminal.screen.reset()
        terminal.screen.reset_mode(7, private=True)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait(lambda: terminal.cells() == before, what="the same screen")
        assert terminal.modes[1049]
        assert terminal.modes[1000]
    terminal.press("m")
    terminal.wait(lambda: not terminal.modes[1000], what="the mouse to be off")
    terminal.press("<ctrl+z>")
    os.waitpid(terminal.process.pid, os.WUNTRACED)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait(lambda: terminal.modes[1049], what="the alternate screen")
    terminal.press("a")
    terminal.wait_for("notes a")
    assert not terminal.modes[1000]
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.restored() == []


def test_stopped_from_outside_it_takes_the_terminal_again(open_terminal: Opener) -> None:
    """After a SIGSTOP that nobody announced, SIGCONT sets modes and screen anew, and keys arrive once."""
    terminal = started(open_terminal())
    before = terminal.cells()
    terminal.process.send_signal(signal.SIGSTOP)
    os.waitpid(terminal.process.pid, os.WUNTRACED)
    terminal.screen.reset()
    terminal.screen.reset_mode(7, private=True)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait(lambda: terminal.cells() == before, what="the same screen")
    terminal.press("a")
    terminal.wait_for("notes a ")
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.restored() == []


def test_redraw_paints_what_was_disturbed(open_terminal: Opener) -> None:
    """ctrl+l paints the whole screen again over whatever another program wrote."""
    terminal = started(open_terminal())
    before = terminal.cells()
    terminal.screen.reset()
    terminal.screen.reset_mode(7, private=True)
    terminal.press("<ctrl+l>")
    terminal.wait(lambda: terminal.cells() == before, what="the same screen")


def test_replies_and_bursts_change_nothing_and_paste_is_text(open_terminal: Opener) -> None:
    """A colour reply presses nothing, letters in one read are not alone, a paste is text."""
    terminal = started(open_terminal())
    terminal.send(b"\x1b]11;rgb:1a1a/")
    terminal.settle()
    terminal.send(b"1a1a/2b2b\x1b\\")
    terminal.settle()
    terminal.send(b"aa")
    terminal.wait_for(r"notes \(a\) \(a\)")
    terminal.send(b"\x1b[200~aq\x1b[31m\x1b[201~")
    terminal.wait_for(r"notes \(a\) \(a\) pasted 'aq\\x1b\[31m'")
    terminal.press("i")
    terminal.wait_for(r"notes \(a\) \(a\) i ")


def test_over_ssh_the_mouse_is_off(open_terminal: Opener) -> None:
    """Where SSH_CONNECTION is set no mouse report is asked for, until its key is pressed."""
    terminal = started(open_terminal(env={"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}))
    assert not terminal.modes.get(1000)
    terminal.press("m")
    terminal.wait(lambda: terminal.modes.get(1000), what="the mouse to be on")
    terminal.press("q")
    terminal.wait_exit()
    assert terminal.restored() == []


def test_an_old_console_gets_ascii_and_no_queries(open_terminal: Opener) -> None:
    """TERM=linux gets ASCII, sixteen colours, and none of the sequences that it would print."""
    terminal = started_plain(open_terminal(env={"TERM": "linux", "COLORTERM": ""}))
    terminal.press("q")
    assert terminal.wait_exit() == 0
    written = terminal.raw.decode()
    assert written.isascii()
    for foreign in ("\x1b]", "$p", "\x1b[>", "22;2t", "38;2;", "38;5;"):
        assert foreign not in written
    assert terminal.restored() == []


def started_plain(terminal: Terminal) -> Terminal:
    """The same terminal once the app has painted; it has no title."""
    terminal.wait_for("option 00")
    return terminal


def test_no_color_sends_no_color(open_terminal: Opener) -> None:
    """NO_COLOR sends no colour at all; an empty one does not count."""
    plain = started(open_terminal(env={"NO_COLOR": "1"}))
    plain.press("q")
    plain.wait_exit()
    assert not any(code in plain.raw for code in (b"38;", b"48;"))
    coloured = started(open_terminal(env={"NO_COLOR": ""}))
    assert b"38;2;" in coloured.raw


CHECK = "from pake_tui.tui.terminal.manners import check_terminal; print(check_terminal())"


def test_where_no_console_can_be_it_is_said(open_terminal: Opener) -> None:
    """Without a terminal, or with a dumb one, the reason and a headless command are told."""
    piped = subprocess.run(
        [sys.executable, "-c", CHECK], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert "standard input is not a terminal" in piped.stdout
    assert "pake-tui alerts" in piped.stdout
    for term, message in {"dumb": "TERM=dumb cannot", "": "TERM is not set", "xterm": "$"}.items():
        terminal = open_terminal(command=[sys.executable, "-c", CHECK], env={"TERM": term}, columns=200)
        assert terminal.wait_exit() == 0
        assert message in terminal.text() or (term == "xterm" and not terminal.text().strip())


PIPED = """
import os, sys
from pake_tui.tui.terminal.manners import claim_stdin
piped = claim_stdin()
sys.stdin = sys.__stdin__ = open(0, closefd=False)
print(os.read(piped, 100), os.isatty(0), flush=True)
os.execv(sys.executable, [sys.executable, sys.argv[1]])
"""


def test_keys_work_when_input_is_piped(open_terminal: Opener) -> None:
    """With a pipe on standard input its text is kept aside and the keyboard works."""
    sample = str(Path(__file__).with_name("sample_app.py"))
    shell = 'echo piped | "$0" -c "$1" "$2"'
    terminal = started(open_terminal(command=["sh", "-c", shell, sys.executable, PIPED, sample]))
    assert b"b'piped\\n' True" in terminal.raw
    terminal.press("a")
    terminal.wait_for("notes a ")
    terminal.press("q")
    assert terminal.wait_exit() == 0


def test_a_stalled_terminal_never_stops_the_app(open_terminal: Opener) -> None:
    """While the terminal takes nothing the app goes on, queues nothing, and is whole again afterwards."""
    terminal = started(open_terminal())
    terminal.settle()
    for _ in range(30):
        terminal.send(b"tw")
        time.sleep(0.05)  # keys a person would press; nothing is read meanwhile
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_exit() == 128 + signal.SIGTERM
