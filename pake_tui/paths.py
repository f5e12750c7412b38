"""Where things lie on disk: state folder, configuration, cache, and the data that ships with the package."""

from __future__ import annotations

import contextlib
import grp
import os
import platform
import pwd
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

HOST_WIDE_STATE = Path("/var/lib/pake-tui")
HOST_WIDE_CONFIG = Path("/etc/pake-tui/pake.yaml")


class StateFolder(Struct, frozen=True):
    """The chosen state folder: `origin` says why this one, `problem` why nothing can be written there."""

    path: Path
    origin: str
    shared: bool
    problem: str = ""

    @property
    def writable(self) -> bool:
        """Whether this user may write there."""
        return not self.problem


def home() -> Path:
    """The user's home folder, from $HOME or the user database; / where neither knows."""
    with contextlib.suppress(RuntimeError):
        return Path.home()
    return Path("/")


def xdg(kind: str) -> Path:
    """The XDG base folder `state`, `config` or `cache`; relative values are ignored, as the standard says."""
    fallback = {"state": ".local/state", "config": ".config", "cache": ".cache"}[kind]
    given = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
    return Path(given) if given.startswith("/") else home() / fallback


def machine_id() -> str:
    """Twelve hexadecimal digits that tell this machine from others that share its home folders."""
    for name in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            if text := Path(name).read_text(encoding="ascii", errors="ignore").strip():
                return text[:12]
    facts = "|".join((platform.node(), platform.machine(), str(os.cpu_count())))
    import hashlib

    return hashlib.sha256(facts.encode()).hexdigest()[:12]


def state_folder(create: bool = True) -> StateFolder:
    """The state folder: $PAKE_STATE_DIR, else the host's shared one if writable, else the user's own.

    With `create` a private folder is made (0700). Never raises: what is wrong is in `problem`.
    """
    if given := os.environ.get("PAKE_STATE_DIR"):
        path, origin, shared = Path(given).expanduser().absolute(), "PAKE_STATE_DIR", False
    elif holds(HOST_WIDE_STATE.is_dir) and os.access(HOST_WIDE_STATE, os.W_OK | os.X_OK):
        path, origin, shared = HOST_WIDE_STATE, "host-wide", True
    else:
        path, origin, shared = xdg("state") / "pake-tui" / machine_id(), "private", False
    problem = ""
    if create and not holds(path.is_dir):
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            problem = f"cannot create {path}: {error.strerror}"
    if not problem:
        if not holds(path.is_dir):
            problem = f"{path} does not exist"
        elif not os.access(path, os.W_OK | os.X_OK):
            problem = f"{path} is not writable for {user_name()}"
    return StateFolder(path, origin, shared, problem)


def holds(test: Callable[[], bool]) -> bool:
    """What `Path.is_dir` and its like say; False where this user may not even look."""
    try:
        return test()
    except OSError:
        return False


def other_state_folders(chosen: Path) -> tuple[Path, ...]:
    """State folders on this host that hold a state database and are not the chosen one."""
    candidates = (HOST_WIDE_STATE, xdg("state") / "pake-tui" / machine_id())
    return tuple(p for p in candidates if p != chosen and holds((p / "state.db").exists))


def cache_folder() -> Path:
    """This user's cache folder; not created here."""
    return xdg("cache") / "pake-tui"


def config_candidates() -> Iterator[tuple[Path, str]]:
    """Where a configuration is looked for when none was named, first match wins, each with its origin."""
    if given := os.environ.get("PAKE_CONFIG"):
        yield Path(given).expanduser().absolute(), "PAKE_CONFIG"
        return
    with contextlib.suppress(OSError):  # the working folder may be gone, or closed to this user
        for name in ("pake.yaml", "logging_config.yaml"):
            yield Path.cwd() / name, "working directory"
    yield xdg("config") / "pake-tui" / "pake.yaml", "user"
    yield HOST_WIDE_CONFIG, "host-wide"


def find_config() -> Path | None:
    """The first configuration file that exists; a file named by $PAKE_CONFIG is returned even if missing."""
    for path, origin in config_candidates():
        if origin == "PAKE_CONFIG" or holds(path.is_file):
            return path
    return None


def config_is_named() -> bool:
    """Whether the environment names the configuration; one found in a folder may have come with it."""
    return bool(os.environ.get("PAKE_CONFIG"))


def default_config() -> Path:
    """Where the first edit makes a configuration when there is none."""
    return xdg("config") / "pake-tui" / "pake.yaml"


def who_else_can_write(path: Path) -> str:
    """Why a configuration file must not be trusted; empty if only its owner (you or root) can write it.

    World-writable is refused; group-writable too, unless the group is the owner's own or `pake`.
    """
    facts = path.stat()
    if facts.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to {user_name(facts.st_uid)}, neither you nor root"
    if facts.st_mode & stat.S_IWOTH:
        return f"{path} can be written by everybody; run: chmod o-w {path}"
    if facts.st_mode & stat.S_IWGRP:
        try:
            group, owner = grp.getgrgid(facts.st_gid).gr_name, pwd.getpwuid(facts.st_uid)
        except KeyError:
            return f"{path} can be written by the unknown group {facts.st_gid}; run: chmod g-w {path}"
        if group != "pake" and not (facts.st_gid == owner.pw_gid and group == owner.pw_name):
            return f"{path} can be written by the group {group}; run: chmod g-w {path}"
    return ""


def why_no_commands(path: Path) -> str:
    """Why a configuration that nobody named must not have programs run; empty for the host's and the user's
    own file. One that was merely found in the working folder may have come with what was unpacked there.
    """
    if path.absolute() in (HOST_WIDE_CONFIG, default_config()):
        return ""
    return f"{path} was found, not named; start with --config {path} if you trust its commands"


def user_name(uid: int | None = None) -> str:
    """The login name of a uid (this process's by default), or `uid 1234` where it has none."""
    number = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def actor() -> str:
    """Who acts: this process's user, with SUDO_USER beside it (`root (sudo ada)`)."""
    behind = os.environ.get("SUDO_USER", "")
    name = user_name()
    return f"{name} (sudo {behind})" if behind and behind != name else name


def data_folder(name: str) -> Path:
    """`themes` or `sample-data`: inside an installed wheel, else beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    packed = package / "_data" / name
    return packed if packed.is_dir() else package.parent / name


def cleaned_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for a collector: without `LOG_*`, `MONITORING_*` and $PAKE_CONFIG."""
    return {
        key: value
        for key, value in environment.items()
        if not key.startswith(("LOG_", "MONITORING_")) and key != "PAKE_CONFIG"
    }
