"""A bounded queue and the daemon thread that empties it: what `async_logging` hands lines to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Background:
    """Runs `work(item)` for each item in order, on one daemon thread that starts with the first item.

    `offer` never waits: past `limit` waiting items it refuses. The queue may be fed from signal handlers
    and finalisers.
    """

    def __init__(self, work: Callable[[object], None]) -> None:
        self._work = work
        self._items: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Items that have not been taken yet."""
        return self._items.qsize()

    def offer(self, item: object, limit: int) -> bool:
        """Queue an item; False where `limit` items wait already or no thread can be started."""
        if self._items.qsize() >= limit or not self._running():
            return False
        self._items.put(item)
        return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything queued so far is done; False where that took longer."""
        if self._thread is None or not self._thread.is_alive():
            return self._items.empty()
        if threading.current_thread() is self._thread:
            return False
        reached = threading.Event()
        self._items.put(reached)
        return reached.wait(timeout_s)

    def _running(self) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return True
        if not self._starting.acquire(blocking=False):
            return self._thread is not None
        try:
            thread = threading.Thread(target=self._loop, name="pake-tui-log", daemon=True)
            thread.start()
            self._thread = thread
        except RuntimeError:
            # No thread to be had: out of resources, or the interpreter is ending.
            return False
        finally:
            self._starting.release()
        return True

    def _loop(self) -> None:
        while True:
            item = self._items.get()
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._work(item)
