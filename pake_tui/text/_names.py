"""Finding keys in a text: the name around a stem, and what the words beside it add to its meaning."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable

from pake_tui.text._keys import NONE, QUERY, Kind
from pake_tui.text.late import late

KindOf = Callable[[str], Kind]
"""Tells what a key of a name holds."""
_NAME_SIGNS = string.ascii_letters + string.digits + "_-.$"
_LONGEST_NAME = 64
_LONGEST_WORD = 24
_NAME_REST = late(r"[\w.\-$]{0,64}")
_ESCAPED = late(r"(?:[nrtbf]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})(?=[A-Za-z_-])")
_PERCENT = late(r"(?:25){0,3}[0-9A-Fa-f]{2}(?=[A-Za-z_-])")
_WORD_AFTER = late(
    r"[ ](?:security[ ])?(?:number|num|no\.?|nr|key|code|phrase|hash|value|#)(?![\w-])", re.IGNORECASE
)


def _lower(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def places(text: str, stems: Iterable[str]) -> list[int]:
    """Where any of the stems stands in the text, in order."""
    low = _lower(text)
    places: list[int] = []
    for stem in stems:
        at = low.find(stem)
        while at >= 0:
            places.append(at)
            at = low.find(stem, at + 1)
    places.sort()
    return places


def name_span(text: str, place: int) -> tuple[int, int]:
    """The whole name around a stem, without an escape (`\\n`) or a percent code that touches it."""
    stop = max(0, place - _LONGEST_NAME)
    start = stop + len(text[stop:place].rstrip(_NAME_SIGNS))
    if start and start < place:
        before = text[start - 1]
        touching = _ESCAPED if before == "\\" else _PERCENT if before == "%" else None
        if touching and (found := touching.match(text, start)) and found.end() <= place:
            start = found.end()
    found = _NAME_REST.match(text, place)
    end = found.end() if found else place
    while end > place and text[end - 1] in ".-":
        end -= 1
    return start, end


def kind_at(text: str, start: int, end: int, kind_of: KindOf) -> tuple[Kind, int]:
    """What a name holds, with the words before (`API key`) and after it (`card number`) where they tell."""
    if text[end : end + 1] == " " and (after := _WORD_AFTER.match(text, end)):
        kind = kind_of(text[start : after.end()].rstrip("#."))
        if kind is not NONE:
            return kind, after.end()
    kind = kind_of(text[start:end])
    if kind in (NONE, QUERY) and start and text[start - 1] == " ":
        before = text[max(0, start - 1 - _LONGEST_WORD) : start - 1]
        word = before[len(before.rstrip(string.ascii_letters)) :]
        if len(word) > 1 and (longer := kind_of(f"{word}_{text[start:end]}")) is not NONE:
            return longer, end
    return kind, end
