"""The console's pulse: one thread that reads the sources and hands a frozen snapshot to the screen.

It is started before Textual is imported, so that the first paint shows data.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pake_tui.clock import MINUTE, monotonic, now_ns
from pake_tui.errors import PakeError
from pake_tui.model.alert import AlertList, Presence
from pake_tui.model.check import HealthAnswer
from pake_tui.model.record import LogFiles
from pake_tui.model.sample import CollectorMode, CollectorStatus, Freshness, MetricAnswer, ProcessRow
from pake_tui.model.setting import ConfigView
from pake_tui.sources.protocols import Sources

RANGES = ((5 * MINUTE, "5 min"), (60 * MINUTE, "1 h"), (6 * 60 * MINUTE, "6 h"), (24 * 60 * MINUTE, "24 h"))
POINTS = 150
_NOTHING = Freshness(None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that screens show but log rows; `problems` names each part that could not be read, and why."""

    at_ns: int = 0
    metrics: MetricAnswer = field(default_factory=lambda: MetricAnswer((), 0, 0, _NOTHING))
    processes: tuple[ProcessRow, ...] = ()
    health: HealthAnswer = field(default_factory=lambda: HealthAnswer((), _NOTHING))
    alerts: AlertList = field(default_factory=lambda: AlertList((), _NOTHING))
    presence: tuple[Presence, ...] = ()
    collector: CollectorStatus = field(default_factory=lambda: CollectorStatus(CollectorMode.NONE))
    config: ConfigView = field(default_factory=lambda: ConfigView((), "", False))
    files: LogFiles = field(default_factory=lambda: LogFiles((), 0))
    problems: tuple[tuple[str, str], ...] = ()

    def problem(self, part: str) -> str:
        """Why a part is old or empty; empty where it is neither."""
        return dict(self.problems).get(part, "")


class Feed:
    """Reads all sources every second, and at once when the state changed (looked at 4 times a second)."""

    def __init__(self, sources: Sources, *, period_s: float = 1.0, clock: Callable[[], int] = now_ns) -> None:
        self.sources = sources
        self.clock = clock
        """What `now` is, UTC ns: the wall clock, or the present of invented sources."""
        self.span_ns = RANGES[0][0]
        self.paused = False
        self.latest = Snapshot()
        self._period = period_s
        self._listener: Callable[[Snapshot], None] | None = None
        self._stop = threading.Event()
        self._nudge = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pake-feed", daemon=True)

    def start(self) -> None:
        """Begin reading; once."""
        self._thread.start()

    def listen(self, listener: Callable[[Snapshot], None]) -> None:
        """Call the listener, in the feed's thread, with each new snapshot."""
        self._listener = listener

    def nudge(self) -> None:
        """Read everything now rather than at the next second."""
        self._nudge.set()

    def stop(self) -> None:
        """End the thread; returns when it has ended or after two seconds."""
        self._stop.set()
        self._nudge.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def read_once(self) -> Snapshot:
        """One snapshot of all sources; a part that fails keeps its last value and is named in `problems`."""
        problems: list[tuple[str, str]] = []
        sources = self.sources
        parts: tuple[tuple[str, Callable[[], object]], ...] = (
            ("collector", sources.metrics.collector),
            ("metrics", lambda: sources.metrics.series(None, self.span_ns, POINTS)),
            ("processes", lambda: sources.metrics.processes(10)),
            ("health", sources.health.checks),
            ("alerts", sources.alerts.alerts),
            ("presence", sources.alerts.presence),
            ("config", sources.config.view),
            ("files", sources.logs.files),
        )
        values: dict[str, object] = {}
        for name, read in parts:
            try:
                values[name] = read()
            except PakeError as error:
                problems.append((name, str(error)))
        self.latest = replace(self.latest, at_ns=self.clock(), problems=tuple(problems), **values)  # type: ignore[arg-type]  # each value comes from its own protocol method
        return self.latest

    def _run(self) -> None:
        stamp, due = 0, 0.0
        while not self._stop.is_set():
            self._nudge.wait(0.25)
            nudged = self._nudge.is_set()
            self._nudge.clear()
            try:
                changed = self.sources.alerts.changed()
            except PakeError:
                changed = stamp
            if not nudged and changed == stamp and monotonic() < due:
                continue
            if self.paused and not nudged:
                continue
            if monotonic() >= due:
                due = monotonic() + self._period - 0.02
            stamp = changed
            snapshot = self.read_once()
            if self._listener is not None and not self._stop.is_set():
                self._listener(snapshot)
