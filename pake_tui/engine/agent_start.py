"""Finds the collector of a state folder, and starts one where there is none."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import threading
from pathlib import Path

from msgspec import Struct

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.engine.store.files import create_file
from pake_tui.engine.store.leadership import Leader
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConfigError
from pake_tui.paths import cleaned_environment

ENGINE_LOG = "engine.log"
"""Where collectors write, in the state folder."""
WANTED_EVERY_S = 5.0
STARTING_NS = 1_500_000_000
"""So long nobody else starts one, since a collector is on its way."""
SETTLED_S = 2.0
"""Whoever ran for so long began well: its successor is started at once."""
LONGEST_WAIT_S = 60.0
NEVER = "no collector is started: collector mode is never; run `pake-tui agent`"


class _Attempt(Struct):
    """What this process did about one state folder's collector."""

    wanted_at: float = -WANTED_EVERY_S
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0
    problem: str = ""


_attempts: dict[Path, _Attempt] = {}
_lock = threading.Lock()


def _after_fork() -> None:
    """In a child: a thread that held the lock did not come along; children of the parent are not its own."""
    global _lock
    _lock = threading.Lock()
    _attempts.clear()


os.register_at_fork(after_in_child=_after_fork)


def ensure_collector(
    state: StateStore, config: Path | None, *, mode: str = "auto", named: bool = False
) -> str:
    """Say that a collector is needed, and start one if nobody collects; cheap enough for once a second.

    `config` is the configuration file it shall obey, `named` whether somebody named it (one that was only
    found may have no programs run), `mode` the setting `collector.mode`. Returns why nobody collects, in
    words, or nothing. ConfigError names both files where a running collector obeys another one.
    """
    with _lock:
        attempt = _attempts.setdefault(state.folder, _Attempt())
        if monotonic() - attempt.wanted_at >= WANTED_EVERY_S:
            attempt.wanted_at = monotonic()
            state.wanted.touch()
        _reap(attempt, state.folder)
        leader = state.leadership.lately()
        if leader is not None and leader.alive and not leader.silent:
            attempt.failures, attempt.problem = 0, ""
            _refuse_another_file(leader, config)
            return ""
        if mode == "never" or os.environ.get("PAKE_COLLECTOR") == "never":
            return NEVER
        if state.read_only:
            return f"no collector can be started: {state.folder} is only read"
        if monotonic() >= attempt.not_before and not _is_being_started(state.folder):
            _start(attempt, state.folder, config, named=named)
        return attempt.problem


def running_config(state: StateStore) -> Path | None:
    """The configuration file that a living collector obeys: the one that rules belong to."""
    leader = state.leadership.current()
    living = leader is not None and leader.alive and not leader.silent
    return Path(leader.config_path) if leader is not None and living and leader.config_path else None


def _refuse_another_file(leader: Leader, config: Path | None) -> None:
    if config is None or leader.config_path in ("", str(config)):
        return
    if os.path.realpath(config) != os.path.realpath(leader.config_path):
        raise ConfigError(
            f"{config} is not the configuration in force: the collector (pid {leader.pid}) obeys "
            f"{leader.config_path}",
            hint=f"leave --config out, or end pid {leader.pid} first",
        )


def _start(attempt: _Attempt, folder: Path, config: Path | None, *, named: bool) -> None:
    """Start one, detached; what it says before it has a log of its own goes to `engine.log` too."""
    command = [_python(), "-m", "pake_tui", "agent", "--auto"]
    if config is not None:
        command += ["--config", str(config.absolute()), *([] if named else ["--found"])]
    environment = cleaned_environment(os.environ) | {"PAKE_STATE_DIR": str(folder)}
    root = str(Path(__file__).resolve().parents[2])
    if root not in (*site.getsitepackages(), site.getusersitepackages()):
        known = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = f"{root}{os.pathsep}{known}" if known else root
    attempt.started_at = monotonic()
    attempt.not_before = attempt.started_at + STARTING_NS / SECOND
    try:
        _stamp(folder).touch()
        create_file(folder / ENGINE_LOG)
        with (folder / ENGINE_LOG).open("ab") as log:
            attempt.child = subprocess.Popen(
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        attempt.failures += 1
        attempt.problem = f"no collector could be started: {error.strerror}: {error.filename or command[0]}"


def _reap(attempt: _Attempt, folder: Path) -> None:
    """Learn how the one started last ended; what fails at its start is tried again ever more rarely."""
    code = attempt.child.poll() if attempt.child is not None else None
    if code is None:
        return
    attempt.child = None
    if code == 0:
        return
    attempt.failures += 1
    if monotonic() - attempt.started_at < SETTLED_S:
        attempt.not_before = monotonic() + min(LONGEST_WAIT_S, 2.0**attempt.failures)
    attempt.problem = f"the collector ended with code {code}: {last_line(folder)} (see {folder / ENGINE_LOG})"


def last_line(folder: Path) -> str:
    """The newest line of the engine's log; empty where there is none."""
    try:
        with (folder / ENGINE_LOG).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 4096))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _stamp(folder: Path) -> Path:
    return folder / "collector.starting"


def _is_being_started(folder: Path) -> bool:
    try:
        return abs(now_ns() - _stamp(folder).stat().st_mtime_ns) < STARTING_NS
    except OSError:
        return False


def _python() -> str:
    """The interpreter; a server that embeds Python names itself in sys.executable."""
    if "python" in Path(sys.executable or "").name:
        return sys.executable
    beside = Path(sys.prefix) / "bin" / "python3"
    return str(beside) if beside.exists() else shutil.which("python3") or "python3"
