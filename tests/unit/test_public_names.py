"""The public names of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pake_tui

HEAVY = {"textual", "rich", "watchfiles", "psutil", "ruamel"}


@pytest.mark.parametrize("name", pake_tui.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    """Each name of `__all__` is there, documented, and listed by `dir`."""
    assert getattr(pake_tui, name).__doc__
    assert name in dir(pake_tui)


def test_type_checkers_and_the_running_program_see_the_same_names() -> None:
    """The imports for type checkers name exactly what the lazy table names."""
    tree = ast.parse(Path(pake_tui.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pake_tui")
        for alias in node.names
    }
    assert typed == set(pake_tui.__all__) == set(pake_tui._HOMES)


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    """The error lists what there is."""
    with pytest.raises(AttributeError, match="get_logger"):
        _ = pake_tui.get_loger  # type: ignore[attr-defined]


def test_a_logger_brings_nothing_heavy() -> None:
    """An application that logs a line has loaded neither Textual nor rich, psutil, watchfiles or ruamel."""
    code = (
        "import sys\nfrom pake_tui import get_logger, get_monitor\n"
        "get_logger().info('x')\nget_monitor().increment_counter('y')\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())


def test_the_same_name_is_the_same_logger() -> None:
    """Loggers and monitors are kept; another name or service is another one."""
    from pake_tui import get_logger, get_monitor

    assert get_logger("a") is get_logger("a")
    assert get_logger("a") is not get_logger("a", "other")
    assert get_monitor() is get_monitor()
