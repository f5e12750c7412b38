"""What `pake-tui doctor` finds."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict


class Finding(Struct, frozen=True):
    """One thing: its topic, how it stands (ok, note, warning, broken), in words, and what to do."""

    topic: str
    level: str
    text: str
    advice: str = ""

    def as_fields(self) -> dict[str, str]:
        """As `--json` prints it."""
        return asdict(self)


def ok(topic: str, text: str) -> Finding:
    """It works."""
    return Finding(topic, "ok", text)


def note(topic: str, text: str, advice: str = "") -> Finding:
    """Good to know."""
    return Finding(topic, "note", text, advice)


def warning(topic: str, text: str, advice: str = "") -> Finding:
    """It works less well than it could."""
    return Finding(topic, "warning", text, advice)


def broken(topic: str, text: str, advice: str = "") -> Finding:
    """It does not work."""
    return Finding(topic, "broken", text, advice)
