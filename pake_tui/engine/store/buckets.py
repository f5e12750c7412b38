"""Samples into equal steps: pure arithmetic on columns of numbers, written for speed where screens wait for
it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise, repeat
from math import isnan
from operator import itemgetter

from msgspec import Struct

from pake_tui.clock import HOUR, MINUTE
from pake_tui.model.sample import Bucket

HOLD = 2.5
HOLD_HOURS = 0.999
"""An hour is rolled up exactly on the hour, and stands for no more than itself."""

Floats = Sequence[float]
Values = list[float | None]
Buckets = tuple[Bucket, ...]


class Grid(Struct, frozen=True):
    """`points` steps of `step_ns`, the first of which starts at `start_ns` (UTC ns)."""

    start_ns: int
    step_ns: int
    points: int

    @property
    def edges(self) -> list[int]:
        """Starts of all steps, and the end of the last one."""
        end = self.start_ns + self.step_ns * (self.points + 1)
        return list(range(self.start_ns, end, self.step_ns))[: self.points + 1]


class Column(Struct, frozen=True, eq=False):
    """One series of one writer: times (UTC ns, rising) and per time a mean, a low and a high."""

    times: Sequence[int]
    means: Floats
    lows: Floats
    highs: Floats


class Plan(Struct, frozen=True):
    """Which samples fall into which step, worked out once for all columns that share their times.

    `first` names one sample per step; `several` the steps that have more (step, from, to); `gaps` those that
    have none, now nor in the writer's usual interval before.
    """

    first: tuple[int, ...]
    several: tuple[tuple[int, int, int], ...]
    gaps: tuple[int, ...]


class Steps(Struct):
    """A column in steps; None is a gap."""

    means: Values
    lows: Values
    highs: Values


def grid(since_ns: int, until_ns: int, points: int) -> Grid:
    """Steps that end with the one `until_ns` falls into, on multiples of their width, so that old ones
    stay.
    """
    step = max(1, -(-(until_ns - since_ns) // points))
    return Grid(until_ns // step * step - (points - 1) * step, step, points)


def plan(times: Sequence[int], over: Grid) -> Plan:
    """Sort samples into steps. A step without one repeats the last sample for 2.5 usual intervals (one
    of hours).
    """
    interval = usual_interval(times)
    hold = int(interval * (HOLD_HOURS if interval >= HOUR else HOLD))
    cuts = [bisect_left(times, edge) for edge in over.edges]
    first: list[int] = []
    several: list[tuple[int, int, int]] = []
    gaps: list[int] = []
    start = over.start_ns
    for index in range(over.points):
        low, high = cuts[index], cuts[index + 1]
        if high - low > 1:
            several.append((index, low, high))
        elif high == low:
            if low and start - times[low - 1] <= hold and low <= len(times):
                low -= 1
            else:
                gaps.append(index)
                low = 0
        first.append(low)
        start += over.step_ns
    return Plan(tuple(first), tuple(several), tuple(gaps))


def stepped(column: Column, how: Plan) -> Steps:
    """A column in the steps of its plan."""
    means = _picked(column.means, how)
    raw = column.lows is column.means
    lows, highs = (
        (list(means), list(means)) if raw else (_picked(column.lows, how), _picked(column.highs, how))
    )
    for index, low, high in how.several:
        part = column.means[low:high]
        means[index] = sum(part) / (high - low)
        lows[index] = min(part if raw else column.lows[low:high])
        highs[index] = max(part if raw else column.highs[low:high])
    for index in how.gaps:
        means[index] = lows[index] = highs[index] = None
    return Steps(means, lows, highs)


def nothing(over: Grid) -> Steps:
    """All gaps."""
    return Steps([None] * over.points, [None] * over.points, [None] * over.points)


def merged(parts: Sequence[Steps]) -> Steps:
    """A timing that several processes write, averaged between their extremes."""
    if len(parts) == 1:
        return parts[0]
    result = Steps([], [], [])
    for means, lows, highs in zip(
        zip(*(p.means for p in parts), strict=True),
        zip(*(p.lows for p in parts), strict=True),
        zip(*(p.highs for p in parts), strict=True),
        strict=True,
    ):
        known = [value for value in means if value is not None]
        result.means.append(sum(known) / len(known) if known else None)
        result.lows.append(min((value for value in lows if value is not None), default=None))
        result.highs.append(max((value for value in highs if value is not None), default=None))
    return result


def as_buckets(steps: Steps, starts: Sequence[int]) -> Buckets:
    """What the model wants."""
    return tuple(map(Bucket, starts, steps.means, steps.lows, steps.highs))


def side_by_side(rows: Sequence[float], width: int, how: Plan, starts: Sequence[int]) -> list[Buckets]:
    """As `stepped` and `as_buckets`, of `width` columns at once: `rows` has a value of each, time by time."""

    def row(at: int) -> Floats:
        return rows[at * width : (at + 1) * width]

    means = lows = highs = [row(at) for at in how.first]
    if how.several:
        means, lows, highs = means.copy(), means.copy(), means.copy()
    for index, low, high in how.several:
        several = list(zip(*map(row, range(low, high)), strict=True))
        means[index] = [sum(part) / (high - low) for part in several]
        lows[index], highs[index] = list(map(min, several)), list(map(max, several))
    steps = [
        list(map(Bucket, repeat(start), *step))
        for start, *step in zip(starts, means, lows, highs, strict=True)
    ]
    for index in how.gaps:
        steps[index] = [Bucket(starts[index], None)] * width
    return list(zip(*steps, strict=True))


def joined(columns: Sequence[Column], seen: dict[tuple[int, ...], list[int]] | None = None) -> Column:
    """Pieces of one writer's series as one, in the order of their times.

    `seen` remembers times by the pieces they were made of, so that series with the same times share them.
    """
    columns = [column for column in columns if column.times] or columns[:1]
    if len(columns) == 1:
        return columns[0]
    columns = sorted(columns, key=lambda column: column.times[0])
    if all(before.times[-1] < after.times[0] for before, after in pairwise(columns)):
        key = tuple(id(column.times) for column in columns)
        times = seen.get(key) if seen is not None else None
        if times is None:
            times = [at for column in columns for at in column.times]
            if seen is not None:
                seen[key] = times
        means = [value for column in columns for value in column.means]
        if all(column.lows is column.means for column in columns):
            return Column(times, means, means, means)
        lows = [value for column in columns for value in column.lows]
        return Column(times, means, lows, [value for column in columns for value in column.highs])
    rows = sorted(
        row
        for column in columns
        for row in zip(column.times, column.means, column.lows, column.highs, strict=True)
    )
    times = [row[0] for row in rows]
    means, lows, highs = ([row[place] for row in rows] for place in (1, 2, 3))
    return Column(times, means, lows, highs)


def added(columns: Sequence[Column]) -> Column:
    """Several writers' columns as one: what they have of the same time is added."""
    columns = [column for column in columns if column.times] or columns[:1]
    if len(columns) == 1:
        return columns[0]
    sums: dict[int, tuple[float, float, float]] = {}
    for column in columns:
        for at, *row in zip(column.times, column.means, column.lows, column.highs, strict=True):
            mean, low, high = sums.get(at, (0.0, 0.0, 0.0))
            sums[at] = mean + row[0], low + row[1], high + row[2]
    times = sorted(sums)
    means, lows, highs = ([sums[at][place] for at in times] for place in range(3))
    return Column(times, means, lows, highs)


def without_nan(column: Column) -> Column:
    """The column without the places where nothing was known."""
    if not any(map(isnan, column.means)):
        return column
    kept = [index for index, value in enumerate(column.means) if not isnan(value)]
    return Column(
        [column.times[i] for i in kept],
        [column.means[i] for i in kept],
        [column.lows[i] for i in kept],
        [column.highs[i] for i in kept],
    )


def _picked(values: Floats, how: Plan) -> Values:
    if len(how.first) == 1:
        return [values[how.first[0]]]
    return list(itemgetter(*how.first)(values))


def usual_interval(times: Sequence[int]) -> int:
    """The usual time between samples (the median), ns; a minute where there is but one."""
    if len(times) < 2:
        return MINUTE
    spans = sorted(after - before for before, after in pairwise(times))
    return spans[len(spans) // 2]
