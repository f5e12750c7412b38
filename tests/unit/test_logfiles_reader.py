"""Views of several files: merged by time, paged without loss, found by query, time and address."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pake_tui.engine.logfiles.index import index_of
from pake_tui.engine.logfiles.index.building import Builder, Sizes
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.view import View
from pake_tui.errors import LogError
from pake_tui.model.record import Cursor, Direction, LogRow
from pake_tui.query import parse

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
START_NS = int(START.timestamp()) * 1_000_000_000
READER = LogReader()
NEVER = threading.Event()


def line(ms: int, message: str, **fields: object) -> str:
    """A JSON log line so many milliseconds after the start."""
    stamp = (START + timedelta(milliseconds=ms)).isoformat()
    return json.dumps({"timestamp": stamp, "level": "info", "message": message, **fields})


def view_of(folder: Path, **files: Sequence[str]) -> View:
    """Open files of these lines."""
    for name, lines in files.items():
        (folder / f"{name}.log").write_text("".join(f"{one}\n" for one in lines))
    return View(tuple(Tape(str(folder / f"{name}.log"), name, Reading(UTC)) for name in files))


def read(
    view: View,
    query: str = "",
    start: Cursor | None = None,
    direction: Direction = Direction.NEWER,
    limit: int = 10**6,
) -> list[LogRow]:
    """The rows of a read, in the order of the view."""
    parsed = parse(query, now_ns=START_NS)
    batches = list(READER.read(view, parsed, start, direction, limit, NEVER))
    assert batches[-1].done
    ordered = batches if direction is Direction.NEWER else batches[::-1]
    return [row for batch in ordered for row in batch.rows]


def messages(rows: Sequence[LogRow]) -> list[str]:
    """What the rows say."""
    return [row.record.message for row in rows]


def shop(folder: Path, count: int = 300) -> View:
    """Three files whose lines interleave in time; every seventh line is about a cat."""
    names = ("api", "orders", "payment")
    lines: dict[str, list[str]] = {name: [] for name in names}
    for number in range(count):
        animal = "cat" if number % 7 == 0 else "dog"
        lines[names[number % 3 if number < 200 else 0]].append(
            line(number * 10, f"{number} {animal}", n=number)
        )
    return view_of(folder, **lines)


def test_files_are_merged_by_time_in_both_directions(tmp_path: Path) -> None:
    """The view is one stream in time order, whichever end it is read from."""
    view = shop(tmp_path)
    newer, older = read(view), read(view, direction=Direction.OLDER)
    assert [row.record.fields["n"] for row in newer] == list(range(300))
    assert [row.address for row in older] == [row.address for row in newer]


def test_equal_times_keep_the_order_of_files_and_lines(tmp_path: Path) -> None:
    """Lines of one moment stand in a stable order, their file's own order kept."""
    view = view_of(tmp_path, a=[line(0, "a1"), line(0, "a2")], b=[line(0, "b1"), line(5, "b2")])
    assert messages(read(view)) == ["a1", "a2", "b1", "b2"]
    assert messages(read(view, direction=Direction.OLDER)) == ["a1", "a2", "b1", "b2"]


@pytest.mark.parametrize("query", ["", "cat", "n>250", "n<20", "absent"])
@pytest.mark.parametrize("direction", Direction)
def test_pages_lose_and_double_nothing(tmp_path: Path, query: str, direction: Direction) -> None:
    """Reading on from either side of a row continues exactly there."""
    view = shop(tmp_path)
    whole = [row.address for row in read(view, query)]
    found: list[LogRow] = []
    start = None
    while page := read(view, query, start, direction, limit=13):
        if direction is Direction.NEWER:
            found, start = found + page, page[-1].after
        else:
            found, start = page + found, page[0].before
    assert [row.address for row in found] == whole


def test_a_row_of_a_filtered_view_is_found_in_the_whole_one(tmp_path: Path) -> None:
    """Dropping the filter shows the row among its true neighbours of all files."""
    view = shop(tmp_path)
    (first,) = read(view, "cat", None, Direction.OLDER, limit=1)
    before = read(view, "", first.after, Direction.OLDER, limit=4)
    after = read(view, "", first.after, Direction.NEWER, limit=3)
    number = int(str(first.record.fields["n"]))
    assert [row.record.fields["n"] for row in (*before, *after)] == list(
        range(number - 3, min(number + 4, 300))
    )


