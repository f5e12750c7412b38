"""One process's loggers, monitors and settings, and the thread behind them."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pake_tui import clock, paths
from pake_tui.engine.agent_start import ensure_collector
from pake_tui.engine.library.config_service import ConfigService, shareable
from pake_tui.engine.library.keeper import Keeper
from pake_tui.engine.logger.logger import Logger
from pake_tui.engine.logger.output import Output
from pake_tui.engine.monitoring import rules
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.monitor import Monitor
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConfigError, PakeError
from pake_tui.model.alert import Policy

POLL_S = 0.2
MEND_S = 2.0
FLUSH_S = 1.0
COLLECTOR_S = 2.0
EXIT_S = 2.0
MAX_NAMES = 1_000


class Library:
    """Made once per process by `get_logger` and the like; survives forks."""

    def __init__(self) -> None:
        self._config_path = paths.find_config()
        self.settings, self._broken = _open_settings(self._config_path)
        self.output = Output(self._current, self._on_file, _working_folder())
        self._lock = threading.RLock()
        self._loggers: dict[tuple[str, str], Logger] = {}
        self._monitors: dict[str, Monitor] = {}
        self._unregistered: dict[Path, str] = {}
        self._stores: tuple[StateStore, MetricsStore] | None = None
        self._state_problem = ""
        self.config_service = ConfigService(
            lambda: self.settings, self._actor, self._share, self._unshare, self._surroundings
        )
        self._keeper = Keeper(self._job_failed)
        self._keeper.add(POLL_S, self._poll)
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
        chosen = service or str(self._current().monitoring.service_name)
        with self._lock:
            if chosen not in self._monitors:
                state, metrics = self._open_stores()
                self._monitors[chosen] = Monitor(
                    chosen,
                    self._current,
                    Alerting(state, self._policy),
                    metrics,
                    touched=self._keeper.wake,
                    warn=self.output.warn_once,
                )
            return self._monitors[chosen]

    def backdated_logger(self, name: str, service: str) -> Callable[[int], Logger]:
        """A maker of loggers that stamp what they write with a time of the past (UTC ns)."""
        output = _Backdated(self._current, self._on_file, self.output)

        def at(time_ns: int) -> Logger:
            output.at_ns = time_ns
            return logger

        logger = Logger(output, name, service)
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

    def _policy(self) -> Policy:
        monitoring = self._current().monitoring
        return Policy(
            cooldown_ns=int(monitoring.alert_cooldown_minutes * clock.MINUTE),
            max_per_hour=monitoring.max_alerts_per_hour,
        )

    def _open_stores(self) -> tuple[StateStore, MetricsStore]:
        with self._lock:
            if self._stores is None:
                folder = paths.state_folder()
                self._state_problem = folder.problem
                read_only = not folder.writable
                self._stores = (
                    StateStore(folder.path, read_only=read_only),
                    MetricsStore(folder.path, read_only=read_only),
                )
            return self._stores

    def _surroundings(self) -> tuple[list[str], str]:
        """What is wrong with the configuration since the start, and with the state folder."""
        self._open_stores()
        broken = self._broken
        return [str(one) for one in (broken.problems or (broken,))] if broken else [], self._state_problem

    def _share(self, values: dict[str, object]) -> None:
        """Tell the collector. Where nothing can be stored the values count in this process alone."""
        try:
            state, _ = self._open_stores()
            state.runtime.set("monitoring", shareable(values), self._actor())
        except PakeError as error:
            self.output.warn_once(f"the collector does not hear of changed monitoring settings: {error}")

    def _unshare(self) -> None:
        try:
            state, _ = self._open_stores()
            state.runtime.drop_of(self._actor())
        except PakeError as error:
            self.output.warn_once(f"the collector does not hear of the reload: {error}")

    def _actor(self) -> str:
        return f"{self._service_name()}@{os.getpid()}"

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

    def _register(self) -> None:
        while self._unregistered:
            path, service = self._unregistered.popitem()
            state, _ = self._open_stores()
            state.loggers.register(service, os.getpid(), path)

    def _flush(self) -> None:
        for monitor in list(self._monitors.values()):
            monitor.flush()

    def _need_collector(self) -> None:
        """An application with a monitor needs somebody who judges rules."""
        if not self._monitors or self._state_problem:
            return
        state, _ = self._open_stores()
        # The running collector may obey another file: an application only wants that there is one.
        with contextlib.suppress(ConfigError):
            ensure_collector(state, self.settings.path, mode=self._current().collector.mode)

    def _job_failed(self, error: Exception) -> None:
        self.output.warn_once(
            str(error) if isinstance(error, PakeError) else f"{type(error).__name__}: {error}"
        )

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        self.output.after_fork()
        self._unregistered = {}
        self._keeper.reset()
        for monitor in self._monitors.values():
            monitor.after_fork()


class _Backdated(Output):
    """An output that stamps every event with a time of the past, and shares nothing else with the present."""

    def __init__(
        self, settings: Callable[[], Settings], on_file: Callable[[str, Path], None], present: Output
    ) -> None:
        super().__init__(settings, on_file, present.base)
        self.at_ns = 0

    def emit(self, event: dict[str, Any]) -> None:
        """Write the event as if it had happened then."""
        super().emit({**event, "timestamp": clock.iso(self.at_ns)})


def _open_settings(path: Path | None) -> tuple[LiveSettings, ConfigError | None]:
    """The configuration, or where it is broken the best that is left, with what is wrong: an application
    starts all the same.
    """
    broken: ConfigError | None = None
    for file, use_env in ((path, True), (None, True), (None, False)):
        try:
            return LiveSettings(file, use_env=use_env, validators={"rules": rules.validate}), broken
        except ConfigError as error:
            broken = broken or error
    raise AssertionError("defaults are never refused")


def _working_folder() -> Path:
    """Where relative log folders begin: the folder the program was started in, / if that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")
