"""The log panel: what the keys do in a log view."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import ClassVar

from pake_tui.model.record import Level, LogRow, RowKind
from pake_tui.query import QueryError, complete, from_flags, parse
from pake_tui.query.moments import EXPECTED, moment
from pake_tui.records.saving import row_json, saved_lines
from pake_tui.tui.drawing import day_and_clock
from pake_tui.tui.panels.logview import LogView
from pake_tui.tui.saving import ask_save
from pake_tui.tui.terms import with_term, without_last
from pake_tui.tui.widgets.panel import bindings_for
from pake_tui.tui.widgets.prompt import Question

COMPLETED_MOST = 1_000


class LogPanel(LogView):
    """Log rows with everything an operator does to them: filter, follow, jump, trace, save."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("logs")]
    places: ClassVar = ("logs", "list")

    # Filtering.

    def ask_find(self) -> None:
        """`/`: type a query; a wrong one says where, before it is taken."""
        self.console_app.ask(
            Question(
                "/",
                self.use_query,
                text=self.session.query,
                kind="filter",
                check=self.check_query,
                complete=lambda text, caret: complete(text, caret, self.field_names, self.values_seen()),
            )
        )

    def values_seen(self) -> dict[str, list[str]]:
        """Values to complete: services of all files, and the IDs of the rows read, newest first."""
        rows = self.session.window.rows
        services = {one.service for one in (self.files.files if self.files else ()) if one.service}
        services |= {row.record.service for row in rows[-COMPLETED_MOST:] if row.record.service}
        ids = dict.fromkeys(row.record.correlation_id for row in reversed(rows[-COMPLETED_MOST:]))
        return {"service": sorted(services), "cid": [one for one in ids if one]}

    def find(self, needle: str, step: int = 1, *, from_here: bool = False) -> bool:
        """What finds elsewhere filters here."""
        self.use_query(needle)
        return True

    def check_query(self, text: str) -> tuple[str, int | None]:
        """Why a query is wrong, and at which character."""
        try:
            parse(text, now_ns=self.console_app.now(), zone=self.console_app.zone)
        except QueryError as error:
            return str(error), error.position
        return "", None

    def use_query(self, text: str, *, lit: bool | None = None) -> None:
        """Filter by another query, or light up what it matches, at the same place."""
        text = text.strip()
        session = self.session
        if text != session.query:
            self.forget_count()
        session.show_query(text, bool(text) and (session.lit if lit is None else lit))
        self.read_matcher()
        if session.job is None:
            self.count()
        self.refresh()

    def action_highlight(self) -> None:
        """Hide what does not match, or only light up what does."""
        if not self.session.query:
            self.console_app.say("no filter to light up; / sets one", "warning")
            return
        self.use_query(self.session.query, lit=not self.session.lit)
        self.console_app.say(
            "all lines; n N go through those that match" if self.session.lit else "only lines that match"
        )

    def action_filter_off(self) -> None:
        """Take the last term off."""
        if self.session.query:
            self.use_query(without_last(self.session.query))
        else:
            self.console_app.say("no filter to take off", "dim")

    def action_filters_off(self) -> None:
        """Take all terms off."""
        self.use_query("")

    def action_keep(self) -> None:
        """Keep only lines of this service, level or ID."""
        self._ask_term("keep only", "")

    def action_drop(self) -> None:
        """Drop lines of this service, level or ID."""
        self._ask_term("drop", "-")

    def _ask_term(self, verb: str, sign: str) -> None:
        row = self.current
        choices = term_choices(row) if row is not None else {}
        if not choices:
            self.console_app.say("this line states no service, level or ID", "warning")
            return

        def changed(text: str) -> None:
            chosen = choices.get(text[-1:])
            if chosen is not None:
                self.console_app.top.close_prompt()
                self.use_query(with_term(self.session.query, sign + chosen))

        label = f"{verb}: " + "  ".join(f"{letter} {name}" for letter, name in choices.items()) + "  "
        self.console_app.ask(Question(label, lambda text: None, changed=changed))

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

    def action_save(self) -> None:
        """Write the rows of the window, masked as they are, to a file of a chosen format."""
        rows = [row for row in self.session.window.rows if row.kind is RowKind.RECORD]
        if not rows:
            self.console_app.say("nothing to save", "warning")
            return
        whole = self.session.window.at_oldest and self.session.window.at_newest
        command = f"pake-tui logs --all {self.query_argument()}".rstrip()
        part = () if whole else (f"those read so far; {command} has all",)
        ask_save(
            self.console_app,
            "logs",
            self.session.query,
            lambda form, origin, zone: saved_lines(rows, form, origin, zone),
            part,
        )

    def selected_id(self) -> str:
        """The correlation ID of the line under the cursor."""
        row = self.current
        return (row.record.correlation_id or "") if row is not None else ""

    def selected_json(self) -> str:
        """The line under the cursor as JSON."""
        row = self.current
        return row_json(row) if row is not None else ""

    def equal_command(self) -> str:
        """The command that prints these lines."""
        follow = " --follow" if self.session.following else ""
        return f"pake-tui logs {self.query_argument()}".rstrip() + follow

    def query_argument(self) -> str:
        """The query, quoted for a shell."""
        return shlex.quote(self.session.query) if self.session.query else ""


def term_choices(row: LogRow) -> dict[str, str]:
    """Query terms for what a line states: s service, l level, c correlation ID."""
    record = row.record
    choices = {}
    if record.service:
        choices["s"] = from_flags(service=record.service)
    if record.level is not None:
        choices["l"] = f"level:{record.level.word}"
    if record.correlation_id:
        choices["c"] = from_flags(cid=record.correlation_id)
    return choices
