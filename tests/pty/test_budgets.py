"""What keys cost on the wire, by key, screen and size: a change that makes one dear fails here."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.pty.driver import Terminal

COMMAND = [sys.executable, "-m", "pake_tui", "--demo"]
SIZES = {(80, 24): 0.75, (120, 36): 1.0, (200, 60): 2.2}
"""What whole screens may cost there, beside what they may cost at 120x36."""
COUNTED = re.compile(r"\d lines.*━ Logs ─", re.DOTALL)
UNDER_WAY = re.compile("Reading|% counted")
"""What the log screen says while it changes by itself, which is not what a key costs."""


def costs(terminal: Terminal, *keys: str) -> list[int]:
    """What each key cost until its last byte, in bytes."""
    found = []
    for key in keys:
        before = len(terminal.raw)
        terminal.press(key)
        terminal.wait(lambda before=before: len(terminal.raw) > before, what=f"what {key} does")
        terminal.settle()
        found.append(len(terminal.raw) - before)
    return found


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_every_key_keeps_its_budget(
    open_terminal: Callable[..., Terminal], private_places: Path, size: tuple[int, int]
) -> None:
    """Cursor and letter keys stay under 700 bytes, panel keys too at 120x36 (1,750 where panels make room for
    one another, 1,000 on 60 rows), the command line under 1 KB, screens under 8 KB and themes under 14 KB at
    120x36; whole screens cost in proportion elsewhere.
    """
    terminal = open_terminal(command=COMMAND, columns=size[0], rows=size[1])
    terminal.wait(
        lambda: "cpu" in terminal.text() and "payment" in terminal.text(), seconds=30.0, what="life"
    )
    terminal.press("p")
    terminal.wait(lambda: "paused" in terminal.text(), what="the pause")
    terminal.settle()
    area = SIZES[size]
    panel_keys = {(80, 24): 1_750, (120, 36): 700, (200, 60): 1_000}
    assert median(costs(terminal, *["<tab>"] * 8)) < panel_keys[size]
    assert max(costs(terminal, *":", "<esc>", *":", "<esc>")) < 1_024
    assert max(costs(terminal, *"2345123451")) < 8_192 * area
    assert max(costs(terminal, *"TTTT")) < 14_336 * area
    terminal.press("3")
    terminal.wait(
        lambda: COUNTED.search(text := terminal.text()) and not UNDER_WAY.search(text),
        seconds=30.0,
        what="the log screen, its histogram counted",
    )
    terminal.settle()
    assert median(costs(terminal, *"kkkjjjkkk")) < 700
    terminal.press("<pgup>", *"k" * size[1])
    terminal.settle()
    assert median(costs(terminal, *"kkkkk")) < 700
    terminal.press("/")
    terminal.settle()
    assert median(costs(terminal, *"gate")) < 700
