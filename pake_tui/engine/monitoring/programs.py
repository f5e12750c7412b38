"""Runs a program of the configuration: bounded in time and in output, and nothing of it is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress

from pake_tui.clock import monotonic

MOST_BYTES = 64 * 1024
LOOK_S = 0.02
"""So often it is looked whether the program has ended, where its output does not tell."""


class TookTooLong(Exception):
    """The program did not end in time, and was killed."""


def run(
    argv: Sequence[str], seconds: float, environment: Mapping[str, str], given: bytes = b""
) -> tuple[int, bytes]:
    """Exit code (negative: the signal that ended it) and the first 64 KiB of output, errors among it.

    It is over when the program itself has ended, whoever of its children still holds the output; what it left
    in its process group is killed. OSError where it cannot be started, TookTooLong.
    """
    with tempfile.TemporaryFile() as told:
        told.write(given)
        told.seek(0)
        running = subprocess.Popen(
            list(argv),
            stdin=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=dict(environment),
            start_new_session=True,
        )
    assert running.stdout is not None
    try:
        out = _until_ended(running.pid, running.stdout.fileno(), monotonic() + seconds)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)  # it is not waited for yet: the number is still its own
        code = running.wait()
        running.stdout.close()
    return code, out


def _until_ended(pid: int, pipe: int, end: float) -> bytes:
    """What it prints until it has ended; the rest of a long output is read and dropped."""
    out, more = bytearray(), True
    while (left := end - monotonic()) > 0:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        wait = 0.0 if ended else min(left, LOOK_S)
        if select.select([pipe] if more else [], [], [], wait)[0]:
            piece = os.read(pipe, MOST_BYTES)
            more = bool(piece)
            out += piece[: MOST_BYTES - len(out)]
        elif ended:
            return bytes(out)
    raise TookTooLong


def signal_name(number: int) -> str:
    """`SIGKILL`, or the number of one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
