"""Gauges that several processes set, made one at each second, of those that are alive then.

A writer is alive for five seconds after each of its samples, or for two and a half of its usual intervals
where those are longer. Once rolled up they stay one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, nan
from operator import itemgetter

from msgspec import Struct

from pake_tui.clock import SECOND
from pake_tui.engine.store.buckets import Column, Floats
from pake_tui.engine.store.counters import hold_of
from pake_tui.model.sample import Aggregate


class Living(Struct, frozen=True):
    """The time of the last sample of each second that has any, and for each writer the place of the sample
    that it stands for then; -1 where it is not alive.
    """

    times: list[int]
    places: list[list[int]]


def together(
    parts: Sequence[Column], aggregate: Aggregate, lives: Living, set_ns: Sequence[Mapping[int, int]]
) -> Column:
    """One column out of one for each writer, of samples as they were made.

    `set_ns` gives for each writer, by the time of a sample, when its value was set (UTC ns); a sample that it
    leaves out was set when it was made.
    """
    if aggregate is Aggregate.SUM:
        values = list(map(sum, zip(*_at(parts, lives, 0.0), strict=True)))
    elif aggregate is Aggregate.MAX:
        values = list(map(max, zip(*_at(parts, lives, -inf), strict=True)))
    else:
        since = [
            _picked([told.get(at, at) for at in part.times], places, -1)
            for part, told, places in zip(parts, set_ns, lives.places, strict=True)
        ]
        pairs = map(zip, since, _at(parts, lives, nan))
        values = [max(row)[1] for row in zip(*pairs, strict=True)]
    return Column(lives.times, values, values, values)


def living(writers: Sequence[Sequence[int]]) -> Living:
    """Who lived when, by the times of each writer's samples."""
    last = {at // SECOND: at for at in sorted(at for times in writers for at in times)}
    moments = list(last.values())
    return Living(moments, [_places(times, moments) for times in writers])


def _places(times: Sequence[int], moments: Sequence[int]) -> list[int]:
    """Where one writer stands at each moment. A sample tells of the second before it too, so that writers out
    of step are not counted by turns.
    """
    hold = hold_of(times)
    places: list[int] = []
    at, end = -1, len(times)
    for moment in moments:
        while at + 1 < end and times[at + 1] <= moment:
            at += 1
        if at >= 0 and moment - times[at] <= hold:
            places.append(at)
        else:
            soon = at + 1 < end and times[at + 1] - moment <= SECOND
            places.append(at + 1 if soon else -1)
    return places


def _at(parts: Iterable[Column], lives: Living, otherwise: float) -> list[Floats]:
    """The values of each writer where it is alive."""
    return [_picked(part.means, places, otherwise) for part, places in zip(parts, lives.places, strict=True)]


def _picked(values: Sequence[float], places: Sequence[int], otherwise: float) -> Floats:
    """Values by their places; -1 is the one behind the last."""
    whole = [*values, otherwise]
    return itemgetter(*places)(whole) if len(places) > 1 else [whole[place] for place in places]
