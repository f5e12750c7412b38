"""The log view's filter: typed with completion and a live count, taken off, kept, dropped, lit up."""

from __future__ import annotations

from collections import defaultdict

from textual.timer import Timer

from pake_tui.clock import monotonic
from pake_tui.model.record import LogRow
from pake_tui.query import QueryError, complete, from_flags
from pake_tui.tui.hitcount import HitCount
from pake_tui.tui.loghead import hits_so_far, hits_text
from pake_tui.tui.panels.logview import LogView
from pake_tui.tui.terms import with_term, without_last
from pake_tui.tui.widgets.prompt import Prompt, Question

READ_MOST, VALUES_MOST, VALUE_LENGTH = 1_000, 30, 60
"""Rows whose values are offered, values a field, characters of one."""
CONTEXTS = (0, 3, 10)
"""Lines around each hit that `c` goes through."""
COUNT_AFTER_S = 0.15
"""Seconds without a letter after which the hits of what is typed are counted."""
TELL_EVERY_S = 0.3
"""Seconds between two counts of what is typed, until the last."""


class LogFilter(LogView):
    """Log rows that match a query, and how many there are of them."""

    def __init__(
        self, title: str = "Logs", *, query: str = "", at_ns: int | None = None, id: str | None = None
    ) -> None:
        super().__init__(title, query=query, at_ns=at_ns, id=id)
        self._typed = HitCount("pake-logs-typed", self.ask_reader)
        self._typing: Timer | None = None
        self._typed_told = 0.0

    def on_unmount(self) -> None:
        """End the thread that counts what is typed."""
        self._typed.reader.close()

    # Typing.

    def ask_find(self) -> None:
        """`/`: type a query; a wrong one says where, a right one how much it finds, before it is taken."""
        values = self.values_seen()
        self.console_app.ask(
            Question(
                "/",
                self._entered,
                text=self.session.query,
                kind="filter",
                check=self.check_query,
                complete=lambda text, caret: complete(text, caret, self.field_names, values),
                changed=self._edited,
                cancelled=self._stop_typed,
            )
        )

    def values_seen(self) -> dict[str, list[str]]:
        """Short values of all fields of the rows read, newest first; services of all files."""
        seen: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for row in reversed(self.session.window.rows[-READ_MOST:]):
            record = row.record
            stated = (("service", record.service), ("cid", record.correlation_id), ("logger", record.logger))
            for name, value in (*stated, *record.fields.items()):
                text = str(value) if isinstance(value, str | int | float) else ""
                if text and len(text) <= VALUE_LENGTH and len(seen[name]) < VALUES_MOST:
                    seen[name][text] = None
        services = {one.service for one in (self.files.files if self.files else ()) if one.service}
        found = {name: list(values) for name, values in seen.items()}
        return {**found, "service": sorted(services.union(found.get("service", ())))}

    def check_query(self, text: str) -> tuple[str, int | None]:
        """Why a query is wrong, and at which character."""
        try:
            self.console_app.sources.logs.parse(text)
        except QueryError as error:
            return str(error), error.position
        return "", None

    def _edited(self, text: str) -> None:
        """Count the hits of a text once no letter followed it for a moment."""
        self._stop_typed()
        if text.strip() and not self.check_query(text)[0]:
            self._typing = self.set_timer(COUNT_AFTER_S, lambda: self._typed.start(text))

    def _stop_typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typed.forget()

    def _entered(self, text: str) -> None:
        self._stop_typed()
        self.use_query(text)

    def on_log_view_answered(self, message: LogView.Answered) -> None:
        """Say what is typed finds."""
        answer = message.answer
        if message.reader is self._typed.reader and answer.ticket == message.reader.ticket:
            self._typed.take(answer)
            if not answer.last and monotonic() < self._typed_told + TELL_EVERY_S:
                return
            self._typed_told = monotonic()
            said = hits_text(answer) if answer.last else hits_so_far(answer, self._typed.running)
            self.screen.query_one(Prompt).tell(answer.job.query, answer.problem or said)

    # Using.

    def find(self, needle: str, step: int = 1, *, from_here: bool = False) -> bool:
        """What finds elsewhere filters here."""
        self.use_query(needle)
        return True

    def use_query(self, text: str, *, lit: bool | None = None) -> None:
        """Filter by another query, or light up what it matches, at the same place."""
        text = text.strip()
        session = self.session
        if text != session.query:
            self.counted.forget()
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

    def action_context(self) -> None:
        """Show lines around each hit, more, none."""
        session = self.session
        if not session.read_query:
            self.console_app.say("all lines are shown; / filters, then c shows what stands around", "warning")
            return
        session.show_context(CONTEXTS[(CONTEXTS.index(session.context) + 1) % len(CONTEXTS)])
        self.console_app.say(
            f"{session.context} lines around each" if session.context else "only lines that match"
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
