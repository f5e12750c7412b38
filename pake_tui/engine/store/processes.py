"""Telling one process from another: a pid alone may have been given to somebody else since."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A pid, the kernel's start time of it, and the pid namespace in which it counts (both empty off
    Linux).
    """

    pid: int
    started: str
    namespace: str


def this_process(pid: int | None = None) -> Process:
    """The identity of a process of this pid namespace, by default this one."""
    number = os.getpid() if pid is None else pid
    return Process(number, _stat_field(number, 19), _namespace())


def is_alive(process: Process) -> bool | None:
    """Whether it runs; None where this process cannot know (another namespace: another container)."""
    if process.namespace != _namespace():
        return None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _stat_field(process.pid, 19) == process.started and _stat_field(process.pid, 0) != "Z"


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal (SIGSTOP, SIGTSTP)."""
    return _stat_field(pid, 0) == "T"


def _stat_field(pid: int, after_name: int) -> str:
    """A field of /proc/PID/stat counted from the one after the command's name; empty where unknown."""
    with contextlib.suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[after_name]
    return ""


def _namespace() -> str:
    with contextlib.suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""
