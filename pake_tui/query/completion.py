"""What may stand at the caret: names of fields, values of the one that is being typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pake_tui.model.record import Level
from pake_tui.query.lexer import IDENTIFIER
from pake_tui.query.values import Glob

MOST = 50
_STARTS = ("level>=", "level:", "service:", "cid:", "since:", "until:", "at:")
_SPANS = ("5m", "15m", "1h", "6h", "24h", "today", "yesterday")


def complete(
    text: str, position: int, names: Sequence[str], values: Mapping[str, Sequence[str]]
) -> list[str]:
    """Whole texts to choose from, at most 50: `text` with the term before `position` completed.

    `names` are field names seen, `values` the values seen of each.
    """
    start = _term_start(text, position)
    typed = text[start:position]
    name = IDENTIFIER.match(typed)
    rest = typed[name.end() :] if name else ""
    operator = next((one for one in (">=", "<=", ":", ">", "<") if rest.startswith(one)), "")
    if name is None or not operator:
        fields = [f"{one}:" for one in names if IDENTIFIER.fullmatch(one)]
        found = [one for one in dict.fromkeys((*_STARTS, *fields)) if one.lower().startswith(typed.lower())]
    else:
        known = _values(name[0].lower(), name[0], values)
        begun = rest[len(operator) :].removeprefix('"').lower()
        head = name[0] + operator
        found = [f"{head}{Glob((one,))}" for one in known if one.lower().startswith(begun)]
    return [f"{text[:start]}{one}{text[position:]}" for one in found if one != typed][:MOST]


def _values(name: str, spelled: str, values: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if name == "level":
        return [level.word for level in Level]
    if name in ("since", "until"):
        return _SPANS
    return values.get(spelled, values.get(name, ()))


def _term_start(text: str, position: int) -> int:
    """Where the term that ends at a position begins, behind `-` and `(`; quotes hold together."""
    start, quoted, at = 0, False, 0
    while at < position:
        character = text[at]
        if quoted and character == "\\":
            at += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted and (character.isspace() or (character in "(-" and at == start)):
            start = at + 1
        at += 1
    return min(start, position)
