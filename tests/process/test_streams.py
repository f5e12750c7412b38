"""What can be read only once: standard input, a named pipe, the journal."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

COMMAND = [sys.executable, "-m", "pake_tui"]
LINES = [f"2026-03-01 14:00:{n:02} {'ERROR' if n % 7 == 0 else 'INFO'} app: line {n}" for n in range(60)]
TEXT = "".join(f"{line}\n" for line in LINES)


def left_behind() -> list[Path]:
    """Copies of streams that are still there."""
    return list(Path(tempfile.gettempdir()).glob(f"pake-stream-{os.getpid()}-*"))


def test_a_command_reads_standard_input_to_its_end(private_places: Path) -> None:
    """`-` is what is piped in, filtered and in order; nothing of it stays on disk."""
    done = subprocess.run(
        [*COMMAND, "logs", "--file", "-", "--all", "level:error"],
        input=TEXT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("line ")[1].split()[0] for line in done.stdout.splitlines()] == [
        str(n) for n in range(0, 60, 7)
    ]
    assert not left_behind()


def test_a_command_reads_a_named_pipe(private_places: Path) -> None:
    """A pipe is read until its writer closes it."""
    pipe = private_places / "app.pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(TEXT,))
    writer.start()
    done = subprocess.run(
        [*COMMAND, "logs", "--file", str(pipe), "--all"], capture_output=True, text=True, check=True
    )
    writer.join()
    assert len(done.stdout.splitlines()) == 60


def test_the_journal_is_asked_for_its_json(private_places: Path) -> None:
    """`journal:UNIT` follows what journalctl prints of that unit, and ends it."""
    programs = private_places / "bin"
    programs.mkdir()
    said = private_places / "asked"
    journalctl = programs / "journalctl"
    entry = '{"__REALTIME_TIMESTAMP":"1772373600000000","PRIORITY":"3","MESSAGE":"unit failed","_COMM":"app"}'
    journalctl.write_text(f"#!/bin/sh\necho \"$@\" > {said}\necho '{entry}'\nexec sleep 100\n")
    journalctl.chmod(0o755)
    process = subprocess.Popen(
        [*COMMAND, "logs", "--file", "journal:app.service", "--follow"],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    process.communicate()
    assert "ERROR" in line
    assert "unit failed" in line
    assert said.read_text().split() == ["-o", "json", "-f", "-n", "100000", "-u", "app.service"]


def test_a_mistyped_command_is_told_from_a_file(private_places: Path) -> None:
    """What is neither a file nor a command is named, with where commands are listed."""
    done = subprocess.run([*COMMAND, "lgos"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no file lgos" in done.stderr
    assert "--help" in done.stderr
