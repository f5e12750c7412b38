"""What commands that only read stand on: stores, settings in force, one sample where nobody collects."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from msgspec import Struct

from pake_tui import paths
from pake_tui.engine.agent_start import running_config
from pake_tui.engine.monitoring.sampler import Sampler
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import StoreError
from pake_tui.model.sample import CollectorMode, CollectorStatus, SeriesKey
from pake_tui.sources.embedded.metrics import status

RATE_SPAN_S = 0.25


class Reading(Struct, frozen=True):
    """The stores of the state folder, only read, and who fills them."""

    folder: paths.StateFolder
    state: StateStore
    metrics: MetricsStore
    collector: CollectorStatus
    problem: str = ""
    """Why the state cannot be read; empty where it can."""

    @property
    def living(self) -> bool:
        """Whether a collector beats now."""
        return self.collector.mode in (CollectorMode.AGENT, CollectorMode.OWN)


class Sample(Struct, frozen=True):
    """One sample of this host: values by series, sensors that failed with the reason, and those that are
    not there.
    """

    values: dict[SeriesKey, float]
    problems: dict[str, str]
    absent: dict[str, str]


def open_reading(*, whatever: bool = False) -> Reading:
    """The state folder's stores; nothing is made or changed.

    A state that cannot be read is a StoreError, or with `whatever` the reading's `problem`.
    """
    folder = paths.state_folder(create=False)
    state, metrics = StateStore(folder.path, read_only=True), MetricsStore(folder.path, read_only=True)
    try:
        return Reading(folder, state, metrics, status(state))
    except StoreError as error:
        if not whatever:
            raise
        nobody = CollectorStatus(CollectorMode.NONE, problem=str(error))
        return Reading(folder, state, metrics, nobody, problem=str(error))


def config_in_force(options: argparse.Namespace, state: StateStore) -> Path | None:
    """The configuration: `--config`, else the running collector's, else one that is found."""
    return options.config or running_config(state) or paths.find_config()


def settings_of(options: argparse.Namespace, state: StateStore) -> Settings:
    """The settings in force: of `--config`, else of the running collector, else found. ConfigError."""
    path = config_in_force(options, state)
    if options.config is None and path is not None and not path.exists():
        path = None
    live = LiveSettings(path, use_env=True, validators=VALIDATORS)
    live.share_runtime(state.runtime.list())
    return live.current


def sample_once() -> Sample:
    """One sample of this host with its rates, a quarter of a second long."""
    sampler = Sampler()
    time.sleep(RATE_SPAN_S)
    try:
        return Sample(sampler.sample(), dict(sampler.problems), dict(sampler.absent))
    finally:
        sampler.close()
