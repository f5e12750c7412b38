"""Files that lines are appended to: modes, rotation, trouble."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pake_tui.clock import DAY, HOUR, now_ns
from pake_tui.engine.logger.files import FilePlan, FileSink

PLAN = FilePlan(mode=0o640, max_bytes=100, backups=3, period="never")


def mode_of(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o600])
def test_a_new_file_has_exactly_its_mode_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    """The security level decides, not the umask."""
    before = os.umask(0o077)
    try:
        FileSink(tmp_path / "a.log").write(b"x\n", FilePlan(mode, 0, 0), now_ns())
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a.log") == mode


def test_a_stricter_level_closes_the_file_and_its_backups(tmp_path: Path) -> None:
    """Raising the level at run time narrows what lies there already."""
    sink = FileSink(tmp_path / "a.log")
    for _ in range(12):
        sink.write(b"0123456789\n", PLAN, now_ns())
    sink.write(b"x\n", FilePlan(0o600, 100, 3, "never"), now_ns())
    assert mode_of(tmp_path / "a.log") == 0o600
    assert mode_of(tmp_path / "a.log.1") == 0o600


def test_a_file_that_was_closed_by_hand_stays_closed(tmp_path: Path) -> None:
    """An existing file's mode is never widened."""
    path = tmp_path / "a.log"
    path.touch(0o600)
    FileSink(path).write(b"x\n", FilePlan(0o644, 0, 0), now_ns())
    assert mode_of(path) == 0o600


def test_size_rotates_and_only_the_backups_asked_for_stay(tmp_path: Path) -> None:
    """No file is larger than the limit, and the newest lines are kept in order."""
    sink = FileSink(tmp_path / "a.log")
    for number in range(100):
        sink.write(f"line {number:04}\n".encode(), PLAN, now_ns())
    files = sorted(tmp_path.glob("*.log*"), reverse=True)
    assert [file.name for file in files] == ["a.log.3", "a.log.2", "a.log.1", "a.log"]
    assert all(file.stat().st_size <= 100 for file in files)
    kept = "".join(file.read_text() for file in files).split("\n")[:-1]
    assert kept == [f"line {number:04}" for number in range(100 - len(kept), 100)]


def test_nothing_but_logs_matches_the_pattern_of_logs(tmp_path: Path) -> None:
    """The rotation's lock is no file that a reader of `*.log*` would open."""
    sink = FileSink(tmp_path / "a.log")
    for _ in range(30):
        sink.write(b"0123456789\n", PLAN, now_ns())
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "a.log",
        "a.log.1",
        "a.log.2",
        "a.log.3",
        ".a.lock",
    }


@pytest.mark.parametrize(("period", "span"), [("daily", DAY), ("hourly", HOUR)])
def test_a_file_of_an_earlier_period_rotates_with_the_next_line(
    tmp_path: Path, period: str, span: int
) -> None:
    """Yesterday's lines end up in the first backup."""
    path = tmp_path / "a.log"
    sink = FileSink(path)
    plan = FilePlan(0o640, 0, 3, period)
    sink.write(b"old\n", plan, now_ns())
    os.utime(path, ns=(now_ns() - span, now_ns() - span))
    sink.write(b"new\n", plan, now_ns())
    assert path.read_text() == "new\n"
    assert (tmp_path / "a.log.1").read_text() == "old\n"


def test_a_file_that_was_moved_or_removed_is_made_again(tmp_path: Path) -> None:
    """An outside rotation, and even a removed folder, cost no later line."""
    folder = tmp_path / "logs"
    sink = FileSink(folder / "a.log")
    sink.write(b"one\n", PLAN, now_ns())
    (folder / "a.log").rename(tmp_path / "moved")
    sink.write(b"two\n", PLAN, now_ns())
    assert (folder / "a.log").read_text() == "two\n"
    (folder / "a.log").unlink()
    folder.rmdir()
    sink.write(b"three\n", PLAN, now_ns())
    assert (folder / "a.log").read_text() == "three\n"


def test_a_file_that_cannot_be_rotated_grows_and_says_so(tmp_path: Path) -> None:
    """A line is never the price of a failed rotation."""
    sink = FileSink(tmp_path / "a.log")
    (tmp_path / ".a.lock").mkdir()
    for _ in range(30):
        sink.write(b"0123456789\n", PLAN, now_ns())
    assert (tmp_path / "a.log").stat().st_size == 330
    assert "cannot rotate" in sink.rotation_problem


def test_a_full_disk_is_an_error_and_the_next_line_stands_alone() -> None:
    """/dev/full refuses every byte, as a full disk does."""
    sink = FileSink(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left") as caught:
        sink.write(b"x\n", PLAN, now_ns())
    assert caught.value.errno == errno.ENOSPC


def test_a_pipe_without_a_reader_does_not_hang_the_writer(tmp_path: Path) -> None:
    """Opening never blocks."""
    os.mkfifo(tmp_path / "a.log")
    with pytest.raises(OSError, match="No such device"):
        FileSink(tmp_path / "a.log").write(b"x\n", PLAN, now_ns())
