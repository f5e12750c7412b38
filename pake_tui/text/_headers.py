"""The two headers whose values have a form of their own: cookies and authorization."""

from __future__ import annotations

import re

from pake_tui.text._keys import Kind, word_set
from pake_tui.text._shapes import is_basic
from pake_tui.text._values import (
    MASK,
    Masked,
    bare_end,
    is_placeholder,
    line_end,
    looks_random,
    outer_end,
    quoted_end,
)
from pake_tui.text.late import late

_SCHEME = late(
    r"(?i)(bearer|basic|token|jwt|api-?key|key|bot|negotiate|ntlm|sharedkey(?:lite)?|dpop|splunk|private-token|genie-?key"
    r"|(digest|aws4-[\w-]{4,40}|oauth|hawk|signature|hmac(?:-[\w-]{2,20})?|mac))(?:[ ]{1,4}|%20|\+)"
)
_ANY_SCHEME = late(r"[A-Za-z][\w-]{1,40}[ ]{1,4}(?=[^\s\"'])")
_WORD = late(r"\w")
_COOKIE_PAIR = late(
    r"([^\s;=,\"'\\]{1,128}=)"
    r"(?:([{\[][^;=\n\r]{1,1024}[}\]])|(\\{0,8}\")([^\"\n\r]{0,8192}?)(?=\3)|((?:[^;\s\"'\\]|\\(?![\"'nr])){1,8192}))"
)
_COOKIES = late(r"(?:[=:{,\[]\\{0,8}\"[^\"\n\r]{0,4096}\"|\\(?![\"nr\\])|'(?=\w)|[^\n\r\"'\\])*")
_LONG_WORD = 4096
_COOKIE_ATTRIBUTES = word_set(
    "path domain expires max-age samesite secure httponly priority partitioned version comment"
)
_HEADER_END = late(r"[\n\r\"]|\\r|\\n|\\\"|'(?!\w)")


def _cookies(text: str, at: int, end: int, separator: str) -> Masked | None:
    value = text[at:end]

    def pair(found: re.Match[str]) -> str:
        name, quote = found[1][:-1].lower(), found[3] or ""
        if name in _COOKIE_ATTRIBUTES or is_placeholder(found[2] or found[4] or found[5] or ""):
            return found[0]
        return f"{found[1]}{quote}{MASK}"

    if "=" in value:
        return (at, end, _COOKIE_PAIR.sub(pair, value))
    stop = min(end, bare_end(text, at))
    value = text[at:stop]
    told = separator != ":" and not is_placeholder(value, in_sentence=True)
    return (at, stop, MASK) if told or looks_random(value) or (len(value) >= 16 and value.isalnum()) else None


def _authorization(text: str, at: int, end: int, separator: str, quoted: bool) -> Masked | None:
    found = _SCHEME.match(text, at)
    listed = bool(found and found[2])
    other = _ANY_SCHEME.match(text, at) if not found and (quoted or separator == ":") else None
    if other and other.end() <= end:
        following = text[other.end() : min(end, bare_end(text, other.end()))]
        if following.isalpha() and not quoted:
            return None  # a sentence about the header
        listed = "=" in text[other.end() : end] or "," in text[other.end() : end]
    start = next((one.end() for one in (found, other) if one and one.end() <= end), at)
    whole = quoted or listed
    if listed and not quoted:
        end = outer_end(text, at)
    stop = end if whole else min(end, bare_end(text, start))
    value = text[start:stop]
    if is_placeholder(value) or (value.startswith(MASK) and not _WORD.search(value, len(MASK))):
        return None
    if found and found[1].lower() == "basic" and not (quoted or is_basic(value) or looks_random(value)):
        return None
    return (start, stop, MASK)


def header(kind: Kind, text: str, at: int, quote: str, separator: str) -> Masked | None:
    """A cookie or authorization header's value with its secrets masked."""
    if kind is Kind.AUTHORIZATION and not quote and text[at : at + 1] == "[" and _SCHEME.match(text, at + 1):
        # A list of one, as Java and Go print headers.
        stop = text.find("]", at)
        return _authorization(text, at + 1, len(text) if stop < 0 else stop, separator, False)
    if quote:
        end = quoted_end(text, at, quote)
    elif kind is Kind.COOKIE and separator != ":":
        end = bare_end(text, at, "%" in separator)
    elif kind is Kind.COOKIE:
        # Without any pair in the line there is one word at most; one that long ends like any other.
        word = text.find("=", at, line_end(text, at)) < 0
        end = bare_end(text, at) if word else len(text)
        if not word or end - at < _LONG_WORD:
            found = _COOKIES.match(text, at, end)
            end = found.end() if found else at
    else:
        found = _HEADER_END.search(text, at)
        end = found.start() if found else len(text)
    return (
        _cookies(text, at, end, separator)
        if kind is Kind.COOKIE
        else _authorization(text, at, end, separator, bool(quote))
    )
