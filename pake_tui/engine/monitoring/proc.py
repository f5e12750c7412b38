"""The busiest processes, from two reads of /proc/PID/stat (proc(5)); psutil needs ten times as long for it.

A scan runs every two seconds at most, and so rarely that it takes no more than two per cent of one CPU.
"""

from __future__ import annotations

import heapq
import os
from pathlib import Path
from typing import NamedTuple

from pake_tui.clock import monotonic
from pake_tui.model.sample import ProcessRow
from pake_tui.paths import user_name

SHARE = 0.02
EVERY_S = 2.0
TOP = 20
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class _Seen(NamedTuple):
    name: str
    ticks: int
    pages: int
    started: int


def parse_stat(data: bytes) -> _Seen | None:
    """Name, CPU ticks used, resident pages and start time of one /proc/PID/stat; None for anything else."""
    head, found, tail = data.rpartition(b")")
    fields = tail.split()
    if not found or len(fields) < 22:
        return None
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    try:
        return _Seen(name, int(fields[11]) + int(fields[12]), max(0, int(fields[21])), int(fields[19]))
    except ValueError:
        return None


class Processes:
    """Keeps the last scan; `rows` are as of the newest one."""

    def __init__(self, root: Path = Path("/proc")) -> None:
        self.rows: tuple[ProcessRow, ...] = ()
        self.count: int | None = None
        """How many processes there are."""
        self._root = str(root)
        self._seen: dict[int, _Seen] = {}
        self._at = 0.0
        self._due = 0.0

    def scan(self) -> None:
        """Look again, if it is time. OSError where there is no /proc."""
        start = monotonic()
        pids = [int(name) for name in os.listdir(self._root) if name.isdigit()]  # noqa: PTH208  # names are all
        self.count = len(pids)
        if start < self._due:
            return
        seen = {pid: row for pid in pids if (row := self._read(pid)) is not None}
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
            return parse_stat(os.read(descriptor, 1024))
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
        names: dict[int, str] = {}
        return tuple(
            ProcessRow(pid, seen[pid].name, self._owner(pid, names), round(cpu, 1), pages * _PAGE)
            for cpu, pages, pid in heapq.nlargest(TOP, used)
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
