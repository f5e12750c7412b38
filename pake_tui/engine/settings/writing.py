"""The configuration file, replaced whole: atomically, with mode, owner and attributes kept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pake_tui.engine.settings.files import Sight, look
from pake_tui.errors import ConfigError
from pake_tui.paths import user_name

LOCK_SECONDS = 2.0


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two of us never edit at once. Where locks don't work, go on without."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"another edit in {folder} does not end", hint="try again in a moment"
                ) from None
            time.sleep(0.02)
        except OSError:
            return


def replace(path: Path, data: bytes, seen: Sight | None) -> None:
    """Put new content in place of what was `seen`, atomically, with mode, owner and attributes kept.

    ConfigError where the file changed meanwhile or cannot be written.
    """
    target = path.resolve()
    try:
        if not os.access(target, os.W_OK):
            raise PermissionError(13, f"{user_name()} may not write it")
        if not _swap(target, data, path, seen):
            _overwrite(target, data, path, seen)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="nothing was changed") from None


def create(path: Path, data: bytes) -> None:
    """Make a private file that was not there. ConfigError where it is there by now, or cannot be made."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            _fill(descriptor, data)
            os.link(draft, path)
        finally:
            Path(draft).unlink()
    except FileExistsError:
        raise ConfigError(f"{path} was made by somebody else meanwhile", hint="try again") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be made: {error.strerror}") from None
    _sync_folder(path.parent)


def _swap(target: Path, data: bytes, path: Path, seen: Sight | None) -> bool:
    """By a rename; False where the folder or the owner forbids it."""
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except PermissionError:
        return False
    draft = Path(name)
    try:
        facts = target.stat()
        try:
            os.fchown(descriptor, facts.st_uid, facts.st_gid)
        except PermissionError:
            os.close(descriptor)
            return False
        _fill(descriptor, data)
        shutil.copystat(target, draft)
        os.utime(draft)
        _unchanged(path, seen)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return True


def _overwrite(target: Path, data: bytes, path: Path, seen: Sight | None) -> None:
    """In place: the owner stays who it was, which a rename by another user could not do."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        _unchanged(path, seen)
        file.write(data)
        file.truncate(len(data))
        os.fsync(descriptor)


def _fill(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _unchanged(path: Path, seen: Sight | None) -> None:
    if look(path) != seen:
        raise ConfigError(
            f"{path} was changed by another program meanwhile", hint="nothing was saved; try again"
        )


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
