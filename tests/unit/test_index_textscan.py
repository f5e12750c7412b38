"""What the index vouches for in lines of text without parsing them is what the parser finds in them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_tui.clock import SECOND
from pake_tui.engine.logfiles.blocks import Block
from pake_tui.engine.logfiles.index.facts import facts_of
from pake_tui.engine.logfiles.index.textscan import TextScan
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.records.aliases import CORRELATION_IDS

TIMES = [
    "2026-03-01T14:03:21.123456Z", "2026-03-01 14:03:21,123", "2026-03-01 14:03:21",
    "2026-03-01T14:03:21", "2026-03-01T14:03:21.5+02:00", "2026-03-01 14:03:21-0730",
    "2026-02-30 14:03:21", "2026-03-01 24:03:21", "2026-03-01 14:03:21 UTC",
    "2026-03-01 02:03:21 PM", "2026/03/01 14:03:21", "Mar  1 14:03:21", "2026-03-01 14:03:60",
    "2026-03-01 14:03", "1772370201", "2026-03-01T14:03:21.123456789Z",
    "2026-03-01 14:03:21,123+02", "2026-03-01 14:03:21 -03", "3/1/2026 2:03:21 PM", "14:03:21.123",
]  # fmt: skip
LEVELS = [
    "INFO", "ERROR", "WARN", "DEBUG", "FATAL", "NOTICE", "LOG", "DEBUG1", "PST", "UTC", "HTTP",
    "HELLO", "[INFO]", "[ ERROR ]", "[error]", "info", "Warning", "INFO:", "prod.ERROR:", "E",
    "INFO[0001]", "(WARN)", "FATA", "DEBU", "TRACE1", "SUBDEBUG", "D1", "I!", "[:error]", "ERROR+2",
    "a:b@c:[12]:ERROR: ", "util.py[DEBUG]:", "queries: info:",
]  # fmt: skip
NAMES = [
    "[main]", "[http-nio-8080-exec-1]", "[1234]", "[app.INFO]", "[10.0.0.1]",
    "[req-5f2c01ab9d3e]", "root", "[request_id=abcd1234]", "[a b c]", "[]", "app.http",
    "my-host", "prog[12]:", "10.0.0.1:8080", "info", "[5f2c01ab-9d3e-4a77-8c11-0123456789ab]",
    "(f00dfeedf00dfeed)", "<trace-12ab34cd>", "{x}", "1234", "-",
    "[job 5f2c01ab-9d3e-4a77-8c11-0123456789ab]", "[x] [y] [z] [req-00112233]", "file.go:12",
    "a.b.Class", "[shop,0123456789abcdef,fedcba9876543210]", "[0123456789abcdef-fedcba9876543210]",
    "[shop,0123456789abcdef0123456789abcdef,fedcba9876543210,true]", "request{id=5}:", "ThreadId(01)",
    "5f2c01ab-9d3e-4a77-8c11-0123456789ab", "[unknown]@[unknown]", "(a.b.Class)",
]  # fmt: skip
GAPS = [" ", "  ", " - ", " | ", "\t", ": ", " [", "] ", ""]
WORDS = [
    "done", "user logged in", 'said "no"', "with request_id=zz99-ab.c and more",
    "[01/Mar/2026:14:03:21 +0000]", '"GET / HTTP/1.1" 200 5', "x=[request-id: 77777777]",
    "traceid=ünïcode", "naïve", "tail [f00dfeedf00dfeed01]", "audit(1772370201.123:45):",
    "Connection: close", "\x1b[31mred\x1b[0m", "a\rb", "\x00", "(pid 12: x)", "",
]  # fmt: skip
KEYS = [
    "time", "ts", "level", "severity", "msg", "message", "request_id", "traceId",
    "x-request-id", "cid", "user", "path", "date", "logger", "dd.trace_id", "service", "n",
]  # fmt: skip
VALUES = [
    *TIMES, *(f'"{time}"' for time in TIMES),
    "info", "ERROR", '"warn"', "", '""', "42", "req-1", '"req 2"', "-", "null", "a=b", '"a=b c"', "ü",
    '"ü"', '"esc\\"aped"', "/x?q=1&r=2", '"unclosed', 'in"side',
    "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
]  # fmt: skip
header = st.tuples(
    st.sampled_from(["", "", "", "["]),
    st.one_of(st.sampled_from(TIMES[:4]), st.sampled_from(TIMES)),
    st.lists(st.tuples(st.sampled_from(GAPS), st.sampled_from([*LEVELS, *LEVELS, *NAMES])), max_size=5),
    st.sampled_from(GAPS),
    st.sampled_from(WORDS),
).map(lambda one: one[0] + one[1] + "".join(gap + word for gap, word in one[2]) + one[3] + one[4])
pairs = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), min_size=1, max_size=6).map(
    lambda some: " ".join(f"{key}={value}" for key, value in some)
)
usual_pairs = st.tuples(st.sampled_from(TIMES[:6]), pairs).map(
    lambda one: f"time={one[0]} level=info {one[1]}"
)
line = st.one_of(
    header, pairs, usual_pairs, st.sampled_from(["", "\tat x.Y(Z.java:1)", "plain words", "#Version"])
)
FILLER = [f"2026-03-01 14:00:{n:02} INFO [main] filler {n}" for n in range(12)]


def wrong(folder: Path, lines: list[str], ending: str) -> list[object]:
    """Every line that is vouched for with another time, level or ID than the parser finds; and none else."""
    path = folder / "a.log"
    path.write_bytes("".join(one + ending for one in (*FILLER, *lines, *FILLER)).encode())
    tape = Tape(str(path), "a", Reading())
    tape.parser()
    data = tape.read(0, tape.size)
    scanned = TextScan(UTC, CORRELATION_IDS).scan(data)
    known = {fact.start: fact for fact in facts_of(tape, Block(0, len(data), data))}
    ids: dict[int, set[int]] = {}
    for row, one in zip(scanned.id_lines.tolist(), scanned.ids.tolist(), strict=True):
        ids.setdefault(row, set()).add(one)
    found: list[object] = []
    for row, start in enumerate(scanned.starts.tolist()):
        if not scanned.sure[row]:
            continue
        fact = known.get(start)
        says = int(scanned.times[row]), int(scanned.levels[row])
        if (
            fact is None
            or (None if fact.time_ns is None else fact.time_ns // SECOND, fact.level) != says
            or not set(fact.ids) <= ids.get(row, set())
        ):
            found.append((data[start : scanned.ends[row]], fact, says))
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(line, min_size=1, max_size=12), ending=st.sampled_from(["\n", "\n", "\n", "\r\n"]))
def test_what_is_vouched_for_is_what_the_parser_says(tmp_path: Path, lines: list[str], ending: str) -> None:
    """Whatever stands in a line, its time and level are the parser's, and no ID of its is missing."""
    assert wrong(tmp_path, lines, ending) == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T14:03:21Z INFO: prog[12]: a daemon's line",
        "2026-03-01T14:03:21Z ERROR: foo: a daemon's line, too",
        '2026-03-01T14:03:21Z INFO 10.0.0.1:80 "GET /x HTTP/1.1" 200',
        "2026-03-01 14:03:21 INFO x [01/Mar/2026:14:03:21 +0000] y",
        "2026-03-01 14:03:21 [app.INFO] ERROR x",
        "2026-03-01 14:03:21,123 - info - ERROR - x",
        "2026-03-01 14:03:21 PST ERROR x",
        "2026-03-01 14:03:21 INFO x request_id=abcd1234",
        "2026-03-01 14:03:21 INFO [a] [b] [c] (req-5f2c01ab9d3e) x",
        "2026-03-01 14:03:21 INFO [user: 5f2c01ab-9d3e-4a77-8c11-0123456789ab] x",
        "[2026-03-01T14:03:21Z INFO  app] [req-5f2c01ab9d3e] x",
        "2026-03-01 14:03:21 INFO [shop,0123456789abcdef,fedcba9876543210] x",
        "2026-03-01 14:03:21 INFO [0123456789abcdef0123456789abcdef-fedcba9876543210] x",
        "2026-03-01 14:03:21 INFO [0123456789abcdef0123456789abcdef/fedcba9876543210] x",
        "2026-03-01 14:03:21 INFO [shop,0123456789abcdef0123456789abcdef,fedcba9876543210,true] x",
        "2026-03-01 14:03:21 INFO 5f2c01ab-9d3e-4a77-8c11-0123456789ab ERROR x",
        "2026-03-01 14:03:21 HTTP served",
        "2026-03-01 14:03:21 -03 ERROR x",
        "2026-03-01T14:03:21Z [ERROR] agent.http: Request error",
        'time=2026-03-01T14:03:21Z level="" severity=error msg=x request_id=r-1',
        'time="2026-03-01 14:03:21 PST" level=error msg=x request_id="r 1"',
        "time=2026-03-01T14:03:21Z level=info level=error msg=x",
        "date=2026-03-01 time=14:03:21 level=error msg=x",
        "time=2026-03-01T14:03:21Z,later level=error msg=x trailing words",
    ],
)
def test_what_looks_usual_and_is_not(tmp_path: Path, text: str) -> None:
    """Lines that another reading of the parser's takes are left to it, or read the same way."""
    assert wrong(tmp_path, [text], "\n") == []


def test_usual_lines_are_vouched_for(tmp_path: Path) -> None:
    """Headers as common loggers write them, and pairs, need no parser."""
    usual = [
        "2026-03-01T14:03:21.123456Z INFO     [api.http] [req-5f2c01ab9d3e] done user=u1",
        "2026-03-01 14:03:21,123 [main] ERROR a.b.C - done (x)",
        "2026-03-01 14:03:21.123  INFO 1234 --- [main] a.b.C : done",
        "2026-03-01 14:03:21,123 - app - WARNING - done",
        "[2026-03-01 14:03:21] production.ERROR: done",
        "[2026-03-01T14:03:21Z INFO  app] done",
        'time=2026-03-01T14:03:21.1Z level=warn msg="a b" request_id=req-5 n=1',
    ]
    data = "".join(f"{one}\n" for one in (FILLER[0], *usual, *FILLER)).encode()
    lines = TextScan(UTC, CORRELATION_IDS).scan(data)
    assert lines.sure[1 : len(usual) + 1].all()
