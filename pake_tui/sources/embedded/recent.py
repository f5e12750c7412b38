"""All series as they were read last, with only their newest steps read again."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.clock import HOUR, SECOND, monotonic
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.sample import MetricKind, Series, SeriesKey

LATE_NS = 4 * SECOND
"""So late a sample may come and still change what is shown at once."""
WHOLE_EVERY_S = 30.0
"""After that everything is read again: what came later still, or was dropped."""
LONG_EVERY_S = 10.0


class _Read(Struct, frozen=True):
    """What was read whole or grown, for which question, and until when each of both holds."""

    question: tuple[int, int, int]
    step: int
    """The number of the newest step since 1970."""
    whole_at: float
    series: dict[SeriesKey, Series]


class Recent:
    """The ranges that a screen shows second by second. A step once past and not late does not change."""

    def __init__(self, metrics: MetricsStore) -> None:
        self._metrics = metrics
        self._last: _Read | None = None

    def series(self, span_ns: int, points: int, until_ns: int) -> list[Series]:
        """As `MetricsStore.series` of every series. StoreError."""
        step_ns = max(1, -(-span_ns // points))
        step = until_ns // step_ns
        question = (span_ns, points, self._metrics.database.generation)
        found = self._grown(question, step, step_ns, until_ns)
        if found is None:
            whole = self._metrics.series(None, until_ns - span_ns, until_ns, points)
            # The first read opens the database.
            question = (span_ns, points, self._metrics.database.generation)
            found = _Read(question, step, monotonic(), {one.key: one for one in whole})
        self._last = found
        return list(found.series.values())

    def _grown(self, question: tuple[int, int, int], step: int, step_ns: int, until_ns: int) -> _Read | None:
        """The last answer with its newest steps read again; None where all must be read."""
        last, (span_ns, points, _) = self._last, question
        if last is None or last.question != question:
            return None
        if span_ns > HOUR:
            return self._renewed(last, step)
        shift = step - last.step
        tail = shift + LATE_NS // step_ns + 2
        if shift < 0 or tail >= points or monotonic() - last.whole_at >= WHOLE_EVERY_S:
            return None
        newest = self._metrics.series(None, until_ns - tail * step_ns, until_ns, tail)
        series: dict[SeriesKey, Series] = {}
        for one in newest:
            before = last.series.get(one.key)
            if before is None:
                return None
            # A timing of which nothing was measured for a while has no newest value.
            known = one.last_ns is not None or one.kind is MetricKind.TIMING
            series[one.key] = replace(
                one,
                points=before.points[shift : shift + points - tail] + one.points,
                last=one.last if known else before.last,
                last_ns=one.last_ns if known else before.last_ns,
            )
        return replace(last, step=step, series=series)

    def _renewed(self, last: _Read, step: int) -> _Read | None:
        """A long range, whose steps are minutes: the newest value of each series is all that moves."""
        if step != last.step or monotonic() - last.whole_at >= LONG_EVERY_S:
            return None
        series = dict(last.series)
        for key, (at_ns, value) in self._metrics.last().items():
            if key not in series:
                return None
            series[key] = replace(series[key], last=value, last_ns=at_ns)
        return replace(last, series=series)
