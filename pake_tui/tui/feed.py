"""The console's pulse: one thread that reads the sources and hands a frozen snapshot to the screen.

It is started before Textual is imported, so that the first paint shows data.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import DAY, HOUR, MINUTE, monotonic, now_ns
from pake_tui.errors import PakeError
from pake_tui.model.alert import AlertList, Presence
from pake_tui.model.check import HealthAnswer
from pake_tui.model.record import LogFiles
from pake_tui.model.sample import CollectorMode, CollectorStatus, Freshness, MetricAnswer, ProcessRow
from pake_tui.model.setting import ConfigView
from pake_tui.sources.protocols import AlertSource, LogSource, Sources

RANGES = (
    (5 * MINUTE, "5 min"),
    (HOUR, "1 h"),
    (6 * HOUR, "6 h"),
    (24 * HOUR, "24 h"),
    (7 * DAY, "7 d"),
    (30 * DAY, "30 d"),
)
POINTS = 150
STATE_EVERY_S = 5.0
"""The state is read so often although nothing in it changed: time alone ends a snooze or a presence."""
AFTER_KEY_S = 0.085
"""What changes by itself waits so long after a key, half a period at most: answers to keys go first, and come
to their end.
"""
EARLY, LATE = 0.3, 1.05
"""What is due within so much of a period comes with a line that came, and the period after that may last so
much: lines that come once a second and what is read once a second are one picture, not two.
"""
HELD_S = 0.11
"""So soon a record that is held back may be read."""
HOLDING_S = 10.0
"""So long after one was held back the next are taken to be, too: one look, when they may be read."""
GATHERED_S = 0.5
"""Lines that come again within so long are looked at as soon as may be."""
FOLLOWED = ("files",)
EACH_PERIOD = ("collector", "metrics", "processes", "health", "config")
OF_STATE = ("alerts", "presence")
_NOTHING = Freshness(None)


class Snapshot(Struct, frozen=True):
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
    """Reads all sources every `period_s`, and what changed in between when it did.

    When the state changed or log files grew, only that is read, and the snapshot keeps its time. Where the
    system tells of neither it looks four times a period.
    """

    def __init__(self, sources: Sources, *, period_s: float = 1.0, clock: Callable[[], int] = now_ns) -> None:
        self.sources = sources
        self.clock = clock
        """What `now` is, UTC ns: the wall clock, or the present of invented sources."""
        self.period_s = period_s
        """May be set at any time: a slow link is brought less."""
        self.span_ns = RANGES[0][0]
        self.paused = False
        self.latest = Snapshot()
        self._state_due = 0.0
        self._key_at = 0.0
        self._due = 0.0
        self._alone = False
        """Whether lines were brought without the rest of a second since that was read."""
        self._holding_until = self._came_at = 0.0
        self._listener: Callable[[Snapshot], None] | None = None
        self._stop = threading.Event()
        self._nudge = threading.Event()
        self._wake = threading.Event()
        """Set with every nudge, and where only log files have changed."""
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
        self._wake.set()

    def typed(self) -> None:
        """A key came: what changes by itself waits a moment."""
        self._key_at = monotonic()

    @property
    def rest_s(self) -> float:
        """Seconds that what changes by itself waits yet for the last key's answer; 0 as a rule."""
        return max(0.0, self._key_at + AFTER_KEY_S - monotonic())

    def stir(self) -> None:
        """The state or log files changed: look now rather than at the next quarter of a second."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread; returns when it has ended or after two seconds."""
        self._stop.set()
        self.nudge()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def read_once(self) -> Snapshot:
        """One snapshot of all sources; a part that fails keeps its last value and is named in `problems`."""
        self._state_due = monotonic() + STATE_EVERY_S
        self.latest = replace(self._read((*EACH_PERIOD, *FOLLOWED, *OF_STATE)), at_ns=self.clock())
        return self.latest

    def _read(self, names: tuple[str, ...]) -> Snapshot:
        """The latest snapshot with these parts read anew."""
        sources = self.sources
        readers: dict[str, Callable[[], object]] = {
            "collector": sources.metrics.collector,
            "metrics": lambda: sources.metrics.series(None, self.span_ns, POINTS),
            "processes": lambda: sources.metrics.processes(20),
            "health": sources.health.checks,
            "config": sources.config.view,
            "files": lambda: sources.logs.files(),  # a log source is loaded when it is first asked
            "alerts": sources.alerts.alerts,
            "presence": sources.alerts.presence,
        }
        problems = [one for one in self.latest.problems if one[0] not in names]
        values: dict[str, object] = {}
        for name in names:
            try:
                values[name] = readers[name]()
            except PakeError as error:
                problems.append((name, str(error)))
        return replace(self.latest, problems=tuple(problems), **values)

    def _run(self) -> None:
        stamp, watched = 0, False
        while not self._stop.is_set():
            stirred = self._wake.wait(self._pause())
            if stirred and self._will_be_held():
                self._nudge.wait(HELD_S)
            self._wake.clear()
            nudged = self._nudge.is_set()
            self._nudge.clear()
            now = monotonic()
            rest = self.rest_s
            if rest and now < self._due + self.period_s / 2 and not nudged:
                self._nudge.wait(rest)
                self._wake.set()
                continue
            if self.paused and not nudged:
                continue
            try:
                changed = self.sources.alerts.changed()
            except PakeError:
                changed = stamp
            news, stamp = changed != stamp, changed
            if self._listener is None:
                self._prepare()
                continue
            if not watched:
                with contextlib.suppress(PakeError):  # tried again; what is wrong, reading the files says
                    self.sources.alerts.watch(self.stir)
                    self.sources.logs.watch(self.stir)
                    watched = True
            self._turn(now, news=news, nudged=nudged)

    def _will_be_held(self) -> bool:
        """Whether lines that came now, after a while, will be held back as those before them were."""
        now = monotonic()
        return now < self._holding_until and not self.latest.files.held and now - self._came_at > GATHERED_S

    def _pause(self) -> float:
        """Seconds until the next look, if nothing wakes it."""
        pause = self.period_s / 4
        if self.paused or not self._due:
            return pause
        if self.latest.files.held:
            return HELD_S
        left = max(0.0, self._due - monotonic())
        told = self._quiet(self.sources.alerts) and self._quiet(self.sources.logs)
        return left if told else min(pause, left)

    def _turn(self, now: float, *, news: bool, nudged: bool) -> None:
        """Bring what is due, what people did, lines that came, or what somebody asked for."""
        due = nudged or now >= self._due
        came = self._look(news or nudged, anyway=due)
        if self.latest.files.held:
            self._holding_until = now + HOLDING_S
        if came:
            self._came_at = now
        if self.latest.files.held and not came and now < self._due + HELD_S:
            return
        if due or (came and now >= self._due - self.period_s * EARLY):
            # After lines that came alone, or came just now, it waits a little for those that come next.
            self._due = now + self.period_s * (LATE if came or self._alone else 1.0)
            self._alone = False
            self.latest = replace(self._read(EACH_PERIOD), at_ns=self.clock())
        else:
            self._alone = self._alone or came
        if due or came:
            self._hand_over(self.latest, wanted=nudged)

    def _prepare(self) -> None:
        """What the first screen shows, read while it is made; the log engine is loaded after that."""
        if not self.latest.at_ns:
            self.latest = replace(self._read((*EACH_PERIOD, *OF_STATE)), at_ns=self.clock())

    def _look(self, news: bool, *, anyway: bool) -> bool:
        """Read what people did, where that may be news, and lines that came; whether there is anything new.

        A part of it that could not be read is tried again.
        """
        names: list[str] = []
        now, before = monotonic(), self.latest
        if anyway and (now >= self._state_due or any(before.problem(name) for name in OF_STATE)):
            news = True
        if news:
            self._state_due = now + STATE_EVERY_S
            names += OF_STATE
        if anyway or not self._quiet(self.sources.logs):
            names += FOLLOWED
        if names:
            self.latest = self._read(tuple(names))
        return _news_of(self.latest) != _news_of(before)

    def _quiet(self, source: AlertSource | LogSource) -> bool:
        with contextlib.suppress(PakeError):
            return source.quiet()
        return False

    def _hand_over(self, snapshot: Snapshot, *, wanted: bool = False) -> None:
        """Give it to the screen, unless that was paused while it was read, and nobody `wanted` it."""
        if self._listener is not None and not self._stop.is_set() and (wanted or not self.paused):
            self._listener(snapshot)


def _news_of(snapshot: Snapshot) -> tuple[object, ...]:
    """What is shown as soon as it changes."""
    people = replace(snapshot.alerts, fresh=_NOTHING), snapshot.presence
    return snapshot.files.growth, snapshot.problems, people
