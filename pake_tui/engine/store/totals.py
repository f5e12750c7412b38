"""What each counter has counted since it is known, over all of its writers, dead ones too: it never falls.

A writer whose counter falls was restarted: what it tells then counts from zero.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from pake_tui.clock import DAY, SECOND
from pake_tui.engine.store.samples import Block, Meaning, blocks, raw_columns
from pake_tui.engine.store.writers import ALL

SCHEMA = """
CREATE TABLE totals(
    series INTEGER NOT NULL, writer INTEGER NOT NULL, total REAL NOT NULL, newest REAL NOT NULL,
    at_ns INTEGER NOT NULL, PRIMARY KEY(series, writer)
) WITHOUT ROWID;
CREATE TABLE totals_progress(one INTEGER PRIMARY KEY CHECK(one = 1), told_ns INTEGER NOT NULL);
"""
LATE_NS = 10 * SECOND
ONE_AGAIN_NS = DAY
"""A writer that is silent for so long is dead: its totals are kept with those of all dead ones."""


class Total(Struct, frozen=True):
    """What a writer has counted, the last value that it told, and when (UTC ns)."""

    total: float
    newest: float
    at_ns: int


UNHEARD = Total(0.0, 0.0, 0)
Totals = dict[tuple[int, int], Total]
"""By series id and writer."""


def keep(connection: sqlite3.Connection, now_ns: int, counters: Mapping[int, Meaning]) -> None:
    """Take down what was told since the last time; once a minute is meant."""
    until = now_ns - LATE_NS
    since = min(_told_until(connection), until)  # a clock that was ahead is not waited for
    known = _kept(connection)
    rows = _advanced(known, blocks(connection, since, until), counters)
    connection.executemany(
        "INSERT OR REPLACE INTO totals VALUES(?,?,?,?,?)",
        [
            (*place, one.total, one.newest, one.at_ns)
            for place, one in rows.items()
            if known.get(place) != one
        ],
    )
    connection.execute("INSERT OR REPLACE INTO totals_progress VALUES(1,?)", (until,))
    dead = (ALL, now_ns - ONE_AGAIN_NS)
    connection.execute(
        "INSERT OR REPLACE INTO totals SELECT series, ?1, sum(total), 0, max(at_ns) FROM totals "
        "WHERE writer=?1 OR at_ns<?2 GROUP BY series",
        dead,
    )
    connection.execute("DELETE FROM totals WHERE writer<>? AND at_ns<?", dead)
    connection.execute("DELETE FROM totals WHERE series NOT IN (SELECT id FROM series)")


def keep_all(
    connection: sqlite3.Connection, newest_ns: int, now_ns: int, counters: Mapping[int, Meaning]
) -> None:
    """Take everything down up to the newest sample, which lies ahead of a clock that was set back."""
    keep(connection, newest_ns + LATE_NS + 1, counters)
    connection.execute("INSERT OR REPLACE INTO totals_progress VALUES(1,?)", (now_ns,))


def standing(
    connection: sqlite3.Connection, until_ns: int, counters: Mapping[int, Meaning]
) -> dict[int, float]:
    """Each counter's total up to a time, by series id."""
    found: dict[int, float] = {}
    rows = _advanced(_kept(connection), blocks(connection, _told_until(connection), until_ns), counters)
    for (number, _), one in rows.items():
        found[number] = found.get(number, 0.0) + one.total
    return found


def _told_until(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT told_ns FROM totals_progress").fetchone()
    return int(row[0]) if row else 0


def _kept(connection: sqlite3.Connection) -> Totals:
    rows = connection.execute("SELECT series, writer, total, newest, at_ns FROM totals").fetchall()
    return {(number, writer): Total(*rest) for number, writer, *rest in rows}


def _advanced(known: Totals, found: Sequence[Block], counters: Mapping[int, Meaning]) -> Totals:
    """The totals with what newer samples tell."""
    result = dict(known)
    for number, writers in raw_columns(found, counters).items():
        for writer, column in writers.items():
            before = result.get((number, writer), UNHEARD)
            values = [before.newest, *column.means]
            restarts = sum(old for old, new in pairwise(values) if new < old)
            total = before.total + values[-1] - values[0] + restarts
            result[number, writer] = Total(total, values[-1], column.times[-1])
    return result
