"""Health of the host and of the engine's own parts; results of many processes merged into one row a check."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.clock import SECOND, short_duration
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.model.sample import CollectorMode, CollectorStatus, SeriesKey

HOST, ENGINE = "host", "engine"
DISK_FULL = 98.0
MEMORY_FULL = 97.0
LOAD_HIGH, LOAD_TOO_HIGH = 2.0, 4.0
"""Runnable processes per CPU allowed."""
MISSED_INTERVALS = 3
STUCK_S = 15.0
_GIB = 1024**3
Values = Mapping[SeriesKey, float]


class PartReport(Struct, frozen=True):
    """How one part of the collector does: why its last run failed, how many seconds the current run takes,
    what is odd although it works, else what it does.
    """

    name: str
    problem: str = ""
    stuck_s: float = 0.0
    odd: str = ""
    note: str = ""


def host_checks(values: Values, *, memory_limit: float, disk_limit: float) -> list[HealthCheck]:
    """Disks, memory and load out of one sample; a check without its value says so."""
    return [_disks(values, disk_limit), _memory(values, memory_limit), _load(values)]


def engine_checks(parts: Iterable[PartReport], sensors: Mapping[str, str]) -> list[HealthCheck]:
    """A row for each part of the collector, and one for each sensor that failed."""
    rows = []
    for part in parts:
        if part.problem:
            rows.append(_row(part.name, HealthState.UNHEALTHY, part.problem, ENGINE))
        elif part.stuck_s > STUCK_S:
            text = f"no progress for {part.stuck_s:.0f} s"
            rows.append(_row(part.name, HealthState.UNHEALTHY, text, ENGINE))
        else:
            state = HealthState.DEGRADED if part.odd else HealthState.HEALTHY
            rows.append(_row(part.name, state, part.odd or part.note, ENGINE))
    rows += [
        _row(f"sensor {name}", HealthState.UNKNOWN, f"n/a: {why}", ENGINE)
        for name, why in sorted(sensors.items())
    ]
    return rows


def collector_check(status: CollectorStatus, now_ns: int) -> HealthCheck:
    """The collector as a reader sees it: the one thing that it cannot say of itself."""
    age = None if status.heartbeat_ns is None else max(0, now_ns - status.heartbeat_ns)
    if status.mode in (CollectorMode.AGENT, CollectorMode.OWN):
        who = "permanent agent" if status.mode is CollectorMode.AGENT else "started on demand"
        state, text = HealthState.HEALTHY, f"pid {status.pid}, {who}"
    elif status.mode is CollectorMode.STALE:
        state = HealthState.UNHEALTHY
        text = f"pid {status.pid} is silent for {short_duration(age or 0)}"
    else:
        state, text = HealthState.UNKNOWN, status.problem or "nobody collects"
    return HealthCheck("collector", state, text, ENGINE, checked_ns=status.heartbeat_ns)


def folder_checks(trouble: str, stops: bool, now_ns: int) -> list[HealthCheck]:
    """The state folder as a reader sees it: where nothing can be saved, no row can be either."""
    state = HealthState.UNHEALTHY if stops else HealthState.DEGRADED
    return [HealthCheck("state folder", state, trouble, ENGINE, checked_ns=now_ns)] if trouble else []


def timed(checks: Iterable[HealthCheck], now_ns: int, interval_s: float) -> list[HealthCheck]:
    """The rows as judged now, to be judged again after an interval."""
    next_ns = now_ns + int(interval_s * SECOND)
    return [replace(c, checked_ns=now_ns, next_ns=next_ns, interval_s=interval_s) for c in checks]


def merged(
    results: Iterable[HealthCheck], now_ns: int, lives: Callable[[str], bool] | None = None
) -> tuple[HealthCheck, ...]:
    """One row a check out of every process's own, most urgent first, then by name: the worst process counts.

    Three missed intervals make a process's result unknown; one whose process ended does not count while
    another of its service reports. `lives(owner)` says whether a `service@pid` still runs.
    """
    by_name: dict[str, list[HealthCheck]] = {}
    for result in results:
        by_name.setdefault(result.name, []).append(result)
    rows = [_merge(found, now_ns, lives or is_running) for found in by_name.values()]
    return tuple(sorted(rows, key=lambda row: (-row.state, row.name)))


def is_running(owner: str) -> bool:
    """Whether the process of `service@pid` exists; true where that cannot be told."""
    pid = owner.rpartition("@")[2]
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _merge(found: list[HealthCheck], now_ns: int, lives: Callable[[str], bool]) -> HealthCheck:
    fresh = [row for row in found if not _is_silent(row, now_ns)]
    served = {_service(row.owner) for row in fresh}
    counted = [
        row if row in fresh else _silenced(row, now_ns)
        for row in found
        if row in fresh or _service(row.owner) not in served or lives(row.owner)
    ]
    worst = max(counted, key=lambda row: (row.state, row.checked_ns or 0))
    if len(counted) == 1:
        return worst
    bad = sum(row.state is worst.state for row in counted)
    details = {**worst.details, "processes": {row.owner: row.state.word for row in counted[:50]}}
    if worst.state is HealthState.HEALTHY:
        return replace(worst, details=details)
    told = f"{worst.owner}: {worst.message} ({bad} of {len(counted)} processes)"
    return replace(worst, message=told, details=details)


def _is_silent(row: HealthCheck, now_ns: int) -> bool:
    if row.checked_ns is None or not row.interval_s:
        return False
    return now_ns - row.checked_ns > MISSED_INTERVALS * row.interval_s * SECOND


def _silenced(row: HealthCheck, now_ns: int) -> HealthCheck:
    service, found, pid = row.owner.rpartition("@")
    who = f"pid {pid}" if found else "the collector"
    since = (
        row.checked_ns + int(MISSED_INTERVALS * (row.interval_s or 0) * SECOND) if row.checked_ns else None
    )
    text = f"{who} stopped reporting"
    if service:
        text += f" ({service})"
    return replace(row, state=HealthState.UNKNOWN, message=text, since_ns=since, next_ns=None)


def _service(owner: str) -> str:
    return owner.rpartition("@")[0] or owner


def _row(name: str, state: HealthState, message: str, owner: str = HOST) -> HealthCheck:
    return HealthCheck(name, state, message, owner)


def _missing(name: str) -> HealthCheck:
    return _row(name, HealthState.UNKNOWN, "n/a: no value was measured")


def _disks(values: Values, limit: float) -> HealthCheck:
    used = {dict(key.tags)["mount"]: value for key, value in values.items() if key.metric == "disk_percent"}
    if not used:
        return _missing("disks")
    fullest = max(used, key=lambda mount: used[mount])
    share = used[fullest]
    free = values.get(SeriesKey("disk_available_bytes", (("mount", fullest),)))
    left = f", {free / _GIB:.1f} GiB free" if free is not None else ""
    more = f", fullest of {len(used)}" if len(used) > 1 else ""
    details = {mount: f"{value:.1f} %" for mount, value in sorted(used.items())}
    row = _row("disks", _level(share, limit, DISK_FULL), f"{fullest} {share:.0f} % used{left}{more}")
    return replace(row, details=details)


def _memory(values: Values, limit: float) -> HealthCheck:
    share = values.get(SeriesKey("memory_percent"))
    if share is None:
        return _missing("memory")
    free = values.get(SeriesKey("memory_available_bytes"))
    swap = values.get(SeriesKey("swap_percent"))
    text = f"{share:.0f} % used"
    if free is not None:
        text += f", {free / _GIB:.1f} GiB available"
    if swap is not None:
        text += f", swap {swap:.0f} %"
    return _row("memory", _level(share, limit, MEMORY_FULL), text)


def _load(values: Values) -> HealthCheck:
    load, each = values.get(SeriesKey("load1")), values.get(SeriesKey("load1_per_cpu"))
    if load is None or each is None:
        return _missing("load")
    later = [values.get(SeriesKey(name)) for name in ("load5", "load15")]
    spans = " ".join(f"{value:.2f}" for value in (load, *later) if value is not None)
    return _row("load", _level(each, LOAD_HIGH, LOAD_TOO_HIGH), f"{spans} ({each:.2f} a CPU)")


def _level(value: float, limit: float, full: float) -> HealthState:
    if value > max(limit, full):
        return HealthState.UNHEALTHY
    return HealthState.DEGRADED if value > limit else HealthState.HEALTHY
