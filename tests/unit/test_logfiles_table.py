"""Following files: growth, rotation by rename and by truncation, deletion and return, newcomers."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest

from pake_tui.engine.logfiles import table as table_module
from pake_tui.engine.logfiles.discover import Discovery, Folders, discover, exactly
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.table import FileTable, problem
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.engine.logfiles.view import View
from pake_tui.errors import LogError
from pake_tui.model.record import Cursor, Direction, LogRow, RowKind
from pake_tui.query import parse
from pake_tui.tui.logwindow import Window

NEVER = threading.Event()
NOWHERE = Path("/nonexistent")


class Following:
    """A table over `*.log` in a folder, and a place in it from which what comes is read."""

    def __init__(self, folder: Path, query: str = "", host: Path = NOWHERE, *, unpacks: bool = False) -> None:
        self.folders = Folders()
        self.table = FileTable(
            lambda before: discover([f"{folder}/*.log"], [], self.folders, host=str(host), before=before),
            Reading(UTC),
            unpacks=unpacks,
        )
        self.query = parse(query, now_ns=0)
        self.cursor: Cursor | None = None
        self.rows: list[LogRow] = []

    def read(self, view: View | None = None) -> list[LogRow]:
        """What came since the last call, in a view (None: that of now)."""
        view = self.table.refresh() if view is None else view
        batches = list(LogReader().read(view, self.query, self.cursor, Direction.NEWER, 10**6, NEVER))
        self.cursor = batches[-1].cursor
        came = [row for batch in batches for row in batch.rows]
        self.rows += came
        return came

    @property
    def seen(self) -> list[str]:
        """Messages of all records so far."""
        return [row.record.message for row in self.rows if row.kind is RowKind.RECORD]

    @property
    def rulers(self) -> list[str]:
        """What the rulers said."""
        return [row.record.message for row in self.rows if row.kind is RowKind.RULER]

    def until(self, done: Callable[[], bool]) -> None:
        """Read on until a condition holds."""
        deadline = time.monotonic() + 15
        while not done():
            assert time.monotonic() < deadline, (self.seen, self.rulers)
            self.read()


def write(path: Path, *messages: str) -> None:
    """Append a JSON line for each message."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps({"message": one, "level": "info"}) + "\n" for one in messages)


def test_what_is_appended_comes_once(tmp_path: Path) -> None:
    """Growth is seen by looking, and each line comes exactly once."""
    log = tmp_path / "a.log"
    write(log, "1")
    following = Following(tmp_path)
    following.read()
    growth = following.table.files().growth
    write(log, "2", "3")
    assert following.table.files().growth > growth
    following.read()
    following.read()
    assert following.seen == ["1", "2", "3"]


def test_rotation_by_rename_loses_nothing(tmp_path: Path) -> None:
    """The old file is read to its end under its new name, then the new one, with a ruler between."""
    log = tmp_path / "a.log"
    write(log, "1")
    following = Following(tmp_path)
    following.read()
    write(log, "2")
    log.rename(tmp_path / "a.log.1")
    write(tmp_path / "a.log.1", "3")
    write(log, "4")
    following.until(lambda: len(following.seen) == 4)
    assert following.seen == ["1", "2", "3", "4"]
    assert following.rulers == [f"{log}: a new file begins"]
    paths = {row.record.message: row.path for row in following.rows}
    assert paths["3"].endswith("a.log.1")


@pytest.mark.parametrize("query", ["", "level:info"])
def test_many_rotations_lose_and_double_nothing(tmp_path: Path, query: str) -> None:
    """However writing, rotating and reading interleave, each line comes exactly once."""
    log = tmp_path / "a.log"
    write(log, "0")
    following = Following(tmp_path, query)
    following.read()
    for step in range(1, 60):
        write(log, str(step))
        if step % 4 == 0:
            for number in range(20, 0, -1):
                if (older := tmp_path / f"a.log.{number}").exists():
                    older.rename(tmp_path / f"a.log.{number + 1}")
            log.rename(tmp_path / "a.log.1")
            write(tmp_path / "a.log.1", f"{step} late")
        if step % 3 == 0:
            following.read()
    following.until(lambda: len(following.seen) >= 74)
    assert len(following.seen) == len(set(following.seen)) == 74


