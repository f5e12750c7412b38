"""Numbers that are secrets: payment cards, social security numbers, telephone numbers."""

from __future__ import annotations

import re

from pake_tui.text import _gates, _keys
from pake_tui.text.late import late

_ESCAPED = r"(?<=\\[nrtbf])|(?<=%20)|(?<=%22)|(?<=%3[DdAa])"
"""What may touch a number and is no part of it."""
_CARD = late(
    rf"(?=\d)(?:(?<![\w.\-/+])|{_ESCAPED})"
    r"(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -])\d{6}\2\d{5}"
    r"|3\d{3}([ -])\d{6}\3\d{4}|\d{14,16})"
    r"(?![\w\-/]|\.\d)"
)
_NO_NUMBER_BEFORE = rf"(?=\d)(?:(?<![\w.\-/])|{_ESCAPED})"
_SSN = late(_NO_NUMBER_BEFORE + r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w\-/]|\.\d)")
_SSN_LOOSE = late(_NO_NUMBER_BEFORE + r"(?!000|666|9)\d{3}([ .-])(?!00)\d\d\1(?!0000)\d{4}(?![\w\-/]|\.\d)")
_NANP = late(
    rf"(?=[\d+(])(?:(?<![\w.\-/+*])|{_ESCAPED})"
    r"(?:(?:\+?1[-. ]?)?\(([2-9]\d\d)\)[-. ]?[2-9]\d\d[-. ]\d{4}"
    r"|(?:\+?1[-. ])?([2-9]\d\d)([-.])[2-9]\d\d\3\d{4})(?![\w\-/]|\.\w)"
)
_NANP_BLANK = late(r"(?<![\w.\-/+*])(?:\+?1[-. ])?([2-9]\d\d)[-. ]([2-9]\d\d)[-. ](\d{4})(?![\w\-/]|\.\d)")
_INTERNATIONAL = late(
    rf"(?=[+%])(?:(?<![\w.\-/+:)])|{_ESCAPED})"
    r"(?:\+|%2[Bb])\d(?:[ .\-()]{0,2}\d){7,14}(?![\w/]|[.-]\d|:\d)"
)
_DECIMAL = late(r"\+\d+\.\d+|.*[ .][-+]")
_CODES_2 = _keys.word_set(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 "
    "81 82 84 86 90 91 92 93 94 95 98"
)
_KEY_BEFORE = late(
    r"([A-Za-z][\w.\-]{0,60})(?:\\{0,4}[\"'])?\s{0,2}(?:[=:]|=>|%3[AaDd]|(?<=\w)>)\s{0,2}"
    r"(?:[\[(][\s\d,\"'\\]{0,60})?(?:\\{0,4}[\"'])?$"
)
_FLOW_BEFORE = late(
    r"(?:\\{0,4}[\"'])([A-Za-z][\w.\-]{0,60})\\{0,4}[\"'],\s{0,4}(?:\\{0,4}[\"'])?"
    r"(?:(?:value|val|v|content|data)\\{0,4}[\"']\s{0,4}:\s{0,4}(?:\\{0,4}[\"'])?)?$"
    r"|([A-Za-z][\w.\-]{0,60})[ ]$"
)
"""A name and its value in a list, in an object of both, or with nothing but a blank between."""
_LOOK_BACK = 80
_PHONE_WORDS = late(
    r"(?i)\b(?:phone|tele?|telephone|mobile|call(?:ed|ing|er|back)?|sms|fax|cell|whatsapp|contact|dial(?:ed|ing)?|text(?:ed)?)\b"
)


_MAESTRO = frozenset((5018, 5019, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763))


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = ord(digit) - 48
        if place & 1:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


