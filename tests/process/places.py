"""A state folder with its collectors, as tests of real processes use it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from socket import create_server
from typing import TypeVar

from pake_tui.clock import monotonic
from pake_tui.engine.agent_start import ENGINE_LOG, ensure_collector
from pake_tui.engine.store.leadership import Leader
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Alert, AlertState

Answer = TypeVar("Answer")


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(ask: Callable[[], Answer | None], seconds: float = 15.0) -> Answer:
    """Its first answer that is something; a failure when there is none in time."""
    deadline = monotonic() + seconds
    while not (answer := ask()):
        assert monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.02)
    return answer


def is_gone(pid: int) -> bool:
    """Whether a process ended; a zombie counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Place:
    """A state folder, and every collector that was seen in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.state = StateStore(folder)
        self.metrics = MetricsStore(folder)
        self.pids: set[int] = set()
        self.children: list[subprocess.Popen[bytes]] = []

    def agent(self, *words: str) -> subprocess.Popen[bytes]:
        """`pake-tui agent` with these words."""
        child = subprocess.Popen([sys.executable, "-m", "pake_tui", "agent", *words], cwd="/")
        self.children.append(child)
        return child

    def leader(self, other_than: int = 0) -> Leader | None:
        """The collector that beats now, unless it is that one."""
        found = self.state.leadership.current()
        if found is None or not found.alive or found.silent or found.pid == other_than:
            return None
        self.pids.add(found.pid)
        return found

    def follower_of(self, pid: int) -> Leader:
        """The collector that is started in the place of that one, for whoever asks."""

        def another() -> Leader | None:
            ensure_collector(self.state, None)
            return self.leader(other_than=pid)

        return wait_for(another)

    def sampled_since(self, at_ns: int) -> bool:
        """Whether a sample came after that moment."""
        newest = self.metrics.newest_ns()
        return newest is not None and newest > at_ns

    def log(self) -> str:
        """What the engine's own log says so far."""
        path = self.folder / ENGINE_LOG
        return path.read_text() if path.exists() else ""

    def alert(self, state: AlertState) -> Alert | None:
        """The newest alert in a state."""
        return next(iter(self.state.alerts.in_states([state])), None)

    def end(self) -> None:
        """Kill everything that was started here."""
        with contextlib.suppress(Exception):
            if found := self.state.leadership.current():
                self.pids.add(found.pid)
        for pid in self.pids:
            with contextlib.suppress(OSError):
                if "pake_tui" in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
                    os.kill(pid, signal.SIGKILL)
        for child in self.children:
            child.kill()
            child.wait(10)
