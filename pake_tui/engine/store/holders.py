"""Which process holds SQLite's write lock, as /proc/locks tells it (Linux; nothing is known elsewhere).

The lock bytes are those of SQLite's file format: 120 of the `-shm` file is WAL_WRITE_LOCK, 0x40000001 of the
database is RESERVED in the rollback modes (https://www.sqlite.org/walformat.html, section 2.3.1).
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from pake_tui.engine.store.processes import is_stopped

WAL_WRITE = 120
RESERVED = 0x40000001


def writer_of(database: Path) -> int | None:
    """The pid that is inside a write transaction; None if nobody is or it cannot be seen from here."""
    wanted: dict[int, int] = {}
    for path, byte in ((database, RESERVED), (database.with_name(f"{database.name}-shm"), WAL_WRITE)):
        with contextlib.suppress(OSError):
            wanted[path.stat().st_ino] = byte
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines():
            fields = line.split()
            if len(fields) != 8 or fields[1] != "POSIX" or fields[3] != "WRITE":
                continue
            pid, inode = int(fields[4]), int(fields[5].rpartition(":")[2])
            first, last = int(fields[6]), fields[7]
            byte = wanted.get(inode, -1)
            if pid > 0 and first <= byte and (last == "EOF" or byte <= int(last)):
                return pid
    return None


def end_if_stopped(database: Path, pid: int) -> bool:
    """SIGKILL a stopped process that still holds the write lock, if this user may. True if it was sent.

    Without that nothing could be saved by anybody until somebody continues it; SQLite undoes its transaction.
    """
    if pid == os.getpid() or not is_stopped(pid) or writer_of(database) != pid:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True
