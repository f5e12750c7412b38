"""Whether an index still speaks of the bytes that a log file holds, read as they were when it was made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path

from pake_tui import records
from pake_tui.engine.logfiles.index.layout import Facts
from pake_tui.engine.logfiles.index.shelf import Stored
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.query import ids

HEAD_BYTES = 4_096
TAIL_BYTES = 128


def digest(data: bytes) -> bytes:
    """Sixteen bytes that tell data from other data."""
    return blake2b(data, digest_size=16).digest()


@lru_cache(maxsize=64)
def reading_digest(reading: Reading) -> bytes:
    """What an index's answers depend on beside the file: zone, aliases, limits, secrets, and the code."""
    of_settings = (reading.aliases, reading.record_bytes, reading.formats, reading.own)
    told = (reading.assumed_zone, *of_settings, _code())
    return digest(repr(told).encode())


def home(tape: Tape) -> str:
    """The name of a log's folder among the indexes: the file's identity, and how it is read."""
    return f"{tape.key}-{reading_digest(tape.reading)[:4].hex()}"


@cache
def _code() -> str:
    """The modules that read records, by size and time: another version of this program reads otherwise."""
    found = []
    for path in (*sorted(Path(str(records.__file__)).parent.glob("*.py")), Path(str(ids.__file__))):
        facts = path.stat()
        found.append((path.name, facts.st_size, facts.st_mtime_ns))
    return repr(found)


def ends(tape: Tape, end: int) -> tuple[int, bytes, int, bytes]:
    """How many bytes stand at a tape's head and before `end`, and their digests."""
    head = tape.read(0, min(HEAD_BYTES, end))
    tail = tape.read(max(0, end - TAIL_BYTES), min(TAIL_BYTES, end))
    return len(head), digest(head), len(tail), digest(tail)


def speaks_of(tape: Tape, facts: Facts) -> bool:
    """Whether the bytes at a segment's edges are those it was made from."""
    if facts.end > tape.size:
        return False
    head, tail = tape.read(0, facts.head_count), tape.read(facts.end - facts.tail_count, facts.tail_count)
    return digest(head) == facts.head and digest(tail) == facts.tail


def valid(tape: Tape, chain: Sequence[Stored]) -> list[Stored]:
    """The segments, from the first on, that speak of a tape's bytes."""
    reading = reading_digest(tape.reading)
    good: list[Stored] = []
    for one in chain:
        if one.body.facts.reading != reading or not speaks_of(tape, one.body.facts):
            break
        good.append(one)
    return good
