"""The console's side of the scan worker: starts it, asks it, cancels, and starts it again when it died."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pake_tui
from pake_tui.engine.logfiles import frames
from pake_tui.engine.logfiles.requests import Answer, Ask, More, Request, Stop
from pake_tui.errors import LogError
from pake_tui.model.record import LogBatch, Trace

LOOK_S = 0.02
STUCK_S = 2.0
"""A worker that has not ended a cancelled search by then is replaced."""


class WorkerClient:
    """A scan worker, started at once in the background; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: dict[int, queue.SimpleQueue[Answer]] = {}
        self._ticket = 0
        self._closed = False
        with contextlib.suppress(LogError):
            self._start()

    @property
    def pid(self) -> int | None:
        """The worker's process, None where none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def ask(self, request: Request, cancel: threading.Event) -> Iterator[LogBatch | Trace]:
        """The answers to a request; ends at once when `cancel` is set. LogError, also if the worker died."""
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        with self._lock:
            process = self._start()
            self._ticket += 1
            ticket = self._ticket
            self._waiting[ticket] = answers
            self._send(process, Ask(ticket, request))
        ended = False
        try:
            while not cancel.is_set():
                try:
                    answer = answers.get(timeout=LOOK_S)
                except queue.Empty:
                    continue
                if answer.value is None:
                    ended = True
                    if answer.error:
                        raise LogError(answer.error)
                    return
                with self._lock:
                    self._send(process, More(ticket))
                yield answer.value
        finally:
            if not ended:
                self._abandon(process, ticket)

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        """The worker that runs, or another one. Holds no lock of its own. LogError."""
        if self._closed:
            raise LogError("the log search was closed")
        if self._process is not None and self._process.poll() is None:
            return self._process
        environment = {**os.environ, "PYTHONPATH": str(Path(pake_tui.__file__).resolve().parent.parent)}
        try:
            # -P: the working directory of a console is no place to import from.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pake_tui.engine.logfiles.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError as error:
            raise LogError(f"the log search could not be started: {error.strerror}") from error
        self._process = process
        threading.Thread(target=self._listen, args=(process,), name="pake-scan", daemon=True).start()
        return process

    def _send(self, process: subprocess.Popen[bytes], message: object) -> None:
        # A worker that just died is noticed where its answers are read.
        assert process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            frames.write(process.stdin, message)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        pipe = process.stdout
        while True:
            try:
                answer = frames.read(pipe)
            except (EOFError, OSError, ValueError):
                break
            if (waiting := self._waiting.get(answer.ticket)) is not None:
                waiting.put(answer)
            if answer.value is None:
                self._waiting.pop(answer.ticket, None)
        _end(process)
        with self._lock:
            if self._process is not process and self._process is not None:
                return
            lost, self._waiting = self._waiting, {}
        for ticket, waiting in lost.items():
            waiting.put(Answer(ticket, None, _obituary(process.returncode)))

    def _abandon(self, process: subprocess.Popen[bytes], ticket: int) -> None:
        """Tell the worker that nobody waits; one that does not stop is replaced."""
        if self._waiting.pop(ticket, None) is None:
            return
        with self._lock:
            self._send(process, Stop(ticket))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its pipes and be sure that it is gone."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _obituary(status: int | None) -> str:
    code = status or 0
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
    return f"the log search ended in the middle ({how}); search again, it starts anew"
