"""The console's side of the scan worker: starts it when it is wanted, asks it, cancels, ends it when idle."""

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

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles import frames
from pake_tui.engine.logfiles.requests import Answer, Ask, Keep, More, Request, Stop
from pake_tui.errors import LogError
from pake_tui.model.record import IndexStatus, LogBatch, Trace

LOOK_S = 0.02
IDLE_S = 20.0
STUCK_S = 2.0
"""A worker that has not ended a cancelled search by then is replaced."""


class WorkerDied(LogError):
    """The worker ended in the middle of a search."""


class WorkerClient:
    """A scan worker that runs while it is wanted and `idle_s` longer; safe to use from many threads.

    A console that only watches has none: it would take as much memory as half the console.
    """

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._lock = threading.Lock()
        self._link: _Link | None = None
        self._closed = False
        self._idle_s = idle_s
        self._wanted_at = monotonic()

    @property
    def pid(self) -> int | None:
        """The worker's process, None where none runs."""
        link = self._link
        return link.process.pid if link is not None and link.alive else None

    def wake(self) -> None:
        """A search is to be expected: have the worker started, if none runs. Returns at once."""
        self._wanted_at = monotonic()
        if self.pid is None and not self._closed:
            threading.Thread(target=self._start_quietly, name="pake-scan-start", daemon=True).start()

    def rest(self) -> None:
        """End a worker that nobody wanted for so long. To be called now and then."""
        link = self._link
        if (
            link is not None
            and link.alive
            and not link.busy
            and monotonic() - self._wanted_at >= self._idle_s
        ):
            # One that a search comes upon just now is found dead and replaced.
            _end(link.process)

    def ask(self, request: Request, cancel: threading.Event) -> Iterator[LogBatch | Trace]:
        """The answers to a request; ends at once when `cancel` is set. LogError, also if the worker died.

        One that had died before it answered anything is replaced, and asked again, once.
        """
        answered = False
        self._wanted_at = monotonic()
        try:
            for answer in self._ready().ask(request, cancel):
                answered = True
                yield answer
        except WorkerDied:
            if answered:
                raise
        else:
            return
        yield from self._ready().ask(request, cancel)

    def keep(self, request: Request) -> None:
        """Have the indexes of a request's files built while nobody searches. LogError."""
        self._ready().send(Keep(request))

    @property
    def index(self) -> IndexStatus:
        """How far the index is, as a worker last said."""
        link = self._link
        return IndexStatus() if link is None else link.index

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._closed = True
            link, self._link = self._link, None
        if link is not None:
            _end(link.process)

    def _start_quietly(self) -> None:
        with contextlib.suppress(LogError):  # the search itself will say it
            self._ready()

    def _ready(self) -> _Link:
        """The worker that runs, or another one. LogError."""
        with self._lock:
            if self._closed:
                raise LogError("the log search was closed")
            if self._link is None or not self._link.alive:
                self._link = _Link(_start())
            return self._link


class _Link:
    """One worker process and the requests that wait for it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Answer]] = {}
        self._ticket = 0
        self._ended = ""
        self.index = IndexStatus()
        threading.Thread(target=self._listen, name="pake-scan", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._ended and self.process.poll() is None

    @property
    def busy(self) -> bool:
        """Whether it searches or builds an index."""
        return bool(self._waiting) or self.index.building

    def ask(self, request: Request, cancel: threading.Event) -> Iterator[LogBatch | Trace]:
        """The answers to one request. LogError; WorkerDied."""
        ticket, answers = self._begin(request)
        try:
            while not cancel.is_set():
                try:
                    answer = answers.get(timeout=LOOK_S)
                except queue.Empty:
                    continue
                if answer.value is None:
                    if answer.ticket < 0:
                        raise WorkerDied(answer.error)
                    if answer.error:
                        raise LogError(answer.error)
                    return
                self.send(More(ticket))
                yield answer.value
        finally:
            self._abandon(ticket)

    def _begin(self, request: Request) -> tuple[int, queue.SimpleQueue[Answer]]:
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        with self._lock:
            if self._ended:
                raise WorkerDied(self._ended)
            self._ticket += 1
            ticket = self._ticket
            self._waiting[ticket] = answers
        self.send(Ask(ticket, request))
        return ticket, answers

    def send(self, message: object) -> None:
        """Tell the worker something."""
        # That a worker just died is noticed where its answers are read.
        assert self.process.stdin is not None
        with self._lock, contextlib.suppress(OSError, ValueError):
            frames.write(self.process.stdin, message)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while True:
            try:
                answer = frames.read(self.process.stdout)
            except (EOFError, OSError, ValueError):
                break
            if isinstance(answer, IndexStatus):
                self.index = answer
                continue
            waiting = self._waiting.get(answer.ticket)
            if answer.value is None:
                self._waiting.pop(answer.ticket, None)
            if waiting is not None:
                waiting.put(answer)
        _end(self.process)
        with self._lock:
            self._ended = _obituary(self.process.returncode)
            lost = list(self._waiting.values())
        for waiting in lost:
            waiting.put(Answer(-1, None, self._ended))

    def _abandon(self, ticket: int) -> None:
        """Tell the worker that nobody waits any more; one that does not stop in time is ended."""
        if ticket not in self._waiting or self._ended:
            return
        self.send(Stop(ticket))
        watch = threading.Timer(STUCK_S, self._end_stuck, args=(ticket,))
        watch.daemon = True
        watch.start()

    def _end_stuck(self, ticket: int) -> None:
        if ticket in self._waiting:
            self.process.kill()


def _start() -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[3]
    # A checkout is found by its path; an installed package must not come before the standard library.
    installed = root.name in ("site-packages", "dist-packages")
    environment = {**os.environ, **({} if installed else {"PYTHONPATH": str(root)})}
    try:
        # -P: the working directory of a console is no place to import from.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pake_tui.engine.logfiles.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except OSError as error:
        raise LogError(f"the log search could not be started: {error.strerror}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, by which it ends, and be sure that it is gone."""
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
