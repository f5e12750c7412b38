"""Copying that arrives: through tmux's own buffer, through screen, or by OSC 52 to the terminal itself."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Mapping

from pake_tui.tui.terminal.manners import in_screen

OSC52_LIMIT = 74_994
"""Bytes that OSC 52 carries in xterm (its limit is 100,000 characters with the frame around)."""
SCREEN_PIECE = 250
TMUX_SECONDS = 0.5


def copy(text: str, write: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> str:
    """Copy a text; the way taken, in words.

    In tmux, whose `set-clipboard external` ignores OSC 52, through `tmux load-buffer -w`, which also hands it
    on to the terminal. What is too long for OSC 52 is cut, and that is said.
    """
    if environ.get("TMUX") and (way := _through_tmux(text)):
        return way
    data = text.encode("utf-8", "replace")
    cut = ", its first 74 KB" if len(data) > OSC52_LIMIT else ""
    sequence = f"\x1b]52;c;{base64.b64encode(data[:OSC52_LIMIT]).decode()}\x07"
    if in_screen(environ):
        for start in range(0, len(sequence), SCREEN_PIECE):
            write(f"\x1bP{sequence[start : start + SCREEN_PIECE]}\x1b\\")
        return f"through screen{cut}"
    write(sequence)
    return f"by the terminal{cut}"


def _through_tmux(text: str) -> str:
    """Which way tmux took the text; empty where it did not. Before 3.2 it knows no `-w`."""
    for options, way in ((["-w"], "tmux and the terminal"), ([], "tmux's buffer only")):
        try:
            done = subprocess.run(
                ["tmux", "load-buffer", *options, "-"],
                input=text.encode("utf-8", "replace"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TMUX_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode == 0:
            return way
    return ""
