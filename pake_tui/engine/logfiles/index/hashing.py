"""Correlation IDs as numbers: 48 bits, the upper half told by the first eight characters, the lower by all.

So one sorted list answers both a whole ID and a beginning of eight characters. Case does not count. The lists
only say where an ID may be, so 48 bits do: in four million IDs one in sixty million others looks like one of
them, or one in four where all begin alike; that costs one more block to read.
"""

from __future__ import annotations

import re

PREFIX = 8
HALF = 24
FOREIGN = (1 << 2 * HALF) - 1
"""Stands for every ID with a letter beyond ASCII; such blocks are candidates for any ID."""
FOLD = 0x2020_2020_2020_2020
MIX_PREFIX = 0x9E37_79B9_7F4A_7C15
MIX_WHOLE = 0xD6E8_FEB8_6659_FD93
MIX_LENGTH = 0xA076_1D64_78BD_642F
_WORD = (1 << 64) - 1
_PLAIN = re.compile(r"[A-Za-z0-9_.:/=@#|~;,&%!-]+")
"""Signs of an ID that no mask puts where others stood: masked values have `*`, blanks or parentheses."""


def searchable(text: str) -> bool:
    """Whether an ID, or the beginning of one, can be looked up."""
    return _PLAIN.fullmatch(text) is not None


def hash_of(identifier: str) -> int:
    """The 48 bits of an ID without blanks around it."""
    if not identifier.isascii():
        return FOREIGN
    raw = identifier.encode()
    whole = 0
    for at in range(0, len(raw) + 1, 8):
        whole = (whole ^ _folded(raw[at : at + 8])) * MIX_WHOLE & _WORD
    whole = (whole ^ (0x80 << 8 * (len(raw) % 8))) * MIX_LENGTH & _WORD
    return prefix_of(identifier) << HALF | whole >> 64 - HALF


def prefix_of(text: str) -> int:
    """The upper 24 bits of every ID that begins with these eight characters, or is this shorter one."""
    return (_folded(text[:PREFIX].encode()) * MIX_PREFIX & _WORD) >> 64 - HALF


def _folded(raw: bytes) -> int:
    number = int.from_bytes(raw, "little")
    return (number | FOLD) & (1 << 8 * len(raw)) - 1
