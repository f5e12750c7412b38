"""A counter's rate in each second: what it grew in it, in all processes that tell of it.

Between two samples a counter grows evenly, and after a writer's last one not at all; the newest second takes
those that are alive on at the rate they had. So all growth is counted once, whoever came and went. Samples
that are more than five seconds apart stay one step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import gt

from msgspec import Struct

from pake_tui.clock import SECOND
from pake_tui.engine.store.buckets import HOLD, Column, Floats, usual_interval

LIVE_NS = 5 * SECOND
"""So long after its last sample a writer counts as alive, or two and a half of its usual intervals."""


class Life(Struct, frozen=True):
    """What one writer counted from `values[0]` on, never falling; times are UTC ns, rising."""

    times: Sequence[int]
    values: Floats


class Course(Struct, frozen=True):
    """The ends (UTC ns) of the seconds that anybody covers and how long each is, and for each life where it
    stands at each: after which of its samples, and what part of the way to the next one.
    """

    ends: list[int]
    spans: list[int]
    places: list[tuple[list[int], list[float]]]


def together(parts: Sequence[Column], seen: dict[tuple[int, ...], Course]) -> Column:
    """The rate of all writers, out of the counter of each as it stands.

    `seen` remembers courses by the times they were made of: series of one layout share those.
    """
    lives = [life for part in parts for life in _lives(part) if len(life.times) > 1]
    who = tuple(id(life.times) for life in lives)
    how = seen.get(who)
    if how is None:
        how = _course(lives)
        if who == tuple(id(part.times) for part in parts):  # lists of a cut life are gone after this
            seen[who] = how
    before, rates = 0.0, []
    for span, total in zip(how.spans, _totals(lives, how), strict=True):
        rates.append(max(0.0, total - before) * 1e9 / span)
        before = total
    return Column(how.ends, rates, rates, rates)


def hold_of(times: Sequence[int]) -> int:
    """How long after its last sample a writer counts as alive, ns."""
    return max(LIVE_NS, int(HOLD * usual_interval(times))) if len(times) > 1 else LIVE_NS


def _lives(part: Column) -> Iterator[Life]:
    """A writer's counter between resets. One within its usual time is bridged at the rate before it."""
    times, values = part.times, part.means
    if not any(map(gt, values, values[1:])):
        yield Life(times, values)
        return
    start, whole, hold = 0, [0.0], hold_of(times)
    for at in range(1, len(times)):
        span, grown = times[at] - times[at - 1], values[at] - values[at - 1]
        if grown < 0:
            past = times[at - 1] - times[at - 2] if at - start > 1 else 0
            if span > hold or not past:
                yield Life(times[start:at], whole)
                start, whole = at, [0.0]
                continue
            grown = (whole[-1] - whole[-2]) * span / past
        whole.append(whole[-1] + grown)
    yield Life(times[start:], whole)


def _course(lives: Sequence[Life]) -> Course:
    newest = max((life.times[-1] for life in lives), default=0)
    starts: dict[int, int] = {}
    for life in lives:
        for before, after in pairwise(life.times):
            first, last = before // SECOND, -(-after // SECOND)
            slow = (last - first - 1) * SECOND > LIVE_NS
            for second in (last,) if slow else range(first + 1, last + 1):
                start = first if slow else second - 1
                starts[second] = min(start, starts.get(second, start))
    ends: list[int] = []
    spans: list[int] = []
    for second in sorted(starts):
        start = max(starts[second] * SECOND, ends[-1] if ends else 0)
        ends.append(min(second * SECOND, newest))
        spans.append(ends[-1] - start)
    return Course(ends, spans, [_places(life.times, ends, newest) for life in lives])


def _places(times: Sequence[int], ends: Sequence[int], newest: int) -> tuple[list[int], list[float]]:
    alive = newest - times[-1] <= hold_of(times)
    places, parts, last = [], [], len(times) - 2
    for end in ends:
        place = min(max(0, bisect_left(times, end) - 1), last)
        before, after = times[place], times[place + 1]
        moment = end if alive else min(end, after)
        places.append(place)
        parts.append(max(0, moment - before) / (after - before) if after > before else 1.0)
    return places, parts


def _totals(lives: Sequence[Life], how: Course) -> Iterator[float]:
    """What all have counted at each end."""
    counted = []
    for life, (places, parts) in zip(lives, how.places, strict=True):
        values, first = life.values, life.values[0]
        steps = [after - before for before, after in pairwise(values)]
        counted.append(
            [values[at] - first + steps[at] * part for at, part in zip(places, parts, strict=True)]
        )
    return map(sum, zip(*counted, strict=True))
