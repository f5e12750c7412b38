"""`pake-tui --demo`: the console on a sample incident that five real processes play in a temporary folder."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from pake_tui import clock, paths
from pake_tui.errors import PakeError

SUPERVISOR = "pake_tui.cli.demo_supervisor"


def run(options: argparse.Namespace) -> int:
    """Open the console on the demo; nothing of it is left when it ends."""
    if options.config is not None:
        raise PakeError("--demo brings its own configuration", hint="leave --config out")
    with stage() as folder:
        options.config = folder / "pake.yaml"
        return int(importlib.import_module("pake_tui.cli.console").run(options))


@contextlib.contextmanager
def stage() -> Iterator[Path]:
    """The demo's folder, with the incident playing in it until the block ends; this process stands in it."""
    before, environment = Path.cwd(), dict(os.environ)
    folder = build()
    point_at(os.environ, folder)
    os.chdir(folder)
    supervisor = start(folder, clock.now_ns())
    try:
        yield folder
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environment)
        assert supervisor.stdin is not None
        supervisor.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            supervisor.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def build() -> Path:
    """A private temporary folder with the demo's configuration, its state and XDG folders."""
    source = paths.data_folder("sample-data")
    if not (source / "story.yaml").is_file():
        raise PakeError(f"the demo's sample data is missing: {source}", hint="install the package again")
    try:
        folder = Path(tempfile.mkdtemp(prefix="pake-demo-"))
        for name in ("state", "logs", "home", "xdg-state", "xdg-config", "xdg-cache"):
            (folder / name).mkdir(mode=0o700)
        text = (source / "pake.yaml").read_text(encoding="utf-8")
        (folder / "pake.yaml").write_text(text, encoding="utf-8")
        (folder / "pake.yaml").chmod(0o600)
    except OSError as error:
        raise PakeError(
            f"the demo could not be set up: {error}",
            hint="it needs a temporary folder that can be written; set $TMPDIR",
        ) from error
    return folder


def point_at(environment: MutableMapping[str, str], folder: Path) -> None:
    """Make this process and all that it starts live in the demo's folder."""
    for name in [name for name in environment if name.startswith(("LOG_", "MONITORING_", "PAKE_"))]:
        del environment[name]
    environment["PAKE_STATE_DIR"] = str(folder / "state")
    environment["PAKE_CONFIG"] = str(folder / "pake.yaml")
    for kind in ("STATE", "CONFIG", "CACHE"):
        environment[f"XDG_{kind}_HOME"] = str(folder / f"xdg-{kind.lower()}")


def start(folder: Path, start_ns: int) -> subprocess.Popen[bytes]:
    """The supervisor, in a session of its own so that no key of the terminal reaches it."""
    return subprocess.Popen(
        [sys.executable, "-m", SUPERVISOR, str(folder), str(start_ns)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=folder,
    )
