"""Writes to the terminal so that a stalled one never stops the event loop: what it does not take at once is
left to a thread.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable

PIECE = 4096
CLOSE_SECONDS = 1.0
LIMIT = 1 << 20
"""Bytes that may wait; frames do not queue, so only a flood of other writes gets here."""


class Writer:
    """`write` never blocks. `drained` is called, from the thread, when nothing waits there any more."""

    def __init__(self, descriptor: int, drained: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._direct = _opened_again(descriptor)
        self._drained = drained
        self._queue: deque[bytes] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._waiting

    def write(self, text: str) -> bool:
        """Hand text on; False where it was dropped: too much waits already, or the terminal is gone."""
        data = text.encode("utf-8", "replace")
        with self._wake:
            if self._closing:
                return False
            if not self._waiting and self._direct >= 0:
                with contextlib.suppress(OSError):
                    data = data[os.write(self._direct, data) :]
                if not data:
                    return True
            if self._waiting + len(data) > LIMIT:
                self.dropped += len(data)
                return False
            self._queue.append(data)
            self._waiting += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pake-output", daemon=True)
                self._thread.start()
            self._wake.notify()
        return True

    def close(self) -> bool:
        """Write what waits, for a second at most; False where the terminal did not take it all."""
        with self._wake:
            self._closing = True
            self._wake.notify()
            if self._direct >= 0:
                os.close(self._direct)
                self._direct = -1
        if self._thread is None:
            return True
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
                # The terminal is gone; the input side sees that and ends the app. Its number may soon be that
                # of another file, which must get none of what waits.
                with self._wake:
                    self._closing = True
                    self._queue.clear()
                    self._waiting = len(data)
                break
        with self._wake:
            self._waiting -= len(data)


def _opened_again(descriptor: int) -> int:
    """The terminal, opened once more, since not to wait is a mode that those who share a descriptor share; -1
    where it cannot be opened, as after `su` to another user.
    """
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return -1
