"""The lock beside a database: shared for who writes, exclusive for who makes or sets aside its file."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pake_tui.clock import monotonic
from pake_tui.engine.store.failures import BusyError
from pake_tui.engine.store.files import create_file
from pake_tui.errors import StoreError


class Guard:
    """An flock on a file of its own, since opening the database file itself would drop SQLite's own locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @contextmanager
    def shared(self, database: Path, deadline: float) -> Iterator[None]:
        """Nobody replaces the database inside the block. BusyError past `deadline` (monotonic seconds)."""
        with self._held(database, fcntl.LOCK_SH, deadline):
            yield

    @contextmanager
    def exclusive(self, database: Path, deadline: float) -> Iterator[None]:
        """Nobody writes, makes or replaces the database inside the block."""
        with self._held(database, fcntl.LOCK_EX, deadline):
            yield

    def close(self) -> None:
        """Give the file back."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    @contextmanager
    def _held(self, database: Path, how: int, deadline: float) -> Iterator[None]:
        try:
            descriptor = self._open()
        except OSError as error:
            raise StoreError(
                f"{database} cannot be written: {self._path}: {error.strerror}",
                hint="read only, or name another state folder with PAKE_STATE_DIR",
            ) from None
        while True:
            try:
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() >= deadline:
                    raise BusyError(f"{database} is being replaced by another process") from None
                time.sleep(0.005)
        try:
            yield
        finally:
            if self._descriptor == descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _open(self) -> int:
        """The open lock file; opened anew if somebody deleted it."""
        if self._descriptor is not None:
            try:
                if os.path.samestat(os.fstat(self._descriptor), self._path.stat()):
                    return self._descriptor
            except FileNotFoundError:
                pass
            self.close()
        create_file(self._path)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        return self._descriptor
