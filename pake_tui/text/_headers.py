"""The two headers whose values have a form of their own: cookies and authorization."""

from __future__ import annotations

import re

from pake_tui.text._keys import Kind, word_set
from pake_tui.text._shapes import MASK, is_basic
from pake_tui.text._values import Masked, bare_end, is_placeholder, line_end, looks_random, quoted_end
from pake_tui.text.late import late

_SCHEME = late(
    r"(?i)(bearer|basic|token|jwt|api-?key|key|bot|negotiate|ntlm|sharedkey(?:lite)?|dpop|splunk|private-token|genie-?key"
    r"|(digest|aws4-[\w-]{4,40}|oauth|hawk|signature|hmac(?:-[\w-]{2,20})?|mac))(?:[ ]{1,4}|%20|\+)"
)
_COOKIE_PAIR = late(r"([^\s;=,\"']{1,128}=)([^;\s\"']{1,8192})")
_COOKIE_ATTRIBUTES = word_set(
    "path domain expires max-age samesite secure httponly priority partitioned version comment"
)
_HEADER_END = late(r"[\n\r\"]|\\r|\\n|\\\"|'(?!\w)")


def _cookies(text: str, at: int, end: int) -> Masked | None:
    value = text[at:end]

    def pair(found: re.Match[str]) -> str:
        name = found[1][:-1].lower()
        return found[0] if name in _COOKIE_ATTRIBUTES or is_placeholder(found[2]) else found[1] + MASK

    if "=" in value:
        return (at, end, _COOKIE_PAIR.sub(pair, value))
    stop = bare_end(text, at)
    return (at, stop, MASK) if looks_random(text[at:stop]) else None


def _authorization(text: str, at: int, end: int, quoted: bool) -> Masked | None:
    found = _SCHEME.match(text, at)
    start = found.end() if found and found.end() <= end else at
    whole = quoted or bool(found and found[2])
    if found and found[2] and not quoted:
        end = line_end(text, at)
    stop = end if whole else min(end, bare_end(text, start))
    value = text[start:stop]
    if is_placeholder(value) or value.startswith(MASK):
        return None
    if found and found[1].lower() == "basic" and not (quoted or is_basic(value) or looks_random(value)):
        return None
    return (start, stop, MASK)


def header(kind: Kind, text: str, at: int, quote: str, separator: str) -> Masked | None:
    """A cookie or authorization header's value with its secrets masked."""
    if quote:
        end = quoted_end(text, at, quote)
    elif kind is Kind.COOKIE and separator != ":":
        end = bare_end(text, at)
    else:
        found = _HEADER_END.search(text, at)
        end = found.start() if found else len(text)
    return _cookies(text, at, end) if kind is Kind.COOKIE else _authorization(text, at, end, bool(quote))
