"""The sure way: what an index needs of a record, by parsing it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from pake_tui.engine.logfiles.blocks import Block
from pake_tui.engine.logfiles.index.hashing import hash_of
from pake_tui.engine.logfiles.tape import Tape
from pake_tui.query.ids import ids_in


class Fact(Struct, frozen=True):
    """A record: its first byte, time stated (UTC ns), column of `LEVEL_COLUMNS`, hashes of its IDs."""

    start: int
    time_ns: int | None
    level: int
    ids: tuple[int, ...]


def facts_of(tape: Tape, block: Block) -> Iterator[Fact]:
    """Every record of a block, in its order."""
    parser, aliases = tape.parser_now, tape.reading.aliases
    for raw in block.records(tape):
        for draft in parser.outline(raw.lines):
            level = 0 if draft.level is None else draft.level // 10
            time_ns = draft.stamp.ns if draft.stamp is not None else None
            found = ids_in(draft.correlation_id, draft.fields, aliases)
            yield Fact(raw.start, time_ns, level, tuple(hash_of(one) for one in found))
