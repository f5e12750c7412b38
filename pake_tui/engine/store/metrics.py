"""The face of `metrics.db`: samples of an hour, minutes of two days, hours of 400 days, health results,
busiest processes.

It may be thrown away: a corrupt file is set aside and made anew. A timing that an application measured is
recorded as a sketch and read as one series in milliseconds per statistic: its key carries a tag `stat` with
the value `p50`, `p90`, `p95`, `p99`, `mean` or `max`, kind TIMING, unit `ms`. Each is that of all timings of
all writers in a step, percentiles within 1 % (`sketch`); a step without timings is None. How often it was
measured is a counter named `<metric>.count`. Counters are recorded as they stand (ever growing) and read as
rates per second; a negative difference is a reset and is dropped. A gauge of several writers is what its
aggregate makes of those that are alive.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pake_tui.clock import HOUR, SECOND, now_ns
from pake_tui.engine.store import (
    health,
    hours,
    marks,
    ranges,
    rollups,
    samples,
    summing,
    timings,
    totals,
    writers,
)
from pake_tui.engine.store.buckets import grid
from pake_tui.engine.store.catalogue import Catalogue, Known
from pake_tui.engine.store.database import WRITE_TIMEOUT, Database, Schema
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.ranges import LAST_WITHIN_NS, NEWEST_NS
from pake_tui.engine.store.samples import Meaning
from pake_tui.engine.store.sketch import Sketch
from pake_tui.engine.store.sketchrows import statistics
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
        timings.SCHEMA,
        totals.SCHEMA,
    ),
)
MOST_BYTES = 100_000_000
FULL = "so many series are kept already that new ones are left out: is an ID part of a metric's name or tags?"
FORGET_EVERY_NS = HOUR
STEP_NS = 10 * SECOND
"""So far ahead of the clock nothing is told, unless that was set back."""
LATE_NS = 5 * SECOND
"""A rate reaches back to the sample before it: so long before the range that one is looked for."""


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
        self._flushes = timings.Flushes()
        self._catalogue = Catalogue()
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
        sketches: Mapping[SeriesKey, Sketch] | None = None,
    ) -> None:
        """One tick of one writer (`collector`, `service@pid`): values by series, and what was timed since the
        last one, by the timing's key without `stat`; one small transaction.

        Values that are not finite are left out. `meanings` (default: gauges without unit) counts when a
        series is seen first; another aggregate of a gauge counts from when a writer first tells it. `ages`
        are the seconds since a gauge was set (default: none). Past 5,000 series, 1,000 timings, new ones are
        dropped and counted in `refused`.
        """
        with self.write() as connection:
            hour = (self.database.generation, at_ns // HOUR)
            if hour != self._packed_for:
                self._forget_numbers(told=hour[0] != self._packed_for[0])
                self._packed_for = hour
            try:
                if self._epoch is not None:
                    self._step_back(connection, now_ns())
                self._packer.insert(connection, writer, at_ns, values, meanings or {}, ages or {})
                self._flushes.insert(connection, writer, at_ns, sketches or {})
                rollups.roll_again(connection, at_ns)
            except BaseException:
                # Numbers handed out in a transaction that is undone must not be remembered.
                self._forget_numbers()
                raise

    def _step_back(self, connection: sqlite3.Connection, now: int) -> None:
        """Where the clock stepped back, what it told of a time that is yet to come goes, and the last hour's
        seconds, so that no counter is taken to have grown within a second by what it grew in all that time.
        """
        newest = connection.execute("SELECT max(at_ns) FROM samples").fetchone()[0]
        if newest is None or newest - now <= STEP_NS:
            return
        counters = _of_kind(self._chosen(connection, None), MetricKind.COUNTER)
        totals.keep_all(connection, newest, now, counters)
        rollups.step_back(connection, now)
        hours.step_back(connection, now)

    def _forget_numbers(self, *, told: bool = True) -> None:
        self._packer.forget(told=told)
        self._flushes.forget()

    @property
    def refused(self) -> int:
        """Values and sketches this process dropped because there were too many series."""
        return self._packer.refused + self._flushes.refused

    def series(
        self, keys: Sequence[SeriesKey] | None, since_ns: int, until_ns: int, points: int
    ) -> list[Series]:
        """Named series (all if None) in `points` equal steps that end with the one of `until_ns`, oldest
        first.

        Spans up to an hour come from samples, up to two days from minute roll-ups, longer ones from hours,
        with steps of an hour at least. A step without a sample repeats the last one for 2.5 usual intervals
        of its writer, then it is a gap. A timing's newest value is that of 30 s. Unknown series are left out.
        """
        span_ns = until_ns - since_ns
        if span_ns > rollups.KEEP_ROLLUPS_NS:
            points = min(points, -(-span_ns // HOUR))
        over = grid(since_ns, until_ns, max(1, points))
        with self.database.reading() as connection:
            known = self._chosen(connection, keys)
            found = ranges.sampled(connection, known, over, until_ns, span_ns)
            wanted = {one.timing for one in known if one.timing}
            timed = ranges.timed(connection, over, until_ns, span_ns, wanted) if wanted else {}
        return [
            ranges.with_timing(series, one.place, timed[one.timing]) if one.timing in timed else series
            for one, series in zip(known, found, strict=True)
        ]

    def _chosen(self, connection: sqlite3.Connection, keys: Sequence[SeriesKey] | None) -> list[Known]:
        """The named series on record, in that order; all if None."""
        known = self._catalogue.series(connection, self.database.generation)
        if keys is None:
            return known
        by_key = {series.key: series for series in known}
        return [by_key[key] for key in keys if key in by_key]

    def summary(self, since_ns: int, until_ns: int) -> dict[SeriesKey, tuple[float, float, float]]:
        """Mean, lowest and highest of each series that has a value in the range; of a timing's statistic all
        three are that of the whole range.
        """
        with self.database.reading() as connection:
            known = self._catalogue.series(connection, self.database.generation)
            found = summing.summed(connection, since_ns, until_ns, self._catalogue.meanings)
            timed = summing.timed(connection, since_ns, until_ns)
        return {
            one.key: (timed[one.timing][one.place],) * 3 if one.timing in timed else found[one.id]
            for one in known
            if one.timing in timed or one.id in found
        }

    def catalog(self) -> dict[SeriesKey, Meaning]:
        """Every series there is data for, the host's first, sorted."""
        with self.database.reading() as connection:
            known = self._catalogue.series(connection, self.database.generation)
        return {series.key: series.meaning for series in known}

    def last(
        self, keys: Iterable[SeriesKey] | None = None, over_ns: int = NEWEST_NS
    ) -> dict[SeriesKey, tuple[int, float]]:
        """The newest value of each series with its time (UTC ns), within 150 s; counters as rates. Those of
        timings are of the `over_ns` up to the newest sample, none where that is 0.
        """
        newest = self.newest_ns()
        if newest is None:
            return {}
        over = grid(newest - LAST_WITHIN_NS, newest, 1)
        with self.database.reading() as connection:
            known = self._chosen(connection, None if keys is None else list(keys))
            found = ranges.sampled(connection, known, over, newest, LAST_WITHIN_NS)
            timed = self._timed(connection, known, newest, over_ns)
        last = {s.key: (s.last_ns, s.last) for s in found if s.last is not None and s.last_ns is not None}
        return last | timed

    def timed(self, over_ns: int) -> dict[SeriesKey, tuple[int, float]]:
        """Of `last`, what is of timings."""
        newest = self.newest_ns()
        if newest is None:
            return {}
        with self.database.reading() as connection:
            return self._timed(connection, self._chosen(connection, None), newest, over_ns)

    def rates(self, over_ns: int) -> dict[SeriesKey, tuple[int, float]]:
        """The mean rate of each counter over the `over_ns` up to the newest sample, with its newest time."""
        newest = self.newest_ns()
        if newest is None:
            return {}
        with self.database.reading() as connection:
            every = self._chosen(connection, None)
            counters = _of_kind(every, MetricKind.COUNTER)
            found = samples.blocks(connection, newest - over_ns - LATE_NS, newest + 1)
        keys = {one.id: one.key for one in every if one.id}
        told = {}
        for number, by_writer in writers.columns(found, counters).items():
            (column,) = by_writer.values()
            part = column.means[bisect_right(column.times, newest - over_ns) :]
            if part:
                told[keys[number]] = column.times[-1], sum(part) / len(part)
        return told

    def standing(self) -> dict[SeriesKey, float]:
        """The newest value of each series within 150 s: of a counter all that its writers have counted, those
        that are dead too; a gauge as those make it that are alive.
        """
        newest = self.newest_ns()
        if newest is None:
            return {}
        with self.database.reading() as connection:
            every = self._chosen(connection, None)
            timed = self._timed(connection, every, newest, NEWEST_NS)
            found = samples.blocks(connection, newest - LAST_WITHIN_NS, newest + 1)
            counters = _of_kind(every, MetricKind.COUNTER)
            counted = totals.standing(connection, newest + 1, counters)
        keys = {one.id: one.key for one in every if one.id}
        told = {number for block in found for number in block.ids}
        values = {keys[number]: total for number, total in counted.items() if number in told}
        levels = {one.id: one.meaning for one in every if one.id and one.id not in counters}
        for number, by_writer in writers.columns(found, levels).items():
            newest_column = max(by_writer.values(), key=lambda column: column.times[-1])
            values[keys[number]] = newest_column.means[-1]
        return values | {key: value for key, (_, value) in timed.items()}

    def _timed(
        self, connection: sqlite3.Connection, known: Iterable[Known], until_ns: int, over_ns: int
    ) -> dict[SeriesKey, tuple[int, float]]:
        """The statistics of the timings of `over_ns`, with the newest time (UTC ns) of any."""
        parts = timings.read(connection, timings.FLUSHES, until_ns - over_ns + 1, until_ns + 1)
        found = statistics(part.packed for part in parts)
        return {
            one.key: (parts[-1].at_ns, found[one.timing][one.place]) for one in known if one.timing in found
        }

    def newest_ns(self) -> int | None:
        """When the newest sample or timing was recorded; None if there is none."""
        newest = self.read(
            "SELECT max(at) FROM (SELECT max(at_ns) at FROM samples UNION ALL SELECT max(at_ns) FROM "
            "timing_flushes)"
        )[0][0]
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
            totals.keep(connection, now, _of_kind(self._chosen(connection, None), MetricKind.COUNTER))
            rollups.roll(connection, now)
            hours.roll_hours(connection)
            hours.forget_hours(connection, now)
            rollups.forget(connection, now)  # first: what is forgotten anyway takes no room from the hours
            hours.shrink(connection, most_bytes)
        self.database.checkpoint()

    def reach(self) -> tuple[int, int | None]:
        """How many bytes the file holds, and the oldest time (UTC ns) of which there is anything."""
        with self.database.reading() as connection:
            size = hours.content_bytes(connection)
            oldest = connection.execute(
                "SELECT min(at) FROM (SELECT min(hour_ns) at FROM hours UNION ALL "
                "SELECT min(minute_ns) FROM minutes UNION ALL SELECT min(at_ns) FROM samples UNION ALL "
                "SELECT min(at_ns) FROM timing_hours UNION ALL SELECT min(at_ns) FROM timing_minutes)"
            ).fetchone()[0]
        return size, oldest

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd about the file, in words, and whether it took all that this process told."""
        return (*self.database.notes, *([FULL] if self.refused else []))

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self.database.close()


def _of_kind(known: Iterable[Known], kind: MetricKind) -> dict[int, Meaning]:
    """How to read the series of samples of one kind, by id."""
    return {one.id: one.meaning for one in known if one.id and one.meaning.kind is kind}
