"""What a family makes of a line before it is masked and frozen into a record."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from pake_tui.model.record import Level
from pake_tui.records.timestamps import Stamp


class Draft(Struct):
    """One record being understood; `message` is None where the line states none."""

    format: str
    message: str | None = None
    stamp: Stamp | None = None
    level: Level | None = None
    service: str | None = None
    logger: str | None = None
    correlation_id: str | None = None
    fields: dict[str, object] = field(default_factory=dict)


def fields_message(fields: Mapping[str, object]) -> str:
    """What stands for the message of a record that states none: its first fields."""
    return " ".join(f"{name}={value}" for name, value in list(fields.items())[:12])