def test_truncation_is_said_and_read_anew(tmp_path: Path) -> None:
    """After copytruncate the file is read from its start, also when it has outgrown its old size."""
    log = tmp_path / "a.log"
    write(log, "old")
    following = Following(tmp_path)
    following.read()
    os.truncate(log, 0)
    following.read()
    write(log, "new one that is longer", "and another")
    following.until(lambda: len(following.seen) == 3)
    log.write_text("")
    write(log, *(f"third {number}" for number in range(50)))
    following.until(lambda: len(following.seen) == 53)
    assert len(following.rulers) == 2
    assert all("truncated" in ruler for ruler in following.rulers)


@pytest.mark.parametrize("over", [True, False])
@pytest.mark.parametrize("query", ["", "level:info"])
def test_rotation_by_copy_shows_every_line_once(tmp_path: Path, query: str, over: bool) -> None:
    """However copying, cutting, writing and reading interleave, what a copy repeats does not come again.

    Also where each copy is written over the one before.
    """
    log, copy = tmp_path / "a.log", tmp_path / "a.log.1"
    write(log, *(f"old {number}" for number in range(20)))
    following = Following(tmp_path, query)
    following.read()
    written = 20
    for step in range(12):
        write(log, *(f"{step}.{number}" for number in range(5)))
        if step % 2:
            following.read()
        if copy.exists() and not over:
            copy.rename(tmp_path / f"a.log.{20 - step}")
        with copy.open("wb") as file:
            data = log.read_bytes()
            file.write(data[:40])
            file.flush()
            if step % 3 == 0:
                following.read()
            file.write(data[40:])
        if step % 4 < 2:
            following.until(lambda: copy.name in str(following.table.paths()))
        os.truncate(log, 0)
        if step % 3 == 1:
            following.read()
        write(log, *(f"{step} cut {number}" for number in range(step)))
        written += 5 + step
        following.read()
    following.until(lambda: len(following.seen) >= written)
    following.read()
    assert len(following.seen) == len(set(following.seen)) == written
    assert not any("a.log." in ruler for ruler in following.rulers)


@pytest.mark.parametrize("again", ["before the copy", "beside both", "once deleted", "never"])
@pytest.mark.parametrize("renewed", [True, False])
@pytest.mark.parametrize("query", ["", "level:info"])
def test_rotation_by_copy_and_deletion_shows_every_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, renewed: bool, again: str
) -> None:
    """A file that is copied to a rotated name and deleted, as between disks, goes on in its copy."""
    monkeypatch.setattr(table_module, "LEAVE_S", 0.1)
    log, copy = tmp_path / "a.log", tmp_path / "a.log.1"
    write(log, "1", "2")
    following = Following(tmp_path, query)
    following.read()
    write(log, "3")
    if again == "before the copy":
        following.read()
    copy.write_bytes(log.read_bytes())
    if again == "beside both":
        following.until(lambda: str(copy) in following.table.paths())
    log.unlink()
    if again == "once deleted":
        following.until(lambda: following.table.paths() == (str(copy),))
    if renewed:
        write(log, "4")
    files = (str(copy), str(log)) if renewed else (str(copy),)
    following.until(lambda: tuple(tape.path for tape in following.table.refresh().tapes) == files)
    following.until(lambda: not following.read())
    write(copy, "5")
    wanted = ["1", "2", "3", "5", *(["4"] if renewed else [])]
    following.until(lambda: len(following.seen) >= len(wanted))
    assert sorted(following.seen) == sorted(wanted)


def test_a_cut_between_looking_and_reading_costs_nothing(tmp_path: Path) -> None:
    """A file that was copied and cut after the last look is read on when its copy is known."""
    log = tmp_path / "a.log"
    write(log, "1", "2")
    following = Following(tmp_path)
    following.read()
    write(log, "3")
    view = following.table.refresh()
    (tmp_path / "a.log.1").write_bytes(log.read_bytes())
    log.write_text("")
    write(log, "4")
    following.read(view)
    following.until(lambda: len(following.seen) >= 4)
    assert sorted(following.seen) == ["1", "2", "3", "4"]


