"""A finished event becomes one line: JSON, logfmt, or what a person reads on standard error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pake_tui.text.safe import safe

Event = dict[str, Any]
MAX_LINE = 262_144

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr).encode
# Raw, these would move a terminal's cursor, hide text, split lines for some readers, or not encode at all.
_ESCAPED = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_BARE = re.compile(r"[^\s\"=\\]+")
_SHOWN_FIRST = ("timestamp", "level", "service", "logger", "message")


def json_line(event: Mapping[str, Any]) -> str:
    """The event as one line of JSON; invisible and unpaired characters are escaped."""
    line = _to_json(event)
    if len(line) > MAX_LINE:
        line = _to_json(_shortened(event))
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _shortened(event: Mapping[str, Any]) -> Event:
    """What is left of an event of more than 256 KiB: every field by its beginning."""
    kept: Event = {"cut": f"the record had more than {MAX_LINE} characters"}
    for name, value in list(event.items())[:64]:
        kept[name] = value if not isinstance(value, (str, dict, list)) else str(value)[:2_000]
    return kept


def logfmt_line(event: Mapping[str, Any]) -> str:
    """The event as `key=value` pairs; nested values as JSON in quotes."""
    pairs = []
    for name, value in event.items():
        text = value if isinstance(value, str) else _to_json(value)
        key = re.sub(r"[\s\"=]+", "_", name) or "_"
        pairs.append(f"{key}={text if _BARE.fullmatch(text) and text.isprintable() else _quoted(text)}")
    return " ".join(pairs)


def _quoted(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", _to_json(text))


def console_line(event: Mapping[str, Any]) -> str:
    """The event as a person reads it: time, level, service, message, fields; safe for a terminal.

    A traceback follows on lines of its own.
    """
    head = (
        f"{event.get('timestamp', '')} {str(event.get('level', '')).upper():8} "
        f"{safe(str(event.get('service', '')))} {safe(str(event.get('message', '')))}"
    )
    error = event.get("error")
    rest = {name: value for name, value in event.items() if name not in _SHOWN_FIRST}
    lines: list[str] = []
    if isinstance(error, Mapping):
        rest["error"] = f"{error.get('type')}: {error.get('message')}"
        lines = [str(safe(line)) for line in str(error.get("traceback", "")).splitlines()]
    more = str(safe(logfmt_line(rest)))
    return "\n".join([f"{head}  {more}" if more else head, *lines])
