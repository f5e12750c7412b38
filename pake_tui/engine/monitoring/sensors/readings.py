"""What sensors share: the kernel's files, counters and their growth, answers that are asked for seldom."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from pake_tui.clock import monotonic
from pake_tui.model.sample import SeriesKey, Tags

LEAST_SPAN_S = 0.05
"""A rate over less than this says nothing."""

READ_BYTES = 64 * 1024

Values = Iterator[tuple[SeriesKey, float]]
T = TypeVar("T")


class Absent(Exception):
    """This kernel or machine has no such sensor: nothing is wrong, and nothing is measured."""


class PartlyFailed(Exception):
    """Some of a sensor's parts gave no value: why, by the name of the part. The others' values count."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{part}: {why}" for part, why in problems.items()))
        self.problems = problems


def read(path: str) -> str:
    """A file of the kernel's, whole. OSError.

    A dozen are read every second: Python's file objects take half as long again.
    """
    parts = []
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while part := os.read(descriptor, READ_BYTES):
            parts.append(part)
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(descriptor)
    return b"".join(parts).decode("utf-8", "replace")


def reason(error: Exception) -> str:
    """Why something failed, in one line, with the file it is about."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"


def percent(part: float, whole: float) -> float:
    """A share, from 0 to 100."""
    return min(100.0, max(0.0, 100.0 * part / whole))


def rates(
    metrics: Sequence[str], tags: Tags, now: Sequence[float], before: Sequence[float], elapsed_s: float
) -> Values:
    """Counters as growth per second; one that went down was reset or wrapped: its sample is dropped."""
    for metric, new, old in zip(metrics, now, before, strict=True):
        if new >= old:
            yield SeriesKey(metric, tags), (new - old) / elapsed_s


class Before(Generic[T]):
    """The last reading of counters."""

    def __init__(self) -> None:
        self._last: tuple[float, T] | None = None

    def swap(self, now: T) -> tuple[float, T] | None:
        """(elapsed seconds, the reading before this one); None if there is none, or it is too young."""
        at, last = monotonic(), self._last
        if last is not None and at - last[0] < LEAST_SPAN_S:
            return None
        self._last = (at, now)
        return None if last is None else (at - last[0], last[1])


class Lately:
    """How much a counter grew within the last `span_s` seconds, since the first reading at most."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._count: int | None = None
        self._steps: deque[tuple[float, int]] = deque()

    def grown(self, count: int, at: float) -> int:
        """By that much, as of a reading at a moment (s)."""
        if self._count is not None and count > self._count:
            self._steps.append((at, count - self._count))
        self._count = count
        while self._steps and at - self._steps[0][0] >= self._span_s:
            self._steps.popleft()
        return sum(step for _, step in self._steps)


class Seldom(Generic[T]):
    """What changes slowly, or costs much: an answer, or the error instead, is kept for `every_s` seconds."""

    def __init__(self, ask: Callable[[], T], every_s: float) -> None:
        self._ask = ask
        self._every_s = every_s
        self._due = 0.0
        self._kept: T | Exception

    def get(self) -> T:
        """The answer, or its error."""
        at = monotonic()
        if at >= self._due:
            self._due = at + self._every_s
            try:
                self._kept = self._ask()
            except Exception as error:
                self._kept = error
        if isinstance(self._kept, Exception):
            raise self._kept.with_traceback(None)  # each raise would make it longer
        return self._kept
