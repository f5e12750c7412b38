"""One suite for every LogSource: the fake, and real files read here and through the scan worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from pake_tui.clock import MINUTE, SECOND
from pake_tui.errors import LogError
from pake_tui.model.record import LEVEL_COLUMNS, Direction, Level, LogBatch, LogRow, Record
from pake_tui.query import QueryError
from pake_tui.records.export import timestamp_text
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from pake_tui.sources.fake.logs import FakeLogSource
from pake_tui.sources.fake.story import SERVICES, incident
from pake_tui.sources.protocols import LogSource

START_NS = 1_772_373_600 * SECOND
NEWER, OLDER = Direction.NEWER, Direction.OLDER


def line_of(record: Record) -> bytes:
    """A record as our own logger would write it."""
    assert record.level is not None
    document = {
        "timestamp": timestamp_text(record),
        "level": record.level.word,
        "service": record.service,
        "logger": record.logger,
        "message": record.message,
        "correlation_id": record.correlation_id,
        **record.fields,
    }
    return orjson.dumps(document) + b"\n"


@pytest.fixture(params=["fake", "embedded", "embedded without worker"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogSource]:
    """A source over the same incident."""
    if request.param == "fake":
        yield FakeLogSource(START_NS)
        return
    records = incident(START_NS)
    for service in SERVICES:
        lines = [line_of(one) for one in records if one.service == service]
        (tmp_path / f"{service}.log").write_bytes(b"".join(lines))
    registered = [(service, tmp_path / f"{service}.log") for service in SERVICES]
    embedded = EmbeddedLogSource(registered=lambda: registered, worker=request.param == "embedded")
    yield embedded
    embedded.close()


def batches(
    source: LogSource,
    query: str = "",
    start: str | None = None,
    direction: Direction = NEWER,
    limit: int = 10**6,
) -> list[LogBatch]:
    """All batches of a read."""
    return list(source.read(query, start, direction, limit, threading.Event()))


def rows(
    source: LogSource,
    query: str = "",
    start: str | None = None,
    direction: Direction = NEWER,
    limit: int = 10**6,
) -> list[LogRow]:
    """The rows of a read, in the order of the view."""
    found = batches(source, query, start, direction, limit)
    ordered = found if direction is NEWER else found[::-1]
    return [row for batch in ordered for row in batch.rows]


def identity(row: LogRow) -> tuple[object, ...]:
    """What tells a row from others in every source."""
    return row.record.time_ns, row.record.service, row.record.message, row.record.correlation_id


def test_the_view_is_one_stream_in_time_order(source: LogSource) -> None:
    """All services' records come merged by time, from either end."""
    found = rows(source)
    assert 380 < len(found) < 460
    times = [row.record.time_ns or 0 for row in found]
    assert times == sorted(times)
    assert {row.record.service for row in found} == set(SERVICES)
    assert [identity(row) for row in rows(source, direction=OLDER)] == [identity(row) for row in found]


def test_files_name_every_service(source: LogSource) -> None:
    """The view says which files it has and how large they are."""
    files = source.files()
    assert sorted(one.service for one in files.files) == sorted(SERVICES)
    assert files.total_bytes > 20_000
    assert files.origin == "registered loggers"
    assert source.files().growth == files.growth


@pytest.mark.parametrize("query", ["", "level>=error", "cid:req-7f3a", "service:payment duration_ms>400"])
def test_pages_fit_together(source: LogSource, query: str) -> None:
    """Pages in either direction give the whole, each row once."""
    whole = [identity(row) for row in rows(source, query)]
    assert whole
    for direction in (NEWER, OLDER):
        found: list[LogRow] = []
        start = None
        while page := rows(source, query, start, direction, 57):
            found = found + page if direction is NEWER else page + found
            start = page[-1].after if direction is NEWER else page[0].before
        assert [identity(row) for row in found] == whole


def test_a_limit_holds_and_the_end_is_said(source: LogSource) -> None:
    """No more rows than asked for; `at_end` only where there is nothing further."""
    few = batches(source, "", None, OLDER, 10)
    assert sum(len(batch.rows) for batch in few) == 10
    assert few[-1].done
    assert not few[-1].at_end
    everything = batches(source, "level>=error")
    assert everything[-1].at_end
    assert everything[-1].hits == sum(len(batch.rows) for batch in everything)
    assert batches(source, "", everything[-1].cursor)[-1].rows == ()


def test_a_wrong_query_is_answered_at_once(source: LogSource) -> None:
    """The error comes from the call itself, with its place."""
    for call in (
        lambda: source.read("level:loud", None, OLDER, 10, threading.Event()),
        lambda: source.count("level:loud", threading.Event()),
    ):
        with pytest.raises(QueryError) as caught:
            call()
        assert caught.value.position == 6


def test_a_foreign_cursor_is_refused(source: LogSource) -> None:
    """A place that this source did not make is an error in words."""
    with pytest.raises(LogError):
        rows(source, "", "nonsense")
    with pytest.raises(LogError):
        rows(source, "error", "nonsense")


