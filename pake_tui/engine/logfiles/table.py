"""The follower's table: which files are open, which came, grew, moved, were cut or left, by looking at them.

Looking is a `stat` each; nothing is read. Rename keeps the tape, since it goes by device and inode.
"""

from __future__ import annotations

import contextlib
import grp
import os
import stat
import threading
from collections.abc import Callable

from msgspec import Struct

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles.discover import MOST_FOUND, NOTHING, Discovery, Found, rotations
from pake_tui.engine.logfiles.newcomers import Look, cut_since, look_at
from pake_tui.engine.logfiles.tape import Reading, Tape, key_of
from pake_tui.engine.logfiles.unpack import NotUnpacked
from pake_tui.engine.logfiles.view import View, settled
from pake_tui.model.record import LogFile, LogFiles
from pake_tui.paths import user_name
from pake_tui.text.listing import listed

DISCOVER_S = 1.0
AT_ONCE_S = 0.05
"""Who asks for files and then for their lines does so within that."""
LEAVE_S = 3.0
"""How long a deleted file is still read (and its blocks kept from being freed)."""
MOST_GONE = 100
MOST_NOTES = 20


class _Leaving(Struct):
    """A tape whose name is gone, and when it is let go (monotonic seconds)."""

    tape: Tape
    until: float
    rotated: bool


