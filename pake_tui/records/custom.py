"""Formats of the user's own: a pattern with named groups, a map of level words, a layout of times.

Groups `time`, `level`, `logger`, `service`, `message`, `cid` are what their names say; any other is a field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from pake_tui.model.record import Level
from pake_tui.records.draft import Draft
from pake_tui.records.levels import of_word, parse_level
from pake_tui.records.timestamps import SECOND, Clock, Stamp

GROUPS = ("time", "level", "logger", "service", "message", "cid")


class Format(Struct, frozen=True):
    """One format: `levels` are pairs of a word in the log and one of ours, `time` is a strptime layout."""

    name: str
    pattern: str
    levels: tuple[tuple[str, str], ...] = ()
    time: str = ""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def parse(text: str, formats: Sequence[Format], clock: Clock) -> Draft | None:
    """A line as a draft by the first format whose pattern fits its beginning; None for other lines."""
    for one in formats:
        if found := _compiled(one.pattern).match(text):
            return _draft(one, found, text, clock)
    return None


def _draft(one: Format, found: re.Match[str], text: str, clock: Clock) -> Draft:
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    message = groups.get("message")
    draft = Draft(one.name, text if message is None else message + text[found.end() :])
    if "time" in groups:
        draft.stamp = _stamp(groups["time"], one.time, clock)
    if "level" in groups:
        draft.level = _level(groups["level"], one.levels)
    draft.logger, draft.service = groups.get("logger"), groups.get("service")
    draft.correlation_id = groups.get("cid") or None
    draft.fields = {name: value for name, value in groups.items() if name not in GROUPS}
    return draft


def _stamp(text: str, layout: str, clock: Clock) -> Stamp | None:
    if not layout:
        return clock.value(text)
    try:
        read = datetime.strptime(text, layout)
    except ValueError:
        return None
    offset = read.utcoffset()
    whole = int(read.replace(tzinfo=UTC, microsecond=0).timestamp()) * SECOND + read.microsecond * 1_000
    return clock.stamp(whole, None if offset is None else int(offset.total_seconds()))


def _level(word: str, levels: Sequence[tuple[str, str]]) -> Level | None:
    known = {one.lower(): ours for one, ours in levels}
    ours = known.get(word.strip().lower())
    return parse_level(word) if ours is None else of_word(ours)
