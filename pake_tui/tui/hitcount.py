"""How many records match a query, counted beside everything else in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable

from pake_tui.tui.logreader import Answer, Job, Purpose, Reader


class HitCount:
    """The hits of one query at a time; `ask` sends a job to a reader."""

    def __init__(self, name: str, ask: Callable[[Reader, Job], None]) -> None:
        self.reader = Reader(name)
        self.hits: Answer | None = None
        """The newest count; not the last one while `running`."""
        self.running = False
        self._ask = ask

    def start(self, query: str) -> None:
        """Count the hits of a query instead of any other."""
        self.hits, self.running = None, True
        self._ask(self.reader, Job(Purpose.COUNT, query))

    def take(self, answer: Answer) -> None:
        """Take what the thread brought."""
        if not answer.problem:
            self.hits = answer
        self.running = not answer.last

    def stop(self) -> bool:
        """Stop; what was counted stays. False where nothing ran."""
        self.reader.stop()
        ran, self.running = self.running, False
        return ran

    def forget(self) -> None:
        """The query is another: its hits are not known."""
        self.stop()
        self.hits = None
