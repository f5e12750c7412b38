"""The configuration's `masking:`: what is wrong with its keys and patterns."""

from __future__ import annotations

from collections.abc import Iterator

from pake_tui.query.regexes import RegexError, settled
from pake_tui.text.own import unfit

Problem = tuple[str, str, str]


def validate_keys(raw: object) -> list[Problem]:
    """What is wrong with names of fields: (place in the list, message, what would be accepted) each."""
    found = ((place, unfit(key)) for place, key in _texts(raw))
    return [(place, why, "the name of a field, e.g. member_no") for place, why in found if why]


def validate_patterns(raw: object) -> list[Problem]:
    """What is wrong with patterns: no regular expression, without bound, or one that matches nothing."""
    found = []
    for place, pattern in _texts(raw):
        try:
            settled(pattern)
        except RegexError as error:
            wanted = r"a pattern that ends by itself, e.g. 'ORD-\d{6,12}'"
            found.append((place, f"{error}, at character {error.position + 1}", wanted))
    return found


def _texts(raw: object) -> Iterator[tuple[str, str]]:
    """The entries of a list with their places."""
    for number, one in enumerate(raw if isinstance(raw, (list, tuple)) else ()):
        yield str(number), str(one)
