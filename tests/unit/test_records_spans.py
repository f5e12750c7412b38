"""Promises of spans: who called whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.clock import SECOND
from pake_tui.model.record import Record
from pake_tui.records.spans import spans_of

BASE = 1_700_000_000 * SECOND


def record(second: float, service: str, **fields: object) -> Record:
    """A record of a service, so many seconds after the first."""
    return Record("m", "m", time_ns=BASE + int(second * SECOND), service=service, fields=fields)


def test_calls_are_as_deep_as_their_callers_that_spoke() -> None:
    """A depth counts the callers above a record: none without a span, or with an unknown caller."""
    found = spans_of(
        [
            record(0, "api", span_id="a"),
            record(1, "orders", span_id="b", parent_id="a"),
            record(2, "pay", span_id="c", parent_id="b"),
            record(3, "orders", span_id="b"),
            record(4, "mail", span_id="d", parent_id="nobody"),
            record(5, "cron"),
        ]
    )
    assert found.depths() == [0, 1, 2, 1, 0, 0]
    assert found.unseen() == ["no record of the span nobody that called mail"]


@pytest.mark.parametrize(
    "fields",
    [
        {"span_id": "B", "parent_span_id": "A"},
        {"spanId": "b", "parentId": "a"},
        {"span": {"id": "b"}, "parent": {"id": "a"}},
        {"span.id": "b", "parent.id": "a"},
        {"dd": {"span_id": "b", "parent_id": "a"}},
        {"otelSpanID": "b", "parentSpanId": "a"},
        {"ctx": {"span_id": "b", "parent_span_id": "a"}},
        {"headers": {"X-B3-SpanId": "b", "X-B3-ParentSpanId": "a"}},
        {"transaction": {"id": "b"}, "parent": {"id": "a"}},
    ],
)
def test_spans_are_known_by_every_common_name(fields: dict[str, object]) -> None:
    """Flat, dotted or nested, in any case of letters."""
    assert spans_of([record(0, "api", span_id="a"), record(1, "pay", **fields)]).depths() == [0, 1]


def test_what_is_no_id_is_no_span() -> None:
    """Zeros, blanks and numbers in a loop of parents make nothing deep, and nothing hang."""
    found = spans_of(
        [
            record(0, "a", span_id="0000000000000000", parent_id="a"),
            record(1, "b", span_id="x", parent_id="y"),
            record(2, "c", span_id="y", parent_id="x"),
            record(3, "d", span_id="z", parent_id="z"),
            record(4, "e", span_id=True, parent_id=[]),
        ]
    )
    assert found.own == ("", "x", "y", "z", "")
    assert found.depths()[0] == found.depths()[3] == 0


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=30))
def test_any_calls_have_a_depth_below_the_number_of_spans(calls: list[tuple[int, int]]) -> None:
    """Loops and all: none is deeper than there are spans, and a called span is one deeper than its caller."""
    found = spans_of([record(n, "s", span_id=a, parent_id=b) for n, (a, b) in enumerate(calls)])
    depths = dict(zip(found.own, found.depths(), strict=True))
    assert all(0 <= depth < max(1, len(depths)) for depth in depths.values())
    for span, parent in found.parents.items():
        if parent in depths and depths[span]:
            assert depths[span] == depths[parent] + 1
