"""Files of a state folder: their modes whatever the umask, and whether SQLite can share memory there."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LEAST_ROOM = 1_000_000
"""With fewer bytes a disk counts as full."""
ASIDE_SHOWN_S = 86_400
"""So long a file that was set aside is told of."""
_LOGS = ("-wal", "-shm", "-journal")
NETWORK = frozenset(
    {
        "9p",
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "fuse.vmhgfs-fuse",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "prl_fs",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "webdav",
    }
)
_creating = threading.Lock()


def _after_fork() -> None:
    """In a child: a thread that held the lock did not come along."""
    global _creating
    _creating = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def create_file(path: Path) -> bool:
    """Make an empty file if there is none: 0660 in a folder that its group may write, else 0600. OSError.

    What root makes in somebody's folder belongs to that folder's owner. True if it was made here.
    """
    with _creating:
        if path.exists():
            return False
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return False
        try:
            folder = path.parent.stat()
            if os.geteuid() == 0 and folder.st_uid != 0:
                os.fchown(descriptor, folder.st_uid, folder.st_gid)
            os.fchmod(descriptor, 0o660 if folder.st_mode & stat.S_IWGRP else 0o600)
        finally:
            os.close(descriptor)
    return True


def file_system(path: Path, mounts: Iterable[str] | None = None) -> str:
    """The type of the file system a path lies on, from /proc/mounts; empty where that cannot be read."""
    if mounts is None:
        try:
            mounts = (
                Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").split("\n")
            )
        except OSError:
            return ""
    best, found = -1, ""
    with suppress(OSError):
        path = path.resolve()
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace(r"\040", " ").replace(r"\011", "\t").replace(r"\134", "\\"))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), fields[2]
    return found


def is_network(kind: str) -> bool:
    """Whether a file system is shared between machines, where SQLite's shared memory must not be used."""
    return kind in NETWORK


def trouble_in(folder: Path) -> tuple[str, bool]:
    """What is wrong with a state folder, in words, and whether nothing can be saved there; empty: nothing."""
    try:
        facts = os.statvfs(folder)
        with os.scandir(folder) as entries:
            aside = [one for one in entries if ".corrupt-" in one.name and not one.name.endswith(_LOGS)]
            fresh = [one.name for one in aside if time.time() - one.stat().st_ctime < ASIDE_SHOWN_S]
    except OSError:
        return "", False
    if facts.f_bavail * facts.f_frsize < LEAST_ROOM:
        return f"the disk of {folder} is full: nothing can be saved until there is room again", True
    if fresh:
        return f"was corrupt and begun anew: {', '.join(sorted(fresh)[:3])} in {folder}", False
    return "", False
