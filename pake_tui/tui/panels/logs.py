"""The log panel: what the keys do in a log view."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from typing import ClassVar

from pake_tui.model.record import Address, Direction, Level, LogRow, RowKind
from pake_tui.query import from_flags
from pake_tui.query.moments import EXPECTED, moment
from pake_tui.sources.protocols import LogSource
from pake_tui.tui.alertwords import alert_of
from pake_tui.tui.drawing import day_and_clock
from pake_tui.tui.loghead import file_options
from pake_tui.tui.panels.histogram import HistogramRow
from pake_tui.tui.panels.logfilter import LogFilter
from pake_tui.tui.widgets.panel import bindings_for
from pake_tui.tui.widgets.prompt import Question

MOST_SAVED = 10_000
"""Hits that are read to be saved."""


class LogPanel(LogFilter):
    """Log rows with everything an operator does to them: filter, follow, jump, trace, save."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("logs")]
    places: ClassVar = ("logs", "list")

    # Moving.

    def action_follow(self) -> None:
        """Follow the newest lines, or stop that."""
        if self.session.following:
            self.session.following = False
            self.refresh()
        else:
            self.session.open_newest()

    def action_bottom(self) -> None:
        """To the newest line, and follow."""
        if not self.session.following:
            self.session.open_newest()

    def action_top(self) -> None:
        """To the oldest line of all."""
        if self.session.window.at_oldest:
            self.move_to(0)
        else:
            self.session.open_oldest()

    def next_hit(self, step: int) -> None:
        """To the next line that the query matches."""
        session, matcher = self.session, self.matcher
        if matcher is None:
            self.console_app.say("no filter yet; / sets one", "dim")
            return
        self._find(
            step, lambda row: matcher.matches(row.record), session.query if session.lit else "", "match"
        )

    def action_next_error(self) -> None:
        """To the next error."""
        self._find_level(1, Level.ERROR)

    def action_previous_error(self) -> None:
        """To the previous error."""
        self._find_level(-1, Level.ERROR)

    def action_next_warning(self) -> None:
        """To the next warning or worse."""
        self._find_level(1, Level.WARNING)

    def action_previous_warning(self) -> None:
        """To the previous warning or worse."""
        self._find_level(-1, Level.WARNING)

    def action_next_same(self) -> None:
        """To the next line of the same ID."""
        self._find_same(1)

    def action_previous_same(self) -> None:
        """To the previous line of the same ID."""
        self._find_same(-1)

    def _find_level(self, step: int, least: Level) -> None:
        def wanted(row: LogRow) -> bool:
            return row.record.level is not None and row.record.level >= least

        self._find(step, wanted, f"level>={least.word}", least.word)

    def _find_same(self, step: int) -> None:
        cid = self.selected_id()
        if not cid:
            self.console_app.say("this line has no correlation ID", "warning")
            return
        self._find(step, lambda row: row.record.correlation_id == cid, from_flags(cid=cid), f"line of {cid}")

    def _find(self, step: int, wanted: Callable[[LogRow], bool], query: str, about: str) -> None:
        said = self.session.find(step, wanted, query, about)
        self.refresh()
        if said:
            self.console_app.say(said, "warning")

    def action_go_to_time(self) -> None:
        """Ask for a time and go there."""
        self.console_app.ask(Question("go to time: ", self.go_to_time, kind="time", check=self.check_time))

    def check_time(self, text: str) -> tuple[str, int | None]:
        """Why a text is no moment; an empty one is left alone."""
        try:
            if text.strip():
                moment(text, self.console_app.now(), self.console_app.zone)
        except ValueError as error:
            return f"{error}; expected {EXPECTED}", None
        return "", None

    def go_to_time(self, text: str) -> None:
        """Go to the first line at or after a typed moment (`14:03`, `-15m`, ISO), in the zone shown."""
        wrong, _ = self.check_time(text)
        if wrong or not text.strip():
            self.console_app.say(wrong, "warning")
            return
        zone = self.console_app.zone
        there = moment(text, self.console_app.now(), zone).start_ns
        self.session.open_at(there)
        self.console_app.say(f"at {day_and_clock(there, zone)}")

    # Marking.

    def action_mark(self) -> None:
        """Put a mark on the line under the cursor, or take it off."""
        row, marks = self.current, self.console_app.marks
        if row is None:
            self.console_app.say("no line here to mark", "dim")
            return
        if marks.pop(row.address, None) is None:
            marks[row.address] = row
        self.refresh()
        if not marks:
            self.console_app.say("no marks left")
        else:
            self.console_app.say(f"{len(marks)} marked; ' goes through them")

    def action_next_mark(self) -> None:
        """To the next mark; after the newest to the oldest."""
        marks = sorted(self.console_app.marks.values(), key=mark_order)
        if not marks:
            self.console_app.say("nothing marked yet; m marks a line", "dim")
            return
        here = self.current
        after = [one for one in marks if here is not None and mark_order(one) > mark_order(here)]
        wanted = after[0] if after else marks[0]
        index = self.session.window.index_of(wanted.address)
        if index is not None:
            self.session.following = False
            self.session.move(index, middle=True)
            self.refresh()
        else:
            self.session.open_around(wanted)
        self.console_app.say(f"mark {marks.index(wanted) + 1} of {len(marks)}")

    def action_wrap(self) -> None:
        """Rows over as many lines as they take, or one line each."""
        self.wrapped = not self.wrapped
        self.reveal()
        self.refresh()
        self.console_app.say("whole lines" if self.wrapped else "one line each")

    # The time range of the histogram.

    def action_shorter(self) -> None:
        """Show a shorter time in the histogram."""
        self._range(-1)

    def action_longer(self) -> None:
        """Show a longer time in the histogram."""
        self._range(1)

    def _range(self, step: int) -> None:
        rows = self.screen.query(HistogramRow)
        if rows:
            rows.first().step(step)
        else:
            self.console_app.say("the histogram stands on the log screen; 3 goes there", "dim")

    # Opening and taking away.

    def action_open(self) -> None:
        """The record under the cursor, whole."""
        from pake_tui.tui.screens.record import RecordScreen

        row = self.current
        if row is not None:
            self.session.following = False
            self.console_app.open(RecordScreen(row))

    def action_trace(self) -> None:
        """All lines of this line's correlation ID."""
        cid = self.selected_id()
        if cid:
            self.session.following = False
            self.console_app.open_trace(cid)
        else:
            self.console_app.say("this line has no correlation ID; paste one, or :trace ID", "warning")

    def action_its_alert(self) -> None:
        """The alert that this line belongs to."""
        from pake_tui.tui.screens.alerts import AlertScreen

        row = self.current
        if row is None:
            return
        alert = alert_of(row.record, self.console_app.snapshot.alerts.alerts)
        if alert is not None:
            self.session.following = False
            self.console_app.open(AlertScreen(alert.id))
        else:
            about = (
                f"of {row.record.service} near it, or with its ID" if row.record.service else "with its ID"
            )
            self.console_app.say(f"no alert {about}; 2 shows all", "warning")

    def action_save(self) -> None:
        """Write all hits of the filter, or without one what was read, to a file of a chosen format."""
        window, query = self.session.window, self.session.query
        rows = [row for row in window.rows if row.kind is RowKind.RECORD]
        if not rows:
            self.console_app.say("nothing to save", "warning")
            return
        whole, hits = window.at_oldest and window.at_newest, self.counted.hits
        command = f"pake-tui logs --all {self.query_argument()}".rstrip() + file_options(self.files)
        part: tuple[str, ...] = ()
        if query and (hits is None or not hits.last or hits.hits > MOST_SAVED):
            part = (f"the newest {MOST_SAVED:,} hits at most; {command} has all",)
        elif not query and not whole:
            part = (f"those read so far; {command} has all",)
        from pake_tui.records.saving import saved_lines
        from pake_tui.tui.saving import ask_save

        def chosen() -> list[LogRow]:
            source = self.console_app.sources.logs
            return rows if whole or not query else newest(source, query, MOST_SAVED)

        ask_save(
            self.console_app,
            "logs",
            query,
            lambda form, origin, zone: saved_lines(chosen(), form, origin, zone),
            part,
            aside=bool(query),
        )

    def selected_id(self) -> str:
        """The correlation ID of the line under the cursor."""
        row = self.current
        return (row.record.correlation_id or "") if row is not None else ""

    def selected_json(self) -> str:
        """The line under the cursor as JSON."""
        from pake_tui.records.saving import row_json

        row = self.current
        return row_json(row) if row is not None else ""

    def equal_command(self) -> str:
        """The command that prints these lines."""
        follow = " --follow" if self.session.following else ""
        return f"pake-tui logs {self.query_argument()}".rstrip() + follow + file_options(self.files)

    def query_argument(self) -> str:
        """The query, quoted for a shell."""
        return shlex.quote(self.session.query) if self.session.query else ""


def newest(source: LogSource, query: str, most: int) -> list[LogRow]:
    """The newest hits of a query, oldest first."""
    batches = list(source.read(query, None, Direction.OLDER, most, threading.Event()))
    rows = [row for batch in reversed(batches) for row in batch.rows]
    return [row for row in rows if row.kind is RowKind.RECORD]


def mark_order(row: LogRow) -> tuple[int, Address]:
    """Marks stand in the order of time."""
    return row.record.time_ns or 0, row.address
