"""Minutes rolled up: per writer and layout the mean, low and high of each series, kept for two days.

A minute, and an hour too, is one row: three float32 arrays (means, lows, highs), deflated. A counter is
rolled up as its rate per second. It, and a gauge that several writers have, is rolled up as what its writers
make together, in a row of ALL; in their own rows it is NaN.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence, Set
from itertools import chain
from math import nan

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.store import timings
from pake_tui.engine.store.buckets import Column, joined, without_nan
from pake_tui.engine.store.samples import Block, blocks, layouts, meanings, number_of
from pake_tui.engine.store.writers import ALL, Columns, columns
from pake_tui.model.sample import MetricKind

SCHEMA = """
CREATE TABLE rollups(
    minute_ns INTEGER NOT NULL, writer INTEGER NOT NULL, layout INTEGER NOT NULL, means BLOB NOT NULL,
    lows BLOB NOT NULL, highs BLOB NOT NULL, lasts BLOB NOT NULL, PRIMARY KEY(minute_ns, writer, layout)
);
CREATE TABLE progress(one INTEGER PRIMARY KEY CHECK(one = 1), rolled_ns INTEGER NOT NULL);
"""
PACKED = """
CREATE TABLE minutes(
    minute_ns INTEGER NOT NULL, writer INTEGER NOT NULL, layout INTEGER NOT NULL, packed BLOB NOT NULL,
    PRIMARY KEY(minute_ns, writer, layout)
) WITHOUT ROWID;
DELETE FROM rollups;
DELETE FROM progress;
"""
KEEP_SAMPLES_NS = HOUR + 3 * MINUTE
KEEP_ROLLUPS_NS = 48 * HOUR
LATE_NS = 10 * SECOND
AGAIN_NS = 10 * MINUTE
"""What comes later still is not rolled up: a writer whose clock is wrong would have it done all the time."""
LOOK_BACK_NS = 70 * SECOND
FUTURE_NS = 5 * MINUTE


def rolled_until(connection: sqlite3.Connection) -> int:
    """Minutes that begin before this time (UTC ns) are rolled up."""
    row = connection.execute("SELECT rolled_ns FROM progress").fetchone()
    return int(row[0]) if row else 0


def roll_again(connection: sqlite3.Connection, at_ns: int) -> None:
    """Have what comes late, for a minute (of `at_ns`, UTC ns) that is rolled up already, rolled up too."""
    connection.execute(
        "UPDATE progress SET rolled_ns=?1 WHERE rolled_ns>?1 AND rolled_ns<=?1+?2",
        (at_ns // MINUTE * MINUTE, AGAIN_NS),
    )


def roll(connection: sqlite3.Connection, now_ns: int) -> None:
    """Roll up every whole minute since the last time."""
    done = min(rolled_until(connection), now_ns // MINUTE * MINUTE)
    oldest = connection.execute(
        "SELECT min(at) FROM (SELECT min(at_ns) at FROM samples UNION ALL "
        "SELECT min(at_ns) FROM timing_flushes)"
    ).fetchone()[0]
    end = (now_ns - LATE_NS) // MINUTE * MINUTE
    if oldest is None or end <= done:
        return
    start = max(done, oldest // MINUTE * MINUTE)
    known = meanings(connection)
    numbers = {tuple(ids): number for number, ids in layouts(connection).items()}
    found = blocks(connection, start - LOOK_BACK_NS, end + LATE_NS)  # what comes after tells who lived on
    levels = {number: meaning for number, meaning in known.items() if meaning.kind is not MetricKind.TIMING}
    shared = {one: writers[ALL] for one, writers in columns(found, levels).items() if ALL in writers}
    # Of what is rolled up again all rows go: with a late sample some may be told of elsewhere.
    connection.execute("DELETE FROM minutes WHERE minute_ns>=? AND minute_ns<?", (start, end))
    for block in found:
        rows = _minutes(block, start, end, shared.keys())
        connection.executemany(
            "INSERT OR REPLACE INTO minutes VALUES(?,?,?,?)",
            [(minute, block.writer, numbers[tuple(block.ids)], packed) for minute, packed in rows],
        )
    _put_shared(connection, shared, start, end)
    timings.roll(connection, timings.FLUSHES, timings.TENS, start, end)
    timings.roll(connection, timings.TENS, timings.MINUTES, start, end)
    connection.execute("INSERT OR REPLACE INTO progress VALUES(1,?)", (end,))


def forget(connection: sqlite3.Connection, now_ns: int) -> None:
    """Drop what is too old, what a wrong clock put into the future, and series that have no data left."""
    for table, column, keep in (
        ("samples", "at_ns", KEEP_SAMPLES_NS),
        ("timing_flushes", "at_ns", KEEP_SAMPLES_NS),
        ("timing_tens", "at_ns", KEEP_SAMPLES_NS),
        ("minutes", "minute_ns", KEEP_ROLLUPS_NS),
        ("timing_minutes", "at_ns", KEEP_ROLLUPS_NS),
    ):
        connection.execute(
            f"DELETE FROM {table} WHERE {column}<? OR {column}>?", (now_ns - keep, now_ns + FUTURE_NS)
        )
    connection.execute(
        "DELETE FROM layouts WHERE id NOT IN (SELECT layout FROM samples UNION SELECT layout FROM minutes "
        "UNION SELECT layout FROM hours)"
    )
    used = {number for ids in layouts(connection).values() for number in ids}
    gone = [row for row in connection.execute("SELECT id FROM series").fetchall() if row[0] not in used]
    connection.executemany("DELETE FROM series WHERE id=?", gone)
    connection.executemany("DELETE FROM aggregates WHERE series=?", gone)
    timings.forget_names(connection, now_ns)


def step_back(connection: sqlite3.Connection, now_ns: int) -> None:
    """Forget the seconds, and the minutes from this one on."""
    minute = now_ns // MINUTE * MINUTE
    for table in ("samples", "timing_flushes", "timing_tens"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM minutes WHERE minute_ns>=?", (minute,))
    connection.execute("DELETE FROM timing_minutes WHERE at_ns>=?", (minute,))
    connection.execute("UPDATE progress SET rolled_ns=min(rolled_ns, ?)", (minute,))


def minute_columns(
    connection: sqlite3.Connection, since_ns: int, until_ns: int, wanted: Container[int] | None
) -> Columns:
    """Minutes of a range, per series id and writer; of all series if `wanted` is None."""
    rows = connection.execute(
        "SELECT writer, layout, minute_ns, packed FROM minutes "
        "WHERE minute_ns>=? AND minute_ns<? ORDER BY minute_ns",
        (since_ns, until_ns),
    ).fetchall()
    return unpacked(connection, rows, wanted)


def pack(parts: Iterable[Iterable[float]], level: int = 1) -> bytes:
    """One row's means, lows and highs, each in the order of its layout."""
    return zlib.compress(array("f", chain.from_iterable(parts)).tobytes(), level)


