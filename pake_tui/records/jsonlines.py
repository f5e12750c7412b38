"""JSON lines of any logger, OTLP exports, documents that are cut off, and Docker's own wrapping."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

import orjson

from pake_tui.records import jsonkeys, otlp
from pake_tui.records.aliases import find_correlation_id
from pake_tui.records.draft import Draft
from pake_tui.records.timestamps import Clock

_STRING = r'"(?:[^"\\]|\\.)*+"?'
_NUMBER = r"-?(?:\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+|NaN|Infinity)"
_PIECE = re.compile(
    rf'"(?P<name>[\w@.\-]{{1,64}})"\s{{0,4}}:\s{{0,4}}(?P<value>{_STRING}|(?:{_NUMBER}|true|false|null)(?![\w.+\-]))'
    rf"|{_STRING}|(?P<brace>[{{}}\[\]])",
    re.DOTALL,
)
"""What an object is made of, as far as it matters: pairs, other strings, braces."""
_MOST_PIECES = 20_000
_MOST_PAIRS = 200
_LONGEST_NUMBER = 18


def load(text: str) -> dict[str, Any] | None:
    """The JSON object a text is, None for anything else."""
    try:
        document = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError, RecursionError):
        document = _lenient(text)
    return document if isinstance(document, dict) else None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _broken(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


_LENIENT = json.JSONDecoder(parse_int=_whole, parse_float=_broken, parse_constant=str)


def _lenient(text: str) -> Any:
    """What Python's json writes and JSON forbids: NaN, infinities, numbers out of range, as they are written.

    None where that is no JSON either, or holds what nobody could write again: halves of surrogate pairs.
    """
    try:
        document = _LENIENT.decode(text)
        orjson.dumps(document)
    except (ValueError, TypeError, RecursionError):
        return None
    return document


def salvage(text: str) -> dict[str, Any] | None:
    """What can be read of an object that is cut off or not quite JSON: its scalar pairs, outer ones first."""
    pairs: list[tuple[int, str, str]] = []
    depth = 0
    for found in islice(_PIECE.finditer(text), _MOST_PIECES):
        if found["brace"]:
            depth += 1 if found["brace"] in "{[" else -1
        elif found["name"]:
            pairs.append((depth, found["name"], found["value"]))
    pairs.sort(key=itemgetter(0))
    document: dict[str, Any] = {}
    for _, name, raw in pairs[:_MOST_PAIRS]:
        document.setdefault(name, _scalar(raw))
    return document if len(document) >= 2 else None


def _scalar(raw: str) -> Any:
    """The value that a pair's text says; the text of a string that is cut off, or escaped in a wrong way."""
    if raw.startswith('"') and (len(raw) == 1 or not raw.endswith('"')):
        return raw[1:]
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.strip('"') if raw.startswith('"') else _lenient(raw)


def is_docker(document: Mapping[str, Any]) -> bool:
    """Whether an object is a line of Docker's json-file driver: `log`, `stream` and `time`."""
    return "log" in document and "stream" in document and "time" in document and len(document) <= 5


def draft_of(document: dict[str, Any], clock: Clock, aliases: Sequence[str]) -> Draft:
    """One object as a draft: what it says of itself under any known name, the rest as fields."""
    draft = Draft("json")
    used: set[str] = set()
    if time := jsonkeys.time_of(document, clock):
        used.add(time[0])
        draft.stamp = time[1]
    if level := jsonkeys.level_of(document):
        used.add(level[0])
        draft.level = level[1]
    if message := jsonkeys.message_of(document):
        used.add(message[0])
        draft.message = message[1]
    if logger := jsonkeys.name_of(document, jsonkeys.LOGGER):
        draft.logger = logger[1]
        if logger[0] in ("logger", "logger_name", "loggerName", "log.logger", "SourceContext"):
            used.add(logger[0])
    if service := jsonkeys.name_of(document, jsonkeys.SERVICE):
        draft.service = service[1]
        if service[0] in ("service", "service.name", "service_name", "serviceName"):
            used.add(service[0])
    _name(document, draft, used)
    draft.correlation_id = find_correlation_id(document, aliases)
    if "eventSource" in document and isinstance(document.get("eventID"), str):
        draft.correlation_id = document["eventID"]
    draft.fields = {name: value for name, value in document.items() if name not in used}
    return draft


def _name(document: Mapping[str, Any], draft: Draft, used: set[str]) -> None:
    """`name` is bunyan's and pino's service where a version or host stands beside it, else a logger."""
    name = document.get("name")
    if not isinstance(name, str) or not name or len(name) > 256:
        return
    if "hostname" in document or "v" in document:
        if draft.service is None:
            draft.service = name
            used.add("name")
    elif draft.logger is None and ("levelname" in document or "levelno" in document):
        draft.logger = name
        used.add("name")


def drafts_of(document: dict[str, Any], clock: Clock, aliases: Sequence[str]) -> list[Draft]:
    """The records in one object: several in an OTLP export, else one."""
    if "resourceLogs" in document:
        drafts = otlp.drafts_of(document, clock)
        if drafts:
            return drafts
    record = document.get("record")
    if len(document) == 2 and isinstance(record, dict) and isinstance(document.get("text"), str):
        document = record  # loguru's, beside the line as it was printed
    return [draft_of(document, clock, aliases)]
