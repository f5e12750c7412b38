"""Saved files and printed formats: where they are from, nothing hostile, everything there."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from pake_tui.model.record import Address, Level, LogRow, Record, RowKind, Trace
from pake_tui.records.saving import CSV_COLUMNS, SUFFIXES, Origin, saved_lines, saved_trace

ORIGIN = Origin("level:error", "2 files on web-1", 1_700_000_000_000_000_000, ("those read so far",))


def row(message: str, at: int = 0, **fields: object) -> LogRow:
    """A row of an error at a time of `at` seconds."""
    record = Record(
        message,
        message,
        time_ns=at * 1_000_000_000,
        utc_offset_s=0,
        level=Level.ERROR,
        service="api",
        correlation_id="req-1",
        fields=fields,
    )
    return LogRow(RowKind.RECORD, Address("1:1", at), record, "/var/log/api.log", "", "")


def text_of(form: str, *rows: LogRow) -> str:
    """A whole saved file."""
    return "\n".join(saved_lines(rows, form, ORIGIN, UTC)) + "\n"


def test_every_format_says_where_it_is_from_and_what_is_missing() -> None:
    """Query, source and the note stand in the head of each format."""
    for form in SUFFIXES:
        text = text_of(form, row("down"))
        head = text[: text.index("down")]
        assert "level:error" in head
        assert "2 files on web-1" in head
        assert "those read so far" in head


def test_csv_reads_back_with_all_columns() -> None:
    """Behind its remarks the file is CSV: one record a row, quotes and line breaks kept."""
    text = text_of("csv", row('said "no",\nthen left', status=502))
    rows = list(csv.reader(io.StringIO("".join(re.findall(r"^(?!#).*\n", text, re.MULTILINE)))))
    assert rows[0] == list(CSV_COLUMNS)
    found = dict(zip(CSV_COLUMNS, rows[1], strict=True))
    assert found["message"] == 'said "no",\nthen left'
    assert json.loads(found["fields"]) == {"status": 502}
    assert found["timestamp"] == "1970-01-01T00:00:00.000000Z"


def test_csv_holds_no_formula_that_a_spreadsheet_would_run() -> None:
    """A message that begins like a formula gets an apostrophe in front."""
    for message in ("=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)"):
        (line,) = [one for one in text_of("csv", row(message)).splitlines() if "api.log" in one]
        (cells,) = csv.reader([line])
        assert cells[CSV_COLUMNS.index("message")] == f"'{message}"


def test_csv_commands_no_terminal() -> None:
    """Control bytes in any column are shown, not sent; line breaks stay."""
    text = text_of("csv", row("one\x1b[2J\ntwo", note="\x9b31m"))
    assert not {"\x1b", "\x9b"} & set(text)
    assert "[2J\ntwo" in text


@given(st.lists(st.text("`a\n\x1b|", max_size=12), min_size=1, max_size=4))
def test_markdown_cannot_be_left_by_what_a_line_holds(messages: list[str]) -> None:
    """No line closes the block of code, and no control character is in the file."""
    lines = text_of("markdown", *(row(message) for message in messages)).splitlines()
    (start,) = [index for index, line in enumerate(lines) if re.fullmatch("`{3,}text", line)]
    fence = lines[start].removesuffix("text")
    assert [index for index, line in enumerate(lines) if line.startswith(fence)] == [start, len(lines) - 1]
    assert "\x1b" not in "\n".join(lines)


def test_a_saved_trace_tells_its_gaps_and_first_error() -> None:
    """Text and Markdown of a trace hold offsets, the gap and where the first error is."""
    trace = Trace("req-1", (row("begun", 10), row("lost", 13)), complete=True)
    for form in ("text", "markdown"):
        text = "\n".join(saved_trace(trace, form, ORIGIN, UTC))
        assert "+3.000" in text
        assert "gap 3.00 s" in text
        assert "first error at +0.000 s in api" in text