def test_a_copy_shows_what_was_written_before_the_cut(tmp_path: Path) -> None:
    """What was not read of a file before it was copied and cut is read from the copy; going back, too."""
    log = tmp_path / "a.log"
    write(log, "1", "2")
    following = Following(tmp_path)
    following.read()
    before = following.cursor
    write(log, "3")
    (tmp_path / "a.log.1").write_bytes(log.read_bytes())
    log.write_text("")
    write(log, "4")
    following.until(lambda: len(following.seen) >= 4)
    assert sorted(following.seen) == ["1", "2", "3", "4"]
    (back,) = LogReader().read(following.table.refresh(), following.query, before, Direction.OLDER, 9, NEVER)
    assert [row.record.message for row in back.rows] == ["1", "2"]


def test_old_rotated_files_that_come_are_not_news(tmp_path: Path) -> None:
    """A rotated file that is unpacked or brought back, or comes with its log, is seen only by going back."""
    log = tmp_path / "a.log"
    write(log, "3")
    following = Following(tmp_path)
    following.read()
    write(tmp_path / "a.log.2", "1")
    write(tmp_path / "b.log.1", "b1")
    write(tmp_path / "b.log", "b2")
    following.until(lambda: len(following.table.paths()) == 4)
    following.until(lambda: "b2" in following.seen)
    assert following.seen == ["3", "b2"]
    assert following.rulers == [f"{tmp_path}/b.log: a new file begins"]
    (back,) = LogReader().read(
        following.table.refresh(), following.query, following.cursor, Direction.OLDER, 9, NEVER
    )
    assert {row.record.message for row in back.rows} == {"1", "3", "b1", "b2"}


def test_a_file_is_compressed_without_coming_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a rotated file gives way to its compressed self, none of its lines comes twice."""
    monkeypatch.setattr(table_module, "LEAVE_S", 0.1)
    log, old = tmp_path / "a.log", tmp_path / "a.log.1"
    write(old, "1", "2")
    write(log, "3")
    following = Following(tmp_path, unpacks=True)
    following.read()
    packed = tmp_path / "a.log.1.gz"
    packed.write_bytes(gzip.compress(old.read_bytes()))
    following.read()
    old.unlink()
    following.until(lambda: following.table.paths() == (str(packed), str(log)) and not following.read())
    write(log, "4")
    following.until(lambda: len(following.seen) >= 4)
    assert following.seen == ["1", "2", "3", "4"]


def test_a_file_asked_for_alone_is_read_on_in_its_copy(tmp_path: Path) -> None:
    """What was written right before copy and truncation comes, though nobody asked for the copy."""
    log = tmp_path / "a.log"
    write(log, "1")
    following = Following(tmp_path)
    following.table = FileTable(lambda before: exactly([str(log)], before), Reading(UTC))
    for number in range(2, 9):
        (tmp_path / f"a.log.{number}.gz").write_bytes(gzip.compress(b"older\n"))
    following.read()
    for number in range(2, 8, 2):
        write(log, str(number))
        shutil.copyfile(log, tmp_path / "a.log.1")
        log.write_bytes(b"")
        write(log, f"{number + 1}, the first of another file")
        following.until(lambda number=number: len(following.seen) == number + 1)  # type: ignore[misc]
    assert [one[:1] for one in following.seen] == ["1", "2", "3", "4", "5", "6", "7"]
    assert following.table.paths() == (str(log),)


def test_rows_of_a_file_that_was_cut_stay_as_they_were(tmp_path: Path) -> None:
    """Lines that stand where older ones stood are further rows below the ruler, not others' new text."""
    log = tmp_path / "a.log"
    write(log, "1", "2", "3")
    following, window = Following(tmp_path), Window()
    for number in range(4, 13, 4):
        window.grow(Direction.NEWER, following.read(), str(following.cursor), True)
        os.truncate(log, 0)
        write(log, str(number), str(number + 1))
    shown = ["|" if row.kind is RowKind.RULER else row.record.message for row in window.rows]
    assert shown == ["1", "2", "3", "|", "4", "5", "|", "8", "9"]
    assert len({(row.kind, row.address) for row in window.rows}) == len(window.rows)
    with pytest.raises(LogError, match="no longer holds"):
        LogReader().detail(following.table.refresh(), window.rows[1].address)


