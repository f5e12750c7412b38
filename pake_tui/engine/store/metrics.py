"""The face of `metrics.db`: samples of an hour, minutes of two days, hours of 400 days, health results,
busiest processes.

It may be thrown away: a corrupt file is set aside and made anew. A timing that an application measured
comes as one gauge in milliseconds per statistic: the series key carries a tag `stat` with the value `p50`,
`p95`, `p99`, `mean` or `max`, kind TIMING, unit `ms`; how often it was measured is a counter named
`<metric>.count`. Counters are recorded as they stand (ever growing) and read as rates per second; a
negative difference is a reset and is dropped. A gauge of several writers is what its aggregate makes of those
that are alive.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pake_tui.clock import HOUR, SECOND, now_ns
from pake_tui.engine.store import gauges, health, hours, marks, rollups, samples, summing
from pake_tui.engine.store.buckets import (
    Column,
    Grid,
    Plan,
    as_buckets,
    grid,
    joined,
    merged,
    nothing,
    plan,
    stepped,
)
from pake_tui.engine.store.database import WRITE_TIMEOUT, Database, Schema
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.samples import Known, Meaning
from pake_tui.model.sample import MetricKind, ProcessRow, Series, SeriesKey

__all__ = ["FILE_NAME", "Meaning", "MetricsStore"]

FILE_NAME = "metrics.db"
SCHEMA = Schema(
    application_id=0x50414B32,
    migrations=(
        samples.SCHEMA
        + rollups.SCHEMA
        + health.SCHEMA
        + """
