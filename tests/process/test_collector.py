"""The collector as a real process: started, killed, stopped, unneeded, and left without a folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pake_tui.clock import MINUTE, monotonic, now_ns
from pake_tui.engine.agent_start import ENGINE_LOG, NEVER, ensure_collector, running_config
from pake_tui.engine.store.state import StateStore
from pake_tui.engine.store.wanted import Wanted
from pake_tui.errors import ConfigError
from pake_tui.model.alert import Alert, AlertState
from pake_tui.model.check import HealthState
from pake_tui.model.sample import SeriesKey
from tests.forking import exit_code_of_child
from tests.process.places import Place, is_gone, wait_for

CPU = SeriesKey("cpu_percent")

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")


@pytest.fixture(autouse=True)
def may_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collectors may be started by whoever finds none."""
    monkeypatch.delenv("PAKE_COLLECTOR")


def test_a_console_that_finds_none_starts_one_that_samples_and_judges(place: Place) -> None:
    """Asking for a collector brings one: samples, processes and health rows appear by themselves."""
    assert ensure_collector(place.state, None) == ""
    leader = wait_for(place.leader)
    assert not leader.permanent
    wait_for(lambda: CPU in place.metrics.last())
    wait_for(place.metrics.processes)
    rows = wait_for(lambda: {row.name: row for row in place.metrics.health.list()})
    assert {"disks", "memory", "load", "sampler", "rules", "config", "store"} <= set(rows)
    assert rows["sampler"].state is HealthState.HEALTHY
    environment = Path(f"/proc/{leader.pid}/environ").read_text()
    assert f"PAKE_STATE_DIR={place.folder}" in environment
    assert Path(f"/proc/{leader.pid}/cwd").readlink() == Path("/")
    assert ensure_collector(place.state, None) == ""
    assert place.leader(other_than=leader.pid) is None


