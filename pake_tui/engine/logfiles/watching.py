"""Tells that files may have changed, as soon as the kernel knows: inotify (Linux, inotify(7)).

The thread that waits for it blocks in the kernel: nothing runs while nothing happens. (watchfiles wakes up
some twenty times a second to look for its stop sign.) Where there is no inotify, or it may miss what other
machines write, `Watcher.sound` is false, and whoever reads has to look for himself.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from pake_tui.engine.store.files import file_system, is_network

GAP_MS = 170
"""A file that is written all the time is told of so often."""
_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_OF_FILE = _MODIFY | _ATTRIB | _DELETE_SELF | _MOVE_SELF
_OF_FOLDER = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_IGNORED = 0x8000
_EVENT = struct.Struct("iIII")
_READ_BYTES = 64 * 1024


class Watcher:
    """Watches files and their folders from a thread, which calls `changed` until `close`."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._add, self._remove, self._events = _inotify()
        self._ending = os.pipe2(os.O_CLOEXEC) if self._events >= 0 else (-1, -1)
        self._numbers: set[int] = set()
        self._lock = threading.Lock()
        self.sound = False
        """Whether every change of what is watched will be told."""
        if self._events >= 0:
            threading.Thread(target=self._run, name="pake-watch", daemon=True).start()

    def watch(self, files: Iterable[str], awaited: Iterable[str] = ()) -> None:
        """From now on these files, and the folders they are in, or `awaited` ones may be in."""
        with self._lock:
            if self._events < 0:
                return
            wanted = dict.fromkeys(files, _OF_FILE)
            folders = {path.rpartition("/")[0] or "/" for path in (*wanted, *awaited)}
            folders = {folder for folder in folders if os.path.isdir(folder)}  # noqa: PTH112 - paths are text here
            wanted |= dict.fromkeys(folders, _OF_FOLDER)
            # A watch goes with its file when that is renamed; asked for again it is the same one.
            numbers = {self._add(self._events, os.fsencode(path), kind) for path, kind in wanted.items()}
            for number in self._numbers - numbers:
                self._remove(self._events, number)
            self._numbers = numbers
            kinds = {file_system(Path(folder)) for folder in folders}
            self.sound = -1 not in numbers and not any(map(is_network, kinds))

    def close(self) -> None:
        """End the thread."""
        with self._lock:
            if self._events >= 0:
                self._events, self.sound = -1, False
                os.close(self._ending[1])

    def _run(self) -> None:
        events, ending = self._events, self._ending[0]
        news, end = select.poll(), select.poll()
        for descriptor, poll in ((events, news), (ending, news), (ending, end)):
            poll.register(descriptor, select.POLLIN)
        while news.poll() and not end.poll(0):
            if _tells(os.read(events, _READ_BYTES)):
                self._changed()
                end.poll(GAP_MS)
        os.close(ending)
        os.close(events)


def _inotify() -> tuple[Callable[..., int], Callable[..., int], int]:
    """The calls to add and remove a watch, and the descriptor that is read; -1 where there is none."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            system = ctypes.CDLL(None, use_errno=True)
            return system.inotify_add_watch, system.inotify_rm_watch, system.inotify_init1(os.O_CLOEXEC)
    return (lambda *_: -1), (lambda *_: -1), -1


def _tells(data: bytes) -> bool:
    """Whether there is more among events than that watches have ended."""
    at = 0
    while at < len(data):
        _, kind, _, length = _EVENT.unpack_from(data, at)
        if not kind & _IGNORED:
            return True
        at += _EVENT.size + length
    return False
