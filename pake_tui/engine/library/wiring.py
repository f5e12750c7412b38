"""One process's loggers, monitors and settings, and the thread behind them."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pake_tui.clock import iso
from pake_tui.engine.library.config_service import ConfigService
from pake_tui.engine.library.keeper import Keeper
from pake_tui.engine.logger.logger import Logger
from pake_tui.engine.logger.output import Output
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConfigError, PakeError
from pake_tui.paths import find_config

if TYPE_CHECKING:
    from pake_tui.engine.library.monitors import Monitors
    from pake_tui.engine.monitoring.monitor import Monitor

POLL_S = 0.2
MEND_S = 2.0
FLUSH_S = 1.0
COLLECTOR_S = 2.0
EXIT_S = 2.0
MAX_NAMES = 1_000


class Library:
    """Made once per process by `get_logger` and the like; survives forks."""

    def __init__(self) -> None:
        self._config_path = _found_config()
        self.settings, self._broken = _open_settings(self._config_path)
        self.output = Output(self._current, self._on_file, _working_folder())
        self._lock = threading.RLock()
        self._loggers: dict[tuple[str, str], Logger] = {}
        self._monitors: Monitors | None = None
        self._unregistered: dict[Path, str] = {}
        self._registered: dict[Path, str] = {}
        self.config_service = ConfigService(
            lambda: self.settings, self._actor, self._share, self._unshare, self._surroundings
        )
        self._keeper = Keeper(self._job_failed)
        self._keeper.add(POLL_S, self._poll)
        self._keeper.add(POLL_S, self._check)
        self._keeper.add(FLUSH_S, self._register)
        self._keeper.add(FLUSH_S, self._flush)
        self._keeper.add(COLLECTOR_S, self._need_collector)
        if self._broken is not None:
            problems = "".join(f"\n  {problem}" for problem in self._broken.problems)
            self.output.warn_once(f"{self._broken}; defaults are used until that is mended{problems}")
            self._keeper.add(MEND_S, self._mend)
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self.close)

    def logger(self, name: str | None, service: str | None) -> Logger:
        """The logger of a name; past a thousand names each call makes its own."""
        key = (name or "", service or "")
        found = self._loggers.get(key)
        if found is None:
            found = Logger(self.output, name, service or self._service_name)
            if len(self._loggers) < MAX_NAMES:
                with self._lock:
                    found = self._loggers.setdefault(key, found)
        return found

    def monitor(self, service: str | None) -> Monitor:
        """The monitor of a service."""
        return self._state().get(service or str(self._current().monitoring.service_name))

    def backdated_logger(self, name: str, service: str) -> Callable[[int], Logger]:
        """A maker of loggers that stamp what they write with a time of the past (UTC ns)."""
        output = _Backdated(self._current, self._on_file, self.output.base)
        logger = Logger(output, name, service)

        def at(time_ns: int) -> Logger:
            output.at_ns = time_ns
            return logger

        return at

    def close(self) -> None:
        """End the thread and write what is left; loggers go on working."""
        self._keeper.stop(EXIT_S)
        self._keeper.run(self._register)
        self._keeper.run(self._flush)
        self.output.close()

    def _current(self) -> Settings:
        return self.settings.current

    def _service_name(self) -> str:
        return str(self._current().logging.service_name)

    def _actor(self) -> str:
        return f"{self._service_name()}@{os.getpid()}"

    def _state(self) -> Monitors:
        """The state behind this process; a program that only logs never loads it in its own time."""
        with self._lock:
            if self._monitors is None:
                from pake_tui.engine.library.monitors import Monitors

                self._monitors = Monitors(self._current, self._keeper.wake, self.output.warn_once)
            return self._monitors

    def _share(self, values: dict[str, object]) -> None:
        """Where nothing can be stored the values count in this process alone."""
        try:
            self._state().share(values, self._actor())
        except PakeError as error:
            self.output.warn_once(f"the collector does not hear of changed monitoring settings: {error}")

    def _unshare(self) -> None:
        try:
            self._state().unshare(self._actor())
        except PakeError as error:
            self.output.warn_once(f"the collector does not hear of the reload: {error}")

    def _surroundings(self) -> tuple[list[str], str]:
        """What is wrong with the configuration since the start, and with the state folder."""
        broken = self._broken
        return [str(one) for one in (broken.problems or (broken,))] if broken else [], self._state().problem

    def _on_file(self, service: str, path: Path) -> None:
        """A logger wrote its first line to a file; the state hears of it in the background."""
        self._unregistered[path] = service
        self._keeper.wake()

    def _poll(self) -> None:
        self.settings.poll()

    def _mend(self) -> None:
        """Take the configuration that was broken at the start, once it is mended."""
        if self._broken is None:
            return
        settings, broken = _open_settings(self._config_path)
        if broken is None:
            self.settings, self._broken = settings, None

    def _check(self) -> None:
        if self._monitors is not None:
            self._monitors.check()

    def _register(self) -> None:
        """Tell the state where loggers write; once more where its file was corrupt, and begun anew."""
        if self._registered and self._state().is_begun_anew():
            self._unregistered = {**self._registered, **self._unregistered}
        while self._unregistered:
            path, service = self._unregistered.popitem()
            self._state().register_logger(service, path)
            self._registered[path] = service

    def _flush(self) -> None:
        if self._monitors is not None:
            self._monitors.flush()

    def _need_collector(self) -> None:
        if self._monitors is not None:
            self._monitors.need_collector(self.settings.path)

    def _job_failed(self, error: Exception) -> None:
        text = str(error) if isinstance(error, PakeError) else f"{type(error).__name__}: {error}"
        self.output.warn_once(text)

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        self._unregistered, self._registered = {}, {}
        self.settings.after_fork()
        self.output.after_fork()
        self._keeper.reset()
        if self._monitors is not None:
            self._monitors.after_fork()


class _Backdated(Output):
    """An output that stamps every event with a time of the past."""

    at_ns = 0

    def emit(self, event: dict[str, Any]) -> None:
        """Write the event as if it had happened then."""
        super().emit({**event, "timestamp": iso(self.at_ns)})


def _found_config() -> Path | None:
    """The configuration file; none where the working folder is gone and cannot be looked into."""
    try:
        return find_config()
    except OSError:
        return None


def _open_settings(path: Path | None) -> tuple[LiveSettings, ConfigError | None]:
    """The configuration, or the best that is left of a broken one, and what is wrong with it."""
    broken: ConfigError | None = None
    for file, use_env in ((path, True), (None, True), (None, False)):
        try:
            return LiveSettings(file, use_env=use_env, validators=VALIDATORS), broken
        except ConfigError as error:
            broken = broken or error
    raise AssertionError("defaults are never refused")


def _working_folder() -> Path:
    """Where relative log folders begin: the folder the program was started in, / if that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")