def test_a_departure_is_news_though_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a deleted file is still read, whoever follows is told to look again, and then that it went."""
    monkeypatch.setattr(table_module, "LEAVE_S", 0.5)
    write(tmp_path / "a.log", "1")
    write(tmp_path / "b.log", "2")
    following = Following(tmp_path)
    following.read()
    (tmp_path / "b.log").unlink()
    following.until(lambda: following.table.files().held)
    growth = following.table.files().growth
    deadline = time.monotonic() + 15
    while following.table.files().held:
        assert time.monotonic() < deadline
    assert following.table.files().growth > growth
    following.read()
    assert following.rulers == [f"{tmp_path / 'b.log'} is gone: deleted, or moved out of view"]


def test_deletion_and_return_are_rulers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deleted file is read to its end, its departure said, its successor read from the start."""
    monkeypatch.setattr(table_module, "LEAVE_S", 0.1)
    log = tmp_path / "a.log"
    write(log, "1")
    following = Following(tmp_path)
    following.read()
    write(log, "2")
    log.unlink()
    following.until(lambda: bool(following.rulers))
    write(log, "3")
    following.until(lambda: len(following.seen) == 3)
    assert following.seen == ["1", "2", "3"]
    assert following.rulers[0] == f"{log} is gone: deleted, or moved out of view"


def test_a_name_without_a_file_for_a_moment_changes_nothing_else(tmp_path: Path) -> None:
    """While the one file that a glob names is renamed away, its rotated files stay and no others come."""
    write(tmp_path / "host/dpkg.log", "the host's")
    logs = tmp_path / "logs"
    log = logs / "a.log"
    write(log, "1")
    following = Following(logs, host=tmp_path / "host")
    following.read()
    log.rename(logs / "a.log.1")
    write(logs / "a.log.1", "2")
    following.until(lambda: following.seen == ["1", "2"])
    assert [one.path for one in following.table.files().files] == [f"{logs}/a.log.1"]
    write(log, "3")
    following.until(lambda: len(following.seen) == 3)
    assert following.seen == ["1", "2", "3"]
    assert following.rulers == [f"{log}: a new file begins"]


@pytest.mark.parametrize("kept", [True, False])
def test_files_that_live_for_a_moment_lose_nothing(tmp_path: Path, kept: bool) -> None:
    """What is written between two quick renames is read at once, beside rotated files or without any."""
    log = tmp_path / "a.log"
    write(log, "0")
    following = Following(tmp_path)
    following.read()
    for step in range(1, 6):
        log.rename(tmp_path / ("a.log.1" if kept else f"{step}.old"))
        following.read()
        write(log, *(f"{step}.{number}" for number in range(50)))
        following.read()
    following.until(lambda: len(following.seen) >= 251)
    assert len(following.seen) == len(set(following.seen)) == 251


def test_a_new_file_that_matches_is_followed(tmp_path: Path) -> None:
    """A file that appears and matches the glob joins the view."""
    write(tmp_path / "a.log", "1")
    following = Following(tmp_path)
    following.read()
    write(tmp_path / "b.log", "2")
    following.until(lambda: following.seen == ["1", "2"])
    assert following.rulers == [f"{tmp_path / 'b.log'}: a new file begins"]


def test_a_line_being_written_waits_for_its_end(tmp_path: Path) -> None:
    """Half a line is no record; once it is whole it comes once."""
    log = tmp_path / "a.log"
    write(log, "1")
    following = Following(tmp_path)
    following.read()
    with log.open("a") as file:
        file.write('{"message": "tw')
        file.flush()
        assert following.read() == []
        file.write('o", "level": "info"}\n')
    following.until(lambda: len(following.seen) == 2)
    assert following.seen == ["1", "two"]


def test_a_line_without_end_comes_after_a_while(tmp_path: Path) -> None:
    """A last line that nobody finishes is shown, and the growth says that there is something to read."""
    log = tmp_path / "a.log"
    write(log, "1")
    following = Following(tmp_path)
    following.read()
    with log.open("a") as file:
        file.write("unfinished")
    growth = following.table.files().growth
    following.until(lambda: following.table.files().growth > growth)
    following.until(lambda: following.seen == ["1", "unfinished"])


