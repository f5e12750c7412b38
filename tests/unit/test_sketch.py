"""Sketches of durations: quantiles within 1 %, whatever they were merged of."""

from __future__ import annotations

import random
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pake_tui.engine.store.sketch import ERROR, MOST_BUCKETS, PERCENTS, STATS, Sketch
from pake_tui.engine.store.sketchrows import pack, unpack

DURATIONS = st.one_of(st.just(0.0), st.floats(-5, 4).map(lambda power: 10.0**power), st.integers(0, 1000))
LISTS = st.lists(DURATIONS, max_size=60)
LARGEST = 1.7976931348623157e308


def sketch_of(durations: list[float]) -> Sketch:
    """All at once."""
    made = Sketch()
    made.add(durations)
    return made


def merged(*sketches: Sketch) -> Sketch:
    """One of all, which stay as they were."""
    made = Sketch()
    for one in sketches:
        made.merge(one)
    return made


def exact(durations: list[float], percent: int) -> float:
    """The quantile by nearest rank: the smallest value that so many per cent of all are at most."""
    return sorted(durations)[-(-len(durations) * percent // 100) - 1]


def same(one: Sketch, other: Sketch) -> bool:
    """Equal but for the last bits of a sum, which depend on the order of adding."""
    rounded = replace(other, total=one.total)
    return one == rounded and one.total == pytest.approx(other.total, rel=1e-12)


@given(st.lists(LISTS, min_size=1, max_size=12).filter(any))
def test_quantiles_of_any_split_are_within_one_per_cent(flushes: list[list[float]]) -> None:
    """However durations over nine orders of magnitude, zero too, fall to processes and flushes; the rest is
    exact.
    """
    every = [value for flush in flushes for value in flush]
    told = dict(zip(STATS, merged(*map(sketch_of, flushes)).stats(), strict=True))
    for percent in PERCENTS:
        truth = exact(every, percent)
        assert abs(told[f"p{percent}"] - truth) <= ERROR * truth * (1 + 1e-9)
    assert told["mean"] == pytest.approx(sum(every) / len(every))
    assert told["max"] == max(every)


@given(LISTS, LISTS, LISTS)
def test_merging_has_no_order_and_is_the_sketch_of_all(
    a: list[float], b: list[float], c: list[float]
) -> None:
    """Associative, commutative, and the empty sketch changes nothing."""
    x, y, z = sketch_of(a), sketch_of(b), sketch_of(c)
    whole = sketch_of(a + b + c)
    assert same(merged(merged(x, y), z), whole)
    assert same(merged(x, merged(y, z)), whole)
    assert same(merged(z, y, x, Sketch()), whole)
    assert whole.count == len(a) + len(b) + len(c)


@given(st.dictionaries(st.integers(1, 2**31 - 1), LISTS.filter(bool).map(sketch_of), max_size=8))
def test_a_row_gives_back_what_was_packed(sketches: dict[int, Sketch]) -> None:
    """Each sketch under its timing's number, bit by bit; those that nobody wants are left out."""
    row = pack(sketches)
    assert unpack([row]) == sketches
    assert unpack([row], wanted=()) == {}


@given(st.lists(st.dictionaries(st.integers(1, 4), LISTS.filter(bool), max_size=4), max_size=6))
def test_rows_are_merged_by_timing(rows: list[dict[int, list[float]]]) -> None:
    """What comes out of several rows is the sketch of all durations of that timing."""
    found = unpack(pack({number: sketch_of(part) for number, part in row.items()}) for row in rows)
    for number in range(1, 5):
        every = [value for row in rows for value in row.get(number, [])]
        assert same(found.get(number, Sketch()), sketch_of(every))


@pytest.mark.parametrize("count", [1, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63])
def test_counts_of_any_size_are_packed(count: int) -> None:
    """A year of a busy timing in one bucket."""
    sketch = Sketch(zeros=count, first=7, counts=count << 64 | 5, total=1.0, low=0.0, high=2.0)
    assert unpack([pack({3: sketch, 9: sketch_of([1.0])})])[3] == sketch
    assert sketch.count == 2 * count + 5


def test_the_smallest_and_the_largest_floats_are_taken() -> None:
    """Alone each is told as it is; together the smallest is lost among the lowest, and nothing overflows."""
    for value in (5e-324, LARGEST):
        assert set(sketch_of([value]).stats()) == {value}
    told = sketch_of([LARGEST / 4, LARGEST / 2, 5e-324]).stats()
    assert told[-1] == LARGEST / 2
    assert told[1] == pytest.approx(LARGEST / 2, rel=ERROR)


@pytest.mark.parametrize("seed", range(4))
def test_a_full_sketch_gives_up_its_lowest_buckets_only(seed: int) -> None:
    """Its size is bounded, no duration is lost, upper quantiles stay within 1 %, and merging stays exact."""
    rng = random.Random(seed)
    every = [10.0 ** rng.uniform(-8, 20) for _ in range(4 * MOST_BUCKETS)]
    cut = rng.randrange(len(every))
    sketch = merged(sketch_of(every[:cut]), sketch_of(every[cut:]))
    assert sketch.size == MOST_BUCKETS
    assert sketch.count == len(every)
    assert same(sketch, sketch_of(every))
    for percent, told in zip(PERCENTS, sketch.stats(), strict=False):
        assert told == pytest.approx(exact(every, percent), rel=ERROR * (1 + 1e-9))


def test_an_empty_sketch_holds_nothing() -> None:
    """No durations, no extremes."""
    empty = Sketch()
    empty.add([])
    assert (empty.count, empty.low, empty.high, list(empty.weighed())) == (0, inf, 0.0, [])
