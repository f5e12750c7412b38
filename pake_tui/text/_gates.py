"""Cheap looks that let clean lines pass: a set of words known to be clean, and the shape of digits.

Measured on public log lines the word set costs 1.7 µs a line where one large alternation costs 8.6.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from itertools import filterfalse

from pake_tui.text._keys import NOISE

_LETTERS = bytes(ord(chr(n).lower()) if chr(n) in string.ascii_letters else 0x20 for n in range(256))
_DIGITS = bytes(
    0x30 if 0x30 <= n <= 0x39 else 0x2D if n == 0x2E else n if n < 128 else 0x3F for n in range(256)
)
_TOKENS = bytes(0x61 if chr(n).isalnum() or chr(n) in "_-" else n for n in range(128)) + b" " * 128
_LONG_RUN = b"a" * 23 + b"."
_DOTS = re.compile(rb"\.[\w?-]{6,7}\.[\w?-]{27}")
"""The last two parts of such a token; begins with a sign that a search leaps to. `?` may be any letter."""
CRYPT = re.compile(r"\$(?:apr1|[1568y]|2[abxy]?|argon2(?:id|i|d))\$[\w./=,$+]{20,255}")
"""A password's hash, as crypt(5) writes it."""
_KNOWN_LIMIT = 20_000
_LONGEST_KNOWN = 40
"""So that the names of classes are remembered, which are words of some thirty letters."""

STEMS = (
    "pass", "pwd", "psk", "secret", "token", "jwt", "otp", "cvv", "cvc", "cvn", "csc", "cookie",
    "cred", "auth", "key", "ssn", "social", "card", "pan", "phone", "mobile", "msisdn", "tel",
    "fax", "handset", "whatsapp", "pin", "sess", "code", "sig", "bearer", "tan", "mnemonic",
    "phrase", "sid", "csrf", "xsrf", "itin", "cell", "pw", "ccn", "saml", "assertion", "verifier",
)  # fmt: skip
"""What every key to a secret contains one of; the order numbers the bits of a look."""

_NOISE = sorted((word.encode() for word in NOISE), key=len, reverse=True)
_STEM_GATE = re.compile(
    rb"passw|passp|passc|passk|pwd|psk|secret(?!ar|ly$|s$)|token(?!iz|s$)|jwt|otp|cv[vcn]|csc|cookie"
    rb"|cred(?!it$|its$|ib)|authorization|^key|ssn|social|card|phone[a-z]{0,6}$|mobile[a-z]{0,6}$|msisdn|^tel$|^fax$|handset"
    rb"|whatsapp|^pin$|pincode|sess(?:ion)?id|sessid|^sig$|signature|^bearer$|^tan$|^sid$|mnemonic|phrase|connectsid"
    rb"|csrf|xsrf|^saml|assertion$|verifier$|^itin(?!er)|^ccn(?:um|o)$|^cell$|cellphone|(?:^|[a-z]{2})pw$"
    rb"|(?:pass|key|pan|code)(?:" + b"|".join(_NOISE) + rb"){0,2}$"
)
_OF_STEM = {stem.encode(): 1 << place for place, stem in enumerate(STEMS)}
_ALL_STEMS = re.compile(b"|".join(sorted(_OF_STEM, reverse=True)))

SHAPE = 1 << 60
PROSE = 1 << 61
SENT = 1 << 62
_SHAPE_GATE = re.compile(
    rb"^akia|^asia|^abia|^acca|^gh[pousr]$|^github$|^gl[a-z]{0,4}[ts]$|^xox|^xapp$|^[srp]k$|^sk[a-f]{1,3}$|^aiza"
    rb"|^npms?$|^pypi$"
    rb"|^hf$|^sg$|^hv[sb]$|^do[opr]$|^shp|eyj|^begin$|^hooks$|webhook|^ya$|^dckr$|^lin$|^sq[a-z]?$|^rubygems$|^pul$|^nrak"
    rb"|^ltai|^tskey$|^figd$|^ntn$|^sntry[a-z]$|^sbp$|^atatt|^gsk$|^pplx$|^age$|^amzn$|^eaa|^atlasv$|^whsec$|^tfp$"
    rb"|^dapi[a-f]*$|^gls[ac]$|^pmak$|^xkeysib$|^flwseck$|^cfpat$|^sgp$|^akcp|^atbb|^pscale$|^nvapi$|^xai$"
    rb"|^pcsk$|^nr(?:js|ii)$"
)
_PROSE_WORDS = frozenset(
    b"bearer basic digest negotiate ntlm docker curl identified sshpass mysql mysqldump mysqladmin mariadb "
    b"redis requirepass wget smbclient bindpw rootpw masterauth sqlplus htpasswd useradd usermod "
    b"mongo mongosh mongodump mongorestore mongoexport mongoimport ldapsearch ldapmodify ldapadd ldapdelete "
    b"ldappasswd ldapwhoami".split()
)
_TOUCHING = b"abcdefnrt"