CREATE TABLE processes(one INTEGER PRIMARY KEY CHECK(one = 1), at_ns INTEGER NOT NULL, rows TEXT NOT NULL);
CREATE TABLE leader(one INTEGER PRIMARY KEY CHECK(one = 1), epoch INTEGER NOT NULL);
""",
        health.SPANS,
        rollups.PACKED + hours.SCHEMA,
        marks.SCHEMA,
        samples.AGGREGATES,
    ),
)
RAW_SPAN_NS = HOUR + 60 * SECOND
MOST_BYTES = 100_000_000
LAST_WITHIN_NS = 150 * SECOND
FORGET_EVERY_NS = HOUR


class MetricsStore:
    """`metrics.db` in a state folder; opened on first use, safe between threads and across forks.

    `health` holds the results of health checks, `marks` what happened when. Failures are StoreErrors.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self.database = Database(folder / FILE_NAME, SCHEMA, read_only=read_only, durable=False)
        self.health = health.HealthResults(self)
        self.marks = marks.Marks(self)
        self._packer = samples.Packer()
        self._catalogue = samples.Catalogue()
        self._packed_for: tuple[int, int] = (-1, -1)
        self._epoch: int | None = None
        self._busiest: tuple[str, tuple[ProcessRow, ...]] = ("[]", ())

    def lead(self, epoch: int) -> None:
        """This store belongs to the collector of that epoch.

        Its later writes fail (DeposedError) once a higher epoch led here.
        """
        self._epoch = epoch
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO leader VALUES(1,?)", (epoch,))

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one query."""
        return self.database.read(sql, parameters)

    @contextmanager
    def write(self, *, timeout: float = WRITE_TIMEOUT) -> Iterator[sqlite3.Connection]:
        """One transaction, as `StateStore.write`."""
        with self.database.write(timeout=timeout) as connection:
            if self._epoch is not None:
                row = connection.execute("SELECT epoch FROM leader").fetchone()
                if row is not None and row[0] > self._epoch:
                    raise DeposedError(
                        f"this collector (epoch {self._epoch}) was replaced; nothing was written"
                    )
            yield connection

    def record(
        self,
        writer: str,
        at_ns: int,
        values: Mapping[SeriesKey, float],
        meanings: Mapping[SeriesKey, Meaning] | None = None,
        ages: Mapping[SeriesKey, float] | None = None,
    ) -> None:
        """One tick of one writer (`collector`, `service@pid`): values by series; one small transaction.

        Values that are not finite are left out. `meanings` (default: gauges without unit) counts when a
        series is seen first; another aggregate of a gauge counts from when a writer first tells it. `ages`
        are the seconds since a gauge was set (default: none). Past 5,000 series new ones are dropped and
        counted in `refused`.
        """
        with self.write() as connection:
            hour = (self.database.generation, at_ns // HOUR)
            if hour != self._packed_for:
                self._packer.forget(told=hour[0] != self._packed_for[0])
                self._packed_for = hour
            try:
                self._packer.insert(connection, writer, at_ns, values, meanings or {}, ages or {})
            except BaseException:
                # Numbers handed out in a transaction that is undone must not be remembered.
                self._packer.forget()
                raise

    @property
    def refused(self) -> int:
        """Values this process dropped because there were too many series."""
        return self._packer.refused

    def series(
        self, keys: Sequence[SeriesKey] | None, since_ns: int, until_ns: int, points: int
    ) -> list[Series]:
        """Named series (all if None) in `points` equal steps that end with the one of `until_ns`, oldest
        first.

        Spans up to an hour come from samples, up to two days from minute roll-ups, longer ones from hours,
        with steps of an hour at least. A step without a sample repeats the last one for 2.5 usual intervals
        of its writer, then it is a gap. Unknown series are left out.
        """
        span_ns = until_ns - since_ns
        if span_ns > rollups.KEEP_ROLLUPS_NS:
            points = min(points, -(-span_ns // HOUR))
        over = grid(since_ns, until_ns, max(1, points))
        with self.database.reading() as connection:
            known = _chosen(self._catalogue.series(connection, self.database.generation), keys)
            meanings = self._catalogue.meanings if keys is None else {one.id: one.meaning for one in known}
            columns = _columns(connection, over, until_ns, meanings, span_ns)
        plans: dict[int, Plan] = {}
        starts = over.edges[:-1]
        return [_series(series, columns.get(series.id, []), over, starts, plans) for series in known]

    def summary(self, since_ns: int, until_ns: int) -> dict[SeriesKey, tuple[float, float, float]]:
        """Mean, lowest and highest of each series that has a value in the range."""
        with self.database.reading() as connection:
            known = self._catalogue.series(connection, self.database.generation)
            found = summing.summed(connection, since_ns, until_ns, self._catalogue.meanings)
        return {one.key: found[one.id] for one in known if one.id in found}

    def catalog(self) -> dict[SeriesKey, Meaning]:
        """Every series there is data for, the host's first, sorted."""
        with self.database.reading() as connection:
            known = self._catalogue.series(connection, self.database.generation)
        return {series.key: series.meaning for series in known}

    def last(self, keys: Iterable[SeriesKey] | None = None) -> dict[SeriesKey, tuple[int, float]]:
        """The newest value of each series with its time (UTC ns), within 150 s; counters as rates."""
        newest = self.newest_ns()
        if newest is None:
            return {}
        wanted = list(keys) if keys is not None else None
        found = self.series(wanted, newest - LAST_WITHIN_NS, newest, 1)
        return {s.key: (s.last_ns, s.last) for s in found if s.last is not None and s.last_ns is not None}

    def standing(self) -> dict[SeriesKey, float]:
        """The newest value of each series within 150 s: counters as they stand, added over their writers, a
        gauge as those make it that are alive.
        """
        newest = self.newest_ns()
        if newest is None:
            return {}
        with self.database.reading() as connection:
            known = {one.id: one for one in self._catalogue.series(connection, self.database.generation)}
            found = samples.blocks(connection, newest - LAST_WITHIN_NS, newest + 1)
        values: dict[SeriesKey, float] = {}
        seen: dict[tuple[int, int], tuple[int, float]] = {}
        for block in found:
            at_ns = block.times[-1]
            for place, number in enumerate(block.ids):
                value = block.values[place - len(block.ids)]
                if seen.get((number, block.writer), (0, 0.0))[0] <= at_ns:
                    seen[number, block.writer] = at_ns, value
        latest: dict[SeriesKey, int] = {}
        for (number, _), (at_ns, value) in seen.items():
            if (one := known.get(number)) is None:
                continue
            if one.meaning.kind is MetricKind.COUNTER:
                values[one.key] = values.get(one.key, 0.0) + value
            elif at_ns >= latest.get(one.key, 0):
                values[one.key], latest[one.key] = value, at_ns
        levels = {
            number: one.meaning for number, one in known.items() if one.meaning.kind is MetricKind.GAUGE
        }
        for number, writers in gauges.columns(found, levels).items():
            if gauges.ALL in writers:
                values[known[number].key] = writers[gauges.ALL].means[-1]
        return values

    def newest_ns(self) -> int | None:
        """When the newest sample was made; None if there is none."""
        newest = self.read("SELECT max(at_ns) FROM samples")[0][0]
        return None if newest is None else int(newest)

    def put_processes(self, at_ns: int, rows: Sequence[ProcessRow]) -> None:
        """Replace the list of busiest processes."""
        packed = json.dumps([(r.pid, r.name, r.user, r.cpu_percent, r.memory_bytes) for r in rows])
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO processes VALUES(1,?,?)", (at_ns, packed))

    def processes(self) -> tuple[ProcessRow, ...]:
        """The busiest processes at the last sample, as they were given."""
        rows = self.read("SELECT rows FROM processes")
        if not rows:
            return ()
        packed = rows[0][0]
        if packed != self._busiest[0]:
            self._busiest = packed, tuple(ProcessRow(*row) for row in json.loads(packed))
        return self._busiest[1]

    def prune(self, at_ns: int | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        """Roll minutes and hours up, forget what is too old, and the oldest of what does not fit; the
        collector calls it once a minute.
        """
        now = now_ns() if at_ns is None else at_ns
        with self.write() as connection:
            rollups.roll(connection, now)
            hours.roll_hours(connection)
            hours.forget_hours(connection, now)
            hours.shrink(connection, most_bytes)
            rollups.forget(connection, now)
        self.database.checkpoint()

    def reach(self) -> tuple[int, int | None]:
        """How many bytes the file holds, and the oldest time (UTC ns) of which there is anything."""
        with self.database.reading() as connection:
            size = hours.content_bytes(connection)
            oldest = connection.execute(
                "SELECT min(at) FROM (SELECT min(hour_ns) at FROM hours UNION ALL "
                "SELECT min(minute_ns) FROM minutes UNION ALL SELECT min(at_ns) FROM samples)"
            ).fetchone()[0]
        return size, oldest

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd about the file, in words."""
        return tuple(self.database.notes)

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self.database.close()


def _chosen(known: list[Known], keys: Sequence[SeriesKey] | None) -> list[Known]:
    """The wanted ones, in the order they were named."""
    if keys is None:
        return known
    by_key = {series.key: series for series in known}
    return [by_key[key] for key in keys if key in by_key]


def _columns(
    connection: sqlite3.Connection, over: Grid, until_ns: int, meanings: Mapping[int, Meaning], span_ns: int
) -> dict[int, list[Column]]:
    """Per series id one column for each writer; of a gauge one for all of them."""
    start = over.start_ns - rollups.LOOK_BACK_NS
    if span_ns <= RAW_SPAN_NS:
        fresh = gauges.columns(samples.blocks(connection, start, until_ns + 1), meanings)
        return _listed(fresh, meanings)
    if span_ns <= rollups.KEEP_ROLLUPS_NS:
        return _listed(_minutes(connection, start, until_ns, meanings), meanings)
    rolled_ns = hours.hours_until(connection)
    past = hours.hour_columns(connection, over.start_ns - hours.LOOK_BACK_NS, until_ns + 1, meanings)
    recent = _minutes(connection, max(start, rolled_ns), until_ns, meanings)
    return _listed(_followed(past, recent), meanings)


def _listed(
    found: Mapping[int, Mapping[int, Column]], meanings: Mapping[int, Meaning]
) -> dict[int, list[Column]]:
    """Columns by series id. A gauge's past lies with one writer while it was alone, else with all of them."""
    listed = {number: list(writers.values()) for number, writers in found.items()}
    return {
        number: [joined(parts)] if meanings[number].kind is MetricKind.GAUGE else parts
        for number, parts in listed.items()
    }


def _followed(
    past: Mapping[int, Mapping[int, Column]], recent: Mapping[int, Mapping[int, Column]]
) -> dict[int, dict[int, Column]]:
    """Each writer's past of a series with what came since."""
    found: dict[int, dict[int, Column]] = {}
    seen: dict[tuple[int, ...], list[int]] = {}
    for number in past.keys() | recent.keys():
        rolled, fresh = past.get(number, {}), recent.get(number, {})
        found[number] = {
            writer: joined([part[writer] for part in (rolled, fresh) if writer in part], seen)
            for writer in rolled.keys() | fresh.keys()
        }
    return found


def _minutes(
    connection: sqlite3.Connection, start: int, until_ns: int, meanings: Mapping[int, Meaning]
) -> dict[int, dict[int, Column]]:
    """Minutes, and the samples that are not rolled up yet."""
    rolled_ns = rollups.rolled_until(connection)
    past = rollups.minute_columns(connection, start, until_ns + 1, meanings)
    tail = samples.blocks(connection, max(start, rolled_ns), until_ns + 1)
    return _followed(past, gauges.columns(tail, meanings))


def _series(
    series: Known, columns: list[Column], over: Grid, starts: list[int], plans: dict[int, Plan]
) -> Series:
    parts = []
    newest: tuple[int, float] | None = None
    add = series.meaning.kind is MetricKind.COUNTER
    for column in columns:
        if not column.times:
            continue
        # Columns of one block share the very list of their times, so its plan serves them all.
        how = plans.get(id(column.times))
        if how is None:
            how = plans[id(column.times)] = plan(column.times, over)
        parts.append(stepped(column, how))
        latest = (column.times[-1], column.means[-1])
        if newest is None or latest[0] > newest[0]:
            newest = latest if newest is None or not add else (latest[0], newest[1] + latest[1])
        elif add:
            newest = (newest[0], newest[1] + latest[1])
    points = as_buckets(merged(parts, add=add) if parts else nothing(over), starts)
    return Series(
        key=series.key,
        kind=series.meaning.kind,
        unit=series.meaning.unit,
        points=points,
        last=newest[1] if newest else None,
        last_ns=newest[0] if newest else None,
    )
