"""Levels, correlation IDs and the JSON that a record becomes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.model.record import Level, Record
from pake_tui.records.aliases import find_correlation_id, find_correlation_ids, is_alias
from pake_tui.records.export import record_json
from pake_tui.records.levels import Scale, parse_level


@pytest.mark.parametrize(
    ("words", "level"),
    [
        (["trace", "DEBUG", "Verbose", "dbg", "D", "[debug]"], Level.DEBUG),
        (["info", "Information", "NOTICE", "LOG", "I", "INFO:"], Level.INFO),
        (["warn", "Warning", "WRN", "W", "WARN "], Level.WARNING),
        (["error", "ERR", "SEVERE", "E", "fail"], Level.ERROR),
        (["critical", "FATAL", "emerg", "alert", "panic", "F"], Level.CRITICAL),
        (["hello", "", "warnings", "e", "level"], None),
    ],
)
def test_words_of_five_levels(words: list[str], level: Level | None) -> None:
    """Every logger's word is one of five levels, and other words are none."""
    assert {parse_level(word) for word in words} == {level}


@pytest.mark.parametrize(
    ("number", "scale", "level"),
    [
        (30, Scale.GUESS, Level.INFO), (60, Scale.GUESS, Level.CRITICAL),
        (40, Scale.TENS_FROM_DEBUG, Level.ERROR),
        (3, Scale.SYSLOG, Level.ERROR), ("6", Scale.SYSLOG, Level.INFO), (2, Scale.RISING, Level.WARNING),
        (17, Scale.OTEL, Level.ERROR), (True, Scale.GUESS, None), (float("nan"), Scale.GUESS, None),
    ],
)  # fmt: skip
def test_numbers_on_different_scales(number: object, scale: Scale, level: Level | None) -> None:
    """The same number means what its logger's scale says."""
    assert parse_level(number, scale) is level


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.binary()))
def test_no_level_raises(value: object) -> None:
    """Whatever stands where a level should be, it is one or none."""
    assert parse_level(value) in (None, *Level)


def test_an_alias_is_known_whatever_its_spelling() -> None:
    """Case, dots, dashes and underscores do not count."""
    assert all(
        is_alias(name) for name in ("X-Request-ID", "requestId", "trace.id", "ctx.trace_id", "TRACEPARENT")
    )
    assert not is_alias("user_id")


def test_the_most_telling_id_is_the_records_own() -> None:
    """A correlation ID comes before a trace's, an upper level before a nested one."""
    assert find_correlation_id({"trace_id": "t", "correlation_id": "c"}) == "c"
    assert find_correlation_id({"ctx": {"request_id": "deep"}, "trace_id": "t"}) == "t"
    assert find_correlation_id({"http": {"request": {"id": "nested"}}, "request_id": "-"}) is None


def test_a_traceparent_gives_its_trace() -> None:
    """The trace ID inside is what other services log."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert find_correlation_id({"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}) == trace


def test_all_ids_of_a_record_are_found() -> None:
    """A search for any of a record's IDs finds it."""
    record = Record(
        "m", "m", correlation_id="a", fields={"request_id": "b", "ctx": {"traceId": "c"}, "x": "d"}
    )
    assert find_correlation_ids(record) == ("a", "b", "c")


def test_the_exported_shape() -> None:
    """Every key is there in the documented order; a naive time has no offset, a stated one keeps it."""
    naive = record_json(Record("m", "m", time_ns=1_741_083_072_345_000_000, level=Level.ERROR), 7, 2)
    assert list(naive) == [
        "line", "lines", "timestamp", "level", "service", "logger", "message", "correlation_id", "fields",
    ]  # fmt: skip
    assert (naive["line"], naive["lines"], naive["level"]) == (7, 2, "error")
    assert naive["timestamp"] == "2025-03-04T10:11:12.345000"
    stated = record_json(Record("m", "m", time_ns=1_741_083_072_000_000_000, utc_offset_s=-19_800))
    assert stated["timestamp"] == "2025-03-04T04:41:12.000000-05:30"
    assert json.dumps(stated)
