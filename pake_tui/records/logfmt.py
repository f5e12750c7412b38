"""logfmt and other `key=value` lines, LTSV: slog, logrus, Grafana, Fortinet, the audit daemon."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pake_tui.records.aliases import find_correlation_id
from pake_tui.records.draft import Draft
from pake_tui.records.levels import parse_level
from pake_tui.records.timestamps import Clock, Stamp

_FIRST = re.compile(r"[A-Za-z_@][\w.@/\-]{0,63}=")
_LABELS = re.compile(r"(?:[A-Za-z_][\w.\-]{0,63}:[^\t]{0,4096}(?:\t|$)){3}")
_PAIR = re.compile(r'\s*([A-Za-z_@][\w.@/\-]{0,63})=("(?:[^"\\]|\\.)*+"?|[^\s"]*+)')
_AUDIT = re.compile(r"audit\((\d{9,10}\.\d{1,9}):(\d{1,12})\):")
_ESCAPES = re.compile(r'\\(["\\nrt/])')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
TIME = ("time", "ts", "t", "timestamp", "@timestamp", "datetime", "eventtime", "date", "at")
LEVEL = ("level", "lvl", "severity", "loglevel", "log.level", "pri")
MESSAGE = ("msg", "message", "event", "logdesc", "log")
_LOGGER = ("logger", "component", "module", "source", "caller")
_SERVICE = ("service", "service.name", "app", "devname")
_MAX_PAIRS = 500


def _labelled(text: str) -> dict[str, str]:
    """The values of a line in LTSV (ltsv.org) by their labels; empty for any other line."""
    if not _LABELS.match(text):
        return {}
    each = [part.partition(":") for part in text.split("\t", _MAX_PAIRS)]
    return {name: value.strip("[]") for name, sign, value in each if sign}


def _unquote(text: str) -> str:
    if not text.startswith('"'):
        return text
    inner = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return _ESCAPES.sub(lambda found: _ESCAPED.get(found[1], found[1]), inner) if "\\" in inner else inner


def pairs_of(text: str) -> tuple[dict[str, str], str]:
    """The `key=value` pairs in a text and the words between them, which belong to no pair."""
    pairs: dict[str, str] = {}
    loose: list[str] = []
    at = 0
    while at < len(text) and len(pairs) < _MAX_PAIRS:
        found = _PAIR.match(text, at)
        if found:
            pairs.setdefault(found[1], _unquote(found[2]))
            at = found.end()
            continue
        end = text.find(" ", at + 1)
        end = len(text) if end < 0 else end
        loose.append(text[at:end])
        at = end
    return pairs, "".join(loose).strip()


def looks_like(text: str) -> bool:
    """Whether a line begins with a pair, as all lines of this family do."""
    return _FIRST.match(text) is not None or _LABELS.match(text) is not None


def _time(pairs: dict[str, str], clock: Clock) -> tuple[tuple[str, ...], Stamp] | None:
    date, time = pairs.get("date"), pairs.get("time")
    if date and time and len(date) == 10 and ":" in time:
        zone = pairs.get("tz", "").strip('"')
        if read := clock.match(f"{date} {time}{zone}") or clock.match(f"{date} {time}"):
            return ("date", "time"), read[0]
    for name in TIME:
        if name in pairs and (stamp := clock.value(pairs[name])):
            return (name,), stamp
    return None


def _first(pairs: dict[str, str], names: Sequence[str]) -> str | None:
    return next((name for name in names if pairs.get(name)), None)


def parse(text: str, clock: Clock, aliases: Sequence[str]) -> Draft | None:
    """The line as a draft; None where it is not made of pairs."""
    if not looks_like(text):
        return None
    if (audit := _AUDIT.search(text, 0, 120)) and (stamp := clock.value(audit[1])):
        pairs, _ = pairs_of(text[: audit.start()] + text[audit.end() :])
        pairs.pop("msg", None)
        fields: dict[str, object] = {**pairs, "serial": audit[2]}
        return Draft("audit", text[audit.end() :].strip(), stamp, logger=pairs.get("type"), fields=fields)
    labelled = _labelled(text)
    pairs, loose = (labelled, "") if labelled else pairs_of(text)
    time, level, message = _time(pairs, clock), _first(pairs, LEVEL), _first(pairs, MESSAGE)
    known = sum(one is not None for one in (time, level, message))
    if known == 0 and (len(pairs) < 3 or len(loose) * 4 > len(text)):
        return None
    if known < 2 and len(pairs) < 3:
        return None
    draft = Draft("logfmt")
    used: set[str] = set()
    if time:
        used.update(time[0])
        draft.stamp = time[1]
    if level:
        draft.level = parse_level(pairs[level])
        used.update((level,) if draft.level is not None else ())
    if message:
        used.add(message)
        draft.message = (
            f"{pairs[message]} {loose}" if loose and not text.endswith(f'"{loose}') else pairs[message]
        )
    elif loose:
        draft.message = loose
    if logger := _first(pairs, _LOGGER):
        draft.logger = pairs[logger]
    if service := _first(pairs, _SERVICE):
        draft.service = pairs[service]
    draft.correlation_id = find_correlation_id(pairs, aliases)
    draft.fields = {name: value for name, value in pairs.items() if name not in used}
    return draft
