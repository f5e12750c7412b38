"""What several processes tell of one series, made one: gauges by their aggregate, counters by their sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pake_tui.clock import SECOND
from pake_tui.engine.store import counters, gauges
from pake_tui.engine.store.buckets import Column, added, joined
from pake_tui.engine.store.samples import Block, Meaning, raw_columns
from pake_tui.model.sample import Aggregate, MetricKind

ALL = 0
"""The writer of what several writers make together."""
Columns = dict[int, dict[int, Column]]
"""One column for each series id and writer."""


def columns(found: Sequence[Block], wanted: Mapping[int, Meaning]) -> Columns:
    """As `raw_columns`, with one column, of ALL, for a counter, and for a gauge that several writers have."""
    told = raw_columns(found, wanted)
    several = {
        number: wanted[number].aggregate
        for number, writers in told.items()
        if len(writers) > 1 and wanted[number].kind is MetricKind.GAUGE
    }
    set_times = _set_times(found, {one for one in several if several[one] is Aggregate.LAST})
    # Series of one layout share the very list of their times, so who lived when is worked out once.
    seen: dict[tuple[int, ...], gauges.Living] = {}
    courses: dict[tuple[int, ...], counters.Course] = {}
    result: Columns = {}
    for number, writers in told.items():
        parts = list(writers.values())
        if number in several:
            who = tuple(id(part.times) for part in parts)
            if who not in seen:
                seen[who] = gauges.living([part.times for part in parts])
            since = [set_times.get((number, writer), {}) for writer in writers]
            result[number] = {ALL: gauges.together(parts, several[number], seen[who], since)}
        elif wanted[number].kind is MetricKind.COUNTER:
            result[number] = {ALL: counters.together(parts, courses)}
        else:
            result[number] = writers
    return result


def past_of(kind: MetricKind, by_writer: dict[int, Column]) -> dict[int, Column]:
    """A rolled up past as one column: it lies with one writer while that was alone, else with all of them; an
    older version kept a counter's with each. That of a timing as it is.
    """
    make = {MetricKind.GAUGE: joined, MetricKind.COUNTER: added}.get(kind)
    return by_writer if make is None or len(by_writer) < 2 else {ALL: make(list(by_writer.values()))}


def _set_times(found: Iterable[Block], wanted: set[int]) -> dict[tuple[int, int], dict[int, int]]:
    """When the value of a sample was set, by series id and writer, and by the sample's time."""
    result: dict[tuple[int, int], dict[int, int]] = {}
    for block in found if wanted else ():
        for place, number in enumerate(block.ids):
            if -number in wanted:
                ages = block.column(place)
                told = result.setdefault((-number, block.writer), {})
                told.update((at, at - int(age * SECOND)) for at, age in zip(block.times, ages, strict=True))
    return result
