"""However the app ends, the terminal is as it was found; and it never spins, blocks or types by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from pake_tui.engine.store.state import StateStore
from tests.pty.driver import Terminal

ROOT = Path(__file__).resolve().parents[2]
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


SHELL = 'set -m; "$@"; echo one; read x; fg; echo two; read x; fg; echo three; read x; fg; echo ended $?'


def blank(terminal: Terminal) -> None:
    """Let the terminal forget what it shows, as if another program had drawn."""
    terminal.screen.reset()
    terminal.screen.reset_mode(7, private=True)


def test_suspend_gives_the_terminal_back_and_resume_paints(open_terminal: Opener) -> None:
    """ctrl+z restores the terminal and stops; `fg` takes it again, mouse as it was, and paints all of it."""
    sample = str(Path(__file__).with_name("sample_app.py"))
    terminal = started(open_terminal(command=["sh", "-c", SHELL, "sh", sys.executable, sample]))
    before = terminal.cells()
    for word in (b"one\r\n", b"two\r\n"):
        terminal.press("<ctrl+z>")
        terminal.wait(lambda word=word: word in terminal.raw, what="the shell")
        assert terminal.restored() == []
        blank(terminal)
        terminal.send(b"\n")
        terminal.wait(lambda: terminal.cells() == before, what="the same screen")
        assert terminal.modes[1049]
        assert terminal.modes[1000]
    terminal.press("m")
    terminal.wait(lambda: not terminal.modes[1000], what="the mouse to be off")
    terminal.press("<ctrl+z>")
    terminal.wait(lambda: b"three\r\n" in terminal.raw, what="the shell")
    terminal.send(b"\n")
    terminal.wait(lambda: terminal.modes[1049], what="the alternate screen")
    terminal.press("a")
    terminal.wait_for("notes a")
    assert not terminal.modes[1000]
    terminal.press("q")
    terminal.wait(lambda: b"ended 0" in terminal.raw, what="the shell")
    assert terminal.restored() == []


def test_a_window_resized_while_suspended_is_filled_at_once(open_terminal: Opener) -> None:
    """`fg` in a window that became another size meanwhile paints all of that size."""
    sample = str(Path(__file__).with_name("sample_app.py"))
    terminal = started(open_terminal(command=["sh", "-c", SHELL, "sh", sys.executable, sample]))
    for word, columns, rows in ((b"one\r\n", 90, 30), (b"two\r\n", 130, 40)):
        terminal.press("<ctrl+z>")
        terminal.wait(lambda word=word: word in terminal.raw, what="the shell")
        terminal.resize(columns, rows)
        blank(terminal)
        terminal.send(b"\n")
        same = started(open_terminal(columns=columns, rows=rows)).text()
        terminal.wait(lambda same=same: terminal.text() == same, what="the screen of a new one of that size")


WRITING = """
import sys, threading, time
from pathlib import Path
from pake_tui.engine.store.forks import at_rest
from pake_tui.engine.store.state import StateStore
from tests.pty.sample_app import SampleApp

app, state = SampleApp(), StateStore(Path(sys.argv[1]))

def write():
    while True:
        with state.database.write():
            time.sleep(0.03)
        time.sleep(0.001)

