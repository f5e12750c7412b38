"""A range of time in equal steps: samples of seconds, minutes or hours, and timings out of their sketches."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import chain, repeat

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.store import hours, rollups, samples, timings, writers
from pake_tui.engine.store.buckets import (
    Buckets,
    Column,
    Grid,
    Plan,
    as_buckets,
    joined,
    merged,
    nothing,
    plan,
    side_by_side,
    stepped,
)
from pake_tui.engine.store.catalogue import Known
from pake_tui.engine.store.samples import Block, Meaning
from pake_tui.engine.store.sketch import Stats
from pake_tui.engine.store.sketchrows import statistics
from pake_tui.engine.store.timings import FLUSHES, HOURS, MINUTES, TENS, Part
from pake_tui.model.sample import Bucket, MetricKind, Series

RAW_SPAN_NS = HOUR + 60 * SECOND
NEWEST_NS = 30 * SECOND
"""A timing's newest value is that of so long."""
LAST_WITHIN_NS = 150 * SECOND

_Stepped = tuple[Buckets, float | None, int | None]
"""Steps, the newest value, and its time (UTC ns)."""


class Timed(Struct, frozen=True):
    """A timing in steps, and over the newest 30 s with their newest time (UTC ns). None: nothing measured."""

    steps: list[Stats | None]
    last: Stats | None
    last_ns: int | None


class _Cell(Struct):
    """The rows that fall into one step, and until when they stand for steps that have none."""

    rows: list[bytes] = field(default_factory=list)
    until_ns: int = 0


def sampled(
    connection: sqlite3.Connection, known: Sequence[Known], over: Grid, until_ns: int, span_ns: int
) -> list[Series]:
    """What there are samples of, in steps."""
    meanings = {one.id: one.meaning for one in known if one.id}
    starts = over.edges[:-1]
    plans: dict[int, Plan] = {}
    alone: dict[int, _Stepped] = {}
    if span_ns <= RAW_SPAN_NS:
        found = samples.blocks(connection, over.start_ns - rollups.LOOK_BACK_NS, until_ns + 1)
        alone, found = _alone(found, meanings, over, starts)
        left = {number: meaning for number, meaning in meanings.items() if number not in alone}
        columns = _listed(writers.columns(found, left), left)
    else:
        columns = _rolled(connection, over, until_ns, meanings, span_ns)
    told = [alone.get(one.id) or _in_steps(columns.get(one.id, []), over, starts, plans) for one in known]
    return [
        Series(one.key, one.meaning.kind, one.meaning.unit, points, last, last_ns)
        for one, (points, last, last_ns) in zip(known, told, strict=True)
    ]


def _alone(
    found: Sequence[Block], meanings: Mapping[int, Meaning], over: Grid, starts: Sequence[int]
) -> tuple[dict[int, _Stepped], list[Block]]:
    """The series of blocks that hold but gauges which no other block has, as the host's mostly do: they need
    no column each. And the other blocks.

    What a writer told before the range does not count where it told as much at once from then on.
    """
    past: list[Block] = []
    now: list[Block] = []
    for block in found:
        (past if any(_follows(other, block, over) for other in found) else now).append(block)
    counts = Counter(chain.from_iterable(block.ids for block in now))
    single = {
        number
        for number, count in counts.items()
        if count == 1 and number in meanings and meanings[number].kind is MetricKind.GAUGE
    }
    stepped: dict[int, _Stepped] = {}
    rest: list[Block] = []
    for block in now:
        others = chain.from_iterable(one.ids for one in past if one.writer != block.writer)
        if not single.issuperset(block.ids) or not set(block.ids).isdisjoint(others):
            rest.append(block)
            continue
        points = side_by_side(block.values, len(block.ids), plan(block.times, over), starts)
        last = block.values[-len(block.ids) :]
        stepped.update(zip(block.ids, zip(points, last, repeat(block.times[-1])), strict=True))
    return stepped, [*past, *rest]


def _follows(block: Block, other: Block, over: Grid) -> bool:
    """Whether a block is what a writer told behind another one, in a rhythm, since the range began."""
    steady = len(block.times) > 2 and block.times[0] <= over.start_ns
    return steady and block.writer == other.writer and other.times[-1] < block.times[0]


def _rolled(
    connection: sqlite3.Connection, over: Grid, until_ns: int, meanings: Mapping[int, Meaning], span_ns: int
) -> dict[int, list[Column]]:
    """Of a range longer than samples are kept: per series id one column for all writers."""
    start = over.start_ns - rollups.LOOK_BACK_NS
    if span_ns <= rollups.KEEP_ROLLUPS_NS:
        return _listed(_minutes(connection, start, until_ns, meanings), meanings)
    rolled_ns = hours.hours_until(connection)
    past = hours.hour_columns(connection, over.start_ns - hours.LOOK_BACK_NS, until_ns + 1, meanings)
    recent = _minutes(connection, max(start, rolled_ns), until_ns, meanings)
    return _listed(_followed(past, recent), meanings)


