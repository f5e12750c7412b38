"""What log rules judge: how many lines of a query came within a span, counted as files grow."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pake_tui.clock import SECOND, local_zone, monotonic, now_ns
from pake_tui.engine.logfiles.configured import log_settings
from pake_tui.engine.logfiles.discover import Discovery, Folders, discover
from pake_tui.engine.logfiles.reader import LogReader
from pake_tui.engine.logfiles.table import FileTable
from pake_tui.engine.monitoring.rules import LINES, Rule
from pake_tui.errors import PakeError
from pake_tui.model.record import Cursor, Direction, LogFiles, RowKind
from pake_tui.model.sample import SeriesKey
from pake_tui.query import parse

if TYPE_CHECKING:
    from pake_tui.engine.settings.schema import Settings
    from pake_tui.engine.store.state import StateStore

BUDGET_S = 0.3
"""Of each second so much is spent on one rule at most; what is left over is read in the next."""
MOST_ROWS = 5_000


class _Watched(Struct):
    """A rule with the place up to which its lines are counted, and how many came in which second (UTC)."""

    rule: Rule
    cursor: Cursor | None = None
    seconds: deque[tuple[int, int]] = field(default_factory=deque)
    caught_up: bool = False

    def add(self, time_ns: int) -> None:
        second = time_ns // SECOND
        if self.seconds and self.seconds[-1][0] >= second:  # late lines count with the newest second
            last, count = self.seconds[-1]
            self.seconds[-1] = (last, count + 1)
        else:
            self.seconds.append((second, 1))

    def count(self, at_ns: int) -> int:
        oldest = (at_ns - self.rule.window_ns) // SECOND
        while self.seconds and self.seconds[0][0] <= oldest:
            self.seconds.popleft()
        return sum(count for _, count in self.seconds)


class LogCounter:
    """Counts the lines of every log rule; `turn` is called once a second, on a thread that may read files.

    A rule that is new counts what came within its span before, so that a restart forgets nothing.
    """

    def __init__(self, state: StateStore, settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._registered: list[tuple[str, str]] = []
        self._folders = Folders()
        how = log_settings(settings)
        self._reading = how.reading
        self._table = FileTable(self._discover, self._reading, most=how.most_files)
        self._reader = LogReader()
        self._watched: dict[str, _Watched] = {}

    def reads_as(self, settings: Settings) -> bool:
        """Whether it reads the files that these settings name, as they say."""
        names = ("logs", "formats", "correlation_ids", "limits", "masking")
        return all(getattr(self._settings, name) == getattr(settings, name) for name in names)

    def put_in_force(self, rules: Iterable[Rule]) -> None:
        """Count for these; one whose query and span are as before goes on."""
        before = self._watched
        self._watched = {}
        for rule in rules:
            known = before.get(rule.name)
            if known is None or (known.rule.query, known.rule.window_ns) != (rule.query, rule.window_ns):
                known = _Watched(rule)
            self._watched[rule.name] = known

    def turn(self) -> Mapping[SeriesKey, tuple[int, float]]:
        """Read what is new: the count of each rule that has caught up, with its time (UTC ns)."""
        found: dict[SeriesKey, tuple[int, float]] = {}
        for watched in self._watched.values():
            self._read(watched)
            if watched.caught_up:
                now = now_ns()
                key = SeriesKey(LINES, (("rule", watched.rule.name),))
                found[key] = (now, float(watched.count(now)))
        return found

    def files(self) -> LogFiles:
        """The files that are read."""
        return self._table.files()

    @property
    def problem(self) -> str:
        """Which rules are behind, because more is written than can be read; empty where none is."""
        late = [name for name, watched in self._watched.items() if not watched.caught_up]
        return f"still reading for {', '.join(late[:5])}" if late else ""

    def _read(self, watched: _Watched) -> None:
        """Count what came since the last turn, within the budget."""
        rule, started = watched.rule, now_ns()
        query = parse(rule.query, now_ns=started, zone=local_zone(), aliases=self._reading.aliases)
        view = self._table.refresh()
        begin = watched.cursor
        if begin is None:
            begin = self._reader.place(view, started - rule.window_ns)
        stop, end = threading.Event(), monotonic() + BUDGET_S
        watched.caught_up = False
        for batch in self._reader.read(view, query, begin, Direction.NEWER, MOST_ROWS, stop):
            watched.cursor = batch.cursor
            for row in batch.rows:
                stated = row.record.time_ns
                at_ns = started if stated is None else min(stated, started)
                if row.kind is RowKind.RECORD and at_ns > started - rule.window_ns:
                    watched.add(at_ns)
            watched.caught_up = batch.done and batch.at_end
            if monotonic() > end:
                return

    def _discover(self, before: Discovery) -> Discovery:
        try:
            self._registered = [(row.service, str(row.path)) for row in self._state.loggers.paths()]
        except PakeError:
            pass  # logs are read on where the state can't be: with what was registered when it could
        return discover(self._settings.logs, self._registered, self._folders, before=before)
