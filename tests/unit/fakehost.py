"""A host on disk: the files of /proc and /sys that sensors read, with the text that kernels write."""

# ruff: noqa: E501  # lines as long as the kernel makes them

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.sensors.readings import Values

linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
PROC = {
    "stat": """\
cpu  1000 50 400 8000 300 10 40 200 0 0
cpu0 600 30 200 3900 200 5 15 50 0 0
cpu1 400 20 200 4100 100 5 25 150 0 0
intr 13753992 0 0 0
ctxt 17069740
procs_running 5
procs_blocked 0
""",
    "meminfo": """\
MemTotal:        8000000 kB
MemFree:          500000 kB
MemAvailable:    6000000 kB
HugePages_Total:       0
""",
    "swaps": """\
Filename				Type		Size		Used		Priority
/swap\\040file                            file		1000000		250000		-2
/dev/zram0                              partition	1000000		250000		100
""",
    "vmstat": "nr_free_pages 5911139\npswpin 1000\npswpout 2000\noom_kill 3\n",
    "diskstats": """\
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 259       0 nvme0n1 1000 12 80000 5000 2000 74 160000 9000 0 3000 14000 599 57 40092000 95307 249573 20308
 259       1 nvme0n1p1 900 12 80000 5000 2000 74 160000 9000 0 3000 14000 599 57 40092000 95307 249573 20308
   8       0 sda 10 0 80 20 0 0 0 0 0 20 20
 253       0 dm-0 1000 0 80000 5000 2000 0 160000 9000 0 3000 14000 0 0 0 0 0 0
""",
    "net/dev": """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9001608   60819    0    0    0     0          0         0  9001608   60819    0    0    0     0       0          0
  eth0:10000   100    1    2    0     0          0         0  20000    200    3    4    0     0       0          0
""",
    "net/snmp": """\
Ip: Forwarding DefaultTTL InReceives
Ip: 2 64 92344
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 5391 3930 1133 426 7 90877 79072 100 0 1832 0
""",
    "net/sockstat": "sockets: used 316\nTCP: inuse 12 orphan 0 tw 9 alloc 14 mem 2\nFRAG: inuse 0 memory 0\n",
    "sys/fs/file-nr": "2500\t0\t10000\n",
    "pressure/cpu": "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "pressure/memory": "some avg10=2.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=0\n",
    "pressure/io": "some avg10=3.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=1.25 avg60=0.00 avg300=0.00 total=0\n",
    "41/stat": "41 (a) b) R 1 1 1 0 -1 0 0 0 0 0 70 30 0 0 20 0 1 0 500 1000 250 0 0",
    "42/stat": "42 (kworker/0:1) I 2 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0",
    "43/stat": "43 (dd) D 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 900 1000 9000 0 0",
    "44/stat": "44 (gone) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 950 0 0 0 0",
    "self/cgroup": "0::/kube.slice/pod7/c1\n",
}
SYS = {
    "block/nvme0n1/size": "1",
    "block/sda/size": "1",
    "block/loop0/size": "1",
    "block/dm-0/size": "1",
    "class/hwmon/hwmon0/name": "coretemp\n",
    "class/hwmon/hwmon0/temp1_input": "45000\n",
    "class/hwmon/hwmon0/temp2_input": "51500\n",
    "class/hwmon/hwmon1/name": "nvme\n",
    "class/hwmon/hwmon1/temp1_input": "38850\n",
    "fs/cgroup/cgroup.controllers": "cpu memory\n",
    "fs/cgroup/kube.slice/memory.max": "max\n",
    "fs/cgroup/kube.slice/cpu.max": "max 100000\n",
    "fs/cgroup/kube.slice/pod7/memory.max": "1000000\n",
    "fs/cgroup/kube.slice/pod7/memory.current": "900000\n",
    "fs/cgroup/kube.slice/pod7/memory.stat": "anon 500000\ninactive_file 300000\n",
    "fs/cgroup/kube.slice/pod7/cpu.max": "max 100000\n",
    "fs/cgroup/kube.slice/pod7/c1/memory.max": "4000000\n",
    "fs/cgroup/kube.slice/pod7/c1/memory.current": "800000\n",
    "fs/cgroup/kube.slice/pod7/c1/memory.stat": "anon 500000\ninactive_file 0\n",
    "fs/cgroup/kube.slice/pod7/c1/cpu.max": "50000 100000\n",
    "fs/cgroup/kube.slice/pod7/c1/cpu.stat": "usage_usec 1000000\nuser_usec 1\nsystem_usec 1\nnr_periods 100\n"
    "nr_throttled 20\nthrottled_usec 5\n",
}


class FakeHost:
    """Two cores, two disks, one interface, swap, a container's limits, two chips with thermometers."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.sys = folder / "proc", folder / "sys"
        for name, text in PROC.items():
            self.say(name, text)
        for name, text in SYS.items():
            self.say(f"/{name}", text)
        disk = "27 1 259:1 / / rw,relatime - ext4 /dev/nvme0n1p1 rw"
        group = f"35 24 0:30 / {self.sys}/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate"
        self.say("self/mountinfo", f"{disk}\n{group}\n")

    def place(self, name: str) -> Path:
        """The file of a name below /proc, or with a slash before it below /sys."""
        return self.sys / name[1:] if name.startswith("/") else self.proc / name

    def say(self, name: str, text: str) -> None:
        """Let a file say something else."""
        place = self.place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="ascii")

    def go_on(self, name: str, old: str, new: str) -> None:
        """Let part of a file say something else."""
        before = self.place(name).read_text(encoding="ascii")
        assert old in before
        self.say(name, before.replace(old, new))


def labelled(values: Values) -> dict[str, float]:
    """Values by label."""
    return {key.label: value for key, value in values}


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Until it holds; a failure when it does not in time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)
