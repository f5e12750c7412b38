"""Promises of rules judged over the past."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pake_tui import paths
from pake_tui.cli.main import main
from pake_tui.clock import SECOND, now_ns
from pake_tui.engine.monitoring.replay import Firing, replay
from pake_tui.engine.monitoring.rules import Rule
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.alert import Severity
from pake_tui.model.sample import SeriesKey

Capture = pytest.CaptureFixture[str]
STEP = 10 * SECOND
RULE = Rule("slow", "latency", ">", 500, for_ns=20 * SECOND, severity=Severity.HIGH)
CONFIG = """\
rules:
  - {name: slow, metric: latency, op: ">", threshold: 500, for: 20s, interval: 10s, tags: {service: api}}
"""


def points(*values: float | None) -> list[tuple[int, float | None]]:
    """Values of one step each, from second 0 on."""
    return [(number * STEP, value) for number, value in enumerate(values)]


def test_it_fires_after_its_time_and_clears_after_its_time() -> None:
    """True for twenty seconds before it fires, false for as long before it clears; the worst is kept."""
    found = replay(RULE, points(100, 600, 700, 900, 650, 100, 100, 100, 600), STEP)
    assert found == [Firing(10 * SECOND, 30 * SECOND, 70 * SECOND, 900)]


def test_what_is_true_at_the_end_still_stands() -> None:
    """No end is made up for what has none; a rule for small values keeps the smallest."""
    below = Rule("idle", "rate", "<", 5, severity=Severity.LOW)
    assert replay(below, points(9, 4, 1, 3), STEP) == [Firing(10 * SECOND, 10 * SECOND, None, 1)]


def test_short_peaks_and_gaps_fire_nothing() -> None:
    """A peak shorter than the rule's time, and one with a gap in it, are no alert."""
    assert replay(RULE, points(600, 600, 100, 600, 600, 100), STEP) == []
    assert replay(RULE, points(600, 600, None, None, 600, 600, 100), STEP) == []


@pytest.fixture
def history(private_places: Path) -> Path:
    """A configuration with a rule, and a minute of slow answers ten minutes ago."""
    config = private_places / "pake.yaml"
    config.write_text(CONFIG)
    config.chmod(0o600)
    store = MetricsStore(paths.state_folder().path)
    now = now_ns() // SECOND * SECOND
    key = SeriesKey("latency", service="api")
    for second in range(1200, 0, -5):
        slow = 600 >= second > 540
        store.record("api@1", now - second * SECOND, {key: 900.0 if slow else 100.0})
    store.close()
    return config


def test_the_command_tells_when_it_would_have_fired(history: Path, capsys: Capture) -> None:
    """One firing of a minute, in words and as JSON lines."""
    assert main(["--config", str(history), "alerts", "test", "slow", "--since", "30m"]) == 0
    said = capsys.readouterr().out
    assert "slow: latency > 500 for 20 s, high" in said
    assert "would have fired once" in said
    assert "data for 6" in said
    assert main(["--config", str(history), "alerts", "test", "slow", "--since", "30m", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    fields = json.loads(line)
    assert (fields["rule"], fields["series"], fields["worst"]) == ("slow", "api/latency", 900)
    assert fields["true_since"] < fields["fired"] < fields["cleared"]


def test_the_command_names_rules_that_are_there(history: Path, capsys: Capture) -> None:
    """An unknown name gets the nearest one; a rule without data says so; both are exit code 1."""
    assert main(["--config", str(history), "alerts", "test", "slw"]) == 1
    assert "did you mean slow?" in capsys.readouterr().err
    assert main(["--config", str(history), "alerts", "test", "cpu_percent"]) == 1
    assert "no series of cpu_percent" in capsys.readouterr().err
