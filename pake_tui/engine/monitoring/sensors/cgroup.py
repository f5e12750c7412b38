"""The limits of the control group (v2) that the collector is in, its container's or unit's, and how near it
is to them: Documentation/admin-guide/cgroup-v2.rst. Of nested limits the one that is nearest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pake_tui.engine.monitoring.sensors.readings import Absent, Before, Seldom, Values, percent, read
from pake_tui.model.sample import SeriesKey

LOOK_EVERY_S = 10.0
NO_LIMIT = "max"


class Limits(NamedTuple):
    """Groups from the own one upwards that limit memory (bytes) or CPU time (seconds a second)."""

    memory: tuple[tuple[str, int], ...]
    cpu: tuple[tuple[str, float], ...]


class Used(NamedTuple):
    """What a group used so far: CPU time, and periods of its quota, of which it was throttled in some."""

    seconds: float
    periods: int
    throttled: int


def own_group(text: str) -> str | None:
    """The path in /proc/self/cgroup of version 2."""
    return next((line[3:] for line in text.splitlines() if line.startswith("0::")), None)


def mounted_at(mountinfo: str) -> tuple[str, str] | None:
    """(mount point, which group is its root) of the version 2 hierarchy, by proc_pid_mountinfo(5)."""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        if right.startswith("cgroup2 "):
            fields = left.split(" ")
            return fields[4], fields[3]
    return None


def folders(point: str, root: str, group: str) -> Iterator[str]:
    """Of the group and all above it that are seen from here, the own one first."""
    inside = group.removeprefix(root) if root != "/" else group
    parts = [part for part in inside.split("/") if part not in ("", "..")]
    for count in range(len(parts), -1, -1):
        yield "/".join((point, *parts[:count]))


def parse_used(text: str) -> Used:
    """`cpu.stat`."""
    known = dict(line.split() for line in text.splitlines())
    periods, throttled = int(known.get("nr_periods", 0)), int(known.get("nr_throttled", 0))
    return Used(int(known["usage_usec"]) / 1e6, periods, throttled)


def memory_used(folder: str) -> int:
    """Bytes without the file cache that can go at once, as kubelet and docker count it."""
    stat = dict(line.split() for line in read(f"{folder}/memory.stat").splitlines())
    return max(0, int(read(f"{folder}/memory.current")) - int(stat.get("inactive_file", 0)))


class Cgroup:
    """How much of its limits the own group uses."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._limits = Seldom(self._find, LOOK_EVERY_S)
        self._before: dict[str, Before[Used]] = {}

    def values(self) -> Values:
        """Memory, CPU time, and the share of periods in which it had to wait for the next one."""
        limits = self._limits.get()
        if limits.memory:
            shares = [percent(memory_used(folder), most) for folder, most in limits.memory]
            yield SeriesKey("cgroup_memory_percent"), max(shares)
        measured = [one for folder, most in limits.cpu if (one := self._cpu(folder, most)) is not None]
        if measured:
            yield SeriesKey("cgroup_cpu_percent"), max(used for used, _ in measured)
            yield SeriesKey("cgroup_throttled_percent"), max(throttled for _, throttled in measured)

    def _cpu(self, folder: str, most: float) -> tuple[float, float] | None:
        """Per cent of the quota used, and of its periods throttled; None without a reading before."""
        now = parse_used(read(f"{folder}/cpu.stat"))
        found = self._before.setdefault(folder, Before()).swap(now)
        if found is None or any(new < old for new, old in zip(now, found[1], strict=True)):
            return None
        elapsed, before = found
        periods = now.periods - before.periods
        throttled = percent(now.throttled - before.throttled, periods) if periods else 0.0
        return percent(now.seconds - before.seconds, elapsed * most), throttled

    def _find(self) -> Limits:
        try:
            group = own_group(read(f"{self._root}/self/cgroup"))
            place = mounted_at(read(f"{self._root}/self/mountinfo"))
        except FileNotFoundError:
            group = place = None
        if group is None or place is None:
            raise Absent("no control groups of version 2 are in use")
        memory: list[tuple[str, int]] = []
        cpu: list[tuple[str, float]] = []
        for folder in folders(*place, group):
            if (most := _limit(f"{folder}/memory.max")) is not None:
                memory.append((folder, int(most[0])))
            if (quota := _limit(f"{folder}/cpu.max")) is not None:
                cpu.append((folder, int(quota[0]) / int(quota[1])))
        if not memory and not cpu:
            raise Absent(f"the collector's control group {group} has no limits")
        return Limits(tuple(memory), tuple(cpu))


def _limit(path: str) -> list[str] | None:
    """The words of a limit; None where there is none."""
    try:
        words = read(path).split()
    except FileNotFoundError:
        return None
    return None if words[0] == NO_LIMIT else words