def test_lines_without_a_time_stay_with_the_line_before_them(tmp_path: Path) -> None:
    """A plain line between stamped ones takes their time in the merge, and in since: and until:."""
    view = view_of(tmp_path, a=[line(0, "a1"), "plain one", line(100, "a2")], b=[line(50, "b1")])
    expected = ["a1", "plain one", "b1", "a2"]
    assert messages(read(view)) == expected
    assert messages(read(view, direction=Direction.OLDER)) == expected
    assert messages(read(view, "until:2026-03-01T14:00:00.020Z")) == ["a1", "plain one"]


def test_a_banner_before_the_first_time_does_not_hold_up_a_file(tmp_path: Path) -> None:
    """Lines above the first time of a file take that time."""
    view = view_of(tmp_path, a=["* banner *", line(10, "a1")], b=[line(0, "b1"), line(20, "b2")])
    assert messages(read(view)) == ["b1", "* banner *", "a1", "b2"]


def test_a_screen_costs_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a large file at its end reads a bounded number of bytes, whatever its size."""
    view = view_of(tmp_path, a=[line(number, "x" * 200) for number in range(20_000)])
    taken = 0
    plain = Tape.read

    def counting(tape: Tape, offset: int, count: int) -> bytes:
        nonlocal taken
        data = plain(tape, offset, count)
        taken += len(data)
        return data

    monkeypatch.setattr(Tape, "read", counting)
    assert len(read(view, "", None, Direction.OLDER, limit=50)) == 50
    assert taken < 300_000 < view.tapes[0].size / 10


def test_count_and_time_bounds_agree_with_reading(tmp_path: Path) -> None:
    """The count of a query is the number of rows that reading it gives."""
    view = shop(tmp_path)
    for query in ("", "cat", "since:2026-03-01T14:00:02Z", "until:2026-03-01T14:00:00.500Z cat"):
        *_, last = READER.count(view, parse(query, now_ns=START_NS), NEVER)
        assert last.done
        assert last.hits == len(read(view, query))
        assert last.scanned_bytes == last.total_bytes


def set_back(folder: Path, seconds: Sequence[int], ending: str, indexed_share: float) -> View:
    """A file of records at these seconds, some of it indexed."""
    if ending == "json":
        lines = [line(one * 1000, f"record {n} of the day", n=n) for n, one in enumerate(seconds)]
    else:
        times = [f"{START + timedelta(seconds=one):%Y-%m-%d %H:%M:%S}" for one in seconds]
        lines = [
            f"{one} INFO app.worker: n={n} record of the day\n  more of it" for n, one in enumerate(times)
        ]
    view = view_of(folder, a=lines[: int(len(lines) * indexed_share)] or lines)
    if indexed_share:
        list(Builder(view.tapes[0], 10**9, lambda: None, Sizes(least=1)).build())
        assert index_of(view.tapes[0]) is not None
        (folder / "a.log").write_text("".join(f"{one}\n" for one in lines))
    return view


@pytest.mark.parametrize(
    ("every_s", "back_s", "ending", "indexed_share"),
    [
        (2, 7_200, "json", 0),
        (2, 3_600, "text", 0),
        (2, 300, "text", 0),
        (60, 3_600, "json", 0),
        (900, 3_600, "text", 0),
        (2, 3_600, "text", 0.6),
    ],
)
def test_a_clock_that_is_set_back_loses_no_record(
    tmp_path: Path, every_s: int, back_s: int, ending: str, indexed_share: float
) -> None:
    """since:, until: and at: find every record of a file in which times come twice, from either end."""
    half = [n * every_s for n in range(1_500)]
    turn = half[-1]
    seconds = [*half, *(turn - back_s + one for one in half)]
    view = set_back(tmp_path, seconds, ending, indexed_share)
    for first, last in ((-2_500, -2_000), (-400, 100), (-200, 10**9), (-(10**9), -2_500)):
        since, until = (
            START + timedelta(seconds=min(max(turn + at, -(10**5)), 10**8)) for at in (first, last)
        )
        query = f"since:{since:%Y-%m-%dT%H:%M:%SZ} until:{until:%Y-%m-%dT%H:%M:%SZ}"
        truth = sum(turn + first <= one <= turn + last for one in seconds)
        for direction in Direction:
            assert len({row.address for row in read(view, query, direction=direction)}) == truth
        *_, count = READER.count(view, parse(query, now_ns=START_NS), NEVER)
        assert count.hits == truth


def test_a_time_costs_little_in_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query for some minutes reads a small part of a file that has days."""
    taken = 0
    inner = Tape.read

    def counting(tape: Tape, offset: int, count: int) -> bytes:
        nonlocal taken
        taken += count
        return inner(tape, offset, count)

    lines = [
        f"{START + timedelta(seconds=10 * n):%Y-%m-%d %H:%M:%S} INFO app: {n:0100}" for n in range(60_000)
    ]
    view = view_of(tmp_path, a=lines)
    monkeypatch.setattr(Tape, "read", counting)
    assert len(read(view, "since:2026-03-04T14:00:00Z until:2026-03-04T14:10:00Z")) == 61
    assert taken < view.tapes[0].size / 10


