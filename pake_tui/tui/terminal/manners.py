"""What kind of terminal this is, and how it wants to be treated. Read before Textual is imported.

Sources: POSIX locale precedence (LC_ALL, LC_CTYPE, LANG), no-color.org, xterm's control sequences (ctlseqs).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from pake_tui.text.safe import safe

TWINS = "use a headless command: `pake-tui alerts`, `pake-tui logs --follow`"
SAVE_TITLE = "\x1b[22;2t"
RESTORE_TITLE = "\x1b[23;2t"
TITLE_LIMIT = 120
_TRUECOLOR_TERMS = ("kitty", "ghostty", "alacritty", "foot", "wezterm", "contour", "-direct", "-truecolor")
_PALETTE_TERMS = ("256color", "xterm", "tmux", "rxvt-unicode", "konsole", "vte", "gnome", "iterm")
_ERASES = ("xterm", "tmux", "rxvt", "alacritty", "foot", "konsole", "vte", "gnome", "iterm", "wezterm")
_FEW_COLORS = ("-color", "-8color", "-16color", "-88color")
_PLAIN = re.compile(r"linux|vt\d|ansi|cons\d|sun")


def check_terminal(environ: Mapping[str, str] | None = None) -> str:
    """Why the console cannot be shown here, with the headless command to use instead; empty if it can.

    Keys come from descriptor 0 and painting goes to descriptor 2; standard output is not needed.
    """
    term = (os.environ if environ is None else environ).get("TERM", "")
    if not os.isatty(0):
        return f"standard input is not a terminal, so no key can be read; {TWINS}"
    if not os.isatty(2):
        return f"standard error is not a terminal, so nothing can be drawn; {TWINS}"
    if not term:
        return f"TERM is not set, so how to draw is unknown; set it (TERM=xterm-256color), or {TWINS}"
    if term in ("dumb", "unknown"):
        return f"TERM={term} cannot move its cursor; {TWINS}"
    return ""


def claim_stdin() -> int | None:
    """Where standard input is a pipe or file: put the controlling terminal onto descriptor 0.

    Returns the new descriptor of what was piped, or None where nothing was or no terminal can be had.
    """
    if os.isatty(0):
        return None
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    piped = os.dup(0)
    os.dup2(keyboard, 0)
    os.close(keyboard)
    return piped


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is a console or an old one that prints queries it does not know."""
    return bool(_PLAIN.match(environ.get("TERM", "")))


def in_screen(environ: Mapping[str, str]) -> bool:
    """Whether GNU screen is what draws here."""
    return bool(environ.get("STY")) and not environ.get("TMUX")


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the locale or the terminal has no Unicode.

    The first of LC_ALL, LC_CTYPE and LANG that is not empty decides. Where none is set (a bare `docker exec`)
    nothing is known of the locale, and terminals of today read UTF-8.
    """
    if is_plain(environ):
        return True
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(name))), "")
    charset = locale.partition("@")[0].partition(".")[2].lower().replace("-", "")
    return bool(locale) and charset != "utf8"


def color_system(environ: Mapping[str, str]) -> str:
    """`truecolor`, `256`, `16` or `none`. A NO_COLOR that is empty does not count, as its convention says."""
    term = environ.get("TERM", "").lower()
    if environ.get("NO_COLOR") or not term or re.match(r"dumb|vt\d|.*-m(ono)?$", term):
        return "none"
    if is_plain(environ) or term.endswith(_FEW_COLORS):
        return "16"
    if any(name in term for name in _TRUECOLOR_TERMS):
        return "truecolor"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") and not in_screen(environ):
        return "truecolor"
    return "256" if any(name in term for name in _PALETTE_TERMS) else "16"


def erases_with_background(environ: Mapping[str, str]) -> bool:
    """Whether erased cells take the background in hand (terminfo's bce): known of these families only."""
    return environ.get("TERM", "").startswith(_ERASES)


def wants_mouse(environ: Mapping[str, str]) -> bool:
    """Whether mouse reports are on from the start: not over ssh, where each costs a packet."""
    return not (environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") or is_plain(environ))


def has_shell() -> bool:
    """Whether a shell started us that could bring us back; without one a stopped job stays stopped."""
    try:
        parent = os.getppid()
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        return False


def ring_sequence(text: str, way: str, *, tmux: bool) -> str:
    """What calls somebody to the terminal: a bell (`bell`), or a notification of the desktop too (`osc9`: OSC
    9, as iTerm2, kitty, WezTerm, foot and Windows Terminal show it). tmux hands that on where its
    `allow-passthrough` is on, and marks the window by the bell in any case.
    """
    if way != "osc9":
        return "\x07" if way == "bell" else ""
    sequence = f"\x1b]9;{safe(text)[:TITLE_LIMIT]}\x07"
    if tmux:
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        sequence = f"\x1bPtmux;{doubled}\x1b\\"
    return f"{sequence}\x07"


def title_sequence(text: str) -> str:
    """OSC 2 with a title that is shown as text, whatever is in it; at most 120 characters."""
    return f"\x1b]2;{safe(text)[:TITLE_LIMIT]}\x1b\\"
