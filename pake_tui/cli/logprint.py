"""How commands print log records: text made safe for a terminal, JSON lines, raw, CSV."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import tzinfo

from pake_tui.model.record import LogRow, RowKind
from pake_tui.query import QueryError
from pake_tui.records.rowtext import json_line, text_lines
from pake_tui.records.saving import CSV_COLUMNS, csv_line, csv_row
from pake_tui.text.safe import safe

FORMATS = ("text", "json", "raw", "csv")


class Printer:
    """Prints rows to standard output; of a record that has grown since, in text, only what came.

    `form` is one of `FORMATS`; raw is the masked line as it stands in the file, CSV has `CSV_COLUMNS` on top.
    """

    def __init__(self, form: str, *, zone: tzinfo, assumed_zone: tzinfo) -> None:
        self._form = form
        self._zone = zone
        self._assumed = assumed_zone
        self._last: dict[str, tuple[LogRow, int]] = {}
        self._headed = form != "csv"
        self._begun = False
        self.cut = 0
        """Records that were not printed whole, though the format does not say so."""

    def rows(self, rows: Sequence[LogRow]) -> int:
        """Print rows and flush, so that a pipe has them at once. How many were hits."""
        written: list[str] = []
        if rows and not self._headed:
            self._headed = True
            written.append(csv_line(CSV_COLUMNS))
        for row in rows:
            if row.kind is RowKind.RULER and not row.record.message and not self._begun:
                continue  # nothing to part the first group from
            self._begun = True
            written += self._lines(row)
        if written:
            sys.stdout.write("\n".join(written) + "\n")
            sys.stdout.flush()
        return sum(row.kind is RowKind.RECORD and row.matched for row in rows)

    def _lines(self, row: LogRow) -> list[str]:
        if row.kind is RowKind.RULER and self._form != "text" and row.record.message:
            print(f"pake-tui: {safe(row.record.message)}", file=sys.stderr, flush=True)
            return []
        if self._form == "json":
            return [json_line(row, self._assumed)] if row.kind is RowKind.RECORD else []
        self.cut += bool(row.record.skipped) and self._form != "text"
        if self._form == "csv":
            return [csv_row(row)] if row.kind is RowKind.RECORD else []
        if row.kind is RowKind.RECORD and self._form == "raw":
            lines: list[str] = [safe(line) for line in row.record.text.split("\n")]
        else:
            lines = list(text_lines(row, self._zone))
        last = self._last.get(row.address.file)
        again = last is not None and last[0].address == row.address and last[0].kind is row.kind
        self._last[row.address.file] = (row, len(lines))
        return lines[last[1] :] if last is not None and again else lines


def print_query_error(query: str, error: QueryError) -> None:
    """The query with a caret at the character where it goes wrong, on standard error."""
    from rich.cells import cell_len

    print(f"pake-tui: {safe(str(error))}", file=sys.stderr)
    print(f"  {safe(query)}", file=sys.stderr)
    print(f"  {' ' * cell_len(safe(query[: error.position]))}^", file=sys.stderr)