def test_never_means_never(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the setting nor by the environment is one started, and it is said what to do."""
    assert ensure_collector(place.state, None, mode="never") == NEVER
    monkeypatch.setenv("PAKE_COLLECTOR", "never")
    assert ensure_collector(place.state, None) == NEVER
    assert place.state.leadership.current() is None


def test_a_child_that_was_forked_while_another_thread_asked_for_a_collector_can_ask(place: Place) -> None:
    """As a server's worker: the thread did not come along, and what it held is free in the child."""
    inside, leave = threading.Event(), threading.Event()

    class Slow(Wanted):
        """A stamp on a disk that hangs."""

        def touch(self) -> None:
            inside.set()
            leave.wait(10)

    slow = StateStore(place.folder)
    slow.wanted = Slow(place.folder)
    thread = threading.Thread(target=ensure_collector, args=(slow, None), kwargs={"mode": "never"})
    thread.start()
    assert inside.wait(10)

    def ask() -> None:
        assert ensure_collector(place.state, None, mode="never") == NEVER

    assert exit_code_of_child(ask) == 0
    leave.set()
    thread.join()


def test_a_killed_collector_is_followed_by_another(place: Place) -> None:
    """After kill -9 the next one that asks has a collector again, with a higher epoch."""
    ensure_collector(place.state, None)
    first = wait_for(place.leader)
    wait_for(lambda: place.sampled_since(0))
    os.kill(first.pid, signal.SIGKILL)
    second = place.follower_of(first.pid)
    assert second.epoch > first.epoch
    taken = now_ns()
    wait_for(lambda: place.sampled_since(taken))


def test_a_stopped_collector_is_replaced_and_ends_when_it_wakes(place: Place) -> None:
    """SIGSTOP: replaced two seconds after its last beat; SIGCONT: it writes no more, says why, and ends."""
    ensure_collector(place.state, None)
    first = wait_for(place.leader)
    wait_for(lambda: place.sampled_since(0))
    os.kill(first.pid, signal.SIGSTOP)
    begun = monotonic()
    second = place.follower_of(first.pid)
    assert monotonic() - begun < 5.0
    assert second.epoch > first.epoch
    os.kill(first.pid, signal.SIGCONT)
    wait_for(lambda: is_gone(first.pid))
    assert place.leader() is not None
    written = place.log()
    assert "another collector leads now" in written or "was replaced" in written
    assert place.state.leadership.current() is not None
    assert not is_gone(second.pid)


def test_a_permanent_agent_that_was_stopped_takes_its_place_back(place: Place) -> None:
    """SIGSTOP: one on demand collects meanwhile; SIGCONT: the agent leads again, as the same process, and
    goes when told to.
    """
    agent = place.agent()
    first = wait_for(place.leader)
    wait_for(lambda: place.sampled_since(0))
    os.kill(agent.pid, signal.SIGSTOP)
    second = place.follower_of(agent.pid)
    assert not second.permanent
    os.kill(agent.pid, signal.SIGCONT)
    third = wait_for(lambda: place.leader(other_than=second.pid))
    assert (third.pid, third.permanent) == (agent.pid, True)
    assert third.epoch > second.epoch > first.epoch
    wait_for(lambda: is_gone(second.pid))
    taken = now_ns()
    wait_for(lambda: place.sampled_since(taken))
    agent.terminate()
    assert agent.wait(20) == 0


def test_it_leaves_when_nobody_needs_it(place: Place) -> None:
    """Without a console or a wish for it, it goes after its idle span and says so."""
    child = place.agent("--auto", "--idle", "1")
    assert child.wait(20) == 0
    assert "nobody needed it" in place.log()
    assert place.leader() is None


def test_it_stays_while_a_console_is_open(place: Place) -> None:
    """Presence of a living process keeps it; when that leaves, it leaves."""
    place.state.presence.enter("ada")
    child = place.agent("--auto", "--idle", "1")
    leader = wait_for(place.leader)
    later = monotonic() + 3
    wait_for(lambda: monotonic() > later)
    assert child.poll() is None
    assert leader.pid == child.pid
    place.state.presence.leave()
    assert child.wait(20) == 0


def test_it_ends_when_its_folder_vanishes(place: Place) -> None:
    """Nothing is written anywhere once the state folder is removed."""
    child = place.agent()
    wait_for(place.leader)

    def removed() -> bool:
        # What it writes at this very moment may come between the files and the folder.
        shutil.rmtree(place.folder, ignore_errors=True)
        return not place.folder.exists()

    wait_for(removed)
    assert child.wait(20) == 0
    assert not place.folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(place: Place, number: signal.Signals) -> None:
    """SIGTERM and ctrl+c end it with 0, its lock is free, and the log says so."""
    child = place.agent()
    wait_for(place.leader)
    child.send_signal(number)
    assert child.wait(10) == 0
    assert "told to stop" in place.log()
    found = place.state.leadership.current()
    assert found is not None
    assert not found.alive


def test_a_permanent_agent_takes_over_from_one_started_on_demand(place: Place) -> None:
    """The agent that somebody installed leads; a second permanent one is refused with the first one's pid."""
    ensure_collector(place.state, None)
    first = wait_for(place.leader)
    child = place.agent()
    second = wait_for(lambda: place.leader(other_than=first.pid))
    assert (second.pid, second.permanent) == (child.pid, True)
    wait_for(lambda: is_gone(first.pid))
    refused = subprocess.run(
        [sys.executable, "-m", "pake_tui", "agent"], capture_output=True, text=True, cwd="/", timeout=20
    )
    assert refused.returncode == 2
    assert f"pid {child.pid} collects in {place.folder} already" in refused.stderr


CONFIG = """\
monitoring:
  collection_interval_seconds: 1
rules:
  - {name: some memory, metric: memory_percent, op: ">", threshold: 0.0, severity: critical}
"""


def write(path: Path, text: str) -> Path:
    """A configuration only its owner can write."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_rule_fires_and_an_edit_that_makes_it_false_resolves_it_at_once(
    place: Place, tmp_path: Path
) -> None:
    """The file's rule becomes an alert; a broken edit is a health row, and what was in force stays; a raised
    threshold resolves the alert by rule.
    """
    config = write(tmp_path / "pake.yaml", CONFIG)
    place.agent("--config", str(config))
    fired = wait_for(lambda: place.alert(AlertState.FIRING))
    assert (fired.rule, fired.metric) == ("some memory", "memory_percent")
    assert fired.title == "some memory: memory_percent above 0 %"
    write(config, CONFIG.replace("0.0", "high"))

    def refused() -> bool:
        row = next((c for c in place.metrics.health.list() if c.name == "config"), None)
        return row is not None and row.state is HealthState.DEGRADED and "pake.yaml:4" in row.message

    wait_for(refused)
    assert place.alert(AlertState.FIRING) is not None
    write(config, CONFIG.replace("0.0", "100.0"))
    resolved = wait_for(lambda: place.alert(AlertState.RESOLVED))
    assert resolved.id == fired.id
    assert resolved.resolved is not None
    assert resolved.resolved.by_rule


def test_runtime_settings_are_obeyed(place: Place) -> None:
    """A threshold that an application sets at run time is judged by the collector within moments."""
    place.agent()
    wait_for(place.leader)
    place.state.runtime.set(
        "monitoring", {"memory_threshold_percent": 0.0, "collection_interval_seconds": 1.0}, "api@1"
    )
    wait_for(lambda: "memory_threshold_percent" in place.log())
    rows = wait_for(
        lambda: [
            c for c in place.metrics.health.list() if c.name == "memory" and c.state > HealthState.HEALTHY
        ]
    )
    assert rows[0].state is HealthState.DEGRADED


def test_a_firing_alert_survives_its_collector(place: Place, tmp_path: Path) -> None:
    """Killed and started again, the collector knows what was firing: one alert, counted once."""
    config = write(tmp_path / "pake.yaml", CONFIG)
    first = place.agent("--config", str(config))
    fired = wait_for(lambda: place.alert(AlertState.FIRING))
    first.kill()
    first.wait(10)
    place.agent("--config", str(config))
    wait_for(lambda: place.leader(other_than=first.pid))
    restarted = now_ns()

    def renewed() -> Alert | None:
        found = place.alert(AlertState.FIRING)
        return found if found is not None and found.last_seen_ns > restarted else None

    again = wait_for(renewed, 30)
    assert (again.id, again.count) == (fired.id, 1)


def test_a_corrupt_state_under_a_running_agent_costs_neither_its_lead_nor_an_alert(
    place: Place, tmp_path: Path
) -> None:
    """In the fresh file it is on record again, as the same collector, and what is still true fires again."""
    config = write(tmp_path / "pake.yaml", CONFIG)
    agent = place.agent("--config", str(config))
    first = wait_for(place.leader)
    fired = wait_for(lambda: place.alert(AlertState.FIRING))
    place.state.database.checkpoint()
    with (place.folder / "state.db").open("r+b") as file:
        file.write(os.urandom(40_000))
    assert StateStore(place.folder).alerts.live() == ()
    assert list(place.folder.glob("state.db.corrupt-*"))

    def anew() -> Alert | None:
        found = place.alert(AlertState.FIRING)
        return found if found is not None and found.id != fired.id else None

    again = wait_for(anew, 30)
    assert (again.rule, again.count) == (fired.rule, 1)
    leader = wait_for(place.leader)
    assert (leader.pid, leader.epoch, leader.permanent) == (first.pid, first.epoch, True)
    assert leader.config_path == str(config)
    assert agent.poll() is None
    write(config, CONFIG.replace("0.0", "100.0"))
    assert wait_for(lambda: place.alert(AlertState.RESOLVED)).id == again.id


def test_a_console_with_another_configuration_is_refused_with_both_names(
    place: Place, tmp_path: Path
) -> None:
    """Rules have one owner: the file that the running collector obeys."""
    mine, other = (write(tmp_path / name, CONFIG) for name in ("mine.yaml", "other.yaml"))
    place.agent("--config", str(mine))
    wait_for(place.leader)
    assert running_config(place.state) == mine
    assert ensure_collector(place.state, mine) == ""
    assert ensure_collector(place.state, None) == ""
    with pytest.raises(ConfigError, match=r"other\.yaml.*mine\.yaml"):
        ensure_collector(place.state, other)


def test_a_refused_configuration_is_told_to_whoever_asked(place: Place, tmp_path: Path) -> None:
    """A collector that cannot begin says why, and is not started again in a hurry."""
    broken = write(tmp_path / "pake.yaml", "monitoring: [\n")
    ensure_collector(place.state, broken)
    said = wait_for(lambda: ensure_collector(place.state, broken))
    assert "ended with code 2" in said
    assert str(place.folder / ENGINE_LOG) in said
    assert place.leader() is None


def pake(*words: str) -> subprocess.CompletedProcess[str]:
    """A command's outcome."""
    return subprocess.run(
        [sys.executable, "-m", "pake_tui", *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_metrics_and_health_read_what_the_collector_wrote(place: Place) -> None:
    """With a collector the twins print its samples and checks; a name that nobody knows is 1, and 3."""
    place.agent()
    wait_for(lambda: CPU in place.metrics.last() and place.metrics.health.list())
    done = pake("metrics", "cpu_percent", "--json", "--since", "1m")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (fields,) = (line for line in lines if not line["tags"])
    assert (fields["metric"], fields["unit"], fields["kind"]) == ("cpu_percent", "percent", "gauge")
    assert any(point["mean"] is not None for point in fields["points"])
    assert pake("metrics", "no_such").returncode == 1
    health = pake("health", "--json")
    names = {json.loads(line)["name"] for line in health.stdout.splitlines()}
    assert {"collector", "disks", "memory", "load"} <= names
    assert health.returncode in (0, 1, 2)
    assert pake("health", "no-such").returncode == 3


def test_without_a_collector_they_sample_once_and_start_none(place: Place) -> None:
    """The twins work on a bare machine, say so, and leave nothing behind."""
    shutil.rmtree(place.folder)
    metrics, health = pake("metrics", "--json"), pake("health")
    assert metrics.returncode == 0
    assert "sampled once" in metrics.stderr
    assert {"cpu_percent", "memory_percent"} <= {json.loads(x)["metric"] for x in metrics.stdout.splitlines()}
    assert health.returncode in (0, 1, 2)
    assert "disks" in health.stdout
    assert not place.folder.exists()


@pytest.mark.parametrize("words", [["--bogus"], ["--json", "--since"]])
def test_health_exits_with_three_for_wrong_usage(words: list[str]) -> None:
    """A monitoring system must not read a typing mistake as `unhealthy`."""
    assert pake("health", *words).returncode == 3


def test_health_exits_with_three_for_a_refused_configuration(place: Place, tmp_path: Path) -> None:
    """An error of its own is unknown, in words and without a traceback."""
    broken = write(tmp_path / "pake.yaml", "rules: 3\n")
    done = pake("--config", str(broken), "health")
    assert done.returncode == 3
    assert "pake.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_names_what_is_wrong(place: Place, tmp_path: Path) -> None:
    """The state folder, a log that is gone, and a broken file's problems."""
    gone = tmp_path / "gone.log"
    place.state.loggers.register("api", 1, gone)
    config = write(tmp_path / "pake.yaml", "monitoring: {cpu_threshold_percent: 80}\n")
    done = pake("--config", str(config), "doctor", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    texts = "\n".join(one["text"] for one in found)
    assert done.returncode == (1 if os.environ.get("TERM", "") in ("", "dumb") else 0)
    assert str(place.folder) in texts
    assert str(gone) in texts
    write(config, "rules:\n  - name: x\n")
    wrong = pake("--config", str(config), "doctor")
    assert wrong.returncode == 1
    assert "pake.yaml:2" in wrong.stdout
    assert "Traceback" not in wrong.stderr


def test_spools_of_the_dead_are_drained(place: Place) -> None:
    """An alert that a process could only spool is in the store once a collector runs."""
    from pake_tui.engine.monitoring import spool

    event = {
        "kind": "create",
        "uuid": "a" * 32,
        "title": "Payment Service Error",
        "message": "502",
        "severity": 3,
        "tags": [],
        "service": "payment",
        "actor": "payment@1",
        "expires_after_ns": None,
    }
    spool.append(place.folder, event)
    place.agent()
    alert = wait_for(lambda: place.alert(AlertState.FIRING))
    assert (alert.title, alert.service) == ("Payment Service Error", "payment")
    assert alert.first_seen_ns > now_ns() - MINUTE
