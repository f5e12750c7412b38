"""Which files a log view has: named ones, registered ones, globs, ./logs, or the host's usual logs."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

HOST_FOLDER = "/var/log"
HOST_NAMES = (
    "syslog",
    "messages",
    "auth.log",
    "secure",
    "kern.log",
    "daemon.log",
    "cron",
    "maillog",
    "user.log",
)
MOST_FOUND = 100_000
"""Names that a pattern may have; those beyond are not looked at, which is said."""
MOST_HOST = 40
PACKED = (".gz", ".xz", ".bz2", ".zst")
_COMPRESSED = (".lz4", ".zip")
_ROTATED = re.compile(r"[.-](\d{1,4}|\d{8}(?:-\d+)?|\d{4}-\d{2}-\d{2}(?:[T_.-][\d-]+)?)")
_VAGUE = {"access", "error", "err", "out", "output", "stdout", "stderr", "current", "log", "server"}


class Found(Struct, frozen=True):
    """A file to read and its service; `rotated` marks an older sibling of one that was named."""

    path: str
    service: str
    rotated: bool = False


class Discovery(Struct, frozen=True):
    """The files of a view, older siblings before the file itself, and where they came from.

    `compressed` are siblings that can't be read, `cut` patterns of which not all names were looked at.
    """

    found: tuple[Found, ...]
    origin: str
    compressed: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


class Folders:
    """Names in folders, read again only when a folder has changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, list[str]]] = {}

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none where it can't be read."""
        try:
            changed = os.stat(folder).st_mtime_ns  # noqa: PTH116 - paths stay text here
            known = self._known.get(folder)
            if known is None or known[0] != changed:
                with os.scandir(folder) as entries:
                    names = sorted(entry.name for entry in islice(entries, MOST_FOUND))
                self._known[folder] = known = (changed, names)
        except OSError:
            return []
        return known[1]


def discover(
    globs: Sequence[str], registered: Iterable[tuple[str, str]], folders: Folders, *, host: str = HOST_FOLDER
) -> Discovery:
    """What registered loggers and globs name; without any, ./logs/*.log; without those, the host's own logs.

    `registered` are (service, path). Rotated siblings are found beside each file.
    """
    named = [Found(path, service) for service, path in registered if _there(path)]
    registrations = len(named)
    globbed, cut = _globbed(globs)
    named += globbed
    if named:
        origin = " and ".join(
            word
            for word, some in (
                ("registered loggers", registrations),
                ("logs: globs", len(named) > registrations),
            )
            if some
        )
        return replace(_with_siblings(named, origin, folders), cut=cut)
    named, cut = _globbed(("logs/*.log",))
    if named:
        return replace(_with_siblings(named, "./logs/*.log", folders), cut=cut)
    return _with_siblings(list(_host_logs(host, folders)), f"this host's {host}", folders)


def exactly(patterns: Sequence[str]) -> Discovery:
    """Just the files that paths and globs name, no siblings. A plain path is kept though it is missing."""
    named, cut = _globbed(patterns)
    return Discovery(tuple(dict.fromkeys(named)), "--file", cut=cut)


def _globbed(patterns: Sequence[str]) -> tuple[list[Found], tuple[str, ...]]:
    """The files that patterns name, and those patterns that name more than is looked at."""
    named: list[Found] = []
    cut: list[str] = []
    for pattern in patterns:
        paths = matches(pattern)
        cut += [pattern] if len(paths) >= MOST_FOUND else []
        named += [Found(path, service_of(path)) for path in paths]
    return named, tuple(cut)


def matches(pattern: str) -> list[str]:
    """Absolute paths that a path or glob names, a folder giving its *.log files; a plain path as it is."""
    try:
        absolute = str(Path(pattern).expanduser().absolute())
    except OSError:  # the working folder is gone
        return []
    if not glob.has_magic(absolute) or Path(absolute).is_file():
        if not Path(absolute).is_dir():
            return [absolute]
        absolute = f"{glob.escape(absolute)}/*.log"
    found = glob.iglob(absolute, recursive=True)  # noqa: PTH207 - absolute patterns
    files = (path for path in found if not path.endswith(_COMPRESSED) and not os.path.isdir(path))  # noqa: PTH112 - thousands of them
    return sorted(islice(files, MOST_FOUND))


@lru_cache(maxsize=20_000)
def service_of(path: str) -> str:
    """The service that a file's name tells: `api` for api.log.1, `nginx` for nginx/access.log."""
    name = Path(path).name
    stem = re.split(r"\.(?:log|jsonl?|txt)(?:[.-]|$)", name, maxsplit=1)[0] or name
    folder = Path(path).parent.name
    return folder if stem.lower() in _VAGUE and folder else stem


def _there(path: str) -> bool:
    """Whether a file may exist: only one that is known to be missing does not."""
    try:
        os.stat(path)  # noqa: PTH116 - paths stay text here
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _with_siblings(named: Sequence[Found], origin: str, folders: Folders) -> Discovery:
    found: dict[str, Found] = {}
    compressed: list[str] = []
    for one in sorted(named, key=lambda each: each.path):
        siblings = []
        folder, _, base = one.path.rpartition("/")
        for name in folders.names(folder or "/"):
            path = f"{folder}/{name}"
            if not name.startswith(base) or name == base:
                continue
            ends = (end for end in (*PACKED, *_COMPRESSED) if name.endswith(end))
            plain = name.removesuffix(next(ends, ""))
            if not (number := _ROTATED.fullmatch(plain[len(base) :])):
                continue
            if name.endswith(_COMPRESSED):
                compressed.append(path)
            else:
                siblings.append((_age(number[1]), path))
        for _, path in sorted(siblings):
            found.pop(path, None)
            found[path] = Found(path, one.service, rotated=True)
        found.setdefault(one.path, one)
    return Discovery(tuple(found.values()), origin, tuple(compressed))


def _age(number: str) -> tuple[int, str]:
    """A key that sorts older siblings first: high numbers, early dates."""
    return (-int(number), "") if len(number) <= 4 else (0, number)


def _host_logs(folder: str, folders: Folders) -> Iterator[Found]:
    names = folders.names(folder)
    usual = [name for name in HOST_NAMES if name in names]
    others = [name for name in names if name.endswith(".log") and name not in usual]
    inner = [
        f"{name}/{log}" for name in names for log in folders.names(f"{folder}/{name}") if log.endswith(".log")
    ]
    taken = 0
    for name in (*usual, *others, *inner):
        path = f"{folder}/{name}"
        readable = os.access(path, os.R_OK)
        if taken < MOST_HOST and (readable or name in usual) and Path(path).is_file():
            taken += 1
            yield Found(path, service_of(path))