def unpacked(
    connection: sqlite3.Connection, rows: Iterable[tuple[int, int, int, bytes]], wanted: Container[int] | None
) -> Columns:
    """The columns of (writer, layout, UTC ns, packed), times rising; of all series if `wanted` is None."""
    groups: dict[tuple[int, int], tuple[list[int], list[bytes]]] = {}
    for writer, layout, at_ns, packed in rows:
        times, pieces = groups.setdefault((writer, layout), ([], []))
        times.append(at_ns)
        pieces.append(zlib.decompress(packed))
    known = layouts(connection) if groups else {}
    found: dict[int, dict[int, list[Column]]] = {}
    for (writer, layout), (times, pieces) in groups.items():
        ids = known.get(layout, [])
        values, count = array("f", b"".join(pieces)), len(ids)
        for place, number in enumerate(ids):
            if wanted is None or number in wanted:
                means, lows, highs = (values[place + part * count :: 3 * count] for part in range(3))
                column = without_nan(Column(times, means, lows, highs))
                found.setdefault(number, {}).setdefault(writer, []).append(column)
    return {
        number: {writer: joined(parts) for writer, parts in writers.items()}
        for number, writers in found.items()
    }


def _put_shared(
    connection: sqlite3.Connection, shared: dict[int, Column], start_ns: int, end_ns: int
) -> None:
    """A row of ALL for each minute from `start_ns` on, until `end_ns`."""
    rows: dict[int, dict[int, tuple[float, float, float]]] = {}
    for number, column in sorted(shared.items()):
        for minute, low, high in _spans(column.times, start_ns, end_ns):
            rows.setdefault(minute, {})[number] = _whole(column.means[low:high])
    for minute, values in rows.items():
        layout = number_of(connection, "layouts", "ids", array("q", values).tobytes())
        connection.execute(
            "INSERT OR REPLACE INTO minutes VALUES(?,?,?,?)",
            (minute, ALL, layout, pack(zip(*values.values(), strict=True))),
        )


def _minutes(block: Block, start_ns: int, end_ns: int, left_out: Set[int]) -> list[tuple[int, bytes]]:
    """One packed row per minute from `start_ns` on, until `end_ns`; ages, and what is `left_out`, are NaN.

    None where that is all there is.
    """
    if all(number < 0 or number in left_out for number in block.ids):
        return []
    spans = _spans(block.times, start_ns, end_ns)
    packed = {minute: tuple(array("d") for _ in range(3)) for minute, _, _ in spans}
    for place, number in enumerate(block.ids):
        values = block.column(place)
        told = number > 0 and number not in left_out
        for minute, low, high in spans:
            whole = _whole(values[low:high]) if told else (nan, nan, nan)
            for target, value in zip(packed[minute], whole, strict=True):
                target.append(value)
    return [(minute, pack(packed[minute])) for minute, _, _ in spans]


def _whole(part: Sequence[float]) -> tuple[float, float, float]:
    """Mean, low and high."""
    return sum(part) / len(part), min(part), max(part)


def _spans(times: Sequence[int], start_ns: int, end_ns: int) -> list[tuple[int, int, int]]:
    """(minute, from, to) of the rising times that lie in each minute from `start_ns` on, until `end_ns`."""
    spans: list[tuple[int, int, int]] = []
    low, end = bisect_left(times, start_ns), bisect_left(times, end_ns)
    while low < end:
        minute = times[low] // MINUTE * MINUTE
        high = bisect_left(times, minute + MINUTE, low)
        spans.append((minute, low, high))
        low = high
    return spans
