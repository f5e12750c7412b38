"""The state behind an application: its monitors, where its loggers write, and settings it shares.

Loaded with the first monitor, or in the background after the first log line: a logger needs no database.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from pake_tui.engine.agent_start import ensure_collector
from pake_tui.engine.monitoring.alerting import Alerting, policy_of
from pake_tui.engine.monitoring.monitor import Monitor
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.requests import PROBE, Heard
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConfigError, PakeError
from pake_tui.model.alert import Policy
from pake_tui.paths import config_is_named, state_folder


class Monitors:
    """One process's monitors on one state folder. Methods raise PakeError where it cannot be used."""

    def __init__(
        self, settings: Callable[[], Settings], touched: Callable[[], None], warn: Callable[[str], None]
    ) -> None:
        folder = state_folder()
        self.problem = folder.problem
        """Why nothing can be stored; empty where it can."""
        self._settings = settings
        self._touched = touched
        self._warn = warn
        self._state = StateStore(folder.path, read_only=not folder.writable)
        self._metrics = MetricsStore(folder.path, read_only=not folder.writable)
        self._asked = Heard(self._state, PROBE)
        self._generation = self._state.database.generation
        self._lock = threading.Lock()
        self._monitors: dict[str, Monitor] = {}

    def get(self, service: str) -> Monitor:
        """The monitor of a service, made when it is first asked for."""
        with self._lock:
            if service not in self._monitors:
                self._monitors[service] = Monitor(
                    service,
                    self._settings,
                    Alerting(self._state, self._policy),
                    self._metrics,
                    touched=self._touched,
                    warn=self._warn,
                )
            return self._monitors[service]

    def check(self) -> None:
        """Run the health checks that are due."""
        for monitor in list(self._monitors.values()):
            monitor.check()

    def flush(self) -> None:
        """Store what all monitors measured and checked, and run the checks that somebody asked for."""
        asked: tuple[str, ...] = ()
        if self._monitors and not self.problem:
            with contextlib.suppress(PakeError):
                asked = self._asked.names()
        for monitor in list(self._monitors.values()):
            for name in asked:
                monitor.probe(name)
            monitor.flush()

    def need_collector(self, config: Path | None) -> None:
        """An application with a monitor needs somebody who judges rules."""
        if not self._monitors or self.problem:
            return
        # The running collector may obey another file: an application only wants that there is one.
        with contextlib.suppress(ConfigError):
            mode, named = self._settings().collector.mode, config_is_named()
            ensure_collector(self._state, config, mode=mode, named=named)

    def register_logger(self, service: str, path: Path) -> None:
        """Tell consoles where a logger of this process writes."""
        self._state.loggers.register(service, os.getpid(), path)

    def is_begun_anew(self) -> bool:
        """Whether the state was opened since the last call: it may be a file that knows nothing of us."""
        with contextlib.suppress(PakeError):  # a state that cannot be had is told by whoever needs it
            self._state.changed()
        before, self._generation = self._generation, self._state.database.generation
        return before != self._generation

    def share(self, values: Mapping[str, object], actor: str) -> None:
        """Tell the collector of monitoring settings that were changed at run time."""
        self._state.runtime.set("monitoring", {name: _plain(value) for name, value in values.items()}, actor)

    def unshare(self, actor: str) -> None:
        """Take back what an actor changed."""
        self._state.runtime.drop_of(actor)

    def after_fork(self) -> None:
        """In a child: fresh locks and counters; the stores look after themselves."""
        self._asked = Heard(self._state, PROBE)
        self._lock = threading.Lock()
        for monitor in self._monitors.values():
            monitor.after_fork()

    def _policy(self) -> Policy:
        return policy_of(self._settings().monitoring)


def _plain(value: object) -> object:
    """A value as the state stores it: enums and paths by their text."""
    return getattr(value, "value", str(value) if isinstance(value, Path) else value)
