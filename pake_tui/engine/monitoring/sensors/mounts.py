"""How full each mount is, one a device, measured so that a mount which hangs stops nothing else.

Mounts come from /proc/self/mountinfo (proc(5)): asking a hung mount itself for its device would hang too.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.sensors.readings import PartlyFailed, Seldom, Values, percent
from pake_tui.model.sample import SeriesKey

MAX_MOUNTS = 32
REMEMBER_S = 15.0
ASK_EVERY_S = 5.0
FIRST_ANSWER_S = 0.05
LOOK_EVERY_S = 10.0
LOCAL = (
    "ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs nilfs2 ntfs ntfs3 vfat exfat hfsplus apfs ufs"
)
SHARED = "overlay nfs nfs4 cifs smb3 9p virtiofs ceph glusterfs lustre gpfs ocfs2 gfs2 afs"
THROUGH_FUSE = "fuseblk fuse.sshfs fuse.glusterfs fuse.mergerfs"
REAL = frozenset(f"{LOCAL} {SHARED} {THROUGH_FUSE}".split())
INJECTED = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})
"""Files that container runtimes mount one by one from the host's disk."""
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mount(Struct, frozen=True):
    """A mount point, the device behind it (`major:minor`, or its name) and its file system type."""

    point: str
    device: str
    kind: str


class Usage(Struct, frozen=True):
    """Bytes and inodes of a file system; `available` is what a user without privileges may still write.

    One that makes inodes as they are needed has no number of them: both are 0.
    """

    used: int
    available: int
    inodes_used: int = 0
    inodes_available: int = 0

    @property
    def percent(self) -> float:
        """Share of what a user may fill, as df counts it: used / (used + available)."""
        whole = self.used + self.available
        return percent(self.used, whole) if whole else 0.0

    @property
    def inodes_percent(self) -> float | None:
        """The same of inodes; None where there is no number of them."""
        whole = self.inodes_used + self.inodes_available
        return percent(self.inodes_used, whole) if whole else None


def parse_mountinfo(lines: Iterable[str]) -> tuple[Mount, ...]:
    """Real disks, the shortest mount point of each device, at most 32; pseudo and image mounts aside."""
    on_top: dict[str, Mount] = {}
    for line in lines:
        left, found, right = line.partition(" - ")
        fields, source = left.split(" "), right.split(" ")
        if not found or len(fields) < 6 or len(source) < 2:
            continue
        point = _ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), fields[4])
        on_top[point] = Mount(point, fields[2], source[0])
    best: dict[str, Mount] = {}
    for mount in sorted(on_top.values(), key=lambda m: (len(m.point), m.point)):
        if mount.kind in REAL and mount.point not in INJECTED:
            best.setdefault(mount.device, mount)
    return tuple(list(best.values())[:MAX_MOUNTS])


def mounts(root: Path = Path("/proc")) -> tuple[Mount, ...]:
    """The disks of this host. OSError where the kernel's list cannot be read."""
    place = root / "self" / "mountinfo"
    if place.exists():
        return parse_mountinfo(place.read_text(encoding="utf-8", errors="surrogateescape").splitlines())
    import psutil

    best: dict[str, Mount] = {}
    for part in sorted(psutil.disk_partitions(all=False), key=lambda p: len(p.mountpoint)):
        best.setdefault(part.device, Mount(part.mountpoint, part.device, part.fstype))
    return tuple(list(best.values())[:MAX_MOUNTS])


def statvfs(point: str) -> Usage:
    """Ask the file system. OSError; may hang on a dead network mount."""
    facts = os.statvfs(point)
    used, available = (facts.f_blocks - facts.f_bfree) * facts.f_frsize, facts.f_bavail * facts.f_frsize
    return Usage(used, available, facts.f_files - facts.f_ffree, facts.f_favail)


class _Lane(threading.Thread):
    """The one thread that may hang with one mount."""

    def __init__(self, point: str, ask: Callable[[str], Usage]) -> None:
        super().__init__(name=f"pake-disk {point}", daemon=True)
        self.point = point
        self.usage: Usage | None = None
        self.failure = ""
        self.asked_at = self.answered_at = monotonic()
        self.answered = threading.Event()
        self._ask = ask
        self._wake = threading.Event()
        self.closed = False

    def ask(self, at: float) -> None:
        """Have the mount asked, unless an answer is still awaited or fresh enough."""
        if self._wake.is_set() or (self.answered.is_set() and at - self.asked_at < ASK_EVERY_S):
            return
        self.asked_at = at
        self.answered.clear()
        self._wake.set()

    def close(self) -> None:
        """End after the current answer, if it ever comes."""
        self.closed = True
        self._wake.set()

    def run(self) -> None:
        while self._wake.wait() and not self.closed:
            try:
                self.usage, self.failure = self._ask(self.point), ""
            except OSError as error:
                self.usage, self.failure = None, error.strerror or str(error)
            self.answered_at = monotonic()
            self._wake.clear()
            self.answered.set()


class Mounts:
    """Asks every mount in a thread of its own and reports what it last answered."""

    def __init__(self, ask: Callable[[str], Usage] = statvfs, root: Path = Path("/proc")) -> None:
        self._ask = ask
        self._lanes: dict[str, _Lane] = {}
        self._points = Seldom(lambda: [mount.point for mount in mounts(root)], LOOK_EVERY_S)

    def values(self) -> Values:
        """How full each is, and its inodes. PartlyFailed for those that do not answer."""
        known, problems = self.usage(self._points.get())
        for point, usage in known.items():
            tags = (("mount", point),)
            yield SeriesKey("disk_percent", tags), usage.percent
            yield SeriesKey("disk_available_bytes", tags), float(usage.available)
            if (share := usage.inodes_percent) is not None:
                yield SeriesKey("inodes_percent", tags), share
        if problems:
            raise PartlyFailed({f"disk {point}": why for point, why in problems.items()})

    def usage(self, points: Iterable[str]) -> tuple[dict[str, Usage], dict[str, str]]:
        """(usage, problem) by mount point. A mount seen first is waited for 50 ms, later ones not at all.

        An answer older than 15 s is no answer: the mount is named in the problems with how long it has hung.
        """
        wanted = set(points)
        for gone in self._lanes.keys() - wanted:
            self._lanes.pop(gone).close()
        fresh = sorted(wanted - self._lanes.keys())
        for point in fresh:
            self._lanes[point] = _Lane(point, self._ask)
            self._lanes[point].start()
        at = monotonic()
        for lane in self._lanes.values():
            lane.ask(at)
        for point in fresh:
            self._lanes[point].answered.wait(max(0.0, at + FIRST_ANSWER_S - monotonic()))
        known: dict[str, Usage] = {}
        problems: dict[str, str] = {}
        for point, lane in sorted(self._lanes.items()):
            if lane.failure:
                problems[point] = lane.failure
            elif lane.usage is not None and at - lane.answered_at < REMEMBER_S:
                known[point] = lane.usage
            elif not lane.answered.is_set() and at - lane.asked_at >= FIRST_ANSWER_S:
                problems[point] = f"no answer for {at - lane.asked_at:.0f} s; is its server or device gone?"
        return known, problems

    def close(self) -> None:
        """End the threads that do not hang."""
        for lane in self._lanes.values():
            lane.close()
        self._lanes.clear()
