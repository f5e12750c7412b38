"""`pake-tui agent`: the collector in the foreground, until ctrl+c or SIGTERM; `--install` makes it a service.

One that was suspended, and replaced meanwhile, begins anew when it goes on, and takes its place back.
Exit codes: 0 it left when told to (or, with --auto, when nobody needed it) · 2 another one collects here, a
refused configuration, or a state folder that cannot be written · 75 it was replaced and cannot begin anew.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from pake_tui import paths
from pake_tui.errors import PakeError, ReadOnlyError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--auto, and how long such a one stays."""
    parser.add_argument(
        "--auto", action="store_true", help="leave when nobody needs it (as consoles start one)"
    )
    parser.add_argument("--idle", type=float, default=60.0, metavar="SECONDS", help=argparse.SUPPRESS)
    service = parser.add_argument_group("as a service of this host (systemd, root)")
    way = service.add_mutually_exclusive_group()
    way.add_argument("--install", action="store_true", help="make account, folders and unit, and start it")
    way.add_argument("--uninstall", action="store_true", help="undo that; what was collected stays")
    service.add_argument("--dry-run", action="store_true", help="only show the steps")
    service.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--found", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Collect; the exit code."""
    from pake_tui.engine.collector import REPLACED, run_agent

    if options.read_only:
        raise ReadOnlyError("an agent writes; it cannot be --read-only")
    if options.install or options.uninstall:
        return _as_service(options)
    folder = paths.state_folder()
    if not folder.writable:
        raise PakeError(folder.problem, hint="set PAKE_STATE_DIR to a folder that can be written")
    config = options.config
    named = config is not None and not options.found
    if config is None and not options.auto:
        config, named = paths.find_config(), paths.config_is_named()

    def say() -> None:
        if not options.auto:
            print(f"collecting into {folder.path} (pid {os.getpid()}); ctrl+c ends it", flush=True)

    code = run_agent(folder.path, config, auto=options.auto, idle_s=options.idle, named=named, begun=say)
    if code == REPLACED:
        # As a fresh program: a thread of the old one that hangs must not write beside it.
        with contextlib.suppress(OSError):
            os.execv(sys.executable, sys.orig_argv)
    return code


def _as_service(options: argparse.Namespace) -> int:
    """Install or uninstall the service; the exit code."""
    from pake_tui.cli import installing

    if options.uninstall:
        installing.carry_out(installing.steps_to_uninstall(), yes=options.yes, dry=options.dry_run)
        return 0
    package, python = Path(installing.__file__), Path(sys.executable)
    if not (installing.readable_by_all(package.parent) and installing.readable_by_all(python)):
        raise PakeError(
            f"no other account may read {package.parents[1]} or {python}",
            hint="install pake-tui for all, e.g. python3 -m venv /opt/pake-tui",
        )
    config = options.config.absolute() if options.config is not None else None
    installing.carry_out(installing.steps_to_install(config), yes=options.yes, dry=options.dry_run)
    return 0