def test_count_is_the_number_of_hits(source: LogSource) -> None:
    """The count ends with what reading gives."""
    *_, last = source.count("level>=error", threading.Event())
    assert (last.done, last.rows) == (True, ())
    assert last.hits == len(rows(source, "level>=error"))
    assert last.scanned_bytes == last.total_bytes


def test_hits_up_to_a_place_and_behind_it_are_all(source: LogSource) -> None:
    """What is counted before a place and what is read from it on are the hits of the whole view."""
    found = rows(source, "level>=warning")
    for row in found[:: len(found) // 4]:
        *_, last = source.count("level>=warning", threading.Event(), row.after)
        assert last.hits + len(rows(source, "level>=warning", row.after)) == len(found)


def test_a_trace_crosses_services(source: LogSource) -> None:
    """One request's path over all services, with its first error, whatever the case of the ID."""
    for wanted in ("req-7f3a", "REQ-7F3A"):
        *_, last = source.trace(wanted, threading.Event())
        assert last.complete
        assert [row.record.service for row in last.rows] == [
            "api", "auth", "orders", "payment", "payment", "payment", "orders", "api"
        ]  # fmt: skip
        assert last.first_error is not None
        assert last.rows[last.first_error].record.service == "payment"
    *_, none = source.trace("req-none", threading.Event())
    assert (none.complete, none.rows) == (True, ())


def test_detail_and_neighbours(source: LogSource) -> None:
    """A record is shown whole between its neighbours of the same file, without secrets."""
    row = next(row for row in rows(source, "level:error service:payment"))
    detail = source.detail(row.address, context=2)
    assert detail.row.record == row.record
    assert len(detail.before) == 2
    assert {one.record.service for one in (*detail.before, *detail.after)} == {"payment"}
    assert "Payment declined" in detail.raw
    assert "4111 1111 1111 1111" not in "".join(one.record.text for one in rows(source))


def test_a_place_in_time(source: LogSource) -> None:
    """Reading from a moment gives what came at or after it, and before it what came before."""
    moment = START_NS + 3 * MINUTE
    place = source.place(moment)
    after, before = rows(source, "", place, NEWER, 5), rows(source, "", place, OLDER, 5)
    assert all((row.record.time_ns or 0) >= moment for row in after)
    assert all((row.record.time_ns or 0) < moment for row in before)


def test_a_hit_is_found_in_the_whole_view(source: LogSource) -> None:
    """Without the filter a hit stands in its own place."""
    hit = rows(source, "level>=error", None, OLDER, 1)[0]
    around = [*rows(source, "", hit.after, OLDER, 20), *rows(source, "", hit.after, NEWER, 20)]
    whole = [identity(row) for row in rows(source)]
    place = whole.index(identity(hit))
    assert [identity(row) for row in around] == whole[place - 19 : place + 21]


def test_the_histogram_counts_every_record_once(source: LogSource) -> None:
    """In any number of buckets; bounds leave out what lies outside them."""
    whole = rows(source, "", None, NEWER, 10_000)
    found = source.histogram(None, None, 5)
    while not found.complete:
        found = source.histogram(None, None, 5)
    assert 1 <= len(found.counts) <= 5
    assert found.bucket_ns % MINUTE == 0
    assert sum(map(sum, found.counts)) == len(whole)
    errors = sum(row.record.level is Level.ERROR for row in whole)
    assert sum(row[LEVEL_COLUMNS.index(Level.ERROR)] for row in found.counts) == errors
    first = min(row.record.time_ns or 0 for row in whole) // MINUTE
    minute = source.histogram(first * MINUTE, (first + 1) * MINUTE - 1, 5)
    inside = sum((row.record.time_ns or 0) // MINUTE == first for row in whole)
    assert (minute.since_ns, minute.bucket_ns, sum(map(sum, minute.counts))) == (
        first * MINUTE,
        MINUTE,
        inside,
    )


def test_cancel_ends_a_read(source: LogSource) -> None:
    """Once the flag is set a search gives nothing more."""
    cancel = threading.Event()
    cancel.set()
    for query in ("level>=error", "absent"):
        assert not any(batch.done for batch in source.read(query, None, NEWER, 10**6, cancel))
        assert not any(batch.done for batch in source.count(query, cancel))


def test_field_names_are_learnt(source: LogSource) -> None:
    """Completion knows the fields of what was read."""
    rows(source)
    assert {"duration_ms", "order", "status"} <= set(source.field_names())


def test_the_fake_grows() -> None:
    """What a test adds to the fake comes to who follows it."""
    fake = FakeLogSource(START_NS)
    before, cursor = fake.files().growth, rows(fake)[-1].after
    fake.add("api", Level.ERROR, "late", time_ns=START_NS + 60 * MINUTE, cid="req-1", status=500)
    assert fake.files().growth > before
    assert [row.record.message for row in rows(fake, "", cursor)] == ["late"]
