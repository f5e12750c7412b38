"""With an index or without: the same answers, over files of every kind, while they grow."""

from __future__ import annotations

import json
import os
import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pake_tui.clock import MINUTE
from pake_tui.engine.logfiles.index import hashing, index_of, shelf
from pake_tui.engine.logfiles.index.building import Builder, Sizes
from pake_tui.engine.logfiles.index.identity import home
from pake_tui.engine.logfiles.index.tally import Tally
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.strand import Strand
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.tracing import traces
from pake_tui.engine.logfiles.view import View, find_time
from pake_tui.model.record import LEVEL_COLUMNS, Direction, Level, Record
from pake_tui.query import Query, parse
from pake_tui.query.ids import ids_of
from pake_tui.query.values import quote
from pake_tui.records.aliases import CORRELATION_IDS

SMALL = Sizes(piece=16_384, block=4_096, segment=40_000, least=1)
START = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
LEVELS = ("info", "INFO", "debug", "warning", "error", "Error", "fatal", "42", "odd", "")
ALIASES = ("correlation_id", "request_id", "traceId", "X-Request-ID", "trace_id", "user_request_id", "cid")
JUNK = (
    "-- MARK --",
    "",
    "\tat com.example.Main.run(Main.java:42)",
    "Traceback (most recent call last):",
    '  File "x.py", line 3, in y',
    '{"truncated": "this line stops in the mid',
    '{"level":"error","request_id":"req-unclosed',
    "plain words trace_id=req-in-plain level=error",
    '{"level":"error","level":"info","request_id":"req-0001-twice"}',
    '{"ctx":{"level":"debug","message":"inner","request_id":"req-0001-inner"},"level":"error","v":NaN,'
    '"message":"outer","request_id":"req-0001-outer"}',
    '{"level":"error","message":"done","v":NaN,"request_id":"req-0001-nan"}',
    '{"ctx":{"level":"debug","n":1e400},"level":"error","message":"done","request_id":"req-0001-huge"}',
    "[]",
    "{}",
)
TWISTS = (
    '"error":{"stack":"a\\nb {x}"}', '"error":{"level":"fatal"}', '"level":"debug"', '"x\\"level":"fatal"',
    '"ctx":{"trace":{"id":"req-0001-nested"}}', '"transaction":{"id":"req-0001-t"}', '"ctx":{"n":NaN}',
    '"e":{"a":1,"a":2}', '"e":{"a":tru}', '"e":{"a":{"b":"c"}', '"e":{}}{"more":"x"', '"e":1} {"level":"x"',
    '"e":"{\\"level\\":\\"fatal\\"}"', '"e":[{"level":"fatal"}]', '"e" :{"level":"fatal"}', '"log":{"x":1}',
    '"stream":"stdout"', '"k":"say \\"level\\":\\"x\\""', '"k":": {"', '"k":":","j":{}', '"k":"x","":{"":1}',
    '"k":{"k":"\\\\"}', '"xlevel":"fatal"', '"cid":"req-0001-cid"', '"acid":"x"', '"cid":7',
    '"message":{"a":1}',
)  # fmt: skip
"""What lines that are otherwise all alike may have besides, at their beginning, inside or at their end."""


SLOW: dict[str, Any] = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


def stamp(dice: random.Random, seconds: float) -> object:
    """A time in one of many spellings."""
    moment = START + timedelta(seconds=seconds)
    text = moment.isoformat()
    return dice.choice(
        (
            *([text.replace("+00:00", "Z")] * 12),
            moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            moment.isoformat(timespec="seconds"),
            moment.astimezone(None).isoformat(),
            f"{moment:%Y-%m-%d %H:%M:%S},123",
            moment.timestamp(),
            f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
            "not a time",
            None,
        )
    )


