"""SafeText: the only text that widgets draw. Control, bidi and other invisible characters become visible."""

from __future__ import annotations

import re
import unicodedata

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"
    r"|[ -/]{0,4}[0-Z\\^-~])"
)
_RISKY = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_HIDING = re.compile("[\x00\u200b-\u200d\u2060\ufeff\uff10-\uff19\uff1d\uff21-\uff3a\uff41-\uff5a]")
"""What stands unseen between letters, and letters, digits and `=` in their full-width form."""


class SafeText(str):
    """Text in which nothing can move a cursor, change a colour or hide: made by `safe` alone."""

    __slots__ = ()


def _picture(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    if character == "\t":
        return " "
    if number < 0x20:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "\u2421"
    if unicodedata.category(character) == "Cs":
        return "\ufffd"
    return f"<{number:X}>"


def strip_ansi(text: str) -> str:
    """The text without terminal escape sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def bare(text: str) -> str:
    """The text without what hides a word in it: NULs, zero-width signs, full-width letters."""
    if text.isascii() and "\x00" not in text:
        return text
    return _HIDING.sub(_bared, text)


def _bared(found: re.Match[str]) -> str:
    number = ord(found[0])
    return chr(number - 0xFEE0) if 0xFF00 < number < 0xFF5F else ""


def storable(text: str) -> str:
    """The text without halves of surrogate pairs, which no UTF-8 can say and no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def safe(text: str) -> SafeText:
    """The text with control and bidi characters as visible pictures (ESC as ␛), tabs as blanks.

    Newlines become ␊: a widget that shows lines splits before it calls this.
    """
    if isinstance(text, SafeText):
        return text
    if text.isascii() and text.isprintable():
        return SafeText(text)
    return SafeText(_RISKY.sub(_picture, text))
