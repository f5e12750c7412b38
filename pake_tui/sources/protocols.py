"""Five small synchronous protocols: all that a screen or a command knows of where its data comes from.

They are called from worker threads. Everything returned is a frozen struct of `pake_tui.model`; a long
answer is an iterator of batches that ends early once its cancel flag is set. Failures are `PakeError`s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from pake_tui.model.alert import Alert, AlertDetail, AlertList, AlertState, Presence
from pake_tui.model.check import CheckHistory, HealthAnswer, HealthCheck
from pake_tui.model.forecast import Forecast
from pake_tui.model.record import (
    Address,
    Cursor,
    Direction,
    Histogram,
    LogBatch,
    LogFiles,
    RecordDetail,
    Trace,
)
from pake_tui.model.sample import CollectorStatus, MetricAnswer, ProcessRow, SeriesKey
from pake_tui.model.setting import ConfigView, EditPreview

if TYPE_CHECKING:
    from pake_tui.query import Query

Cancel = threading.Event


class MetricSource(Protocol):
    """Series over time, the busiest processes, and who collects."""

    def catalog(self) -> tuple[SeriesKey, ...]:
        """Every series there is data for, host's first, sorted."""
        ...

    def series(self, keys: Sequence[SeriesKey] | None, span_ns: int, points: int) -> MetricAnswer:
        """The last `span_ns` of the named series (all if None) in `points` equal steps, gaps as None."""
        ...

    def processes(self, limit: int = 10) -> tuple[ProcessRow, ...]:
        """The busiest processes at the last sample, by cpu."""
        ...

    def forecast(self, key: SeriesKey) -> Forecast | None:
        """When a series reaches the threshold that a rule sets it; None where no rule does."""
        ...

    def collector(self) -> CollectorStatus:
        """Who samples; also the moment where a missing collector is started if the source may."""
        ...


class HealthSource(Protocol):
    """Health checks as last judged."""

    def checks(self) -> HealthAnswer:
        """All checks, most urgent first, then by name."""
        ...

    def check(self, name: str) -> HealthCheck:
        """One check with its history. NotFoundError."""
        ...

    def history(self, name: str, since_ns: int) -> CheckHistory:
        """Its states since a time (UTC ns); without spans where nothing is known."""
        ...

    def probe(self, name: str) -> None:
        """Have it run now by whoever runs it. NotFoundError, ReadOnlyError."""
        ...


class AlertSource(Protocol):
    """Alerts and what people do to them. Each action is on disk when it returns."""

    def alerts(self, states: frozenset[AlertState] | None = None) -> AlertList:
        """Live ones and those resolved within 24 h, or those in `states`: firing first, then by severity."""
        ...

    def alert(self, alert_id: str) -> AlertDetail:
        """One alert, by id or unique prefix, with its history. NotFoundError."""
        ...

    def changed(self) -> int:
        """A number that changes when anything in the state did, cheap enough for four times a second."""
        ...

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake`, from any thread, soon after anybody wrote to the state; never where nobody tells."""
        ...

    def quiet(self) -> bool:
        """Whether nobody wrote for a moment, and `wake` tells when somebody does; False where only looking
        tells.
        """
        ...

    def acknowledge(self, alert_id: str, comment: str = "") -> Alert:
        """Take it. ConflictError says who has it or resolved it; a comment is kept all the same."""
        ...

    def unacknowledge(self, alert_id: str) -> Alert:
        """Give it back: acknowledged becomes firing."""
        ...

    def snooze(self, alert_id: str, until_ns: int, comment: str = "") -> Alert:
        """Silent until a time (UTC ns). ConflictError where that has passed, or who resolved it."""
        ...

    def resolve(self, alert_id: str, note: str = "") -> Alert:
        """Close it by hand. ConflictError says who was first."""
        ...

    def comment(self, alert_id: str, text: str) -> Alert:
        """Add to its history; no change of state."""
        ...

    def presence(self) -> tuple[Presence, ...]:
        """Consoles open now, this one included, oldest first."""
        ...


class LogSource(Protocol):
    """One view of all log files, merged by time."""

    zone: tzinfo
    """In which times of queries (`since:`, `at:`) are read: the one shown."""

    def parse(self, query: str) -> Query:
        """A query as this source reads it now. QueryError (a PakeError) for a wrong one."""
        ...

    def files(self) -> LogFiles:
        """The files of the view; cheap enough for a few times a second."""
        ...

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake`, from any thread, soon after a file of the view changed; never where nobody tells."""
        ...

    def quiet(self) -> bool:
        """Whether nothing has changed since `files` was called last; False where only looking tells."""
        ...

    def read(
        self, query: str, start: Cursor | None, direction: Direction, limit: int, cancel: Cancel
    ) -> Iterator[LogBatch]:
        """At most `limit` rows that match, from `start` on (None: the newest end going older, the oldest
        end going newer). An empty query reads only what it shows; any other is scanned in the worker
        process. QueryError (a PakeError) for a wrong query, raised by this call.
        """
        ...

    def count(self, query: str, cancel: Cancel, before: Cursor | None = None) -> Iterator[LogBatch]:
        """Hits over all files, or up to a place: batches without rows, `hits` and progress growing."""
        ...

    def detail(self, address: Address, context: int = 3) -> RecordDetail:
        """One record whole. LogError if its file is gone."""
        ...

    def trace(self, correlation_id: str, cancel: Cancel) -> Iterator[Trace]:
        """Growing traces of one ID, the last one complete. A prefix of eight or more characters will do."""
        ...

    def place(self, time_ns: int) -> Cursor:
        """The place before the first record at or after a time."""
        ...

    def histogram(self, since_ns: int | None, until_ns: int | None, buckets: int) -> Histogram:
        """Records between two times (both included, None: no bound) by time and level, in at most `buckets`.

        Answered in milliseconds from what is indexed; `covered_bytes` says how much of the files that is.
        """
        ...

    def field_names(self) -> tuple[str, ...]:
        """Field names seen so far, for completion."""
        ...


class ConfigStore(Protocol):
    """The one configuration, its edits and its problems."""

    def view(self) -> ConfigView:
        """Every setting as it is in force now."""
        ...

    def preview(self, path: str, text: str) -> EditPreview:
        """What setting `path` to the typed `text` would change, or why it is refused."""
        ...

    def apply(self, path: str, text: str) -> EditPreview:
        """Write it into the file, comments and order kept. ConfigError, ReadOnlyError."""
        ...

    def validate(self, text: str) -> ConfigView:
        """Judge a whole file's text without applying it: its problems are in the answer."""
        ...


class Sources(Struct, frozen=True):
    """The five sources of one console, with what its header says of where they come from."""

    metrics: MetricSource
    health: HealthSource
    alerts: AlertSource
    logs: LogSource
    config: ConfigStore
    host: str
    environment: str
    actor: str
    state_folder: str
    read_only: str = ""
    """Why nothing can be changed; empty where it can."""
    warnings: tuple[str, ...] = ()
    """What was odd at start, in words, for the message line."""
    close: Callable[[], None] = lambda: None
