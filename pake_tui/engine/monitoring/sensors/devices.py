"""What disks do, by /proc/diskstats: throughput, operations, how long each took, how much of the time they
were busy. The fields and their wraps: Documentation/admin-guide/iostats.rst; the reckoning is iostat(1)'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pake_tui.engine.monitoring.sensors.readings import (
    Absent,
    Before,
    Seldom,
    Values,
    percent,
    rates,
    read,
)
from pake_tui.model.sample import SeriesKey

MAX_DEVICES = 16
SECTOR = 512
"""Bytes of a sector there, whatever the disk's own are."""
OF_PARTITION = 7
"""Words of a line of a partition before Linux 2.6.25."""
LOOK_EVERY_S = 10.0
STACKED = ("loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd")


class Counters(NamedTuple):
    """What a disk has done so far; `busy_ms` is time in which it had anything to do."""

    reads: int
    read_bytes: int
    read_ms: int
    writes: int
    write_bytes: int
    write_ms: int
    busy_ms: int


def parse_diskstats(text: str) -> dict[str, Counters]:
    """Counters by name, without old kernels' short lines of partitions. ValueError for what is no line."""
    found: dict[str, Counters] = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 14 and len(fields) != OF_PARTITION:
            raise ValueError(f"{line!r} is no line of /proc/diskstats")
        if len(fields) != OF_PARTITION:
            reads, _, read_sectors, read_ms, writes, _, written, write_ms, _, busy = map(int, fields[3:13])
            sizes = read_sectors * SECTOR, written * SECTOR
            found[fields[2]] = Counters(reads, sizes[0], read_ms, writes, sizes[1], write_ms, busy)
    return found


def whole_disks(names: Iterable[str], blocks: Iterable[str]) -> frozenset[str]:
    """Of the names those of disks (`blocks` are all, /sys/block), neither partitions nor made of other disks;
    all names where the kernel does not tell.
    """
    known, disks = frozenset(names), frozenset(names) & frozenset(blocks)
    return frozenset(name for name in disks if not name.startswith(STACKED)) or disks or known


def traffic(now: Mapping[str, Counters], before: Mapping[str, Counters], elapsed_s: float) -> Values:
    """Per disk, at most 16, and the throughput of all that are there both times.

    Of a disk whose counters went back (they wrap, too) the sample is dropped, and that of all with it.
    """
    read_bytes, write_bytes, complete = 0, 0, True
    both = sorted(now.keys() & before.keys())
    for number, name in enumerate(both):
        grown = Counters(*(new - old for new, old in zip(now[name], before[name], strict=True)))
        if min(grown) < 0:
            complete = False
            continue
        read_bytes += grown.read_bytes
        write_bytes += grown.write_bytes
        if number < MAX_DEVICES:
            yield from _device(name, grown, elapsed_s)
    if both and complete:
        yield SeriesKey("disk_read_bytes"), read_bytes / elapsed_s
        yield SeriesKey("disk_write_bytes"), write_bytes / elapsed_s


def _device(name: str, grown: Counters, elapsed_s: float) -> Values:
    tags = (("device", name),)
    done = grown.reads + grown.writes
    yield SeriesKey("device_read_bytes", tags), grown.read_bytes / elapsed_s
    yield SeriesKey("device_write_bytes", tags), grown.write_bytes / elapsed_s
    yield SeriesKey("device_operations", tags), done / elapsed_s
    yield SeriesKey("device_latency_ms", tags), (grown.read_ms + grown.write_ms) / done if done else 0.0
    yield SeriesKey("device_busy_percent", tags), percent(grown.busy_ms, elapsed_s * 1000)


class Devices:
    """What disks did since the last sample."""

    def __init__(self, root: Path, sys: Path) -> None:
        self._path = f"{root}/diskstats"
        self._blocks = Seldom(lambda: [disk.name for disk in (sys / "block").iterdir()], LOOK_EVERY_S)
        self._before: Before[Mapping[str, Counters]] = Before()
        self._before_all: Before[tuple[int, int]] = Before()

    def values(self) -> Values:
        """Per disk and of all."""
        try:
            known = parse_diskstats(read(self._path))
        except FileNotFoundError:
            yield from self._elsewhere()
            return
        try:
            blocks = self._blocks.get()
        except OSError:
            blocks = []
        chosen = whole_disks(known, blocks)
        now = {name: counters for name, counters in known.items() if name in chosen}
        if not now:
            raise Absent("this machine counts no disk traffic")
        found = self._before.swap(now)
        if found is not None:
            yield from traffic(now, found[1], found[0])

    def _elsewhere(self) -> Values:
        """Where there is no /proc, what all disks read and write."""
        import psutil

        try:
            whole = psutil.disk_io_counters()
        except NotImplementedError:  # a Linux that hides the file
            whole = None
        if whole is None:
            raise Absent("this machine counts no disk traffic")
        now = whole.read_bytes, whole.write_bytes
        found = self._before_all.swap(now)
        if found is not None:
            yield from rates(("disk_read_bytes", "disk_write_bytes"), (), now, found[1], found[0])
