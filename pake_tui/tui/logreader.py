"""Reads log rows for a panel in a thread of its own, so that the event loop never waits for a file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from enum import Enum

from msgspec import Struct

from pake_tui.clock import monotonic
from pake_tui.errors import Cancelled, PakeError
from pake_tui.model.record import Address, Cursor, Direction, LogBatch, LogRow
from pake_tui.sources.protocols import Cancel, LogSource
from pake_tui.tui.logwindow import PAGE

TELL_EVERY_S = 0.05


class Purpose(Enum):
    """What rows are read for."""

    OPEN = "fill the window anew"
    EXTEND = "grow the window at one end"
    FIND = "find one row"
    COUNT = "count all hits"


class Job(Struct, frozen=True):
    """A read: from `start`, else from the place of `at_ns`, else from an end; each direction in turn.

    `land` is the record that the cursor shall stand on afterwards; `about` says what is looked for;
    `context` is how many lines around each hit are read with it.
    """

    purpose: Purpose
    query: str
    start: Cursor | None = None
    at_ns: int | None = None
    directions: tuple[Direction, ...] = (Direction.OLDER,)
    limit: int = PAGE
    land: Address | None = None
    about: str = ""
    context: int = 0


class Answer(Struct, frozen=True):
    """A piece of what a job brought. `done` ends a direction, `last` the job; a failure is its `problem`.

    `start` is the place that the job read from, `edge` the newest end as it was before the read began
    (known only where the job asked for it).
    """

    job: Job
    ticket: int
    direction: Direction
    rows: tuple[LogRow, ...] = ()
    start: Cursor | None = None
    edge: Cursor | None = None
    cursor: Cursor = ""
    scanned: int = 0
    total: int = 0
    hits: int = 0
    done: bool = False
    at_end: bool = False
    last: bool = False
    problem: str = ""
    field_names: tuple[str, ...] = ()


Tell = Callable[[Answer], None]
Work = Callable[[int, Cancel], None]


class Reader:
    """One daemon thread; the newest work wins, what ran before is cancelled and its answers are late.

    Work gets its ticket and its cancel flag; whoever takes its answers compares their ticket with `ticket`.
    """

    def __init__(self, name: str) -> None:
        self.ticket = 0
        self._name = name
        self._ready = threading.Condition()
        self._waiting: tuple[Work, int, Cancel] | None = None
        self._cancel = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def ask(self, work: Work) -> None:
        """Do this now, instead of anything else."""
        with self._ready:
            self._cancel.set()
            self._cancel = threading.Event()
            self.ticket += 1
            self._waiting = (work, self.ticket, self._cancel)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._ready.notify()

    def stop(self) -> None:
        """Cancel what runs; all its answers are late."""
        with self._ready:
            self._cancel.set()
            self._waiting = None
            self.ticket += 1

    def close(self) -> None:
        """End the thread; does not wait for it."""
        self.stop()
        with self._ready:
            self._closed = True
            self._ready.notify()

    def _run(self) -> None:
        while True:
            with self._ready:
                while self._waiting is None and not self._closed:
                    self._ready.wait()
                if self._closed or self._waiting is None:
                    return
                work, ticket, cancel = self._waiting
                self._waiting = None
            work(ticket, cancel)


def run_job(source: LogSource, job: Job, ticket: int, cancel: Cancel, tell: Tell) -> None:
    """Do a job and tell its answers; after a cancel nothing more is told, any failure is told in words."""
    try:
        for answer in answers(source, job, ticket, cancel):
            if cancel.is_set():
                return
            tell(answer)
    except Cancelled:
        return
    except PakeError as error:
        problem = str(error)
    except Exception as error:  # the last frame of a thread: unsaid, the view would wait for ever
        problem = f"reading the logs failed: {type(error).__name__}: {error}"
    else:
        return
    if not cancel.is_set():
        tell(Answer(job, ticket, job.directions[-1], done=True, last=True, problem=problem))


def answers(source: LogSource, job: Job, ticket: int, cancel: Cancel) -> Iterator[Answer]:
    """The answers of a job, told at most every 50 ms but for the first rows and each direction's end."""
    start, edge = job.start, None
    if job.at_ns is not None:
        start = source.place(job.at_ns)
    elif job.purpose is Purpose.OPEN and start is None and job.query:
        *_, end = source.read("", None, Direction.OLDER, 0, cancel)
        edge = end.cursor
    for number, direction in enumerate(job.directions):
        final = number == len(job.directions) - 1
        if job.purpose is Purpose.COUNT:
            batches = source.count(job.query, cancel, job.start)
        else:
            # What is read on from the edge later must not have been read before.
            at = edge if direction is Direction.OLDER and start is None else start
            batches = source.read(job.query, at, direction, job.limit, cancel)
            if job.context:
                from pake_tui.query.around import with_context

                query = source.parse(job.query)
                batches = with_context(batches, query, job.context, source.read, cancel)
        for batch, rows in paced(batches, direction):
            last = batch.done and final
            yield Answer(
                job=job,
                ticket=ticket,
                direction=direction,
                rows=rows,
                start=start,
                edge=edge,
                cursor=batch.cursor,
                scanned=batch.scanned_bytes,
                total=batch.total_bytes,
                hits=batch.hits,
                done=batch.done,
                at_end=batch.at_end,
                last=last,
                field_names=source.field_names() if last and job.purpose is Purpose.OPEN else (),
            )
            if batch.done:
                break
        else:
            return


def paced(batches: Iterator[LogBatch], direction: Direction) -> Iterator[tuple[LogBatch, tuple[LogRow, ...]]]:
    """Each batch that is worth telling, with the rows of those before it that were not, in view order."""
    pending: tuple[LogRow, ...] = ()
    told = 0.0
    shown = False
    for batch in batches:
        pending = (*batch.rows, *pending) if direction is Direction.OLDER else (*pending, *batch.rows)
        first = bool(pending) and not shown
        if batch.done or first or monotonic() - told >= TELL_EVERY_S:
            told, shown = monotonic(), shown or bool(pending)
            yield batch, pending
            pending = ()
