"""The scan worker as a real process: killed, cancelled, orphaned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui.errors import LogError
from pake_tui.model.record import Direction, LogBatch
from pake_tui.sources.embedded.logs import EmbeddedLogSource

LINES = 60_000


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes seconds to search."""
    path = tmp_path_factory.mktemp("logs") / "big.log"
    with path.open("w") as file:
        for number in range(LINES):
            document = {
                "level": "info",
                "message": f"number {number}",
                "cid": f"req-{number:06}",
                "n": number,
            }
            file.write(json.dumps(document) + "\n")
    return path


@pytest.fixture
def source(log: Path) -> Iterator[EmbeddedLogSource]:
    """A source with its worker."""
    opened = EmbeddedLogSource([str(log)])
    yield opened
    opened.close()


def worker_pid(source: EmbeddedLogSource) -> int:
    """The pid of the worker, which a typed query calls."""
    source.parse("x")
    wait_for(lambda: source.worker_pid is not None, "no worker came")
    pid = source.worker_pid
    assert pid is not None
    return pid


def search(
    source: EmbeddedLogSource, query: str, cancel: threading.Event | None = None
) -> Iterator[LogBatch]:
    """A search over the whole file."""
    return source.read(query, None, Direction.NEWER, 10**6, cancel or threading.Event())


def test_who_only_watches_has_none(source: EmbeddedLogSource) -> None:
    """Following the newest lines starts no process; typing a query does, before it is sent."""
    source.files()
    *_, last = source.read("", None, Direction.OLDER, 50, threading.Event())
    assert (last.at_end, source.worker_pid) == (False, None)
    assert alive(worker_pid(source))


def test_idle_it_ends_and_comes_back(log: Path) -> None:
    """A worker that nobody needs any more gives its memory back; the next search has another one."""
    source = EmbeddedLogSource([str(log)], idle_s=0.0)
    try:
        batches = search(source, "n>50000000")
        next(batches)
        source.files()
        pid = worker_pid(source)
        assert alive(pid)
        batches.close()  # type: ignore[attr-defined]
        wait_for(lambda: source.files() is not None and not alive(pid), "it is still there")
        *_, last = search(source, "cid:req-001234")
        assert last.hits == 1
    finally:
        source.close()


def test_it_is_niced(source: EmbeddedLogSource) -> None:
    """Searches leave the processor to others: the worker runs at nice 10."""
    pid = worker_pid(source)
    wait_for(lambda: os.getpriority(os.PRIO_PROCESS, pid) == 10, "the worker is not niced")


def test_progress_comes_while_it_searches(source: EmbeddedLogSource) -> None:
    """A search without hits shows how far it is, several times a second."""
    begun, gaps, seen = time.monotonic(), [], []
    for batch in search(source, "n>50000000"):
        gaps.append(time.monotonic() - begun)
        begun = time.monotonic()
        seen.append(batch.scanned_bytes)
        if len(seen) == 8:
            break
    assert seen == sorted(seen)
    assert sorted(gaps[1:])[len(gaps) // 2] < 0.5


def test_killed_in_the_middle_it_says_so_and_the_next_search_works(source: EmbeddedLogSource) -> None:
    """Kill -9 during a search is an error in words, and another worker answers the next one."""
    pid = worker_pid(source)
    batches = search(source, "n>50000000")
    next(batches)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LogError, match="SIGKILL"):
        list(batches)
    *_, last = search(source, "cid:req-001234")
    assert last.hits == 1
    assert worker_pid(source) != pid


def test_killed_while_idle_nobody_notices(source: EmbeddedLogSource) -> None:
    """A worker that died between searches is replaced in silence."""
    pid = worker_pid(source)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid), "the worker survived")
    *_, last = search(source, "cid:req-001234")
    assert last.hits == 1


def test_cancel_is_obeyed_at_once_and_the_worker_goes_on(source: EmbeddedLogSource) -> None:
    """A cancelled search ends for its caller within 50 ms or so, and the same worker serves the next."""
    pid = worker_pid(source)
    cancel = threading.Event()
    batches = search(source, "n>50000000", cancel)
    next(batches)
    begun = time.monotonic()
    cancel.set()
    assert list(batches) == []
    assert time.monotonic() - begun < 0.25
    *_, last = search(source, "cid:req-001234")
    assert (last.hits, worker_pid(source)) == (1, pid)


def test_searches_run_side_by_side(source: EmbeddedLogSource) -> None:
    """A quick search is answered while a long one runs."""
    long = search(source, "n>50000000")
    next(long)
    *_, last = search(source, "cid:req-000777")
    assert last.hits == 1
    assert not next(long).done
    long.close()  # type: ignore[attr-defined]


def test_a_worker_that_does_not_stop_is_replaced(source: EmbeddedLogSource) -> None:
    """A worker that ignores a cancel for two seconds does not hold up later searches."""
    pid = worker_pid(source)
    cancel = threading.Event()
    batches = search(source, "n>50000000", cancel)
    next(batches)
    os.kill(pid, signal.SIGSTOP)
    cancel.set()
    assert list(batches) == []
    wait_for(lambda: not alive(pid), "the stopped worker is still there")
    *_, last = search(source, "cid:req-001234")
    assert last.hits == 1


def test_closing_ends_it(log: Path) -> None:
    """No worker outlives its source."""
    source = EmbeddedLogSource([str(log)])
    pid = worker_pid(source)
    source.close()
    wait_for(lambda: not alive(pid), "the worker is still there")
    with pytest.raises(LogError, match="closed"):
        list(search(source, "x"))


def test_it_ends_when_its_console_is_killed(log: Path) -> None:
    """Kill -9 of the console leaves no worker, also in the middle of a search."""
    code = (
        "import sys, threading; from datetime import UTC\n"
        "from pake_tui.sources.embedded.logs import EmbeddedLogSource\n"
        "from pake_tui.model.record import Direction\n"
        "source = EmbeddedLogSource([sys.argv[1]])\n"
        "batches = source.read('n>50000000', None, Direction.NEWER, 10, threading.Event())\n"
        "next(batches); print(source.worker_pid, flush=True); threading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(log)], stdout=subprocess.PIPE, text=True
    ) as console:
        assert console.stdout is not None
        pid = int(console.stdout.readline())
        assert alive(pid)
        console.kill()
    wait_for(lambda: not alive(pid), "the worker outlived its console")
