"""Times: every spelling becomes the same moment, and what is no time becomes none."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.records.timestamps import Clock, from_epoch

NOW = int(datetime(2025, 6, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000_000
CLOCK = Clock(UTC, NOW)
MOMENT = 1_741_083_072_000_000_000  # 2025-03-04T10:11:12Z


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-04T10:11:12Z",
        "2025-03-04 10:11:12",
        "2025-03-04 10:11:12 +0000",
        "2025-03-04 11:11:12 CET",
        "2025-03-04T02:11:12-0800",
        "2025/03/04 10:11:12",
        "2025-03-04  10:11:12",
        "04/Mar/2025:13:41:12 +0330",
        "04-Mar-2025 10:11:12",
        "25/03/04 10:11:12",
        "3/4/2025 10:11:12 AM",
        "04.03.2025 10:11:12",
        "Mar  4 10:11:12",
        "Mar 4, 2025 10:11:12 AM",
        "Mar 04 2025 10:11:12",
        "Tue Mar 04 10:11:12 2025",
        "Tue Mar 4 11:11:12 CET 2025",
        "Tue, 04 Mar 2025 10:11:12 GMT",
        "4 Mar 2025 10:11:12",
        "03-04 10:11:12",
        "250304 101112",
        "20250304T101112Z",
        "20250304-10:11:12",
        "1741083072",
        "1741083072000",
        "1741083072000000",
        "1741083072000000000",
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    """Whatever the order, signs, zone or unit, the moment is the same and the whole text is the time."""
    read = CLOCK.match(text)
    assert read is not None
    assert read[0].ns == MOMENT
    assert read[1] == len(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("2025-03-04 10:11:12,345 INFO x", " INFO x"),
        ("2025-03-04 10:11:12.345 PDT [7]", " [7]"),
        ("2025-03-04 10:11:12 ERROR x", " ERROR x"),
        ("2025-03-04 10:11:12,101::vm", "::vm"),
        ("22/Jan/2019:03:56:14 +0330] x", "] x"),
    ],
)
def test_the_text_behind_a_time_is_left(text: str, rest: str) -> None:
    """A word behind a time is taken for a zone only where it is one."""
    read = CLOCK.match(text)
    assert read is not None
    assert text[read[1] :] == rest


@pytest.mark.parametrize(
    "text",
    ["2025-02-30 10:11:12", "2025-03-04 25:11:12", "10.11.12.13", "1.2.3", "12345", "Mars 4", "", "13:14"],
)
def test_what_is_no_time_is_none(text: str) -> None:
    """Dates that do not exist, addresses and versions are no times."""
    assert CLOCK.match(text) is None


@pytest.mark.parametrize(
    ("text", "ns"),
    [("2025-03-04T10:11:12.5Z", 500_000_000), ("2025-03-04T10:11:12.123456789Z", 123_456_789)],
)
def test_fractions_to_the_nanosecond(text: str, ns: int) -> None:
    """One digit or nine, nothing of a fraction is lost."""
    read = CLOCK.match(text)
    assert read is not None
    assert read[0].ns == MOMENT + ns


def test_a_stated_offset_is_remembered() -> None:
    """What the line stated is told apart from what was assumed."""
    stated, assumed = CLOCK.value("2025-03-04T11:11:12+01:00"), CLOCK.value("2025-03-04T10:11:12")
    assert stated is not None
    assert assumed is not None
    assert (stated.ns, stated.offset, assumed.ns, assumed.offset) == (MOMENT, 3600, MOMENT, None)


def test_the_assumed_zone_has_its_summer_time() -> None:
    """A naive time is placed with the offset its zone had that day."""
    clock = Clock(ZoneInfo("America/New_York"), NOW)
    winter, summer = clock.value("2025-01-15 12:00:00"), clock.value("2025-07-15 12:00:00")
    assert winter is not None
    assert summer is not None
    assert datetime.fromtimestamp(winter.ns // 10**9, UTC).hour == 17
    assert datetime.fromtimestamp(summer.ns // 10**9, UTC).hour == 16


def test_a_leap_day_without_a_year_finds_one() -> None:
    """29 February read in 2025 is that of 2024."""
    read = CLOCK.match("Feb 29 01:02:03")
    assert read is not None
    assert datetime.fromtimestamp(read[0].ns // 10**9, UTC).year == 2024
    assert read[0].year_assumed


def test_the_file_decides_the_order_of_days_and_months() -> None:
    """Where a number alone does not tell, the order found in the file counts."""
    german, american = Clock(UTC, NOW, day_first=True), Clock(UTC, NOW, day_first=False)
    first, second = german.value("04/03/2025 10:11:12"), american.value("03/04/2025 10:11:12")
    assert first is not None
    assert second is not None
    assert first.ns == second.ns == MOMENT


@given(st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans(), st.lists(st.integers())))
def test_no_value_raises(value: object) -> None:
    """Any JSON value is a time or none, never an error, and never out of range."""
    stamp = CLOCK.value(value)
    assert stamp is None or 0 <= stamp.ns < 2**63


@given(st.integers(100_000_000, 4_000_000_000))
def test_the_unit_of_an_epoch_is_told_by_its_size(seconds: int) -> None:
    """Seconds, milliseconds, microseconds and nanoseconds of one moment are one moment."""
    found = {stamp.ns for unit in (1, 10**3, 10**6, 10**9) if (stamp := from_epoch(seconds * unit))}
    assert found == {seconds * 10**9}
