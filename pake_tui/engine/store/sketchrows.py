"""Sketches of many timings as one deflated row, and merged out of rows.

A row is the width of a count and how many timings there are (uint32), their numbers (uint32), sum, lowest
and highest of each (float64), the steps from one bucket to the next (int64; timing · 2¹⁶ + bucket) and the
counts. All are the machine's own arrays: the file does not travel.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Container, Iterable, Mapping
from itertools import accumulate, pairwise
from math import inf

from pake_tui.engine.store.sketch import Sketch, Stats

WIDTHS = {code: array(code).itemsize for code in "BHIQ"}
BITS = 16
MASK = (1 << BITS) - 1


def pack(sketches: Mapping[int, Sketch]) -> bytes:
    """Sketches by the number of their timing as one row."""
    pairs = sorted(
        (timing << BITS | number, count)
        for timing, sketch in sketches.items()
        for number, count in sketch.buckets.items()
    )
    counts = [count for _, count in pairs]
    code = next(code for code in WIDTHS if max(counts, default=0) < 256 ** WIDTHS[code])
    arrays = (
        array("I", [len(sketches), *sketches]),
        array("d", [value for one in sketches.values() for value in (one.total, one.low, one.high)]),
        array("q", [after - before for before, after in pairwise([0, *(key for key, _ in pairs)])]),
        array(code, counts),
    )
    return zlib.compress(b"".join((code.encode(), *(one.tobytes() for one in arrays))))


def unpack(rows: Iterable[bytes], wanted: Container[int] | None = None) -> dict[int, Sketch]:
    """One sketch of all rows for each timing, by its number; for all of them if `wanted` is None.

    An hour of seconds has a million buckets: they are added up in one dict, and told apart at the end.
    """
    buckets: dict[int, int] = {}
    get = buckets.get
    found: dict[int, Sketch] = {}
    for row in rows:
        data = zlib.decompress(row)
        code, size = chr(data[0]), int.from_bytes(data[1:5], sys.byteorder)
        floats_at = 5 + 4 * size
        steps_at = floats_at + 24 * size
        counts_at = steps_at + (len(data) - steps_at) // (8 + WIDTHS[code]) * 8
        steps, counts = array("q", data[steps_at:counts_at]), array(code, data[counts_at:])
        for key, count in zip(accumulate(steps), counts, strict=True):
            buckets[key] = get(key, 0) + count
        floats = array("d", data[floats_at:steps_at])
        timings = array("I", data[5:floats_at])
        for timing, total, low, high in zip(timings, floats[::3], floats[1::3], floats[2::3], strict=True):
            if timing not in found:
                found[timing] = Sketch()
            found[timing].take({}, total, low, high)
    parts: dict[int, dict[int, int]] = {timing: {} for timing in found}
    for key, count in buckets.items():
        parts[key >> BITS][key & MASK] = count
    for timing, part in parts.items():
        found[timing].take(part, 0.0, inf, 0.0)
    return found if wanted is None else {number: one for number, one in found.items() if number in wanted}


def statistics(rows: Iterable[bytes], wanted: Container[int] | None = None) -> dict[int, Stats]:
    """The statistics of each timing over all rows, by its number."""
    return {number: sketch.stats() for number, sketch in unpack(rows, wanted).items()}
