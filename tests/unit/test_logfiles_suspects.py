"""Passing over lines by their bytes alone changes no answer."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pake_tui.engine.logfiles import suspects
from pake_tui.engine.logfiles.blocks import newer
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.strand import Strand
from pake_tui.engine.logfiles.suspects import Suspects, odd_spans
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.view import View
from pake_tui.query import Query, parse
from tests.unit.test_index_answers import content, line, text_line

QUERIES = [
    "n>1", "n>=2.5", "n<2", "n<=1", "N>1", "took>4.5", "TOOK<4.5", "took>1000000", "user_id:user3", "card>5",
    "cid:req-00*", "done", '"he said"', "request_id:req-0001-*", "-done n>1", "n>1 level>=error",
    "level:info", "level>=error", "level<info", "level:warning done", "user_id:user3 OR took>20", "words",
    "more", "traceId:?", "message:done", "http.id:req*",
    "password:9", "n:5", "n:5.0", "N:7", "n:true", "n:null", "n:x*", "-n:5", "n~^[57]$", "took:?", "n:?",
    "contact:?", "level:error OR n>3", "-(level:info n<3)", "contact:ada*", "contact:*8*",
    "user_id:user3 -done", "value:9", "value>4", "card:4111*",
    "service:x", "service:X", "-service:x", "service:?", "service~^x", "service:x OR n>3", "service:7",
    "service:a", "service:x level>=error", "service>5", "service:x*",
]  # fmt: skip
SOME = 35
"""So many of them are asked of each example."""
VALUES = [
    "password",
    *(5, 5.5, -3, 1e3, "7", "x", True, None, [7, 8], {"n": 9}),
    *(4_111_111_111_111_111, 12_345_678, 999_999, 0.1 + 0.2, 10**30, 1e300),
    *(
        "ada@example.org",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
        "x" * 600,
        float("nan"),
        -float("inf"),
        int("9" * 400),
        "pass\u200bword=he said done",
        "ｄｏｎｅ password=x1",
        "\ud800",
        "\u001b[1m5",
    ),
]
KEYS = [
    *("n", "N", "took", "card", "password", "message", "level", "user_id", "log", "resourceLogs"),
    *("contact", "value", "name", "service", "service", "Service", "service.name", "app"),
]


def compare(folder: Path, data: bytes, queries: list[str]) -> None:
    """Each query finds, both ways and in number, what it matches of all records."""
    path = folder / "a.log"
    path.write_bytes(data)
    tape = Tape(str(path), "a", Reading())
    quiet = threading.Event()
    every = [item for item in Strand(tape, Query(), quiet).newer((0, 0), tape.size) if item.record]
    for text in queries:
        query = parse(text, now_ns=0)
        wanted = [item.start for item in every if item.record and query.matches(item.record, item.time_ns)]
        newer = [item.start for item in Strand(tape, query, quiet).newer((0, 0), tape.size) if item.record]
        older = [item.start for item in Strand(tape, query, quiet).older((tape.size, 0)) if item.record]
        *_, last = LogReader().count(View((tape,)), query, quiet)
        assert (text, newer, older[::-1], last.hits) == (text, wanted, wanted, len(wanted))
    numbered = {item.start: item.line for item in every}
    found = Strand(tape, parse("n>1", now_ns=0), quiet, numbers=True).newer((0, 0), tape.size)
    assert all(item.line == numbered[item.start] for item in found if item.record)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.sampled_from(("\n", "\n", "\r\n")))
def test_files_in_which_many_programs_write(tmp_path: Path, seed: int, ending: str) -> None:
    """Objects, pairs, headers, tracebacks and rubbish mixed: the same hits as by looking at all."""
    compare(tmp_path, content(seed, 150, ending), random.Random(seed).sample(QUERIES, SOME))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), max_size=4), max_size=9))
@example(lines=[[("name", "password"), ("value", 9)]] * 6)
def test_objects_with_odd_values(tmp_path: Path, lines: list[list[tuple[str, object]]]) -> None:
    """What stands under a name, twice, in other cases, nested, as text or too large, is judged the same."""
    dice = random.Random(len(lines))
    rows = []
    for pairs in lines:
        gap = dice.choice(("", " "))
        inner = ", ".join(f'"{key}":{gap}{json.dumps(value)}' for key, value in pairs)
        rows.append("{" + inner + "}")
        rows += dice.choice(([], [], ["\tat x.Y(Z.java:1)"], ['"n": 9}'], ['{"n": 9'], [""]))
    filler = [f'{{"time":"2026-03-01T14:00:{n:02}Z","msg":"m","n":{n}}}' for n in range(40)]
    data = "".join(f"{row}\n" for row in (*filler[:20], *rows, *filler[20:])).encode()
    compare(tmp_path, data, [*random.Random(data).sample(QUERIES, SOME), "value:9"])


@pytest.mark.parametrize("seed", range(6))
def test_blocks_of_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Text is passed over by the index's scan where blocks are long, with the same hits."""
    monkeypatch.setattr(suspects, "SHORTEST_TEXT", 1_000)
    dice = random.Random(seed)
    lines = [text_line(dice, number) if number % 9 else line(dice, number) for number in range(400)]
    queries = ["level:error", "level>=warning", "level<info", "level:info done", "level:debug OR more"]
    compare(tmp_path, "".join(f"{one}\n" for one in lines).encode(), queries)
    tape = Tape(str(tmp_path / "a.log"), "a", Reading())
    *_, last = LogReader().count(View((tape,)), Query(), threading.Event())
    tape.parser()
    assert last.hits == sum(len(block.records(tape)) for block in newer(tape, 0, tape.size))


