"""What the first lines of a file tell of all of it: its family, prefixes, the order of days and months."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC

from msgspec import Struct

from pake_tui.records import access, leveled, logfmt, slowlog, syslog
from pake_tui.records.envelope import clean, compose_name, open_envelope
from pake_tui.records.stacks import is_frame
from pake_tui.records.timestamps import Clock

MAX_SAMPLE = 200
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d\d)[T ,:]")


class Profile(Struct, frozen=True):
    """`format` is the commonest family; the others say which readings this file's lines deserve."""

    format: str = "plain"
    timed: bool = False
    compose: bool = False
    inside: bool = False
    level_first: bool = False
    loose: bool = False
    day_first: bool | None = None
    indented: bool = False
    """Records begin with blanks here."""
    families: tuple[tuple[str, int], ...] = ()
    """How many of the first lines are of each, the commonest first."""


def family_of(text: str, clock: Clock) -> str:
    """The family of one clean line by itself: json, syslog, access, logfmt, leveled or plain."""
    stripped = text.lstrip()
    if stripped.startswith("{") and (stripped == "{" or '"' in stripped[:40]):
        return "json"
    if syslog.parse(text, clock):
        return "syslog"
    if slowlog.parse(text, clock):
        return slowlog.FORMAT
    if access.parse(text, clock):
        return "access"
    if logfmt.looks_like(text) and logfmt.parse(text, clock, ()):
        return "logfmt"
    return "leveled" if leveled.parse(text, clock) else "plain"


def _day_first(lines: Sequence[str]) -> bool | None:
    first = second = 0
    for line in lines:
        if found := _NUMERIC.search(line[:80]):
            first += int(found[1]) > 12
            second += int(found[2]) > 12
    return None if first == second else first > second


def profile_of(sample: Sequence[str], now_ns: int) -> Profile:
    """The profile of a file by its first lines; at most 200 of them are looked at."""
    lines = [line for line in (clean(one)[:4096] for one in sample[:MAX_SAMPLE]) if line.strip()]
    if not lines:
        return Profile()
    day_first = _day_first(lines)
    clock = Clock(UTC, now_ns, day_first)
    composed = sum(bool(compose_name(line)) for line in lines)
    compose = composed * 5 >= len(lines) * 4
    payloads = [open_envelope(line, clock, compose) for line in lines]
    texts = [one.payload for one in payloads if not is_frame(one.payload)] or [lines[0]]
    families = Counter(family_of(text, clock) for text in texts)
    if any(text.startswith(("#Fields:", "#fields\t")) for text in texts):
        families["w3c"] = len(texts) + 1
    inside = sum(
        leveled.parse_inside(text, clock) is not None for text in texts if family_of(text, clock) == "plain"
    )
    level_first = sum(
        leveled.parse(text, clock) is None and leveled.parse(text, clock, level_first=True) is not None
        for text in texts
    )
    leveled_lines = [one for text in texts if (one := leveled.parse(text, clock, loose=True)) is not None]
    loose = sum(one.level is not None for one in leveled_lines)
    indented = sum(line[0] in " \t" and leveled.parse(line, clock) is not None for line in lines)
    plain = families["plain"]
    best = families.most_common(1)[0][0]
    timed = len(texts) - plain + (inside if inside * 2 >= len(texts) else 0)
    return Profile(
        format="leveled" if best == "plain" and inside * 2 >= len(texts) else best,
        timed=timed * 3 >= len(texts)
        or any(one.stamp for one in payloads)
        or families[slowlog.FORMAT] * 8 >= len(texts)
        or (timed > 1 and timed * 8 >= len(texts) and family_of(texts[0], clock) == "leveled"),
        compose=compose,
        inside=inside * 2 >= len(texts),
        level_first=level_first * 5 >= len(texts) * 2
        and (len(texts) - plain) * 5 < len(texts)
        and not any(one.contained for one in payloads),
        loose=loose * 10 >= len(leveled_lines) * 9 and len(leveled_lines) >= 3,
        day_first=day_first,
        indented=indented * 2 >= len(lines),
        families=tuple(families.most_common()),
    )
