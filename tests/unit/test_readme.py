"""The README says what the code does."""

from __future__ import annotations

from pathlib import Path

from pake_tui.cli.main import COMMANDS
from pake_tui.engine.settings.describe import markdown_table
from pake_tui.model import host_metrics

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_the_table_of_settings() -> None:
    """The README's table is the one that the schema makes."""
    assert markdown_table() in README


def test_the_readme_has_the_table_of_metrics() -> None:
    """Whoever writes a rule finds each metric of the host, as the code has it."""
    assert host_metrics.markdown_table() in README


def test_the_readme_names_every_command() -> None:
    """A user finds each command there."""
    for name in COMMANDS:
        assert f"`pake-tui {name}" in README