threading.Thread(target=write, daemon=True).start()
app.resting = at_rest
app.run()
sys.exit(app.return_code)
"""


def test_suspended_it_holds_up_nobody(open_terminal: Opener, tmp_path: Path) -> None:
    """Stopped while it writes all the time, it holds no lock: others write, nobody ends it for theirs."""
    folder = tmp_path / "stored"
    folder.mkdir(mode=0o700)
    program = [sys.executable, "-c", WRITING, str(folder)]
    terminal = started(
        open_terminal(command=["sh", "-c", SHELL, "sh", *program], env={"PYTHONPATH": str(ROOT)})
    )
    state = StateStore(folder)
    for word in (b"one\r\n", b"two\r\n", b"three\r\n"):
        terminal.press("<ctrl+z>")
        terminal.wait(lambda word=word: word in terminal.raw, what="the shell")
        with state.database.write(timeout=0.5):
            pass
        blank(terminal)
        terminal.send(b"\n")
        terminal.wait_for("option 00")
    state.close()
    terminal.press("q")
    terminal.wait(lambda: b"ended 0" in terminal.raw, what="the shell")


def test_without_a_shell_nothing_is_suspended(open_terminal: Opener) -> None:
    """Where nobody could bring the app back, as after `ssh -t host pake-tui`, ctrl+z says so and goes on."""
    terminal = started(open_terminal())
    terminal.press("<ctrl+z>")
    terminal.wait_for("not suspended")
    terminal.press("a")
    terminal.wait_for("notes a")


def test_another_program_gets_the_terminal_for_a_while(open_terminal: Opener) -> None:
    """An editor has a terminal as found; neither a ctrl+c there nor its failing ends anything of ours."""
    terminal = started(open_terminal())
    before = terminal.cells()
    terminal.press("e")
    terminal.wait_for("editing")
    assert terminal.restored() == []
    terminal.process.send_signal(signal.SIGINT)
    blank(terminal)
    terminal.send(b"a line\n")
    terminal.wait(lambda: terminal.cells() == before, what="the same screen")
    assert b"got a line" in terminal.raw
    terminal.press("a")
    terminal.wait_for("notes a")
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.restored() == []


def test_stopped_from_outside_it_takes_the_terminal_again(open_terminal: Opener) -> None:
    """After a SIGSTOP that nobody announced, SIGCONT sets modes and screen anew, and keys arrive once."""
    terminal = started(open_terminal())
    before = terminal.cells()
    terminal.process.send_signal(signal.SIGSTOP)
    os.waitpid(terminal.process.pid, os.WUNTRACED)
    blank(terminal)
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
    blank(terminal)
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


def test_in_screen_the_title_is_ascii(open_terminal: Opener) -> None:
    """GNU screen, which cuts each character of a title to a byte, gets one that this does not spoil."""
    terminal = started(open_terminal(env={"STY": "1.pts-0.host"}))
    assert terminal.title == "sample ]0;evil title"
    assert "╭" in terminal.text()


def started_plain(terminal: Terminal) -> Terminal:
    """The same terminal once the app has painted; it has no title."""
    terminal.wait_for("option 00")
    return terminal


@pytest.mark.parametrize("wide", [False, True])
def test_characters_of_ambiguous_width_are_sent_where_they_are_narrow(
    open_terminal: Opener, wide: bool
) -> None:
    """Where the terminal draws them wide, lines and letters have ASCII in their place; other text stays."""
    terminal = open_terminal(wide=wide)
    terminal.wait(lambda: ("╭" in terminal.text()) is not wide and "漢字" in terminal.text(), what="text")
    terminal.press("w", "t", "<down>")
    terminal.settle()
    drawn = {one for one in terminal.text() if not one.isalpha()}  # letters: the emulator joins marks to them
    assert any(unicodedata.east_asian_width(one) == "A" for one in drawn) is not wide
    assert "漢字" in terminal.text()


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
    """While the terminal takes nothing the app goes on taking keys, and the screen is whole afterwards."""
    terminal = started(open_terminal())
    terminal.reading = False
    terminal.press(*"twl" * 20, "a")
    terminal.reading = True
    terminal.wait_for("notes a")
    terminal.settle()
    shown = terminal.cells()
    blank(terminal)
    terminal.press("<ctrl+l>")
    terminal.wait(lambda: terminal.cells() == shown, what="the same screen")


def test_a_stalled_terminal_does_not_hold_the_end_up(open_terminal: Opener) -> None:
    """SIGTERM ends the app also while the terminal takes nothing."""
    terminal = started(open_terminal())
    terminal.reading = False
    terminal.press(*"twl" * 20)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(10) == 128 + signal.SIGTERM


@pytest.mark.needs_server("tmux")
def test_in_tmux_the_same_is_shown(open_terminal: Opener, tmp_path: Path) -> None:
    """Within tmux, after scrolling, themes and screens, the screen is what it is without, and keys work."""
    sample = str(Path(__file__).with_name("sample_app.py"))
    tmux = ["tmux", "-S", str(tmp_path / "s"), "-f", "/dev/null"]
    inside = open_terminal(command=[*tmux, "new-session", ";", "set", "status", "off"], rows=36)
    inside.wait(lambda: inside.modes.get(1049), what="tmux")
    inside.settle()
    inside.send(f"exec {sys.executable} {sample}\r".encode())
    plain = open_terminal()
    for terminal in (inside, plain):
        started_plain(terminal).settle()
        for key in ["<down>"] * 40 + list("swlttttpp"):
            terminal.press(key)
            terminal.settle(0.05)
        terminal.settle(0.5)
    assert inside.text() == plain.text()
    subprocess.run([*tmux, "kill-server"], check=True)
