"""Samples in equal steps, one series at a time and many side by side."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from pake_tui.engine.store.buckets import Column, as_buckets, grid, plan, side_by_side, stepped

VALUES = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.data())
def test_series_side_by_side_have_the_steps_that_each_has_alone(data: st.DataObject) -> None:
    """Whatever the times of the samples: steps with none, one or several of them, held values and gaps."""
    times = sorted(data.draw(st.lists(st.integers(0, 300), min_size=1, max_size=40, unique=True)))
    width = data.draw(st.integers(1, 4))
    rows = [data.draw(st.lists(VALUES, min_size=width, max_size=width)) for _ in times]
    values = array("d", [value for row in rows for value in row])
    over = grid(
        data.draw(st.integers(0, 200)), data.draw(st.integers(201, 330)), data.draw(st.integers(1, 60))
    )
    how, starts = plan(times, over), over.edges[:-1]
    alone = []
    for place in range(width):
        column = values[place::width]
        alone.append(as_buckets(stepped(Column(times, column, column, column), how), starts))
    assert side_by_side(values, width, how, starts) == alone
