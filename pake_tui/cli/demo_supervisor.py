"""Starts the demo's players and ends everything: `python -m pake_tui.cli.demo_supervisor FOLDER START_NS`.

Its standard input is a pipe that only the console holds open: however the console dies, the pipe ends.
Then the players end (their pipes do), the collector is told to, and the folder is deleted.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pake_tui import paths
from pake_tui.cli import demo_story

PATIENCE_S = 5.0
PLAYER = "pake_tui.cli.demo_player"


def start_player(service: str, start_ns: int) -> subprocess.Popen[bytes]:
    """One service as a process, in the current folder; it ends with this process."""
    return subprocess.Popen(
        [sys.executable, "-m", PLAYER, service, str(start_ns)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_end(parent: int) -> None:
    """Return once standard input has ended, or the console is not this process's parent any more."""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], 1.0)
        if ready and not os.read(0, 1024):
            return


def end_players(players: Sequence[subprocess.Popen[bytes]]) -> None:
    """Close their pipes, and kill who does not leave."""
    for player in players:
        if player.stdin is not None:
            player.stdin.close()
    until = time.monotonic() + PATIENCE_S
    for player in players:
        try:
            player.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            player.kill()
            player.wait()


def end_processes_of(folder: Path, console: int) -> None:
    """Tell every process that lives in the demo's state folder to end, the collector first of all; the
    console itself, if it is still there, waits for that.
    """
    mine = [pid for pid in processes() if pid not in (os.getpid(), console) and in_demo(pid, folder)]
    for pid in mine:
        _signal(pid, signal.SIGTERM)
    gone = _until(lambda: not any(in_demo(pid, folder) for pid in mine), PATIENCE_S / 2)
    if not gone:
        for pid in mine:
            if in_demo(pid, folder):
                _signal(pid, signal.SIGKILL)


def processes() -> list[int]:
    """Pids of this host, where /proc tells."""
    with contextlib.suppress(OSError):
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return []


def in_demo(pid: int, folder: Path) -> bool:
    """Whether a process was started with the demo's state folder in its environment."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"PAKE_STATE_DIR={folder / 'state'}".encode() in environment


def delete(folder: Path) -> None:
    """Delete the folder, again if somebody wrote a last line meanwhile."""

    def gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    _until(gone, PATIENCE_S)


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def main(folder: Path, start_ns: int) -> None:
    """Run the demo in `folder` until the console is gone."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    story = demo_story.load(paths.data_folder("sample-data"), start_ns)
    players = [start_player(service, start_ns) for service in story.services]
    try:
        wait_for_end(parent)
    finally:
        end_players(players)
        end_processes_of(folder, parent)
        os.chdir("/")
        delete(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
