"""Health checks and their states."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct, field

from pake_tui.model.sample import Freshness


class HealthState(IntEnum):
    """Ordered by urgency: healthy, unknown, degraded, unhealthy."""

    HEALTHY = 0
    UNKNOWN = 1
    DEGRADED = 2
    UNHEALTHY = 3

    @property
    def word(self) -> str:
        """Lower-case name, as files and commands spell it."""
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """As monitoring plugins exit: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown."""
        return {0: 0, 1: 3, 2: 1, 3: 2}[int(self)]


class CheckPoint(Struct, frozen=True):
    """One run of a check: when, how it went, how long it took."""

    at_ns: int
    state: HealthState
    latency_ms: float | None = None
    message: str = ""


class HealthCheck(Struct, frozen=True):
    """One row of the health panel.

    `history` is oldest first; `owner` is `host`, `engine` or `service@pid`.
    """

    name: str
    state: HealthState
    message: str
    owner: str = "host"
    since_ns: int | None = None
    checked_ns: int | None = None
    next_ns: int | None = None
    latency_ms: float | None = None
    interval_s: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    history: tuple[CheckPoint, ...] = ()


class HealthAnswer(Struct, frozen=True):
    """All checks, worst first within the panel, and how fresh they are."""

    checks: tuple[HealthCheck, ...]
    fresh: Freshness

    @property
    def worst(self) -> HealthState:
        """The most urgent state; unknown where there is no check."""
        return max((check.state for check in self.checks), default=HealthState.UNKNOWN)

    def count(self, state: HealthState) -> int:
        """How many checks stand in a state."""
        return sum(check.state is state for check in self.checks)
