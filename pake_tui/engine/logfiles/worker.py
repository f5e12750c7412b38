"""The scan worker: a niced process that runs searches, so that no console waits for the interpreter lock.

It reads requests from its standard input and ends when that ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO

from msgspec.structs import replace

from pake_tui.engine.logfiles import frames
from pake_tui.engine.logfiles.index.keeping import Keeper
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.requests import WINDOW, Answer, Ask, Keep, More, Request, Stop
from pake_tui.engine.logfiles.tape import Reading, Tape, key_of
from pake_tui.engine.logfiles.tracing import traces
from pake_tui.engine.logfiles.unpack import NotUnpacked
from pake_tui.engine.logfiles.view import View
from pake_tui.errors import PakeError
from pake_tui.model.record import IndexStatus, LogBatch, Trace
from pake_tui.query import parse

NICE = 10


class Tapes:
    """Files held open between requests; those that the newest request does not name are given back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Tape] = {}
        self._reading: Reading | None = None

    def view(self, request: Request, stopped: Callable[[], bool] | None) -> tuple[View, list[str], bool]:
        """The request's files as they are now, what of compressed ones can't be read, in words, and whether
        some wait to be unpacked, which nothing is with `stopped` None.

        Another file that can't be opened is left out, its console says so.
        """
        with self._lock:
            if request.reading != self._reading:
                self._known, self._reading = {}, request.reading
            found: dict[str, Tape] = {}
            problems: list[str] = []
            waiting = False
            for path, service in (*request.packed, *request.files):
                try:
                    key = key_of(os.stat(path))  # noqa: PTH116 - half the price of Path.stat
                    tape = self._known.get(key) or Tape(path, service, request.reading, stopped)
                except NotUnpacked:
                    waiting = True
                    continue
                except OSError as error:
                    if (path, service) in request.packed:
                        problems.append(f"not searched: {path}: {error.strerror or error}")
                    continue
                tape.path, tape.service = path, service
                found.setdefault(tape.key, tape)
            self._known = found
            return View(tuple(found.values()), request.gone, request.seen), problems, waiting


def perform(request: Request, view: View, cancel: threading.Event) -> Iterator[LogBatch | Trace]:
    """The answers to a request. PakeError."""
    aliases = request.reading.aliases
    if request.kind == "trace":
        return traces(view, request.text, aliases, request.unread, cancel, request.zone)
    query = parse(request.text, now_ns=request.now_ns, zone=request.zone, aliases=aliases)
    reader = LogReader(request.numbers)
    if request.kind == "count":
        return reader.count(view, query, cancel, request.start)
    return reader.read(view, query, request.start, request.direction, request.limit, cancel)


class Worker:
    """Serves one console over two pipes: a thread for each request, a window for each so that none floods."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source = source
        self._sink = sink
        self._sending = threading.Lock()
        self._running: dict[int, tuple[threading.Event, threading.Semaphore]] = {}
        self._tapes = Tapes()
        self._keeper = Keeper(self._send)

    def serve(self) -> None:
        """Until the console goes."""
        while True:
            try:
                message = frames.read(self._source)
            except (EOFError, OSError):
                return
            if isinstance(message, Ask):
                entry = (threading.Event(), threading.Semaphore(WINDOW))
                self._running[message.ticket] = entry
                self._keeper.searching(1)
                threading.Thread(target=self._run, args=(message, *entry), daemon=True).start()
            elif isinstance(message, Keep):
                self._keep(message.request)
            elif isinstance(message, Stop) and message.ticket in self._running:
                cancel, window = self._running[message.ticket]
                cancel.set()
                window.release()
            elif isinstance(message, More) and message.ticket in self._running:
                self._running[message.ticket][1].release()

    def _run(self, ask: Ask, cancel: threading.Event, window: threading.Semaphore) -> None:
        error = ""
        try:
            for value in self._answers(ask.request, cancel):
                window.acquire()
                if cancel.is_set():
                    break
                self._send(Answer(ask.ticket, value))
        except PakeError as failure:
            error = str(failure)
        except Exception as failure:  # the last frame of a thread: unsaid, the console would wait for ever
            error = f"the search failed: {type(failure).__name__}: {failure}"
        self._running.pop(ask.ticket, None)
        self._send(Answer(ask.ticket, None, error))
        self._keeper.searching(-1)
        self._keep(ask.request)

    def _answers(self, request: Request, cancel: threading.Event) -> Iterator[LogBatch | Trace]:
        """What a request finds; a trace is shown while compressed files are still unpacked."""
        view, problems, waiting = self._tapes.view(request, None)
        if waiting and request.kind == "trace":
            for value in perform(request, view, cancel):
                assert isinstance(value, Trace)
                notes = (f"still unpacking: {', '.join(path for path, _ in request.packed[:3])}",)
                yield replace(value, complete=False, notes=(*value.notes, *notes))
        if waiting:
            view, problems, _ = self._tapes.view(request, cancel.is_set)
        yield from perform(replace(request, unread=(*request.unread, *problems)), view, cancel)

    def _keep(self, request: Request) -> None:
        if request.index_bytes:
            self._keeper.keep((*request.packed, *request.files), request.reading, request.index_bytes)

    def _send(self, answer: Answer | IndexStatus) -> None:
        with self._sending:
            try:
                frames.write(self._sink, answer)
            except OSError:
                os._exit(0)


def main() -> None:
    """Serve the console at the other end of the pipes."""
    # The terminal's ctrl+c goes to the whole group; the console says itself what to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICE)
    # A stray print must not end up between frames.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Worker(sys.stdin.buffer, sink).serve()
    # Searches that still run are of no use to anybody.
    os._exit(0)


if __name__ == "__main__":
    main()
