"""The console as it is used: over a real sshd, on a link of 64 kbit/s and 150 ms, with tmux and without."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pake_tui.engine.store.state import StateStore
from tests.pty.driver import Terminal
from tests.pty.link import Link

COMMAND = [sys.executable, "-m", "pake_tui"]
KEYS, EVERY = 20, 0.1
BURST_BYTES = 14_000
STALE_S = 1.0
"""Usual are 0.16 s, and 0.31 s in tmux; where frames queue up it grows with every key."""
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitUserRC no
PrintLastLog no
PrintMotd no
"""


@dataclass
class Host:
    """A host that is reached by ssh over a slow link, with a folder of logs that grow."""

    folder: Path
    port: int
    terminals: list[Terminal] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def log(self, *lines: str) -> None:
        """Append to the log that the console finds by itself."""
        with (Path.cwd() / "logs" / "app.log").open("a") as file:
            file.writelines(f"2026-03-01T12:00:00 INFO app: {line}\n" for line in lines)

    def connect(self, command: list[str]) -> tuple[Terminal, Link]:
        """Run a command there, in a terminal of its own, as `ssh -t host command` does."""
        self.links.append(Link.to_port(self.port, rate_bits=64_000, round_trip_s=0.15))
        names = ("HOME", "TZ", *(name for name in os.environ if name.startswith(("PAKE_", "XDG_"))))
        there = [f"{name}={os.environ[name]}" for name in names]
        remote = (
            f"cd {shlex.quote(str(Path.cwd()))} && exec env LANG=C.UTF-8 {shlex.join([*there, *command])}"
        )
        options = (
            f"Port={self.links[-1].port}",
            f"IdentityFile={self.folder}/user",
            f"UserKnownHostsFile={self.folder}/known",
            "HostKeyAlias=host",
            "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "BatchMode=yes",
        )
        ssh = ["ssh", "-F", "none", "-tt", *(part for option in options for part in ("-o", option))]
        user = pwd.getpwuid(os.getuid()).pw_name
        self.terminals.append(Terminal([*ssh, f"{user}@127.0.0.1", remote]))
        return self.terminals[-1], self.links[-1]


def start_sshd(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """An sshd with keys of its own on a free port; it dies with this process, however that ends."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "known").write_text(f"host {(folder / 'host.pub').read_text()}")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it shuts its unprivileged half in
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert sshd is not None
    command = ["setpriv", "--pdeathsig", "KILL", sshd, "-D", "-e", "-f", str(folder / "config")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env={"PATH": os.defpath}, stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while "Server listening" not in (said := (folder / "log").read_text()):
        ended = process.poll() is not None or time.monotonic() > deadline
        assert not ended, f"sshd did not start:\n{said}"
    return process, port


@pytest.fixture
def host(private_places: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """An sshd, a log file, and a collector as it is started by the first console; ended with the test."""
    monkeypatch.delenv("PAKE_COLLECTOR")
    folder, state = private_places / "ssh", private_places / "state"
    folder.mkdir(mode=0o700)
    state.mkdir(mode=0o700)
    process, port = start_sshd(folder)
    one = Host(folder, port)
    (Path.cwd() / "logs").mkdir()
    one.log(*(f"line {number}" for number in range(300)))
    yield one
    for end in (*one.terminals, *one.links):
        end.close()
    subprocess.run(["tmux", "-S", str(folder / "tmux"), "kill-server"], capture_output=True, check=False)
    process.kill()
    process.wait()
    store = StateStore(state)
    leader = store.leadership.current()
    if leader is not None and leader.alive:
        os.kill(leader.pid, signal.SIGKILL)
    store.close()


def press_a_burst(terminal: Terminal, host: Host) -> tuple[int, float]:
    """Twenty cursor keys at ten a second while lines come in, then help; the bytes that were there before and
    when it began.
    """
    terminal.wait_for("line 299", seconds=30.0)
    terminal.wait_for("● own collector", seconds=30.0)
    terminal.send(b"3")
    terminal.wait_for("[─━] Logs")
    terminal.wait_for("line 275")
    terminal.settle(0.5)
    before, begun = len(terminal.raw), time.monotonic()
    next_at = begun
    for number in range(KEYS):
        terminal.send(b"k")
        host.log(f"new {number}")
        next_at += EVERY
        terminal.wait(lambda due=next_at: time.monotonic() >= due, what="the next key")
    terminal.send(b"?")
    return before, begun


def below_the_header(terminal: Terminal) -> list[str]:
    """What the screen shows, its first line aside, where the clock is."""
    return terminal.text().splitlines()[1:]


def local_help(host: Host) -> list[str]:
    """The same help in a console without a link between."""
    terminal = Terminal(COMMAND)
    host.terminals.append(terminal)
    for key, shown in (("", "line 299"), ("3", "[─━] Logs"), ("?", "[─━] Help")):
        terminal.send(key.encode())
        terminal.wait_for(shown)
    terminal.settle(0.3)
    return below_the_header(terminal)


@pytest.mark.needs_server("sshd", "ssh", "tmux", "setpriv")
@pytest.mark.parametrize("in_tmux", [False, True])
def test_on_a_slow_link_keys_are_answered_at_once(host: Host, in_tmux: bool) -> None:
    """After a burst of keys help is there as it is locally, for few bytes, and `q` restores the terminal."""
    expected = local_help(host)
    tmux = ["tmux", "-S", str(host.folder / "tmux"), "-f", "/dev/null", "new-session", shlex.join(COMMAND)]
    terminal, link = host.connect([*tmux, ";", "set", "-g", "status", "off"] if in_tmux else COMMAND)
    before, begun = press_a_burst(terminal, host)
    terminal.wait(lambda: below_the_header(terminal) == expected, what="help, as it is locally")
    assert len(terminal.raw) - before <= BURST_BYTES
    assert link.down.worst_staleness(begun) < STALE_S
    terminal.send(b"q")
    terminal.wait_for("q again to quit")
    terminal.send(b"q")
    assert terminal.wait_exit() == 0
    assert terminal.restored() == []
