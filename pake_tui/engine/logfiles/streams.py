"""What can only be read once, as files that grow: standard input, named pipes, the journal.

    with Streams() as streams:
        paths = streams.files(["-", "/run/app.pipe", "journal:nginx.service", "app.log"])

Each stream is copied into a private file that is gone with the process, so that it can be searched, followed
and scrolled like any other. `-` is standard input, `journal:` all of systemd's journal, `journal:UNIT` one
unit's (`journalctl -o json`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pake_tui.errors import LogError

STANDARD_INPUT = "-"
JOURNAL = "journal:"
JOURNAL_LINES = 100_000
PIECE = 1 << 16
PREFIX = "pake-stream-"


class Streams:
    """The streams of one process."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._threads: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[bytes]] = []

    def files(self, names: Sequence[str], standard_input: int = 0) -> list[str]:
        """The names with a file in the place of each stream, which grows from now on. LogError."""
        return [self._file(name, standard_input) for name in names]

    def wait(self) -> None:
        """Until all that ends by itself has been copied; the journal does not."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """End what runs and delete the copies."""
        for process in self._processes:
            with contextlib.suppress(OSError):
                process.send_signal(signal.SIGTERM)
            process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _file(self, name: str, standard_input: int) -> str:
        if name == STANDARD_INPUT:
            return self._copied(standard_input, "stdin.log", ends=True)
        if name.startswith(JOURNAL):
            return self._journal(name.removeprefix(JOURNAL))
        with contextlib.suppress(OSError):
            path = Path(name).expanduser().absolute()
            if stat.S_ISFIFO(path.stat().st_mode):
                return self._copied(None, f"{path.name}.log", ends=True, path=path)
        return name

    def _journal(self, unit: str) -> str:
        if shutil.which("journalctl") is None:
            raise LogError("there is no journalctl here", hint="name files instead")
        command = ["journalctl", "-o", "json", "-f", "-n", str(JOURNAL_LINES)]
        process = subprocess.Popen(
            [*command, "-u", unit] if unit else command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        assert process.stdout is not None
        return self._copied(process.stdout.fileno(), f"{unit or 'journal'}.log", ends=False)

    def _copied(self, source: int | None, name: str, *, ends: bool, path: Path | None = None) -> str:
        """A file into which a thread copies a stream; a pipe's other end may be opened only later."""
        if self._folder is None:
            _sweep()
            self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        target = self._folder / name
        sink = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        thread = threading.Thread(target=_copy, args=(source, path, sink), name="pake-stream", daemon=True)
        thread.start()
        if ends:
            self._threads.append(thread)
        return str(target)


def _sweep() -> None:
    """Delete what processes of this user left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(folder.name.removeprefix(PREFIX).partition("-")[0])
            if folder.lstat().st_uid == os.getuid() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(folder, ignore_errors=True)


def _copy(source: int | None, path: Path | None, sink: int) -> None:
    """Copy until the stream ends; where there is no room for it, say so in its place."""
    try:
        if source is None:
            assert path is not None
            source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        while piece := os.read(source, PIECE):
            view = memoryview(piece)
            while view:
                view = view[os.write(sink, view) :]
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(sink, f"\npake-tui: reading ended here: {error.strerror}\n".encode())
    finally:
        os.close(sink)
