"""One correlation ID over all files."""

from __future__ import annotations

import json
import threading
from datetime import UTC
from pathlib import Path

import pytest

from pake_tui.engine.logfiles.index import index_of
from pake_tui.engine.logfiles.index.building import Builder, Sizes
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.tracing import traces
from pake_tui.engine.logfiles.view import View
from pake_tui.model.record import Trace
from pake_tui.records.aliases import CORRELATION_IDS


def trace(
    folder: Path,
    wanted: str,
    files: dict[str, list[dict[str, object]]],
    unread: tuple[str, ...] = (),
    *,
    indexed: bool = False,
) -> Trace:
    """The whole trace of an ID over files of JSON lines."""
    for name, lines in files.items():
        (folder / f"{name}.log").write_text("".join(json.dumps(one) + "\n" for one in lines))
    view = View(tuple(Tape(str(folder / f"{name}.log"), name, Reading(UTC)) for name in files))
    if indexed:
        for name in files:
            tape = Tape(str(folder / f"{name}.log"), name, Reading(UTC))
            list(Builder(tape, 10**9, lambda: None, Sizes(least=1)).build())
        assert any(index_of(tape) is not None for tape in view.tapes)
    *_, last = traces(view, wanted, CORRELATION_IDS, unread, threading.Event())
    assert last.complete
    return last


def at(second: float, message: str, **fields: object) -> dict[str, object]:
    """A line so many seconds after two o'clock."""
    return {"timestamp": f"2026-03-01T14:00:{second:06.3f}Z", "level": "info", "message": message, **fields}


def test_every_alias_in_every_file_in_time_order(tmp_path: Path) -> None:
    """The request's path is put together from files that name the ID their own way."""
    found = trace(
        tmp_path,
        "req-7f3a",
        {
            "api": [
                at(0, "in", request_id="req-7f3a"),
                at(3, "out", request_id="req-7f3a"),
                at(3, "x", request_id="other"),
            ],
            "pay": [
                at(1, "call", traceId="req-7f3a"),
                {**at(2, "bad", traceId="REQ-7F3A"), "level": "error"},
            ],
        },
    )
    assert [row.record.message for row in found.rows] == ["in", "call", "bad", "out"]
    assert found.first_error == 2
    assert found.notes == ()
    assert found.scanned_bytes == found.total_bytes


def test_eight_characters_will_do(tmp_path: Path) -> None:
    """A prefix as people copy it finds the ID; several IDs are named; fewer characters find none."""
    lines = {"a": [at(0, "x", trace_id="abcdef0123456789"), at(1, "y", trace_id="abcdef01ffff")]}
    one = trace(tmp_path, "abcdef012", lines)
    assert (one.correlation_id, len(one.rows)) == ("abcdef0123456789", 1)
    both = trace(tmp_path, "abcdef01", lines)
    assert len(both.rows) == 2
    assert both.notes == ("2 IDs begin with abcdef01: abcdef0123456789, abcdef01ffff",)
    assert trace(tmp_path, "abcdef0", lines).rows == ()


def test_an_exact_id_is_not_mixed_with_longer_ones(tmp_path: Path) -> None:
    """Where the ID itself exists, IDs that only begin like it stay out."""
    found = trace(tmp_path, "order-12", {"a": [at(0, "x", cid="order-12"), at(1, "y", cid="order-123")]})
    assert [row.record.message for row in found.rows] == ["x"]


def test_a_child_before_its_parent_is_said(tmp_path: Path) -> None:
    """Clocks that disagree are noted, and nothing is reordered for it."""
    found = trace(
        tmp_path,
        "t-1",
        {
            "api": [at(5, "parent", service="api", trace_id="t-1", span_id="s1")],
            "pay": [at(3.5, "child", service="pay", trace_id="t-1", span_id="s2", parent_id="s1")],
        },
    )
    assert [row.record.message for row in found.rows] == ["child", "parent"]
    assert found.notes == ("clocks apart: pay begins 1.500 s before api, which called it",)


def test_what_was_not_searched_is_said(tmp_path: Path) -> None:
    """Unreadable files stand in the notes of the finished trace."""
    found = trace(tmp_path, "t-1", {"a": [at(0, "x")]}, unread=("not searched: /var/log/x.log: may not",))
    assert found.rows == ()
    assert found.notes == ("not searched: /var/log/x.log: may not",)


@pytest.mark.parametrize("indexed", [False, True])
def test_a_service_whose_lines_begin_later_is_named(tmp_path: Path, indexed: bool) -> None:
    """A file that begins with another request after the trace began may have lost older lines; said."""
    found = trace(
        tmp_path,
        "req-7f3a",
        {
            "api": [at(0, "in", request_id="req-7f3a")],
            "orders": [at(4, "cut", request_id="another"), at(5, "more", request_id="req-7f3a")],
            "pay": [at(2, "call", request_id="req-7f3a")],
        },
        indexed=indexed,
    )
    assert found.notes == ("older lines may be gone: orders begins at 2026-03-01T14:00:04Z",)


def test_a_trace_at_the_head_of_the_oldest_rotated_file_may_have_begun_before(tmp_path: Path) -> None:
    """A trace whose first line is the first that rotation kept says so; a single young file does not."""
    lines = {"api": [at(0, "in", cid="req-7f3a")], "api.1": [at(3, "out", cid="req-7f3a")]}
    for name, some in lines.items():
        (tmp_path / f"{name}.log").write_text("".join(json.dumps(one) + "\n" for one in some))
    paths = [str(tmp_path / f"{name}.log") for name in lines]
    whole = View(tuple(Tape(path, "api", Reading(UTC)) for path in paths))
    young = View((Tape(paths[0], "api", Reading(UTC)),))
    quiet = threading.Event()
    *_, kept = traces(whole, "req-7f3a", CORRELATION_IDS, (), quiet)
    *_, single = traces(young, "req-7f3a", CORRELATION_IDS, (), quiet)
    assert kept.notes == ("older lines may be gone: api begins at 2026-03-01T14:00:00Z",)
    assert single.notes == ()


def test_a_caller_without_a_record_is_named(tmp_path: Path) -> None:
    """A span that called others and is in no file stands in the notes."""
    found = trace(
        tmp_path,
        "t-1",
        {"pay": [at(1, "x", service="pay", trace_id="t-1", span_id="b1", parent_span_id="a1")]},
    )
    assert found.notes == ("no record of the span a1 that called pay",)
