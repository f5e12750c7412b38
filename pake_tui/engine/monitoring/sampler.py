"""What this host is doing now: one reading of all sensors, each of which may fail alone."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.disks import Disks, mounts
from pake_tui.engine.monitoring.proc import Processes
from pake_tui.model.sample import ProcessRow, SeriesKey, Tags

MAX_CORES = 64
MAX_INTERFACES = 16
LEAST_SPAN_S = 0.05
"""A rate over less than this says nothing."""
MOUNTS_EVERY_S = 10.0
VIRTUAL_INTERFACES = ("lo", "veth", "docker", "br-", "virbr", "ifb", "cali", "cni", "flannel", "dummy", "sit")
STACKED_DEVICES = ("loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd")
UNITS = {
    "cpu_percent": "percent",
    "memory_percent": "percent",
    "memory_available_bytes": "bytes",
    "swap_percent": "percent",
    "pressure_cpu_some": "percent",
    "pressure_memory_some": "percent",
    "pressure_io_some": "percent",
    "disk_percent": "percent",
    "disk_available_bytes": "bytes",
    "disk_read_bytes": "bytes/s",
    "disk_write_bytes": "bytes/s",
    "network_receive_bytes": "bytes/s",
    "network_transmit_bytes": "bytes/s",
    "load1": "",
    "load5": "",
    "load15": "",
    "load1_per_cpu": "",
    "open_files": "",
    "process_count": "",
}
"""Unit of each host metric; all are gauges, throughput is already a rate."""

Values = Iterator[tuple[SeriesKey, float]]


class Absent(Exception):
    """This kernel or machine has no such sensor: nothing is wrong, and nothing is measured."""


def cpus_allowed() -> int:
    """How many CPUs this process may use; load is judged by them."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return max(1, len(affinity(0)) if affinity else os.cpu_count() or 1)


