"""Forecasts against synthetic truth: linear, noisy, saw-tooth, stepped, seasonal and without any trend."""

from __future__ import annotations

import math
import random

import pytest

from pake_tui.clock import DAY, HOUR
from pake_tui.engine.monitoring.forecasts import Point, forecast
from pake_tui.model.forecast import Forecast

START = 1_800_000_000_000_000_000


def hourly(hours: int, value: object) -> list[Point]:
    """A point an hour of a function of the hour."""
    return [(START + hour * HOUR, float(value(hour))) for hour in range(hours)]  # type: ignore[operator]


def days_left(found: Forecast, points: list[Point]) -> float:
    """Days from the last point until the threshold is reached."""
    assert found.eta_ns is not None, found
    return (found.eta_ns - points[-1][0]) / DAY


def test_a_line_is_met_exactly() -> None:
    """50 % now, 1 % a day, 90 % in forty days; four times ten days is as far as it looks."""
    points = hourly(241, lambda hour: 40 + hour / 24)
    found = forecast(points, 90.0)
    assert found.state == "rising"
    assert found.slope == pytest.approx(1.0)
    assert days_left(found, points) == pytest.approx(40.0, rel=0.001)
    assert forecast(points, 90.2).eta_ns is None


def rising(seed: int, wild: float) -> tuple[Forecast, list[Point], float]:
    """2 % a day under noise of 1 %, some readings far off: the forecast, the points, the true days left."""
    dice = random.Random(seed)

    def reading(hour: int) -> float:
        return 50 + hour / 12 + dice.gauss(0, 1) - (45 if dice.random() < wild else 0)

    points = hourly(168, reading)
    return forecast(points, 90.0), points, (90 - (50 + 167 / 12)) * 12 / 24


@pytest.mark.parametrize("seed", range(8))
def test_noise_and_outliers_move_the_forecast_by_a_tenth_at_most(seed: int) -> None:
    """A week of hours with every twenty-fifth reading wild."""
    found, points, truth = rising(seed, 0.04)
    assert days_left(found, points) == pytest.approx(truth, rel=0.10)


def test_the_band_holds_the_truth_as_often_as_it_says() -> None:
    """Of sixty forecasts more than nine tenths do (95 % is stated); least squares is worse by far."""
    held, ours, straight = 0, [], []
    for seed in range(60):
        found, points, truth = rising(seed, 0.0)
        met = points[-1][0] + truth * DAY
        assert found.earliest_ns is not None
        held += found.earliest_ns <= met <= (found.latest_ns or math.inf)
        found, points, truth = rising(seed, 0.04)
        ours.append(abs(days_left(found, points) / truth - 1))
        assert found.straight_ns is not None
        straight.append(abs((found.straight_ns - points[-1][0]) / DAY / truth - 1))
    assert held > 54
    assert sorted(straight)[30] > 3 * sorted(ours)[30]


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_is_no_trend(seed: int) -> None:
    """Nothing is foretold of what only trembles."""
    dice = random.Random(seed)
    found = forecast(hourly(168, lambda hour: 60 + dice.gauss(0, 3)), 90.0)
    assert (found.state, found.eta_ns) == ("no trend", None)


def test_after_a_clean_up_it_begins_anew() -> None:
    """A disk that is emptied each week fills from there on; least squares would never see it full."""
    points = hourly(24 * 20, lambda hour: 40 + (hour % 168) / 168 * 48)
    found = forecast(points, 90.0)
    assert found.seen_ns == (24 * 20 - 2 * 168 - 1) * HOUR
    truth = (90 - points[-1][1]) / 48 * 7
    assert days_left(found, points) == pytest.approx(truth, rel=0.02)
    assert found.straight_ns is None or found.straight_ns > points[-1][0] + 30 * DAY


def test_what_is_cleaned_up_as_a_habit_has_no_trend() -> None:
    """A queue that is emptied each night below its limit will be again; one that grew on is foretold."""
    nightly = hourly(24 * 14, lambda hour: 30 + (hour % 24) / 24 * 30)
    assert (forecast(nightly, 90.0).state, forecast(nightly, 90.0).eta_ns) == ("no trend", None)
    assert forecast(nightly, 55.0).state == "reached"
    escaped = hourly(24 * 14, lambda hour: 30 + (hour % 24 if hour < 24 * 10 else hour - 24 * 10) / 24 * 10)
    assert forecast(escaped, 90.0).eta_ns is not None


def test_where_it_stands_is_told_by_what_lasts() -> None:
    """A step that stayed for days counts: how much is left is measured from where the series is."""
    stepped = hourly(24 * 14, lambda hour: 30 + hour / 240 if hour < 240 else 70 + hour / 240)
    assert forecast(stepped, 90.0).now == pytest.approx(71.3, abs=0.5)
    climbing = hourly(24 * 14, lambda hour: 20 + hour / 12 + (25 if hour >= 240 else 0))
    truth = (90 - climbing[-1][1]) / 2
    assert days_left(forecast(climbing, 90.0), climbing) == pytest.approx(truth, rel=0.1)


def test_a_single_step_up_is_no_trend_soon() -> None:
    """A package that was installed once does not fill the disk."""
    found = forecast(hourly(168, lambda hour: 50 if hour < 160 else 60), 90.0)
    assert found.eta_ns is None


def test_days_and_nights_are_not_taken_for_a_trend() -> None:
    """A season over whole days leaves the slope of the trend below it, none or half a per cent a day."""
    season = hourly(24 * 7, lambda hour: 50 + 10 * math.sin(hour / 24 * 2 * math.pi))
    assert forecast(season, 90.0).eta_ns is None
    both = hourly(24 * 14, lambda hour: 60 + hour / 24 + 3 * math.sin(hour / 24 * 2 * math.pi))
    truth = 90 - (60 + (24 * 14 - 1) / 24)
    assert days_left(forecast(both, 90.0), both) == pytest.approx(truth, rel=0.10)


def test_memory_that_falls_reaches_its_floor() -> None:
    """Downward thresholds are met from above."""
    points = hourly(100, lambda hour: 1000 - 2 * hour)
    found = forecast(points, 500.0, upward=False)
    assert found.state == "falling"
    assert days_left(found, points) == pytest.approx((points[-1][1] - 500) / 48, rel=0.001)


def test_what_is_past_its_threshold_has_reached_it_and_little_data_says_so() -> None:
    """Seven points are too few to foretell anything."""
    assert forecast(hourly(50, lambda hour: 91 + hour), 90.0).state == "reached"
    assert forecast(hourly(7, lambda hour: hour), 90.0).state == "too little data"
    assert forecast([], 90.0).state == "too little data"


def test_a_series_that_stands_still_has_no_trend() -> None:
    """Exactly level is no division by nothing."""
    assert forecast(hourly(100, lambda hour: 42.0), 90.0).state == "no trend"
