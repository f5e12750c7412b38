"""What readers say by themselves, since nobody else could: a silent collector, a state folder in trouble."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pake_tui.clock import SECOND
from pake_tui.engine.store import files
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError
from pake_tui.model.alert import AlertState, Policy, Severity
from pake_tui.model.check import HealthState
from pake_tui.sources.embedded.alerts import SILENT, EmbeddedAlertSource
from pake_tui.sources.embedded.health import EmbeddedHealthSource


@pytest.fixture
def leader(tmp_path: Path) -> Iterator[StateStore]:
    """A state folder that an agent leads."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    store = StateStore(folder)
    store.leadership.claim(config_path="", permanent=True, version="1")
    yield store
    store.leadership.release()


def let_pass(store: StateStore, seconds: float) -> None:
    """Its last sign was so long ago."""
    with (store.folder / "collector.lock").open("r+b") as lock:
        lock.write(f"{time.monotonic_ns() - int(seconds * SECOND):020d}".encode())


def test_an_agent_that_does_not_answer_is_an_alert(leader: StateStore) -> None:
    """It fires after ten seconds, cannot be acted on, and ends with the next beat."""
    source = EmbeddedAlertSource(StateStore(leader.folder), Policy, "ada")
    assert source.alerts().alerts == ()
    let_pass(leader, 20)
    (alert,) = source.alerts().alerts
    assert (alert.state, alert.severity) == (AlertState.FIRING, Severity.HIGH)
    assert "does not answer" in alert.title
    assert source.alert(alert.id).alert.title == alert.title
    assert source.alerts(frozenset({AlertState.RESOLVED})).alerts == ()
    with pytest.raises(ConflictError, match="once a collector runs"):
        source.acknowledge(SILENT)
    leader.leadership.beat()
    assert source.alerts().alerts == ()


def test_an_agent_that_ended_is_an_alert_too(leader: StateStore) -> None:
    """Whoever reads the alerts of a host whose agent is gone learns that nothing is judged."""
    leader.leadership.release()
    let_pass(leader, 20)
    (alert,) = EmbeddedAlertSource(StateStore(leader.folder), Policy, "ada").alerts().alerts
    assert "ended" in alert.title


def test_who_left_because_nobody_needed_it_is_none(tmp_path: Path) -> None:
    """A collector that was started on demand may end when nobody looks."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    store = StateStore(folder)
    store.leadership.claim(config_path="", permanent=False, version="1")
    store.leadership.release()
    let_pass(store, 20)
    assert EmbeddedAlertSource(StateStore(folder), Policy, "ada").alerts().alerts == ()


def test_a_file_that_was_set_aside_and_a_full_disk_are_told_by_every_reader(
    leader: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever set it aside: the row names the file; where nothing can be saved that is the row, at once."""
    source = EmbeddedHealthSource(leader, MetricsStore(leader.folder))
    assert "state folder" not in [row.name for row in source.checks().checks]
    (leader.folder / "state.db.corrupt-20260301T140321.000000Z").write_bytes(b"junk")
    row = source.check("state folder")
    assert row.state is HealthState.DEGRADED
    assert "state.db.corrupt-2026" in row.message
    monkeypatch.setattr(files, "LEAST_ROOM", 10**18)
    row = source.check("state folder")
    assert row.state is HealthState.UNHEALTHY
    assert str(leader.folder) in row.message
    assert "full" in row.message
