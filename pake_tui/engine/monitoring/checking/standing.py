"""From runs to a state: retries before one is hard, slowness, parents that are down. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import SECOND
from pake_tui.engine.monitoring.checking.specs import CheckSpec
from pake_tui.model.check import HealthCheck, HealthState

OWNER = "checks"
"""Who owns the rows of configured checks."""


class Run(Struct, frozen=True):
    """How one run went; `took_ns` None where none was made, `began_ns` UTC."""

    state: HealthState
    message: str
    began_ns: int
    took_ns: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def ended_ns(self) -> int:
        """When its result came (UTC)."""
        return self.began_ns + (self.took_ns or 0)


class Standing(Struct, frozen=True):
    """Where a check stands: its hard state, and how many runs in a row said something else.

    `state` None: never run. `shown` is what its row says. `failing_ns` is when the first of the runs in a row
    that failed ended (UTC), None where the last one did not.
    """

    state: HealthState | None = None
    message: str = "not run yet"
    shown: str = "not run yet"
    attempts: int = 0
    run: Run | None = None
    failing_ns: int | None = None

    @property
    def soft(self) -> bool:
        """Whether the last runs said something else than the hard state."""
        return self.attempts > 0


def timed(spec: CheckSpec, run: Run) -> Run:
    """The run as its time makes it: degraded where it was slow, unhealthy where it was too slow."""
    if run.took_ns is None or run.state is not HealthState.HEALTHY:
        return run
    took = f"{run.message}, in {run.took_ns / SECOND * 1000:.0f} ms"
    if spec.too_slow_ns is not None and run.took_ns > spec.too_slow_ns:
        allowed = f"{spec.too_slow_ns // 1_000_000} ms allowed"
        return replace(run, state=HealthState.UNHEALTHY, message=f"too slow: {took} ({allowed})")
    if spec.slow_ns is not None and run.took_ns > spec.slow_ns:
        return replace(run, state=HealthState.DEGRADED, message=f"slow: {took}")
    return run


def failing_since(before: Standing, run: Run) -> int | None:
    """When the failure that a run tells of began (UTC ns); None where it did not fail.

    One that is worse than the run before it is another failure.
    """
    if run.state <= HealthState.UNKNOWN:
        return None
    if before.failing_ns is None or before.run is None or run.state > before.run.state:
        return run.ended_ns
    return min(before.failing_ns, run.ended_ns)  # a clock that stepped back makes it no older than it is


def after(spec: CheckSpec, before: Standing, run: Run, *, sure: bool = True) -> Standing:
    """The standing after a run. A worse state is hard after the retries; a better one at once.

    Not `sure` (its parents were not asked since it fails): it is not hard yet, however often it was said.
    """
    failing = failing_since(before, run)
    run = timed(spec, run)
    worse = run.state > (before.state if before.state is not None else HealthState.HEALTHY)
    if not worse:
        return Standing(run.state, run.message, run.message, 0, run, failing)
    attempts = before.attempts + 1
    if attempts > spec.retries and sure:
        return Standing(run.state, run.message, run.message, 0, run, failing)
    said = f"{run.message} (run {min(attempts, spec.retries + 1)} of {spec.retries + 1})"
    return replace(before, shown=said, attempts=attempts, run=run, failing_ns=failing)


def unreachable(parent: str, state: HealthState, now_ns: int) -> Standing:
    """A check whose parent failed: nobody knows, and nobody is alarmed twice."""
    said = f"unreachable: it depends on {parent}, which is {state.word}"
    return Standing(HealthState.UNKNOWN, said, said, 0, Run(HealthState.UNKNOWN, said, now_ns))


def row(spec: CheckSpec, standing: Standing, interval_ns: int) -> HealthCheck:
    """The check as the store keeps it; it is silent from when its result came, not from when it was asked."""
    run = standing.run
    details: dict[str, object] = {"kind": spec.kind, **(run.details if run is not None else {})}
    if spec.depends_on:
        details["depends on"] = ", ".join(spec.depends_on)
    if run is not None and standing.soft:
        details["soft state"] = f"{run.state.word}, run {standing.attempts} of {spec.retries + 1}"
    return HealthCheck(
        name=spec.name,
        state=standing.state if standing.state is not None else HealthState.UNKNOWN,
        message=standing.shown,
        owner=OWNER,
        checked_ns=None if run is None else run.ended_ns,
        next_ns=None if run is None else max(run.began_ns + interval_ns, run.ended_ns),
        latency_ms=None if run is None or run.took_ns is None else run.took_ns / 1_000_000,
        interval_s=interval_ns / SECOND,
        details=details,
    )
