"""What must stand in the raw bytes of a record that matches, so that a reader need not parse the others.

Masking hides characters and shows none that were not there but `*` and blanks between them; escapes of JSON
leave runs of letters and digits whole. So only such runs are needles, and only those with a letter: digits
may be regrouped by the masker (a phone number's last four). An ID that matches is one that was not masked,
so all of it stands there. Where bytes are written otherwise (colour codes or signs that nobody sees inside
a word, letters escaped or of full width) `trusted` says no.
"""

from __future__ import annotations

import re

from pake_tui.query.nodes import And, Equals, FieldRegex, Node, Or, Regex, Text
from pake_tui.query.regexes import literals

_RUN = re.compile(r"[A-Za-z0-9_]+")
_ID_RUN = re.compile(r"[A-Za-z0-9_.-]+")
_ESCAPE = r"\\u(?:00(?:00|2[dDeE]|3[0-9]|[4-7])|200[b-dB-D]|2060|[fF][eE][fF][fF]|[fF][fF][1-5])"
_ESCAPED = re.compile(_ESCAPE.encode())
_BACKSLASH = ord("\\")
"""One byte is looked for much faster than several."""
_RARE = (
    "\u212a".encode(),
    "\u0130".encode(),
    b"\xe2\x80",
    b"\xe2\x81\xa0",
    b"\xef\xbb\xbf",
    b"\xef\xbc",
    b"\xef\xbd",
)
"""What a letter of `_ODD` begins with; other signs do, too."""
_ODD = (
    r"\xe2\x84\xaa|\xc4\xb0|\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf|\xef\xbc[\x90-\x99\x9d\xa1-\xba]"
    r"|\xef\xbd[\x81-\x9a]"
)
"""The two letters beyond ASCII that become ASCII in lower case, and what `text.safe.bare` takes or alters."""
_ODDITY = re.compile(_ODD.encode())
DOUBTFUL = "|".join((r"\x1b", r"\x00", _ESCAPE, _ODD))
"""All of what `trusted` looks for, as one expression over bytes."""
SHORTEST = 3
_NOT_IN_THE_TEXT = ("level", "service")
"""What a record has under these names may be another word than stands there, or be told by its file."""


def trusted(raw: bytes) -> bool:
    """Whether needles say anything about these bytes."""
    if b"\x1b" in raw or b"\x00" in raw:
        return False
    if not raw.isascii() and any(one in raw for one in _RARE) and _ODDITY.search(raw):
        return False
    return _BACKSLASH not in raw or _ESCAPED.search(raw) is None


def missing(needles: tuple[frozenset[bytes], ...], raw: bytes) -> bool:
    """Whether no record inside these bytes can match."""
    if not needles:
        return False
    lowered = raw.lower()
    return any(not any(one in lowered for one in some) for some in needles) and trusted(raw)


def best_of(needles: tuple[frozenset[bytes], ...]) -> frozenset[bytes]:
    """The set of needles that excludes most."""
    return max(needles, key=_weight)


def needles_of(node: Node | None) -> tuple[frozenset[bytes], ...]:
    """Sets of literals, one of each set needed; empty where nothing is known."""
    if isinstance(node, Text):
        return _of_literal(node.text)
    if isinstance(node, Regex) or (
        isinstance(node, FieldRegex) and node.name.lower() not in _NOT_IN_THE_TEXT
    ):
        return _any_of([_of_literal(" ".join(runs)) for runs in literals(node.pattern)])
    if isinstance(node, Equals) and node.name == "cid":
        return _longest(_ID_RUN.findall(max(node.value.parts, key=len)))
    if isinstance(node, Equals) and node.name.lower() not in _NOT_IN_THE_TEXT:
        return _of_literal(max(node.value.parts, key=len))
    if isinstance(node, And):
        return tuple(dict.fromkeys(some for term in node.terms for some in needles_of(term)))
    if isinstance(node, Or):
        return _any_of([needles_of(term) for term in node.terms])
    return ()


def _any_of(each: list[tuple[frozenset[bytes], ...]]) -> tuple[frozenset[bytes], ...]:
    """The needles where one of several terms is enough."""
    return (frozenset().union(*(max(some, key=_weight) for some in each)),) if all(each) else ()


def _of_literal(text: str) -> tuple[frozenset[bytes], ...]:
    return _longest([run for run in _RUN.findall(text) if not run.isdigit()])


def _longest(runs: list[str]) -> tuple[frozenset[bytes], ...]:
    longest = max(runs, key=len, default="")
    return (frozenset({longest.lower().encode()}),) if len(longest) >= SHORTEST else ()


def _weight(some: frozenset[bytes]) -> int:
    """Longer literals exclude more."""
    return min(len(one) for one in some)
