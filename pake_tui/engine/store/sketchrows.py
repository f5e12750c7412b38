"""Sketches of many timings as one deflated row, and merged out of rows.

A row is how many timings there are and how many bytes a count takes (uint32); their numbers, first buckets
and sizes (int32), zeros (uint64), sum, lowest and highest of each (float64); then the counts of all buckets,
the low byte of each, the next one of each and so on, which deflate best that way. The arrays are the
machine's own: the file does not travel.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Container, Iterable, Mapping
from itertools import pairwise

from pake_tui.engine.store.sketch import LANE, Sketch, Stats

WIDTH = LANE // 8


def pack(sketches: Mapping[int, Sketch]) -> bytes:
    """Sketches by the number of their timing as one row."""
    found, sizes = sketches.values(), [one.size for one in sketches.values()]
    lanes = b"".join(
        one.counts.to_bytes(size * WIDTH, "little") for one, size in zip(found, sizes, strict=True)
    )
    planes = [lanes[place::WIDTH] for place in range(WIDTH)]
    while planes and not any(planes[-1]):
        planes.pop()
    arrays = (
        array("I", [len(sketches), len(planes)]),
        array("i", [*sketches, *(one.first for one in found), *sizes]),
        array("Q", [one.zeros for one in found]),
        array("d", [value for one in found for value in (one.total, one.low, one.high)]),
    )
    return zlib.compress(b"".join((*(one.tobytes() for one in arrays), *planes)))


def unpack(rows: Iterable[bytes], wanted: Container[int] | None = None) -> dict[int, Sketch]:
    """One sketch of all rows for each timing, by its number; for all of them if `wanted` is None."""
    found: dict[int, Sketch] = {}
    for row in rows:
        data = zlib.decompress(row)
        count, width = array("I", data[:8])
        ends = [8, 8 + 12 * count, 8 + 20 * count, 8 + 44 * count]
        heads, zeros, floats = (
            array(code, data[at:to]) for code, (at, to) in zip("iQd", pairwise(ends), strict=True)
        )
        numbers, firsts, sizes = heads[:count], heads[count : 2 * count], heads[2 * count :]
        size = sum(sizes)
        lanes = bytearray(size * WIDTH)
        for place in range(width):
            begin = ends[-1] + place * size
            lanes[place::WIDTH] = data[begin : begin + size]
        end = 0
        for place, number in enumerate(numbers):
            begin, end = end, end + sizes[place] * WIDTH
            if wanted is None or number in wanted:
                counts = int.from_bytes(lanes[begin:end], "little")
                one = found.get(number)
                if one is None:
                    one = found[number] = Sketch()
                one.take(zeros[place], firsts[place], counts, *floats[3 * place : 3 * place + 3])
    return found


def statistics(rows: Iterable[bytes], wanted: Container[int] | None = None) -> dict[int, Stats]:
    """The statistics of each timing over all rows, by its number."""
    return {number: sketch.stats() for number, sketch in unpack(rows, wanted).items()}
