"""Promises of the drawing helpers."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pake_tui.clock import SECOND, local_zone
from pake_tui.text.safe import safe
from pake_tui.tui.drawing import clock, crop, fit, number, spark, width_of, zone_named
from pake_tui.tui.glyphs import ASCII, UNICODE

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


def test_old_times_are_shown_as_the_clock_on_the_wall_was_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local zone knows summer time: 12:00 UTC was 13:00 in Berlin's January, 14:00 in its July."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    local_zone.cache_clear()
    try:
        zone = zone_named("local")
    finally:
        local_zone.cache_clear()
    january, july = 1_768_478_400 * SECOND, 1_784_116_800 * SECOND
    assert clock(january, zone) == "13:00:00"
    assert clock(july, zone) == "14:00:00"


@given(TEXTS, st.integers(0, 30), st.booleans())
def test_fit_always_gives_exactly_that_many_cells(text: str, width: int, right: bool) -> None:
    """Whatever the text holds, wide characters and escapes too, a column keeps its width."""
    assert cell_len(fit(text, width, UNICODE, right=right)) == width


@given(st.lists(TEXTS, max_size=5), st.integers(0, 60))
def test_crop_always_gives_exactly_that_many_cells(texts: list[str], width: int) -> None:
    """A line is cut or padded to the panel's width, never more, never less."""
    assert width_of(crop([(safe(text), "text") for text in texts], width, UNICODE)) == width


def test_a_sparkline_shows_gaps_as_gaps() -> None:
    """What was not measured is no zero."""
    assert spark([0.0, None, 100.0], 3, UNICODE, 0.0, 100.0) == "▁·█"


def test_a_sparkline_has_an_ascii_form() -> None:
    """Without UTF-8 the levels are ASCII."""
    assert spark([0.0, 50.0, 100.0], 3, ASCII, 0.0, 100.0) == "_-#"


def test_a_long_series_keeps_its_peaks() -> None:
    """A spike of one second is seen in a cell that stands for many."""
    values = [1.0] * 99 + [100.0] + [1.0] * 100
    assert "█" in spark(values, 10, UNICODE, 0.0, 100.0)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (42.4, "percent", "42 %"),
        (1_234_567.0, "bytes/s", "1.2 MB/s"),
        (250.0, "ms", "250 ms"),
        (None, "percent", "n/a"),
        (0.5, "", "0.50"),
        (312.0, "/s", "312/s"),
        (51.5, "celsius", "52 C"),
    ],
)
def test_numbers_come_with_their_unit(value: float | None, unit: str, shown: str) -> None:
    """A value is written as people read it, and a missing one is not zero."""
    assert number(value, unit) == shown


def test_times_are_shown_to_the_millisecond() -> None:
    """A log line's time keeps its milliseconds."""
    assert clock(1_772_366_601_412_999_999, UTC, precise=True) == "12:03:21.412"
