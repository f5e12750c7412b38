"""The agent under a service manager: what it tells it, and the steps that install it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from pake_tui.cli import installing
from pake_tui.cli.installing import Step, carry_out, readable_by_all, steps_to_install, steps_to_uninstall
from pake_tui.cli.main import main
from pake_tui.errors import PakeError
from tests.process.places import Place, wait_for


def test_systemd_hears_that_it_is_ready_that_it_lives_and_that_it_stops(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By sd_notify: readiness comes once it collects, then signs of life, then the end."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        child = place.agent()
        first = manager.recv(4096).decode().splitlines()
        assert first[:2] == ["READY=1", "WATCHDOG=1"]
        assert place.leader() is not None
        child.terminate()
        while (said := manager.recv(4096).decode()) != "STOPPING=1":
            assert "WATCHDOG=1" in said
    assert child.wait(20) == 0


def test_systemd_hears_of_no_stop_when_an_agent_that_was_suspended_begins_anew(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would end a service that says so, though that collects again."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        agent = place.agent()
        assert manager.recv(4096).startswith(b"READY=1")
        monkeypatch.delenv("NOTIFY_SOCKET")
        monkeypatch.delenv("PAKE_COLLECTOR")
        os.kill(agent.pid, signal.SIGSTOP)
        second = place.follower_of(agent.pid)
        os.kill(agent.pid, signal.SIGCONT)
        wait_for(lambda: place.leader(other_than=second.pid))
        manager.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                assert manager.recv(4096) != b"STOPPING=1"
        manager.settimeout(20)
        agent.terminate()
        while manager.recv(4096) != b"STOPPING=1":
            pass
        assert agent.wait(20) == 0


def test_the_steps_are_shown_and_nothing_is_done_without_a_yes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--dry-run shows account, folder, unit and start; the unit runs this very program without privileges."""
    monkeypatch.setattr(installing, "UNIT", Path("/nonexistent/pake-tui.service"))
    carry_out(steps_to_install(None), yes=False, dry=True)
    carry_out(steps_to_uninstall(), yes=False, dry=True)
    shown = capsys.readouterr().out
    for words in (
        "useradd --system",
        "install -d -m 2770",
        "Type=notify",
        "WatchdogSec=",
        "NoNewPrivileges=yes",
    ):
        assert words in shown
    assert "systemctl enable --now pake-tui" in shown
    assert "userdel pake" in shown


def test_a_step_that_fails_is_named_and_ends_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is said, and what to do."""
    done: list[str] = []
    steps = [
        Step("one", "a", lambda: done.append("one")),
        Step("there already", "b", lambda: done.append("no"), needed=False),
        Step("two", "c", lambda: (_ for _ in ()).throw(OSError("disk full"))),
        Step("three", "d", lambda: done.append("three")),
    ]
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: name)
    with pytest.raises(PakeError, match=r"step 3 \(two\) failed: disk full"):
        carry_out(steps, yes=True, dry=False)
    assert done == ["one"]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(PakeError, match="as root"):
        carry_out(steps, yes=True, dry=False)


def test_an_interpreter_that_others_cannot_read_is_refused(tmp_path: Path) -> None:
    """The service would run as another account."""
    tmp_path.chmod(0o700)
    (tmp_path / "python").touch(mode=0o755)
    assert not readable_by_all(tmp_path / "python")
    assert readable_by_all(Path("/usr/bin/env"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """No unknown key, no wrong value."""
    unit = next(step for step in steps_to_install(None) if step.words == "the service")
    path = tmp_path / "pake-tui.service"
    path.write_text(
        unit.shown.partition("\n")[2].replace("User=pake", "User=root").replace("Group=pake", "Group=root")
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, timeout=60
    )
    assert "pake-tui.service" not in done.stderr, done.stderr


def test_an_agent_that_only_reads_installs_nothing() -> None:
    """--read-only wins."""
    assert main(["agent", "--install", "--read-only"]) == 2
