"""The one clock: wall time in UTC nanoseconds, durations from the monotonic clock, spelling, zone."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, tzinfo
from functools import cache

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_UNITS = {"ms": SECOND // 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|[smhdw])")


def now_ns() -> int:
    """Wall time, nanoseconds since 1970-01-01 UTC."""
    return time.time_ns()


def monotonic() -> float:
    """Seconds on a clock that never steps; only differences mean anything."""
    return time.monotonic()


@cache
def local_zone() -> tzinfo:
    """The zone that $TZ or /etc/localtime names; where neither tells, today's offset from UTC.

    With its rules for summer time, so that old moments are shown as the clock on the wall was then.
    """
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        try:
            name = os.readlink("/etc/localtime").partition("zoneinfo/")[2]  # noqa: PTH115 - one name, no path
        except OSError:
            name = ""
    if name in ("UTC", "Etc/UTC"):
        return UTC
    from zoneinfo import ZoneInfo  # where hosts live in UTC nobody has a use for it

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return datetime.now().astimezone().tzinfo or UTC


def parse_duration(text: str) -> int:
    """Nanoseconds of `90s`, `15m`, `1h30m`, `2d`; ValueError for anything else."""
    at = total = 0
    stripped = text.strip()
    while found := _DURATION.match(stripped, at):
        total += int(float(found[1]) * _UNITS[found[2]])
        at = found.end()
    if not at or at != len(stripped):
        raise ValueError(f"{text!r} is not a duration; write 90s, 15m, 1h30m or 2d")
    return total


def short_duration(ns: int) -> str:
    """A span in at most five characters: `12 s`, `4 m`, `3 h`, `2 d`."""
    seconds = max(0, ns) // SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def iso(ns: int, zone: tzinfo = UTC, *, timespec: str = "microseconds") -> str:
    """ISO 8601 with the zone's offset; UTC as `Z`."""
    moment = datetime.fromtimestamp(ns // SECOND, zone).replace(microsecond=ns % SECOND // 1000)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
