"""Reads the terminal in a thread of its own and hands events on."""

from __future__ import annotations

import os
import selectors
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable

from textual.message import Message

from pake_tui.tui.terminal.guard import Guard
from pake_tui.tui.terminal.keyboard import Keyboard

READ = 4096
LAST_ANSWER_SECONDS = 1.0
"""How long the end waits for an answer that is on its way, lest the shell reads it as typed."""


class Reader:
    """Everything is called from the thread: `deliver` with each event, `reported` with each cursor report,
    `mode` with each mode report, and at last `gone` where the terminal has gone or reading failed (with why).
    """

    def __init__(
        self,
        descriptor: int,
        escape_wait: float,
        *,
        deliver: Callable[[Message], None],
        reported: Callable[[int, int], None],
        mode: Callable[[str, bool], None],
        gone: Callable[[Exception | None], None],
    ) -> None:
        self._descriptor = descriptor
        self._guard = Guard(escape_wait)
        self._keyboard = Keyboard(self._position, mode)
        self._deliver = deliver
        self._reported = reported
        self._gone = gone
        self._unanswered = 0
        self._asked_at = 0.0
        self._answer = threading.Condition()
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="pake-input", daemon=True)
        self._thread.start()

    def asked(self) -> None:
        """A cursor report was asked for."""
        with self._answer:
            self._unanswered += 1
            self._asked_at = time.monotonic()

    def stop(self) -> None:
        """Read on for the answers that are on their way, a while, then end the thread."""
        if self._thread is not threading.current_thread():
            limit = max(0.0, self._asked_at + LAST_ANSWER_SECONDS - time.monotonic())
            with self._answer:
                self._answer.wait_for(lambda: not self._unanswered, limit)
        os.close(self._stop_write)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _position(self, row: int, column: int) -> None:
        with self._answer:
            self._unanswered = max(0, self._unanswered - 1)
            self._answer.notify()
        self._reported(row, column)

    def _run(self) -> None:
        try:
            self._read()
        except OSError:
            self._gone(None)
        except Exception as error:
            self._gone(error)
        finally:
            os.close(self._stop_read)
            with self._answer:
                self._unanswered = 0
                self._answer.notify()

    def _read(self) -> None:
        """Until told to stop; OSError where the terminal is gone."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self._descriptor, selectors.EVENT_READ)
            selector.register(self._stop_read, selectors.EVENT_READ)
            while True:
                wait = self._guard.wake_in(time.monotonic())
                ready = {key.fd for key, _ in selector.select(wait)}
                if self._stop_read in ready:
                    return
                data = os.read(self._descriptor, READ) if self._descriptor in ready else None
                if data == b"":
                    raise OSError("the terminal was closed")
                tokens = self._guard.feed(decode(data) if data else "", time.monotonic())
                for event in self._keyboard.events(tokens):
                    self._deliver(event)
