"""`pake-tui agent`: the collector in the foreground, until ctrl+c or SIGTERM.

Exit codes: 0 it left when told to (or, with --auto, when nobody needed it) · 2 another one collects here, a
refused configuration, or a state folder that cannot be written.
"""

from __future__ import annotations

import argparse
import os

from pake_tui import paths
from pake_tui.errors import PakeError, ReadOnlyError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--auto, and how long such a one stays."""
    parser.add_argument(
        "--auto", action="store_true", help="leave when nobody needs it (as consoles start one)"
    )
    parser.add_argument("--idle", type=float, default=60.0, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("--found", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Collect; the exit code."""
    from pake_tui.engine.collector import run_agent

    if options.read_only:
        raise ReadOnlyError("an agent writes; it cannot be --read-only")
    folder = paths.state_folder()
    if not folder.writable:
        raise PakeError(folder.problem, hint="set PAKE_STATE_DIR to a folder that can be written")
    config = options.config
    named = config is not None and not options.found
    if config is None and not options.auto:
        config, named = paths.find_config(), bool(os.environ.get("PAKE_CONFIG"))

    def say() -> None:
        if not options.auto:
            print(f"collecting into {folder.path} (pid {os.getpid()}); ctrl+c ends it", flush=True)

    return run_agent(folder.path, config, auto=options.auto, idle_s=options.idle, named=named, begun=say)
