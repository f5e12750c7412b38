"""Events of applications that found the database busy: one file per process, synced line by line, drained
by anybody.

A line is a JSON object with `kind`, a `uuid` that makes applying it twice harmless, and the event's own
fields.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pake_tui.engine.store.files import create_file
from pake_tui.errors import ConflictError, StoreError

OPEN, TAKEN = ".jsonl", ".taken"
MOST_BYTES = 4 * 1024 * 1024


def spool_folder(state_folder: Path) -> Path:
    """Where spools lie in a state folder."""
    return state_folder / "spool"


def append(state_folder: Path, event: Mapping[str, object]) -> None:
    """Add one event to this process's spool, on disk when it returns. StoreError, also past 4 MB."""
    folder = spool_folder(state_folder)
    path = folder / f"{os.getpid()}{OPEN}"
    line = json.dumps(event, ensure_ascii=True).encode() + b"\n"
    try:
        _make_folder(folder)
        with _locked(path, wait=True) as descriptor:
            if descriptor is None or os.fstat(descriptor).st_size + len(line) > MOST_BYTES:
                raise StoreError(f"{path} is full; the event was not kept", hint="is a collector running?")
            end = os.lseek(descriptor, 0, os.SEEK_END)
            try:
                if os.write(descriptor, line) < len(line):  # the disk took what it had room for
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
    except OSError as error:
        raise StoreError(f"cannot keep the event in {path}: {error.strerror}") from None


def drain(state_folder: Path, apply: Callable[[Mapping[str, Any]], object]) -> int:
    """Apply every spooled event, oldest first per process, and remove the files; how many.

    A file is renamed first, so that its process goes on in another one meanwhile. A StoreError of `apply`
    ends it and keeps the file. Lines that a crash cut off are skipped: nobody was told that those were
    kept.
    """
    done = 0
    folder = spool_folder(state_folder)
    try:
        if not any(name.endswith((OPEN, TAKEN)) for name in os.listdir(folder)):  # noqa: PTH208  # each second
            return 0
    except OSError:
        return 0
    for path in folder.glob(f"*{OPEN}"):
        with suppress(OSError), _locked(path, wait=False) as descriptor:
            if descriptor is not None:
                path.rename(path.with_name(f"{path.name}.{time.time_ns()}{TAKEN}"))
    for path in sorted(folder.glob(f"*{TAKEN}")):
        with suppress(OSError), _locked(path, wait=False) as descriptor:
            if descriptor is None:
                continue
            for event in _events(descriptor):
                with suppress(KeyError, TypeError, ValueError, ConflictError):
                    apply(event)
                    done += 1
            path.unlink()
    return done


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(exist_ok=True)
    shared = folder.parent.stat().st_mode & stat.S_IWGRP
    folder.chmod(0o2770 if shared else 0o700)


@contextmanager
def _locked(path: Path, wait: bool) -> Iterator[int | None]:
    """The open file under an exclusive lock; None if another process has it and `wait` is off, or it is
    gone.
    """
    descriptor = _lock(path, wait)
    while wait and descriptor is None:
        descriptor = _lock(path, wait)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(path: Path, wait: bool) -> int | None:
    if wait:
        create_file(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    os.close(descriptor)
    return None


def _events(descriptor: int) -> Iterator[dict[str, Any]]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        for line in file.read(MOST_BYTES).splitlines():
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event
