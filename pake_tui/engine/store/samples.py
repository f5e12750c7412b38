"""Samples as packed rows: one per writer and tick, with the series it holds (its layout) and their values.

Layouts and values are the machine's own int64 and float64 arrays: the file does not travel. At the place
of `-id` in a layout stands how many seconds before the row the gauge `id` was set.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from msgspec import Struct

from pake_tui.engine.store.buckets import Column, joined
from pake_tui.model.sample import Aggregate, MetricKind, SeriesKey

SCHEMA = """
CREATE TABLE series(
    id INTEGER PRIMARY KEY AUTOINCREMENT, metric TEXT NOT NULL, tags TEXT NOT NULL, service TEXT NOT NULL,
    kind TEXT NOT NULL, unit TEXT NOT NULL, UNIQUE(metric, tags, service)
);
CREATE TABLE writers(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE layouts(id INTEGER PRIMARY KEY AUTOINCREMENT, ids BLOB NOT NULL UNIQUE);
CREATE TABLE samples(
    at_ns INTEGER NOT NULL, writer INTEGER NOT NULL, layout INTEGER NOT NULL, vals BLOB NOT NULL
);
CREATE INDEX samples_by_time ON samples(at_ns);
"""
AGGREGATES = """
CREATE TABLE aggregates(
    number INTEGER PRIMARY KEY AUTOINCREMENT, series INTEGER NOT NULL UNIQUE, aggregate TEXT NOT NULL
);
"""
"""Of gauges for which a process told another one than the last; the highest number tells what changed."""
MOST_SERIES = 5_000


class Meaning(Struct, frozen=True):
    """How to read a series: its kind, its unit (`percent`, `bytes`, `bytes/s`, `ms`, `/s`, `celsius` or
    empty), and of a gauge what several processes make of it.
    """

    kind: MetricKind = MetricKind.GAUGE
    unit: str = ""
    aggregate: Aggregate = Aggregate.LAST


PLAIN = Meaning()


class Packer:
    """Values into rows, with what it needs to know of the tables kept at hand."""

    def __init__(self) -> None:
        self._ids: dict[SeriesKey, int] = {}
        self._layouts: dict[bytes, int] = {}
        self._writers: dict[str, int] = {}
        self._told: dict[int, Aggregate] = {}
        self.refused = 0
        """Values dropped because there were too many series."""

    def forget(self, *, told: bool = True) -> None:
        """The tables may have changed: look everything up again, and tell the aggregates once more.

        Not `told`: those stand, and another process may have said something else since.
        """
        self._ids.clear()
        self._layouts.clear()
        self._writers.clear()
        if told:
            self._told.clear()

    def insert(
        self,
        connection: sqlite3.Connection,
        writer: str,
        at_ns: int,
        values: Mapping[SeriesKey, float],
        meanings: Mapping[SeriesKey, Meaning],
        ages: Mapping[SeriesKey, float],
    ) -> None:
        """One row. Values that are not finite are left out."""
        pairs: list[tuple[int, float]] = []
        for key, value in values.items():
            if isfinite(value):
                number = self._ids.get(key) or self._series(connection, key, meanings.get(key, PLAIN))
                if number:
                    pairs.append((number, value))
                    if key.service:  # the host's have one writer
                        if key in ages:
                            pairs.append((-number, ages[key]))
                        self._tell(connection, number, meanings.get(key))
        if not pairs:
            return
        pairs.sort()
        ids = array("q", [number for number, _ in pairs]).tobytes()
        layout = self._layouts.get(ids) or number_of(connection, "layouts", "ids", ids)
        self._layouts[ids] = layout
        place = self._writers.get(writer) or number_of(connection, "writers", "name", writer)
        self._writers[writer] = place
        packed = array("d", [value for _, value in pairs]).tobytes()
        connection.execute("INSERT INTO samples VALUES(?,?,?,?)", (at_ns, place, layout, packed))

    def _series(self, connection: sqlite3.Connection, key: SeriesKey, meaning: Meaning) -> int:
        more = {"kind": meaning.kind.value, "unit": meaning.unit}
        if number := number_of_key(connection, "series", key, MOST_SERIES, more):
            self._ids[key] = number
        else:
            self.refused += 1
        return number

    def _tell(self, connection: sqlite3.Connection, number: int, meaning: Meaning | None) -> None:
        """The aggregate of a gauge from now on, until a process begins to tell another one."""
        if meaning is None or meaning.kind is not MetricKind.GAUGE:
            return
        aggregate = meaning.aggregate
        if self._told.get(number) is aggregate:
            return
        kept = connection.execute("SELECT aggregate FROM aggregates WHERE series=?", (number,)).fetchone()
        if (kept[0] if kept else Aggregate.LAST.value) != aggregate.value:
            connection.execute(
                "INSERT OR REPLACE INTO aggregates(series, aggregate) VALUES(?,?)", (number, aggregate.value)
            )
        self._told[number] = aggregate


def number_of_key(
    connection: sqlite3.Connection, table: str, key: SeriesKey, most: int, more: Mapping[str, object]
) -> int:
    """The id of a key in `series` or `timings`; made with `more` columns where there is none, 0 where there
    are so many already.
    """
    row: dict[str, object] = {"metric": key.metric, "tags": json.dumps(key.tags), "service": key.service}
    found = connection.execute(
        f"SELECT id FROM {table} WHERE metric=:metric AND tags=:tags AND service=:service", row
    ).fetchone()
    if found:
        return int(found[0])
    if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= most:
        return 0
    row |= more
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    return int(connection.execute(f"INSERT INTO {table}({names}) VALUES({places})", row).lastrowid or 0)


def meanings(connection: sqlite3.Connection) -> dict[int, Meaning]:
    """How to read each series, by id."""
    rows = connection.execute(
        "SELECT id, kind, unit, coalesce(aggregate, 'last') FROM series LEFT JOIN aggregates ON series=id"
    ).fetchall()
    return {number: Meaning(MetricKind(kind), unit, Aggregate(told)) for number, kind, unit, told in rows}


def layouts(connection: sqlite3.Connection) -> dict[int, list[int]]:
    """Series ids by layout."""
    return {
        number: array("q", ids).tolist()
        for number, ids in connection.execute("SELECT id, ids FROM layouts").fetchall()
    }


class Block(Struct, frozen=True):
    """Rows of one writer and one layout: their times, and per row the values one after another."""

    writer: int
    ids: Sequence[int]
    times: list[int]
    values: array[float]

    def column(self, place: int) -> array[float]:
        """The values of one series."""
        return self.values[place :: len(self.ids)]


def blocks(connection: sqlite3.Connection, since_ns: int, until_ns: int) -> list[Block]:
    """Samples of a range by writer and layout, times rising."""
    rows = connection.execute(
        "SELECT writer, layout, at_ns, vals FROM samples WHERE at_ns>=? AND at_ns<?", (since_ns, until_ns)
    ).fetchall()
    groups: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    for writer, layout, at_ns, packed in rows:
        groups.setdefault((writer, layout), []).append((at_ns, packed))
    known = layouts(connection) if groups else {}
    result: list[Block] = []
    for (writer, layout), pairs in groups.items():
        pairs.sort(key=lambda pair: pair[0])
        values = array("d", b"".join([packed for _, packed in pairs]))
        result.append(Block(writer, known.get(layout, []), [at for at, _ in pairs], values))
    return [block for block in result if block.ids]


def raw_columns(found: Iterable[Block], wanted: Mapping[int, Meaning]) -> dict[int, dict[int, Column]]:
    """Per series id and writer one column; counters as they stand."""
    pieces: dict[int, dict[int, list[Column]]] = {}
    for block in found:
        for place, number in enumerate(block.ids):
            if number in wanted:
                values = block.column(place)
                column = Column(block.times, values, values, values)
                pieces.setdefault(number, {}).setdefault(block.writer, []).append(column)
    seen: dict[tuple[int, ...], list[int]] = {}
    return {
        number: {writer: joined(parts, seen) for writer, parts in writers.items()}
        for number, writers in pieces.items()
    }


def number_of(connection: sqlite3.Connection, table: str, column: str, value: object) -> int:
    """The id of a row that holds a value; made where there is none."""
    found = connection.execute(f"SELECT id FROM {table} WHERE {column}=?", (value,)).fetchone()
    if found:
        return int(found[0])
    return int(connection.execute(f"INSERT INTO {table}({column}) VALUES(?)", (value,)).lastrowid or 0)
