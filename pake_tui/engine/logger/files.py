"""A log file that several processes append to at once, and its rotation.

Every line is one `write` on an O_APPEND descriptor. Whoever finds the file too big or too old rotates it
under a lock that nobody waits for; everybody else notices the new inode before the next line.
"""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from pake_tui.clock import DAY, HOUR, SECOND

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_PERIODS = {"hourly": HOUR, "daily": DAY, "weekly": 7 * DAY}


class FilePlan(Struct, frozen=True):
    """How a file is to be kept: its mode, when it rotates (bytes, and a UTC period or none), what stays."""

    mode: int
    max_bytes: int
    backups: int
    period: str = "daily"

    def due(self, facts: os.stat_result, incoming: int, now_ns: int) -> bool:
        """Whether a file must rotate before `incoming` more bytes: it is too big, or of an earlier period."""
        if not facts.st_size or not stat.S_ISREG(facts.st_mode):
            return False
        span = _PERIODS.get(self.period)
        too_old = span is not None and facts.st_mtime_ns // span < now_ns // span
        return too_old or (self.max_bytes > 0 and facts.st_size + incoming > self.max_bytes)


class FileSink:
    """Appends lines to one path; safe for threads, forks and other processes doing the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = str(path)
        self.rotation_problem = ""
        """Why the file could not be rotated and grows instead; empty where it could."""
        self.lock = threading.RLock()
        self._fd: int | None = None
        self._identity = (0, 0)
        self._mode = 0
        self._torn = False
        self._retry_rotation_ns = 0

    def write(self, line: bytes, plan: FilePlan, now_ns: int) -> None:
        """Append a line that ends in a newline. OSError where it could not be written whole."""
        with self.lock:
            descriptor = self._ready(plan, len(line), now_ns)
            rest = memoryview(b"\n" + line if self._torn else line)
            try:
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            except OSError:
                self._torn = self._torn or len(rest) != len(line)
                raise
            self._torn = False

    def close(self) -> None:
        """Give the descriptor back."""
        with self.lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def after_fork(self) -> None:
        """In a child: a lock that another thread of the parent held would never be given back."""
        self.lock = threading.RLock()

    def _ready(self, plan: FilePlan, incoming: int, now_ns: int) -> int:
        try:
            facts = os.stat(self._name)  # noqa: PTH116 - half the price of Path.stat, and paid by every line
        except FileNotFoundError:
            facts = None
        if (
            self._fd is None
            or facts is None
            or (facts.st_dev, facts.st_ino) != self._identity
            or plan.mode != self._mode
        ):
            facts = self._open(plan)
        if plan.due(facts, incoming, now_ns) and now_ns >= self._retry_rotation_ns:
            try:
                rotate(self.path, plan, incoming, now_ns)
                self.rotation_problem = ""
            except OSError as error:
                self.rotation_problem = f"cannot rotate {self.path}: {error.strerror}"
                self._retry_rotation_ns = now_ns + 60 * SECOND
            self._open(plan)
        assert self._fd is not None
        return self._fd

    def _open(self, plan: FilePlan) -> os.stat_result:
        self.close()
        try:
            self._fd = _open_file(self.path, plan.mode)
        except FileNotFoundError:
            make_folder(self.path.parent, plan.mode)
            self._fd = _open_file(self.path, plan.mode)
        facts = os.fstat(self._fd)
        self._identity = (facts.st_dev, facts.st_ino)
        self._mode = plan.mode
        return facts


def _open_file(path: Path, mode: int) -> int:
    """A descriptor to append with. A file of ours that exists gets its mode narrowed, never widened."""
    try:
        descriptor = _above_standard(os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, mode))
    except FileExistsError:
        descriptor = _above_standard(os.open(path, _FLAGS | os.O_CREAT, mode))
        facts = os.fstat(descriptor)
        narrowed = stat.S_IMODE(facts.st_mode) & mode
        if (
            stat.S_ISREG(facts.st_mode)
            and facts.st_uid == os.geteuid()
            and narrowed != stat.S_IMODE(facts.st_mode)
        ):
            os.fchmod(descriptor, narrowed)
            _narrow_backups(path, mode)
    else:
        os.fchmod(descriptor, mode)
    return descriptor


def _above_standard(descriptor: int) -> int:
    """The same file on a descriptor that nobody takes for standard output or error where those are closed."""
    if descriptor > 2:
        return descriptor
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(descriptor)


def _narrow_backups(path: Path, mode: int) -> None:
    for number in range(1, 1_000):
        backup = path.with_name(f"{path.name}.{number}")
        try:
            facts = backup.lstat()
            if stat.S_ISREG(facts.st_mode):
                backup.chmod(stat.S_IMODE(facts.st_mode) & mode)
        except OSError:
            return


def make_folder(folder: Path, file_mode: int) -> None:
    """Make a log folder that is as closed as the files in it."""
    folder.mkdir(mode={0o644: 0o755, 0o640: 0o750}.get(file_mode, 0o700), parents=True, exist_ok=True)


def rotate(path: Path, plan: FilePlan, incoming: int, now_ns: int) -> None:
    """Rename `x.log` to `x.log.1`, that to `x.log.2` and so on; the oldest goes. OSError.

    Does nothing where another process is at it, or was first.
    """
    lock = os.open(
        path.with_name(f".{path.stem}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, plan.mode
    )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if plan.due(path.stat(), incoming, now_ns):
            _shift(path, plan.backups)
    except (BlockingIOError, FileNotFoundError):
        return
    finally:
        # Said explicitly: a child forked just now holds this descriptor, and with it the lock.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _shift(path: Path, backups: int) -> None:
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, backups + 1))]
    if backups <= 0:
        path.unlink()
        return
    for younger, older in reversed(list(pairwise(names))):
        try:
            younger.rename(older)
        except FileNotFoundError:
            continue
