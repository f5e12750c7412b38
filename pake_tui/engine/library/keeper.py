"""The one thread behind an application: watches the configuration, flushes, registers."""

from __future__ import annotations

import threading
from collections.abc import Callable

from msgspec import Struct

from pake_tui.clock import monotonic


class _Job(Struct):
    every_s: float
    work: Callable[[], None]
    due: float = 0.0


class Keeper:
    """Runs each job every so many seconds on a daemon thread that starts when it is first needed.

    A job that raises is reported by `failed(error)` and runs again; no job delays the caller of `wake`.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._jobs: list[_Job] = []
        self.reset()

    def add(self, every_s: float, work: Callable[[], None]) -> None:
        """One more job, due at once."""
        self._jobs.append(_Job(every_s, work))

    def reset(self) -> None:
        """Forget the thread: it does not come along into a forked child."""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._running = False

    def wake(self) -> None:
        """Make sure that the thread runs; costs nothing where it does."""
        if not self._running:
            self._start()

    def stop(self, timeout_s: float) -> None:
        """End the thread; what it is doing may take `timeout_s` more."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _start(self) -> None:
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._running or self._stop.is_set():
                return
            thread = threading.Thread(target=self._loop, args=(self._stop,), name="pake-tui", daemon=True)
            thread.start()
            self._thread, self._running = thread, True
        except RuntimeError:
            # No thread to be had now: out of resources, or the interpreter is ending. The next call
            # tries again.
            return
        finally:
            self._lock.release()

    def _loop(self, stop: threading.Event) -> None:
        while not stop.is_set():
            now = monotonic()
            for job in self._jobs:
                if now >= job.due:
                    job.due = now + job.every_s
                    self.run(job.work)
            stop.wait(max(0.02, min((job.due for job in self._jobs), default=now + 1.0) - monotonic()))

    def run(self, work: Callable[[], None]) -> None:
        """Run one job now; what it raises is reported."""
        try:
            work()
        except Exception as error:
            self._failed(error)
