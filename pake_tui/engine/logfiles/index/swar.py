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
TRACEPARENT, MOST_ALIKE = 55, 48
_MOST_WINDOWS = 32
_KEY_WINDOWS = 3

# Chosen anew in each process, so that nobody can write lines whose shapes are taken for one another.
_RANDOM = np.array([secrets.randbits(64) | 1 for _ in range(256 + 64 + _KEY_WINDOWS + 1)], np.uint64)
KIND, ORDER, _MIX_KEY, DEPTH = _RANDOM[:256], _RANDOM[256:320], _RANDOM[320:-1], _RANDOM[-1]
KIND[list(b"-0123456789")] = KIND[ord("0")]
_LOW = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
_SPACES = _U(0x20) * _ONES
_PLACES, _TOP = _U(0x0001_0203_0405_0607), _U(56)
"""Times a word with the lowest bit of byte n alone, n comes to its top byte."""


def until_quote(words: Words) -> tuple[Words, NDArray[np.bool_]]:
    """The words up to their first quote, and whether they have one."""
    first = _first_quote(words)
    return words & _below(first), first != 0


def _first_quote(words: Words) -> Words:
    """The high bit of each word's first quote."""
    hidden = words ^ _QUOTES
    found = hidden - _ONES
    found &= ~hidden
    found &= _HIGHS
    found &= np.negative(found)
    return found


def _below(first: Words) -> Words:
    """A mask of the bytes before the one whose high bit is set; of all where none is."""
    return (first >> _SEVEN) - _U(1)


def hash_keys(words: Words, close: Ints) -> tuple[Words, Ints]:
    """A hash of each key by its closing quote, and where it opens; -1 for one of 24 bytes or more."""
    hashes = np.zeros(len(close), np.uint64)
    opens = np.full(len(close), -1, np.int64)
    left: Ints | None = None
    ends = close
    for window in range(_KEY_WINDOWS):
        # With its bytes turned round a word's first quote is the one nearest to the key's end.
        inside = words[ends - 8].byteswap()
        first = _first_quote(inside) >> _SEVEN
        inside &= first - _U(1)
        inside *= _MIX_KEY[window]
        starts = ends - 1 - (first * _PLACES >> _TOP).view(np.int64)
        if left is None:
            hashes, opens = inside, starts
        else:
            hashes[left] += inside
            opens[left] = starts
        more = np.flatnonzero(first == 0)
        left = more if left is None else left[more]
        if not len(more):
            break
        ends = ends[more] - 8
    opens[left] = -1
    return hashes, opens


def hash_ids(words: Words, starts: Ints, length: int, *, escapes: bool) -> tuple[Words, NDArray[np.bool_]]:
    """`hashing.hash_of` of the IDs that begin at places and end at a quote; False where that is not sure.

    Not sure are those with blanks, letters beyond ASCII, escapes, or the length of a traceparent. Those that
    have the length which many are expected to have come sooner.
    """
    if not 0 < length <= MOST_ALIKE:
        return _hash_any(words, starts, escapes=escapes)
    hashes, good = _hash_alike(words, starts, length, escapes=escapes)
    if len(others := np.flatnonzero(~good)):
        hashes[others], good[others] = _hash_any(words, starts[others], escapes=escapes)
    return hashes, good


def _hash_alike(words: Words, starts: Ints, length: int, *, escapes: bool) -> tuple[Words, NDArray[np.bool_]]:
    """As `hash_ids`, but sure only of those of one length."""
    odd = whole = prefix = np.zeros(len(starts), np.uint64)
    last = len(words) - 1
    for at in range(0, length + 1, 8):
        word = words[np.minimum(starts + at, last)]
        mask = _LOW[min(8, length - at)]
        raw = word & mask
        # The high bit of a byte that is beyond ASCII, a blank or below, a quote or a backslash.
        odd = odd | raw | (raw | ~mask & _LOWS) - _BLANKS | (raw ^ _QUOTES) - _ONES
        if escapes:
            odd |= (raw ^ _BACKSLASHES) - _ONES
        folded = raw | _FOLD & mask
        prefix = prefix if at else (folded * _MIX_PREFIX) >> _SHIFT
        whole = (whole ^ folded) * _MIX_WHOLE
    end = word >> _U(8 * (length % 8)) & _U(0xFF)
    whole = (whole ^ _U(0x80 << 8 * (length % 8))) * _MIX_LENGTH
    return prefix << _U(hashing.HALF) | whole >> _SHIFT, (odd & _HIGHS == 0) & (end == _U(ord('"')))


