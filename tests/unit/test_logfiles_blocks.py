"""Bytes become records: the same ones in both directions, whatever the file holds."""

from __future__ import annotations

from datetime import UTC
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_tui.engine.logfiles import blocks
from pake_tui.engine.logfiles import tape as tape_module
from pake_tui.engine.logfiles.blocks import Raw
from pake_tui.engine.logfiles.tape import Reading, Tape

STAMPED = "2026-03-01 14:00:0{} ERROR app: something failed"
TRACEBACK = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "    f()", "ValueError: no"]


def tape_of(folder: Path, data: bytes, most: int = 256 * 1024) -> Tape:
    """A file with these bytes, open."""
    path = folder / "app.log"
    path.write_bytes(data)
    tape = Tape(str(path), "app", Reading(UTC, record_bytes=most))
    tape.parser()
    return tape


def forward(tape: Tape, size: int = blocks.PIECE) -> list[Raw]:
    """All records, read from the start."""
    return [raw for block in blocks.newer(tape, 0, tape.size, size) for raw in block.records(tape)]


def backward(tape: Tape, size: int = blocks.PIECE) -> list[Raw]:
    """All records, read from the end, in file order."""
    found = [block.records(tape) for block in blocks.older(tape, tape.size, size)]
    return [raw for raws in reversed(found) for raw in raws]


def places(raws: list[Raw]) -> list[tuple[int, int, tuple[str, ...], str]]:
    """What must agree between directions."""
    return [(raw.start, raw.end, raw.lines, raw.skipped) for raw in raws]


