"""Times at the start of many values at once: `2026-03-01T14:03:21.123Z` and its like, to the second."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, tzinfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pake_tui.clock import SECOND
from pake_tui.records.timestamps import Clock, offset_seconds

MOST_STYLES = 24
MOST_TRIED = 8
_STYLE = re.compile(
    rb"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:([.,])(\d{1,8}))?(Z|[+-]\d\d:\d\d|[+-]\d\d\d\d)?"
)
_U = np.uint64
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
HALF_HOUR = 1_800


_HIGHS = _U(0x8080_8080_8080_8080)
_CLOCK = 11
"""Where `14:03:21` begins; eight bytes, too, are the windows in which all else is compared."""


class Style(Struct, frozen=True):
    """One spelling: its length, the sign between date and time, the digits of its fraction, its zone."""

    length: int
    between: int
    point: int
    digits: int
    zone: bytes

    @property
    def offset(self) -> int | None:
        """Seconds east of UTC, None where it states no zone."""
        return offset_seconds(self.zone.decode()) if self.zone else None

    def windows(self) -> Iterator[tuple[int, np.uint64, np.uint64]]:
        """Where eight bytes are compared, with what, and what is added to tell digits above nine."""
        point = bytes([self.point]) if self.digits else b""
        text = b"0000-00-00%c00:00:00%b%b" % (self.between, point, b"0" * self.digits)
        room = bytes(0x76 if sign == ord("0") else 0x7F for sign in text) + b"\x7f" * len(self.zone)
        text += self.zone
        for at in sorted({0, 3, _CLOCK, min(19, self.length - 8), self.length - 8}):
            yield at, _word(text[at : at + 8]), _word(room[at : at + 8])


class Stamps:
    """Reads the times of one file, and learns how they are spelled; behind each is one of some signs."""

    def __init__(self, zone: tzinfo, ends: bytes = b'"') -> None:
        self._ends = np.zeros(256, np.bool_)
        self._ends[list(ends)] = True
        self._zone = zone
        self._clock = Clock(zone)
        self._styles: list[Style] = []
        self._days: dict[bytes, int | None] = {}
        self._offsets: dict[int, int] = {}

    def read(
        self, data: NDArray[np.uint8], words: Words, where: Ints
    ) -> tuple[Ints, NDArray[np.bool_], Ints]:
        """UTC seconds of the values that begin at places, which of them are sure, and how long they are."""
        times, lengths = np.zeros(len(where), np.int64), np.zeros(len(where), np.int64)
        good = np.zeros(len(where), np.bool_)
        left = np.arange(len(where))
        for style in list(self._styles):
            left = self._try(style, data, words, where, left, times, good, lengths)
            if not len(left):
                return times, good, lengths
        for _ in range(MOST_TRIED):
            known = len(self._styles)
            self._learn(data, where, left)
            if len(self._styles) == known:
                break
            left = self._try(self._styles[-1], data, words, where, left, times, good, lengths)
            if not len(left):
                break
        return times, good, lengths

    def _learn(self, data: NDArray[np.uint8], where: Ints, left: Ints) -> None:
        """The style of the first that is left."""
        if not len(left) or len(self._styles) >= MOST_STYLES:
            return
        found = _STYLE.match(data[where[left[0]] : where[left[0]] + 48].tobytes())
        if not found or (found[4] and offset_seconds(found[4].decode()) is None):
            return
        style = Style(found.end(), found[1][0], *_fraction(found), found[4] or b"")
        if style not in self._styles:
            self._styles.append(style)

    def _try(
        self, style: Style, data: NDArray[np.uint8], words: Words, where: Ints, left: Ints,
        times: Ints, good: NDArray[np.bool_], lengths: Ints,
    ) -> Ints:  # fmt: skip
        """Read those that are spelled in a style; those that are left."""
        places = where[left]
        wrong = np.zeros(len(places), _U)
        digits = {}
        for at, text, room in style.windows():
            digits[at] = found = words[places + at] ^ text
            wrong |= found | (found + room)
        fits = wrong & _HIGHS == 0
        fits &= self._ends.take(data.take(places + style.length, mode="clip"))
        pairs = digits[_CLOCK] * _U(10) + (digits[_CLOCK] >> _U(8))
        hours, minutes, seconds = ((pairs >> _U(shift)) & _U(0xFF) for shift in (0, 24, 48))
        fits &= (hours < 24) & (minutes < 60) & (seconds < 60)
        in_day = (hours * _U(3600) + minutes * _U(60) + seconds).astype(np.int64)
        days, real = self._midnights(data, places, digits[0], digits[3])
        fits &= real
        local = days + in_day
        offset = style.offset
        taken = left[fits]
        ahead = self._ahead(local) if offset is None else offset
        times[taken] = np.maximum(0, local - ahead)[fits]
        good[taken] = True
        lengths[taken] = style.length
        rest: Ints = left[~fits]
        return rest

    def _midnights(
        self, data: NDArray[np.uint8], places: Ints, head: Words, tail: Words
    ) -> tuple[Ints, NDArray[np.bool_]]:
        """The local midnight of each date, in seconds; False where there is no such date."""
        changed = np.flatnonzero((head[1:] != head[:-1]) | (tail[1:] != tail[:-1])) + 1
        days = np.empty(len(places), np.int64)
        real = np.ones(len(places), np.bool_)
        for begin, end in zip([0, *changed.tolist()], [*changed.tolist(), len(places)], strict=True):
            day = self._day(data[places[begin] : places[begin] + 10].tobytes())
            days[begin:end] = day or 0
            if day is None:
                real[begin:end] = False
        return days, real

    def _day(self, date: bytes) -> int | None:
        if date not in self._days:
            if len(self._days) > 10_000:
                self._days.clear()
            found = None
            if re.fullmatch(rb"\d{4}-\d\d-\d\d", date):
                found = Clock(UTC).match(f"{date.decode()}T00:00:00Z")
            self._days[date] = None if found is None else found[0].ns // SECOND
        return self._days[date]

    def _ahead(self, local: Ints) -> Ints | int:
        """How far the assumed zone is ahead of UTC at local times; a zone changes on a half hour."""
        if self._zone is UTC:
            return 0
        halves, where = np.unique(local // HALF_HOUR, return_inverse=True)
        ahead = [self._offset(half) for half in halves.tolist()]
        return np.array(ahead, np.int64)[where]

    def _offset(self, half: int) -> int:
        if half not in self._offsets:
            if len(self._offsets) > 10_000:
                self._offsets.clear()
            local = half * HALF_HOUR
            # Far from 1970, so that the clock does not stop at zero.
            self._offsets[half] = local - self._clock.stamp(local * SECOND, None).ns // SECOND
        return self._offsets[half]


def _fraction(found: re.Match[bytes]) -> tuple[int, int]:
    return (found[2][0], len(found[3])) if found[2] else (0, 0)


def _word(text: bytes) -> np.uint64:
    return _U(int.from_bytes(text, "little"))
