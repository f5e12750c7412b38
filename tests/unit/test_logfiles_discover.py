"""Which files a view has."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pake_tui.engine.logfiles.discover import Discovery, Folders, discover, exactly, service_of


def names(found: Discovery) -> list[str]:
    """File names in the order of the view."""
    return [Path(one.path).name for one in found.found]


def make(folder: Path, *paths: str) -> None:
    """Empty files."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")


def test_registered_loggers_come_first_with_their_siblings(tmp_path: Path) -> None:
    """What loggers registered is read with its rotated files, oldest first; what can't be is named."""
    make(
        tmp_path,
        "api.log",
        "api.log.1",
        "api.log.2",
        "api.log.10",
        "api.log.3.gz",
        "api.log.4.zip",
        "api.logger",
        "other.log",
        ".api.lock",
    )
    found = discover([], [("shop-api", str(tmp_path / "api.log"))], Folders(), host="/nonexistent")
    assert names(found) == ["api.log.10", "api.log.3.gz", "api.log.2", "api.log.1", "api.log"]
    assert {one.service for one in found.found} == {"shop-api"}
    assert found.compressed == (str(tmp_path / "api.log.4.zip"),)
    assert found.origin == "registered loggers"


def test_globs_add_to_registered_files(tmp_path: Path) -> None:
    """`logs:` globs stand beside what is registered; a file named twice is there once."""
    make(tmp_path, "a/api.log", "b/db.log", "b/db.log-20260301", "b/db.log.1.gz")
    registered = [("api", str(tmp_path / "a/api.log")), ("gone", str(tmp_path / "gone.log"))]
    found = discover([f"{tmp_path}/*/*.log*"], registered, Folders())
    assert names(found) == ["api.log", "db.log.1.gz", "db.log-20260301", "db.log"]
    assert found.origin == "registered loggers and logs: globs"


def test_without_either_the_working_directory_then_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """./logs/*.log is next, then what is usual on the host."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "var/syslog", "var/syslog.1", "var/nginx/access.log", "var/wtmp", "var/dpkg.log")
    host = discover([], [], Folders(), host=str(tmp_path / "var"))
    assert names(host) == ["dpkg.log", "access.log", "syslog.1", "syslog"]
    assert host.origin == f"this host's {tmp_path}/var"
    make(tmp_path, "logs/web.log")
    local = discover([], [], Folders(), host=str(tmp_path / "var"))
    assert (names(local), local.origin) == (["web.log"], "./logs/*.log")


def test_the_host_stays_out_where_something_is_configured(tmp_path: Path) -> None:
    """Globs that match nothing, and ./logs or loggers whose file is away for a moment, bring no others."""
    make(tmp_path, "var/syslog", "d/a.log", "d/a.log.1")
    host, folders, globs = str(tmp_path / "var"), Folders(), [f"{tmp_path}/d/*.log"]
    registered = [("api", f"{tmp_path}/d/a.log")]
    before = discover(globs, [], folders, host=host)
    named = discover([], registered, folders, host=host)
    (tmp_path / "d/a.log").unlink()
    never = discover(globs, [], folders, host=host)
    assert (names(never), never.origin) == ([], "logs: globs")
    gone = discover(globs, [], folders, host=host, before=before)
    assert (names(gone), gone.origin) == (["a.log.1"], "logs: globs")
    assert names(discover(globs, [], folders, host=host, before=gone)) == ["a.log.1"]
    unregistered = discover([], registered, folders, host=host, before=named)
    assert (names(unregistered), unregistered.origin) == (["a.log.1"], "registered loggers")
    assert names(discover([f"{tmp_path}/e/*.log"], [], folders, host=host, before=before)) == []


def test_a_folder_of_many_files_is_gone_through_once(tmp_path: Path) -> None:
    """Siblings of thousands of files are found in about the time that the files themselves take."""
    for number in range(3_000):
        (tmp_path / f"{number:04}.log").touch()
    make(tmp_path, "1234.log.1", "1234.log-20260301.gz", "1234.log-20260301-2")
    found = discover([f"{tmp_path}/*.log"], [], Folders())
    at = names(found).index("1234.log")
    assert names(found)[at - 3 : at] == ["1234.log.1", "1234.log-20260301.gz", "1234.log-20260301-2"]
    alone = best(lambda: exactly([f"{tmp_path}/*.log"]))
    assert best(lambda: discover([f"{tmp_path}/*.log"], [], Folders())) < 5 * alone


def test_named_files_are_read_alone(tmp_path: Path) -> None:
    """--file takes paths, globs and folders, and brings no siblings."""
    make(tmp_path, "a.log", "a.log.1", "d/x.log")
    assert names(exactly([f"{tmp_path}/a.log"])) == ["a.log"]
    assert names(exactly([f"{tmp_path}/a.*"])) == ["a.log", "a.log.1"]
    assert names(exactly([f"{tmp_path}/d"])) == ["x.log"]
    assert names(exactly([f"{tmp_path}/missing.log"])) == ["missing.log"]


def test_a_folder_means_all_its_text(tmp_path: Path) -> None:
    """Of a named folder every file that may be a log is read: rotated, packed, of any name, none of bytes."""
    make(tmp_path, "api.log", "syslog", "x.jsonl", "empty", ".hidden.log", "inner/other.log", "old.zip")
    for name in ("api.log.1.xz", "orders.log.bz2"):
        (tmp_path / name).write_bytes(b"\xfd7z\0packed")
    (tmp_path / "wide.txt").write_text("a line\n", encoding="utf-16")
    (tmp_path / "state.db").write_bytes(b"SQLite format 3\0 and so on")
    wanted = ["api.log", "api.log.1.xz", "empty", "orders.log.bz2", "syslog", "wide.txt", "x.jsonl"]
    assert names(exactly([str(tmp_path)])) == wanted
    assert names(exactly([str(tmp_path / "none")])) == ["none"]


def best(work: Callable[[], object]) -> float:
    """The processor's seconds, the least of three."""
    took = []
    for _ in range(3):
        begin = time.process_time()
        work()
        took.append(time.process_time() - begin)
    return min(took)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/x/api.log", "api"),
        ("/x/api.log.1", "api"),
        ("/x/api.log-20260301", "api"),
        ("/var/log/nginx/access.log", "nginx"),
        ("/var/log/syslog", "syslog"),
        ("/x/web.json", "web"),
    ],
)
def test_a_file_name_tells_its_service(path: str, service: str) -> None:
    """The service is the name without rotation and ending; vague names take their folder's."""
    assert service_of(path) == service
