"""A part of the collector: one thread that does one thing again and again, and outlives its own failures."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pake_tui.clock import monotonic
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.errors import PakeError

LONGEST_WAIT_S = 60.0
_log = logging.getLogger("pake.engine")


class Part:
    """Calls `work` every `every_s` seconds, the first time after `first_s`, on a thread of its own.

    One that raises is said in the log and in `problem`, and begun again after a wait that doubles up to a
    minute. DeposedError ends the collector: `deposed(error)` is called, and the part ends.
    """

    def __init__(
        self,
        name: str,
        first_s: float,
        every_s: float,
        work: Callable[[], None],
        *,
        deposed: Callable[[Exception], None],
    ) -> None:
        self.name = name
        self.problem = ""
        """What went wrong at the last run, and when it is tried again; empty where nothing did."""
        self.failures = 0
        self.took_s = 0.0
        """How long the last run that succeeded took."""
        self._first, self._every = first_s, every_s
        self._work = work
        self._deposed = deposed
        self._began: float | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"pake-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Run now rather than at the next turn, unless it waits after a failure."""
        self._wake.set()

    def ask_to_stop(self) -> None:
        """End after the current run."""
        self._stopping = True
        self._wake.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of a part that was asked to stop, at most `timeout_s` seconds."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def stuck_for(self) -> float:
        """Seconds that the current run takes already."""
        began = self._began
        return 0.0 if began is None else monotonic() - began

    def _run(self) -> None:
        due = monotonic() + self._first
        self._pause(due)
        while not self._stopping:
            wait = self._turn()
            due = max(due + wait, monotonic()) if wait > 0 else monotonic()
            self._pause(due)

    def _turn(self) -> float:
        """One run; seconds until the next one."""
        began = self._began = monotonic()
        try:
            self._work()
            self.took_s = monotonic() - began
        except DeposedError as error:
            self._stopping = True
            self._deposed(error)
            return 0.0
        except Exception as error:
            return self._failed(error)
        finally:
            self._began = None
        if self.problem:
            _log.info("%s works again", self.name)
        self.problem, self.failures = "", 0
        return self._every

    def _failed(self, error: Exception) -> float:
        self.failures += 1
        wait = min(LONGEST_WAIT_S, self._every * 2.0 ** min(self.failures, 10))
        said = str(error) if isinstance(error, PakeError) else f"{type(error).__name__}: {error}"
        self.problem = f"{said}; tried again after {wait:.0f} s"
        trace = None if isinstance(error, PakeError) else error
        _log.error("%s failed (%d times): %s", self.name, self.failures, said, exc_info=trace)
        return wait

    def _pause(self, until: float) -> None:
        while not self._stopping and (left := until - monotonic()) > 0:
            woken = self._wake.wait(left)
            if woken:
                self._wake.clear()
                if not self.failures:
                    return