def _hash_any(words: Words, starts: Ints, *, escapes: bool) -> tuple[Words, NDArray[np.bool_]]:
    whole = np.zeros(len(starts), np.uint64)
    prefix = whole
    good = np.ones(len(starts), np.bool_)
    last = len(words) - 1
    left: Ints | None = None
    for window in range(_MOST_WINDOWS + 1):
        raw = words[np.minimum(starts, last)]
        first = _first_quote(raw)
        ended = first != 0
        mask = _below(first)
        folded = (raw | _FOLD) & mask
        padded = raw & mask | ~mask & _LOWS
        odd = ((padded - _BLANKS) & ~padded | padded) & _HIGHS
        if escapes:
            hidden = (raw & mask) ^ _BACKSLASHES
            odd |= (hidden - _ONES) & ~hidden & _HIGHS
        mixed = (folded if left is None else whole[left] ^ folded) * _MIX_WHOLE
        mixed = np.where(ended, (mixed ^ first) * _MIX_LENGTH, mixed)
        fine = odd == 0
        if window == TRACEPARENT // 8:
            fine &= first != _U(0x80 << 8 * (TRACEPARENT % 8))
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


def low_bytes(count: Ints | np.int64) -> Words:
    """Masks of the first bytes of a word, at most eight."""
    return _LOW.take(np.clip(count, 0, 8))


def _byte_of(bits: Words) -> Ints:
    """In which byte the lowest bit set is; 0 where none is."""
    lowest = bits & (~bits + _U(1))
    return np.asarray(np.maximum((lowest.astype(np.float64).view(np.int64) >> 52) - 1023, 0) >> 3)


def leading_blanks(words: Words) -> Ints:
    """How many blanks each word begins with."""
    other = words ^ _SPACES
    return np.where(other == 0, 8, _byte_of(other))


def until_blank(words: Words) -> tuple[Words, Ints]:
    """The words up to their first blank, and how long they are; 0 where there is none."""
    hidden = words ^ _SPACES
    blanks = (hidden - _ONES) & ~hidden & _HIGHS
    length = np.where(blanks == 0, 0, _byte_of(blanks))
    return words & low_bytes(length), length


def hash_names(words: Words, starts: Ints, lengths: Ints) -> Words:
    """A hash of each name; of those with 24 bytes or less."""
    hashes = np.zeros(len(starts), np.uint64)
    last = len(words) - 1
    for window in range(_KEY_WINDOWS):
        inside = words[np.minimum(starts + 8 * window, last)] & low_bytes(lengths - 8 * window)
        hashes += inside * _MIX_KEY[window]
    return hashes


def hash_spans(words: Words, starts: Ints, lengths: Ints) -> tuple[Words, NDArray[np.bool_]]:
    """`hashing.hash_of` of IDs of known lengths; False for those with blanks or letters beyond ASCII."""
    whole = np.zeros(len(starts), np.uint64)
    prefix = np.zeros(len(starts), np.uint64)
    good = np.ones(len(starts), np.bool_)
    last = len(words) - 1
    left = np.arange(len(starts))
    window = 0
    while len(left):
        mask = low_bytes(lengths[left] - 8 * window)
        raw = words[np.minimum(starts[left] + 8 * window, last)] & mask
        padded = raw | ~mask & _LOWS
        good[left] &= ((padded - _BLANKS) & ~padded | padded) & _HIGHS == 0
        folded = (raw | _FOLD) & mask
        if not window:
            prefix = (folded * _MIX_PREFIX) >> _SHIFT
        whole[left] = (whole[left] ^ folded) * _MIX_WHOLE
        window += 1
        left = left[lengths[left] >= 8 * window]
    ends = _U(0x80) << (_U(8) * (lengths % 8).astype(np.uint64))
    whole = (whole ^ ends) * _MIX_LENGTH
    return prefix << _U(hashing.HALF) | whole >> _SHIFT, good
