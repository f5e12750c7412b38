"""What kind of terminal this is, asked before Textual is imported."""

from __future__ import annotations

from collections.abc import Mapping


def check_terminal() -> str:
    """Why the console cannot be shown here, with a headless twin to use instead; empty if it can."""
    return ""


def claim_stdin() -> int | None:
    """Where standard input is a pipe: put the controlling terminal onto descriptor 0, return the pipe's new one."""
    return None


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the locale or the terminal has no Unicode."""
    return False


def color_system(environ: Mapping[str, str]) -> str:
    """`truecolor`, `256`, `16` or `none`."""
    return "truecolor"
