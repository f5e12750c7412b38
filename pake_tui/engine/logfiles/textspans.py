"""Which lines of a block of text have to be parsed: told by the scan that the index is made with.

It needs numpy, so only who reads much text imports this.
"""

from __future__ import annotations

import numpy as np

from pake_tui.engine.logfiles.index.jsonview import Lines
from pake_tui.engine.logfiles.index.textscan import TextScan
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.model.record import LEVEL_COLUMNS, Level

Span = tuple[int, int]


class TextSpans:
    """Scans blocks that begin with a record and end with a line's end."""

    def __init__(self, reading: Reading) -> None:
        self._scan = TextScan(reading.assumed_zone, reading.aliases)

    def records(self, data: bytes) -> tuple[int, list[Span]]:
        """Lines that are a record each, and the spans of the others."""
        lines = self._lines(data)
        return int(lines.sure.sum()), lines.runs(~lines.sure, len(data))

    def without(self, data: bytes, passed: frozenset[Level | None]) -> list[Span]:
        """The lines but those that surely have one of these levels."""
        lines = self._lines(data)
        table = np.array([level in passed for level in LEVEL_COLUMNS], np.bool_)
        return lines.runs(~(lines.sure & table.take(lines.levels, mode="clip")), len(data))

    def _lines(self, data: bytes) -> Lines:
        """The lines; one that may go on below is not sure."""
        lines = self._scan.scan(data)
        lines.doubt_before()
        lines.sure[-1] = False
        return lines
