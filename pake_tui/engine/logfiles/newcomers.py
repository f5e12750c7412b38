"""Where files begin that a place in the logs does not know: copies of what was read, and old rotated files.

Rotation by copy and truncation makes a file that holds what was read already, and what was not read yet; so
does compression, and a move to another disk. It goes on where its original was left; while the original is
whole, that one is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pake_tui.engine.logfiles.cursor import Decoded, Place, Position
from pake_tui.engine.logfiles.discover import PACKED, rotations
from pake_tui.engine.logfiles.tape import Tape

TAIL_BYTES = 4096
"""So much before its end tells a copy from a file that only begins like another."""
Look = tuple[int, tuple[int, int]]
"""What a file was when it was looked at: its size, and its head as `Tape.head` tells it."""


def look_at(tape: Tape) -> Look:
    """What a file is now."""
    return tape.stat().st_size, tape.head()


def cut_since(tape: Tape, look: Look) -> bool:
    """Whether a file was cut or written anew since it was looked at."""
    return tape.stat().st_size < look[0] or tape.head(look[1][0]) != look[1]


def kept(tape: Tape, place: Place) -> bool:
    """Whether a file still holds what it held when a place in it was taken."""
    return place.position[0] <= tape.size and tape.head(place.head[0]) == place.head


def rotated_newcomers(
    tapes: Sequence[Tape], cursor: Decoded, held: Mapping[str, Place], *, newer: bool
) -> Mapping[str, Position | None]:
    """Where reading begins in rotated files that a cursor does not know, by key; None: not yet. `held` are
    its places in files that still hold what they did.

    Also where one that it does know was written anew, if that is a copy now: one name may take all copies.
    One that is no copy is read from its start if it was written since: if it stands behind what is known.
    Others were there before and are seen by going back: only their end is given, and only to a `newer` read.
    """
    found: dict[str, Position | None] = {}
    if len(held) == len(tapes):
        return found
    for name, family in _families(tapes).items():
        known = [tape for tape in family if tape.key in cursor.places]
        old = not known
        for tape in reversed(family):
            if (place := held.get(tape.key)) is not None:
                old |= place.position[0] > 0
            elif tape.path != name or _is_rotated(name):
                packed = tape.path.endswith(PACKED)
                originals = [one for one in known if one is not tape and (packed or one.path == name)]
                copied, position = _copied(tape, originals, tapes, cursor)
                if copied:
                    found[tape.key] = position
                    old = True
                elif not tape.size:
                    found[tape.key] = None  # A copy may be about to be made.
                elif old and tape.path != name and tape.key not in cursor.places:
                    found[tape.key] = (tape.size, 0) if newer else None
    return found


def _families(tapes: Sequence[Tape]) -> dict[str, list[Tape]]:
    """Files with their rotated ones, in the order of the view, by the file's path; such without it, alone."""
    paths = {tape.path for tape in tapes}
    families: dict[str, list[Tape]] = {}
    for tape in tapes:
        folder, _, name = tape.path.rpartition("/")
        bases = (f"{folder}/{base}" for base, _ in rotations(name))
        families.setdefault(next((base for base in bases if base in paths), tape.path), []).append(tape)
    return {path: family for path, family in families.items() if len(family) > 1 or _is_rotated(path)}


def _is_rotated(path: str) -> bool:
    return any(rotations(path.rpartition("/")[2]))


def _copied(
    tape: Tape, originals: Sequence[Tape], tapes: Sequence[Tape], cursor: Decoded
) -> tuple[bool, Position | None]:
    """Whether a file is a copy of what was read, and up to where it was; None while the original is whole."""
    for one in originals:
        if _same(tape, one):
            return True, None
        place = cursor.places[one.key]
        if not kept(one, place) and kept(tape, place):
            return True, place.position
    here = {one.key for one in tapes}
    gone = [place for key, place in cursor.places.items() if key not in here and place.head[0]]
    left = [place.position for place in gone if kept(tape, place) and _is_boundary(tape, place.position[0])]
    return (True, max(left)) if left else (False, None)


def _is_boundary(tape: Tape, offset: int) -> bool:
    """Whether a line ends there: what only begins like what was left has others."""
    return offset in (0, tape.size) or tape.read(offset - 1, 1) == b"\n"


def _same(tape: Tape, original: Tape) -> bool:
    """Whether a file holds what another begins with."""
    size = tape.size
    if not 0 < size <= original.size or tape.head() != original.head(tape.head()[0]):
        return False
    begin = max(0, size - TAIL_BYTES)
    return tape.read(begin, size - begin) == original.read(begin, size - begin)
