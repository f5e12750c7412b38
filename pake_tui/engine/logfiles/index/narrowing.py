"""Blocks in which an ID or a level may be become the records in which their letters stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pake_tui.engine.logfiles.blocks import Block, surely_starts
from pake_tui.engine.logfiles.index.facts import facts_of
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.model.record import LEVEL_COLUMNS, Level
from pake_tui.query.needles import trusted

MOST_BYTES = 16 << 20
"""More is not looked through before the first answer."""
MOST_PLACES = 200
"""A block with more places is read whole."""
Span = tuple[int, int]
Counts = Mapping[Level | None, int]
_WORDS: Mapping[Level | None, tuple[bytes, ...]] = {
    Level.DEBUG: (b"debug", b"trace"),
    Level.INFO: (b"info",),
    Level.WARNING: (b"warn",),
    Level.ERROR: (b"error",),
    Level.CRITICAL: (b"critical", b"fatal"),
}


def narrowed(tape: Tape, ranges: list[Span], needles: tuple[frozenset[bytes], ...]) -> list[Span]:
    """The parts of ranges that hold records with one literal of each set of needles; edges as they are."""
    if not needles or sum(end - begin for begin, end in ranges) > MOST_BYTES:
        return ranges
    found: list[Span] = []
    for begin, end in ranges:
        data = tape.read(begin, end - begin)
        longest = max(needles, key=lambda some: min(map(len, some)))
        places = _places(data, longest) if trusted(data) else None
        if places is None:
            found.append((begin, end))
            continue
        for low, high in _records(tape, data, places):
            if found and found[-1][1] >= begin + low:
                found[-1] = (found[-1][0], max(found[-1][1], begin + high))
            else:
                found.append((begin + low, begin + high))
    return found


def by_level(tape: Tape, block: Span, wanted: Counts) -> list[Span] | None:
    """The records of a block that have one of some levels; `wanted` is how many each has (None: no level).

    They are looked for by the usual words, and believed only where their number is the one known; else None.
    """
    if None in wanted or sum(wanted.values()) > MOST_PLACES:
        return None
    begin, end = block
    data = tape.read(begin, end - begin)
    places = _places(data, {word for level in wanted for word in _WORDS[level]}) if trusted(data) else None
    if places is None:
        return None
    spans = _records(tape, data, places)
    seen = 0
    for low, high in spans:
        for fact in facts_of(tape, Block(begin + low, begin + high, data[low:high])):
            seen += LEVEL_COLUMNS[fact.level] in wanted
    return [(begin + low, begin + high) for low, high in spans] if seen == sum(wanted.values()) else None


def _places(data: bytes, literals: Iterable[bytes]) -> list[int] | None:
    """Where any of the literals stands, in any case; None where that is too often."""
    lowered, places = data.lower(), []
    for one in literals:
        at = lowered.find(one)
        while at >= 0:
            places.append(at)
            if len(places) > MOST_PLACES:
                return None
            at = lowered.find(one, at + len(one))
    return sorted(places)


def _records(tape: Tape, data: bytes, places: list[int]) -> list[Span]:
    """The whole records around places: from a line that surely begins one to the next such line."""
    found: list[Span] = []
    for place in places:
        if found and place < found[-1][1]:
            continue
        begin = data.rfind(b"\n", 0, place) + 1
        while begin and not surely_starts(tape, data[begin : _line_end(data, begin)]):
            begin = data.rfind(b"\n", 0, begin - 1) + 1
        end = _line_end(data, place) + 1
        while end < len(data) and not surely_starts(tape, data[end : _line_end(data, end)]):
            end = _line_end(data, end) + 1
        found.append((begin, min(end, len(data))))
    return found


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end
