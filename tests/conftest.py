"""What every test stands on: an empty home, a state folder of its own, and no collector by accident."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

SERVERS = {
    "sshd": "apt-get install -y openssh-server",
    "ssh": "apt-get install -y openssh-client",
    "rg": "apt-get install -y ripgrep",
    "setpriv": "apt-get install -y util-linux",
    "initdb": "apt-get install -y postgresql",
    "prometheus": "apt-get install -y prometheus",
    "promtool": "apt-get install -y prometheus",
    "openssl": "apt-get install -y openssl",
    "mariadbd": "apt-get install -y mariadb-server",
}
_not_run: list[tuple[str, str]] = []
# The programs that tests start run compiled, as installed ones do; each start is a third slower otherwise.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def private_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point HOME, XDG folders and the state folder into a temporary folder."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [n for n in os.environ if n.startswith(("PAKE_", "LOG_", "MONITORING_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PAKE_COLLECTOR", "never")
    monkeypatch.setenv("TZ", "UTC")
    for name in ("STATE", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.chdir(home)
    return tmp_path


def server(name: str) -> str | None:
    """Where a program is: on the PATH, or where servers are."""
    folders = [os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
    folders += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=":".join(folders))


def is_missing(name: str) -> bool:
    """Whether there is no such program."""
    return server(name) is None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, and remember, tests whose server is missing; required servers make them run and fail."""
    for item in items:
        for mark in item.iter_markers("needs_server"):
            missing = [name for name in mark.args if is_missing(name)]
            if missing and not os.environ.get("PAKE_REQUIRE_SERVERS"):
                _not_run.append((item.nodeid, SERVERS.get(missing[0], f"apt-get install -y {missing[0]}")))
                item.add_marker(pytest.mark.skip(reason=f"needs {missing[0]}"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Under PAKE_REQUIRE_SERVERS a missing server is a failure that names it."""
    for mark in item.iter_markers("needs_server"):
        for name in mark.args:
            if is_missing(name):
                pytest.fail(f"{name} is missing: {SERVERS.get(name, f'apt-get install -y {name}')}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List each test not run, and the one command that would bring its server."""
    if _not_run:
        terminalreporter.section("not run: a server is missing")
        for nodeid, command in _not_run:
            terminalreporter.write_line(f"{nodeid}    bring it with: {command}")
