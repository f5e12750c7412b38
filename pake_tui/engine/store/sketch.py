"""Durations as a sketch that merges: DDSketch (Masson, Rim, Lee: "DDSketch: A fast and fully-mergeable
quantile sketch with relative-error guarantees", VLDB 2019). Pure.

A duration x falls into bucket ⌈log x / log γ⌉, γ = (1 + ERROR) / (1 − ERROR), and is told as that bucket's
middle, within 1 % of it. Sketches merge by adding counts: the result is the sketch of all their durations,
whatever process, second or order they came in. Count, sum, lowest and highest are kept beside it. Past
MOST_BUCKETS the lowest buckets become one: only what lies 10¹⁷ times below the highest is told too high.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from math import ceil, inf, log

from msgspec import Struct, field

ERROR = 0.01
FLOOR = 1e-9
"""Up to a picosecond a duration (ms) counts as zero."""
MOST_BUCKETS = 2_048
PERCENTS = (50, 90, 95, 99)
STATS = (*(f"p{percent}" for percent in PERCENTS), "mean", "max")
"""What is told of a timing, in the order of `Sketch.stats`."""
Stats = tuple[float, ...]
_GAMMA = (1 + ERROR) / (1 - ERROR)
_SCALE = 1 / log(_GAMMA)
_BELOW = ceil(log(FLOOR) * _SCALE) - 1
"""Buckets are numbered from here: 0 is zero, 1 begins at FLOOR, the largest float's fits 16 bits."""


class Sketch(Struct):
    """Durations in milliseconds, finite and not negative: how many in each bucket, their sum and extremes."""

    buckets: dict[int, int] = field(default_factory=dict)
    total: float = 0.0
    low: float = inf
    high: float = 0.0

    @property
    def count(self) -> int:
        """How many durations."""
        return sum(self.buckets.values())

    def add(self, durations: Sequence[float]) -> None:
        """Take in durations."""
        if durations:
            numbers = Counter([ceil(log(x) * _SCALE) - _BELOW if x > FLOOR else 0 for x in durations])
            self.take(numbers, sum(durations), min(durations), max(durations))

    def merge(self, other: Sketch) -> None:
        """Take in another sketch's durations."""
        self.take(other.buckets, other.total, other.low, other.high)

    def stats(self) -> Stats:
        """Its quantiles by nearest rank, mean and highest, as STATS names them; of one that is not empty."""
        numbers = sorted(self.buckets)
        upto = list(accumulate(map(self.buckets.__getitem__, numbers)))
        count = upto[-1]
        ranks = (-(-count * percent // 100) for percent in PERCENTS)
        quantiles = (self._middle(numbers[bisect_left(upto, rank)]) for rank in ranks)
        return (*quantiles, self.total / count, self.high)

    def weighed(self) -> Iterator[tuple[float, int]]:
        """Durations, rising, each for so many within 1 % of it."""
        return ((self._middle(number), count) for number, count in sorted(self.buckets.items()))

    def _middle(self, number: int) -> float:
        """What stands for a bucket: 2γⁱ / (γ + 1), written so that it does not overflow; 0 for zero."""
        middle = (1 + ERROR) * _GAMMA ** (number + _BELOW - 1) if number else 0.0
        return min(max(middle, self.low), self.high)

    def take(self, counts: Mapping[int, int], total: float, low: float, high: float) -> None:
        """Take in buckets with their counts, sum and extremes."""
        buckets = self.buckets
        for number, count in counts.items():
            buckets[number] = buckets.get(number, 0) + count
        self.total += total
        if low < self.low:
            self.low = low
        if high > self.high:
            self.high = high
        if len(buckets) > MOST_BUCKETS:
            *surplus, lowest = sorted(buckets)[: len(buckets) - MOST_BUCKETS + 1]
            buckets[lowest] += sum(map(buckets.pop, surplus))
