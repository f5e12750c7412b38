"""`pake-tui agent --install`: the permanent agent as a systemd service, its state folder shared by a group.

Every step is a command or a file that is shown before anything is done; `--uninstall` goes back the same way
and keeps what was collected.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from pake_tui.errors import PakeError
from pake_tui.paths import HOST_WIDE_CONFIG, HOST_WIDE_STATE

NAME = "pake-tui"
ACCOUNT = "pake"
UNIT = Path("/etc/systemd/system/pake-tui.service")
CONFIG = """# pake-tui's agent; README: State, collector, configuration.
# checks:
#   - {name: shop, http: "https://shop.example/health"}
# notifiers:
#   - {name: on-call, webhook: "https://hooks.slack.com/services/...", format: slack, severity: high}
"""
SERVICE = """[Unit]
Description=pake-tui agent: metrics, health checks and alerts of this host
Documentation=man:systemd.service(5)
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=30
Restart=on-failure
RestartSec=2
ExecStart={command}
User={account}
Group={account}
UMask=0007
StateDirectory=pake-tui
StateDirectoryMode=2770
Environment=PAKE_STATE_DIR={state}
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
MemoryMax=512M

[Install]
WantedBy=multi-user.target
"""


class Step(Struct, frozen=True):
    """One thing to do: in words, what is run (a command, or writing a file), and whether it is needed."""

    words: str
    shown: str
    do: Callable[[], None]
    needed: bool = True


def steps_to_install(config: Path | None) -> list[Step]:
    """Account, folders, configuration, unit, start."""
    command = [sys.executable, "-P", "-m", "pake_tui", "agent", "--config", str(config or HOST_WIDE_CONFIG)]
    under_home = sys.prefix.startswith(("/home/", "/root/"))
    unit = SERVICE.format(
        command=shlex.join(command),
        account=ACCOUNT,
        state=HOST_WIDE_STATE,
        home="read-only" if under_home else "yes",
    )
    useradd = ["useradd", "--system", "--user-group", "--home-dir", str(HOST_WIDE_STATE), "--no-create-home"]
    folder = ["install", "-d", "-m", "2770", "-o", ACCOUNT, "-g", ACCOUNT, str(HOST_WIDE_STATE)]
    return [
        _run(
            f"the account {ACCOUNT}, which the agent runs as, and its group, who may read and act",
            [*useradd, "--shell", "/usr/sbin/nologin", ACCOUNT],
            needed=not _exists(pwd.getpwnam, ACCOUNT),
        ),
        _run("the shared state folder", folder, needed=not HOST_WIDE_STATE.is_dir()),
        _write(
            "a configuration to begin with",
            HOST_WIDE_CONFIG,
            CONFIG,
            needed=config is None and not HOST_WIDE_CONFIG.exists(),
        ),
        _write("the service", UNIT, unit, needed=not UNIT.exists() or UNIT.read_text() != unit),
        _run("systemd reads it", ["systemctl", "daemon-reload"]),
        _run("it starts now and with the host", ["systemctl", "enable", "--now", NAME]),
    ]


def steps_to_uninstall() -> list[Step]:
    """Stop, and remove the unit and the account. State and configuration stay where they are."""
    return [
        _run("it stops", ["systemctl", "disable", "--now", NAME], needed=UNIT.exists()),
        Step("the service goes", f"rm {UNIT}", UNIT.unlink, UNIT.exists()),
        _run("systemd forgets it", ["systemctl", "daemon-reload"]),
        _run("the account goes", ["userdel", ACCOUNT], needed=_exists(pwd.getpwnam, ACCOUNT)),
        _run("and its group", ["groupdel", "-f", ACCOUNT], needed=_exists(grp.getgrnam, ACCOUNT)),
    ]


def carry_out(steps: Sequence[Step], *, yes: bool, dry: bool) -> None:
    """Show every step, ask once, do them in order. PakeError names the one that failed."""
    for number, step in enumerate(steps, 1):
        print(f"{number}. {step.words}{'' if step.needed else ' (is there already)'}")
        for line in step.shown.splitlines():
            print(f"     {line}")
    if dry:
        return
    if os.geteuid() != 0:
        raise PakeError("this changes the host: run it as root", hint="--dry-run only shows the steps")
    for program in ("systemctl", "useradd"):
        if shutil.which(program) is None:
            raise PakeError(f"there is no {program} here", hint="--dry-run shows the steps to do by hand")
    if not yes and input("Do this? [y/N] ").strip().lower() not in ("y", "yes"):
        raise PakeError("nothing was done")
    for number, step in enumerate(steps, 1):
        if not step.needed:
            continue
        try:
            step.do()
        except (OSError, subprocess.CalledProcessError) as error:
            told = getattr(error, "stderr", b"") or b""
            why = told.decode("utf-8", "replace").strip() or str(error)
            hint = "what came before it is done; run it again when that is repaired"
            raise PakeError(f"step {number} ({step.words}) failed: {why}", hint=hint) from None
        print(f"{number}. done")


def readable_by_all(path: Path) -> bool:
    """Whether any account may read and run what lies there: each folder above lets others in."""
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in [resolved, *resolved.parents])


def _run(words: str, command: list[str], *, needed: bool = True) -> Step:
    def do() -> None:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    return Step(words, f"$ {shlex.join(command)}", do, needed)


def _write(words: str, path: Path, text: str, *, needed: bool) -> Step:
    def do() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)

    return Step(words, f"{path}:\n" + text, do, needed)


def _exists(find: Callable[[str], object], name: str) -> bool:
    try:
        find(name)
    except KeyError:
        return False
    return True
