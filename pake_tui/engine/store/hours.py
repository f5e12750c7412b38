"""Hours rolled up from minutes: per writer the mean, low and high of each series, kept for 400 days."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Container, Mapping

from pake_tui.clock import DAY, HOUR, MINUTE
from pake_tui.engine.store import timings
from pake_tui.engine.store.rollups import minute_columns, pack, rolled_until, unpacked
from pake_tui.engine.store.samples import Meaning, meanings, number_of
from pake_tui.engine.store.writers import Columns, past_of

SCHEMA = """
CREATE TABLE hours(
    hour_ns INTEGER NOT NULL, writer INTEGER NOT NULL, layout INTEGER NOT NULL, packed BLOB NOT NULL,
    PRIMARY KEY(hour_ns, writer)
);
CREATE TABLE hour_progress(one INTEGER PRIMARY KEY CHECK(one = 1), rolled_ns INTEGER NOT NULL);
"""
HOURS = (("hours", "hour_ns"), ("timing_hours", "at_ns"))
MINUTES = (("minutes", "minute_ns"), ("timing_minutes", "at_ns"))
KEEP_HOURS_NS = 400 * DAY
LOOK_BACK_NS = HOUR + 10 * MINUTE


def hours_until(connection: sqlite3.Connection) -> int:
    """Hours that begin before this time (UTC ns) are rolled up."""
    row = connection.execute("SELECT rolled_ns FROM hour_progress").fetchone()
    return int(row[0]) if row else 0


def roll_hours(connection: sqlite3.Connection) -> None:
    """Roll up every hour of which all minutes are there, since the last time."""
    end = rolled_until(connection) // HOUR * HOUR
    done = min(hours_until(connection), end)
    if end <= done:
        return
    found = connection.execute(
        "SELECT DISTINCT minute_ns / ?1 * ?1 FROM minutes WHERE minute_ns>=?2 AND minute_ns<?3",
        (HOUR, done, end),
    ).fetchall()
    known = meanings(connection)
    for (hour,) in found:
        for writer, values in _hour(connection, hour, known).items():
            ids = sorted(values)
            layout = number_of(connection, "layouts", "ids", array("q", ids).tobytes())
            packed = pack(([values[number][part] for number in ids] for part in range(3)), level=6)
            connection.execute("INSERT OR REPLACE INTO hours VALUES(?,?,?,?)", (hour, writer, layout, packed))
    timings.roll(connection, timings.MINUTES, timings.HOURS, done, end)
    connection.execute("INSERT OR REPLACE INTO hour_progress VALUES(1,?)", (end,))


def hour_columns(
    connection: sqlite3.Connection, since_ns: int, until_ns: int, wanted: Container[int]
) -> Columns:
    """Hours of a range, per series id and writer."""
    rows = connection.execute(
        "SELECT writer, layout, hour_ns, packed FROM hours WHERE hour_ns>=? AND hour_ns<? ORDER BY hour_ns",
        (since_ns, until_ns),
    ).fetchall()
    return unpacked(connection, rows, wanted)


def forget_hours(connection: sqlite3.Connection, now_ns: int) -> None:
    """Drop what is too old, and what a wrong clock put into the future."""
    for table, column in HOURS:
        connection.execute(
            f"DELETE FROM {table} WHERE {column}<? OR {column}>?", (now_ns - KEEP_HOURS_NS, now_ns + HOUR)
        )


def step_back(connection: sqlite3.Connection, now_ns: int) -> None:
    """Forget the hours from this one on."""
    hour = now_ns // HOUR * HOUR
    for table, column in HOURS:
        connection.execute(f"DELETE FROM {table} WHERE {column}>=?", (hour,))
    connection.execute("UPDATE hour_progress SET rolled_ns=min(rolled_ns, ?)", (hour,))


def shrink(connection: sqlite3.Connection, most_bytes: int) -> None:
    """Drop the oldest hours, then the oldest minutes, until the file's content fits."""
    for tables in (HOURS, MINUTES):
        every = " UNION ALL ".join(f"SELECT {column} at FROM {table}" for table, column in tables)
        while content_bytes(connection) > most_bytes:
            low, high = connection.execute(f"SELECT min(at), max(at) FROM ({every})").fetchone()
            if low is None or high <= low:
                break
            before = low + max(1, (high - low) // 10)
            for table, column in tables:
                connection.execute(f"DELETE FROM {table} WHERE {column}<?", (before,))


def content_bytes(connection: sqlite3.Connection) -> int:
    """What the file holds, without the pages that are free to be used again."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _hour(
    connection: sqlite3.Connection, hour: int, known: Mapping[int, Meaning]
) -> dict[int, dict[int, tuple[float, float, float]]]:
    """Mean, low and high of each series that a writer told of in an hour; of several writers, ALL."""
    found: dict[int, dict[int, tuple[float, float, float]]] = {}
    for number, writers in minute_columns(connection, hour, hour + HOUR, None).items():
        if number in known:
            writers = past_of(known[number].kind, writers)
        for writer, column in writers.items():
            if column.times:
                mean = sum(column.means) / len(column.means)
                found.setdefault(writer, {})[number] = mean, min(column.lows), max(column.highs)
    return found
