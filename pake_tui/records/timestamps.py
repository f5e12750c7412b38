"""Times as log lines write them become UTC nanoseconds: ISO, CLF, syslog, US clocks, epochs, zones."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from msgspec import Struct

from pake_tui.records.timepatterns import AFTER_DIGIT, AFTER_LETTER, FAST, PATTERNS, ZONE_AFTER
from pake_tui.records.zones import ABBREVIATIONS

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_LATEST = (date(_LAST_YEAR + 1, 1, 1).toordinal() - _EPOCH_DAY) * DAY
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


class Stamp(Struct, frozen=True):
    """A moment: UTC nanoseconds, the offset the text stated in seconds (None for none), a guessed year."""

    ns: int
    offset: int | None = None
    year_assumed: bool = False


@lru_cache(maxsize=1024)
def _day(year: int, month: int, day: int) -> int | None:
    """Nanoseconds of a date's midnight since 1970, None for a date that does not exist."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _offset_in(zone: tzinfo, half_hours: int) -> int:
    """A zone's offset in seconds at a local half hour (counted since 1970)."""
    moment = datetime(1970, 1, 1) + timedelta(minutes=30 * half_hours)
    offset = moment.replace(tzinfo=zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def offset_seconds(text: str) -> int | None:
    """Seconds east of UTC of `Z`, `+02:00`, `-0700`, `+02` or a known abbreviation."""
    if text[:1] in "+-" and text[1:3].isdigit():
        digits = text[1:].replace(":", "")
        hours, minutes = int(digits[:2]), int(digits[2:4] or 0)
        if hours > 15 or minutes > 59:
            return None
        return (-1 if text[0] == "-" else 1) * (hours * 3600 + minutes * 60)
    return ABBREVIATIONS.get(text)


def fraction_ns(digits: str | None) -> int:
    """Nanoseconds of the digits behind a decimal sign."""
    return int(digits.ljust(9, "0")[:9]) if digits else 0


class Clock:
    """Reads times: naive ones in the assumed zone, missing years so that nothing lies a day ahead of now."""

    __slots__ = ("_last", "_now", "_order", "_utc", "zone")

    def __init__(self, zone: tzinfo = UTC, now_ns: int = 0, day_first: bool | None = None) -> None:
        self.zone = zone
        self._utc = zone is UTC
        self._now = now_ns
        self._order = day_first
        self._last: tuple[int, str, tuple[Stamp, int] | None] = (0, "", None)

    def stamp(self, local_ns: int, offset: int | None, year_assumed: bool = False) -> Stamp:
        """The moment of a local time in nanoseconds."""
        if offset is not None:
            return Stamp(max(0, local_ns - offset * SECOND), offset, year_assumed)
        if self._utc:
            return Stamp(local_ns, None, year_assumed)
        ahead = _offset_in(self.zone, local_ns // (1800 * SECOND)) * SECOND
        return Stamp(max(0, local_ns - ahead), None, year_assumed)

    def _yearless(self, month: int, day: int, in_day: int) -> Stamp | None:
        newest = self._now + DAY
        year = datetime.fromtimestamp(newest // SECOND, UTC).year
        for candidate in range(year, year - 9, -1):
            base = _day(candidate, month, day)
            if base is not None:
                found = self.stamp(base + in_day, None, True)
                if found.ns <= newest:
                    return found
        return None

    def match(self, text: str, at: int = 0) -> tuple[Stamp, int] | None:
        """The time that begins at a place in the text, and where it ends.

        One line is asked about several times, on the way to find out what it is.
        """
        last = self._last
        if last[0] != at or last[1] != text:
            last = self._last = (at, text, self._match(text, at))
        return last[2]

    def _match(self, text: str, at: int) -> tuple[Stamp, int] | None:
        if quick := self._fast(text, at):
            return quick
        sign = text[at : at + 1]
        if sign.isdigit() and sign.isascii():
            year = text[at + 4 : at + 5] in ("-", "/", ".") and text[at : at + 4].isdigit()
            names: tuple[str, ...] = ("iso",) if year else AFTER_DIGIT
        elif "A" <= sign <= "W":
            names = AFTER_LETTER
        else:
            return None
        for name in names:
            found = PATTERNS[name].match(text, at)
            if found and (stamp := self._read(name, found)):
                zone = found.groupdict().get("abbr")
                if zone and zone not in ABBREVIATIONS and name not in ("ctime",):
                    return stamp, found.start("abbr") - 1
                return stamp, found.end()
        return None

    def _fast(self, text: str, at: int) -> tuple[Stamp, int] | None:
        """The commonest spelling, ISO with seconds, without the cost of named groups."""
        found = FAST.match(text, at)
        if not found:
            return None
        year, month, day, hours, minutes, seconds, fraction, zone = found.groups()
        base = _day(int(year), int(month), int(day))
        in_day = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        if base is None or in_day >= 86_401 or minutes > "59" or seconds > "60":
            return None
        local = base + in_day * SECOND + fraction_ns(fraction)
        end = found.end()
        if zone is None and text[end : end + 1] == " " and (after := ZONE_AFTER.match(text, end)):
            if not after[1] and not after[2]:
                return None
            if after[1] or after[2] in ABBREVIATIONS:
                zone, end = after[1] or after[2], after.end()
        return self.stamp(local, offset_seconds(zone) if zone else None), end

    def _read(self, name: str, found: re.Match[str]) -> Stamp | None:
        parts = found.groupdict()
        if name == "epoch":
            return self._epoch(parts)
        if name == "numeric":
            clf = found.string[found.end("c") : found.end("c") + 1] == ":"
            parsed = self._numeric(parts, True if clf else self._order)
            if parsed is None:
                return None
            year, month, day = parsed
        else:
            given = parts.get("y") or parts.get("y2") or parts.get("yy")
            year = 0 if given is None else int(given) + (2000 if len(given) == 2 else 0)
            mon = parts.get("mon")
            month = _MONTHS[mon.lower()] if mon else int(parts["m"] or 0)
            day = int(parts["d"] or 0)
        in_day = self._in_day(parts)
        if in_day is None:
            return None
        if not year:
            return self._yearless(month, day, in_day)
        base = _day(year, month, day)
        if base is None:
            return None
        zone = parts.get("off") or parts.get("short") or parts.get("abbr") or parts.get("utc")
        return self.stamp(base + in_day, offset_seconds(zone) if zone else None)

    @staticmethod
    def _in_day(parts: dict[str, str | None]) -> int | None:
        hours = int(parts.get("h") or parts.get("h2") or 0)
        minutes = int(parts.get("mi") or parts.get("mi2") or 0)
        seconds = int(parts.get("s") or parts.get("s2") or 0)
        half = parts.get("ap")
        if half:
            if not 1 <= hours <= 12:
                return None
            hours = hours % 12 + (12 if half in "pP" else 0)
        if hours > 23 or minutes > 59 or seconds > 60:
            return None
        return (hours * 3600 + minutes * 60 + seconds) * SECOND + fraction_ns(
            parts.get("f") or parts.get("f2")
        )

    @staticmethod
    def _numeric(parts: dict[str, str | None], order: bool | None) -> tuple[int, int, int] | None:
        """Year, month and day of three numbers, told apart by size, by the file, or by the sign between.

        `order` says whether the day comes first: it does in an access log, `[04/03/2025:10:11:12`.
        """
        a, b, c = int(parts["a"] or 0), int(parts["b"] or 0), int(parts["c"] or 0)
        if c < 100 and parts["sep"] == "/" and not parts.get("ap") and a > 12 and b <= 12 and c <= 31:
            return 2000 + a, b, c
        year = c + 2000 if c < 100 else c
        if a > 12 or b > 12:
            day_first = a > 12
        elif order is not None:
            day_first = order
        else:
            day_first = parts["sep"] != "/"
        return (year, b, a) if day_first else (year, a, b)

    @staticmethod
    def _epoch(parts: dict[str, str | None]) -> Stamp:
        ns = int(parts["e"] or 0) * SECOND
        for name, size in (("milli", 1_000_000), ("micro", 1_000), ("nano", 1)):
            if digits := parts.get(name):
                return Stamp(ns + int(digits) * size, 0)
        return Stamp(ns + fraction_ns(parts.get("f")), 0)

    def value(self, given: object) -> Stamp | None:
        """The moment a JSON value or a logfmt value names: text as in a line, or an epoch of any size."""
        if isinstance(given, str):
            text = given.strip()
            if len(text) > 64:
                return None
            if text.isascii() and text.isdigit():
                return from_epoch(int(text)) or self._whole(text)
            return self._whole(text)
        if isinstance(given, bool) or not isinstance(given, (int, float)):
            return None
        return from_epoch(given)

    def _whole(self, text: str) -> Stamp | None:
        found = self.match(text)
        if found and len(text) - found[1] <= 6:
            return found[0]
        try:
            number = float(text)
        except ValueError:
            return None
        return from_epoch(number)


def from_epoch(number: float) -> Stamp | None:
    """The moment of an epoch in seconds, milli-, micro- or nanoseconds, by its size; None out of range."""
    if number != number or not 1e8 <= number < 8e18:
        return None
    size = SECOND if number < 1e11 else 1_000_000 if number < 1e14 else 1_000 if number < 1e17 else 1
    whole = int(number)
    ns = whole * size + (0 if isinstance(number, int) else round((number - whole) * size))
    return Stamp(ns, 0) if ns < _LATEST else None
