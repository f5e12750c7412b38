"""What an application gets: loggers, monitors and the configuration service, wired once per process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pake_tui.engine.library.wiring import Library

if TYPE_CHECKING:
    from pake_tui.engine.library.config_service import ConfigService
    from pake_tui.engine.logger.logger import Logger
    from pake_tui.engine.monitoring.monitor import Monitor

_making = threading.RLock()
_library: Library | None = None


def _after_fork() -> None:
    """In a child: a thread that was making the library did not come along."""
    global _making
    _making = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


def library() -> Library:
    """This process's library, made on first use."""
    global _library
    if _library is None:
        with _making:
            if _library is None:
                _library = Library()
    return _library


def get_logger(name: str | None = None, service: str | None = None) -> Logger:
    """The logger of that name (default: the service's), the same object each time.

    `service` names the log file; by default it is the configuration's `logging.service_name`.
    """
    return library().logger(name, service)


def get_monitor(service: str | None = None) -> Monitor:
    """The monitor of a service in this process (default: `monitoring.service_name`)."""
    return library().monitor(service)


def get_config_service() -> ConfigService:
    """The configuration as this process sees it, and the way to change it while it runs."""
    return library().config_service


def backdated_logger(name: str, service: str) -> Callable[[int], Logger]:
    """Given a time of the past (UTC ns): a logger whose lines are stamped with it."""
    return library().backdated_logger(name, service)
