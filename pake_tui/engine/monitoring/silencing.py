"""Silences as people and the configuration spell them, and maintenance windows that come again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from pake_tui.clock import DAY, MINUTE, SECOND, local_zone
from pake_tui.engine.monitoring import fields
from pake_tui.engine.monitoring.fields import Field, Found, span, text
from pake_tui.model.silence import OPERATORS, Matcher, Silence
from pake_tui.query.regexes import RegexError, compiled

MAINTENANCE = "maintenance"
MAX_WINDOWS = 100
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MATCHERS = "matchers such as service=api, title=~'disk.*', severity!=critical"
_MATCHER = re.compile(r"([\w.-]+)\s*(!=|=~|!~|=)\s*(.*)", re.DOTALL)


class Window(Struct, frozen=True):
    """A maintenance window: on these days (0 Monday) from `start` on, in a zone, for so many ns."""

    name: str
    matchers: tuple[Matcher, ...]
    start: time
    duration_ns: int
    days: tuple[int, ...] = tuple(range(7))
    zone: tzinfo = UTC
    reason: str = ""

    def current(self, now_ns: int) -> Silence | None:
        """The silence that it makes now; None outside of it. Its id is that of this turn of the window."""
        today = datetime.fromtimestamp(now_ns // SECOND, self.zone).date()
        back = self.duration_ns // DAY + 1
        for day in (today - timedelta(days=ago) for ago in range(back + 1)):
            begins = self._begins(day)
            if day.weekday() in self.days and begins <= now_ns < begins + self.duration_ns:
                words = repr((self.name, [m.text for m in self.matchers], begins, self.duration_ns))
                own = blake2b(words.encode(), digest_size=8).hexdigest()
                reason = f"{self.name}, {self.reason}" if self.reason else self.name
                ends = begins + self.duration_ns
                return Silence(own, self.matchers, begins, ends, MAINTENANCE, reason)
        return None

    def _begins(self, day: date) -> int:
        return int(datetime.combine(day, self.start, self.zone).timestamp()) * SECOND


def matcher(written: str) -> Matcher:
    """`service=api` and the like. ValueError says what is wrong."""
    found = _MATCHER.fullmatch(written.strip())
    if found is None:
        ways = ", ".join(f"name{op}value" for op in OPERATORS)
        raise ValueError(f"{written!r} is no matcher; write one of {ways}")
    if found[2] in ("=~", "!~"):
        try:
            compiled(found[3])
        except RegexError as error:
            place = f"at character {error.position + 1} of the pattern"
            raise ValueError(f"{written!r}: {error}, {place}") from None
    return Matcher(found[1], found[2], found[3])


def _matchers(value: object) -> tuple[Matcher, ...]:
    if isinstance(value, Mapping):
        if not value or not all(isinstance(v, (str, int, float)) for v in value.values()):
            raise ValueError
        return tuple(Matcher(str(name), "=", str(one)) for name, one in value.items())
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, (list, tuple)) or not written:
        raise ValueError
    return tuple(matcher(str(one)) for one in written)


def _start(value: object) -> time:
    # YAML 1.1 reads 02:30 without quotes as the number of minutes, in base sixty.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,2}:\d\d", value.strip()):
        raise ValueError
    hours, minutes = map(int, value.split(":"))
    return time(hours, minutes)  # ValueError past 23:59


def _days(value: object) -> tuple[int, ...]:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not words:
        raise ValueError
    found: list[int] = []
    for word in words:
        first, _, last = str(word).strip().lower()[:7].partition("-")
        if first[:3] not in DAYS or (last or first)[:3] not in DAYS:
            raise ValueError
        begin, end = (DAYS.index(part[:3]) for part in (first, last or first))
        found += [day % 7 for day in range(begin, end + 1 if begin <= end else end + 8)]
    return tuple(sorted(set(found)))


def _zone(value: object) -> tzinfo:
    if not isinstance(value, str):
        raise ValueError
    try:
        return UTC if value == "UTC" else ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        raise ValueError from None


FIELDS: Mapping[str, Field] = {
    "name": text("a name, as text", required=True, longest=fields.MAX_NAME),
    "start": Field(_start, 'a time of day, such as "02:30"', required=True),
    "duration": span("a duration from 1m to 7d", low=MINUTE, high=7 * DAY, required=True),
    "match": Field(_matchers, MATCHERS, required=True),
    "days": Field(_days, "days such as sat, sun or mon-fri", tuple(range(7))),
    "zone": Field(_zone, "a time zone such as Europe/Berlin or UTC"),
    "reason": text("text"),
}


def validate(raw: object) -> list[Found]:
    """What is wrong: (path below `maintenance`, message, what would be accepted) each."""
    if not isinstance(raw, (list, tuple)):
        return []
    found = [*_problems(raw[:MAX_WINDOWS]), *fields.twice(raw[:MAX_WINDOWS])]
    if len(raw) > MAX_WINDOWS:
        found.append(("", f"has {len(raw)} entries", f"at most {MAX_WINDOWS}"))
    return found


def _problems(raw: Sequence[object]) -> Iterator[Found]:
    for at, entry in enumerate(raw):
        if isinstance(entry, Mapping):
            for path, message, accepted in fields.problems(entry, FIELDS):
                yield f"{at}.{path}", message, accepted


def windows_from(raw: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    """The windows of a list that `validate` accepts."""
    found = []
    for entry in raw:
        known = fields.values(entry, FIELDS)
        found.append(
            Window(
                name=known["name"],
                matchers=known["match"],
                start=known["start"],
                duration_ns=known["duration"],
                days=known["days"],
                zone=known["zone"] or local_zone(),
                reason=known["reason"],
            )
        )
    return tuple(found)
