"""Checks against real servers that work, refuse a password, are stopped, and are killed."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.engine.monitoring.checking.asking import Surroundings
from pake_tui.engine.monitoring.checking.kinds import ask
from pake_tui.engine.monitoring.checking.specs import specs_from, validate
from pake_tui.model.check import HealthState
from tests.conftest import server
from tests.process.places import free_port, wait_for

PASSWORD = "s3cret-Wort"


def state_of(timeout: str = "2s", **entry: object) -> tuple[HealthState, str]:
    """State and message of one run."""
    whole = {"name": "it", "timeout": timeout, **entry}
    assert validate([whole]) == []
    run = ask(specs_from([whole])[0], Surroundings("", lambda _: []))
    return run.state, run.message


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[list[str]], subprocess.Popen[bytes]]]:
    """Start a server as a user who is not root; all of them end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def starter(command: list[str]) -> subprocess.Popen[bytes]:
        with (tmp_path / "server.log").open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **not_root(),
            )
        started.append(child)
        return child

    yield starter
    for child in started:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGCONT)
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def not_root() -> dict[str, int]:
    """How to start a program as nobody, where this is root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the server's user owns, with a way to it."""
    folder = tmp_path_factory.mktemp("data")
    if user := not_root():
        os.chown(folder, user["user"], user["group"])
        for above in [folder, *folder.parents][1:3]:
            above.chmod(above.stat().st_mode | 0o011)
    folder.chmod(0o700)
    return folder


@pytest.mark.needs_server("redis-server")
def test_redis_up_wrong_password_stopped_and_killed(
    start: Callable[[list[str]], subprocess.Popen[bytes]], data: Path
) -> None:
    """Each way to fail has its word, and the password is in none."""
    program, port = server("redis-server"), free_port()
    assert program is not None
    options = ["--bind", "127.0.0.1", "--dir", str(data), "--save", "", "--requirepass", PASSWORD]
    child = start([program, "--port", str(port), *options])
    url = f"redis://:{PASSWORD}@127.0.0.1:{port}"
    wait_for(lambda: state_of(redis=url)[0] is HealthState.HEALTHY)
    assert state_of(redis=url) == (HealthState.HEALTHY, f"127.0.0.1:{port} answers PING")
    assert state_of(redis=f"redis://127.0.0.1:{port}")[1].startswith("auth: NOAUTH")
    state, said = state_of(redis=f"redis://:wrong-one@127.0.0.1:{port}")
    assert state is HealthState.UNHEALTHY
    assert said.startswith("auth: WRONGPASS")
    os.killpg(child.pid, signal.SIGSTOP)
    assert state_of("300ms", redis=url) == (HealthState.UNHEALTHY, "time-out: AUTH took more than 0.3 s")
    os.killpg(child.pid, signal.SIGCONT)
    wait_for(lambda: state_of(redis=url)[0] is HealthState.HEALTHY)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert state_of(redis=url)[1] == f"refused: nothing listens at 127.0.0.1:{port}"


@pytest.mark.needs_server("initdb")
def test_postgres_up_wrong_password_stopped_and_killed(
    start: Callable[[list[str]], subprocess.Popen[bytes]], data: Path
) -> None:
    """A login by SCRAM over TCP, and by a socket; what PostgreSQL says of a wrong login is passed on."""
    initdb, postgres, port = server("initdb"), server("postgres"), free_port()
    assert initdb is not None
    assert postgres is not None
    words = data / "words"
    words.write_text(PASSWORD)
    if user := not_root():
        os.chown(words, user["user"], user["group"])
    cluster = data / "cluster"
    made = start(
        [initdb, "-D", str(cluster), "-U", "ada", f"--pwfile={words}", "-A", "scram-sha-256", "--no-sync"]
    )
    assert made.wait(60) == 0
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", str(data)]
    child = start([postgres, "-D", str(cluster), "-p", str(port), *options])
    url = f"postgresql://ada:{PASSWORD}@127.0.0.1:{port}/postgres"
    wait_for(lambda: state_of(postgres=url)[0] is HealthState.HEALTHY)
    assert state_of(postgres=url)[1] == f"127.0.0.1:{port} answers SELECT 1"
    by_socket = f"postgresql://ada:{PASSWORD}@:{port}/postgres?host={data}"
    assert state_of(postgres=by_socket)[0] is HealthState.HEALTHY
    state, said = state_of(postgres=url.replace(PASSWORD, "wrong-one"))
    assert state is HealthState.UNHEALTHY
    assert said.startswith("auth: password authentication failed")
    assert state_of(postgres=f"{url}x")[1].startswith('bad reply: database "postgresx" does not exist')
    os.killpg(child.pid, signal.SIGSTOP)
    assert state_of("300ms", postgres=url) == (
        HealthState.UNHEALTHY,
        "time-out: the login took more than 0.3 s",
    )
    os.killpg(child.pid, signal.SIGCONT)
    wait_for(lambda: state_of(postgres=url)[0] is HealthState.HEALTHY)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert state_of(postgres=url)[1] == f"refused: nothing listens at 127.0.0.1:{port}"


@pytest.mark.needs_server("mariadbd")
def test_mysql_up_wrong_password_stopped_and_killed(
    start: Callable[[list[str]], subprocess.Popen[bytes]], data: Path
) -> None:
    """A login to MariaDB, and what it says of a wrong one."""
    install, mariadbd, port = server("mariadb-install-db"), server("mariadbd"), free_port()
    assert install is not None
    assert mariadbd is not None
    first = data / "first.sql"
    first.write_text(f"CREATE USER ada@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n")
    first.chmod(0o644)
    options = ["--no-defaults", f"--datadir={data / 'db'}"]
    assert start([install, *options, "--auth-root-authentication-method=normal"]).wait(90) == 0
    options += [f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    options += [f"--socket={data / 'sock'}", f"--pid-file={data / 'pid'}", f"--init-file={first}"]
    child = start([mariadbd, *options])
    url = f"mysql://ada:{PASSWORD}@127.0.0.1:{port}/"
    wait_for(lambda: state_of(mysql=url)[0] is HealthState.HEALTHY)
    assert state_of(mysql=url)[1] == f"127.0.0.1:{port} answers SELECT 1"
    state, said = state_of(mysql=url.replace(PASSWORD, "wrong-one"))
    assert state is HealthState.UNHEALTHY
    assert said.startswith("auth: Access denied for user 'ada'")
    assert state_of(mysql=f"{url}shop")[1].startswith("auth: Access denied for user 'ada'")
    os.killpg(child.pid, signal.SIGSTOP)
    assert state_of("300ms", mysql=url) == (HealthState.UNHEALTHY, "time-out: the login took more than 0.3 s")
    os.killpg(child.pid, signal.SIGCONT)
    wait_for(lambda: state_of(mysql=url)[0] is HealthState.HEALTHY)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert state_of(mysql=url)[1] == f"refused: nothing listens at 127.0.0.1:{port}"
