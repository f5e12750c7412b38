"""Promises of the drawing helpers."""

from __future__ import annotations

import threading
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pake_tui.clock import SECOND, local_zone
from pake_tui.engine.logfiles.configured import LogSettings
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.model.record import Direction
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from pake_tui.text.safe import safe
from pake_tui.tui.drawing import (
    cell_of,
    clock,
    crop,
    fit,
    number,
    resample,
    spark,
    width_of,
    zone_named,
)
from pake_tui.tui.glyphs import ASCII, UNICODE
from pake_tui.tui.logrows import Look, draw_record, wrap_record
from pake_tui.tui.workspace import load_themes

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


@given(st.integers(2, 40), st.integers(0, 80), st.integers(0, 10_000), st.data())
def test_the_past_keeps_its_shape_while_a_sparkline_moves_on(
    width: int, more: int, first: int, data: st.DataObject
) -> None:
    """From one step to the next it stands still or moves by one cell; only its newest cell changes."""
    steps = width + more
    values = data.draw(st.lists(st.floats(0, 100), min_size=steps + 1, max_size=steps + 1))
    before, after = resample(values[:-1], width, first), resample(values[1:], width, first + 1)
    assert len(before) == len(after) == width
    assert after[:-1] in (before[:-1], before[1:])


@given(st.integers(1, 40), st.integers(1, 120), st.integers(0, 10_000), st.data())
def test_a_step_is_found_in_the_cell_that_shows_it(
    width: int, steps: int, first: int, data: st.DataObject
) -> None:
    """What points at a step, a mark or the reading cursor, stands under the cell of its value."""
    step = data.draw(st.integers(0, steps - 1))
    cells = resample([float(at == step) for at in range(steps)], width, first)
    place = cell_of(first + step, steps, width, first)
    assert cells.index(1.0) == place if place >= 0 else 1.0 not in cells


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


def test_a_row_says_what_of_its_record_is_not_shown(tmp_path: Path) -> None:
    """A line that was cut says so where it is seen, in front of its message; folded too."""
    log = tmp_path / "big.log"
    log.write_text(f"2026-03-01T14:03:21Z INFO api: {'long ' * 2_000}\n")
    source = EmbeddedLogSource(
        [str(log)], settings=lambda: LogSettings(Reading(record_bytes=1024)), worker=False
    )
    batches = source.read("", None, Direction.OLDER, 9, threading.Event())
    (row,) = [row for batch in batches for row in batch.rows]
    palette = load_themes()[0]["dark"].palette
    look = Look(palette, UNICODE, UTC, 0)
    cut = f"[{row.record.skipped}]"
    assert "cut after" in cut
    line = "".join(text for text, _ in draw_record(row, look))
    assert f"{cut} long long" in line
    folded = ["".join(text for text, _ in one) for one in wrap_record(row, look, 80, 30)]
    assert folded[0].rstrip().endswith(cut)