class FileTable:
    """Open files of one view; safe to share between threads. At most `most` files are open, the newest.

    `discover` is told what it found before.
    """

    def __init__(
        self,
        discover: Callable[[Discovery], Discovery],
        reading: Reading,
        *,
        most: int = 500,
        unpacks: bool = False,
    ) -> None:
        self._stopped = bool if unpacks else None
        self._packed: dict[str, str] = {}
        self._discover = discover
        self._reading = reading
        self._most = most
        self._lock = threading.Lock()
        self._discovery = NOTHING
        self._looked = -DISCOVER_S
        self._pause_s = DISCOVER_S
        self._tapes: dict[str, Tape] = {}
        self._order: list[str] = []
        self._opened: list[tuple[str, str]] = []
        self._leaving: dict[str, _Leaving] = {}
        self._gone: dict[str, str] = {}
        self._rotated: set[str] = set()
        self._problems: dict[str, LogFile] = {}
        self._absent: list[str] = []
        self._seen: dict[str, Look] = {}
        self._signature: object = None
        self._view, self._viewed = View(), -AT_ONCE_S
        self._growth = 0
        self.moves = 0
        """Counts up when other files are open than before, or the same under other names."""
        self.holding = False
        """Whether there may be news a moment later, though nothing is written: a record was held back, or a
        file that left is still read.
        """

    def refresh(self) -> View:
        """Look at every file, and for others about once a second or when one moved; the tapes as they are."""
        with self._lock:
            began = monotonic()
            if began - self._looked >= self._pause_s or self._moved():
                self._looked = began
                for tape in self._tapes.values():
                    self._keep_copies(tape, self._seen[tape.key])
                # Before the others: a copy of what is cut later may not be among them.
                self._seen = {key: look_at(tape) for key, tape in self._tapes.items()}
                self._discovery = self._discover(self._discovery)
                self._open()
                # Where there are thousands of names, looking at them takes its twentieth of the time.
                self._pause_s = max(DISCOVER_S, 20 * (monotonic() - began))
            self._let_go()
            leaving = [one.tape for one in self._leaving.values()]
            tapes = [*leaving, *(self._tapes[key] for key in self._order)]
            self._grow(tapes)
            self._view, self._viewed = View(tuple(tapes), dict(self._gone), self._seen), began
            return self._view

    def lately(self) -> View:
        """As `refresh`, or what was seen at once before."""
        with self._lock:
            if monotonic() - self._viewed <= AT_ONCE_S:
                return self._view
        return self.refresh()

    def files(self) -> LogFiles:
        """The files as a screen shows them."""
        view = self.refresh()
        rows = [
            LogFile(tape.key, tape.path, tape.service, tape.stat().st_size, tape.format)
            for tape in view.tapes
        ]
        found = (*rows, *self._problems.values())
        return LogFiles(found, self._growth, self._discovery.origin, held=self.holding)

    def paths(self) -> tuple[str, ...]:
        """Where the open files lie."""
        return tuple(path for _, path in self._opened)

    def awaited(self) -> tuple[str, ...]:
        """Names that have no file now."""
        return tuple(self._absent)

    def packed(self) -> tuple[tuple[str, str], ...]:
        """Compressed files (path, service) that were not unpacked yet, oldest first."""
        return tuple(self._packed.items())

    def unread(self) -> tuple[str, ...]:
        """What is not read, in words: files with their problem, and compressed siblings."""
        problems = [one.problem for one in self._problems.values()]
        notes = [f"not searched: {one}" for one in problems[:MOST_NOTES]]
        if len(problems) > MOST_NOTES:
            notes.append(f"not searched: {len(problems) - MOST_NOTES:,} more files")
        if packed := self._discovery.compressed:
            notes.append(f"not searched, compressed: {listed(packed)}")
        return tuple(notes)

    def _moved(self) -> bool:
        """Whether a name stands for another file than before, or for one at last, or a file was cut.

        What was in one that was cut may be in another now.
        """
        for tape in self._tapes.values():
            try:
                facts = os.stat(tape.path)  # noqa: PTH116 - half the price of Path.stat
            except OSError:
                return True
            if key_of(facts) != tape.key:
                return True
            now, seen = look_at(tape), self._seen[tape.key]
            if now != seen and cut_since(tape, seen):
                return True
            self._seen[tape.key] = now
        # What is there only for a moment before it is rotated away can't wait for the next look around.
        return any(os.path.exists(path) for path in self._absent)  # noqa: PTH110 - half the price

    def _open(self) -> None:
        """Open what is new, follow what was renamed, and see what left."""
        before, self._tapes, self._order, self._problems = self._tapes, {}, [], {}
        self._packed = {}
        absent = [one.path for one in self._discovery.missing]
        for pattern in self._discovery.cut:
            words = f"{pattern}: names more than {MOST_FOUND:,} files, not all were looked at; name fewer"
            self._problems[pattern] = LogFile(pattern, pattern, "", 0, "", words)
        rotated, self._rotated = self._rotated, set()
        for found in self._newest():
            try:
                key = key_of(os.stat(found.path))  # noqa: PTH116 - paths stay text here
                if key in self._tapes:
                    continue
                tape = (
                    before.get(key)
                    or self._back(key)
                    or Tape(found.path, found.service, self._reading, self._stopped)
                )
            except NotUnpacked:
                self._packed[found.path] = found.service
                continue
            except OSError as error:
                absent += [found.path] if isinstance(error, FileNotFoundError) else []
                self._problems[found.path] = LogFile(
                    found.path, found.path, found.service, 0, "", problem(found.path, error)
                )
                continue
            tape.path, tape.service = found.path, found.service
            self._tapes[tape.key] = tape
            if tape.key not in self._seen:
                self._seen[tape.key] = look_at(tape)
            self._order.append(tape.key)
            if found.rotated:
                self._rotated.add(tape.key)
        opened = [(key, self._tapes[key].path) for key in self._order]
        self.moves += (opened, absent) != (self._opened, self._absent)
        self._opened, self._absent = opened, absent
        for key, tape in before.items():
            if key not in self._tapes:
                self._leaving[key] = _Leaving(tape, monotonic() + LEAVE_S, key in rotated)

    def _newest(self) -> list[Found]:
        """What discovery found, in its order; above the limit the oldest files are left out, and said."""
        found = list(self._discovery.found)
        if len(found) <= self._most:
            return found
        newest = sorted(found, key=lambda one: _written(one.path), reverse=True)
        left = newest[self._most]
        others = f" and {len(found) - self._most - 1:,} more" if len(found) > self._most + 1 else ""
        words = f"{left.path}{others}: over the limit of {self._most} files (limits.log_files)"
        self._problems[left.path] = LogFile(left.path, left.path, left.service, 0, "", words)
        kept = set(newest[: self._most])
        return [one for one in found if one in kept]

    def _keep_copies(self, tape: Tape, seen: Look) -> None:
        """For a while, read the copy of a file that was cut, though nobody asked for it: it has the end."""
        if not cut_since(tape, seen):
            return
        folder, _, name = tape.path.rpartition("/")
        names: list[str] = []
        with contextlib.suppress(OSError):
            names = os.listdir(folder or "/")  # noqa: PTH208 - half the price
        for other in names:
            if any(base == name for base, _ in rotations(other)):
                # Others beside it may be compressed, or not for everybody.
                with contextlib.suppress(OSError):
                    copy = Tape(f"{folder}/{other}", tape.service, self._reading, None)
                    same = copy.size >= seen[0] and copy.head(seen[1][0]) == seen[1]
                    if same and copy.key not in self._tapes:
                        self._leaving[copy.key] = _Leaving(copy, monotonic() + LEAVE_S, True)

    def _back(self, key: str) -> Tape | None:
        leaving = self._leaving.pop(key, None)
        return leaving.tape if leaving else None

    def _let_go(self) -> None:
        now, here = monotonic(), {tape.path for tape in self._tapes.values()}
        for key, one in list(self._leaving.items()):
            if now >= one.until:
                del self._leaving[key]
                # That the oldest of the rotated files goes is no news, nor that a name got another file.
                if not one.rotated and one.tape.path not in here:
                    self._gone[key] = one.tape.path
        while len(self._gone) > MOST_GONE:
            del self._gone[next(iter(self._gone))]

    def _grow(self, tapes: list[Tape]) -> None:
        """Count up where there is something else to read: not yet for a record that is held back."""
        signature = tuple((tape.key, tape.path, settled(tape)) for tape in tapes)
        self.holding = bool(self._leaving) or any(
            ready < tape.stat().st_size for tape, (_, _, ready) in zip(tapes, signature, strict=True)
        )
        if signature != self._signature:
            self._signature = signature
            self._growth += 1


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116 - paths stay text here
    except OSError:
        return 0.0


def problem(path: str, error: OSError) -> str:
    """Why a file can't be read, naming its permission and the way out."""
    if not isinstance(error, PermissionError):
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        return f"{path}: {reason}"
    me = user_name()
    try:
        facts = os.stat(path)  # noqa: PTH116 - paths stay text here
    except OSError:
        return f"{path}: {me} may not look into its folder; run as root, or ask for access"
    owner, mode = user_name(facts.st_uid), stat.filemode(facts.st_mode)
    try:
        group = grp.getgrgid(facts.st_gid).gr_name
    except KeyError:
        group = str(facts.st_gid)
    if facts.st_mode & stat.S_IRGRP and facts.st_gid != 0:
        way = f"sudo usermod -aG {group} {me}, then log in again"
    else:
        way = f"sudo setfacl -m u:{me}:r {path}"
    return f"{path}: {me} may not read it ({mode} {owner}:{group}); run as root, or: {way}"
