"""Moments as typed after `since:`, `until:` and `at:`, read in the zone shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

from pake_tui.clock import MINUTE, SECOND, parse_duration

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXPECTED = "a time: 15m, 14:03, 14:03:21, 2026-03-01, 2026-03-01T14:03, today or yesterday"


class Moment(Struct, frozen=True):
    """A span of UTC nanoseconds: the minute, second or day that was named, or a point (`width` 0)."""

    start_ns: int
    width_ns: int = 0


def moment(text: str, now_ns: int, zone: tzinfo, *, latest: bool = True) -> Moment:
    """The moment a text names; ValueError says why it names none.

    A clock time is the last such moment up to now (`latest`), or the one nearest to now.
    """
    typed = text.strip()
    now = _EPOCH + timedelta(microseconds=now_ns // 1000)
    local = now.astimezone(zone)
    if typed == "now":
        return Moment(now_ns)
    if typed in ("today", "yesterday"):
        return _day(local.replace(tzinfo=None), zone, -1 if typed == "yesterday" else 0)
    if found := _CLOCK.fullmatch(typed):
        return _clock(found, local, zone, latest)
    try:
        return Moment(now_ns - parse_duration(typed.removeprefix("-")))
    except ValueError:
        pass
    if not re.match(r"\d{4}-", typed):
        raise ValueError(f"{typed!r} is not a time")
    try:
        there = datetime.fromisoformat(typed)
        if _DATE.fullmatch(typed):
            return _day(there, zone, 0)
        seconds = re.search(r"\d\d:\d\d:\d\d", typed)
        start = _ns(there if there.tzinfo else there.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise ValueError(f"{typed!r} is not a time") from None
    return Moment(start, 0 if there.microsecond else SECOND if seconds else MINUTE)


def _ns(there: datetime) -> int:
    return (there - _EPOCH) // timedelta(microseconds=1) * 1000


def _day(day: datetime, zone: tzinfo, shift: int) -> Moment:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=shift)
    start = _ns(midnight.replace(tzinfo=zone))
    return Moment(start, _ns((midnight + timedelta(days=1)).replace(tzinfo=zone)) - start)


def _clock(found: re.Match[str], local: datetime, zone: tzinfo, latest: bool) -> Moment:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    fraction = int((found[4] or "").ljust(9, "0") or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{found[0]} is not a time of day")
    today = local.replace(tzinfo=None, hour=hour, minute=minute, second=second, microsecond=0)
    there = [_ns((today + timedelta(days=days)).replace(tzinfo=zone)) + fraction for days in (-1, 0, 1)]
    now = _ns(local)
    start = max(t for t in there if t <= now) if latest else min(there, key=lambda t: abs(t - now))
    return Moment(start, 0 if found[4] else SECOND if found[3] else MINUTE)
