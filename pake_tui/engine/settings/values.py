"""One setting's value: from YAML, from typed text, from Python; and its type and limits in words. Pure."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from enum import Enum
from typing import Any

from pake_tui.engine.settings.schema import Option, SecurityLevel
from pake_tui.model.record import Level

MAX_TEXT = 1000
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_WHOLE = re.compile(r"[+-]?\d{1,18}")


class Refused(ValueError):
    """A value that a setting does not take: what is wrong, and what would be accepted."""

    def __init__(self, message: str, accepted: str) -> None:
        super().__init__(message)
        self.message = message
        self.accepted = accepted


def from_value(option: Option, raw: object) -> Any:
    """The setting's value for one from YAML or Python; Refused for a wrong type or one out of limits."""
    if isinstance(raw, Enum):
        raw = raw.name if isinstance(raw, Level) else raw.value
    if option.choices:
        return _choice(option, raw)
    if option.kind is bool:
        if isinstance(raw, bool):
            return raw
    elif option.kind is str:
        if isinstance(raw, str):
            return _text(option, raw)
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return _number(option, raw)
    raise Refused(f"{shown(raw)} is not {kind_words(option)}", accepted(option))


def from_text(option: Option, text: str) -> Any:
    """The setting's value for text that was typed, or that the environment holds; Refused."""
    word = text.strip()
    if option.kind is bool:
        if word.casefold() in _TRUE | _FALSE:
            return word.casefold() in _TRUE
        raise Refused(f"{shown(word)} is not true or false", accepted(option))
    if option.choices or option.kind is str:
        return from_value(option, word)
    if (number := as_number(word)) is None:
        raise Refused(f"{shown(word)} is not {kind_words(option)}", accepted(option))
    return from_value(option, number)


def as_number(text: str) -> int | float | None:
    """The number that a text spells, if it does; infinities and NaN are none."""
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def plain(value: object) -> object:
    """A setting's value as files and commands spell it: enums by their word."""
    if isinstance(value, Level):
        return value.name
    return value.value if isinstance(value, SecurityLevel) else value


def shown(raw: object) -> str:
    """A refused value as a message may quote it: short, masked."""
    if isinstance(raw, (dict, list)):
        return "a mapping" if isinstance(raw, dict) else "a list"
    if raw is None:
        return "nothing"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    from pake_tui.text.masking import mask_text  # only who made a mistake waits for it

    text = mask_text(str(raw)[:200])
    short = text if len(text) <= 40 else text[:39] + "…"
    return repr(short) if isinstance(raw, str) else short


def kind_words(option: Option) -> str:
    """What kind of value a setting takes: `a number`, `text`, ..."""
    if option.choices:
        return "one of them"
    words: dict[type, str] = {bool: "true or false", str: "text", int: "a whole number", float: "a number"}
    return words[option.kind]


def limits_words(option: Option) -> str:
    """Its limits: `0 to 100`; empty where it has none."""
    if option.low is None or option.high is None:
        return ""
    return f"{option.low:g} to {option.high:.12g}"


def accepted(option: Option) -> str:
    """What would be accepted, for a message: `a number from 0 to 100`."""
    if option.choices:
        return f"one of {', '.join(option.choices)}"
    limits = limits_words(option)
    return f"{kind_words(option)} from {limits}" if limits else kind_words(option)


def nearest(word: str, known: list[str]) -> str:
    """The known word that a wrong one was probably meant to be; empty if none is near."""
    return next(iter(get_close_matches(word.lower(), known, 1, 0.6)), "")


def _choice(option: Option, raw: object) -> Any:
    word = str(raw).strip().casefold() if isinstance(raw, str) else ""
    for choice in option.choices:
        if choice.casefold() == word:
            return Level[choice] if option.kind is Level else option.kind(choice)
    raise Refused(f"{shown(raw)} is unknown", accepted(option))


def _text(option: Option, raw: str) -> str:
    if not raw.strip() and not option.empty:
        raise Refused("is empty", accepted(option))
    if len(raw) > MAX_TEXT:
        raise Refused(f"has {len(raw)} characters", f"at most {MAX_TEXT}")
    if not raw.isprintable():
        raise Refused("holds a control or invisible character", "printable text on one line")
    return raw


def _number(option: Option, raw: int | float) -> Any:
    if isinstance(raw, float) and (not math.isfinite(raw) or (option.kind is int and raw != int(raw))):
        raise Refused(f"{shown(raw)} is not {kind_words(option)}", accepted(option))
    if option.low is not None and option.high is not None and not option.low <= raw <= option.high:
        raise Refused(f"{shown(raw)} is out of range", accepted(option))
    return option.kind(raw)