class Sampler:
    """All sensors of one host. Made once and asked every second; the first answer has no rates if it comes
    within 50 ms of making it. Not to be shared between threads.
    """

    def __init__(self, root: Path = Path("/proc")) -> None:
        self.problems: dict[str, str] = {}
        """Sensors that failed at the last sample, and why; one absent on this machine is not named."""
        self.absent: dict[str, str] = {}
        self._root = root
        self._disks = Disks()
        self._points: tuple[str, ...] = ()
        self._mounts_due = 0.0
        self._processes = Processes(root)
        self._last: dict[str, tuple[float, Any]] = {}
        self._sensors: dict[str, Callable[[], Values]] = {
            "cpu": self._cpu,
            "memory": self._memory,
            "swap": self._swap,
            "load": self._load,
            "pressure": self._pressure,
            "disks": self._disk_use,
            "disk traffic": self._disk_traffic,
            "network": self._network,
            "open files": self._files,
            "processes": self._process_list,
        }
        self.sample()

    def sample(self) -> dict[SeriesKey, float]:
        """The values of all sensors that answered; a failing one is in `problems` instead, never zero."""
        values: dict[SeriesKey, float] = {}
        self.problems, self.absent = {}, {}
        for name, sensor in self._sensors.items():
            try:
                values.update(sensor())
            except Absent as why:
                self.absent[name] = str(why)
            except Exception as error:  # whatever a kernel or psutil comes up with
                self.problems[name] = _reason(error)
        return values

    def processes(self) -> tuple[ProcessRow, ...]:
        """The busiest processes at the last sample, at most twenty; empty where there is no /proc."""
        return self._processes.rows

    def close(self) -> None:
        """End the threads that watch mounts."""
        self._disks.close()

    def _cpu(self) -> Values:
        import psutil

        cores = [
            (sum(c) - _guest(c), c.idle + getattr(c, "iowait", 0.0)) for c in psutil.cpu_times(percpu=True)
        ]
        found = self._rate("cpu", cores)
        if found is None or len(found[1]) != len(cores):
            return
        spans = [(now[0] - old[0], now[1] - old[1]) for now, old in zip(cores, found[1], strict=True)]
        whole, idle = sum(span[0] for span in spans), sum(span[1] for span in spans)
        if whole > 0:
            yield SeriesKey("cpu_percent"), _percent(whole - idle, whole)
        for number, (total, unused) in enumerate(spans[:MAX_CORES]):
            if total > 0:
                yield SeriesKey("cpu_percent", (("core", str(number)),)), _percent(total - unused, total)

    def _memory(self) -> Values:
        import psutil

        memory = psutil.virtual_memory()
        yield SeriesKey("memory_percent"), _percent(memory.total - memory.available, memory.total)
        yield SeriesKey("memory_available_bytes"), float(memory.available)

    def _swap(self) -> Values:
        import psutil

        swap = psutil.swap_memory()
        if not swap.total:
            raise Absent("this host has no swap")
        yield SeriesKey("swap_percent"), _percent(swap.used, swap.total)

    def _load(self) -> Values:
        load = os.getloadavg()
        for name, value in zip(("load1", "load5", "load15"), load, strict=True):
            yield SeriesKey(name), value
        yield SeriesKey("load1_per_cpu"), load[0] / cpus_allowed()

    def _pressure(self) -> Values:
        folder = self._root / "pressure"
        if not folder.is_dir():
            raise Absent("this kernel has no pressure stall information")
        for name in ("cpu", "memory", "io"):
            try:
                first = (folder / name).read_text(encoding="ascii").partition("\n")[0]
            except OSError as error:
                if error.errno in (errno.EOPNOTSUPP, errno.ENOENT):
                    raise Absent("pressure stall information is switched off (boot with psi=1)") from None
                raise
            fields = dict(part.split("=") for part in first.split()[1:])
            yield SeriesKey(f"pressure_{name}_some"), float(fields["avg10"])

    def _disk_use(self) -> Values:
        if monotonic() >= self._mounts_due:
            self._points = tuple(mount.point for mount in mounts())
            self._mounts_due = monotonic() + MOUNTS_EVERY_S
        known, problems = self._disks.usage(self._points)
        self.problems |= {f"disk {point}": why for point, why in problems.items()}
        for point, usage in known.items():
            yield SeriesKey("disk_percent", (("mount", point),)), usage.percent
            yield SeriesKey("disk_available_bytes", (("mount", point),)), float(usage.available)

    def _disk_traffic(self) -> Values:
        import psutil

        counters = psutil.disk_io_counters(perdisk=True)
        if not counters:
            raise Absent("this machine counts no disk traffic")
        whole = _whole_disks(set(counters))
        chosen = [counter for name, counter in counters.items() if name in whole]
        now = (sum(c.read_bytes for c in chosen), sum(c.write_bytes for c in chosen))
        yield from self._rates("disks", now, ("disk_read_bytes", "disk_write_bytes"), ())

    def _network(self) -> Values:
        import psutil

        counters = psutil.net_io_counters(pernic=True)
        names = [n for n in sorted(counters) if not n.startswith(VIRTUAL_INTERFACES)][:MAX_INTERFACES]
        for name in names:
            now = (counters[name].bytes_recv, counters[name].bytes_sent)
            tags = (("interface", name),)
            yield from self._rates(name, now, ("network_receive_bytes", "network_transmit_bytes"), tags)

    def _files(self) -> Values:
        try:
            text = (self._root / "sys/fs/file-nr").read_text(encoding="ascii")
        except FileNotFoundError:
            raise Absent("this kernel does not say how many files are open") from None
        yield SeriesKey("open_files"), float(text.split()[0])

    def _process_list(self) -> Values:
        if not (self._root / "self").exists():
            raise Absent("this system has no /proc")
        self._processes.scan()
        if self._processes.count is not None:
            yield SeriesKey("process_count"), float(self._processes.count)

    def _rate(self, name: str, now: Any) -> tuple[float, Any] | None:
        """(elapsed seconds, earlier reading) of one sensor; None if there is none, or it is too young."""
        at = monotonic()
        before = self._last.get(name)
        if before is not None and at - before[0] < LEAST_SPAN_S:
            return None
        self._last[name] = (at, now)
        return (at - before[0], before[1]) if before is not None else None

    def _rates(self, name: str, now: tuple[int, ...], metrics: tuple[str, ...], tags: Tags) -> Values:
        """Counters as rates per second; one that went down was reset, and this sample of it is dropped."""
        found = self._rate(name, now)
        if found is None:
            return
        for metric, new, old in zip(metrics, now, found[1], strict=True):
            if new >= old:
                yield SeriesKey(metric, tags), (new - old) / found[0]


def _percent(part: float, whole: float) -> float:
    return min(100.0, max(0.0, 100.0 * part / whole))


def _guest(times: Any) -> float:
    """Linux counts time of guests within user and nice as well: proc(5)."""
    return float(getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0))


def _whole_disks(names: set[str]) -> set[str]:
    """Disks that are no partition and lie on no other disk; all names where the kernel does not tell."""
    try:
        disks = names & {entry.name for entry in Path("/sys/block").iterdir()}
    except OSError:
        return names
    return {name for name in disks if not name.startswith(STACKED_DEVICES)} or disks or names


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"
