"""Opens the console: sources first, reading begun, then Textual."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pake_tui import paths
from pake_tui.cli.personal import line_of_key, personal_settings
from pake_tui.engine.store.forks import at_rest
from pake_tui.errors import PakeError
from pake_tui.paths import holds
from pake_tui.sources.embedded.open import open_sources

if TYPE_CHECKING:
    from pake_tui.engine.logfiles.streams import Streams

SETTLED_S = 2.0
"""Seconds after which what the start made counts as there to stay."""
YOUNG = 10_000
"""After so many more objects Python looks for garbage among them; each look finds all of them out of reach of
the processor's caches, and finds next to nothing.
"""
TURN_S = 0.001
"""So long a thread runs on while another waits. Python's 5 ms are felt where lines pour in: a key waits for
the threads that read them, several times until it is answered.
"""


def run(options: argparse.Namespace) -> int:
    """Open the console; 0 when it was left, 2 where there is no terminal to open it on."""
    from pake_tui.tui.terminal.manners import check_terminal, wants_ascii

    names: list[str] = getattr(options, "files", None) or []
    _check_names(names)
    piped = _piped(names)
    if problem := check_terminal():
        raise PakeError(problem)
    config: Path | None = options.config
    collect_garbage_later()
    sys.setswitchinterval(TURN_S)
    streams, files = _streams(names, piped)
    sources = open_sources(config=config, read_only=options.read_only, files=files)
    from pake_tui.tui.feed import Feed

    feed = Feed(sources)
    feed.start()
    feed.nudge()
    try:
        return _run_app(options, sources, feed, ascii_only=options.ascii or wants_ascii(os.environ))
    finally:
        feed.stop()
        sources.close()
        if streams is not None:
            streams.close()


def _piped(names: Sequence[str]) -> int:
    """The descriptor of what was piped in, where `-` asks for that; keys then come from the terminal."""
    if "-" not in names:
        return 0
    from pake_tui.tui.terminal.manners import claim_stdin

    piped = claim_stdin()
    if piped is None:
        raise PakeError(
            "- is standard input, and nothing is piped into it", hint="kubectl logs … | pake-tui -"
        )
    return piped


def _streams(names: Sequence[str], piped: int) -> tuple[Streams | None, list[str]]:
    """Streams and files by the names given."""
    if not names:
        return None, []
    from pake_tui.engine.logfiles.streams import Streams

    streams = Streams()
    return streams, streams.files(names, piped)


def _check_names(names: Sequence[str]) -> None:
    """PakeError where a file cannot be there, or a command was mistyped."""
    if not names:
        return
    from pake_tui.engine.logfiles.discover import matches
    from pake_tui.engine.logfiles.streams import JOURNAL, STANDARD_INPUT

    for name in names:
        if name == STANDARD_INPUT or name.startswith(JOURNAL):
            continue
        found = matches(name)
        if not found and holds(Path(name).expanduser().is_dir):
            raise PakeError(f"there is no log file in the folder {name}", hint="name log files")
        if not any(holds(Path(path).exists) for path in found):
            raise PakeError(f"there is no file {name}", hint="name log files, or a command: pake-tui --help")


def collect_garbage_later() -> None:
    """Look for no garbage while all is imported and made, and never among that later: it stays."""
    gc.disable()

    def settled() -> None:
        gc.freeze()
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
        gc.enable()

    timer = threading.Timer(SETTLED_S, settled)
    timer.daemon = True
    timer.start()


def _run_app(options: argparse.Namespace, sources: Any, feed: Any, *, ascii_only: bool) -> int:
    from pake_tui.tui.app import PakeApp
    from pake_tui.tui.keys import check_keymap
    from pake_tui.tui.terminal.manners import color_system
    from pake_tui.tui.workspace import load_themes

    personal, file = personal_settings()
    themes, problems = load_themes()
    depth = color_system(os.environ)
    fitting = {"none": "mono", "16": "sixteen"}.get(depth, "dark")
    app = PakeApp(
        sources,
        feed,
        themes,
        theme=options.theme or str(personal.get("theme") or fitting),
        ascii_only=ascii_only,
        zone=str(personal.get("zone") or "local"),
        keymap=check_keymap(personal.get("keys"), file, lambda name: line_of_key(file, name)),
        warnings=tuple(problems),
        crash_folder=paths.cache_folder(),
    )
    app.resting = at_rest
    app.rings = str(personal.get("ring") or "bell")
    if getattr(options, "files", None):
        app.opens_with = "logs"
    app.run()
    return app.return_code or 0
