"""The one masker: `mask_text` for text, `mask_fields` for fields; the same object where nothing changed.

Order: shapes and PEM, URL userinfo, e-mail, keys and values, Bearer and friends, numbers. Cheap gates let
clean text pass; every pattern is bounded or anchored, so time grows with the length of the text. What is
masked is masked for good: a second pass changes nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pake_tui.text import _gates
from pake_tui.text._fields import Rules, field_kind, mask_mapping
from pake_tui.text._keys import kind_of
from pake_tui.text._mail import mask_mail
from pake_tui.text._numbers import mask_numbers
from pake_tui.text._pairs import mask_pairs
from pake_tui.text._shapes import (
    mask_configured,
    mask_cut,
    mask_dotted,
    mask_mailgun,
    mask_prose,
    mask_sent,
    mask_shapes,
    mask_userinfo,
)
from pake_tui.text._values import MASK
from pake_tui.text.own import NOTHING, Own
from pake_tui.text.safe import bare, strip_ansi

_PASS_STEMS = 1 << _gates.STEMS.index("pass") | 1 << _gates.STEMS.index("secret")
_SSN_STEMS = 1 << _gates.STEMS.index("ssn") | 1 << _gates.STEMS.index("social")
_ESCAPED = re.compile(
    r"\\\\{0,7}u(00(?:00|(?!22|27|5[Cc])[2-7][0-9A-Fa-f](?<!7[Ff]))|200[b-dB-D]|2060|[fF][eE][fF][fF]"
    r"|[fF][fF][1-5][0-9A-Fa-f])"
)
"""JSON's way to write an ASCII letter, a sign that nobody sees or a letter of full width so that nobody finds
it; quotes and backslashes stay.
"""
_COLOURS = re.compile(r"\\\\{0,7}(?:u001[bB]|x1[bB]|033)\[[0-9;:]{0,32}[mK]")
"""Terminal escapes as JSON and others write them."""
_MOST_PASSES = 3
_STEM_BITS = (1 << len(_gates.STEMS)) - 1


def mask_text(text: str, own: Own = NOTHING) -> str:
    """The text with its secrets masked; `text` itself where it has none. Never raises; linear time but for
    patterns of the user's `own`.

    Where terminal escapes, signs that nobody sees or JSON's `\\u00…` would hide a secret, they are undone
    together with it.
    """
    # A call that changes nothing costs a clean line as much as looking for a word.
    plain = strip_ansi(text) if "\x1b" in text else text
    if "\\" in plain:
        plain = _COLOURS.sub("", plain)
        plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), plain)
    if "\x00" in plain or not plain.isascii():
        plain = bare(plain)
    masked, stages = _pass(plain, own)
    if stages == 0 or masked == plain:
        return text
    # Where several secrets touch, a mask may change where its neighbour ends: once more until it rests.
    for _ in range(_MOST_PASSES):
        if stages < 2 and masked.count(MASK) < 2:
            break
        before = masked
        masked, stages = _pass(before, own)
        if masked == before:
            break
    return masked


def _pass(plain: str, own: Own) -> tuple[str, int]:
    """One pass over a text, and how many of its stages changed it."""
    raw = plain.encode("ascii", "replace")
    bits = _gates.word_bits(raw)
    numbers = _gates.number_bits(raw)
    mail = "@" in plain or ("%" in plain and "%40" in plain)
    dotted = _gates.has_dotted(plain, raw)
    named = own.stems_in(plain) if own.keys else ()
    masked = own.hide(plain) if own.patterns else plain
    if "://" in masked:
        masked = mask_cut(masked)
    if not (bits or numbers or mail or dotted or named):
        return masked, int(masked is not plain)
    stages = int(masked is not plain)
    if bits & _gates.SHAPE and (after := mask_shapes(masked)) != masked:
        masked, stages = after, stages + 1
    if dotted and (after := mask_dotted(masked)) != masked:
        masked, stages = after, stages + 1
    if mail and (after := mask_mail(mask_userinfo(masked))) != masked:
        masked, stages = after, stages + 1
    if bits & _STEM_BITS or named:
        stems = (*_gates.stems_of(bits), *named)
        if (after := mask_pairs(mask_mailgun(masked), stems, own.kind_of if named else kind_of)) != masked:
            masked, stages = after, stages + 1
    if bits & _gates.SENT and (after := mask_sent(masked)) != masked:
        masked, stages = after, stages + 1
    if bits & _PASS_STEMS and (after := mask_configured(masked)) != masked:
        masked, stages = after, stages + 1
    if bits & _gates.PROSE and (after := mask_prose(masked)) != masked:
        masked, stages = after, stages + 1
    if numbers and (after := mask_numbers(masked, numbers, bool(bits & _SSN_STEMS))) != masked:
        masked, stages = after, stages + 1
    return masked, stages


def _as_it_is(text: str) -> str:
    return text


_RULES = {True: Rules(mask_text, field_kind), False: Rules(_as_it_is, field_kind)}


@lru_cache(maxsize=16)
def _rules_of(own: Own, by_shape: bool) -> Rules:
    """How fields are masked where the user has secrets of their own: patterns look at every number too."""
    by_text = (lambda text: mask_text(text, own)) if by_shape else _as_it_is
    return Rules(by_text, own.field_kind, bool(by_shape and own.patterns))


def mask_fields(fields: dict[str, object], *, by_shape: bool = True, own: Own = NOTHING) -> dict[str, object]:
    """The fields with secrets masked at any depth, by key and by shape; `fields` itself where there are none.

    Under a secret key every leaf is masked, numbers too; values of correlation IDs stay what they are.
    Without `by_shape` only keys decide: for values that were masked by their shape already.
    """
    rules = _RULES[by_shape] if own is NOTHING else _rules_of(own, by_shape)
    masked = mask_mapping(fields, rules, 0)
    return masked if isinstance(masked, dict) else dict(masked)
