"""SQLite's errors as ours, mapped once: what was tried, on what file, and what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from pake_tui.errors import PakeError, ReadOnlyError, StoreError

_LEAST_FREE = 64 * 1024


class BusyError(StoreError):
    """Others were writing for longer than one would wait."""


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Somebody else holds the lock."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)


def is_corrupt(error: sqlite3.Error) -> bool:
    """The file is damaged, or no database at all."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def translate(error: sqlite3.Error, path: Path) -> PakeError:
    """The error that leaves this room."""
    code = _code(error)
    if is_busy(error):
        return BusyError(f"{path} is busy: another process is writing")
    if is_corrupt(error):
        return StoreError(
            f"{path} is corrupt", hint="whoever may write there sets it aside and begins a fresh one"
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _disk_is_full(path)):
        return StoreError(
            f"disk full: nothing was saved in {path}", hint=f"make room on the disk of {path.parent}"
        )
    if code == sqlite3.SQLITE_READONLY:
        return ReadOnlyError(f"{path} cannot be written by this user")
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(f"{path} cannot be opened: {why_not(path)}")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(f"{path}: the disk reported an error ({error})")
    return StoreError(f"{path}: {error}")


def why_not(path: Path) -> str:
    """Why a database file cannot be opened, in words."""
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    if path.is_dir():
        return "it is a folder"
    if not path.exists():
        return "it does not exist" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is not writable"
    if not os.access(path, os.R_OK):
        return "no permission to read it"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} is not writable"
    return "no permission, or too many open files"


def _disk_is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_FREE
    except OSError:
        return False
