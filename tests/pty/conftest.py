"""Makes `tests.pty.driver` importable, and closes every terminal that a test opened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pty.driver import Terminal

SAMPLE = [sys.executable, str(Path(__file__).with_name("sample_app.py"))]


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    """Open a terminal with the small sample app in it, or with `command=`."""
    opened: list[Terminal] = []

    def opener(*arguments: str, command: list[str] | None = None, **options: Any) -> Terminal:
        opened.append(Terminal(command or [*SAMPLE, *arguments], **options))
        return opened[-1]

    yield opener
    for terminal in opened:
        terminal.close()
