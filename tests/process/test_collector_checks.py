"""Configured checks and rules on health and logs in a real collector, from the file to the alert."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from socket import create_server

from pake_tui.clock import iso, now_ns
from pake_tui.engine.store.requests import PROBE
from pake_tui.model.alert import Alert, AlertState, Severity
from pake_tui.model.check import HealthCheck, HealthState
from tests.process.places import Place, wait_for

CONFIG = """
monitoring: {{collection_interval_seconds: 1}}
checks:
  - {{name: web, tcp: "127.0.0.1:{port}", interval: 1s, retry_interval: 1s}}
  - {{name: page, http: "http://127.0.0.1:{port}/", interval: 1s, depends_on: web}}
  - {{name: plugin, command: [echo, "OK | n=1"], interval: 1s}}
  - {{name: rare, command: "true", interval: 6h}}
rules:
  - {{name: web down, health: web, severity: critical, runbook_url: "https://wiki.example/web"}}
  - {{name: page down, health: page}}
  - {{name: typo, health: wbe}}
  - {{name: errors, logs: "level>=error count > 2 in 1m", severity: medium}}
logs: ["{logs}/*.log"]
"""


def configured(tmp_path: Path, port: int) -> Path:
    """The configuration, with its log folder."""
    (tmp_path / "logs").mkdir()
    path = tmp_path / "pake.yaml"
    path.write_text(CONFIG.format(port=port, logs=tmp_path / "logs"))
    return path


def check(place: Place, name: str, holds: Callable[[HealthCheck], bool]) -> HealthCheck:
    """The check once its row is as wanted."""
    return wait_for(
        lambda: next((row for row in place.metrics.health.list() if row.name == name and holds(row)), None)
    )


def alert(place: Place, rule: str, state: AlertState) -> Alert:
    """The rule's alert once it is in a state."""
    return wait_for(
        lambda: next((a for a in place.state.alerts.in_states([state]) if a.rule == rule), None), 25.0
    )


def test_a_server_that_goes_and_comes_is_one_alert_and_its_child_none(place: Place, tmp_path: Path) -> None:
    """The parent's alert says what failed and where the runbook is; the child is unreachable, not alarmed."""
    server = create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    place.agent("--config", str(configured(tmp_path, port)))
    check(place, "web", lambda row: row.state is HealthState.HEALTHY)
    assert check(place, "plugin", lambda row: row.checked_ns is not None).message == "OK (n 1)"
    server.close()
    fired = alert(place, "web down", AlertState.FIRING)
    rules = check(place, "rules", lambda row: row.state is HealthState.DEGRADED)
    assert rules.message == "rule typo: nobody reports a check 'wbe'"
    assert fired.title == "web is unhealthy"
    assert fired.message == f"refused: nothing listens at 127.0.0.1:{port}"
    assert fired.runbook_url == "https://wiki.example/web"
    assert fired.severity is Severity.CRITICAL
    check(place, "page", lambda row: row.message.startswith("unreachable: it depends on web"))
    assert [a.rule for a in place.state.alerts.live()] == ["web down"]
    with create_server(("127.0.0.1", port)):
        alert(place, "web down", AlertState.RESOLVED)
    states = [span.state for span in wait_for(lambda: place.metrics.health.spans("web", 0).spans)]
    assert HealthState.UNHEALTHY in states
    assert HealthState.HEALTHY in states


CHILD = """
checks:
  - {{name: dad, tcp: "127.0.0.1:{dad}", interval: 1s, retry_interval: 1s}}
  - {{name: web, tcp: "127.0.0.1:{web}", interval: 1s, retry_interval: 1s, depends_on: [dad]}}
rules:
  - {{name: web down, health: web, interval: 1s}}
"""


def test_a_child_that_goes_under_a_healthy_parent_is_an_alert(place: Place, tmp_path: Path) -> None:
    """Nothing withholds what only the child has."""
    path = tmp_path / "pake.yaml"
    with create_server(("127.0.0.1", 0)) as dad, create_server(("127.0.0.1", 0)) as web:
        path.write_text(CHILD.format(dad=dad.getsockname()[1], web=web.getsockname()[1]))
        place.agent("--config", str(path))
        check(place, "web", lambda row: row.state is HealthState.HEALTHY)
        web.close()
        assert alert(place, "web down", AlertState.FIRING).message.startswith("refused: nothing listens")
        check(place, "dad", lambda row: row.state is HealthState.HEALTHY)


def test_a_check_runs_when_somebody_asks(place: Place, tmp_path: Path) -> None:
    """Not only at its interval."""
    place.agent("--config", str(configured(tmp_path, 1)))
    first = check(place, "rare", lambda row: row.checked_ns is not None)
    place.state.requests.ask(PROBE, "rare", "ada")
    check(place, "rare", lambda row: row.checked_ns != first.checked_ns)


def test_lines_that_are_written_become_an_alert(place: Place, tmp_path: Path) -> None:
    """A third error within a minute fires; the message counts."""
    place.agent("--config", str(configured(tmp_path, 1)))
    check(place, "logs", lambda row: row.state is HealthState.HEALTHY)
    with (tmp_path / "logs" / "pay.log").open("a") as file:
        for _ in range(3):
            line = {"timestamp": iso(now_ns()), "level": "ERROR", "service": "pay", "message": "declined"}
            file.write(json.dumps(line) + "\n")
    fired = alert(place, "errors", AlertState.FIRING)
    assert fired.title == "more than 2 lines of level>=error in 1 m"
    assert fired.message == "3 lines in 1 m match level>=error (rule errors)"


def test_a_configuration_that_was_only_found_runs_no_program(place: Place, tmp_path: Path) -> None:
    """As a console starts a collector on a file of the working folder; the row names the way out."""
    path = configured(tmp_path, 1)
    place.agent("--auto", "--idle", "30", "--config", str(path), "--found")
    said = check(place, "plugin", lambda row: row.message.startswith("not run"))
    assert said.state is HealthState.UNKNOWN
    assert f"start with --config {path}" in said.message
