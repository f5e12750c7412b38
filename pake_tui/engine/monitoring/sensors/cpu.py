"""How busy the CPUs are: by mode and core from /proc/stat (proc_stat(5)), load, and pressure on everything
(Documentation/accounting/psi.rst).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pake_tui.engine.monitoring.sensors.readings import Absent, Before, Values, percent, read
from pake_tui.model.sample import SeriesKey

MAX_CORES = 64
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""The columns of /proc/stat in their order, of which old kernels lack the last. What guests use is counted in
user and nice already.
"""
UNUSED = ("idle", "iowait")
WHOLE = ""
Times = Mapping[str, tuple[float, ...]]
"""Time used in each mode, by core; of all of them under `WHOLE`."""


def parse_stat(text: str) -> Times:
    """Ticks of the cpu lines of /proc/stat. ValueError for a text without them."""
    found: dict[str, tuple[float, ...]] = {}
    for line in text.split("\n"):
        if not line.startswith("cpu"):
            break
        name, *fields = line.split()[: len(MODES) + 1]
        if len(fields) < 4:
            raise ValueError(f"{line!r} is no line of /proc/stat")
        found[name.removeprefix("cpu")] = tuple(map(float, fields))
    if WHOLE not in found:
        raise ValueError("there is no line of all CPUs in /proc/stat")
    return found


def shares(now: Times, before: Times) -> Values:
    """Per cent of the time between two readings, of all CPUs by mode and of each core; none after a reset."""
    for core in [*now][: MAX_CORES + 1]:
        span = _span(now[core], before.get(core, ()))
        total = sum(span.values())
        if not total:
            continue
        tags = () if core == WHOLE else (("core", core),)
        unused = sum(span.get(mode, 0.0) for mode in UNUSED)
        yield SeriesKey("cpu_percent", tags), percent(total - unused, total)
        if core == WHOLE:
            for mode, used in span.items():
                if mode != "idle":
                    yield SeriesKey("cpu_mode_percent", (("mode", mode),)), percent(used, total)


def _span(now: tuple[float, ...], before: tuple[float, ...]) -> dict[str, float]:
    """Time by mode since; empty after a reset. The kernel lets only unused time go back a little."""
    span = {mode: new - old for mode, new, old in zip(MODES, now, before, strict=False)}
    if any(used < 0 for mode, used in span.items() if mode not in UNUSED):
        return {}
    return {mode: max(0.0, used) for mode, used in span.items()}


class Cpu:
    """Shares since the last sample."""

    def __init__(self, root: Path) -> None:
        self._path = f"{root}/stat"
        self._before: Before[Times] = Before()

    def values(self) -> Values:
        """Of all CPUs, by mode and core."""
        now = self._times()
        found = self._before.swap(now)
        if found is not None:
            yield from shares(now, found[1])

    def _times(self) -> Times:
        try:
            return parse_stat(read(self._path))
        except FileNotFoundError:
            import psutil

            cores = [tuple(getattr(core, m) for m in MODES[:4]) for core in psutil.cpu_times(percpu=True)]
            whole = tuple(map(sum, zip(*cores, strict=True)))
            return {WHOLE: whole, **{str(number): core for number, core in enumerate(cores)}}


def cpus_allowed() -> int:
    """How many CPUs this process may use; load is judged by them."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return max(1, len(affinity(0)) if affinity else os.cpu_count() or 1)


def load() -> Values:
    """The load averages."""
    averages = os.getloadavg()
    for name, value in zip(("load1", "load5", "load15"), averages, strict=True):
        yield SeriesKey(name), value
    yield SeriesKey("load1_per_cpu"), averages[0] / cpus_allowed()


def parse_pressure(text: str) -> dict[str, float]:
    """Per cent of the last ten seconds by `some` and `full`, the latter not of old kernels' cpu."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        kind, *fields = line.split()
        found[kind] = float(dict(field.split("=") for field in fields)["avg10"])
    return found


def pressure(root: Path) -> Values:
    """Stalls on cpu, memory and io; all of a host's tasks never wait for its CPUs, so cpu has no `full`."""
    if not os.path.isdir(f"{root}/pressure"):  # noqa: PTH112  # every second
        raise Absent("this kernel has no pressure stall information")
    for name in ("cpu", "memory", "io"):
        try:
            found = parse_pressure(read(f"{root}/pressure/{name}"))
        except OSError as error:
            if error.errno in (errno.EOPNOTSUPP, errno.ENOENT):
                raise Absent("pressure stall information is switched off (boot with psi=1)") from None
            raise
        for kind, share in found.items():
            if (name, kind) != ("cpu", "full"):
                yield SeriesKey(f"pressure_{name}_{kind}"), share
