"""Several real processes log into one file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.process.places import wait_for

PROCESSES, LINES = 4, 1_500
WRITER = """
import sys
from pake_tui import get_logger
logger = get_logger(service="shop")
for number in range(int(sys.argv[2])):
    logger.info("line", writer=sys.argv[1], number=number, filler="x" * 200)
logger.flush()
print(logger.dropped)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log folder whose files rotate after about 600 lines."""
    config = tmp_path / "pake.yaml"
    config.write_text(
        f"logging:\n  log_directory: {tmp_path / 'logs'}\n  console_enabled: false\n"
        "  max_file_size_mb: 0.2\n  backup_count: 100\n"
    )
    config.chmod(0o600)
    monkeypatch.setenv("PAKE_CONFIG", str(config))
    return tmp_path / "logs"


def records(folder: Path) -> list[dict[str, object]]:
    """Every line of every file; each must be whole."""
    return [
        json.loads(line) for path in folder.glob("*.log*") for line in path.read_text().splitlines() if line
    ]


@pytest.mark.parametrize("background", ["false", "true"])
def test_no_line_is_lost_torn_or_doubled_while_files_rotate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, background: str
) -> None:
    """Four processes, one file, a rotation every few hundred lines: all lines are there once, and whole."""
    monkeypatch.setenv("LOG_ASYNC", background)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(n), str(LINES)], stdout=subprocess.PIPE, text=True
        )
        for n in range(PROCESSES)
    ]
    dropped = [writer.communicate(timeout=100)[0].strip() for writer in writers]
    assert dropped == ["0"] * PROCESSES
    found = Counter((record["writer"], record["number"]) for record in records(folder))
    assert len(found) == PROCESSES * LINES
    assert set(found.values()) == {1}
    assert len(list(folder.glob("*.log.*"))) >= 5


def test_a_process_stopped_in_mid_rotation_stops_nobody_else(folder: Path) -> None:
    """Whoever holds the rotation's lock may sleep: the others write on."""
    import fcntl

    folder.mkdir()
    with (folder / ".shop.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [sys.executable, "-c", WRITER, "a", "1000"], check=True, timeout=60, capture_output=True
        )
    assert len(records(folder)) == 1000
    assert len(list(folder.glob("*.log*"))) == 1


def test_what_was_logged_survives_kill_9(folder: Path) -> None:
    """Without async_logging a line that was logged is in the file, whatever happens to the process."""
    code = (
        "import os, signal\nfrom pake_tui import get_logger\n"
        "get_logger(service='shop').critical('last words')\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert [record["message"] for record in records(folder)] == ["last words"]


def test_a_program_that_simply_ends_leaves_no_line_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With async_logging the queue is emptied at exit, without `flush`."""
    monkeypatch.setenv("LOG_ASYNC", "true")
    code = "from pake_tui import get_logger\nfor n in range(500): get_logger(service='shop').info('n', n=n)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert [record["n"] for record in records(folder)] == list(range(500))


def test_the_console_finds_the_file_in_the_state(folder: Path, tmp_path: Path) -> None:
    """Service, pid and path are registered, also by a program that ends at once."""
    from pake_tui.engine.store.state import StateStore

    code = "from pake_tui import get_logger\nget_logger(service='shop').info('x')"
    process = subprocess.Popen([sys.executable, "-c", code])
    assert process.wait(60) == 0
    store = StateStore(Path(os.environ["PAKE_STATE_DIR"]), read_only=True)
    rows = [(row.service, row.pid, row.path) for row in store.loggers.paths()]
    store.close()
    assert rows == [("shop", process.pid, folder / "shop.log")]


def test_a_state_that_is_begun_anew_hears_of_running_loggers_too(folder: Path, tmp_path: Path) -> None:
    """Where its file was corrupt, and set aside, the console still finds what is being written."""
    from pake_tui.engine.store.state import StateStore

    state = Path(os.environ["PAKE_STATE_DIR"])
    code = "from pake_tui import get_logger\nget_logger(service='shop').info('x')\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        wait_for(lambda: StateStore(state, read_only=True).loggers.paths())
        for path in state.glob("state.db*"):
            path.rename(tmp_path / path.name)
        (again,) = wait_for(lambda: StateStore(state, read_only=True).loggers.paths())
        assert (again.service, again.pid, again.path) == ("shop", process.pid, folder / "shop.log")
        process.communicate(b"\n")
