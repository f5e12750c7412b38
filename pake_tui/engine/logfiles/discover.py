"""Which files a log view has: named ones, registered ones, globs, ./logs, or the host's usual logs."""

from __future__ import annotations

import codecs
import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.clock import now_ns

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
SAMPLE_BYTES = 4096
"""First bytes among which a file of text has no zero."""
TICK_NS = 100_000_000
MOST_MISSING = 100
"""Names whose file went that are remembered; of more the last ones."""
LOCAL = "./logs/*.log"
GLOBS = "logs: globs"
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
    `missing` had a file when `patterns` were looked at before, and have none now: it may be back in a moment.
    """

    found: tuple[Found, ...]
    origin: str
    compressed: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    missing: tuple[Found, ...] = ()


NOTHING = Discovery((), "")


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
                # Kernels' clocks go in steps: it may change again within this one, and the time stay.
                told = now_ns() - changed > TICK_NS
                self._known[folder] = known = (changed if told else -1, names)
        except OSError:
            return []
        return known[1]


def discover(
    globs: Sequence[str],
    registered: Iterable[tuple[str, str]],
    folders: Folders,
    *,
    host: str = HOST_FOLDER,
    before: Discovery = NOTHING,
) -> Discovery:
    """What registered loggers and globs name; without any, ./logs/*.log; without those, the host's own logs.

    `registered` are (service, path). Rotated siblings are found beside each file, also while it is missing
    itself, if it was there in `before`: between two files of a name a view is what it was.
    """
    named = [Found(path, service) for service, path in registered if _there(path)]
    registrations = len(named)
    globbed, cut = _globbed(globs)
    named += globbed
    loggers = bool(registrations or not globs)
    words = ["registered loggers"] * loggers + [GLOBS] * bool(globbed or not loggers)
    found = _found(named, " and ".join(words), globs, before, cut)
    if not (found.found or found.missing or globs):
        local, cut = _globbed((LOCAL,))
        found = _found(local, LOCAL, (LOCAL,), before, cut)
    if not (found.found or found.missing or globs):
        found = _found(list(_host_logs(host, folders)), f"this host's {host}", (host,), before)
    return _with_siblings(found, folders)


def exactly(patterns: Sequence[str], before: Discovery = NOTHING) -> Discovery:
    """Just the files that paths and globs name, no siblings. A plain path is kept though it is missing."""
    named, cut = _globbed(patterns)
    return _found(named, "--file", patterns, before, cut)


def _found(
    named: Sequence[Found],
    origin: str,
    patterns: Sequence[str],
    before: Discovery,
    cut: tuple[str, ...] = (),
) -> Discovery:
    """What patterns name now, each once, and what they named before."""
    once, missing = tuple(dict.fromkeys(named)), _missing(named, tuple(patterns), before)
    return Discovery(once, origin, (), cut, tuple(patterns), missing)


def _missing(named: Sequence[Found], patterns: tuple[str, ...], before: Discovery) -> tuple[Found, ...]:
    """What the same patterns named before, and no file has now."""
    if before.patterns != patterns:
        return ()
    here = {one.path for one in named}
    known = (*before.missing, *(one for one in before.found if not one.rotated))
    gone = [one for one in known if one.path not in here and not _there(one.path)]
    return tuple(gone[-MOST_MISSING:])


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
    """Absolute paths that a path or glob names, of a folder all that is text; a plain path as it is."""
    try:
        absolute = str(Path(pattern).expanduser().absolute())
    except OSError:  # the working folder is gone
        return []
    if not glob.has_magic(absolute) or Path(absolute).is_file():
        return _texts(absolute) if Path(absolute).is_dir() else [absolute]
    found = glob.iglob(absolute, recursive=True)  # noqa: PTH207 - absolute patterns
    files = (path for path in found if not path.endswith(_COMPRESSED) and not os.path.isdir(path))  # noqa: PTH112 - thousands of them
    return sorted(islice(files, MOST_FOUND))


def _texts(folder: str) -> list[str]:
    """The files in a folder that hold text, plain or compressed; not hidden ones, and none of its folders."""
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, MOST_FOUND):
                if entry.name.startswith(".") or entry.name.endswith(_COMPRESSED) or not entry.is_file():
                    continue
                facts = entry.stat()
                if _is_text(entry.path, facts.st_dev, facts.st_ino, facts.st_size > 0):
                    found.append(entry.path)
    except OSError:
        pass  # what was found until then is there
    return sorted(found)


@lru_cache(maxsize=20_000)
def _is_text(path: str, device: int, inode: int, filled: bool) -> bool:
    """Whether a file may be a log: no database, journal or program. One that can't be read may be."""
    if not filled or path.endswith(PACKED):
        return True
    try:
        with open(path, "rb") as file:
            first = file.read(SAMPLE_BYTES)
    except OSError:
        return True
    return b"\0" not in first or first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


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


def _with_siblings(named: Discovery, folders: Folders) -> Discovery:
    """The named files, each behind its older siblings; those of missing ones too."""
    found: dict[str, Found] = {}
    compressed: list[str] = []
    missing = set(named.missing)
    rotated: dict[str, dict[str, list[tuple[tuple[int, str], str]]]] = {}
    for one in sorted((*named.found, *named.missing), key=lambda each: each.path):
        folder, _, base = one.path.rpartition("/")
        if folder not in rotated:
            rotated[folder] = _rotated(folders.names(folder or "/"))
        for _, name in sorted(rotated[folder].get(base, ())):
            path = f"{folder}/{name}"
            if name.endswith(_COMPRESSED):
                compressed.append(path)
                continue
            found.pop(path, None)
            found[path] = Found(path, one.service, rotated=True)
        if one not in missing:
            found.setdefault(one.path, one)
    return replace(named, found=tuple(found.values()), compressed=tuple(compressed))


def _rotated(names: Iterable[str]) -> dict[str, list[tuple[tuple[int, str], str]]]:
    """A folder's names that may be rotated siblings, with their age, by the name they were rotated from."""
    found: dict[str, list[tuple[tuple[int, str], str]]] = {}
    for name in names:
        for base, number in rotations(name):
            found.setdefault(base, []).append((_age(number), name))
    return found


def rotations(name: str) -> Iterator[tuple[str, str]]:
    """Whose rotated sibling a name may be, and the number or date in it: api.log, 2 of api.log.2.gz."""
    plain = name.removesuffix(next((end for end in (*PACKED, *_COMPRESSED) if name.endswith(end)), ""))
    if plain[-1:].isdecimal():
        for at in range(1, len(plain)):
            if plain[at] in ".-" and (number := _ROTATED.fullmatch(plain, at)):
                yield plain[:at], number[1]


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
