"""Timings in `metrics.db`: the sketches of each flush of each writer for an hour; merged over all writers
into ten seconds for an hour too, minutes for two days and hours for 400.

A row holds the sketches of all timings that were measured in its time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import groupby

from msgspec import Struct

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.store.samples import number_of, number_of_key
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
CREATE TABLE timing_tens(at_ns INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE timing_minutes(at_ns INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE timing_hours(at_ns INTEGER PRIMARY KEY, packed BLOB NOT NULL);
"""
MOST_TIMINGS = 1_000


class Level(Struct, frozen=True):
    """A table of sketches, and how long each row lasts."""

    table: str
    lasts_ns: int


FLUSHES = Level("timing_flushes", SECOND)
TENS = Level("timing_tens", 10 * SECOND)
MINUTES = Level("timing_minutes", MINUTE)
HOURS = Level("timing_hours", HOUR)


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
            if sketch.low <= sketch.high
            and (number := self._ids.get(key) or self._number(connection, key, at_ns))
        }
        if numbered:
            place = number_of(connection, "writers", "name", writer)
            connection.execute("INSERT INTO timing_flushes VALUES(?,?,?)", (at_ns, place, pack(numbered)))

    def _number(self, connection: sqlite3.Connection, key: SeriesKey, at_ns: int) -> int:
        if number := number_of_key(connection, "timings", key, MOST_TIMINGS, {"seen_ns": at_ns}):
            self._ids[key] = number
        else:
            self.refused += 1
        return number


def read(connection: sqlite3.Connection, level: Level, since_ns: int, until_ns: int) -> list[Part]:
    """What begins in a range, times rising."""
    rows = connection.execute(
        f"SELECT at_ns, packed FROM {level.table} WHERE at_ns>=? AND at_ns<? ORDER BY at_ns",
        (since_ns, until_ns),
    ).fetchall()
    return [Part(at_ns, level.lasts_ns, packed) for at_ns, packed in rows]


def roll(connection: sqlite3.Connection, fine: Level, coarse: Level, since_ns: int, until_ns: int) -> None:
    """Merge the rows of a range into rows that last longer."""
    parts, width = read(connection, fine, since_ns, until_ns), coarse.lasts_ns
    for start, group in groupby(parts, lambda part: part.at_ns // width * width):
        found = unpack(part.packed for part in group)
        connection.execute(f"INSERT OR REPLACE INTO {coarse.table} VALUES(?,?)", (start, pack(found)))
        connection.executemany(
            "UPDATE timings SET seen_ns=max(seen_ns, ?) WHERE id=?", [(start, number) for number in found]
        )


def forget_names(connection: sqlite3.Connection, now_ns: int) -> None:
    """Drop timings of which nothing is left: those not seen since the oldest row."""
    connection.execute("UPDATE timings SET seen_ns=?1 WHERE seen_ns>?1", (now_ns,))
    connection.execute(
        "DELETE FROM timings WHERE seen_ns<(SELECT coalesce(min(at), ?) FROM (SELECT min(at_ns) at FROM "
        "timing_hours UNION ALL SELECT min(at_ns) FROM timing_minutes UNION ALL SELECT min(at_ns) FROM "
        "timing_flushes))",
        (now_ns,),
    )
