"""Where ripgrep passes over parts of a file, searches find what they find without it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles import ripgrep
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.view import View
from pake_tui.model.record import Direction
from pake_tui.query import parse
from pake_tui.query.ids import ids_of
from pake_tui.query.values import quote
from pake_tui.records.aliases import CORRELATION_IDS
from tests.unit.test_index_answers import SLOW, answers, content, records

TINY = {"LEAST_BYTES": 1, "CHUNK": 700, "NEAR_BYTES": 2_000, "STEP": 256}
ODD = (
    '{"level":"info","message":"\\u0072eq-0001-abab tim\\u0065out"}',
    "\x1b[31mred\x1b[0m words re\x1b[1mq-0001-abab",
    '{"level":"error","message":"ti\\u212Aeout \u212aelvin \u0130stanbul"}',
    '{"level":"error","request_id":"REQ-0001-abAB","message":"Timeout"}',
    "a plain line\n  timeout below it\n  req-0002-abab",
)


@contextmanager
def in_small(monkeypatch: pytest.MonkeyPatch, **others: int) -> Iterator[None]:
    """Files of a few kilobytes are searched as large ones are."""
    with monkeypatch.context() as patch:
        for name, value in (TINY | others).items():
            patch.setattr(ripgrep, name, value)
        yield


def without_it(monkeypatch: pytest.MonkeyPatch, tape: Tape, queries: list[str], ids: list[str]) -> object:
    """The answers of our own search."""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        return answers(tape, queries, ids)


def stub(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A program of that name that does as the script says."""
    program = folder / "rg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def a_tape(folder: Path, seed: int, ending: str = "\n") -> Tape:
    """A file in which many programs write, odd lines among them."""
    dice = random.Random(seed)
    path = folder / f"{seed}-{len(ending)}.log"
    lines = content(seed, 300, ending).decode().split(ending)
    for odd in ODD:
        lines.insert(dice.randrange(len(lines)), odd)
    path.write_bytes(ending.join(lines).encode())
    return Tape(str(path), "x", Reading(UTC, record_bytes=65_536))


@pytest.mark.needs_server("rg")
@settings(max_examples=8, **SLOW)
@given(seed=st.integers(0, 10**6), ending=st.sampled_from(("\n", "\r\n")), most=st.sampled_from((3, 10**6)))
def test_ripgrep_changes_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, ending: str, most: int
) -> None:
    """IDs in any case, words, escaped and coloured ones, either way: rows, counts and traces agree."""
    tape = a_tape(tmp_path, seed, ending)
    known = sorted({one for _, _, record in records(tape) for one in ids_of(record, CORRELATION_IDS)})
    some = random.Random(seed).sample(known, min(5, len(known)))
    queries = [
        *(f"cid:{quote(one)}" for one in some), "timeout", "request", "TIMEOUT level:error",
        "kelvin OR istanbul", 'cid:"REQ-0001-ABAB"', 'cid:"req-00*" level>=warning', "absent-word",
        "user_id:user3 message:done",
    ]  # fmt: skip
    ids = [*some, *(one[:9].upper() for one in some), "absent-id-000"]
    with in_small(monkeypatch, MOST_FOUND=most):
        found = answers(tape, queries, ids)
        assert found == without_it(monkeypatch, tape, queries, ids)


def test_a_search_that_breaks_off_costs_no_hit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ripgrep did not come to, since it was killed or can't read the file, is read by ourselves."""
    tape = a_tape(tmp_path, 7)
    queries, ids = ["timeout", "level:error done"], ["req-0001-abab"]
    wanted = without_it(monkeypatch, tape, queries, ids)
    for script in ("exit 2", "echo 9:900:x; kill -9 $$", "kill -SEGV $$"):
        stub(monkeypatch, tmp_path, script)
        with in_small(monkeypatch):
            assert answers(tape, queries, ids) == wanted, script


def test_it_is_asked_and_its_word_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it passes over is not read again: a ripgrep that finds nothing leaves nothing to find."""
    tape = a_tape(tmp_path, 7)
    stub(monkeypatch, tmp_path, "exit 1")
    with in_small(monkeypatch, NEAR_BYTES=1):
        *_, last = LogReader().count(View((tape,)), parse("timeout", now_ns=0), threading.Event())
    assert last.hits == 0


def test_a_search_that_waits_for_it_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled search does not wait for ripgrep, which ends with it."""
    tape = a_tape(tmp_path, 7)
    stub(monkeypatch, tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with in_small(monkeypatch):
        begun = monotonic()
        reading = LogReader().read(
            View((tape,)), parse("timeout", now_ns=0), None, Direction.NEWER, 100, cancel
        )
        assert [row for batch in reading for row in batch.rows] == []
    assert monotonic() - begun < 5
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists()