def _issued(digits: str) -> bool:
    """Whether the first digits belong to a payment network, for the number's length."""
    if not 14 <= len(digits) <= 16:
        return False  # some were of another script
    first, two, four = digits[0], int(digits[:2]), int(digits[:4])
    if len(digits) == 16:
        return (
            first == "4" or 51 <= two <= 55 or 2221 <= four <= 2720 or four == 6011 or two in (35, 62, 65)
            or 644 <= four // 10 <= 649 or 3528 <= four <= 3589 or four in _MAESTRO
        )  # fmt: skip
    if len(digits) == 15:
        return two in (34, 37)
    return len(digits) == 14 and (two in (36, 38, 39) or 300 <= four // 10 <= 305)


def digits_of(text: str) -> str:
    """The ASCII digits of a text."""
    return "".join(c for c in text if "0" <= c <= "9")


def is_number(text: str) -> bool:
    """Whether digits and what parts them make a text up."""
    return len(text) <= 64 and all(c in "0123456789 -.()+" for c in text)


def card_mask(digits: str) -> str:
    """`4111-****-****-1111`."""
    return f"{digits[:4]}-****-****-{digits[-4:]}"


def ssn_mask(digits: str) -> str:
    """`***-**-1234`."""
    return f"***-**-{digits[-4:]}"


def phone_mask(text: str) -> str:
    """`(555) ***-1234` for North America, else the country code and the last four digits."""
    if text[:3] in ("%2B", "%2b"):
        return text[:3] + phone_mask(f"+{text[3:]}")[1:]
    digits = digits_of(text)
    last = digits[-4:]
    if not text.lstrip().startswith(("+", "00")):
        area = digits[1:4] if len(digits) == 11 and digits[0] == "1" else digits[:3]
        return f"({area}) ***-{last}" if len(digits) >= 10 else f"***-{last}"
    digits = digits.removeprefix("00")
    if digits.startswith("1"):
        return f"+1 ({digits[1:4]}) ***-{last}"
    code = digits[:1] if digits.startswith("7") else digits[:2] if digits[:2] in _CODES_2 else digits[:3]
    return f"+{code} *** ***-{last}"


def _key_before(text: str, start: int) -> str:
    before = text[max(0, start - _LOOK_BACK) : start]
    if (found := _KEY_BEFORE.search(before)) and found[1].lower() not in ("value", "val", "v"):
        return found[1]
    found = _FLOW_BEFORE.search(before)
    name = (found[1] or found[2]).lstrip("-") if found else ""
    return name if name and _keys.is_flow_id(name) else ""


def _card(found: re.Match[str]) -> str:
    digits = digits_of(found[0])
    if not (_issued(digits) and luhn(digits)) or _keys.is_id_like(_key_before(found.string, found.start())):
        return found[0]
    return card_mask(digits)


def _ssn(found: re.Match[str]) -> str:
    if _keys.is_flow_id(_key_before(found.string, found.start())):
        return found[0]
    return ssn_mask(found[0])


def _phone(found: re.Match[str]) -> str:
    name = _key_before(found.string, found.start())
    if name and _keys.is_id_like(name):
        return found[0]
    area = next((group for group in found.groups() if group and len(group) == 3), "")
    counted = " " in found[0] and "(" not in found[0] and area[1:] == "00" and area != "800"
    return found[0] if counted or area[1:] == "11" else phone_mask(found[0])


def _international(found: re.Match[str]) -> str:
    digits = digits_of(found[0].removeprefix("%2B").removeprefix("%2b"))
    if digits[:1] in ("", "0") or (digits[0] == "1" and len(digits) != 11) or _DECIMAL.match(found[0]):
        return found[0]
    name = _key_before(found.string, found.start())
    return found[0] if name and _keys.is_id_like(name) else phone_mask(found[0])


def mask_numbers(text: str, bits: int, about_ssn: bool) -> str:
    """Cards, social security and telephone numbers told by their shape; `bits` are what the gate saw.

    With `about_ssn` the text speaks of social security numbers, so that dots and blanks may part them.
    """
    if bits & _gates.CARD and _gates.like_card(text):
        text = _CARD.sub(_card, text)
    if bits & _gates.SSN:
        text = (_SSN_LOOSE if about_ssn else _SSN).sub(_ssn, text)
    if bits & _gates.PHONE:
        text = _NANP.sub(_phone, text)
    if bits & _gates.INTERNATIONAL:
        text = _INTERNATIONAL.sub(_international, text)
    if bits & _gates.BLANK_PHONE and _PHONE_WORDS.search(text):
        text = _NANP_BLANK.sub(_phone, text)
    return text