LINES = st.sampled_from(
    [
        STAMPED.format(1),
        STAMPED.format(2),
        *TRACEBACK,
        "",
        '{"message":"x","level":"info"}',
        "plain words",
        "a\x00b",
        "café",
        "x" * 300,
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(LINES, max_size=40), st.booleans(), st.sampled_from([64, 200, 1000]))
def test_both_directions_find_the_same_records(
    tmp_path: Path, lines: list[str], closed: bool, size: int
) -> None:
    """Whatever the block size, a record begins and ends at the same bytes, read from either end."""
    tape = tape_of(tmp_path, ("\n".join(lines) + ("\n" if closed else "")).encode())
    whole = places(forward(tape))
    assert places(forward(tape, size)) == whole
    assert places(backward(tape, size)) == whole


def test_a_traceback_is_one_record_across_a_block_boundary(tmp_path: Path) -> None:
    """Continuation lines join their record though the block ends between them."""
    lines = [STAMPED.format(1), *TRACEBACK, STAMPED.format(2)]
    tape = tape_of(tmp_path, ("\n".join(lines) + "\n").encode())
    for size in (16, 60, 100):
        assert [len(raw.lines) for raw in forward(tape, size)] == [5, 1]
        assert [len(raw.lines) for raw in backward(tape, size)] == [5, 1]


def test_an_overlong_line_is_cut_and_said(tmp_path: Path) -> None:
    """Of a line longer than the limit its beginning is shown, and what is missing is said."""
    tape = tape_of(tmp_path, b"before\n" + b"x" * 5_000_000 + b"\nafter\n", most=1000)
    for raws in (forward(tape), backward(tape)):
        assert [len(raw.lines[0]) for raw in raws] == [6, 1000, 5]
        assert raws[1].skipped == "line of 4.77 MB cut after 1000 bytes"
        assert "line of 4.77 MB" in raws[1].parse(tape)[0].skipped


def test_a_file_without_line_breaks_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a bound, a line without end is broken at the same places from both directions."""
    monkeypatch.setattr(blocks, "STRETCH", 4096)
    monkeypatch.setattr(blocks, "PIECE", 512)
    tape = tape_of(tmp_path, b"first\n" + b"y" * 30_000 + b"\nlast\n", most=600)
    ahead = places(forward(tape, 512))
    assert ahead == places(backward(tape, 512))
    assert [start for start, *_ in ahead] == [0, 6, 8192, 12288, 16384, 20480, 24576, 28672, 30007]


def test_undecodable_bytes_are_counted_and_junk_survives(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are shown as a replacement and said; NULs and control bytes stay."""
    tape = tape_of(tmp_path, b"a\xff\xfeb\n\x00\x01\x1b[31m\n\xc3\xa9\n")
    raws = forward(tape)
    assert raws[0].lines == ("a\ufffd\ufffdb",)
    assert raws[0].skipped == "2 undecodable bytes shown as \ufffd"
    assert raws[1].lines == ("\x00\x01\x1b[31m",)
    assert raws[2].skipped == ""


def test_a_character_cut_in_half_is_left_out(tmp_path: Path) -> None:
    """The limit never shows half a character."""
    tape = tape_of(tmp_path, "é".encode() * 100 + b"\n", most=51)
    assert forward(tape)[0].lines == ("é" * 25,)


def test_line_ends_and_marks_of_other_systems(tmp_path: Path) -> None:
    """CRLF, a byte order mark and UTF-16 are understood."""
    assert [raw.lines for raw in forward(tape_of(tmp_path, b"\xef\xbb\xbfone\r\ntwo\r\n"))] == [
        ("one",),
        ("two",),
    ]
    for codec, mark in product(("utf-16-le", "utf-16-be"), ("\ufeff", "")):
        tape = tape_of(tmp_path, f"{mark}one\r\ntwo é\r\n".encode(codec))
        assert [raw.lines for raw in forward(tape)] == [("one",), ("two é",)]
        assert places(backward(tape)) == places(forward(tape))


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_a_file_turns_out_to_be_utf16_when_it_is_written(tmp_path: Path, mark: str) -> None:
    """A file that was opened empty is read as what its first bytes then are, and its secrets are masked."""
    tape = tape_of(tmp_path, b"")
    Path(tape.path).write_bytes(
        f"{mark}2026-03-01T14:03:21Z INFO api: password=hunter2\n".encode("utf-16-le")
    )
    tape.check()
    (record,) = [one for raw in forward(tape) for one in raw.parse(tape)]
    assert record.text.endswith("password=********")
    assert record.level is not None


@pytest.mark.parametrize("data", [b"\0" * 600 + b"one\n", b"a\0b\n" * 9, b"one\n", b"\0\0a\0" * 9, b"1\0"])
def test_nuls_alone_make_no_utf16(tmp_path: Path, data: bytes) -> None:
    """A hole at the start of a file, as truncation leaves it, or a stray NUL is no other encoding."""
    assert not tape_of(tmp_path, data).translated


@pytest.mark.parametrize(
    ("hole", "said"), [(16, "16 bytes"), (5_000, "4.88 KB"), (70_000, "68.4 KB"), (700_000, "684 KB")]
)
def test_a_hole_before_a_line_hides_nothing_of_it(tmp_path: Path, hole: int, said: str) -> None:
    """NULs where a writer went on behind a truncated file's end are skipped, and how many is said."""
    lines = b'{"level":"error","message":"m0"}\n{"level":"error","message":"m1"}\n'
    tape = tape_of(tmp_path, b"\0" * hole + lines)
    for direction in (forward, backward):
        records = [one for raw in direction(tape) for one in raw.parse(tape)]
        assert sorted(one.message for one in records) == ["m0", "m1"]
        assert [one.skipped for one in records if one.skipped] == [f"a hole of {said} (NULs) skipped"]


def test_line_numbers_are_counted_once(tmp_path: Path) -> None:
    """A physical line's number is known from any offset."""
    tape = tape_of(tmp_path, b"a\nb\n\nc\n")
    assert [tape.line_at(offset) for offset in (0, 2, 5, 4, 7)] == [1, 2, 4, 3, 5]


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    """A folder or a named pipe is not opened, and nothing blocks."""
    import os

    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="regular file"):
            Tape(str(name), "x", Reading())


def test_a_large_utf16_file_says_where_it_was_not_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is beyond the limit is not left out in silence: the last line says so, and how to read it."""
    monkeypatch.setattr(tape_module, "UTF16_BYTES", 40)
    path = tmp_path / "app.log"
    path.write_text("one\ntwo\n" * 10, encoding="utf-16")
    tape = Tape(str(path), "app", Reading(UTC))
    lines = tape.read(0, tape.size).decode().splitlines()
    assert lines[:4] == ["\ufeffone", "two", "one", "two"]
    assert "what follows here is not" in lines[4]
    assert len(lines) == 5
