"""`pake-tui logs` and `trace` as real commands, alone and in pipes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pake_tui.model.record import Direction, LogRow
from pake_tui.records.saving import row_json
from pake_tui.sources.embedded.logs import EmbeddedLogSource

COMMAND = [sys.executable, "-m", "pake_tui"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """The command's output and exit code."""
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False)


def line(second: int, message: str, level: str = "info", **fields: object) -> str:
    """A JSON log line."""
    stamp = f"2026-03-01T14:00:{second:02}Z"
    return (
        json.dumps({"timestamp": stamp, "level": level, "service": "api", "message": message, **fields})
        + "\n"
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A small file: three records, the second of two lines."""
    path = tmp_path / "api.log"
    path.write_text(
        line(1, "first", request_id="req-0001aa")
        + "2026-03-01T14:00:02Z ERROR core: failed\n    at a.b.C(D.java:1)\n"
        + line(3, "third \x1b[31m[bold] hunter", request_id="req-0001aa", password="hunter22", status=500)
    )
    return path


def test_json_lines_with_their_place_in_the_file(log: Path) -> None:
    """Every record in file order, with its first physical line, how many it has, and secrets masked."""
    done = run("logs", "--json", "--all", "--file", str(log))
    records = [json.loads(one) for one in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [(one["line"], one["lines"]) for one in records] == [(1, 1), (2, 2), (4, 1)]
    assert records[0]["timestamp"] == "2026-03-01T14:00:01.000000Z"
    assert records[1]["level"] == "error"
    assert records[2]["correlation_id"] == "req-0001aa"
    assert "hunter22" not in done.stdout
    last = run("logs", "--json", "-n", "1", "--file", str(log))
    assert [json.loads(one)["line"] for one in last.stdout.splitlines()] == [4]


def test_text_is_safe_and_filtered(log: Path) -> None:
    """Escapes are shown, not sent; a query and the flags choose the same records."""
    done = run("logs", "status>=500", "--file", str(log))
    assert done.stdout.count("\n") == 1
    assert "\x1b" not in done.stdout
    assert "[bold]" in done.stdout
    flags = run(
        "logs", "--file", str(log), "--cid", "req-0001aa", "--since", "2026-03-01T14:00:02Z", "--not", "first"
    )
    assert flags.stdout == done.stdout
    by_level = run("logs", "--file", str(log), "--level", "warning")
    assert by_level.stdout.splitlines()[1] == "        at a.b.C(D.java:1)"


def test_context_shows_the_neighbours_of_each_hit(log: Path) -> None:
    """-C prints what stands around a hit, in JSON marked as not matching, and counts hits alone."""
    around = run("logs", "-C", "1", "status>=500", "--file", str(log))
    assert ["failed" in around.stdout, "third" in around.stdout, "first" in around.stdout] == [
        True,
        True,
        False,
    ]
    done = run("logs", "-C", "2", "status>=500", "--json", "--file", str(log))
    assert [json.loads(one).get("matched", True) for one in done.stdout.splitlines()] == [False, False, True]
    assert run("logs", "-C", "2", "status>=900", "--file", str(log)).returncode == 1
    apart = run("logs", "-C", "0", "first OR third", "--file", str(log)).stdout
    assert not apart.startswith("--")


def test_raw_and_csv(log: Path) -> None:
    """Raw is the lines as they stand, masked and safe; CSV has a head and one record for each."""
    raw = run("logs", "--all", "--format", "raw", "--file", str(log)).stdout
    assert raw.splitlines()[1:3] == ["2026-03-01T14:00:02Z ERROR core: failed", "    at a.b.C(D.java:1)"]
    assert raw.startswith('{"timestamp"')
    assert "hunter22" not in raw
    assert "\x1b" not in raw
    printed = run("logs", "--all", "--format", "csv", "--file", str(log)).stdout
    rows = list(csv.DictReader(printed.splitlines(keepends=True)))
    assert [row["level"] for row in rows] == ["info", "error", "info"]
    assert rows[0]["correlation_id"] == "req-0001aa"
    assert rows[2]["line"] == "4"


def test_exit_codes(log: Path, tmp_path: Path) -> None:
    """1 where nothing matches, 2 for a wrong query or a file that is not there."""
    assert run("logs", "absent", "--file", str(log)).returncode == 1
    wrong = run("logs", "first level>=loud", "--file", str(log))
    assert wrong.returncode == 2
    caret = wrong.stderr.splitlines()
    assert caret[1].index("loud") == caret[2].index("^")
    missing = run("logs", "--file", str(tmp_path / "none.log"))
    assert (missing.returncode, "no such file" in missing.stderr) == (2, True)
    assert "Traceback" not in missing.stderr
    partly = run("logs", "first", "--file", str(log), "--file", str(tmp_path / "none.log"))
    assert (partly.returncode, "no such file" in partly.stderr, "first" in partly.stdout) == (2, True, True)


def test_what_was_meant_otherwise_is_said(log: Path) -> None:
    """Where nothing matched, `field=value` and NOT are told from what the filter language has for them."""
    done = run("logs", "status=700", "NOT", "absent", "--file", str(log))
    assert done.returncode == 1
    assert "asked for by status:700" in done.stderr
    assert "-term drops" in done.stderr


def test_a_full_disk_behind_the_output_is_said(tmp_path: Path) -> None:
    """Where nothing more can be written it ends with a message, and the code of an error, not of no hit."""
    big = tmp_path / "big.log"
    big.write_text("".join(line(n % 60, "x" * 200) for n in range(500)))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "logs", "--all", "--file", str(big)],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "pake-tui: the output has no space left\n")


@pytest.mark.parametrize("form", ["json", "csv", "raw"])
def test_what_is_not_printed_whole_is_said(tmp_path: Path, form: str) -> None:
    """A line that is too long for one record is marked in JSON, and counted beside other formats."""
    long = tmp_path / "long.log"
    long.write_text(line(1, "x" * 500_000) + line(2, "short"))
    done = run("logs", "--all", "--format", form, "--file", str(long))
    if form == "json":
        marks = [json.loads(one).get("skipped") for one in done.stdout.splitlines()]
        assert ("cut after" in marks[0], marks[1]) == (True, None)
    else:
        assert "1 record is not printed whole" in done.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    """`pake-tui logs | head -1` ends quietly."""
    big = tmp_path / "big.log"
    big.write_text("".join(line(n % 60, "x" * 200) for n in range(5_000)))
    command = f"{sys.executable} -m pake_tui logs --all --file {big} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_follow_prints_what_comes(log: Path) -> None:
    """Lines that are written while it runs are printed at once, through a rotation too, each once."""
    with subprocess.Popen(
        [*COMMAND, "logs", "--follow", "-n", "1", "--file", str(log)], stdout=subprocess.PIPE, text=True
    ) as follower:
        output = _Output(follower)
        output.until(lambda: "third" in output.text)
        with log.open("a") as file:
            file.write(line(4, "fourth"))
        output.until(lambda: "fourth" in output.text)
        log.rename(log.with_suffix(".log.1"))
        log.write_text(line(5, "fifth"))
        output.until(lambda: "fifth" in output.text)
        follower.terminate()
    assert [output.text.count(one) for one in ("first", "third", "fourth", "fifth")] == [0, 1, 1, 1]


def test_follow_waits_for_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    """It says so, and prints the file's lines once it is there."""
    path = tmp_path / "later.log"
    words = [*COMMAND, "logs", "-f", "--file", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as follower:
        output = _Output(follower)
        output.until(lambda: "no such file" in output.text)
        path.write_text(line(1, "first"))
        output.until(lambda: "first" in output.text)
        follower.terminate()


def test_follow_says_events_beside_what_a_program_reads(log: Path) -> None:
    """With JSON lines on standard output, that a file was cut is said on standard error."""
    words = [*COMMAND, "logs", "-f", "--json", "-n", "1", "--file", str(log)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as follower:
        output = _Output(follower)
        output.until(lambda: "third" in output.text)
        log.write_text(line(4, "fourth"))
        output.until(lambda: "fourth" in output.text)
        follower.terminate()
    said = [one for one in output.text.splitlines() if not one.startswith("{")]
    assert said == [f"pake-tui: {log} was truncated or written anew; it is read from its start"]


def test_follow_says_what_came_and_cannot_be_read(log: Path) -> None:
    """A file that appears while it runs and can't be read is named on standard error, once."""
    words = [*COMMAND, "logs", "-f", "-n", "1", "--file", str(log.with_name("*.log"))]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as follower:
        output = _Output(follower)
        output.until(lambda: "third" in output.text)
        os.mkfifo(log.with_name("pipe.log"))
        output.until(lambda: "not read" in output.text)
        with log.open("a") as file:
            file.write(line(4, "fourth"))
        output.until(lambda: "fourth" in output.text)
        follower.terminate()
    said = f"pake-tui: not read: {log.with_name('pipe.log')}: is not a regular file\n"
    assert output.text.count(said) == output.text.count("not read") == 1


class _Output:
    """What a process has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.text = ""
        self._process = process
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        for one in self._process.stdout:
            self.text += one

    def until(self, done: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + 20
        while not done():
            assert time.monotonic() < deadline, self.text
            time.sleep(0.01)


def test_trace_prints_the_path(log: Path) -> None:
    """A prefix gives the whole path with distances; JSON lines on request; 1 where there is none."""
    done = run("trace", "req-0001", "--file", str(log))
    assert done.returncode == 0
    summary, first, gap, last = done.stdout.splitlines()
    assert summary.startswith("req-0001aa  2 records · 1 service · 2.00 s")
    assert "+0.000" in first
    assert "gap 2.00 s" in gap
    assert "+2.000" in last
    as_json = run("trace", "req-0001", "--json", "--file", str(log))
    assert [json.loads(one)["line"] for one in as_json.stdout.splitlines()] == [1, 4]
    assert run("trace", "req-9999", "--file", str(log)).returncode == 1


def test_without_options_the_usual_places_are_read() -> None:
    """./logs/*.log is found without a word of configuration."""
    logs = Path.cwd() / "logs"
    logs.mkdir()
    (logs / "web.log").write_text(line(1, "from ./logs"))
    assert "from ./logs" in run("logs").stdout


def test_trace_says_once_what_it_did_not_search(log: Path) -> None:
    """A file that can't be read stands below the trace, in one line."""
    missing = str(log.parent / "gone.log")
    done = run("trace", "req-0001", "--file", str(log), "--file", missing)
    assert done.returncode == 0
    assert done.stderr == f"pake-tui: not searched: {missing}: no such file\n"
    assert f"not read: {missing}" in run("logs", "--file", str(log), "--file", missing).stderr


def test_json_names_the_file_of_each_record(log: Path, tmp_path: Path) -> None:
    """Over several files every record says which it is from; a line number that is not known is left out."""
    other = tmp_path / "web.log"
    other.write_text(line(4, "fourth"))
    done = run("logs", "--json", "--all", "--file", str(log), "--file", str(other))
    records = [json.loads(one) for one in done.stdout.splitlines()]
    assert [one["file"] for one in records] == [*[str(log)] * 3, str(other)]
    (row,) = rows_of(other)
    assert "line" not in json.loads(row_json(row))


def rows_of(file: Path) -> list[LogRow]:
    """The rows of a file, read as the console does: without line numbers."""
    source = EmbeddedLogSource([str(file)], worker=False)
    batches = source.read("", None, Direction.OLDER, 9, threading.Event())
    return [row for batch in batches for row in batch.rows]


def test_fields_without_a_message_are_shown_once(tmp_path: Path) -> None:
    """A record that states no message is its fields, each of them once."""
    log = tmp_path / "bare.log"
    log.write_text('{"timestamp":"2026-03-01T14:00:01Z","level":"info","alpha":1,"beta":"x y"}\n')
    done = run("logs", "--all", "--file", str(log))
    assert done.stdout.count("alpha=1") == 1
    assert done.stdout.count("beta=") == 1
    assert json.loads(run("logs", "--json", "--file", str(log)).stdout)["message"] == "alpha=1 beta=x y"


def test_a_field_that_no_record_has_is_said(log: Path) -> None:
    """Where nothing matches, standard error names the fields that are nowhere, and only those."""
    done = run("logs", "nosuch:1 STATUS:7", "--file", str(log))
    assert (done.returncode, done.stdout) == (1, "")
    assert "none of the newest 3 records has the field nosuch" in done.stderr
    assert "STATUS" not in done.stderr
    assert run("logs", "status:7", "--file", str(log)).stderr == ""