def _listed(found: writers.Columns, meanings: Mapping[int, Meaning]) -> dict[int, list[Column]]:
    """Columns by series id."""
    return {
        number: list(writers.past_of(meanings[number].kind, by_writer).values())
        for number, by_writer in found.items()
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
    return _followed(past, writers.columns(tail, meanings))


def _in_steps(columns: list[Column], over: Grid, starts: list[int], plans: dict[int, Plan]) -> _Stepped:
    """A series of samples out of the columns of its writers; `plans` are those of the columns before."""
    parts = []
    newest: tuple[int, float] | None = None
    for column in columns:
        if not column.times:
            continue
        # Columns of one block share the very list of their times, so its plan serves them all.
        how = plans.get(id(column.times))
        if how is None:
            how = plans[id(column.times)] = plan(column.times, over)
        parts.append(stepped(column, how))
        if newest is None or column.times[-1] > newest[0]:
            newest = (column.times[-1], column.means[-1])
    points = as_buckets(merged(parts) if parts else nothing(over), starts)
    return points, newest[1] if newest else None, newest[0] if newest else None


def timed(
    connection: sqlite3.Connection, over: Grid, until_ns: int, span_ns: int, wanted: Container[int]
) -> dict[int, Timed]:
    """Each wanted timing that has a value in the range."""
    fresh = timings.read(connection, FLUSHES, until_ns - NEWEST_NS + 1, until_ns + 1)
    parts = _parts(connection, over, until_ns + 1, span_ns)
    cells = _cells(parts, over)
    known = {step: statistics(cell.rows, wanted) for step, cell in cells.items()}
    newest = statistics([part.packed for part in fresh], wanted)
    found = {}
    for number in newest.keys() | {number for told in known.values() for number in told}:
        steps = _steps({step: told[number] for step, told in known.items() if number in told}, cells, over)
        last = newest.get(number)
        found[number] = Timed(steps, last, fresh[-1].at_ns if last is not None else None)
    return found


def _parts(connection: sqlite3.Connection, over: Grid, end_ns: int, span_ns: int) -> list[Part]:
    """Rows as long as the range and its steps allow, and the flushes that are not rolled up yet; from what
    began before the range and lasts into it.
    """
    fresh_ns, parts = rollups.rolled_until(connection), []
    if span_ns > rollups.KEEP_ROLLUPS_NS:
        minutes_ns = hours.hours_until(connection)
        parts = timings.read(connection, HOURS, over.start_ns - HOUR, min(minutes_ns, end_ns))
        parts += timings.read(
            connection, MINUTES, max(over.start_ns - MINUTE, minutes_ns), min(fresh_ns, end_ns)
        )
    elif span_ns > RAW_SPAN_NS:
        parts = timings.read(connection, MINUTES, over.start_ns - MINUTE, min(fresh_ns, end_ns))
    elif over.step_ns >= TENS.lasts_ns:
        parts = timings.read(connection, TENS, over.start_ns, min(fresh_ns, end_ns))
    else:
        fresh_ns = 0
    return parts + timings.read(connection, FLUSHES, max(over.start_ns - SECOND, fresh_ns), end_ns)


def _cells(parts: Iterable[Part], over: Grid) -> dict[int, _Cell]:
    """By step; what began before the range and lasts into it has a negative one."""
    found: dict[int, _Cell] = {}
    for part in parts:
        end_ns = part.at_ns + part.lasts_ns
        if end_ns > over.start_ns:
            cell = found.setdefault((part.at_ns - over.start_ns) // over.step_ns, _Cell())
            cell.rows.append(part.packed)
            if part.lasts_ns >= over.step_ns:
                cell.until_ns = end_ns  # a minute stands for all of itself where steps are shorter
    return found


def _steps(known: Mapping[int, Stats], cells: Mapping[int, _Cell], over: Grid) -> list[Stats | None]:
    held, until_ns = None, 0
    steps: list[Stats | None] = []
    for step in range(min([0, *known]), over.points):
        if step in known:
            held, until_ns = known[step], cells[step].until_ns
        is_known = step in known or over.start_ns + step * over.step_ns < until_ns
        steps.append(held if is_known else None)
    return steps[-over.points :]


def with_timing(samples: Series, place: int, told: Timed) -> Series:
    """A statistic out of its timing's sketches; elsewhere what an older version kept as samples."""
    points = tuple(
        point if step is None else Bucket(point.start_ns, step[place], step[place], step[place])
        for point, step in zip(samples.points, told.steps, strict=True)
    )
    if told.last is None:
        return replace(samples, points=points)
    return replace(samples, points=points, last=told.last[place], last_ns=told.last_ns)
