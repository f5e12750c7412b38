"""Where in a file records of some time may be, told by samples of the times that it states.

Nothing assumes that a whole file is in order: clocks are set back, each autumn by an hour. Its pieces, down
to 16 KB, are judged one by one, by the times at their ends. What is promised where there is no index:

- a record is found if its time is no more than a minute outside those at the ends of its piece;
- a step back or forward, however long, costs nothing where the log goes on about as fast around it as in its
  piece: a long one shows at the ends, a short one is within the span of the neighbours, which is added;
- what may be missed are a few records among others with a time far from theirs.

An index knows the earliest and latest time of each of its blocks, and with it nothing is missed.
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from pake_tui.clock import MINUTE
from pake_tui.engine.logfiles.blocks import surely_starts
from pake_tui.engine.logfiles.index import OPEN, Ranges
from pake_tui.engine.logfiles.newcomers import Look, cut_since, look_at
from pake_tui.engine.logfiles.strand import time_before
from pake_tui.engine.logfiles.tape import Tape, decoded
from pake_tui.query import Query

PIECE = 16 * 1024
PIECES = 64
"""A file is first judged in so many pieces, those that matter then in `PARTS` each, down to `PIECE`."""
PARTS = 8
GLANCE = 2 * 1024
FAR = 64 * 1024
"""Bytes in which a record with a time is looked for."""
SLACK_NS = MINUTE
"""How far the times of a piece may lie outside those at its ends and near it."""


class Course:
    """The times of one file at some of its offsets; safe to share between threads."""

    def __init__(self, tape: Tape, begins_ns: int) -> None:
        self._look = look_at(tape)
        self._lock = threading.Lock()
        self._at: list[int] = [0]
        self._times: list[int] = [begins_ns]

    def of(self, tape: Tape) -> bool:
        """Whether it still speaks of a file, which may have grown."""
        look: Look = look_at(tape)
        if cut_since(tape, self._look):
            return False
        self._look = look
        return True

    def near(self, tape: Tape, begin: int, since: int | None, until: int | None) -> Ranges:
        """Where from a record's start on there may be records between two times; the end is open."""
        low = -OPEN if since is None else since
        high = OPEN if until is None else until
        with self._lock:
            size = tape.size
            last = time_before(tape, size)
            piece = PIECE
            while piece * PIECES < size - begin:
                piece *= PARTS
            self._sample(tape, begin, size, piece)
            while piece > PIECE:
                piece //= PARTS
                for start, end, inside in list(self._pieces(begin, size, last, low, high)):
                    if not inside:
                        self._sample(tape, start, end, piece)
            found: Ranges = []
            for start, end, _ in self._pieces(begin, size, last, low, high):
                if found and found[-1][1] == start:
                    found[-1] = found[-1][0], end
                else:
                    found.append((start, end))
        if found and found[-1][1] == size:
            return [*found[:-1], (found[-1][0], OPEN)]
        return [*found, (size, OPEN)]

    def _sample(self, tape: Tape, begin: int, end: int, piece: int) -> None:
        """Know a time in each piece between two offsets, where one is stated."""
        for offset in range(begin // piece * piece + piece, end, piece):
            place = bisect_left(self._at, offset)
            if place < len(self._at) and self._at[place] < offset + piece:
                continue
            found = _time_near(tape, offset, min(end, offset + FAR))
            if found is not None:
                self._at.insert(place, found[0])
                self._times.insert(place, found[1])

    def _pieces(
        self, begin: int, end: int, last: int | None, low: int, high: int
    ) -> Iterator[tuple[int, int, bool]]:
        """The pieces between two offsets that may have records of times between two: start, end, and whether
        the times at both ends are such. `last` is the time at the end of all; where the time at an end is not
        known, there may be any.
        """
        some = slice(bisect_left(self._at, begin), bisect_left(self._at, end))
        at: list[int] = [*self._at[some], end]
        times: list[int | None] = [*self._times[some], last]
        if at[0] > begin:
            at, times = [begin, *at], [None, *times]
        ends = list(pairwise(times))
        spans = [0 if one is None or other is None else abs(other - one) for one, other in ends]
        for number, (one, other) in enumerate(ends):
            around = SLACK_NS + spans[number] + sum(spans[max(0, number - 1) : number + 2])
            if one is None or other is None:
                yield at[number], at[number + 1], False
            elif min(one, other) - around <= high and max(one, other) + around >= low:
                yield at[number], at[number + 1], min(one, other) >= low and max(one, other) <= high


_courses: weakref.WeakKeyDictionary[Tape, Course] = weakref.WeakKeyDictionary()
_courses_lock = threading.Lock()


def within_time(tape: Tape, query: Query, ranges: Ranges | None) -> Ranges | None:
    """Those of the ranges that may hold hits in which a query's times may be; None: the whole file.

    Of what is indexed the index has told that already: only what is open at the end is narrowed.
    """
    since, until = query.time_range
    if since is None and until is None:
        return ranges
    tape.parser()
    begin, end = (0, OPEN) if ranges is None else ranges[-1]
    if tape.begins_ns is None or end != OPEN or tape.size == begin:
        return ranges
    with _courses_lock:
        course = _courses.get(tape)
        if course is None or not course.of(tape):
            course = _courses[tape] = Course(tape, tape.begins_ns)
    return [*(ranges or ())[:-1], *course.near(tape, begin, since, until)]


def _time_near(tape: Tape, offset: int, end: int) -> tuple[int, int] | None:
    """The first record that surely begins behind an offset and states a time: where, and the time."""
    for length in (GLANCE, end - offset):
        data = tape.read(offset, min(length, end - offset))
        at = data.find(b"\n") + 1
        for line in data[at:].split(b"\n")[:-1] if at else []:
            text = decoded(line)[0]
            if surely_starts(tape, line) and (found := tape.parser_now.time_of(text)) is not None:
                return offset + at, found
            at += len(line) + 1
    return None
