"""The console at the end of a slow link, and on a terminal that stands still."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui import AlertSeverity, get_monitor
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import AlertState, Policy
from pake_tui.sources.embedded.alerts import EmbeddedAlertSource
from tests.pty.driver import Terminal

COMMAND = [sys.executable, "-m", "pake_tui"]
TITLE = "Gateway down"
STALLED_S = float(os.environ.get("PAKE_TEST_STALL_S", "8"))
"""Longer than any time-out of the pacing; a minute says the same and takes a minute."""
MOST_KEPT = 100_000
"""Bytes that a terminal gets once it goes on: what its buffers held, and one whole screen."""


@pytest.fixture
def alerts(private_places: Path) -> Iterator[EmbeddedAlertSource]:
    """The alerts of this host as another process sees them; one is firing."""
    get_monitor("payment").create_alert(title=TITLE, message="no answer", severity=AlertSeverity.HIGH)
    state = StateStore(private_places / "state")
    yield EmbeddedAlertSource(state, Policy, "test")
    state.close()


def grow_log(text: str) -> None:
    """Add a line to the log that the console finds by itself."""
    (Path.cwd() / "logs").mkdir(exist_ok=True)
    with (Path.cwd() / "logs" / "app.log").open("a") as log:
        log.write(f"2026-03-01T12:00:00 INFO app: {text}\n")


def test_the_header_says_what_the_link_is_like(open_terminal: Callable[..., Terminal]) -> None:
    """Over 64 kbit/s with 150 ms of round trip the header names both (the rate is an estimate by the best of
    some frames); on a local terminal it says nothing.
    """
    local = open_terminal(command=COMMAND)
    far = open_terminal(command=COMMAND, columns=160, link=(64_000, 0.15))
    far.wait_for(r"link 1[5-9]0 ms (?:[6-9]|1[0-6])(?:\.\d+)? kB/s", seconds=30.0)
    local.wait_for("Metrics")
    assert "link" not in local.text().splitlines()[0]


def test_a_stalled_terminal_holds_nothing_up(
    open_terminal: Callable[..., Terminal], alerts: EmbeddedAlertSource
) -> None:
    """While the terminal takes nothing keys go on acting; once it goes on it gets the present screen, whole,
    and nothing of what was there meanwhile.
    """
    terminal = open_terminal(command=COMMAND, link=(8e6, 0.001))
    terminal.wait_for(TITLE)
    assert terminal.link is not None
    terminal.link.stall()
    taken, end = terminal.link.down.taken, time.monotonic() + STALLED_S
    terminal.send(b"2")
    terminal.send(b"3")
    while time.monotonic() < end:
        grow_log(f"unseen {time.monotonic():.1f}")
        for key in b"1T3":
            terminal.send(bytes([key]))
            terminal.pump(0.1)
    terminal.send(b"2")
    terminal.pump(1.0)
    terminal.send(b"a")
    deadline = time.monotonic() + 5
    while alerts.alerts().alerts[0].state is not AlertState.ACKNOWLEDGED:
        assert time.monotonic() < deadline, "the key did nothing"
    terminal.link.go_on()
    terminal.wait_for(f"acknowledged: {TITLE}")
    terminal.settle()
    assert terminal.link.down.taken - taken < MOST_KEPT
    terminal.press("p")
    terminal.wait_for("paused; p goes on")
    terminal.settle()
    shown = terminal.cells()
    terminal.press("<ctrl+l>")
    terminal.settle()
    assert terminal.cells() == shown
