"""Writes to the terminal from a thread of its own, so that a stalled terminal never stops the event loop."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

PIECE = 4096
CLOSE_SECONDS = 1.0
LIMIT = 1 << 20
"""Bytes that may wait; frames do not queue, so only a flood of other writes gets here."""


class Writer:
    """`write` never blocks. `drained` is called, from the thread, when nothing waits any more."""

    def __init__(self, descriptor: int, drained: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._drained = drained
        self._queue: deque[bytes] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="pake-output", daemon=True)
        self.dropped = 0
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._waiting

    def write(self, text: str) -> bool:
        """Hand text on; False where too much waits already and it was dropped."""
        data = text.encode("utf-8", "replace")
        with self._wake:
            if self._waiting + len(data) > LIMIT:
                self.dropped += len(data)
                return False
            self._queue.append(data)
            self._waiting += len(data)
            self._wake.notify()
        return True

    def close(self) -> bool:
        """Write what waits, for a second at most; False where the terminal did not take it all."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(CLOSE_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                data = b"".join(self._queue)
                self._queue.clear()
            self._put(data)
            if not self._waiting:
                self._drained()

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view[:PIECE]) :]
            except BlockingIOError:
                threading.Event().wait(0.01)
            except OSError:
                # The terminal is gone; the input side sees that and ends the app.
                break
        with self._wake:
            self._waiting -= len(data)
