"""Builds the indexes of a console's files in the background, while no search runs."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles.discover import PACKED
from pake_tui.engine.logfiles.index.layout import LEAST_BYTES
from pake_tui.engine.logfiles.index.lookup import index_of
from pake_tui.engine.logfiles.tape import Reading, Tape, key_of
from pake_tui.model.record import IndexStatus

SMALL_BYTES = 4 << 20
"""Smaller files are searched as fast as they are looked up."""
TOLD_S = 0.2


class Keeper:
    """A thread that builds what it was last told to, and tells how far it is."""

    def __init__(self, tell: Callable[[IndexStatus], None]) -> None:
        self._tell = tell
        self._told = 0.0
        self._lock = threading.Lock()
        self._searches = 0
        self._idle = threading.Event()
        self._idle.set()
        self._wanted = threading.Event()
        self._files: Sequence[tuple[str, str]] = ()
        self._reading = Reading()
        self._most = 0
        self._tapes: dict[str, Tape] = {}
        self._thread: threading.Thread | None = None

    def searching(self, more: int) -> None:
        """A search began (1) or ended (-1): the build waits while any runs."""
        with self._lock:
            self._searches += more
            if self._searches:
                self._idle.clear()
            else:
                self._idle.set()

    def keep(self, files: Sequence[tuple[str, str]], reading: Reading, most: int) -> None:
        """Build the indexes of these files (path, service), where `most` bytes may have all."""
        with self._lock:
            self._files, self._reading, self._most = files, reading, most
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pake-index", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._wanted.wait():
            self._idle.wait()
            self._wanted.clear()
            with self._lock:
                files, reading, most = self._files, self._reading, self._most
            try:
                self._build(self._open(files, reading), most)
            except Exception as failure:  # the thread's last frame: unsaid, nobody would know why it stands
                self._tell(IndexStatus(problem=f"no index: {type(failure).__name__}: {failure}"))

    def _build(self, tapes: list[Tape], most: int) -> None:
        """Build them all, the largest first, and say at the end how far it came."""
        # Only a process that builds pays for numpy.
        from pake_tui.engine.logfiles.index.building import Builder, NoRoom

        tapes.sort(key=lambda tape: tape.size, reverse=True)
        done = {tape.key: _end(tape) for tape in tapes}
        total = sum(tape.size for tape in tapes)
        problem = ""
        for tape in tapes:
            if tape.size - done[tape.key] < LEAST_BYTES:
                continue
            try:
                for end in Builder(tape, most, self._idle.wait).build():
                    done[tape.key] = max(done[tape.key], end)
                    self._progress(IndexStatus(sum(done.values()), total, building=True))
            except NoRoom as reason:
                problem = str(reason)
                break
        self._tell(IndexStatus(sum(done.values()), total, building=False, problem=problem))

    def _open(self, files: Sequence[tuple[str, str]], reading: Reading) -> list[Tape]:
        """The files large enough for an index; those that were open before stay so."""
        found: dict[str, Tape] = {}
        for path, service in files:
            with contextlib.suppress(OSError):
                facts = os.stat(path)  # noqa: PTH116 - paths stay text here
                if facts.st_size >= SMALL_BYTES or path.endswith(PACKED):
                    known = self._tapes.get(key_of(facts))
                    again = known is not None and known.reading == reading
                    tape = known if known is not None and again else Tape(path, service, reading)
                    found.setdefault(tape.key, tape)
        self._tapes = found
        return list(found.values())

    def _progress(self, status: IndexStatus) -> None:
        if monotonic() - self._told >= TOLD_S:
            self._told = monotonic()
            self._tell(status)


def _end(tape: Tape) -> int:
    index = index_of(tape)
    return 0 if index is None else index.end
