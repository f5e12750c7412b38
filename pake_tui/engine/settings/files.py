"""The configuration file on disk: looked at cheaply, read with care."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct

from pake_tui.model.setting import Problem
from pake_tui.paths import user_name, who_else_can_write

MAX_BYTES = 1_048_576
YOUNG_NS = 100_000_000


class Sight(Struct, frozen=True):
    """What `stat` says of a file (links followed): an identity that changes with every edit."""

    identity: tuple[int, int, int, int, int]
    size: int
    mtime_ns: int

    def young(self, now_ns: int) -> bool:
        """Written so lately that its writer may not be done, or that a next write may look the same."""
        return 0 <= now_ns - self.mtime_ns < YOUNG_NS


def look(path: Path) -> Sight | None:
    """The file's identity; None where there is none, or its folder cannot be entered."""
    try:
        facts = path.stat()
    except OSError:
        return None
    identity = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    return Sight(identity, facts.st_size, facts.st_mtime_ns)


def read(path: Path) -> bytes | Problem:
    """The file's bytes, or why they are not taken: missing, unreadable, huge, or writable by others."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Problem(str(path), None, "", "does not exist", "the path of a YAML file")
    except OSError as error:
        return Problem(
            str(path), None, "", f"cannot be read by {user_name()}: {error.strerror}", "a readable file"
        )
    try:
        return _read_open(descriptor, path)
    except OSError as error:
        return Problem(str(path), None, "", f"cannot be read: {error.strerror}", "a readable file")
    finally:
        os.close(descriptor)


def _read_open(descriptor: int, path: Path) -> bytes | Problem:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        return Problem(str(path), None, "", "is no regular file", "the path of a YAML file")
    if reason := who_else_can_write(path):
        return Problem(str(path), None, "", f"is refused: {reason}", "a file that only its owner can write")
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        size = max(facts.st_size, len(data))
        return Problem(str(path), None, "", f"has {size} bytes", f"at most {MAX_BYTES} bytes")
    return data
