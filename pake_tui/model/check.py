"""Health checks and their states."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct, field

from pake_tui.model.sample import Freshness

HEALTH = "health"
"""The metric of a check's state, tagged `check`; unknown is no value."""


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


LEVELS = {HealthState.HEALTHY: 0.0, HealthState.DEGRADED: 1.0, HealthState.UNHEALTHY: 2.0}
"""The values of HEALTH."""


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


class StateSpan(Struct, frozen=True):
    """A check stood in one state from one time to another (UTC ns); `message` is what it said first."""

    from_ns: int
    until_ns: int
    state: HealthState
    message: str = ""


class CheckHistory(Struct, frozen=True):
    """A check's states over time, oldest first; between spans nobody looked."""

    name: str
    spans: tuple[StateSpan, ...] = ()

    def availability(self, since_ns: int, until_ns: int) -> float | None:
        """The share (0 to 1) of the time with a known state in which it was healthy or degraded; None where
        nothing is known.
        """
        known = up = 0
        for span in self.spans:
            length = min(span.until_ns, until_ns) - max(span.from_ns, since_ns)
            if length > 0 and span.state is not HealthState.UNKNOWN:
                known += length
                up += length if span.state is not HealthState.UNHEALTHY else 0
        return up / known if known else None

    def strip(self, since_ns: int, until_ns: int, cells: int) -> tuple[HealthState | None, ...]:
        """The most urgent state in each of `cells` equal parts of a span; None where nobody looked."""
        found: list[HealthState | None] = [None] * cells
        width = max(1, (until_ns - since_ns) // cells)
        for span in self.spans:
            if span.until_ns < since_ns or span.from_ns >= until_ns:
                continue
            first = max(0, (span.from_ns - since_ns) // width)
            for at in range(first, min(cells - 1, (span.until_ns - since_ns) // width) + 1):
                found[at] = max(span.state, found[at] or HealthState.HEALTHY)
        return tuple(found)


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
