"""One SQLite file under many hands: modes, forks, threads, corruption, newer versions, full disks."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import suppress
from pathlib import Path, PosixPath

import pytest

from pake_tui.clock import monotonic
from pake_tui.engine.store.database import BusyError, Database, Schema
from pake_tui.engine.store.files import create_file, file_system, is_network
from pake_tui.engine.store.forks import at_rest
from pake_tui.errors import ReadOnlyError, StoreError
from tests.forking import exit_code_of_child

TABLE = "CREATE TABLE things(name TEXT PRIMARY KEY);"
SCHEMA = Schema(application_id=77, migrations=(TABLE,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A private state folder."""
    path = tmp_path / "private"
    path.mkdir(mode=0o700)
    return path


def opened(folder: Path, schema: Schema = SCHEMA, *, read_only: bool = False) -> Database:
    """A database in it."""
    return Database(folder / "things.db", schema, read_only=read_only)


def put(database: Database, name: str) -> None:
    """One small transaction."""
    with database.write() as connection:
        connection.execute("INSERT INTO things VALUES(?)", (name,))


def names(database: Database) -> list[str]:
    """What is in it."""
    return [row[0] for row in database.read("SELECT name FROM things ORDER BY name")]


@pytest.mark.parametrize(("mode", "expected"), [(0o700, 0o600), (0o2770, 0o660)])
@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_files_have_their_modes_whatever_the_umask(folder: Path, mode: int, expected: int, mask: int) -> None:
    """0660 in a shared folder, 0600 in a private one, the log and the guard included."""
    folder.chmod(mode)
    before = os.umask(mask)
    try:
        put(opened(folder), "a")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert len(modes) == 4
    assert set(modes.values()) == {expected}


def test_a_block_that_raises_leaves_nothing(folder: Path) -> None:
    """A transaction is whole or not there."""
    database = opened(folder)

    def half() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO things VALUES('half')")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        half()
    assert names(database) == []


