"""What this host is doing now: one reading of all sensors, each of which may fail alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pake_tui.engine.monitoring.sensors import cpu, memory, network
from pake_tui.engine.monitoring.sensors.cgroup import Cgroup
from pake_tui.engine.monitoring.sensors.devices import Devices
from pake_tui.engine.monitoring.sensors.mounts import Mounts
from pake_tui.engine.monitoring.sensors.processes import Processes, open_files
from pake_tui.engine.monitoring.sensors.readings import Absent, PartlyFailed, Values, reason
from pake_tui.engine.monitoring.sensors.temperatures import Temperatures
from pake_tui.model.sample import ProcessRow, SeriesKey


class Sampler:
    """All sensors of one host. Made once and asked every second; the first answer has no rates if it comes
    within 50 ms of making it. Not to be shared between threads.

    `root` is where the kernel shows processes, `sys` where it shows devices.
    """

    def __init__(self, root: Path = Path("/proc"), sys: Path = Path("/sys")) -> None:
        self.problems: dict[str, str] = {}
        """Sensors that failed at the last sample, and why; one absent on this machine is not named."""
        self.absent: dict[str, str] = {}
        self._mounts = Mounts(root=root)
        self._processes = Processes(root)
        self._sensors: dict[str, Callable[[], Values]] = {
            "cpu": cpu.Cpu(root).values,
            "load": cpu.load,
            "pressure": partial(cpu.pressure, root),
            "memory": partial(memory.memory, root),
            "swap": partial(memory.swap, root),
            "paging": memory.Paging(root).values,
            "disks": self._mounts.values,
            "disk traffic": Devices(root, sys).values,
            "network": network.Interfaces(root).values,
            "tcp": network.Tcp(root).values,
            "sockets": partial(network.sockets, root),
            "open files": partial(open_files, root),
            "processes": self._processes.values,
            "temperatures": Temperatures(sys).values,
            "cgroup": Cgroup(root).values,
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
            except PartlyFailed as failed:
                self.problems |= failed.problems
            except Exception as error:  # whatever a kernel or psutil comes up with
                self.problems[name] = reason(error)
        return values

    def processes(self) -> tuple[ProcessRow, ...]:
        """The processes with most cpu and with most memory at the last sample, by cpu, at most twenty; empty
        where there is no /proc.
        """
        return self._processes.rows

    def close(self) -> None:
        """End the threads that watch mounts."""
        self._mounts.close()