def document(dice: random.Random, number: int) -> dict[str, object]:
    """An object with keys that matter in any order, some nested, doubled in other spellings, or odd."""
    identifier: object = dice.choice(
        (
            *([f"req-{dice.randrange(40):04x}-{'ab' * dice.randrange(9)}"] * 8),
            f"REQ-{dice.randrange(40):04X}-",
            dice.choice(
                ("-", "null", "", "ids with blanks", " padded ", "short", "ünïcode-id", 'quo"te', "12345678")
            ),
            f"00-{dice.randrange(16):032x}-{1:016x}-01",
            dice.randrange(10**9),
            None,
            "x" * dice.randrange(250, 270),
        )
    )
    pairs: list[tuple[str, object]] = [
        (
            dice.choice(("timestamp", "timestamp", "timestamp", "@timestamp", "time", "ts")),
            stamp(dice, number * 0.7),
        ),
        (
            dice.choice(("level", "level", "level", "severity", "lvl")),
            dice.choice(LEVELS[:7] if number % 9 else LEVELS),
        ),
        (
            "message",
            dice.choice(("done", 'he said "no": {x}', "tab\tand \\ and \n line", "ä€𝄞", "level:error")),
        ),
        (dice.choice(ALIASES), identifier),
        ("user_id", f"user{dice.randrange(9)}"),
        ("n", dice.choice((1, 2.5, True, None, [1, {"trace_id": "in-a-list"}]))),
    ]
    if dice.random() < 0.2:
        pairs.append((dice.choice(("error", "trace", "http", "log")), {"id": identifier, "level": "error"}))
    if dice.random() < 0.2:
        dice.shuffle(pairs)
    return dict(pairs)


def line(dice: random.Random, number: int) -> str:
    """A line of a file in which many programs write."""
    kind = dice.random()
    if kind < 0.05:
        return dice.choice(JUNK)
    wanted = document(dice, number)
    if kind < 0.85:
        ascii_only, blanks = dice.random() < 0.3, dice.random() < 0.3
        separators = (", ", ": ") if blanks else (",", ":")
        return json.dumps(wanted, ensure_ascii=ascii_only, separators=separators)
    moment = START + timedelta(seconds=number * 0.7 - dice.choice((0, 0, 0, 5, 40)))
    level = dice.choice(("INFO", "ERROR", "WARN"))
    identifier = f"req-{dice.randrange(40):04x}-"
    if kind < 0.92:
        return f'time={moment.isoformat()} level={level.lower()} msg="x y" request_id={identifier} n=5'
    return f"{moment:%Y-%m-%d %H:%M:%S,123} {level} [request_id={identifier}abcd] app.main - words {number}"


def text_line(dice: random.Random, number: int) -> str:
    """A line of a file of text: a header and a message, or pairs; some with a line below that is its own."""
    moment = START + timedelta(seconds=number * 0.7 - dice.choice((0,) * 20 + (0.5, 40)))
    level, identifier = (
        dice.choice(("INFO", "ERROR", "WARN", "DEBUG")),
        f"req-{dice.randrange(90):08x}",
    )
    header = dice.choice(
        (
            f"{moment:%Y-%m-%d %H:%M:%S},123 {level} [main] [{identifier}]",
            f"{moment:%Y-%m-%dT%H:%M:%S.%fZ} [{identifier}] {level}:",
            f"[{moment:%Y-%m-%d %H:%M:%S}] app.{level}: request_id={identifier}",
            f"{moment:%Y-%m-%d %H:%M:%S} - app - {level} - (trace_id: {identifier})",
            f"time={moment.isoformat()} level={level} n=5 request_id={identifier} trace_id=t-{number} msg=",
        )
    )
    return f"{header} {dice.choice(('done', 'he said [x]', '10.0.0.1:80 up', chr(10) + '  more'))}"


def content(seed: int, count: int, ending: str) -> bytes:
    """So many lines, the same for the same seed."""
    dice = random.Random(seed)
    style = dice.choice(("mixed", "pure", "text"))
    lines = []
    for number in range(count):
        if style == "pure" and number % 50:
            moment = (
                START + timedelta(seconds=number * 0.7 - dice.choice((0,) * 20 + (0.5, 40)))
            ).isoformat()
            level = dice.choice(("info", "info", "debug", "error"))
            name = dice.choice(("correlation_id", "request_id", "trace_id"))
            parts = [
                f'"timestamp":"{moment}"',
                f'"level":"{level}"',
                f'"message":"m{number}"',
                f'"{name}":"req-{dice.randrange(90):04x}-{number % 3}"',
                f'"took":{number / 7:.2f}',
            ]
            if dice.random() < 0.1:
                parts.insert(dice.choice((5, 5, dice.randrange(6))), dice.choice(TWISTS))
            if dice.random() < 0.05:
                inner = dice.randrange(5)
                parts[inner] = f'"ctx":{{"a":1,{parts[inner]}}}'
            lines.append("{" + ",".join(parts) + "}")
        elif style == "text" and number % 50:
            lines.append(text_line(dice, number))
        else:
            lines.append(line(dice, number))
    return "".join(f"{one}{ending}" for one in lines).encode()


