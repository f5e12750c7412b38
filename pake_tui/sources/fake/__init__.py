"""In-memory fakes of all five sources, deterministic from a start time: for tests and screenshots."""

from __future__ import annotations

from pake_tui.sources.fake.alerts import FakeAlertSource
from pake_tui.sources.fake.config import FakeConfigStore
from pake_tui.sources.fake.health import FakeHealthSource
from pake_tui.sources.fake.logs import FakeLogSource
from pake_tui.sources.fake.metrics import FakeMetricSource
from pake_tui.sources.protocols import Sources


def fake_sources(start_ns: int) -> Sources:
    """A console's five sources over one invented incident that began at `start_ns`."""
    return Sources(
        metrics=FakeMetricSource(start_ns),
        health=FakeHealthSource(start_ns),
        alerts=FakeAlertSource(start_ns),
        logs=FakeLogSource(start_ns),
        config=FakeConfigStore(),
        host="web-1",
        environment="production",
        actor="ada",
        state_folder="/var/lib/pake-tui",
    )
