"""Which series there are: those of samples, and the statistics of each timing."""

from __future__ import annotations

import json
import sqlite3

from msgspec import Struct

from pake_tui.engine.store.samples import Meaning, meanings
from pake_tui.engine.store.sketch import STATS
from pake_tui.model.sample import MetricKind, SeriesKey, Tags

TIMING = Meaning(MetricKind.TIMING, "ms")


class Known(Struct, frozen=True):
    """A series on record: its number among the samples; of a statistic also its timing's, and which one of
    STATS it is. A statistic has samples (else 0) only where an older version wrote it.
    """

    id: int
    key: SeriesKey
    meaning: Meaning
    timing: int = 0
    place: int = 0


class Catalogue:
    """The series on record, read again only when some came or went: ids are never given twice."""

    def __init__(self) -> None:
        self._stamp: tuple[int, ...] = ()
        self._known: list[Known] = []
        self.meanings: dict[int, Meaning] = {}
        """How to read each series of samples, by id."""

    def series(self, connection: sqlite3.Connection, generation: int) -> list[Known]:
        """Every series, the host's first, sorted; `generation` tells one file of that name from the next."""
        (counted,) = connection.execute(
            "SELECT s.*, t.*, a.* FROM (SELECT count(*), max(id) FROM series) s, "
            "(SELECT count(*), max(id) FROM timings) t, (SELECT max(number) FROM aggregates) a"
        ).fetchall()
        stamp = (generation, *counted)
        if stamp != self._stamp:
            self._known = _known_series(connection)
            self.meanings = {series.id: series.meaning for series in self._known if series.id}
            self._stamp = stamp
        return self._known


def _known_series(connection: sqlite3.Connection) -> list[Known]:
    found: dict[SeriesKey, Known] = {}
    known = meanings(connection)
    for row in connection.execute("SELECT id, metric, tags, service FROM series").fetchall():
        key = SeriesKey(row[1], _tags(row[2]), row[3])
        found[key] = Known(row[0], key, known[row[0]])
    for row in connection.execute("SELECT id, metric, tags, service FROM timings").fetchall():
        for place, stat in enumerate(STATS):
            key = SeriesKey(row[1], tuple(sorted((*_tags(row[2]), ("stat", stat)))), row[3])
            older = found[key].id if key in found else 0
            found[key] = Known(older, key, TIMING, row[0], place)
    return sorted(found.values(), key=lambda known: (known.key.service, known.key))


def _tags(packed: str) -> Tags:
    return tuple((name, value) for name, value in json.loads(packed))
