"""Opens the five sources over this host's engine, for a console."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

from pake_tui import paths
from pake_tui.engine.agent_start import ensure_collector, running_config
from pake_tui.engine.monitoring import rules
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConfigError, PakeError, ReadOnlyError
from pake_tui.model.alert import Policy
from pake_tui.sources.embedded.alerts import EmbeddedAlertSource
from pake_tui.sources.embedded.config import EmbeddedConfigStore
from pake_tui.sources.embedded.health import EmbeddedHealthSource
from pake_tui.sources.embedded.later import later
from pake_tui.sources.embedded.metrics import EmbeddedMetricSource
from pake_tui.sources.protocols import LogSource, Sources

Made = TypeVar("Made")


def open_sources(*, config: Path | None, read_only: bool, files: Sequence[str] = ()) -> Sources:
    """The sources of one console. ConfigError for a broken file, or one that a running collector disobeys.

    `files`, where given, are the only logs. Where no state folder can be written, metrics go to a private
    temporary one and alerts are only read.
    """
    closing = ExitStack()
    try:
        return _open(config, "asked for with --read-only" if read_only else "", closing, files)
    except BaseException:
        closing.close()
        raise


def _open(config: Path | None, read_only: str, closing: ExitStack, files: Sequence[str]) -> Sources:
    folder = paths.state_folder(create=not read_only)
    warnings: list[str] = []
    if folder.problem and not read_only:
        read_only = folder.problem
        warnings.append(f"alerts are only read, metrics are kept until you leave: {folder.problem}")
    state, collecting, metrics = _stores(folder, bool(read_only), closing)
    live = _settings(config, collecting)
    if not read_only:
        read_only = _announce(state, closing, warnings)
    with suppress(PakeError):  # opened now, so that what is odd about it is said at once
        metrics.database.data_version()
    warnings += (*state.notes, *metrics.database.notes)

    def start() -> str:
        if not read_only:
            with suppress(PakeError):
                state.presence.beat()
        if collecting.read_only:
            return "--read-only starts no collector"
        named = config is not None or paths.config_is_named()
        return ensure_collector(collecting, live.path, mode=live.current.collector.mode, named=named)

    actor = paths.actor()
    alerts = EmbeddedAlertSource(state, lambda: _policy(live), actor, read_only)
    closing.callback(alerts.close)
    return Sources(
        metrics=EmbeddedMetricSource(
            metrics,
            collecting,
            start=start,
            thresholds=_made_of(live, lambda settings: rules.thresholds(rules.in_force(settings))),
            rules=lambda: rules.in_force(live.current),
        ),
        health=EmbeddedHealthSource(collecting, metrics, actor, read_only),
        alerts=alerts,
        logs=later(lambda: _logs(files, live, state, closing)),
        config=EmbeddedConfigStore(live, actor, read_only),
        host=socket.gethostname(),
        environment=live.current.monitoring.environment or live.current.logging.environment,
        actor=actor,
        state_folder=str(folder.path),
        read_only=read_only,
        warnings=tuple(dict.fromkeys(warnings)),
        close=closing.close,
    )


def _stores(
    folder: paths.StateFolder, read_only: bool, closing: ExitStack
) -> tuple[StateStore, StateStore, MetricsStore]:
    """The state, that of whoever collects for this console, and the metrics; the latter two in a private
    temporary folder where the state folder cannot be written.
    """
    state = collecting = StateStore(folder.path, read_only=read_only)
    closing.callback(state.close)
    if folder.problem:
        temporary = Path(tempfile.mkdtemp(prefix="pake-tui-"))
        closing.callback(shutil.rmtree, temporary, ignore_errors=True)
        collecting = StateStore(temporary)
        closing.callback(collecting.close)
    metrics = MetricsStore(collecting.folder, read_only=collecting.read_only)
    closing.callback(metrics.close)
    return state, collecting, metrics


def _logs(files: Sequence[str], live: LiveSettings, state: StateStore, closing: ExitStack) -> LogSource:
    """The log files; what reads them is loaded now."""
    from pake_tui.engine.logfiles.configured import log_settings
    from pake_tui.sources.embedded.logs import EmbeddedLogSource

    logs = EmbeddedLogSource(
        files=files,
        globs=lambda: live.current.logs,
        registered=lambda: [(row.service, str(row.path)) for row in state.loggers.paths()],
        settings=_made_of(live, log_settings),
    )
    closing.callback(logs.close)
    return logs


def _settings(config: Path | None, state: StateStore) -> LiveSettings:
    """The settings of the file that the collector obeys, else of the one named or found."""
    running = running_config(state)
    if config is not None:
        config = config.expanduser().absolute()
        if running is not None and running.resolve() != config.resolve():
            raise ConfigError(
                f"the collector here obeys {running}, not {config}",
                hint="open without --config, or end that collector first",
            )
    path = config or running or paths.find_config()
    if config is None and path is not None and not paths.holds(path.exists):
        path = None
    live = LiveSettings(path, use_env=False, validators=VALIDATORS)
    with suppress(PakeError):
        live.share_runtime(state.runtime.list())
    return live


def _announce(state: StateStore, closing: ExitStack, warnings: list[str]) -> str:
    """Tell the other consoles that this one is here, until it is closed; why it may not write, or ""."""

    def leave() -> None:
        with suppress(PakeError):
            state.presence.leave()

    try:
        state.presence.enter(paths.actor())
    except PakeError as error:
        warnings.append(str(error))
        return str(error) if isinstance(error, ReadOnlyError) else ""
    closing.callback(leave)
    return ""


def _policy(live: LiveSettings) -> Policy:
    """The fatigue settings in force."""
    from pake_tui.engine.monitoring.alerting import policy_of

    return policy_of(live.current.monitoring)


def _made_of(live: LiveSettings, make: Callable[[Settings], Made]) -> Callable[[], Made]:
    """What is made of the settings in force; worked out once for each."""
    settings = live.current
    made = make(settings)

    def now() -> Made:
        nonlocal settings, made
        if live.current is not settings:
            settings = live.current
            made = make(settings)
        return made

    return now
