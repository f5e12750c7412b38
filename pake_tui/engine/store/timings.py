"""Timings in `metrics.db`: the sketches of each flush of each writer for an hour, merged over all writers
into minutes for two days and hours for 400.

A row holds the sketches of all timings that were measured in its second, minute or hour.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import groupby

from msgspec import Struct

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.store.samples import number_of
from pake_tui.engine.store.sketch import Sketch
from pake_tui.engine.store.sketchrows import pack, unpack
from pake_tui.model.sample import SeriesKey

SCHEMA = """
CREATE TABLE timings(
    id INTEGER PRIMARY KEY AUTOINCREMENT, metric TEXT NOT NULL, tags TEXT NOT NULL, service TEXT NOT NULL,
    seen_ns INTEGER NOT NULL, UNIQUE(metric, tags, service)
);
CREATE TABLE timing_flushes(at_ns INTEGER NOT NULL, writer INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE INDEX timing_flushes_by_time ON timing_flushes(at_ns);
CREATE TABLE timing_minutes(minute_ns INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE timing_hours(hour_ns INTEGER PRIMARY KEY, packed BLOB NOT NULL);
"""
MOST_TIMINGS = 1_000


class Part(Struct, frozen=True):
    """The sketches of a time (UTC ns) and how long it lasts."""

    at_ns: int
    lasts_ns: int
    packed: bytes


class Flushes:
    """Sketches into rows, with the numbers of the timings kept at hand."""

    def __init__(self) -> None:
        self._ids: dict[SeriesKey, int] = {}
        self.refused = 0
        """Sketches dropped because there were too many timings."""

    def forget(self) -> None:
        """The table may have changed: look every timing up again."""
        self._ids.clear()

    def insert(
        self, connection: sqlite3.Connection, writer: str, at_ns: int, sketches: Mapping[SeriesKey, Sketch]
    ) -> None:
        """One row."""
        numbered = {
            number: sketch
            for key, sketch in sketches.items()
            if sketch.buckets and (number := self._ids.get(key) or self._number(connection, key, at_ns))
        }
        if numbered:
            place = number_of(connection, "writers", "name", writer)
            connection.execute("INSERT INTO timing_flushes VALUES(?,?,?)", (at_ns, place, pack(numbered)))

    def _number(self, connection: sqlite3.Connection, key: SeriesKey, at_ns: int) -> int:
        row = (key.metric, json.dumps(key.tags), key.service)
        found = connection.execute(
            "SELECT id FROM timings WHERE metric=? AND tags=? AND service=?", row
        ).fetchone()
        if found is None:
            if connection.execute("SELECT count(*) FROM timings").fetchone()[0] >= MOST_TIMINGS:
                self.refused += 1
                return 0
            done = connection.execute(
                "INSERT INTO timings(metric, tags, service, seen_ns) VALUES(?,?,?,?)", (*row, at_ns)
            )
            found = (done.lastrowid,)
        self._ids[key] = int(found[0])
        return self._ids[key]


def flushes(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> list[Part]:
    """Every writer's of a range, times rising."""
    return _read(connection, "timing_flushes", "at_ns", SECOND, since_ns, until_ns)


def minutes(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> list[Part]:
    """The minutes that begin in a range, rising."""
    return _read(connection, "timing_minutes", "minute_ns", MINUTE, since_ns, until_ns)


def hours(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> list[Part]:
    """The hours that begin in a range, rising."""
    return _read(connection, "timing_hours", "hour_ns", HOUR, since_ns, until_ns)


def roll(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> None:
    """Minutes out of the flushes of a range."""
    for minute, found in _rolled(flushes(connection, since_ns, until_ns), MINUTE):
        connection.execute("INSERT OR REPLACE INTO timing_minutes VALUES(?,?)", (minute, pack(found)))
        connection.executemany(
            "UPDATE timings SET seen_ns=max(seen_ns, ?) WHERE id=?", [(minute, number) for number in found]
        )


def roll_hours(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> None:
    """Hours out of the minutes of a range."""
    for hour, found in _rolled(minutes(connection, since_ns, until_ns), HOUR):
        connection.execute("INSERT OR REPLACE INTO timing_hours VALUES(?,?)", (hour, pack(found)))


def forget_names(connection: sqlite3.Connection, now_ns: int) -> None:
    """Drop timings of which nothing is left: those not seen since the oldest row."""
    connection.execute("UPDATE timings SET seen_ns=?1 WHERE seen_ns>?1", (now_ns,))
    connection.execute(
        "DELETE FROM timings WHERE seen_ns<(SELECT coalesce(min(at), ?) FROM (SELECT min(hour_ns) at FROM "
        "timing_hours UNION ALL SELECT min(minute_ns) FROM timing_minutes UNION ALL SELECT min(at_ns) FROM "
        "timing_flushes))",
        (now_ns,),
    )


def _rolled(parts: Iterable[Part], width_ns: int) -> Iterable[tuple[int, dict[int, Sketch]]]:
    """The parts of each minute, or hour, as one."""
    for start, group in groupby(parts, lambda part: part.at_ns // width_ns * width_ns):
        yield start, unpack(part.packed for part in group)


def _read(
    connection: sqlite3.Connection, table: str, column: str, lasts_ns: int, since_ns: int, until_ns: int
) -> list[Part]:
    rows = connection.execute(
        f"SELECT {column}, packed FROM {table} WHERE {column}>=? AND {column}<? ORDER BY {column}",
        (since_ns, until_ns),
    ).fetchall()
    return [Part(at_ns, lasts_ns, packed) for at_ns, packed in rows]
