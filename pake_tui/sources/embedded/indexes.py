"""The indexes of a source's files: how far they are, building and dropping them by hand."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from pake_tui.engine.logfiles.index import index_of, shelf
from pake_tui.engine.logfiles.index.identity import home
from pake_tui.engine.logfiles.index.layout import LEAST_BYTES
from pake_tui.errors import LogError
from pake_tui.sources.embedded.logs import EmbeddedLogSource


class Indexed(Struct, frozen=True):
    """A log file, its indexed bytes, those of the index, and when that was last used (UTC ns, 0: never)."""

    path: str
    size: int
    covered: int = 0
    index_size: int = 0
    used_ns: int = 0

    @property
    def small(self) -> bool:
        """Whether it is too small to be worth an index, and has none."""
        return not self.covered and self.size < LEAST_BYTES


def indexed(source: EmbeddedLogSource) -> Iterator[Indexed]:
    """Every readable file of the source."""
    used = {one.key: one.used_ns for one in shelf.held()}
    for tape in source.tapes():
        index = index_of(tape)
        if index is None:
            yield Indexed(tape.path, tape.size)
        else:
            yield Indexed(tape.path, tape.size, index.end, index.size, used.get(home(tape), 0))


def build(source: EmbeddedLogSource) -> Iterator[tuple[int, int, str]]:
    """Build what is missing, but for small files; (bytes done, bytes in all, file) on the way.

    LogError: there is no room.
    """
    # Only who builds pays for numpy.
    from pake_tui.engine.logfiles.index.building import Builder, NoRoom

    for tape in source.tapes():
        total = tape.size
        if total < LEAST_BYTES:
            continue
        try:
            for end in Builder(tape, source.index_bytes, lambda: None).build():
                yield end, total, tape.path
        except NoRoom as reason:
            raise LogError(str(reason), hint="drop others with: pake-tui index drop") from None


def drop(source: EmbeddedLogSource) -> int:
    """Drop the indexes of the source's files; how many there were."""
    keys = {one.key for one in shelf.held()}
    return sum(shelf.drop(key) for tape in source.tapes() for key in keys if key.startswith(f"{tape.key}-"))
