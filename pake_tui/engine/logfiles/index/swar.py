"""Eight bytes at a time: finding quotes inside words, hashing keys and IDs, all with numpy."""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray

from pake_tui.engine.logfiles.index import hashing

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
_U = np.uint64
_ONES, _HIGHS, _LOWS = _U(0x0101_0101_0101_0101), _U(0x8080_8080_8080_8080), _U(0x7F7F_7F7F_7F7F_7F7F)
_QUOTES, _BACKSLASHES = _U(0x22) * _ONES, _U(0x5C) * _ONES
_FOLD, _BLANKS = _U(hashing.FOLD), _U(0x21) * _ONES
_SEVEN, _SHIFT = _U(7), _U(64 - hashing.HALF)
_MIX_PREFIX, _MIX_WHOLE, _MIX_LENGTH = map(_U, (hashing.MIX_PREFIX, hashing.MIX_WHOLE, hashing.MIX_LENGTH))
_TRACEPARENT = 55
_MOST_WINDOWS = 32
_KEY_WINDOWS = 3

# Chosen anew in each process, so that nobody can write lines whose shapes are taken for one another.
_RANDOM = np.array([secrets.randbits(64) | 1 for _ in range(256 + 64 + _KEY_WINDOWS + 1)], np.uint64)
KIND, ORDER, _MIX_KEY, DEPTH = _RANDOM[:256], _RANDOM[256:320], _RANDOM[320:-1], _RANDOM[-1]
_ABOVE = np.array([(~((1 << 8 * (byte + 1)) - 1)) & (1 << 64) - 1 for byte in range(8)], np.uint64)
"""The bytes of a word behind byte n."""


def until_quote(words: Words) -> tuple[Words, NDArray[np.bool_]]:
    """The words up to their first quote, and whether they have one."""
    first = _first_quote(words)
    return words & ((first >> _SEVEN) - _U(1) | _all_where(first == 0)), first != 0


def _first_quote(words: Words) -> Words:
    """The high bit of each word's first quote."""
    hidden = words ^ _QUOTES
    hidden = (hidden - _ONES) & ~hidden & _HIGHS
    return hidden & (~hidden + _U(1))


def _all_where(condition: NDArray[np.bool_]) -> Words:
    return ~(condition.astype(np.uint64) - _U(1))


def hash_keys(words: Words, close: Ints) -> tuple[Words, Ints]:
    """A hash of each key by its closing quote, and where it opens; -1 for one of 24 bytes or more."""
    hashes = np.zeros(len(close), np.uint64)
    opens = np.full(len(close), -1, np.int64)
    left: Ints | None = None
    ends = close
    for window in range(_KEY_WINDOWS):
        inside = words[ends - 8]
        hidden = inside ^ _QUOTES
        quotes = ~(((hidden & _LOWS) + _LOWS) | hidden | _LOWS)
        # The highest bit set is the quote nearest to the key's end: a float's exponent tells it.
        bit = (quotes.astype(np.float64).view(np.int64) >> 52) - 1023
        none = quotes == 0
        byte = np.where(none, -1, bit >> 3)
        inside = np.where(none, inside, inside & _ABOVE.take(byte, mode="clip")) * _MIX_KEY[window]
        starts = np.where(none, -1, ends - 8 + byte)
        if left is None:
            hashes, opens = inside, starts
        else:
            hashes[left] += inside
            opens[left] = starts
        more = np.flatnonzero(none)
        if not len(more):
            break
        left = more if left is None else left[more]
        ends = ends[more] - 8
    return hashes, opens


def hash_ids(words: Words, starts: Ints, *, escapes: bool) -> tuple[Words, NDArray[np.bool_]]:
    """`hashing.hash_of` of the IDs that begin at places and end at a quote; False where that is not sure.

    Not sure are those with blanks, letters beyond ASCII, escapes, or the length of a traceparent.
    """
    whole = np.zeros(len(starts), np.uint64)
    prefix = whole
    good = np.ones(len(starts), np.bool_)
    last = len(words) - 1
    left: Ints | None = None
    for window in range(_MOST_WINDOWS + 1):
        raw = words[np.minimum(starts, last)]
        first = _first_quote(raw)
        ended = first != 0
        mask = (first >> _SEVEN) - _U(1) | _all_where(~ended)
        folded = (raw | _FOLD) & mask
        padded = raw & mask | ~mask & _LOWS
        odd = ((padded - _BLANKS) & ~padded | padded) & _HIGHS
        if escapes:
            hidden = (raw & mask) ^ _BACKSLASHES
            odd |= (hidden - _ONES) & ~hidden & _HIGHS
        mixed = (folded if left is None else whole[left] ^ folded) * _MIX_WHOLE
        mixed = np.where(ended, (mixed ^ first) * _MIX_LENGTH, mixed)
        fine = odd == 0
        if window == _TRACEPARENT // 8:
            fine &= first != _U(0x80 << 8 * (_TRACEPARENT % 8))
        if left is None:
            whole, prefix, good = mixed, (folded * _MIX_PREFIX) >> _SHIFT, fine
        else:
            whole[left] = mixed
            good[left] &= fine
        more = np.flatnonzero(~ended)
        if not len(more):
            return prefix << _U(hashing.HALF) | whole >> _SHIFT, good
        left = more if left is None else left[more]
        starts = starts[more] + 8
    good[left] = False
    return prefix << _U(hashing.HALF) | whole >> _SHIFT, good
