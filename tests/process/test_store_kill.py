"""Real processes on one state folder: killed, stopped, and acting at the same moment."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy, Severity

PRELUDE = """
import json, os, signal, sys, time
from pathlib import Path
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError
from pake_tui.model.alert import Policy, Severity

store = StateStore(Path(sys.argv[1]))
alerting = Alerting(store, Policy)

def say(*words):
    print(json.dumps(words), flush=True)
"""
WRITER = """
number = 0
while True:
    number += 1
    name = f"{os.getpid()}-{number}"
    alert_id = alerting.create(name, "m", Severity.HIGH, actor="api@1")
    say(alert_id, "firing")
    alerting.acknowledge(alert_id, actor="ada", comment=name)
    say(alert_id, "acknowledged")
    alerting.resolve(alert_id, actor="ada", note=name)
    say(alert_id, "resolved")
"""
RIVAL = """
say("ready")
sys.stdin.readline()
try:
    say("won", alerting.acknowledge(sys.argv[2], actor=sys.argv[3], comment=sys.argv[3]).acknowledged.by)
except ConflictError as error:
    say("lost", str(error))
"""
STOPPER = """
with store.write() as connection:
    connection.execute("UPDATE alerts SET version=version+1")
    say("inside")
    os.kill(os.getpid(), signal.SIGSTOP)
"""
LEADER = """
say(store.leadership.claim(config_path=sys.argv[2], permanent=True, version="1"))
try:
    while True:
        store.leadership.beat()
        time.sleep(0.1)
except DeposedError as error:
    say("deposed", str(error))
try:
    alerting.create("late", "m", Severity.LOW, actor="x")
    say("wrote", store.alerts.live() == ())
except DeposedError as error:
    say("refused", str(error))
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A private state folder."""
    path = tmp_path / "folder"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start a script on the folder; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script, str(folder), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str]) -> list[str]:
    """The next thing a process says."""
    assert process.stdout
    words: list[str] = json.loads(process.stdout.readline())
    return words


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it never came true"
        threading.Event().wait(0.01)


def test_what_was_confirmed_outlives_kill_9(folder: Path, start: Start) -> None:
    """Killed at random moments: everything that was said to be done is there, and nothing is half there."""
    dice = random.Random(7)
    confirmed: dict[str, str] = {}
    for _ in range(5):
        process = start(WRITER)
        for _ in range(dice.randint(1, 60)):
            alert_id, state = heard(process)
            confirmed[alert_id] = state
        process.kill()
        assert process.stdout
        for line in process.stdout.read().splitlines():
            if line.endswith("]"):
                alert_id, state = json.loads(line)
                confirmed[alert_id] = state
    order = ["firing", "acknowledged", "resolved"]
    store = StateStore(folder)
    rows = store.read("SELECT id, state FROM alerts")
    assert confirmed.keys() <= {row[0] for row in rows}
    for alert_id, state in rows:
        assert order.index(state) >= order.index(confirmed.get(alert_id, "firing"))
        alert, history = store.alerts.with_history(alert_id)
        assert alert
        assert [entry.state.value for entry in history] == order[: order.index(state) + 1]
        assert alert.version == len(history)
    assert store.read("PRAGMA integrity_check") == [("ok",)]


def test_of_two_at_once_one_wins_and_the_other_is_told(folder: Path, start: Start) -> None:
    """Two processes acknowledge at the same moment; the comment of the second is kept."""
    alerting = Alerting(StateStore(folder), Policy)
    for number in range(3):
        alert_id = alerting.create(f"alert {number}", "m", Severity.HIGH, actor="api@1")
        rivals = [start(RIVAL, alert_id, name) for name in ("ada", "bob")]
        for rival in rivals:
            assert heard(rival) == ["ready"]
        for rival in rivals:
            assert rival.stdin
            rival.stdin.write("go\n")
            rival.stdin.flush()
        answers = dict(heard(rival) for rival in rivals)
        winner = answers["won"]
        assert f"acknowledged by {winner} at" in answers["lost"]
        detail = alerting.detail(alert_id)
        assert detail.alert.acknowledged
        assert detail.alert.acknowledged.by == winner
        assert {entry.text for entry in detail.history[1:]} == {"ada", "bob"}


def test_who_was_stopped_inside_a_transaction_is_ended(folder: Path, start: Start) -> None:
    """Nobody waits for ever: after a second it is killed by who may, its half transaction is undone, and it
    is said.
    """
    store = StateStore(folder)
    alerting = Alerting(store, Policy)
    alert_id = alerting.create("alert", "m", Severity.HIGH, actor="api@1")
    stopped = start(STOPPER)
    assert heard(stopped) == ["inside"]
    alerting.acknowledge(alert_id, actor="ada")
    assert stopped.wait(10) == -signal.SIGKILL
    assert alerting.get(alert_id).version == 2
    assert f"pid {stopped.pid} was stopped inside a transaction" in store.notes[-1]


def test_a_killed_collector_is_replaced_at_once(folder: Path, start: Start) -> None:
    """Its lock dies with it."""
    leader = start(LEADER, "/etc/pake.yaml")
    assert heard(leader) == [1]
    store = StateStore(folder)
    assert store.leadership.claim(config_path="", permanent=True, version="1") is None
    leader.kill()
    leader.wait()
    seen = store.leadership.current()
    assert seen
    assert (seen.alive, seen.config_path) == (False, "/etc/pake.yaml")
    assert store.leadership.claim(config_path="", permanent=True, version="1") == 2


def test_a_silent_collector_is_replaced_in_two_seconds_and_cannot_write_late(
    folder: Path, start: Start
) -> None:
    """Stopped, it is deposed by the epoch; continued, it is told and its write is refused."""
    leader = start(LEADER, "")
    assert heard(leader) == [1]
    store = StateStore(folder)
    leader.send_signal(signal.SIGSTOP)
    began = monotonic()
    eventually(lambda: store.leadership.claim(config_path="", permanent=True, version="1") == 2)
    assert 1.5 < monotonic() - began < 4
    leader.send_signal(signal.SIGCONT)
    assert heard(leader)[0] == "deposed"
    assert heard(leader)[0] == "refused"
    store.leadership.beat()
