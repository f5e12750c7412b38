"""Growth of log files is told by the kernel, at once and without looking."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.engine.logfiles import watching
from pake_tui.engine.logfiles.configured import LogSettings, log_settings
from pake_tui.engine.logfiles.watching import Watcher
from pake_tui.engine.settings.schema import FollowSettings, Settings
from pake_tui.sources.embedded.logs import EmbeddedLogSource

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's")
LIMIT_S = 10.0
MOMENT_S = 0.3


@pytest.fixture
def told() -> threading.Event:
    """Set when the watcher tells of something."""
    return threading.Event()


@pytest.fixture
def watcher(told: threading.Event) -> Iterator[Watcher]:
    """A watcher of nothing yet."""
    watcher = Watcher(told.set)
    yield watcher
    watcher.close()


def append(path: Path) -> None:
    """One more line."""
    with path.open("a") as file:
        file.write("a line\n")


def rotate(path: Path) -> None:
    """As logrotate does: another name, a new file."""
    path.rename(path.with_name("app.log.1"))
    path.touch()


def through_another_name(path: Path) -> None:
    """Written to by a hard link in another folder."""
    other = path.parent / "elsewhere" / "same.log"
    other.parent.mkdir()
    os.link(path, other)
    append(other)


@pytest.mark.parametrize(
    "change",
    [
        append,
        rotate,
        through_another_name,
        Path.unlink,
        lambda path: os.truncate(path, 0),
        lambda path: path.chmod(0o600),
        lambda path: (path.parent / "new.log").touch(),
    ],
)
def test_every_change_is_told(
    tmp_path: Path, watcher: Watcher, told: threading.Event, change: Callable[[Path], object]
) -> None:
    """Growing, rotating, another name, deletion, truncation, permissions, a new file beside it."""
    path = tmp_path / "app.log"
    path.write_text("first\n")
    watcher.watch([str(path)])
    assert watcher.sound
    change(path)
    assert told.wait(LIMIT_S)


def test_a_rotated_file_is_still_watched_and_one_let_go_is_not(
    tmp_path: Path, watcher: Watcher, told: threading.Event
) -> None:
    """Late lines of the old file are told after a rotation, and nothing of what is not watched any more."""
    path, old, other = tmp_path / "app.log", tmp_path / "app.log.1", tmp_path / "x" / "other.log"
    other.parent.mkdir()
    for one in (path, other):
        one.write_text("first\n")
    watcher.watch([str(path), str(other)])
    rotate(path)
    watcher.watch([str(path), str(old)])
    for one in (old, path):
        assert told.wait(LIMIT_S)
        while told.is_set():
            told.clear()
            told.wait(MOMENT_S)
        append(one)
    assert told.wait(LIMIT_S)
    while told.is_set():
        told.clear()
        told.wait(MOMENT_S)
    append(other)
    assert not told.wait(MOMENT_S)


def test_what_may_be_missed_is_not_relied_on(
    tmp_path: Path, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is gone, or that lies where other machines write, has to be looked at."""
    path = tmp_path / "app.log"
    path.touch()
    watcher.watch([str(path), str(tmp_path / "gone.log")])
    assert not watcher.sound
    monkeypatch.setattr(watching, "file_system", lambda _: "nfs4")
    watcher.watch([str(path)])
    assert not watcher.sound


def test_closing_twice_and_watching_afterwards_is_nothing(watcher: Watcher, tmp_path: Path) -> None:
    """After its end a watcher watches nothing and fails nobody."""
    watcher.close()
    watcher.close()
    watcher.watch([str(tmp_path / "app.log")])
    assert not watcher.sound


@pytest.mark.parametrize(("mode", "watches"), [("auto", True), ("poll", False)])
def test_a_view_is_quiet_only_while_nothing_was_written(tmp_path: Path, mode: str, watches: bool) -> None:
    """`quiet` is true after a look, false once a line came; once `follow: poll` is set it is never true."""
    path, came = tmp_path / "app.log", threading.Event()
    path.write_text('{"message": "first"}\n')
    os.utime(path, (1, 1))
    how = LogSettings()
    source = EmbeddedLogSource([str(path)], settings=lambda: how, worker=False)
    try:
        source.watch(came.set)
        first = source.files()
        source.files()
        assert source.quiet()
        how = log_settings(Settings(follow=FollowSettings(mode)))
        source.files()
        source.files()
        assert source.quiet() is watches
        append(path)
        if watches:
            assert came.wait(LIMIT_S)
        assert not source.quiet()
        deadline = time.monotonic() + LIMIT_S
        while source.files().growth == first.growth:  # a line that may get others is held back for a moment
            assert time.monotonic() < deadline
            assert not source.quiet()
    finally:
        source.close()
