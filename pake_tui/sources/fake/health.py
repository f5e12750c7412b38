"""Invented health checks: six healthy, one slow, one failing, the same for the same start time."""

from __future__ import annotations

from pake_tui.clock import DAY, HOUR, MINUTE, SECOND
from pake_tui.errors import NotFoundError
from pake_tui.model.check import CheckHistory, CheckPoint, HealthAnswer, HealthCheck, HealthState, StateSpan
from pake_tui.model.sample import Freshness

LASTS_NS = 12 * MINUTE
INTERVAL_S = 30.0
RUNS = 20
_AGE_NS = 4 * SECOND

_Row = tuple[str, str, HealthState, float | None, str]
ROWS: tuple[_Row, ...] = (
    ("payments", "api@777", HealthState.UNHEALTHY, None, "timeout: 2 of 3 tries"),
    ("api", "api@777", HealthState.DEGRADED, 840.0, "slow: p95 over 500 ms"),
    ("collector", "engine", HealthState.HEALTHY, None, "pid 4242, permanent agent"),
    ("database", "orders@801", HealthState.HEALTHY, 12.0, "postgres 15.3"),
    ("disks", "host", HealthState.HEALTHY, None, "/ 88 % used, 4.7 GiB free"),
    ("load", "host", HealthState.HEALTHY, None, "1.90 1.60 1.40 (0.95 a CPU)"),
    ("memory", "host", HealthState.HEALTHY, None, "71 % used, 4.6 GiB available"),
    ("redis", "worker@790", HealthState.HEALTHY, 1.0, "used 41 MB"),
)


class FakeHealthSource:
    """A HealthSource whose present is twelve minutes after `start_ns`."""

    def __init__(self, start_ns: int) -> None:
        self._now_ns = start_ns + LASTS_NS
        self._rows = tuple(self._check(*row) for row in ROWS)

    def checks(self) -> HealthAnswer:
        """All checks, most urgent first, then by name."""
        return HealthAnswer(self._rows, Freshness(self._now_ns - _AGE_NS))

    def check(self, name: str) -> HealthCheck:
        """One check with its history. NotFoundError."""
        for row in self._rows:
            if row.name == name:
                return row
        raise NotFoundError(f"no health check {name!r}", hint="pake-tui health lists them")

    def history(self, name: str, since_ns: int) -> CheckHistory:
        """A month in which what is not healthy now was down now and then, with a gap of a night."""
        row = next((row for row in self._rows if row.name == name), None)
        if row is None:
            return CheckHistory(name)
        start, now = max(since_ns, self._now_ns - 30 * DAY), self._now_ns
        if row.state is HealthState.HEALTHY:
            return CheckHistory(name, (StateSpan(start, now, HealthState.HEALTHY, row.message),))
        spans = [StateSpan(start, now - 15 * HOUR, HealthState.HEALTHY, "status 200")]
        spans.append(StateSpan(now - 7 * HOUR, now - 5 * HOUR, HealthState.HEALTHY, "status 200"))
        spans.append(StateSpan(now - 5 * HOUR, now - 4 * HOUR, row.state, row.message))
        spans.append(StateSpan(now - 4 * HOUR, now - MINUTE, HealthState.HEALTHY, "status 200"))
        spans.append(StateSpan(now - MINUTE, now, row.state, row.message))
        return CheckHistory(name, tuple(span for span in spans if span.until_ns > since_ns))

    def probe(self, name: str) -> None:
        """Nothing runs here. NotFoundError."""
        self.check(name)

    def _check(
        self, name: str, owner: str, state: HealthState, latency: float | None, message: str
    ) -> HealthCheck:
        checked = self._now_ns - _AGE_NS
        history = self._history(state, latency, message, checked)
        changed = next((p.at_ns for p in history if p.state is state), history[0].at_ns)
        return HealthCheck(
            name=name,
            state=state,
            message=message,
            owner=owner,
            since_ns=changed,
            checked_ns=checked,
            next_ns=checked + int(INTERVAL_S * SECOND),
            latency_ms=latency,
            interval_s=INTERVAL_S,
            details={"host": "web-1"},
            history=history,
        )

    def _history(
        self, state: HealthState, latency: float | None, message: str, checked: int
    ) -> tuple[CheckPoint, ...]:
        """Healthy for long; what is not healthy now has not been for the last few runs."""
        bad = {HealthState.UNHEALTHY: 3, HealthState.DEGRADED: 6}.get(state, RUNS)
        points = []
        for number in range(RUNS):
            left = RUNS - number
            now = left <= bad
            pace = None if latency is None else latency * (1.0 if now else 0.25) * (1 - 0.02 * (left % 5))
            at_ns = checked - int((left - 1) * INTERVAL_S * SECOND)
            points.append(
                CheckPoint(at_ns, state if now else HealthState.HEALTHY, pace, message if now else "")
            )
        return tuple(points)
