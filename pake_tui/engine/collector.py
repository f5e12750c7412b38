"""The process that samples the host, judges rules and checks, and keeps the databases tidy.

Each part runs on a thread of its own, so that none waits for another; the main thread beats the heart.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from pake_tui import paths
from pake_tui.clock import DAY, SECOND, iso, monotonic, now_ns
from pake_tui.engine.alert_keeper import AlertKeeper
from pake_tui.engine.engine_log import open_engine_log
from pake_tui.engine.health_keeper import HealthKeeper
from pake_tui.engine.monitoring import checks
from pake_tui.engine.monitoring.sampler import Sampler
from pake_tui.engine.notify import notify
from pake_tui.engine.parts import Part
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConflictError, PakeError, StoreError
from pake_tui.model.check import HealthCheck
from pake_tui.model.host_metrics import UNITS
from pake_tui.model.sample import MetricKind, ProcessRow, SeriesKey

if TYPE_CHECKING:
    from pake_tui.engine.exporter import Exporter

BEAT_S = 0.5
IDLE_S = 60.0
TELL_S = 5.0
"""So often the service manager hears that all is well."""
STOP_S = 2.0
FORGET_HEALTH_NS = DAY
WRITER = "collector"
REPLACED = 75
"""The exit code of a permanent agent that another collector replaced: it is to begin anew (EX_TEMPFAIL)."""
_log = logging.getLogger("pake.engine")


class Collector:
    """One collector on one state folder; `run` returns when it left.

    `permanent` stays until told to go; the other kind leaves when nobody needed it for `idle_s` seconds. The
    configuration may have programs run where somebody `named` it, or where only its owner puts files.
    """

    def __init__(
        self,
        folder: Path,
        config: Path | None,
        *,
        permanent: bool,
        use_env: bool,
        idle_s: float = IDLE_S,
        named: bool = False,
    ) -> None:
        self._sampler = Sampler()
        self._folder = folder
        self._permanent = permanent
        self._idle_s = idle_s
        self._stop = threading.Event()
        self._why = ""
        self._deposed = False
        self._state = StateStore(folder)
        self._metrics = MetricsStore(folder)
        self._live = LiveSettings(config, use_env=use_env, validators=VALIDATORS)
        self._state_seen = -1
        self._wrong_runtime = ""
        self._config_path = str(self._live.place)
        no_commands = "" if named else paths.why_no_commands(self._live.place)
        self._values: dict[SeriesKey, float] = {}
        self._sensors: dict[str, str] = {}
        self._busiest: tuple[ProcessRow, ...] | None = None
        shared = (self._state, self._metrics, lambda: self._live.current, no_commands)
        self._health = HealthKeeper(*shared)
        self._exporter: Exporter | None = None
        self._alerts = AlertKeeper(*shared, self._leave_for)
        # The sampler's second sample is the first one with rates; whoever judges them begins after it.
        works: tuple[tuple[str, float, float, Callable[[], None]], ...] = (
            ("sampler", 0.2, 1.0, self._sample),
            ("config", 0.0, 0.5, self._watch_settings),
            ("rules", 0.3, 1.0, self._judge),
            ("logs", 0.5, 1.0, self._alerts.count_lines),
            ("health", 0.5, 0.5, self._check),
            ("store", 1.0, 60.0, self._tidy),
        )
        self._parts = [Part(*work, deposed=self._leave_for) for work in works]
        self._part = {part.name: part for part in self._parts}

    def run(self, begun: Callable[[], None] = lambda: None) -> int:
        """Collect until told to stop, replaced, unneeded, or without a folder: the exit code, which is
        REPLACED for a permanent one that was.

        `begun` is called once it leads. ConflictError if another one collects here.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._told_to_stop())
        self._claim()
        begun()
        open_engine_log(self._folder)
        kind = "permanent" if self._permanent else "on demand"
        _log.info("collector started, %s, configuration %s", kind, self._config_path)
        try:
            self._begin()
            self._beat_until_stopped()
        except DeposedError as error:
            self._leave_for(error)
        finally:
            self._end()
        return REPLACED if self._begins_anew else 0

    def _claim(self) -> None:
        leadership = self._state.leadership
        claim = partial(
            leadership.claim, config_path=self._config_path, permanent=self._permanent, version=_version()
        )
        epoch = claim()
        leader = leadership.current() if epoch is None else None
        if leader is not None and self._permanent and not leader.permanent:
            epoch = claim(replace_alive=True)
        if epoch is None:
            who = f"pid {leader.pid}" if leader else "another process"
            raise ConflictError(f"{who} collects in {self._folder} already", hint="one collector is enough")
        self._metrics.lead(epoch)

    def _begin(self) -> None:
        self._live.subscribe(self._settings_changed)
        self._live.on_dropped(self._state.runtime.drop)
        self._sample()
        self._obey_runtime()
        self._alerts.recall()
        for part in self._parts:
            part.start()

    def _beat_until_stopped(self) -> None:
        started, look, tell = monotonic(), 0.0, 0.0
        while not self._stop.is_set():
            self._state.leadership.beat()
            if monotonic() >= tell:
                tell = monotonic() + TELL_S
                notify(f"READY=1\nWATCHDOG=1\nSTATUS=collecting into {self._folder}")
            if monotonic() >= look:
                look = monotonic() + min(5.0, self._idle_s / 4)
                if not self._permanent and monotonic() - started > self._idle_s and self._is_unneeded():
                    return self._leave(f"nobody needed it for {self._idle_s:g} s")
            self._stop.wait(BEAT_S)
            if not self._folder.is_dir():
                return self._leave("its state folder is gone")
        return None

    def _is_unneeded(self) -> bool:
        wanted = self._state.wanted.last_ns()
        if wanted is not None and now_ns() - wanted < self._idle_s * SECOND:
            return False
        return not self._state.presence.list()

    def _leave(self, why: str) -> None:
        self._why = self._why or why
        self._stop.set()

    def _told_to_stop(self) -> None:
        self._deposed = False
        self._leave("told to stop")

    def _leave_for(self, error: Exception) -> None:
        self._deposed = self._deposed or (not self._stop.is_set() and self._another_leads())
        self._leave(str(error))

    def _another_leads(self) -> bool:
        """Whether another collector is on record: a folder that is being removed looks like that at first."""
        with contextlib.suppress(PakeError):
            leader = self._state.leadership.current()
            return leader is not None and leader.epoch != self._state.epoch
        return False

    @property
    def _begins_anew(self) -> bool:
        """A permanent agent is meant to collect, whoever did so while it was suspended."""
        return self._permanent and self._deposed

    def _end(self) -> None:
        if not self._begins_anew:  # a service manager would end what said so
            notify("STOPPING=1")
        deadline = monotonic() + STOP_S
        for part in self._parts:
            part.ask_to_stop()
        self._alerts.stop()
        if self._exporter is not None:
            self._exporter.stop()
        for part in self._parts:
            part.join(max(0.0, deadline - monotonic()))
        self._sampler.close()
        self._state.leadership.release()
        if self._folder.is_dir():
            _log.info("collector left: %s", self._why or "an error")

    def _sample(self) -> None:
        values = self._sampler.sample()
        meanings = {key: Meaning(MetricKind.GAUGE, UNITS.get(key.metric, "")) for key in values}
        self._values, self._sensors = values, dict(self._sampler.problems)
        self._metrics.record(WRITER, now_ns(), values, meanings)
        busiest = self._sampler.processes()
        if busiest is not self._busiest:
            self._metrics.put_processes(now_ns(), busiest)
            self._busiest = busiest

    def _watch_settings(self) -> None:
        """The file is looked at, and what was set at run time in the shared state."""
        news = self._live.check()
        seen = self._state.changed()
        if seen != self._state_seen:
            self._state_seen = seen
            self._state.leadership.stay_on_record()
            self._obey_runtime()
        if news:
            for problem in self._live.problems:
                _log.warning("configuration refused: %s", problem)
            self._check_now()

    def _obey_runtime(self) -> None:
        wrong = self._live.share_runtime(self._state.runtime.list())
        self._wrong_runtime = str(wrong[0]) if wrong else ""

    def _settings_changed(self, changed: frozenset[str]) -> None:
        _log.info("settings changed: %s", ", ".join(sorted(changed)))
        self._alerts.settings_changed()
        self._part["rules"].wake()
        self._check_now()

    def _check_now(self) -> None:
        self._health.judge_soon()
        self._part["health"].wake()

    def _judge(self) -> None:
        health = self._health
        self._alerts.turn(health.levels, health.heard, health.unreachable)
        self._alerts.look_for(health.names)

    def _check(self) -> None:
        """Run the checks that are due; the host's and the engine's own once an interval, or on news."""
        if any(part.failures == 1 for part in self._parts):
            self._health.judge_soon()
        self._health.turn(self._own_checks)

    def _own_checks(self) -> list[HealthCheck]:
        limits = self._live.current.monitoring
        rows = checks.host_checks(
            self._values,
            memory_limit=limits.memory_threshold_percent,
            disk_limit=limits.disk_threshold_percent,
        )
        counted = self._alerts.lines_report() is not None
        reports = [self._report(part) for part in self._parts if counted or part.name != "logs"]
        rows += checks.engine_checks(reports, self._sensors) + self._alerts.notifier_rows()
        return rows + self._export()

    def _export(self) -> list[HealthCheck]:
        """Serve Prometheus if the settings want that; what serves is loaded when they first do."""
        limits = self._live.current.monitoring
        if not limits.prometheus_enabled and self._exporter is None:
            return []
        from pake_tui.engine.exporter import Exporter

        self._exporter = self._exporter or Exporter(self._exposition)
        self._exporter.serve(limits.prometheus_port if limits.prometheus_enabled else None)
        return self._exporter.row()

    def _exposition(self) -> str:
        from pake_tui.engine.monitoring.exposition import exposition

        return exposition(self._metrics.standing(), self._metrics.catalog())

    def _report(self, part: Part) -> checks.PartReport:
        """How a part does, what is odd about it, or what there is to say of one that works."""
        odd, note = "", ""
        if part.name == "sampler":
            note = f"{len(self._values)} series, {part.took_s * 1000:.0f} ms a sample"
        elif part.name == "config":
            problems = [str(problem) for problem in self._live.problems]
            odd = problems[0] if problems else self._wrong_runtime
            note = self._config_path if self._live.path is not None else "no file: defaults are in force"
        elif part.name == "health":
            odd = self._health.problem
            note = self._health.summary or "no checks are configured; the host's and applications' are kept"
        elif part.name == "logs":
            odd, note = self._alerts.lines_report() or ("", "")
        elif part.name == "rules":
            odd, note = self._alerts.rules_report()
        else:
            odd = "; ".join((*self._state.notes, *self._metrics.notes)[:3])
            size, oldest = self._metrics.reach()
            since = f", metrics {size / 1e6:.0f} MB" + (f" since {iso(oldest)[:10]}" if oldest else "")
            note = f"{self._folder}{since}"
        return checks.PartReport(part.name, part.problem, part.stuck_for(), odd, note)

    def _tidy(self) -> None:
        """Roll up, forget what is old, shorten the write-ahead logs."""
        self._metrics.prune(most_bytes=self._live.current.limits.metrics_bytes)
        self._metrics.health.prune(now_ns() - FORGET_HEALTH_NS)
        self._metrics.health.prune_spans(now_ns())
        self._state.loggers.prune()
        self._alerts.tidy()
        self._state.database.checkpoint()


def run_agent(
    folder: Path,
    config: Path | None,
    *,
    auto: bool,
    idle_s: float = IDLE_S,
    named: bool = False,
    begun: Callable[[], None] = lambda: None,
) -> int:
    """What `pake-tui agent` does, and its exit code; one started on demand gives way in silence where another
    collects, and where the folder vanished there is nothing to say.

    ConfigError for a configuration that is refused, ConflictError, StoreError.
    """
    try:
        collector = Collector(
            folder, config, permanent=not auto, use_env=not auto, idle_s=idle_s, named=named
        )
        return collector.run(begun)
    except (ConflictError, StoreError) as error:
        if (auto and isinstance(error, ConflictError)) or not folder.is_dir():
            return 0
        raise


def _version() -> str:
    try:
        return version("pake-tui")
    except PackageNotFoundError:
        return "unknown"
