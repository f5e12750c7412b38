"""Several processes on one state folder: consoles, an application and a script see one another's actions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import AlertState, Policy
from pake_tui.sources.embedded.alerts import EmbeddedAlertSource
from tests.pty.driver import Terminal

COMMAND = [sys.executable, "-m", "pake_tui"]
TITLE = "Gateway down"
APPLICATION = f"""
import sys
from pake_tui import AlertSeverity, get_monitor
monitor = get_monitor("payment")
print(monitor.create_alert(title={TITLE!r}, message="no answer", severity=AlertSeverity.HIGH), flush=True)
for line in sys.stdin:
    found = monitor.get_alert(line.strip())
    print(found.state.value, found.acknowledged.by if found.acknowledged else "-", flush=True)
"""


class Application:
    """A process that raised an alert and answers how its own monitor sees it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", APPLICATION], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.alert_id = self.process.stdout.readline().strip()

    def sees(self) -> str:
        """The alert's state and who has it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{self.alert_id}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def application(private_places: Path) -> Iterator[Application]:
    """The application, ended with the test."""
    (private_places / "state").mkdir(mode=0o700, exist_ok=True)
    one = Application()
    yield one
    one.process.kill()
    one.process.communicate()


@pytest.fixture
def console() -> Iterator[Callable[[], Terminal]]:
    """Opens consoles that show the alert, and closes them."""
    opened: list[Terminal] = []

    def opener() -> Terminal:
        opened.append(Terminal(COMMAND))
        opened[-1].wait(lambda: TITLE in opened[-1].text(), seconds=20.0, what="the alert")
        return opened[-1]

    yield opener
    for terminal in opened:
        terminal.close()


@pytest.fixture
def store(private_places: Path) -> Iterator[EmbeddedAlertSource]:
    """The alerts as another process of this host reads them."""
    state = StateStore(private_places / "state")
    yield EmbeddedAlertSource(state, Policy, "test")
    state.close()


def test_an_acknowledgement_is_seen_by_everybody(
    application: Application, console: Callable[[], Terminal]
) -> None:
    """`a` in one console shows in the other and in the application; a script's resolve shows in both."""
    one, other = console(), console()
    one.press("a")
    one.wait(lambda: f"acknowledged: {TITLE}" in one.text(), what="the acknowledgement")
    other.wait(lambda: "1 acknowledged" in other.text(), seconds=5.0, what="it in the other console")
    assert application.sees().startswith("acknowledged ")

    done = subprocess.run(
        [*COMMAND, "alerts", "resolve", application.alert_id, "-m", "restarted"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for terminal in (one, other):
        terminal.wait(
            lambda terminal=terminal: "0 acknowledged" in terminal.text(), seconds=5.0, what="the end"
        )
    assert application.sees().startswith("resolved")


def test_a_new_alert_shows_in_an_open_console(console: Callable[[], Terminal], private_places: Path) -> None:
    """What an application raises is on an open console's screen at once."""
    (private_places / "state").mkdir(mode=0o700, exist_ok=True)
    terminal = Terminal(COMMAND)
    try:
        terminal.wait(lambda: "No alert is open" in terminal.text(), seconds=20.0, what="the empty panel")
        application = Application()
        try:
            terminal.wait(lambda: TITLE in terminal.text(), seconds=5.0, what="the new alert")
        finally:
            application.process.kill()
            application.process.communicate()
    finally:
        terminal.close()


def test_what_was_confirmed_survives_a_killed_console(
    application: Application, console: Callable[[], Terminal], store: EmbeddedAlertSource
) -> None:
    """Killed right after it said so, the acknowledgement is there, with its history entry."""
    terminal = console()
    terminal.press("a")
    terminal.wait(lambda: f"acknowledged: {TITLE}" in terminal.text(), what="the acknowledgement")
    os.kill(terminal.process.pid, signal.SIGKILL)
    found = store.alert(application.alert_id)
    assert found.alert.state is AlertState.ACKNOWLEDGED
    assert [event.kind for event in found.history].count("acknowledged") == 1


def test_nothing_is_half_done_by_a_console_killed_between_key_and_answer(
    application: Application, console: Callable[[], Terminal], store: EmbeddedAlertSource
) -> None:
    """Either it is acknowledged and the history says so, or neither."""
    terminal = console()
    terminal.send(b"a")
    os.kill(terminal.process.pid, signal.SIGKILL)
    terminal.process.wait(10)
    found = store.alert(application.alert_id)
    entries = [event.kind for event in found.history].count("acknowledged")
    assert entries == (found.alert.state is AlertState.ACKNOWLEDGED)
