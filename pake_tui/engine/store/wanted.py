"""The stamp 'somebody needs the collector': a file's time, because it changes too often for a synced
database.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pake_tui.engine.store.files import create_file


class Wanted:
    """`collector.wanted` in the state folder; its modification time is when somebody last asked for a
    collector.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "collector.wanted"

    def touch(self) -> None:
        """I need a collector now. Never raises: who cannot write there is served by whoever can."""
        with contextlib.suppress(OSError):
            create_file(self._path)
            os.utime(self._path)

    def last_ns(self) -> int | None:
        """When anybody last needed it (UTC ns); None if nobody ever did."""
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return None
