"""The ranges that a screen shows second by second, of which only the newest steps are read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pake_tui.clock import MINUTE, SECOND
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.engine.store.sketch import Sketch
from pake_tui.model.sample import Aggregate, MetricKind, Series, SeriesKey
from pake_tui.sources.embedded.recent import LATE_NS, Recent

CPU, REQUESTS = SeriesKey("cpu_percent"), SeriesKey("requests", (), "api")
TOOK, SELDOM = SeriesKey("took", (), "api"), SeriesKey("seldom", (), "api")
BUSY = SeriesKey("busy", (), "api")
MEANINGS = {CPU: Meaning(), REQUESTS: Meaning(MetricKind.COUNTER), BUSY: Meaning(aggregate=Aggregate.SUM)}
BEGIN_NS = 1_700_000_000 * SECOND
SPAN_NS, POINTS = 5 * MINUTE, 150


class History:
    """A store whose writers go on second by second: one each second, one every thirty, two by turns; what one
    timed each second, and once in 100.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.store = MetricsStore(folder)
        self.now_ns = BEGIN_NS

    def go_on(self, seconds: int, *, cpu: bool = True) -> None:
        """So many seconds more."""
        for _ in range(seconds):
            self.now_ns += SECOND
            number = (self.now_ns - BEGIN_NS) // SECOND
            if cpu:
                self.store.record("collector", self.now_ns, {CPU: number * 7 % 100}, MEANINGS)
            for pid in {2, 2 + number // 20 % 2}:
                later = self.now_ns + pid * SECOND // 7
                self.store.record(f"api@{pid}", later, {BUSY: float(pid)}, MEANINGS)
            if number % 30 == 0:
                self.store.record("api@1", self.now_ns, {REQUESTS: number * 3}, MEANINGS)
            took = Sketch()
            took.add([number % 9, number % 13])
            sketches = {TOOK: took} if number % 100 else {TOOK: took, SELDOM: took}
            self.store.record("api@2", self.now_ns, {}, sketches=sketches)

    def whole(self) -> list[Series]:
        """Everything read anew."""
        return self.store.series(None, self.now_ns - SPAN_NS, self.now_ns, POINTS)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Six minutes that were recorded already."""
    one = History(tmp_path / "state")
    one.go_on(360)
    return one


@pytest.mark.parametrize("pause", [1, 2, 3, 7, 45, 400])
def test_what_grows_second_by_second_equals_what_is_read_whole(history: History, pause: int) -> None:
    """However long it was since the last look, a screen shows what a fresh one would."""
    recent = Recent(history.store)
    for _ in range(10):
        history.go_on(pause)
        assert recent.series(SPAN_NS, POINTS, history.now_ns) == history.whole()


def test_a_late_sample_still_shows(history: History) -> None:
    """A sample that was written some seconds after its time stands where it belongs."""
    recent = Recent(history.store)
    recent.series(SPAN_NS, POINTS, history.now_ns)
    history.store.record("collector", history.now_ns - LATE_NS, {CPU: 1000.0}, MEANINGS)
    history.go_on(1)
    assert recent.series(SPAN_NS, POINTS, history.now_ns) == history.whole()


def test_a_new_series_and_a_silence_show(history: History) -> None:
    """A series that begins, and one that ends, look as if everything were read anew."""
    recent = Recent(history.store)
    recent.series(SPAN_NS, POINTS, history.now_ns)
    history.store.record("other@2", history.now_ns, {SeriesKey("fresh"): 1.0})
    for _ in range(20):
        history.go_on(1, cpu=False)
        assert recent.series(SPAN_NS, POINTS, history.now_ns) == history.whole()


def test_another_range_is_read_whole(history: History) -> None:
    """Changing the range, and a clock set back, give the whole range asked for."""
    recent = Recent(history.store)
    recent.series(SPAN_NS, POINTS, history.now_ns)
    found = recent.series(MINUTE, 30, history.now_ns)
    assert found == history.store.series(None, history.now_ns - MINUTE, history.now_ns, 30)
    assert recent.series(SPAN_NS, POINTS, history.now_ns) == history.whole()
    history.now_ns -= 30 * SECOND
    assert recent.series(SPAN_NS, POINTS, history.now_ns) == history.whole()
