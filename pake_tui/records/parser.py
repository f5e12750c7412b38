"""Lines become records: one parser per file, told the family by its first lines, re-checked at every record.

parser = Parser(first_lines, now_ns=clock.now_ns())
parser.starts_record(line)   # False: the line continues the record before it
parser.parse(lines)          # the physical lines of one record -> its records, masked
parser.time_of(line)         # cheap, for merging and binary search
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from pake_tui.model.record import Record
from pake_tui.records.aliases import CORRELATION_IDS


class Parser:
    """How one file is read. `format` names its family; no method raises, whatever the text."""

    def __init__(
        self,
        sample_lines: Sequence[str],
        *,
        assumed_zone: tzinfo = UTC,
        aliases: Sequence[str] = CORRELATION_IDS,
        now_ns: int,
        service: str = "",
    ) -> None:
        self.format: str = "plain"

    def starts_record(self, line: str) -> bool:
        """Whether a physical line begins a record; False for a continuation or a blank line."""
        return bool(line.strip())

    def parse(self, lines: Sequence[str]) -> list[Record]:
        """The records in the physical lines of one record: one, several (OTLP), or none (blank, directives)."""
        text = "\n".join(lines)
        return [Record(message=text, text=text)] if text.strip() else []

    def time_of(self, line: str) -> int | None:
        """UTC nanoseconds of the record that begins in this line, None if it states none."""
        return None
