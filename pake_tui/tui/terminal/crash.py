"""What is kept of a crash: one private, masked file with the traceback and what is needed to place it."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pake_tui.text.masking import mask_text

TRACEBACK_LIMIT = 200_000


def write_crash_report(folder: Path, error: BaseException) -> Path | None:
    """Write a report (mode 0600, secrets masked, no local variables); None where the folder takes none."""
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(report(error))
    except OSError:
        return None
    return path


def report(error: BaseException) -> str:
    """The text of a crash report."""
    told = "".join(traceback.format_exception(error))
    if len(told) > TRACEBACK_LIMIT:
        half = TRACEBACK_LIMIT // 2
        told = f"{told[:half]}\n[…]\n{told[-half:]}"
    facts = [f"{name} {_version(name)}" for name in ("pake-tui", "textual", "rich")]
    return "\n".join(
        (
            f"time: {datetime.now(UTC).isoformat(timespec='seconds')}",
            f"versions: {', '.join(facts)}, python {platform.python_version()} on {sys.platform}",
            f"terminal: TERM={os.environ.get('TERM', '')} COLORTERM={os.environ.get('COLORTERM', '')}",
            "",
            mask_text(told),
        )
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
