"""Where indexes lie: a folder for each log file under this user's cache, with segments and a writer's lock.

Segments never change: a new one appears by rename, an old one goes by unlink. Whoever reads trusts nothing
that its checksums do not vouch for, so a folder may be deleted, cut or copied at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from pake_tui import paths
from pake_tui.clock import HOUR, now_ns
from pake_tui.engine.logfiles.index.layout import Body, Broken, ShortRead, packed, unpacked

_SUFFIX, _TEMPORARY, _LOCK = ".seg", ".tmp", "lock"
_FIRST_READ = 256 * 1024
MOST_SEGMENTS = 10_000
IN_USE_NS = HOUR
"""What was used since then makes no room for others, which would have to make room for it again."""


class Stored(Struct, frozen=True):
    """A segment on disk: its file, its size there, and its body."""

    path: str
    size: int
    body: Body


class Held(Struct, frozen=True):
    """One log's index on disk: its key, its bytes, and when it was last used (UTC ns)."""

    key: str
    size: int
    used_ns: int


def root() -> Path:
    """The folder of all indexes; not made here."""
    return paths.cache_folder() / "index"


def stamp(key: str) -> int:
    """A number that changes with the segments of a log; 0 where it has none."""
    try:
        return os.stat(root() / key).st_mtime_ns  # noqa: PTH116 - twice a second for many files
    except OSError:
        return 0


def load(key: str) -> list[Stored]:
    """The whole segments of a log, of those that overlap the longest; broken ones left out."""
    found = []
    for path in _names(key):
        with contextlib.suppress(OSError, Broken):
            found.append(_load(path))
    chain: list[Stored] = []
    at = 0
    while following := [one for one in found if one.body.facts.start == at and one.body.facts.end > at]:
        chain.append(max(following, key=lambda one: one.body.facts.end))
        at = chain[-1].body.facts.end
    return chain


def _names(key: str) -> list[str]:
    folder = root() / key
    try:
        if folder.stat().st_uid != os.geteuid():
            return []
        with os.scandir(folder) as entries:
            names = [entry.name for _, entry in zip(range(MOST_SEGMENTS), entries, strict=False)]
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if name.endswith(_SUFFIX)]


def _load(path: str) -> Stored:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        size = os.fstat(descriptor).st_size
        data = os.pread(descriptor, _FIRST_READ, 0)
        try:
            body = unpacked(data, size)
        except ShortRead as more:
            body = unpacked(os.pread(descriptor, more.need, 0), size)
        return Stored(path, size, body)
    except ShortRead:
        raise Broken("cut") from None
    finally:
        os.close(descriptor)


@contextmanager
def writing(key: str) -> Iterator[bool]:
    """The right to write a log's index; False where another process has it. OSError."""
    folder = root() / key
    for one in (paths.cache_folder(), root(), folder):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.fstat(descriptor).st_ino == path.stat().st_ino
        except OSError:
            mine = False  # another writes, or the folder was dropped just now
        yield mine
    finally:
        os.close(descriptor)


def store(key: str, body: Body, postings: bytes, replacing: list[Stored]) -> Stored:
    """Write a segment in the place of others; the caller holds the right to. OSError leaves all as it was."""
    folder = root() / key
    name = f"{body.facts.start:012x}-{body.facts.end:012x}-{secrets.token_hex(4)}"
    data = packed(body, postings)
    temporary = folder / f"{name}{_TEMPORARY}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        path = folder / f"{name}{_SUFFIX}"
        temporary.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    touch(key)
    for one in replacing:
        with contextlib.suppress(OSError):
            os.unlink(one.path)  # noqa: PTH108 - paths stay text here
    return Stored(str(path), len(data), unpacked(data, len(data)))


def tidy(key: str, kept: list[Stored]) -> None:
    """Remove what is no part of an index; the caller holds the right to write."""
    known = {one.path for one in kept} | {f"{root() / key}/{_LOCK}"}
    with contextlib.suppress(OSError), os.scandir(root() / key) as entries:
        for entry in entries:
            if entry.path not in known:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - paths stay text here


def touch(key: str) -> None:
    """Note that an index was used."""
    with contextlib.suppress(OSError):
        os.utime(root() / key / _LOCK)


def held() -> list[Held]:
    """Every index of this user, the longest unused first."""
    found = []
    with contextlib.suppress(OSError), os.scandir(root()) as folders:
        for folder in folders:
            with contextlib.suppress(OSError), os.scandir(folder.path) as entries:
                facts = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
                used = facts[_LOCK].st_mtime_ns if _LOCK in facts else 0
                found.append(Held(folder.name, sum(one.st_size for one in facts.values()), used))
    return sorted(found, key=lambda one: one.used_ns)


def drop(key: str) -> bool:
    """Delete a log's index, unless somebody writes it; whether there was one."""
    held_any = bool(_names(key))
    try:
        with writing(key) as mine:
            if mine:
                shutil.rmtree(root() / key, ignore_errors=True)
            return mine and held_any
    except OSError:
        return False


def make_room(most: int, keep: str) -> int:
    """Drop the longest unused indexes, not `keep`, until all fit into `most` bytes; what is left of it."""
    known = held()
    room = most - sum(one.size for one in known)
    for one in known:
        if room >= 0 or now_ns() - one.used_ns < IN_USE_NS:
            break
        if one.key != keep and drop(one.key):
            room += one.size
    return room
