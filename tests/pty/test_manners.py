"""What the environment says of a terminal, titles and copying."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pake_tui.tui.terminal.clipboard import OSC52_LIMIT, copy
from pake_tui.tui.terminal.crash import write_crash_report
from pake_tui.tui.terminal.manners import (
    check_terminal,
    color_system,
    ring_sequence,
    title_sequence,
    wants_ascii,
    wants_mouse,
)


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.utf8@euro"}, False),
        ({"LANG": "C.UTF-8", "LC_ALL": ""}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "POSIX"}, True),
        ({"LC_ALL": "en_US.UTF-8", "LC_CTYPE": "C"}, False),
        ({"LANG": "de_DE"}, True),
        ({"LANG": "de_DE.ISO-8859-15"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "vt100"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "vte-256color"}, False),
    ],
)
def test_ascii_where_locale_or_terminal_want_it(environ: dict[str, str], ascii_only: bool) -> None:
    """LC_ALL, then LC_CTYPE, then LANG decide; old consoles get ASCII; an unknown locale gets Unicode."""
    assert wants_ascii(environ) is ascii_only


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm"}, "256"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "xterm-16color", "COLORTERM": "truecolor"}, "16"),
        ({"TERM": "xterm-mono"}, "none"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "STY": "1.pts"}, "256"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, "16"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "vte-256color"}, "256"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({}, "none"),
    ],
)
def test_colour_depth(environ: dict[str, str], depth: str) -> None:
    """NO_COLOR (not empty), COLORTERM and TERM decide how many colours are sent."""
    assert color_system(environ) == depth


def test_the_mouse_is_off_over_ssh() -> None:
    """Over ssh, and on consoles without one, mouse reports start off."""
    assert wants_mouse({"TERM": "xterm-256color"})
    assert not wants_mouse({"TERM": "xterm-256color", "SSH_CONNECTION": "a 1 b 2"})
    assert not wants_mouse({"TERM": "linux"})


def test_titles_are_text() -> None:
    """A title cannot end its own sequence, and is not endless."""
    assert title_sequence("a\x1b\\\x07\x9cb") == "\x1b]2;a␛\\␇<9C>b\x1b\\"
    assert len(title_sequence("x" * 1000)) < 140


def test_what_is_no_terminal_is_named() -> None:
    """The message says what is missing and which command works without."""
    assert "pake-tui logs --follow" in check_terminal({"TERM": "xterm"})


def written(environ: dict[str, str], text: str = "héllo") -> tuple[str, list[str]]:
    """The way taken, and what was written for it."""
    pieces: list[str] = []
    return copy(text, pieces.append, environ), pieces


def test_copying_by_the_terminal() -> None:
    """OSC 52 carries the text; what is too long for it is cut, and that is said."""
    way, pieces = written({})
    assert way == "by the terminal"
    assert pieces == [f"\x1b]52;c;{base64.b64encode('héllo'.encode()).decode()}\x07"]
    way, pieces = written({}, "x" * (OSC52_LIMIT + 1))
    assert way.endswith("its first 74 KB")
    assert len(pieces[0]) < 100_010


def test_copying_through_screen() -> None:
    """In screen the sequence goes through in pieces that its limit on strings lets pass."""
    way, pieces = written({"STY": "1.pts-0.host"}, "x" * 1000)
    assert way == "through screen"
    assert all(piece.startswith("\x1bP") and piece.endswith("\x1b\\") for piece in pieces)
    assert all(len(piece) < 512 for piece in pieces)
    inside = "".join(piece[2:-2] for piece in pieces)
    assert base64.b64decode(inside.removeprefix("\x1b]52;c;").removesuffix("\x07")) == b"x" * 1000


@pytest.fixture
def tmux_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A tmux server of its own, and $TMUX as a program in it sees it."""
    socket = str(tmp_path / "tmux")
    start = ["tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "cat"]
    subprocess.run(start, check=True, env={**os.environ, "TERM": "xterm-256color"})
    monkeypatch.setenv("TMUX", f"{socket},1,0")
    yield socket
    subprocess.run(["tmux", "-S", socket, "kill-server"], check=False)


@pytest.mark.needs_server("tmux")
def test_copying_in_tmux(tmux_server: str) -> None:
    """In a tmux with its default settings the text is in tmux's buffer."""
    way, pieces = written({"TMUX": "set"})
    assert "tmux" in way
    assert pieces == []
    shown = subprocess.run(
        ["tmux", "-S", tmux_server, "show-buffer"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "héllo"


def test_copying_where_tmux_has_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A $TMUX whose server is gone costs a moment, and the terminal is asked instead."""
    monkeypatch.setenv("TMUX", f"{tmp_path}/nothing,1,0")
    began = time.monotonic()
    assert written({"TMUX": "set"})[0] == "by the terminal"
    assert time.monotonic() - began < 5


def test_a_crash_report_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    """Where the folder takes no file, there is no report and no second failure."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert write_crash_report(blocked, ValueError("x")) is None


def test_a_call_is_a_bell_or_a_notification_that_no_title_can_break_out_of() -> None:
    """Inside tmux it is wrapped, with a bell beside it; a hostile title stays text."""
    assert ring_sequence("x", "bell", tmux=True) == "\x07"
    assert ring_sequence("x", "none", tmux=False) == ""
    assert ring_sequence("web-1: down", "osc9", tmux=False) == "\x1b]9;web-1: down\x07\x07"
    hostile = ring_sequence("a\x07\x1b]52;c;aGk=\x07", "osc9", tmux=True)
    assert hostile.startswith("\x1bPtmux;\x1b\x1b]9;a")
    assert hostile.count("\x1b") == 4
    assert hostile.count("\x07") == 2
