"""Processes by state, the busiest and the largest, from two reads of /proc/PID/stat (proc_pid_stat(5));
psutil needs ten times as long for it. And the files that all of them have open.

A scan runs every three seconds at most, as top's does, and so rarely that it takes no more than two per cent
of one CPU.
"""

from __future__ import annotations

import heapq
import os
from collections import Counter
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.sensors.readings import Absent, Values, percent, read
from pake_tui.model.sample import ProcessRow, SeriesKey
from pake_tui.paths import user_name

SHARE = 0.02
EVERY_S = 3.0
TOP = 10
STATES = {"R": "running", "D": "blocked", "T": "stopped", "t": "stopped", "Z": "zombie", "X": "zombie"}
"""By the kernel's letters; whatever has another one sleeps."""
ASLEEP = "sleeping"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class _Seen(NamedTuple):
    data: bytes
    """What all of this stands in."""
    name: str
    state: str
    ticks: int
    pages: int
    started: int


def parse_stat(data: bytes) -> _Seen | None:
    """Name, state, CPU ticks used, resident pages and start time of one /proc/PID/stat; None for anything
    else.
    """
    head, found, tail = data.rpartition(b")")
    fields = tail.split()
    if not found or len(fields) < 22:
        return None
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    state = STATES.get(fields[0].decode("ascii", "replace"), ASLEEP)
    try:
        ticks, pages = int(fields[11]) + int(fields[12]), max(0, int(fields[21]))
        return _Seen(data, name, state, ticks, pages, int(fields[19]))
    except ValueError:
        return None


class Processes:
    """Keeps the last scan; `rows` are as of the newest one."""

    def __init__(self, root: Path = Path("/proc")) -> None:
        self.rows: tuple[ProcessRow, ...] = ()
        """The ten that use most cpu and the ten that use most memory, by cpu."""
        self.states: dict[str, int] = {}
        """How many are in each state."""
        self.count: int | None = None
        """How many processes there are."""
        self._root = str(root)
        self._seen: dict[int, _Seen] = {}
        self._at = 0.0
        self._due = 0.0

    def values(self) -> Values:
        """How many there are, and in each state, as of the last scan."""
        if not os.path.exists(f"{self._root}/self"):  # noqa: PTH110  # every second
            raise Absent("this system has no /proc")
        self.scan()
        if self.count is not None:
            yield SeriesKey("process_count"), float(self.count)
        for state, number in self.states.items():
            yield SeriesKey("processes", (("state", state),)), float(number)

    def scan(self) -> None:
        """Look again, if it is time. OSError where there is no /proc."""
        start = monotonic()
        if start < self._due:
            return
        pids = [int(name) for name in os.listdir(self._root) if name.isdigit()]  # noqa: PTH208  # names are all
        self.count = len(pids)
        seen = {pid: row for pid in pids if (row := self._read(pid)) is not None}
        states = Counter([row.state for row in seen.values()])
        self.states = {state: states[state] for state in (ASLEEP, *STATES.values())}
        elapsed = start - self._at
        if self._seen and elapsed > 0:
            self.rows = self._busiest(seen, elapsed)
        self._seen, self._at = seen, start
        self._due = start + max(EVERY_S - 0.05, (monotonic() - start) / SHARE) if self.rows else 0.0

    def _read(self, pid: int) -> _Seen | None:
        try:
            descriptor = os.open(f"{self._root}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            data, before = os.read(descriptor, 1024), self._seen.get(pid)
            # Most processes sleep, and nothing in their line changes.
            return before if before is not None and before.data == data else parse_stat(data)
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def _busiest(self, seen: dict[int, _Seen], elapsed: float) -> tuple[ProcessRow, ...]:
        used: list[tuple[float, int, int]] = []
        for pid, row in seen.items():
            before = self._seen.get(pid)
            same = before is not None and before.started == row.started
            ticks = row.ticks - before.ticks if same and before is not None else 0
            used.append((100.0 * max(0, ticks) / _TICKS / elapsed, row.pages, pid))
        top = {*heapq.nlargest(TOP, used), *heapq.nlargest(TOP, used, key=itemgetter(1))}
        names: dict[int, str] = {}
        return tuple(
            ProcessRow(pid, seen[pid].name, self._owner(pid, names), round(cpu, 1), pages * _PAGE)
            for cpu, pages, pid in sorted(top, reverse=True)
        )

    def _owner(self, pid: int, names: dict[int, str]) -> str:
        """The user's name; `names` holds those that were looked up already."""
        try:
            uid = os.stat(f"{self._root}/{pid}").st_uid  # noqa: PTH116  # twenty at a time
        except OSError:
            return "?"
        if uid not in names:
            names[uid] = user_name(uid)
        return names[uid]


def open_files(root: Path) -> Values:
    """How many files are open, and of how many that may be: proc_sys_fs(5)."""
    try:
        taken, _, most = read(f"{root}/sys/fs/file-nr").split()
    except FileNotFoundError:
        raise Absent("this kernel does not say how many files are open") from None
    yield SeriesKey("open_files"), float(taken)
    yield SeriesKey("open_files_percent"), percent(int(taken), int(most))
