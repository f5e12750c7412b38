"""When a series will reach a threshold: Theil-Sen slopes with Sen's confidence band. Pure.

The slope is the median of the slopes between all pairs of points, its 95 % band the order statistics that Sen
gives (P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63, 1968); a band
that holds zero means no trend. It looks no further ahead than four times what it has seen, and begins anew
after a clean-up: a step against the trend that is far larger than the usual ones, and lasts. What is cleaned
up again and again at about the same height has no trend to what lies above. Where its last eighth stands
apart from the line, as after a step that lasted so long, the series goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import median

from pake_tui.clock import DAY
from pake_tui.model.forecast import FURTHEST, Forecast

LEAST_POINTS = 8
MOST_POINTS = 240
Z = 1.96
CLEAN_UP = 8.0
"""So many times the usual step, and a twentieth of the range, make a step against the trend a clean-up."""
AROUND = 9
"""So many points before and after it tell whether a step lasts."""
LASTS = 5
"""So many points must stand after it."""
OFTEN, ALIKE, NEAR = 3, 0.25, 0.1
"""So many clean-ups, at heights that differ by so much of the range, are a habit; far above it is none."""
APART = 3.0
"""So many times the scatter around the line."""
Point = tuple[int, float]


def forecast(points: Sequence[Point], threshold: float, *, upward: bool = True) -> Forecast:
    """The forecast of (UTC ns, value) points, times rising, towards a threshold (from below if `upward`)."""
    if not points:
        return Forecast("too little data", 0.0)
    straight = _least_squares(points, threshold)
    cleaned = _clean_ups(points)
    recent = points[cleaned[-1] :] if cleaned else points
    recent = recent[:: max(1, -(-len(recent) // MOST_POINTS))] if len(recent) > MOST_POINTS else recent
    last_ns, now = recent[-1]
    seen = last_ns - recent[0][0]
    if (now >= threshold) if upward else (now <= threshold):
        return Forecast("reached", now, seen_ns=seen, eta_ns=last_ns, straight_ns=straight)
    if len(recent) < LEAST_POINTS:
        return Forecast("too little data", now, seen_ns=seen, straight_ns=straight)
    slope, low, high = _slopes(recent)
    lately = _lately(recent, slope)
    level = _level(lately, slope)
    if _is_kept(points, cleaned, level, threshold, upward=upward):
        return Forecast("no trend", level, 0.0, 0.0, 0.0, seen, straight_ns=straight)
    if low <= 0 <= high or not _matters(recent, slope):
        state = "no trend"
        return Forecast(state, level, slope * DAY, low * DAY, high * DAY, seen, straight_ns=straight)

    def reach(per_ns: float) -> int | None:
        left = (threshold - _level(lately, per_ns)) / per_ns if per_ns else -1.0
        return last_ns + int(left) if 0 <= left <= FURTHEST * seen else None

    fast, slow = (high, low) if upward else (low, high)
    return Forecast(
        state="rising" if slope > 0 else "falling",
        now=level,
        slope=slope * DAY,
        slope_low=low * DAY,
        slope_high=high * DAY,
        seen_ns=seen,
        eta_ns=reach(slope),
        earliest_ns=reach(fast),
        latest_ns=reach(slow),
        straight_ns=straight,
    )


def _clean_ups(points: Sequence[Point]) -> list[int]:
    """Where the series begins anew: the first points behind steps that go far against the others."""
    steps = [after[1] - before[1] for before, after in pairwise(points)]
    moving = [step for step in steps if step]
    if len(moving) < LEAST_POINTS:
        return []
    usual = median(abs(step) for step in moving)
    extent = max(value for _, value in points) - min(value for _, value in points)
    direction = 1.0 if median(moving) >= 0 else -1.0
    found = []
    for index in range(len(steps) - LASTS + 1):
        if -direction * steps[index] <= CLEAN_UP * usual:
            continue
        before = median(value for _, value in points[max(0, index + 1 - AROUND) : index + 1])
        after = median(value for _, value in points[index + 1 : index + 1 + AROUND])
        if direction * (before - after) > max(CLEAN_UP * usual, extent / 20):
            found.append(index + 1)
    return found


def _is_kept(
    points: Sequence[Point], cleaned: Sequence[int], level: float, threshold: float, *, upward: bool
) -> bool:
    """Whether the series was cleaned up so often, and so far from the threshold, that it will be again."""
    heights = [points[index - 1][1] for index in cleaned]
    if len(heights) < OFTEN:
        return False
    extent = max(value for _, value in points) - min(value for _, value in points)
    alike, near = max(heights) - min(heights) <= ALIKE * extent, NEAR * extent
    if upward:
        return alike and threshold > max(heights) and level <= max(heights) + near
    return alike and threshold < min(heights) and level >= min(heights) - near


def _lately(points: Sequence[Point], slope: float) -> Sequence[Point]:
    """The last eighth of the points where it stands apart from the line through all, else all."""
    tail = points[-max(AROUND, len(points) // 8) :]
    first = points[0][0]
    rests = [value - slope * (at - first) for at, value in points]
    middle = median(rests)
    scatter = median(abs(rest - middle) for rest in rests)
    apart = abs(_level(tail, slope) - _level(points, slope))
    return tail if apart > APART * scatter else points


def _level(points: Sequence[Point], slope: float) -> float:
    """Where a line of a slope through the middle of the points stands at the last of them."""
    last = points[-1][0]
    return median(value + slope * (last - at) for at, value in points)


def _slopes(points: Sequence[Point]) -> tuple[float, float, float]:
    """The median slope per ns between all pairs, and its 95 % band."""
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(points)
        for later in points[index + 1 :]
        if later[0] > earlier[0]
    )
    count, pairs = len(points), len(slopes)
    reach = Z * sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, int((pairs - reach) / 2))
    high = min(pairs - 1, int((pairs + reach) / 2) + 1)
    return median(slopes), slopes[low], slopes[high]


def _matters(points: Sequence[Point], slope: float) -> bool:
    """Whether what the trend moved in the time that was seen stands out of the scatter around it."""
    first = points[0][0]
    rests = [value - slope * (at - first) for at, value in points]
    middle = median(rests)
    scatter = median(abs(rest - middle) for rest in rests)
    return abs(slope) * (points[-1][0] - first) > 2 * scatter


def _least_squares(points: Sequence[Point], threshold: float) -> int | None:
    """Where a straight line through all points reaches a threshold; None where it lies in the past."""
    last = points[-1][0]
    times = [float(at - last) for at, _ in points]
    middle, level = sum(times) / len(times), sum(value for _, value in points) / len(points)
    spread = sum((time - middle) ** 2 for time in times)
    if not spread:
        return None
    slope = (
        sum((time - middle) * (value - level) for time, (_, value) in zip(times, points, strict=True))
        / spread
    )
    if not slope:
        return None
    left = (threshold - level) / slope + middle
    return last + int(left) if left >= 0 else None
