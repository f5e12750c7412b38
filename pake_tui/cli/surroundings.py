"""What `pake-tui doctor` says of this Python and this terminal; nothing of the console is loaded for it."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from pake_tui.cli.findings import Finding, broken, note, ok, warning

SLOW_ESCAPE_MS = 100
LEAST_COLUMNS, LEAST_ROWS = 80, 24


def versions() -> Iterator[Finding]:
    """Python, our dependencies, SQLite and the system."""
    parts = [f"python {platform.python_version()}"]
    for name in ("pake-tui", "textual", "psutil"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield broken("versions", f"{name} is not installed", "install pake-tui again with pip")
    yield ok("versions", ", ".join((*parts, f"sqlite {sqlite3.sqlite_version}")))
    yield note("versions", f"{platform.system()} {platform.release()} {platform.machine()}")


def terminal() -> Iterator[Finding]:
    """TERM, colours, locale, size, and what a multiplexer or ssh changes."""
    term = os.environ.get("TERM", "")
    if not (os.isatty(0) and os.isatty(2)):
        yield note("terminal", "input or error output is no terminal: the console cannot open here")
    if term in ("", "dumb", "unknown"):
        yield broken("terminal", f"TERM is {term or 'not set'}", "set TERM, e.g. xterm-256color")
    else:
        yield ok("terminal", f"TERM={term}")
    yield from _colours(term)
    yield from _locale(term)
    size = shutil.get_terminal_size()
    if os.isatty(2) and (size.columns < LEAST_COLUMNS or size.lines < LEAST_ROWS):
        least = f"{LEAST_COLUMNS}×{LEAST_ROWS}"
        yield warning("terminal", f"{size.columns}×{size.lines} cells are few", f"the console needs {least}")
    if os.environ.get("SSH_CONNECTION"):
        yield note("terminal", "over ssh: the mouse is off until M turns it on")
    if os.environ.get("TMUX"):
        yield from _tmux()


def _colours(term: str) -> Iterator[Finding]:
    depth = os.environ.get("COLORTERM", "")
    if os.environ.get("NO_COLOR"):
        yield note("terminal", "NO_COLOR is set: no colours")
    elif depth in ("truecolor", "24bit"):
        yield ok("terminal", f"24-bit colours (COLORTERM={depth})")
    elif any(name in term for name in ("256color", "xterm", "tmux", "rxvt-unicode", "konsole", "vte")):
        yield note(
            "terminal", "256 colours; ssh does not carry COLORTERM", "export COLORTERM=truecolor if it can"
        )
    else:
        yield note("terminal", "sixteen colours or fewer are assumed")


def _locale(term: str) -> Iterator[Finding]:
    """The first of the three that is not empty decides (POSIX)."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((name for name in names if os.environ.get(name)), "")
    value = os.environ.get(name, "")
    if term == "linux":
        yield note("terminal", "the Linux console has few glyphs: ASCII is drawn")
    elif value and "utf" not in value.lower():
        yield warning("terminal", f"{name}={value} is not UTF-8: ASCII is drawn", "export LC_ALL=C.UTF-8")
    else:
        yield ok("terminal", f"locale {name}={value}" if value else "no locale is set: UTF-8 is assumed")
    if not os.environ.get("TZ"):
        yield note("terminal", "TZ is not set: times are in the host's zone, which the header names")


def _tmux() -> Iterator[Finding]:
    """How long tmux holds a lone escape back, and whether it passes copied text on."""
    escape = _tmux_option("escape-time")
    if escape.isdigit() and int(escape) > SLOW_ESCAPE_MS:
        advice = "tmux set -sg escape-time 20"
        yield warning("terminal", f"tmux waits {escape} ms for what follows esc (escape-time)", advice)
    elif escape:
        yield ok("terminal", f"tmux escape-time {escape} ms")
    else:
        yield note("terminal", "tmux did not say its escape-time")
    if (clipboard := _tmux_option("set-clipboard")) == "off":
        yield warning("terminal", f"tmux set-clipboard is {clipboard}", "tmux set -s set-clipboard external")


def _tmux_option(name: str) -> str:
    try:
        done = subprocess.run(
            ["tmux", "show-options", "-sv", name], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
