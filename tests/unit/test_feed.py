"""Promises of the console's pulse."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

from pake_tui.clock import now_ns
from pake_tui.sources.fake import fake_sources
from pake_tui.tui.feed import Feed, Snapshot

PERIOD_S = 0.4


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
