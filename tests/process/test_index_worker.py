"""The index as processes meet it: built while a console searches, by two at once, killed midway."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pake_tui import paths
from pake_tui.engine.logfiles.configured import log_settings
from pake_tui.engine.settings.schema import Settings
from pake_tui.model.record import Direction
from pake_tui.sources.embedded.logs import EmbeddedLogSource

LINES = 60_000


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def line(number: int) -> str:
    """A record a tenth of a second after the one before; every seventh is an error."""
    moment = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=number / 10)
    level = "error" if number % 7 == 0 else "info"
    return json.dumps(
        {
            "timestamp": moment.isoformat().replace("+00:00", "Z"),
            "level": level,
            "message": f"number {number}",
            "request_id": f"req-{number // 5:08x}-{number % 5 // 5}",
        },
        separators=(",", ":"),
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file that deserves an index."""
    path = tmp_path / "big.log"
    path.write_text("".join(f"{line(n)}\n" for n in range(LINES)))
    return path


def opened_source(log: Path) -> EmbeddedLogSource:
    """A source as a console opens it."""
    return EmbeddedLogSource([str(log)], settings=lambda: log_settings(Settings()))


@pytest.fixture
def source(log: Path) -> Iterator[EmbeddedLogSource]:
    """A source whose worker keeps an index."""
    opened = opened_source(log)
    yield opened
    opened.close()


def built(source: EmbeddedLogSource) -> bool:
    """Whether the worker said that it is done."""
    status = source.files().index
    return status.total_bytes > 0 and not status.building


def hits(source: EmbeddedLogSource, query: str) -> int:
    """How many records match."""
    *_, last = source.count(query, threading.Event())
    return last.hits


def test_a_search_has_the_index_built_and_finds_the_same_meanwhile(source: EmbeddedLogSource) -> None:
    """The first search starts it; answers are right before, during and after, and progress is told."""
    answers = [hits(source, "cid:req-00000123-0")]

    def searched() -> bool:
        answers.append(hits(source, "level:error"))
        return built(source)

    wait_for(searched, "not built")
    assert answers[0] == 5
    assert set(answers[1:]) == {-(-LINES // 7)}
    status = source.files().index
    assert status.problem == ""
    assert status.indexed_bytes > status.total_bytes * 0.9
    assert hits(source, "cid:req-00000123-0") == 5
    assert hits(source, "cid:req-ffffffff-0") == 0


def test_what_the_worker_built_a_command_uses(source: EmbeddedLogSource, log: Path) -> None:
    """`pake-tui index` shows what the console's worker made under the same user's cache."""
    hits(source, "absent")
    wait_for(lambda: built(source), "not built")
    run = subprocess.run(
        [sys.executable, "-m", "pake_tui", "index", "--json", "--file", str(log)],
        capture_output=True,
        text=True,
        check=False,
    )
    one, total = map(json.loads, run.stdout.splitlines())
    assert run.returncode == 0
    assert one["covered"] == source.files().index.indexed_bytes
    assert total["folder"] == str(paths.cache_folder() / "index")


def test_killed_while_it_builds_the_next_goes_on(source: EmbeddedLogSource) -> None:
    """Kill -9 of a building worker leaves nothing that lies; another worker builds on."""
    hits(source, "absent")
    pid = source.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert hits(source, "level:error") == -(-LINES // 7)
    wait_for(lambda: built(source), "not built")
    assert hits(source, "level:error") == -(-LINES // 7)


def test_two_consoles_build_one_index(source: EmbeddedLogSource, log: Path) -> None:
    """One of them writes, both find the same."""
    other = opened_source(log)
    try:
        assert hits(source, "level:error") == hits(other, "level:error")
        wait_for(lambda: built(source), "not built")
        wait_for(lambda: built(other), "not built")
        assert hits(source, "cid:req-00000123-0") == hits(other, "cid:req-00000123-0") == 5
    finally:
        other.close()
    folders = list((paths.cache_folder() / "index").iterdir())
    assert len(folders) == 1
    assert (folders[0].stat().st_mode & 0o777, folders[0].parent.stat().st_mode & 0o777) == (0o700, 0o700)
    assert {one.stat().st_mode & 0o777 for one in folders[0].iterdir()} == {0o600}


def test_growth_is_found_before_and_after_it_is_indexed(source: EmbeddedLogSource, log: Path) -> None:
    """Lines that come behind the index are found at once."""
    hits(source, "absent")
    wait_for(lambda: built(source), "not built")
    with log.open("a") as file:
        file.write(line(LINES).replace("req-", "new-") + "\n")
    assert hits(source, f"cid:new-{LINES // 5:08x}-0") == 1
    batches = list(source.read("level:error", None, Direction.OLDER, 3, threading.Event()))
    rows = [row for batch in reversed(batches) for row in batch.rows]
    assert [row.record.message for row in rows][-1] == f"number {(LINES - 1) // 7 * 7}"


def test_what_is_too_small_for_an_index_says_so(tmp_path: Path) -> None:
    """A small file is left without an index in words, nothing lies on disk for it, and nothing is dropped."""
    small = tmp_path / "small.log"
    small.write_text(line(1))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pake_tui", "index", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    made = run("build", "--file", str(small))
    assert made.returncode == 1
    assert "too small to need an index, searched directly" in made.stdout
    assert run("drop", "--file", str(small)).stdout == run("drop").stdout == "0 dropped\n"


def test_by_hand_it_is_built_shown_and_dropped(log: Path) -> None:
    """`pake-tui index` says by its exit code whether there is one; a trace afterwards finds the same."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pake_tui", *words, "--file", str(log)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    before = run("trace", "req-00000123-0", "--json")
    assert run("index").returncode == 1
    made = run("index", "build")
    assert (made.returncode, made.stderr) == (0, "")
    assert "indexed 100 %" in made.stdout
    assert run("index", "status").returncode == 0
    assert run("trace", "req-00000123-0", "--json").stdout == before.stdout
    assert len(before.stdout.splitlines()) == 5
    assert run("index", "drop").returncode == 0
    assert run("index", "drop").returncode == 1
