"""Masking of nested fields: keys decide first, shapes after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from pake_tui.text import _numbers
from pake_tui.text._keys import Kind, is_flow_id, is_id_like, kind_of
from pake_tui.text._values import MASK, is_option, is_path, is_placeholder, is_word, looks_random


class Rules(Struct, frozen=True):
    """How fields are masked: texts, what a name holds, and whether numbers below 10^13 are looked at too."""

    mask_text: Callable[[str], str]
    kind_of: Callable[[str], Kind]
    every_number: bool = False


_DEEPEST = 32
_NAME_KEYS = frozenset({"name", "key", "field", "header", "parameter", "parameterkey", "variable", "k"})
_VALUE_KEYS = frozenset(
    {"value", "val", "v", "content", "data", "parametervalue", "new", "old", "before", "after"}
)
_DIGIT_MASKS = {
    Kind.CARD: (12, 19),
    Kind.SSN: (9, 9),
    Kind.PHONE: (7, 15),
    Kind.PIN: (4, 8),
    Kind.CODE: (3, 10),
}


@lru_cache(maxsize=8192)
def field_kind(name: str) -> Kind:
    """What a field of this name holds."""
    return Kind.NONE if is_flow_id(name) else kind_of(name)


def _digits(kind: Kind, text: str) -> str | None:
    if "***" in text:
        return None
    digits = _numbers.digits_of(text)
    least, most = _DIGIT_MASKS[kind]
    if not least <= len(digits) <= most or any(c.isalpha() for c in text):
        return None
    if kind is Kind.CARD:
        return _numbers.card_mask(digits)
    if kind is Kind.SSN:
        return _numbers.ssn_mask(digits)
    return _numbers.phone_mask(text) if kind is Kind.PHONE else MASK


def _leaf(kind: Kind, value: object, rules: Rules) -> object:
    """One value under a key that tells what it is."""
    shown = _shown(kind, value, rules)
    return value if shown == value else shown


def _shown(kind: Kind, value: object, rules: Rules) -> object:
    if isinstance(value, bool) or value is None:
        return value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if kind in _DIGIT_MASKS and (shown := _digits(kind, text)):
        return shown
    if kind in (Kind.CARD, Kind.SSN, Kind.PHONE, Kind.PIN, Kind.QUERY):
        return _plain(value, rules, 0)
    if kind is Kind.WEAK and not looks_random(text):
        return _plain(value, rules, 0)
    if is_placeholder(text) or is_option(kind, text) or (kind is not Kind.PASSWORD and is_path(text)):
        return value
    if kind is Kind.AUTHORIZATION:
        scheme, blank, rest = text.partition(" ")
        known = scheme.replace("-", "").replace("_", "").isalnum() and scheme[0].isalpha()
        return f"{scheme} {MASK}" if blank and known and rest.strip() else MASK
    if kind is Kind.COOKIE and isinstance(value, str) and "=" in text:
        return rules.mask_text(f"Cookie: {text}").removeprefix("Cookie: ")
    return MASK


def _inner(kind: Kind, name: object, rules: Rules) -> Kind:
    """What a name holds inside an object of a card, a phone and the like: a password there is no number."""
    own = rules.kind_of(str(name)) if kind in _DIGIT_MASKS or kind is Kind.QUERY else Kind.NONE
    return kind if own is Kind.NONE else own


def _under(kind: Kind, value: object, rules: Rules, depth: int) -> object:
    """Everything under a secret key, however deep."""
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        made = {name: _under(_inner(kind, name, rules), one, rules, depth + 1) for name, one in value.items()}
        return value if all(made[name] is one for name, one in value.items()) else made
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_under(kind, one, rules, depth + 1) for one in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    return _leaf(kind, value, rules)


def _items(values: list[object] | tuple[object, ...], rules: Rules, depth: int) -> object:
    """A list; the item after `--password` and the second of a `[name, value]` pair are secrets too."""
    items: list[object] = []
    kind = Kind.NONE
    for place, value in enumerate(values):
        hidden = kind is not Kind.NONE
        items.append(_under(kind, value, rules, depth + 1) if hidden else _plain(value, rules, depth + 1))
        flag = isinstance(value, str) and (value.startswith("--") or is_word(value[1:])) and value[:1] == "-"
        pair = place == 0 and len(values) == 2 and not is_word(str(values[1]))
        kind = Kind.NONE
        if isinstance(value, str) and not hidden and "=" not in value and (flag or pair):
            kind = rules.kind_of(value)
    return values if all(a is b for a, b in zip(items, values, strict=True)) else items


def _number(value: object, rules: Rules) -> object:
    """A number whose digits may be a secret."""
    text = str(value)
    masked = rules.mask_text(text)
    return value if masked == text else masked


def _plain(value: object, rules: Rules, depth: int) -> object:
    """A value whose key tells nothing."""
    if isinstance(value, str):
        return rules.mask_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        telling = rules.every_number or (value > 10**13 and isinstance(value, int))
        return _number(value, rules) if telling else value
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return mask_mapping(value, rules, depth + 1)
    if isinstance(value, (list, tuple)):
        return _items(value, rules, depth)
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        masked = rules.mask_text(text)
        return value if masked == text else masked
    return value


def _name_of(fields: Mapping[str, object]) -> str:
    """What a `{"name": "password", "value": …}` object names; empty for any other."""
    for name, value in fields.items() if len(fields) <= 8 else ():
        if isinstance(value, str) and isinstance(name, str) and name.lower() in _NAME_KEYS:
            return value
    return ""


def _of(name: str, value: object, rules: Rules, depth: int) -> object:
    """A value whose name tells no secret; what identifies or counts something is no card and no phone."""
    if is_flow_id(name) and isinstance(value, (str, int)) and _is_id(str(value)):
        return value
    if not rules.every_number and is_id_like(name):
        if isinstance(value, (list, tuple)):
            items = [_of(name, one, rules, depth + 1) for one in value]
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
        if isinstance(value, int) or (isinstance(value, str) and _numbers.is_number(value)):
            return value
    return _plain(value, rules, depth)


def mask_mapping(fields: Mapping[str, object], rules: Rules, depth: int) -> Mapping[str, object]:
    """A mapping with secrets masked; the same object where nothing changed."""
    made: dict[str, object] = {}
    changed = False
    kind_of, mask_text = rules.kind_of, rules.mask_text
    called = _name_of(fields)
    named = kind_of(called) if called else Kind.NONE
    for name, value in fields.items():
        text = name if isinstance(name, str) else str(name)
        kind = kind_of(text)
        if kind is Kind.PLURAL and not isinstance(value, (Mapping, list, tuple)):
            kind = Kind.NONE
        if kind is Kind.NONE and named is not Kind.NONE and text.lower() in _VALUE_KEYS:
            kind = named
        if kind is not Kind.NONE:
            shown = _under(kind, value, rules, depth)
        elif called and text.lower() in _VALUE_KEYS:
            shown = _of(called, value, rules, depth)
        else:
            shown = _of(text, value, rules, depth)
        key = mask_text(name) if isinstance(name, str) else name
        changed = changed or shown is not value or key is not name
        made[key] = shown
    return made if changed else fields


def _is_id(text: str) -> bool:
    return len(text) <= 256 and "@" not in text and not any(c.isspace() for c in text)
