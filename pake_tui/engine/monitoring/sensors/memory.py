"""Memory and swap, what goes in and out of it, and who was killed for want of memory: proc_meminfo(5),
/proc/swaps, proc_vmstat(5).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.sensors.readings import Absent, Before, Lately, Values, percent, rates, read
from pake_tui.model.sample import SeriesKey

PAGE = os.sysconf("SC_PAGE_SIZE")
_COUNTERS = re.compile(r"^(pswpin|pswpout|oom_kill) (\d+)$", re.MULTILINE)
OOM_SPAN_S = 300.0
"""Kills count for so long: a rule that looks every half minute should not miss one."""


def parse_meminfo(text: str) -> dict[str, int]:
    """Bytes by name; lines without a size are left out."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        size = rest.split()
        if len(size) == 2:
            found[name] = int(size[0]) * 1024
    return found


def memory(root: Path) -> Values:
    """What is used, and what a program could still get without swapping."""
    try:
        known = parse_meminfo(read(f"{root}/meminfo"))
        if "MemTotal" not in known:
            raise ValueError("there is no MemTotal in /proc/meminfo")
        if "MemAvailable" not in known:
            raise Absent("this kernel does not say how much memory is available (before 3.14)")
        total, available = known["MemTotal"], known["MemAvailable"]
    except FileNotFoundError:
        import psutil

        facts = psutil.virtual_memory()
        total, available = facts.total, facts.available
    yield SeriesKey("memory_percent"), percent(total - available, total)
    yield SeriesKey("memory_available_bytes"), float(available)


def parse_swaps(text: str) -> tuple[int, int]:
    """(bytes there are, bytes used) of all swap files and partitions."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return sum(int(row[-3]) for row in rows) * 1024, sum(int(row[-2]) for row in rows) * 1024


def swap(root: Path) -> Values:
    """How much of it is used."""
    try:
        total, used = parse_swaps(read(f"{root}/swaps"))
    except FileNotFoundError:
        import psutil

        facts = psutil.swap_memory()
        total, used = facts.total, facts.used
    if not total:
        raise Absent("this host has no swap")
    yield SeriesKey("swap_percent"), percent(used, total)


def parse_vmstat(text: str) -> dict[str, int]:
    """The counters of what is swapped and killed by their names, as far as this kernel has them. ValueError
    for a text without any.
    """
    if not text.startswith("nr_"):
        raise ValueError("there are no counters in /proc/vmstat")
    return {name: int(count) for name, count in _COUNTERS.findall(text)}


class Paging:
    """What /proc/vmstat counts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before: Before[tuple[int, int]] = Before()
        self._kills = Lately(OOM_SPAN_S)

    def values(self) -> Values:
        """Swapping, where there is swap, and kills."""
        try:
            counts = parse_vmstat(read(f"{self._root}/vmstat"))
        except FileNotFoundError:
            raise Absent("this system does not count what it swaps and kills") from None
        if "pswpin" in counts and parse_swaps(read(f"{self._root}/swaps"))[0]:
            now = counts["pswpin"] * PAGE, counts["pswpout"] * PAGE
            found = self._before.swap(now)
            if found is not None:
                yield from rates(("swap_in_bytes", "swap_out_bytes"), (), now, found[1], found[0])
        if "oom_kill" not in counts:
            raise Absent("this kernel does not count OOM kills (before 4.13)")
        yield SeriesKey("oom_kills"), float(self._kills.grown(counts["oom_kill"], monotonic()))
