"""What the demo's api measured before the demo began, so that its charts are full at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from pake_tui.clock import SECOND
from pake_tui.engine.monitoring.instruments import Instruments
from pake_tui.engine.monitoring.ledger import Ledger, Tick
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.sample import MetricKind

LATENCY = "api.latency"
ERRORS = "error_percent"


class ErrorShare(Struct):
    """The share of failed answers, in per cent, of about the last ten."""

    failed: float = 0.0
    done: float = 0.0

    def add(self, failed: bool) -> float:
        """One more answer; the share with it."""
        self.failed, self.done = self.failed * 0.9 + failed, self.done * 0.9 + 1
        return 100 * self.failed / self.done


class History(Struct):
    """Answers of the past, in order of time."""

    service: str
    answers: list[tuple[int, str, float, bool]] = field(default_factory=list)
    share: ErrorShare = field(default_factory=ErrorShare)

    def add(self, at_ns: int, endpoint: str, milliseconds: float, failed: bool) -> None:
        """One more: when (UTC ns), which kind of request, how long, whether it failed."""
        self.answers.append((at_ns, endpoint, milliseconds, failed))

    def store(self, store: MetricsStore, writer: str) -> None:
        """Keep them as the monitor would have, second by second. StoreError."""
        for at_ns, tick in self.ticks():
            store.record(writer, at_ns, tick.values, tick.meanings, sketches=tick.timings)

    def ticks(self) -> Iterator[tuple[int, Tick]]:
        """The levels and timings of each second that had an answer."""
        for second, answers in _by_second(self.answers):
            instruments = Instruments(self.service)
            for _, endpoint, milliseconds, failed in answers:
                instruments.timing(LATENCY, milliseconds, {"endpoint": endpoint})
                instruments.gauge(ERRORS, self.share.add(failed))
            tick = Ledger(instruments).tick()
            # Counters of the past would have to go on where the living ones begin.
            counters = [key for key, meaning in tick.meanings.items() if meaning.kind is MetricKind.COUNTER]
            for key in counters:
                del tick.values[key]
            yield (second + 1) * SECOND, tick


def _by_second(
    answers: Iterable[tuple[int, str, float, bool]],
) -> Iterator[tuple[int, list[tuple[int, str, float, bool]]]]:
    seconds: dict[int, list[tuple[int, str, float, bool]]] = {}
    for answer in answers:
        seconds.setdefault(answer[0] // SECOND, []).append(answer)
    yield from sorted(seconds.items())
