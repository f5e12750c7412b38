"""Where in a file a hit may be, told by ripgrep where it is installed: it reads ten times as fast as we do.

It is asked for what `query.needles` trusts to be in the bytes, in any case of its letters, and for all that
makes bytes doubtful. So it passes over just what our own search would pass over, and our own search, which
looks at the rest, gives the same answers with it and without it.
"""

from __future__ import annotations

import heapq
import os
import re
import select
import shutil
import subprocess
import threading
from collections.abc import Iterator
from string import ascii_lowercase

from pake_tui.engine.logfiles import blocks
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.query.needles import DOUBTFUL, best_of

LEAST_BYTES = 24 << 20
"""Less is read sooner than another program starts."""
CHUNK = 256 * 1024
MOST_FOUND = 20_000
"""After so many places in one file the rest of it is read whole: little would be passed over."""
NEAR_BYTES = 16 << 20
"""So much at a file's end is read by ourselves where the newest hits are wanted first."""
STEP = 32 * 1024
MOST_LETTERS = 4
LOOK_S = 0.03
Span = tuple[int, int]
Spot = tuple[int, int, int, int]
"""Chunks from an offset to another, the first place in them, and the number of its line."""
_FLAGS = [
    "--no-config",
    "--encoding",
    "none",
    "--text",
    "--only-matching",
    "--byte-offset",
    "--no-filename",
    "--line-number",
    "--no-heading",
    "--color",
    "never",
    "--no-messages",
    "--threads",
    "1",
]


def narrowed(
    tape: Tape, needles: tuple[frozenset[bytes], ...], span: Span, cancel: threading.Event, *, backwards: bool
) -> Iterator[Span]:
    """The parts of a span that may hold a hit, in the order of reading, each from a record to a record."""
    begin, end = span
    program = _program(tape) if needles and end - begin >= LEAST_BYTES and begin <= end // 2 else None
    if program is None:
        yield span
        return
    told = _spots(program, tape, needles, end, cancel)
    if backwards:
        near = _record_at(tape, end - NEAR_BYTES, begin)
        yield near, end
        told = reversed(list(told))
        end = near
    for low, high, offset, line in told:
        low, high = max(low, begin), min(high, end)
        if low < high:
            low, high = _record_at(tape, low, begin), _record_after(tape, high, end)
            if low <= offset and not backwards:
                tape.learn(low, line - 1 - tape.read(low, offset - low).count(b"\n"))
            yield low, high
            begin, end = (begin, low) if backwards else (high, end)


def _program(tape: Tape) -> str | None:
    """ripgrep, where there is one that can open what the tape holds open."""
    if tape.translated or not os.path.exists(f"/proc/self/fd/{tape.descriptor}"):  # noqa: PTH110 - a link
        return None
    return shutil.which("rg")


def _record_at(tape: Tape, offset: int, floor: int) -> int:
    """The start of the record in which an offset lies, or of one not far before it."""
    if offset <= floor:
        return floor
    end = blocks.line_end(tape, offset, tape.size)
    block = next(blocks.older(tape, end, STEP, floor), None)
    return floor if block is None else block.start


def _record_after(tape: Tape, offset: int, end: int) -> int:
    """The start of a record at or after an offset, not far behind it; `end` where there is none."""
    ahead = 2 * STEP
    while offset + ahead < end:
        if (found := _record_at(tape, offset + ahead, 0)) >= offset:
            return min(found, end)
        ahead *= 2
    return end


def _spots(
    program: str, tape: Tape, needles: tuple[frozenset[bytes], ...], end: int, cancel: threading.Event
) -> Iterator[Spot]:
    """Chunks in which something was found, rising, neighbours joined; what nobody looked at is among them."""
    words = "|".join(re.escape(_fragment(one.decode("ascii"))) for one in sorted(best_of(needles)))
    place = f"/proc/self/fd/{tape.descriptor}"
    # As one expression they would take ten times as long as the one beside the other.
    searches = [
        _offsets([program, *_FLAGS, pattern, place], tape.descriptor, cancel)
        for pattern in (f"(?i-u:{words})", f"(?-u:{DOUBTFUL})")
    ]
    low = high = 0
    first = 0, 1
    for offset, line, given_up in heapq.merge(*searches):
        chunk = offset // CHUNK * CHUNK
        if chunk > high or low == high:
            if low < high:
                yield low, high, *first
            low, first = chunk, (offset, line)
        high = max(high, chunk + CHUNK)
        if given_up:
            high = end
            break
    if low < high and not cancel.is_set():
        yield low, high, *first


def _fragment(word: str) -> str:
    """The part of a word that ripgrep finds soonest in any case: few letters make few spellings, and a letter
    in front is rarer in logs than a digit.
    """
    best = (0, 0, 0, word)
    for size in range(min(len(word), 4), min(len(word), 8) + 1):
        for start in range(len(word) - size + 1):
            part = word[start : start + size]
            letters = sum(map(str.isalpha, part))
            if letters <= MOST_LETTERS:
                ahead = len(part) - len(part.lstrip(ascii_lowercase))
                best = max(best, (min(ahead, 3), min(start, 1), size, part))
    return best[3]


def _offsets(command: list[str], descriptor: int, cancel: threading.Event) -> Iterator[tuple[int, int, bool]]:
    """Where something was found and in which line, rising; True where the rest was not looked at."""
    found, rest = 0, b""
    at, number = 0, 1
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
    ) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.fileno()
            while not cancel.is_set():
                if not select.select([told], [], [], LOOK_S)[0]:
                    continue
                data = os.read(told, CHUNK)
                if not data:
                    if process.wait() not in (0, 1):
                        yield at, number, True
                    return
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    number, at = map(int, line.split(b":", 2)[:2])
                    yield at, number, False
                found += len(lines)
                if found > MOST_FOUND:
                    yield at, number, True
                    return
        finally:
            process.kill()