_known: set[bytes] = set()
_hot: dict[bytes, int] = {}


def _look_at(word: bytes) -> int:
    bits = 0
    if _STEM_GATE.search(word):
        for found in _ALL_STEMS.finditer(word):
            bits |= _OF_STEM[found[0]]
    # The letter of an escape (`\\n`) or the last of a percent code may touch the word.
    for bare in (word, word[1:]) if word[0] in _TOUCHING else (word,):
        bits |= (SHAPE if _SHAPE_GATE.search(bare) else 0) | (PROSE if bare in _PROSE_WORDS else 0)
        bits |= SENT if bare == b"auth" else 0
    return bits


def _remember(word: bytes) -> int:
    bits = _look_at(word)
    if len(word) <= _LONGEST_KNOWN:
        if len(_known) + len(_hot) > _KNOWN_LIMIT:
            _known.clear()
            _hot.clear()
        if bits:
            _hot[word] = bits
        else:
            _known.add(word)
    return bits


def word_bits(raw: bytes) -> int:
    """Bits of the stems, shapes and prose that the words of a line hint at; 0 for a clean line."""
    words = raw.translate(_LETTERS).split()
    if _known.issuperset(words):
        return 0
    bits = 0
    for word in filterfalse(_known.__contains__, words):
        found = _hot.get(word)
        bits |= _remember(word) if found is None else found
    return bits


@lru_cache(maxsize=4096)
def stems_of(bits: int) -> tuple[str, ...]:
    """The stems whose bits are set."""
    return tuple(stem for place, stem in enumerate(STEMS) if bits >> place & 1)


CARD, SSN, PHONE, BLANK_PHONE, INTERNATIONAL = (1 << place for place in range(5))
_PLUS = re.compile(r"\+0(?:[ \-()]{0,2}0){6}")
_CODED_PLUS = re.compile(r"%0[Bb]0(?:[ \-()]{0,2}0){6}")
_RUN = "0" * 14
_CARD_SHAPE = re.compile(
    rb"0000(?:(?<!00000)|(?<=%000000))(?:([ -])(?:(?:0000\1){2}|000000\1)00000?|0{10,12})(?![\w/])"
)
"""Digits grouped as on a card, none beside them but those of a percent code: all that `_numbers` finds."""


def number_bits(raw: bytes) -> int:
    """Which kinds of numbers the digits of a line may hold, told by how they stand; 0 for most lines."""
    # As `str`: `in` on bytes first takes what it looks for as a number, and that takes longer than the look.
    shape = raw.translate(_DIGITS).decode()
    bits = CARD if _RUN in shape else 0
    if "00-0000" in shape:
        bits |= CARD if "0000-0000-0000" in shape or "000000-0000" in shape else 0
        bits |= SSN if "000-00-0000" in shape else 0
        bits |= PHONE if "000-000-0000" in shape or "000)" in shape else 0
        bits |= BLANK_PHONE if "000 000-0000" in shape else 0
    if "00 0000" in shape:
        bits |= CARD if "0000 0000 0000" in shape or "000000 0000" in shape else 0
        bits |= SSN if "000 00 0000" in shape else 0
        bits |= BLANK_PHONE if "000 000 0000" in shape or "000-000 0000" in shape else 0
        bits |= PHONE if "000) 000 0000" in shape else 0
    if ("+" in shape and _PLUS.search(shape)) or ("%" in shape and _CODED_PLUS.search(shape)):
        bits |= INTERNATIONAL
    return bits


def like_card(text: str) -> bool:
    """Whether digits may stand as on a card; `number_bits` hints at one for timestamps and long IDs too."""
    return not text.isascii() or _CARD_SHAPE.search(text.encode().translate(_DIGITS)) is not None


def has_dotted(text: str, raw: bytes) -> bool:
    """Whether what only chat bots' tokens have stands in a line: `:AA`, or a long run and two dots; or a
    password's hash, as crypt(5) writes it.
    """
    if "$" in text and CRYPT.search(text):
        return True
    return ":AA" in text or (_DOTS.search(raw) is not None and _LONG_RUN in raw.translate(_TOKENS))
