"""Keeps live settings fresh from a thread: by the folder's events, or by looking where there are none."""

from __future__ import annotations

import threading
from pathlib import Path

from pake_tui.engine.settings.live import POLL_SECONDS, LiveSettings
from pake_tui.paths import holds

LOOK_MS = 1_000
SETTLE_SECONDS = 0.1


def watch(live: LiveSettings, stop: threading.Event) -> None:
    """Block until `stop` is set; obey every edit of the file within a fraction of a second.

    The folders of the file and of what it links to are watched, since an editor's save by rename is no event
    of the file. A look each second catches what events miss; without events it looks five times a second.
    """
    while not stop.is_set():
        folders = _folders(live)
        if not folders or not _watch_folders(live, stop, folders):
            stop.wait(POLL_SECONDS)
            live.check()


def _folders(live: LiveSettings) -> tuple[Path, ...]:
    place = live.place
    both = {place.parent, place.resolve().parent}
    return tuple(sorted(folder for folder in both if holds(folder.is_dir)))


def _watch_folders(live: LiveSettings, stop: threading.Event, folders: tuple[Path, ...]) -> bool:
    """Watch until `stop`, or until the folders are others; False where the system can't watch them."""
    try:
        from watchfiles import watch as events
    except ImportError:
        return False
    live.check()
    try:
        for _ in events(
            *folders,
            watch_filter=None,
            debounce=50,
            step=10,
            stop_event=stop,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            recursive=False,
            raise_interrupt=False,
        ):
            live.check()
            while live.unsettled and not stop.wait(SETTLE_SECONDS):
                live.check()
            if stop.is_set() or _folders(live) != folders:
                return True
    except (OSError, RuntimeError):
        # Out of inotify watches, or the folder went away.
        return False
    return True