def build(tape: Tape) -> None:
    """Index what there is."""
    for _ in Builder(tape, 10**9, lambda: None, SMALL).build():
        pass


def records(tape: Tape) -> list[tuple[int, int, Record]]:
    """Every record with its first byte and the time at which it stands, read without an index."""
    strand = Strand(tape, Query(), threading.Event())
    return [
        (item.start[0], item.time_ns, item.record)
        for item in strand.newer((0, 0), tape.size)
        if item.record is not None
    ]


def answers(tape: Tape, queries: list[str], identifiers: list[str]) -> list[object]:
    """What searches find: rows by place, counts, traces."""
    view, quiet = View((tape,)), threading.Event()
    found: list[object] = []
    for text in queries:
        query = parse(text, now_ns=0)
        for direction in Direction:
            batches = list(LogReader(numbers=True).read(view, query, None, direction, 10**6, quiet))
            found.append([text, sorted((row.address, row.line) for batch in batches for row in batch.rows)])
        *_, last = LogReader().count(view, query, quiet)
        found.append([text, last.hits])
        if hits := [row for batch in batches for row in batch.rows]:
            middle = hits[len(hits) // 2]
            *_, before = LogReader().count(view, query, quiet, middle.after)
            found.append([text, middle.address, before.hits])
    for one in identifiers:
        *_, trace = traces(view, one, CORRELATION_IDS, (), quiet)
        rows = [(row.address, row.line) for row in trace.rows]
        found.append([one, trace.correlation_id, rows, trace.notes])
    return found


@settings(max_examples=6, **SLOW)
@given(st.integers(0, 10**6), st.sampled_from(("\n", "\r\n")), st.integers(1, 150))
def test_the_index_changes_no_answer(tmp_path: Path, seed: int, ending: str, grown: int) -> None:
    """IDs, beginnings of them, levels, times and combinations find the same with an index and without."""
    path = tmp_path / f"{seed}-{grown}-{len(ending)}.log"
    path.write_bytes(content(seed, 300, ending))
    tape = Tape(str(path), "x", Reading(UTC, record_bytes=65_536))
    build(tape)
    with path.open("ab") as file:
        file.write(content(seed, 300 + grown, ending)[path.stat().st_size :] or b"tail\n")
    if seed % 2:
        build(tape)
    index = index_of(tape)
    assert index is not None
    everything = records(tape)
    dice = random.Random(seed)
    known = sorted({one for _, _, record in everything for one in ids_of(record, CORRELATION_IDS)})
    some = dice.sample(known, min(6, len(known)))
    middle = f"{START + timedelta(seconds=dice.randrange(250)):%Y-%m-%dT%H:%M:%S}Z"
    queries = [
        "level>=error", "-level:info", "level:error OR level:debug", "level<warning since:" + middle,
        f"since:{middle} until:2026-03-01T23:55:00Z", f"until:{middle} level:error", f"-(since:{middle})",
        *(f"cid:{quote(one)}" for one in some[:3]), "cid:req-00* level:error",
        'cid:"req-0001-*"', "cid:absent-id",
        'cid:short OR level:error', "message:done level>=warning",
    ]  # fmt: skip
    wanted = [*some, *(one[:9] for one in some), "absent-id-000", "req-0001-"]
    with_index = answers(tape, queries, wanted)
    shelf.drop(home(tape))
    assert index_of(tape) is None
    assert with_index == answers(tape, queries, wanted)


@settings(max_examples=15, **SLOW)
@given(seed=st.integers(0, 10**6), ending=st.sampled_from(("\n", "\r\n")))
def test_its_columns_are_those_of_a_full_parse(tmp_path: Path, seed: int, ending: str) -> None:
    """Blocks begin with records; their levels, times, lines and IDs are what parsing everything says."""
    path = tmp_path / f"{seed}-{len(ending)}.log"
    path.write_bytes(content(seed, 400, ending))
    tape = Tape(str(path), "x", Reading(UTC, record_bytes=65_536))
    build(tape)
    index = index_of(tape)
    assert index is not None
    blocks = index.columns
    data = path.read_bytes()
    everything = [one for one in records(tape) if one[0] < index.end]
    assert set(blocks.starts) <= {start for start, _, _ in everything} | {0}
    levels: Counter[tuple[int, int]] = Counter()
    for start, time_ns, record in everything:
        number = max(n for n, begin in enumerate(blocks.starts) if begin <= start)
        levels[number, LEVEL_COLUMNS.index(record.level)] += 1
        if index.timed(number):
            assert blocks.lows[number] <= time_ns <= blocks.highs[number]
        for one in ids_of(record, CORRELATION_IDS):
            assert number in index.blocks_of(one, prefix=False), one
            assert len(one) < 8 or number in index.blocks_of(one[:8], prefix=True), one
    for number, begin in enumerate(blocks.starts):
        assert blocks.lines[number] == data.count(b"\n", 0, begin)
        for column in range(len(LEVEL_COLUMNS)):
            assert blocks.levels[column][number] == levels[number, column]


@settings(max_examples=10, **SLOW)
@given(seed=st.integers(0, 10**6))
def test_the_histogram_counts_what_a_full_parse_counts(tmp_path: Path, seed: int) -> None:
    """Indexed or not, every record counts in the minute in which it stands."""
    path = tmp_path / f"{seed}.log"
    path.write_bytes(content(seed, 300, "\n"))
    os.utime(path, (10**9, 10**9))
    tape = Tape(str(path), "x", Reading(UTC, record_bytes=65_536))
    wanted: Counter[tuple[int, Level | None]] = Counter(
        (time_ns // MINUTE, record.level) for _, time_ns, record in records(tape)
    )
    for indexed in (False, True):
        if indexed:
            build(tape)
        tally = Tally()
        found = tally.histogram([tape], None, None, 10**6)
        while not found.complete:
            found = tally.histogram([tape], None, None, 10**6)
        assert found.bucket_ns == MINUTE
        seen = {
            (found.since_ns // MINUTE + bucket, LEVEL_COLUMNS[column]): count
            for bucket, row in enumerate(found.counts)
            for column, count in enumerate(row)
            if count
        }
        assert seen == dict(wanted)


@given(st.text(min_size=1, max_size=80))
def test_a_whole_id_and_its_beginning_have_the_same_upper_half(text: str) -> None:
    """One sorted list answers both questions, whatever the case."""
    if hashing.searchable(text):
        assert hashing.hash_of(text) >> hashing.HALF == hashing.prefix_of(text)
        assert hashing.hash_of(text) == hashing.hash_of(text.upper())


@pytest.mark.parametrize("stray", [-(10**6), 10**6])
def test_a_time_is_found_among_clocks_out_of_order(tmp_path: Path, stray: int) -> None:
    """The place is the first record at or after the time, and one stray clock does not move it."""
    dice = random.Random(stray)
    path = tmp_path / "x.log"
    seconds = [n - (0.4 if dice.random() < 0.1 else 0) for n in range(2_000)]
    seconds[1_000 if stray < 0 else 10] += stray
    lines = [
        json.dumps({"timestamp": (START + timedelta(seconds=one)).isoformat(), "level": "info", "n": n})
        for n, one in enumerate(seconds)
    ]
    path.write_text("\n".join(lines) + "\n")
    tape = Tape(str(path), "x", Reading(UTC))
    build(tape)
    for wanted in (5, 700, 1_500, 1_999):
        moment = int((START + timedelta(seconds=wanted - 0.4)).timestamp() * 10**9)
        offset = find_time(tape, moment)
        found = len(path.read_bytes()[:offset].split(b"\n")) - 1
        truth = next(n for n, one in enumerate(seconds) if one >= wanted - 0.4 and abs(n - one) < 1_000)
        assert found == truth
    assert find_time(tape, int((START + timedelta(days=30)).timestamp() * 10**9)) == tape.size


@pytest.mark.parametrize("query", ["level:error", "cid:req-0007-late", "duration_ms>400"])
def test_what_is_written_while_a_read_begins_is_read_or_left_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """A line that comes after the index was asked and before the file is read is a hit, not passed over."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "app.log"
    path.write_bytes(content(3, 400, "\n"))
    tape = Tape(str(path), "app", Reading(UTC))
    build(tape)
    assert index_of(tape) is not None
    view, quiet, asked = View((tape,)), threading.Event(), parse(query, now_ns=0)
    reader = LogReader()
    edge = list(reader.read(view, Query(), None, Direction.OLDER, 0, quiet))[-1].cursor
    following = reader.read(view, asked, edge, Direction.NEWER, 500, quiet)
    late = {"timestamp": START.isoformat(), "level": "error", "message": "late", "duration_ms": 900}
    with path.open("a") as file:
        file.write(json.dumps({**late, "request_id": "req-0007-late"}) + "\n")
    assert [row.record.message for batch in following for row in batch.rows] == ["late"]
