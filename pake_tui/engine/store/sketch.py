"""Durations as a sketch that merges: DDSketch (Masson, Rim, Lee: "DDSketch: A fast and fully-mergeable
quantile sketch with relative-error guarantees", VLDB 2019). Pure.

A duration x falls into bucket ⌈log x / log γ⌉, γ = (1 + ERROR) / (1 − ERROR), and is told as that bucket's
middle, within 1 % of it. Sketches merge by adding counts: the result is the sketch of all their durations,
whatever process, second or order they came in. Count, sum, lowest and highest are kept beside it. Past
MOST_BUCKETS the lowest become one: only what lies 10¹⁷ times below the highest is told too high.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import ceil, inf, log

from msgspec import Struct

ERROR = 0.01
MOST_BUCKETS = 2_048
PERCENTS = (50, 90, 95, 99)
STATS = (*(f"p{percent}" for percent in PERCENTS), "mean", "max")
"""What is told of a timing, in the order of `Sketch.stats`."""
Stats = tuple[float, ...]
LANE = 64
MOST_BITS = LANE * MOST_BUCKETS
_GAMMA = (1 + ERROR) / (1 - ERROR)
_SCALE = 1 / log(_GAMMA)


class Sketch(Struct):
    """Durations in milliseconds, finite and not negative, with their sum and extremes.

    `counts` holds how many are in each bucket from `first` on, 64 bits each in one integer, the lowest bucket
    lowest: to merge is to shift and add, fifty times as fast as bucket by bucket.
    """

    zeros: int = 0
    first: int = 0
    counts: int = 0
    total: float = 0.0
    low: float = inf
    high: float = 0.0

    @property
    def size(self) -> int:
        """How many buckets there are from the first to the last."""
        return -(-self.counts.bit_length() // LANE)

    @property
    def buckets(self) -> tuple[int, ...]:
        """How many durations are in each of them."""
        return struct.unpack(f"<{self.size}Q", self.counts.to_bytes(self.size * LANE // 8, "little"))

    @property
    def count(self) -> int:
        """How many durations."""
        return self.zeros + sum(self.buckets)

    def add(self, durations: Sequence[float]) -> None:
        """Take in durations."""
        if not durations:
            return
        numbers = Counter([ceil(log(x) * _SCALE) for x in durations if x])
        first, end = (min(numbers), max(numbers) + 1) if numbers else (0, 0)
        packed = struct.pack(f"<{end - first}Q", *map(numbers.__getitem__, range(first, end)))
        zeros, counts = len(durations) - numbers.total(), int.from_bytes(packed, "little")
        self.take(zeros, first, counts, sum(durations), min(durations), max(durations))

    def merge(self, other: Sketch) -> None:
        """Take in another sketch's durations."""
        self.take(other.zeros, other.first, other.counts, other.total, other.low, other.high)

    def take(self, zeros: int, first: int, counts: int, total: float, low: float, high: float) -> None:
        """Take in the durations of a sketch with these attributes."""
        if not self.counts:
            self.first, self.counts = first, counts
        elif counts and first < self.first:
            self.first, self.counts = first, (self.counts << LANE * (self.first - first)) + counts
        elif counts:
            self.counts += counts << LANE * (first - self.first)
        if self.counts.bit_length() > MOST_BITS:
            surplus = self.size - MOST_BUCKETS
            lowest = sum(self.buckets[:surplus])
            self.first, self.counts = self.first + surplus, (self.counts >> LANE * surplus) + lowest
        self.zeros += zeros
        self.total += total
        if low < self.low:
            self.low = low
        if high > self.high:
            self.high = high

    def stats(self) -> Stats:
        """Its quantiles by nearest rank, mean and highest, as STATS names them; of one that is not empty."""
        upto = list(accumulate(self.buckets, initial=self.zeros))
        count = upto[-1]
        places = (bisect_left(upto, -(-count * percent // 100)) for percent in PERCENTS)
        return (*map(self._middle, places), self.total / count, self.high)

    def weighed(self) -> Iterator[tuple[float, int]]:
        """Durations, rising, each for so many within 1 % of it."""
        counts = enumerate((self.zeros, *self.buckets))
        return ((self._middle(place), count) for place, count in counts if count)

    def _middle(self, place: int) -> float:
        """What stands for the bucket at a place after the zeros: 2γⁱ / (γ + 1), written not to overflow."""
        middle = (1 + ERROR) * _GAMMA ** (self.first + place - 2) if place else 0.0
        return min(max(middle, self.low), self.high)
