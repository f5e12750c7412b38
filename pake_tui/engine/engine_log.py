"""The engine's own log: `engine.log` in the state folder, rotated, masked."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from pake_tui.clock import SECOND, iso
from pake_tui.engine.store.files import create_file
from pake_tui.text.masking import mask_text

FILE_NAME = "engine.log"
MAX_BYTES = 1_000_000
BACKUPS = 3


class _Masked(logging.Formatter):
    """UTC time, level, pid, text; secrets masked, also in tracebacks."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # theirs
        return iso(int(record.created * SECOND), timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


def open_engine_log(folder: Path) -> logging.Logger:
    """The logger `pake.engine`, writing to the folder's file, else to standard error."""
    logger = logging.getLogger("pake.engine")
    handler: logging.Handler
    try:
        create_file(folder / FILE_NAME)
        handler = logging.handlers.RotatingFileHandler(
            folder / FILE_NAME, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", errors="replace"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(_Masked("%(asctime)s %(levelname)s pid=%(process)d %(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


def last_line(folder: Path) -> str:
    """The newest line of the log; empty where there is none."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 4096))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