def test_a_record_that_grew_comes_again_at_its_address(tmp_path: Path) -> None:
    """Lines that join a record which was read already give the whole record again, nothing torn."""
    log = tmp_path / "a.log"
    first = "2026-03-01 14:00:00 ERROR app: failed"
    log.write_text(f"{first}\n")
    following = Following(tmp_path)
    following.read()
    with log.open("a") as file:
        file.write("Traceback (most recent call last):\n  File x\nValueError: no\n")
    following.until(lambda: len(following.rows) == 2)
    assert following.rows[0].address == following.rows[1].address
    assert following.rows[1].lines == 4
    assert following.read() == []


def test_a_filter_follows_too(tmp_path: Path) -> None:
    """With a query only hits come, and rotation is still said."""
    log = tmp_path / "a.log"
    write(log, "cat 1", "dog 1")
    following = Following(tmp_path, "cat")
    following.read()
    log.rename(tmp_path / "a.log.1")
    write(log, "dog 2", "cat 2")
    following.until(lambda: following.seen == ["cat 1", "cat 2"])
    assert following.rulers == [f"{log}: a new file begins"]


def test_files_over_the_limit_are_named(tmp_path: Path) -> None:
    """Of too many files the newest are opened; the next one, how many more, and the setting are named."""
    for number in range(4):
        write(tmp_path / f"{number}.log", "x")
        os.utime(tmp_path / f"{number}.log", (number + 1, number + 1))
    folders = Folders()
    table = FileTable(lambda _: discover([f"{tmp_path}/*.log"], [], folders), Reading(UTC), most=2)
    files = table.files().files
    assert [Path(one.path).name for one in files if not one.problem] == ["2.log", "3.log"]
    words = f"{tmp_path}/1.log and 1 more: over the limit of 2 files (limits.log_files)"
    assert [one.problem for one in files if one.problem] == [words]
    assert table.unread() == (f"not searched: {words}",)


def test_a_pattern_of_too_many_names_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a pattern names more files than are looked at, the view says so."""
    monkeypatch.setattr("pake_tui.engine.logfiles.discover.MOST_FOUND", 5)
    monkeypatch.setattr(table_module, "MOST_FOUND", 5)
    for number in range(7):
        (tmp_path / f"{number}.log").touch()
    pattern = f"{tmp_path}/*.log"
    found = FileTable(lambda _: exactly([pattern]), Reading(UTC)).files()
    words = f"{pattern}: names more than 5 files, not all were looked at; name fewer"
    assert [one.problem for one in found.files] == ["", "", "", "", "", words]


def test_ten_thousand_files_are_looked_at_now_and_then(tmp_path: Path) -> None:
    """The newest are read, the others take one line, and looking for news takes little of the time."""
    for number in range(10_000):
        path = tmp_path / f"{number:05}.log"
        path.write_bytes(b'{"message":"m%d"}\n' % number)
        os.utime(path, (number, number))
    looks: list[float] = []

    def look(_: Discovery) -> Discovery:
        looks.append(time.monotonic())
        return exactly([f"{tmp_path}/*.log"])

    table = FileTable(look, Reading(UTC), most=50)
    found = table.files()
    took = time.monotonic() - looks[0]
    assert [Path(one.path).name for one in found.files[:50]] == [f"{n:05}.log" for n in range(9_950, 10_000)]
    assert [one.problem for one in found.files[50:]] == [
        f"{tmp_path}/09949.log and 9,949 more: over the limit of 50 files (limits.log_files)"
    ]
    assert table.unread() == tuple(f"not searched: {one.problem}" for one in found.files[50:])
    while time.monotonic() < looks[0] + min(3.0, 10 * took):
        table.refresh()
    assert len(looks) == 1


def test_a_missing_and_a_forbidden_file_are_named_with_a_way_out(tmp_path: Path) -> None:
    """The problem names the file, the permission, and what would help."""
    path = tmp_path / "secret.log"
    path.write_text("x")
    path.chmod(0o600)
    words = problem(str(path), PermissionError(13, "Permission denied"))
    assert str(path) in words
    assert "-rw-------" in words
    assert "setfacl" in words
    path.chmod(0o640)
    os.chown(path, -1, os.getgid())
    assert "no such file" in problem(
        str(tmp_path / "none"), FileNotFoundError(2, "No such file or directory")
    )
