"""`pake-tui report`: the same facts as text, Markdown and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pake_tui.cli.main import main
from pake_tui.clock import DAY, HOUR, SECOND, now_ns
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.engine.store.sketch import Sketch
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy, Severity
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.model.sample import SeriesKey

DISK = SeriesKey("disk_percent", (("mount", "/srv|x"),))
LATENCY = SeriesKey("api.latency", (), "api")


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MetricsStore:
    """Two days of a disk that fills by five per cent a day, a check that was down for an hour, an alert."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("PAKE_STATE_DIR", str(folder))
    store, now = MetricsStore(folder), now_ns()
    for quarter in range(4 * 48 + 1):
        at = now - 2 * DAY + quarter * HOUR // 4
        store.record("collector", at, {DISK: 60 + 5 * quarter / 96}, {DISK: Meaning(unit="percent")})
        took = Sketch()
        took.add([20.0] * 99 + [40.0 if quarter % 2 else 400.0])
        store.record("api@1", at, {}, sketches={LATENCY: took})
        store.prune(at + 2 * SECOND)
    for hours, state in ((10, HealthState.HEALTHY), (2, HealthState.UNHEALTHY), (1, HealthState.HEALTHY)):
        store.health.extend([HealthCheck("shop", state, "")], now - hours * HOUR, 20 * HOUR)
    store.health.extend([HealthCheck("shop", HealthState.HEALTHY, "")], now, 20 * HOUR)
    store.health.put([HealthCheck("shop", HealthState.HEALTHY, "status 200", "checks", checked_ns=now)])
    alerting = Alerting(StateStore(folder), Policy)
    alerting.create("Gateway down", "m", Severity.HIGH, actor="api@1", service="api")
    return store


def report(capsys: Any, *words: str) -> dict[str, Any]:
    """The JSON of a report."""
    assert main(["report", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_monitoring_has_health_with_availability_alerts_and_the_host(
    metrics: MetricsStore, capsys: Any
) -> None:
    """One hour of ten was down; shares are of the time that is known."""
    found = report(capsys, "monitoring")
    (shop,) = [check for check in found["health"]["checks"] if check["name"] == "shop"]
    assert shop["availability"]["24h"] == pytest.approx(0.9, abs=0.001)
    assert [alert["title"] for alert in found["alerts"]["active"]] == ["Gateway down"]
    assert found["system"]["disk_percent{mount=/srv|x}"]["high"] == pytest.approx(70, abs=0.3)


def test_performance_is_told_by_service(metrics: MetricsStore, capsys: Any) -> None:
    """Timings of an application, without the service's name in each; percentiles of the whole range."""
    found = report(capsys, "performance", "--since", "6h")
    told = {name: one["mean"] for name, one in found["services"]["api"].items()}
    assert told["api.latency{stat=p95}"] == pytest.approx(20.0, rel=0.01)
    assert told["api.latency{stat=max}"] == 400.0
    assert told["api.latency{stat=mean}"] == pytest.approx(22.0, rel=0.03)
    assert found["services"]["api"]["api.latency{stat=p90}"]["unit"] == "ms"
    assert found["hours"] == 6.0


def test_metrics_tell_a_range_by_its_whole_and_no_mean_of_percentiles(
    metrics: MetricsStore, capsys: Any
) -> None:
    """Of a statistic of a timing, MIN, MEAN and MAX of `metrics --since` are that of all its timings."""
    assert main(["metrics", "api.latency", "--since", "6h"]) == 0
    (row,) = [line.split() for line in capsys.readouterr().out.splitlines() if "stat=p99" in line]
    assert {round(float(value)) for value in row[-3:]} == {20}


def test_capacity_foretells_when_a_disk_is_full(metrics: MetricsStore, capsys: Any) -> None:
    """Twenty per cent are left at five a day: four days, with its band and the straight line beside it."""
    (disk,) = [one for one in report(capsys, "capacity")["series"] if one["series"].startswith("disk")]
    assert disk["state"] == "rising"
    assert disk["per_day"] == pytest.approx(5.0, rel=0.02)
    assert disk["earliest"] <= disk["reached"] <= disk["latest"]
    assert disk["least_squares"] is not None
    assert main(["report", "capacity"]) == 0
    assert "disk_percent{mount=/srv|x}" in capsys.readouterr().out


def test_markdown_is_a_table_that_a_pipe_does_not_break(metrics: MetricsStore, capsys: Any) -> None:
    """For a ticket."""
    assert main(["report", "capacity", "--markdown"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# ")
    assert "disk_percent{mount=/srv\\|x}" in out


def test_an_empty_state_makes_an_empty_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Nothing was collected yet: no error."""
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "none"))
    for kind in ("monitoring", "performance", "capacity"):
        assert main(["report", kind]) == 0
    assert "nothing" in capsys.readouterr().out


def test_a_rule_on_health_is_replayed_by_the_states_that_were(
    metrics: MetricsStore, tmp_path: Path, capsys: Any
) -> None:
    """The hour in which the check was down would have been one alert."""
    config = tmp_path / "pake.yaml"
    config.write_text(
        "rules:\n- {name: shop down, health: shop, for: 2m}\n- {name: lines, logs: 'x count > 2 in 1m'}\n"
    )
    words = ["--config", str(config), "alerts", "test"]
    assert main([*words, "shop down", "--since", "8h", "--json"]) == 0
    (firing,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert firing["series"] == "health{check=shop}"
    assert firing["cleared"] is not None
    assert main([*words, "shop down", "--since", "8h"]) == 0
    assert "shop down: shop is unhealthy for 2 m, high" in capsys.readouterr().out
    assert main([*words, "lines"]) == 1
