"""The host's sensors: each alone, none ever zero for want of a value."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.sampler import Sampler
from pake_tui.engine.monitoring.sensors.mounts import Mounts, Usage, mounts, parse_mountinfo
from pake_tui.engine.monitoring.sensors.processes import Processes, parse_stat
from pake_tui.engine.monitoring.sensors.readings import LEAST_SPAN_S
from pake_tui.model.host_metrics import UNITS
from pake_tui.model.sample import ProcessRow, SeriesKey
from tests.unit.fakehost import linux_only, wait_for

MOUNTINFO = """\
22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw - ext4 /dev/vda rw
40 27 254:0 /srv /srv/bind rw - ext4 /dev/vda rw
41 27 254:0 /var/lib/x/hosts /etc/hosts rw - ext4 /dev/vdb rw
42 27 7:1 / /snap/core ro - squashfs /dev/loop1 ro
43 27 0:44 / /mnt/nfs\\040share rw - nfs4 server:/x rw
44 27 0:45 / /dev/shm rw - tmpfs tmpfs rw
45 27 254:1 / /data rw shared:1 master:2 - xfs /dev/vdb rw
nonsense
"""


@linux_only
def test_a_second_sample_has_every_vital_series() -> None:
    """After one span long enough for rates, all that a host always has is there, within its range."""
    sampler = Sampler()
    wait_for(lambda: SeriesKey("cpu_percent") in sampler.sample())
    wait_for(lambda: SeriesKey("memory_percent") in sampler.sample())
    values = sampler.sample()
    sampler.close()
    assert {key.metric for key in values} <= set(UNITS)
    for name in ("memory_percent", "load1", "load1_per_cpu", "process_count", "memory_available_bytes"):
        assert values[SeriesKey(name)] >= 0
    percents = [value for key, value in values.items() if UNITS[key.metric] == "percent"]
    assert all(0 <= value <= 100 for value in percents)
    assert not sampler.problems


@linux_only
def test_a_sensor_that_is_not_there_is_absent_and_not_zero(tmp_path: Path) -> None:
    """Without a /proc there is no pressure, file table or process list, and nobody calls that a failure."""
    sampler = Sampler(tmp_path)
    values = sampler.sample()
    sampler.close()
    assert {"pressure", "open files", "processes"} <= set(sampler.absent)
    gone = {"pressure_cpu_some", "open_files", "process_count"}
    assert not gone & {key.metric for key in values}
    assert SeriesKey("memory_percent") in values
    assert not sampler.problems


def test_where_there_is_no_proc_what_any_system_tells_is_measured(tmp_path: Path) -> None:
    """CPUs by mode and core, disks and interfaces as psutil finds them."""
    sampler = Sampler(tmp_path)
    for name in ("cpu_percent", "cpu_mode_percent", "network_errors"):
        wait_for(lambda name=name: name in {key.metric for key in sampler.sample()})
    sampler.close()
    assert not sampler.problems


@linux_only
def test_a_sample_costs_less_than_five_milliseconds() -> None:
    """The cheapest of twenty samples, process list included, stays under 5 ms of CPU time on a small host."""
    sampler = Sampler()
    costs = []
    for _ in range(20):
        threading.Event().wait(LEAST_SPAN_S)
        begun = time.thread_time()
        sampler.sample()
        costs.append(time.thread_time() - begun)
    sampler.close()
    assert min(costs) < 0.005


def test_mounts_are_one_a_device_without_pseudo_and_image_file_systems() -> None:
    """Bind mounts, container files, tmpfs and snaps are left out; escapes in names are read."""
    found = {mount.point: mount.device for mount in parse_mountinfo(MOUNTINFO.splitlines())}
    assert found == {"/": "254:0", "/data": "254:1", "/mnt/nfs share": "0:44"}


@linux_only
def test_this_hosts_own_mounts_are_read() -> None:
    """The kernel's list is understood: no point twice, no device twice."""
    found = mounts()
    assert len({mount.device for mount in found}) == len(found)


def test_usage_counts_as_df_does() -> None:
    """Blocks kept back for root count as neither used nor free."""
    assert Usage(used=75, available=25).percent == 75.0
    assert Usage(used=0, available=0).percent == 0.0


def test_a_file_system_that_makes_inodes_as_needed_has_no_share_of_them() -> None:
    """Btrfs and vfat have no number of inodes; others count as df -i does."""
    assert Usage(1, 1, inodes_used=30, inodes_available=10).inodes_percent == 75.0
    assert Usage(1, 1).inodes_percent is None


def test_a_hung_mount_stops_nothing_and_is_named() -> None:
    """While one mount hangs the others answer at once; it is named, and counts again once it answers."""
    release = threading.Event()
    asked = threading.Event()

    def ask(point: str) -> Usage:
        if point == "/hung":
            asked.set()
            release.wait(30)
        return Usage(1, 1)

    disks = Mounts(ask)
    known, problems = disks.usage(["/", "/hung"])
    assert asked.is_set()
    assert list(known) == ["/"]
    begun = monotonic()
    known, problems = disks.usage(["/", "/hung"])
    assert monotonic() - begun < 0.04
    assert list(known) == ["/"]
    assert "no answer" in problems["/hung"]
    release.set()
    wait_for(lambda: "/hung" in disks.usage(["/", "/hung"])[0])
    disks.close()


def test_a_mount_that_fails_says_why() -> None:
    """An error of the file system is a reason, not a zero."""

    def ask(point: str) -> Usage:
        raise PermissionError(13, "Permission denied")

    disks = Mounts(ask)
    wait_for(lambda: disks.usage(["/x"]) == ({}, {"/x": "Permission denied"}))
    disks.close()


@pytest.mark.parametrize("data", [b"", b"1 (a", b"1 (a) S 1 2", b"1 (a) S " + b"x " * 40])
def test_a_broken_stat_line_is_no_process(data: bytes) -> None:
    """A process that ends while it is read leaves no row."""
    assert parse_stat(data) is None


@linux_only
def test_the_busiest_process_is_found() -> None:
    """A process that spins is listed with its cpu and its memory."""
    processes = Processes()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinning:
        try:
            processes.scan()

            def found() -> list[ProcessRow]:
                processes.scan()
                return [row for row in processes.rows if row.pid == spinning.pid and row.cpu_percent > 5]

            wait_for(lambda: bool(found()))
            (mine,) = [row for row in processes.rows if row.pid == spinning.pid]
        finally:
            spinning.kill()
    assert mine.memory_bytes > 1_000_000
    assert processes.count is not None
    assert processes.count > 1
