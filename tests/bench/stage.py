"""Where the bench plays: a temporary home, state and configuration, a large log, and who adds to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pake_tui.engine.store.state import StateStore

ROOT = Path(__file__).resolve().parents[2]
CLEARED = ("PAKE_", "LOG_", "MONITORING_", "XDG_", "SSH_", "NO_COLOR")
CONFIG = """\
rules:
  - {name: memory in use, metric: memory_percent, op: ">", threshold: 0.1, for: 0s, severity: low}
  - {name: load is there, metric: load1, op: ">=", threshold: 0, for: 0s, severity: medium}
logs: [%s]
"""
WRITER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tests.bench.stage import log_line
path, rate, begun, done = sys.argv[2], float(sys.argv[3]), time.time(), 0
with open(path, "a") as log:
    while True:
        due = int((time.time() - begun) * rate)
        log.write("".join(log_line(time.time(), n) for n in range(done, due)))
        log.flush()
        done = due
        time.sleep(min(0.05 if rate > 20 else 1 / rate, 1))
"""


def log_line(seconds: float, number: int) -> str:
    """A line of one length, with a level, a service and an ID that a few lines share."""
    level = "ERROR" if number % 67 == 0 else "INFO "
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{stamp}.{number % 1000:03}Z {level} api: request {number:09} id=r-{number // 7:08} timed step\n"


class Stage:
    """The folder and what runs in it; all of it is gone at the end of the `with`."""

    def __init__(self, log_mb: float) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pake-bench-"))
        self.log = self.folder / "logs" / "app.log"
        for name in ("home", "state", "logs", "work", "config", "cache", "xdg-state"):
            (self.folder / name).mkdir(mode=0o700)
        for name in [name for name in os.environ if name.startswith(CLEARED)]:
            del os.environ[name]
        os.environ |= {
            "HOME": str(self.folder / "home"),
            "PAKE_STATE_DIR": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_STATE_HOME": str(self.folder / "xdg-state"),
        }
        os.chdir(self.folder / "work")
        config = self.folder / "work" / "pake.yaml"
        config.write_text(CONFIG % self.log)
        config.chmod(0o600)
        self._write_log(int(log_mb * 1e6))

    def _write_log(self, size: int) -> None:
        length = len(log_line(0, 0))
        count = max(1_000, size // length)
        start = time.time() - count / 1000
        with self.log.open("w") as log:
            for first in range(0, count, 1000):
                lines = [log_line(start + first / 1000, number) for number in range(first, first + 1000)]
                log.write("".join(lines))

    @contextlib.contextmanager
    def writing(self, lines_per_s: float) -> Iterator[None]:
        """Let another process add lines within the `with`."""
        command = [sys.executable, "-c", WRITER, str(ROOT), str(self.log), str(lines_per_s)]
        with subprocess.Popen(command) as writer:
            try:
                yield
            finally:
                writer.kill()

    def lines(self) -> int:
        """Lines in the log."""
        return self.log.stat().st_size // len(log_line(0, 0))

    def collector(self) -> int | None:
        """The pid of the collector that serves this state folder, if one does."""
        state = StateStore(self.folder / "state", read_only=True)
        try:
            leader = state.leadership.current()
        finally:
            state.close()
        return leader.pid if leader is not None and leader.alive else None

    def end_collector(self) -> None:
        """Kill the collector and wait until its lock is free."""
        while (pid := self.collector()) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_collector()
        os.chdir(ROOT)
        shutil.rmtree(self.folder, ignore_errors=True)