@pytest.mark.parametrize(
    ("data", "spans"),
    [
        (b'{"a":1}\n{"b":2}\n', []),
        (b'{"a":1}\nodd\n{"b":2}\n{"c":3}\n', [(0, 12)]),
        (b'{"a":1}\n{"b":2}\nodd\nodd\n{"c":3}\n' + b'{"d":4}\n' * 30, [(8, 24)]),
        (b"odd\n" * 30, None),
        (b'{"a":1}\n\n{"b":2}\n', [(0, 9)]),
        (b'{"a":1}\n{"b":2', [(0, 14)]),
        (b'{"a":1}\r\n{"b":2}\r\n', []),
        (b'{"a":1}\n{"b":2\n{"c":3}\n', [(0, 15)]),
    ],
)
def test_what_is_no_object_is_told(data: bytes, spans: list[tuple[int, int]] | None) -> None:
    """Lines that are no objects come with the line before; where they are many nothing is told apart."""
    assert odd_spans(data) == spans


def test_a_line_that_is_cut_is_no_object(tmp_path: Path) -> None:
    """Of a line longer than a record may be, only its beginning is read, and fields behind it are not."""
    path = tmp_path / "a.log"
    rows = [f'{{"time":"2026-03-01T14:00:{n:02}Z","n":{n}}}' for n in range(40)]
    rows[20] = '{"pad":"' + "x" * 5_000 + '","n":99}'
    path.write_text("\n".join(rows) + "\n")
    tape, quiet = Tape(str(path), "a", Reading(record_bytes=1_000)), threading.Event()
    query = parse("n>30", now_ns=0)
    every = Strand(tape, Query(), quiet).newer((0, 0), tape.size)
    wanted = sum(item.record is not None and query.matches(item.record) for item in every)
    *_, last = LogReader().count(View((tape,)), query, quiet)
    assert last.hits == wanted == 9


def test_most_lines_are_passed_over() -> None:
    """Lines are looked at that a field's value, a level or a word leaves, and no others."""
    data = b"".join(
        b'{"n":%d,"word":"w%d","level":"%s"}\n' % (n, n, b"info" if n < 98 else b"error") for n in range(100)
    )
    for text in ("n>97", "word:w98 OR word:w99", "word~^w9[89]$", "level>=error", "-n<98"):
        spans = Suspects(parse(text, now_ns=0), Reading()).spans(data)
        assert spans is not None
        assert b"".join(data[start:end] for start, end in spans).count(b"\n") == 2