@pytest.mark.parametrize(("ms", "first"), [(0, 0), (5, 1), (1000, 100), (1995, 200), (10**6, None), (-5, 0)])
def test_a_time_is_found_by_halving(tmp_path: Path, ms: int, first: int | None) -> None:
    """`place` stands before the first record at or after a time, in every file."""
    view = shop(tmp_path)
    place = READER.place(view, START_NS + ms * 1_000_000)
    rows = read(view, "", place)
    assert (rows[0].record.fields["n"] if rows else None) == first
    assert len(rows) + len(read(view, "", place, Direction.OLDER)) == 300


def test_place_in_a_large_file(tmp_path: Path) -> None:
    """Halving over many blocks lands on the very record."""
    view = view_of(tmp_path, a=[line(number * 10, f"{number} " + "x" * 100) for number in range(5_000)])
    for number in (0, 1, 2499, 3777, 4999):
        place = READER.place(view, START_NS + number * 10_000_000)
        assert messages(read(view, "", place, limit=1))[0].startswith(f"{number} ")


def test_detail_shows_a_record_whole_with_neighbours(tmp_path: Path) -> None:
    """A record's own file gives its neighbours; its raw text is masked and safe."""
    view = view_of(
        tmp_path, a=[line(0, "before"), line(1, "it", password="hunter22", odd="\x1b[2J"), line(2, "after")]
    )
    address = read(view)[1].address
    detail = READER.detail(view, address)
    assert (messages(detail.before), messages(detail.after)) == (["before"], ["after"])
    assert "hunter22" not in detail.raw
    assert "\x1b" not in detail.raw
    assert [row.line for row in read(view)] == [1, 2, 3]


def test_detail_of_what_is_gone_says_so(tmp_path: Path) -> None:
    """A record whose file left the view, or was cut, is answered in words."""
    view = view_of(tmp_path, a=[line(0, "x"), line(1, "y")])
    address = read(view)[1].address
    (tmp_path / "a.log").write_text("")
    with pytest.raises(LogError, match="no longer holds"):
        READER.detail(view, address)
    with pytest.raises(LogError, match="gone"):
        READER.detail(View(), address)


def test_several_records_in_a_line_page_like_others(tmp_path: Path) -> None:
    """An OTLP line holds several records; each has its place, and pages may end between them."""
    body = [{"timeUnixNano": str(START_NS + n), "body": {"stringValue": f"r{n}"}} for n in range(5)]
    batch = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": body}]}]})
    view = view_of(tmp_path, a=[batch, batch])
    whole = messages(read(view))
    assert len(whole) == 10
    for direction in Direction:
        found: list[str] = []
        start = None
        while page := read(view, "", start, direction, limit=3):
            ahead = direction is Direction.NEWER
            found = found + messages(page) if ahead else messages(page) + found
            start = page[-1].after if ahead else page[0].before
        assert found == whole


def test_a_foreign_cursor_is_refused_in_words(tmp_path: Path) -> None:
    """A place that another source made is an error, not a guess."""
    with pytest.raises(LogError, match="was not made"):
        read(shop(tmp_path), "", "fake:3")


def test_a_cancelled_read_ends_without_a_last_batch(tmp_path: Path) -> None:
    """Once the flag is set nothing more comes."""
    cancel = threading.Event()
    cancel.set()
    query = parse("dog", now_ns=START_NS)
    assert list(READER.read(shop(tmp_path), query, None, Direction.NEWER, 100, cancel)) == []
    assert list(READER.count(shop(tmp_path), query, cancel)) == []
