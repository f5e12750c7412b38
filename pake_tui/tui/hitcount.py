"""How many records match a query, counted beside everything else in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from pake_tui.clock import monotonic
from pake_tui.model.record import Cursor
from pake_tui.tui.logreader import Answer, Job, Purpose, Reader

RESTS = 4
"""So many times as long as a count took, none is made again."""


class HitCount:
    """The hits of one query at a time; `ask` sends a job to a reader."""

    def __init__(self, name: str, ask: Callable[[Reader, Job], None]) -> None:
        self.reader = Reader(name)
        self.hits: Answer | None = None
        """The newest count; not the last one while `running`."""
        self.running = self._again = False
        self._begun = self._rested_at = 0.0
        self._ask = ask

    @property
    def rested(self) -> bool:
        """Whether counting again takes no share of the time worth speaking of."""
        return not self.running and monotonic() >= self._rested_at

    def start(self, query: str, before: Cursor | None = None) -> None:
        """Count the hits of a query instead of any other, all or those before a place."""
        if self.hits is not None and self.hits.job.query != query:
            self.hits = None
        self.running, self._begun, self._again = True, monotonic(), False
        self._ask(self.reader, Job(Purpose.COUNT, query, before))

    def take(self, answer: Answer) -> str:
        """Take what the thread brought; what is to be said where counting fails, a second time."""
        if answer.problem and not self._again:
            self._again = True
            self._ask(self.reader, answer.job)
            return ""
        if not answer.problem:
            self.hits = answer
        self.running, now = not answer.last, monotonic()
        self._rested_at = now + RESTS * (now - self._begun)
        return answer.problem

    def stop(self) -> bool:
        """Stop; what was counted stays, and is not counted again. False where nothing ran."""
        self.reader.stop()
        ran, self.running = self.running, False
        if ran:
            self._rested_at = inf
        return ran

    def forget(self) -> None:
        """The query is another: its hits are not known."""
        self.stop()
        self.hits = None
