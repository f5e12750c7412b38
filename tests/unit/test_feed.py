"""Promises of the console's pulse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

from msgspec.structs import replace

from pake_tui.clock import now_ns
from pake_tui.errors import LogError
from pake_tui.model.alert import AlertState
from pake_tui.model.record import Level, LogFiles
from pake_tui.sources.fake import fake_sources
from pake_tui.sources.fake.alerts import FakeAlertSource
from pake_tui.sources.fake.logs import FakeLogSource
from pake_tui.tui.feed import Feed, Snapshot

PERIOD_S = 0.4


class LostLogs(FakeLogSource):
    """A log source of which nothing can be asked."""

    def watch(self, wake: Callable[[], None]) -> None:
        """Fail."""
        raise LogError("the logs are lost")

    def quiet(self) -> bool:
        """Fail."""
        raise LogError("the logs are lost")

    def files(self) -> LogFiles:
        """Fail."""
        raise LogError("the logs are lost")


def test_logs_that_cannot_be_read_stop_nothing_else() -> None:
    """Every second comes all the same, and says what is wrong with the logs."""
    came: list[Snapshot] = []
    enough = threading.Event()

    def listen(snapshot: Snapshot) -> None:
        came.append(snapshot)
        if len(came) == 3:
            enough.set()

    start = now_ns()
    feed = Feed(replace(fake_sources(start), logs=LostLogs(start)), period_s=0.1)
    feed.listen(listen)
    feed.start()
    try:
        assert enough.wait(10)
    finally:
        feed.stop()
    assert came[-1].problem("files") == "the logs are lost"
    assert came[-1].metrics.series


def test_what_changes_by_itself_waits_for_keys_but_not_for_ever() -> None:
    """While keys keep coming a second comes later, and comes; once they end it is there at its time again."""
    came: list[float] = []
    enough = threading.Event()

    def listen(_: Snapshot) -> None:
        came.append(time.monotonic())
        if len(came) == 4:
            enough.set()

    feed = Feed(fake_sources(now_ns()), period_s=PERIOD_S)
    feed.read_once()
    feed.listen(listen)
    feed.start()
    try:
        while not enough.wait(0.02):
            feed.typed()
    finally:
        feed.stop()
    gaps = [later - earlier for earlier, later in pairwise(came)]
    assert min(gaps[1:]) > 1.2 * PERIOD_S


class CountedLogs(FakeLogSource):
    """A log source that counts how often its files are read, and does something while they are."""

    reads = 0
    meanwhile: Callable[[int], None]

    def files(self) -> LogFiles:
        """Count."""
        self.reads += 1
        self.meanwhile(self.reads)
        return super().files()


def test_nothing_comes_after_a_pause_but_what_is_asked_for() -> None:
    """What was being read when the pause came is held back; `r` brings what there is all the same."""
    came: list[int] = []
    paused, shown = threading.Event(), threading.Event()
    logs = CountedLogs(now_ns())
    feed = Feed(replace(fake_sources(now_ns()), logs=logs), period_s=0.05, clock=lambda: logs.reads)

    def pause(number: int) -> None:
        if number == 3:
            feed.paused = True
            paused.set()

    def listen(snapshot: Snapshot) -> None:
        came.append(snapshot.at_ns)
        if snapshot.at_ns > 3:
            shown.set()

    logs.meanwhile = pause
    feed.listen(listen)
    feed.start()
    try:
        assert paused.wait(10)
        feed.nudge()
        assert shown.wait(10)
    finally:
        feed.stop()
    assert came[-1] == 4
    assert 3 not in came


def test_lines_that_come_once_a_second_and_its_metrics_are_one_picture() -> None:
    """After some seconds each snapshot brings both: the screen is not drawn twice where once will do."""
    logs = FakeLogSource(now_ns())
    came: list[tuple[int, int]] = []
    together = threading.Event()

    def listen(snapshot: Snapshot) -> None:
        came.append((snapshot.at_ns, snapshot.files.growth))
        last = list(pairwise(came[-6:]))
        if len(last) == 5 and all(a[0] != b[0] and a[1] != b[1] for a, b in last):
            together.set()

    feed = Feed(replace(fake_sources(now_ns()), logs=logs), period_s=PERIOD_S)
    feed.listen(listen)
    feed.start()
    try:
        for number in range(100):
            if together.wait(PERIOD_S):
                break
            logs.add("api", Level.INFO, f"line {number}", time_ns=now_ns())
            feed.stir()
    finally:
        feed.stop()
    assert together.is_set()


class TellingAlerts(FakeAlertSource):
    """Alerts that tell when they change, and count how often they are asked."""

    asked = 0
    tells: Callable[[], None]

    def watch(self, wake: Callable[[], None]) -> None:
        """Keep it."""
        self.tells = wake

    def quiet(self) -> bool:
        """Nothing need be asked."""
        return True

    def changed(self) -> int:
        """Count."""
        self.asked += 1
        return super().changed()


def test_what_tells_of_itself_is_not_looked_at_again_and_again() -> None:
    """A state that tells when it changes is asked once a period, and what it tells comes at once."""
    alerts, came, shown = TellingAlerts(now_ns()), [], threading.Event()
    feed = Feed(replace(fake_sources(now_ns()), alerts=alerts), period_s=PERIOD_S)

    def listen(snapshot: Snapshot) -> None:
        came.append(snapshot)
        if len(came) == 6:
            shown.set()

    feed.listen(listen)
    feed.start()
    try:
        assert shown.wait(20)
        assert alerts.asked <= 6 + 4  # the first looks are before anything was read
        firing = alerts.alerts().alerts[0]
        told = threading.Event()
        feed.listen(lambda snapshot: told.set() if firing.id not in fires(snapshot) else None)
        feed.period_s = 1000.0
        alerts.acknowledge(firing.id)
        alerts.tells()
        assert told.wait(10)
    finally:
        feed.stop()


def fires(snapshot: Snapshot) -> set[str]:
    """The alerts that are firing."""
    return {alert.id for alert in snapshot.alerts.alerts if alert.state is AlertState.FIRING}
