"""The engine's own log: `engine.log` in the state folder, rotated, masked."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sys
from pathlib import Path

from pake_tui.clock import SECOND, iso
from pake_tui.engine.agent_start import ENGINE_LOG
from pake_tui.engine.store.files import create_file
from pake_tui.text.masking import mask_text

MAX_BYTES = 1_000_000
BACKUPS = 3


class _Masked(logging.Formatter):
    """UTC time, level, pid, text; secrets masked, also in tracebacks."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # theirs
        return iso(int(record.created * SECOND), timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


class _File(logging.handlers.RotatingFileHandler):
    """What cannot be written, on a full disk, goes to standard error, a line each, without a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # theirs
        with contextlib.suppress(OSError, ValueError):
            print(self.format(record), file=sys.stderr)


def open_engine_log(folder: Path) -> logging.Logger:
    """The logger `pake.engine`, writing to the folder's file, else to standard error."""
    logger = logging.getLogger("pake.engine")
    handler: logging.Handler
    try:
        create_file(folder / ENGINE_LOG)
        handler = _File(
            folder / ENGINE_LOG, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", errors="replace"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(_Masked("%(asctime)s %(levelname)s pid=%(process)d %(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger
