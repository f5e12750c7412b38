"""Records of the standard library's `logging` written by pake-tui's logger.

logging.basicConfig(level=logging.INFO, handlers=[PakeHandler()])
"""

from __future__ import annotations

import logging

from pake_tui import get_logger

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class PakeHandler(logging.Handler):
    """Hands each record on: its logger's name, level, text, `extra` fields and exception.

    Levels between the five go down to the next lower one. The service is the one of the configuration,
    or the one given here.
    """

    def __init__(self, level: int | str = logging.NOTSET, *, service: str | None = None) -> None:
        super().__init__(level)
        self._service = service

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; never raises."""
        try:
            logger = get_logger(record.name, self._service)
            fields = {name: value for name, value in vars(record).items() if name not in _OWN}
            if record.exc_info and record.exc_info[1] is not None:
                fields["error"] = record.exc_info[1]
            if record.levelno >= logging.CRITICAL:
                write = logger.critical
            elif record.levelno >= logging.ERROR:
                write = logger.error
            elif record.levelno >= logging.WARNING:
                write = logger.warning
            else:
                write = logger.info if record.levelno >= logging.INFO else logger.debug
            write(record.getMessage(), **fields)
        except Exception:
            self.handleError(record)