def test_threads_share_one_database(folder: Path) -> None:
    """Eight threads write at once and nothing is lost."""
    database = opened(folder)

    def work(number: int) -> None:
        for index in range(20):
            put(database, f"{number}-{index}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 160


def test_parent_and_child_of_a_fork_both_go_on(folder: Path) -> None:
    """A child writes and reads on a connection of its own; its parent's lives on."""
    database = opened(folder)
    put(database, "before")
    child = os.fork()
    if child == 0:
        try:
            put(database, "child")
            os._exit(0 if {"before", "child"} <= set(names(database)) else 1)
        finally:
            os._exit(2)
    put(database, "parent")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert names(database) == ["before", "child", "parent"]


def test_a_child_that_was_forked_while_another_thread_wrote_can_write(folder: Path) -> None:
    """The fork waits for the transaction, so the child inherits neither lock nor half a write."""
    database = opened(folder)
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO things VALUES('thread')")
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    threading.Timer(0.05, leave.set).start()
    assert exit_code_of_child(lambda: put(database, "child")) == 0
    thread.join()
    assert names(database) == ["child", "thread"]


def test_a_child_that_was_forked_while_another_thread_made_a_file_can_make_one(folder: Path) -> None:
    """The thread did not come along, and what it held is free in the child."""
    inside, leave = threading.Event(), threading.Event()

    class Slow(PosixPath):
        """A path on a disk that hangs."""

        def exists(self, **_: bool) -> bool:
            inside.set()
            leave.wait(10)
            return False

    thread = threading.Thread(target=create_file, args=(Slow(folder / "thread"),))
    thread.start()
    assert inside.wait(10)
    assert exit_code_of_child(lambda: create_file(folder / "child")) == 0
    leave.set()
    thread.join()
    assert {path.name for path in folder.iterdir()} == {"child", "thread"}


def test_at_rest_nothing_is_open(folder: Path) -> None:
    """A process that suspends itself holds no connection, and goes on after it."""
    database = opened(folder)
    put(database, "a")
    with at_rest():
        assert not [path for path in open_files() if folder in path.parents]
    put(database, "b")
    assert names(database) == ["a", "b"]


def open_files() -> list[Path]:
    """Files this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(link.readlink())
    return found


def test_a_corrupt_file_is_set_aside_and_others_follow(folder: Path) -> None:
    """Who finds it begins a fresh one, says where the old one lies, and nobody writes into that any more."""
    first, second = opened(folder), opened(folder)
    put(first, "lost")
    first.close()
    path = folder / "things.db"
    path.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    assert names(first) == []
    put(second, "kept")
    assert names(first) == ["kept"]
    away = [p for p in folder.iterdir() if p.name.startswith("things.db.corrupt-")]
    assert len(away) == 1
    assert str(away[0]) in first.notes[0]


def test_an_open_database_notices_that_its_file_was_replaced(folder: Path) -> None:
    """Nothing is written into a file that nobody will read."""
    database, other = opened(folder), opened(folder)
    put(database, "old")
    for path in folder.glob("things.db*"):
        path.rename(folder / f"away-{path.name}")
    put(other, "new")
    put(database, "newer")
    assert names(other) == ["new", "newer"]


def test_a_file_that_another_one_set_aside_already_is_told_too(folder: Path) -> None:
    """Whoever meets a corrupt file after another process has replaced it hears to try again."""
    database = opened(folder)
    put(database, "a")
    old = folder / "old.db"
    old.write_bytes(b"no database at all " * 500)
    damaged = sqlite3.connect(old)
    with (
        pytest.raises(StoreError, match=r"nothing was saved by this.*try again"),
        database.reading(),
    ):
        damaged.execute("SELECT 1 FROM sqlite_master")
    damaged.close()


def test_a_corrupt_file_is_only_reported_to_who_reads(folder: Path) -> None:
    """A read-only console moves nothing."""
    path = folder / "things.db"
    path.write_bytes(b"no database at all" * 400)
    with pytest.raises(StoreError, match="corrupt"):
        names(opened(folder, read_only=True))
    assert path.exists()


def test_a_newer_file_is_refused_in_words(folder: Path) -> None:
    """Which schema it has, which one is known here, and what to do."""
    put(opened(folder, Schema(77, (TABLE, "CREATE TABLE more(x);"), min_reader=2, min_writer=2)), "a")
    with pytest.raises(StoreError, match=r"newer pake-tui \(its schema is 2, this one knows 1\).*upgrade"):
        names(opened(folder))


def test_a_file_that_newer_versions_let_us_read_is_read_but_not_written(folder: Path) -> None:
    """`min_writer` alone forbids writing."""
    put(opened(folder, Schema(77, (TABLE, "CREATE TABLE more(x);"), min_writer=2)), "a")
    database = opened(folder)
    assert names(database) == ["a"]
    with pytest.raises(ReadOnlyError, match="can be read here, not written"):
        put(database, "b")


def test_a_newer_file_that_only_added_is_used_as_it_is(folder: Path) -> None:
    """Services with different versions of us share one file."""
    put(opened(folder, Schema(77, (TABLE, "CREATE TABLE more(x);"))), "a")
    put(opened(folder), "b")
    assert names(opened(folder)) == ["a", "b"]


def test_another_programs_database_is_refused(folder: Path) -> None:
    """Nothing is added to a file that is not ours."""
    connection = sqlite3.connect(folder / "things.db")
    connection.execute("CREATE TABLE theirs(x)")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match="another program's database"):
            names(opened(folder, read_only=read_only))


def test_a_busy_database_names_who_writes(folder: Path) -> None:
    """Past the wait the error says which process is in the way."""
    database = opened(folder)
    put(database, "a")
    other = sqlite3.connect(folder / "things.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match=f"pid {os.getpid()} is writing"), database.write(timeout=0.05):
        pass
    other.execute("ROLLBACK")
    other.close()
    put(database, "b")


def test_a_full_disk_is_said(folder: Path) -> None:
    """Nothing was saved, and why."""
    database = opened(folder)
    put(database, "a")

    def fill() -> None:
        with database.write() as connection:
            connection.execute("PRAGMA max_page_count=4")
            connection.executemany("INSERT INTO things VALUES(?)", [(f"{n}" * 500,) for n in range(200)])

    with pytest.raises(StoreError, match="disk full: nothing was saved"):
        fill()
    assert names(database) == ["a"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    """No traceback, the folder's name."""
    with pytest.raises(StoreError, match=r"gone does not exist"):
        put(opened(tmp_path / "gone"), "a")


def test_reading_only_begins_empty_and_sees_the_file_appear(folder: Path) -> None:
    """A console may be opened before anything was written; it makes nothing itself."""
    reader = opened(folder, read_only=True)
    assert names(reader) == []
    assert list(folder.iterdir()) == []
    with pytest.raises(ReadOnlyError), reader.write():
        pass
    put(opened(folder), "a")
    assert names(reader) == ["a"]


def test_data_version_tells_every_change_once(folder: Path) -> None:
    """It grows by others' commits and one's own, also when the file was opened anew, and stays else."""
    database, other = opened(folder), opened(folder)
    seen = [database.data_version()]
    for change in (
        lambda: put(other, "a"),
        lambda: put(database, "b"),
        lambda: (database.close(), put(other, "c")),
    ):
        change()
        seen.append(database.data_version())
        assert database.data_version() == seen[-1]
    assert seen == sorted(set(seen))


def test_data_version_tells_changes_that_follow_each_other_at_once(folder: Path) -> None:
    """Also where times of files are too coarse to tell one from the next, and after a long rest."""
    database, other = opened(folder), opened(folder)
    put(other, "first")
    for number in range(100):
        before = database.data_version()
        if number % 20 == 0:
            until = monotonic() + 0.06
            while monotonic() < until:
                assert database.data_version() == before
        put(other, f"{number}")
        assert database.data_version() > before


def test_the_log_is_bounded(folder: Path) -> None:
    """Durable, write-ahead, with a limit on what its log keeps."""
    database = opened(folder)
    for number in range(50):
        put(database, f"{number}")
    database.checkpoint()
    assert database.read("PRAGMA journal_size_limit")[0][0] == 16 * 1024 * 1024
    assert database.read("PRAGMA journal_mode")[0][0] == "wal"
    assert database.read("PRAGMA synchronous")[0][0] == 2


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/srv/nfs/state", "nfs4", True),
        ("/srv/with space/x", "cifs", True),
        ("/srv/local", "ext4", False),
        ("/srv/nfsx", "ext4", False),
    ],
)
def test_network_file_systems_are_told_by_their_mount(path: str, kind: str, network: bool) -> None:
    """The longest mount point that holds the path decides."""
    mounts = [
        "/dev/vda / ext4 rw 0 0",
        "host:/x /srv/nfs nfs4 rw 0 0",
        r"//h/s /srv/with\040space cifs rw 0 0",
        "",
    ]
    assert file_system(Path(path), mounts) == kind
    assert is_network(kind) is network


def test_who_only_reads_an_older_file_finds_the_newer_tables_empty(tmp_path: Path) -> None:
    """After an upgrade, until somebody who may write has migrated it."""
    path = tmp_path / "old.db"
    first = Schema(application_id=7, migrations=("CREATE TABLE a(x);",))
    with Database(path, first).write() as connection:
        connection.execute("INSERT INTO a VALUES(1)")
    later = Schema(application_id=7, migrations=(*first.migrations, "CREATE TABLE b(y); DELETE FROM a;"))
    reading = Database(path, later, read_only=True)
    assert reading.read("SELECT * FROM b") == []
    assert reading.read("SELECT * FROM a") == [(1,)]
    with Database(path, later).write() as connection:
        connection.execute("INSERT INTO b VALUES(2)")
    assert reading.read("SELECT * FROM b") == [(2,)]
