"""The log view as a panel: it draws what its session holds and brings it what its threads read."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec.structs import replace
from textual.geometry import Region
from textual.message import Message

from pake_tui.errors import PakeError
from pake_tui.model.record import Address, LogFiles, LogRow, RowKind
from pake_tui.tui.drawing import Line, crop, t
from pake_tui.tui.hitcount import HitCount
from pake_tui.tui.loghead import file_notes, nothing_lines, title_end, title_start
from pake_tui.tui.logreader import Answer, Job, Purpose, Reader, run_job
from pake_tui.tui.logrows import (
    CID_WIDTH,
    SERVICE_MOST,
    Look,
    draw_record,
    draw_ruler,
    is_today,
    wrap_record,
)
from pake_tui.tui.logsession import LogSession
from pake_tui.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from pake_tui.query import Query

NOTES_MOST = 3
DRAWN_MOST = 500


class LogView(Panel):
    """Rows on demand over files of any size. What is read and where it stands is the session's."""

    name_of_row: ClassVar = "line"

    class Answered(Message, bubble=False):
        """A thread brought rows or progress."""

        def __init__(self, answer: Answer, reader: Reader) -> None:
            self.answer, self.reader = answer, reader
            super().__init__()

    def __init__(
        self, title: str = "Logs", *, query: str = "", at_ns: int | None = None, id: str | None = None
    ) -> None:
        self.session = LogSession(self._send, query)
        self.session.lines_of = self._lines_of
        super().__init__(title, id=id)
        self.rows_came: Callable[[], None] = lambda: None
        """Called when rows that were read are drawn, before the terminal is."""
        self.files: LogFiles | None = None
        self.problem = ""
        self.field_names: tuple[str, ...] = ()
        self.wrapped = False
        self.matcher: Query | None = None
        self._at_ns = at_ns
        self._rows_reader = Reader("pake-logs")
        self.counted = HitCount("pake-logs-count", self.ask_reader)
        self._laid: list[tuple[int, Line]] | None = None
        self._look: tuple[int, Look] | None = None
        self._records: dict[tuple[Address, bool, bool | None], tuple[LogRow, Line]] = {}
        """Records as they were drawn last, while they are looked at in the same way."""
        self._records_for: object = None
        self._told: LogRow | None = None
        self._service_width = 6
        self._has_ids = False

    # The session's place is the panel's.

    @property
    def cursor(self) -> int:
        """The row under the cursor."""
        return self.session.cursor

    @cursor.setter
    def cursor(self, index: int) -> None:
        self.session.cursor = index

    @property
    def offset_row(self) -> int:
        """The first row in view."""
        return self.session.offset

    @offset_row.setter
    def offset_row(self, index: int) -> None:
        self.session.offset = index

    def reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        self.session.height = max(1, self.inner_height)
        self.session.reveal()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, and read on where the view nears an end."""
        self.session.move(index)
        self.redraw()

    @property
    def current(self) -> LogRow | None:
        """The record under the cursor."""
        return self.session.current

    # Reading.

    def on_mount(self) -> None:
        """Read the newest page, or the one around the moment that was asked for."""
        self.read_matcher()
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        if self._at_ns is None:
            self.session.open_newest()
        else:
            self.session.open_at(self._at_ns)

    def on_unmount(self) -> None:
        """End the threads."""
        self._rows_reader.close()
        self.counted.reader.close()

    def show(self, files: LogFiles, problem: str) -> None:
        """Newer state of the files: read on where they grew."""
        news = problem != self.problem or files != self.files
        otherwise = self.files is not None and self.files.read_as != files.read_as
        self.files, self.problem = files, problem
        self.session.grew(files)
        if otherwise:
            self.counted.forget()
            self.session.reopen()
        elif self.session.came_more and self.session.job is None and self.counted.hits is not None:
            self.count()
        widest = max((len(one.service) for one in files.files), default=0)
        self._service_width = min(SERVICE_MOST, max(self._service_width, widest))
        # What a job brings is drawn with what is new around the rows.
        if news and (problem or self.session.job is None):
            self.reveal()
            self.redraw()

    def _send(self, job: Job) -> None:
        self.ask_reader(self._rows_reader, job)
        if job.purpose is not Purpose.EXTEND or self.session.searching:
            self.redraw()

    def ask_reader(self, reader: Reader, job: Job) -> None:
        """Let a thread do a job; it brings its answers as messages."""
        source = self.console_app.sources.logs

        def tell(answer: Answer) -> None:
            self.post_message(self.Answered(answer, reader))

        reader.ask(lambda ticket, cancel: run_job(source, job, ticket, cancel, tell))

    def on_log_view_answered(self, message: Answered) -> None:
        """Take what a thread brought, unless it comes too late."""
        answer = message.answer
        if answer.ticket != message.reader.ticket:
            return
        if message.reader is self.counted.reader:
            if said := self.counted.take(answer):
                self.console_app.say(said, "error")
            self.redraw()
        elif message.reader is self._rows_reader:
            self._take_rows(answer)

    def _take_rows(self, answer: Answer) -> None:
        self._measure(answer.rows)
        self.session.height = max(1, self.inner_height)
        said = self.session.take(answer)
        if answer.problem:
            self.read_matcher()
        if said:
            self.console_app.say(said, "error" if answer.problem else "warning")
        if answer.last and answer.job.purpose is Purpose.OPEN:
            self.field_names = answer.field_names or self.field_names
            self.count(answer)
        self.redraw()
        self.rows_came()

    def read_matcher(self) -> None:
        """Parse the query in force, for what is judged in view; a wrong one matches nothing here."""
        text = self.session.query
        try:
            self.matcher = self.console_app.sources.logs.parse(text) if text else None
        except PakeError:
            self.matcher = None

    def _measure(self, rows: tuple[LogRow, ...]) -> None:
        for row in rows:
            self._has_ids = self._has_ids or bool(row.record.correlation_id)
            width = min(SERVICE_MOST, len(row.record.service or ""))
            self._service_width = max(self._service_width, width)

    def count(self, opened: Answer | None = None) -> None:
        """Count all hits of the query beside everything else; not where all of them were just read.

        Again where hits were passed over since, once the count has rested.
        """
        session, window, counted = self.session, self.session.window, self.counted
        again = session.came_more and window.at_newest and counted.rested
        if not session.query or counted.running or (counted.hits is not None and not again):
            return
        before = session.count_from_here()
        if opened is not None and not session.lit and window.at_oldest and window.at_newest:
            counted.hits = replace(opened, hits=window.hits(), last=True)
        else:
            counted.start(session.query, before)

    def stop_search(self) -> bool:
        """Stop a search or a count that runs."""
        if self.session.searching:
            self._rows_reader.stop()
            self.session.stop()
            self.read_matcher()
            self.console_app.say("search stopped; what was found stays")
        elif self.counted.stop():
            self.console_app.say("counting stopped")
        else:
            return False
        self.refresh()
        return True

    # Drawing.

    @property
    def inner_height(self) -> int:
        """Rows that fit above the notes."""
        return max(0, super().inner_height - len(self.notes()))

    def notes(self) -> list[Line]:
        """Files that can't be read; few where there is little room."""
        room = min(NOTES_MOST, super().inner_height // 6)
        return file_notes(self.files, room, self.console_app.glyphs) if self.files is not None else []

    def row_count(self) -> int:
        """Rows in the window."""
        return len(self.session.window)

    def row_key(self, index: int) -> Hashable:
        """A record's address, or what a ruler says and where: what stays when rows come at either end."""
        row = self.session.window.rows[index]
        return (row.address, "") if row.kind is RowKind.RECORD else (row.address, row.record.message)

    def draw_inner(self, y: int, width: int) -> tuple[Line, str]:
        """A row, or a note below the rows."""
        below = y - self.inner_height
        notes = self.notes() if below >= 0 else []
        if 0 <= below < len(notes):
            return notes[below], ""
        if not self.wrapped or not self.row_count():
            return super().draw_inner(y, width)
        if self._laid is None:
            self._laid = self._lay(width)
        if y >= len(self._laid):
            return [], ""
        index, line = self._laid[y]
        return line, "cursor" if index == self.cursor and self.shows_cursor() else ""

    def draw_row(self, index: int, width: int) -> Line:
        """One record or ruler."""
        row = self.session.window.rows[index]
        look = self.look(width)
        if row.kind is RowKind.RULER:
            return draw_ruler(row, look, width)
        marked, lit = row.address in self.console_app.marks, self.lit_up(row)
        key = row.address, marked, lit
        known = self._records.get(key)
        if known is None or known[0] is not row or look.relative:
            line = draw_record(row, look, query=self.matcher, lit=lit, marked=marked)
            known = self._records[key] = row, crop(line, width, look.glyphs)
        return known[1]

    def refresh(self, *regions: Region, **how: bool) -> Self:
        """Draw anew, lay wrapped rows out anew, and tell where the cursor stands."""
        if not regions:
            self._renew()
        return super().refresh(*regions, **how)

    def redraw(self) -> None:
        """As `refresh`, for the lines that changed."""
        self._renew()
        super().redraw()

    def _renew(self) -> None:
        self._laid = self._look = None
        if self.is_mounted and (row := self.current) is not self._told:
            self._told = row
            self.tell_moved()

    def _lay(self, width: int) -> list[tuple[int, Line]]:
        """The wrapped lines in view, each with its row."""
        laid: list[tuple[int, Line]] = []
        for index in range(self.session.offset, self.row_count()):
            if len(laid) >= self.inner_height:
                break
            laid += [(index, line) for line in self._wrap(index, width)]
        return laid

    def _wrap(self, index: int, width: int) -> list[Line]:
        row = self.session.window.rows[index]
        if row.kind is RowKind.RULER:
            return [self.draw_row(index, width)]
        marked, most = row.address in self.console_app.marks, max(1, self.inner_height)
        return wrap_record(
            row, self.look(width), width, most, query=self.matcher, lit=self.lit_up(row), marked=marked
        )

    def _lines_of(self, index: int) -> int:
        """Lines that a row takes."""
        return len(self._wrap(index, self.size.width - 2)) if self.wrapped else 1

    def lit_up(self, row: LogRow) -> bool | None:
        """Whether a row matches, where matches are lit up; None where they are not."""
        if not self.session.lit or self.matcher is None:
            return None
        return row.kind is RowKind.RECORD and self.matcher.matches(row.record)

    def look(self, width: int) -> Look:
        """How rows are drawn now, in one width: dated where the view shows another day than today."""
        if self._look is None or self._look[0] != width:
            self._look = width, self._look_now(width)
            looked = replace(self._look[1], now_ns=0), self.matcher, width
            if looked != self._records_for or len(self._records) > DRAWN_MOST:
                self._records, self._records_for = {}, looked
        return self._look[1]

    def _look_now(self, width: int) -> Look:
        app = self.console_app
        rows, now = self.session.window.rows, self.console_app.now()
        first = self.session.offset
        ends = rows[first : first + 1] + rows[min(first + self.inner_height, len(rows)) - 1 :][:1]
        return Look(
            palette=app.palette,
            glyphs=app.glyphs,
            zone=app.zone,
            now_ns=now,
            relative=app.zone_mode == "relative",
            dated=not all(is_today(row.record.time_ns, now, app.zone) for row in ends),
            service=min(self._service_width, 9 if width < 90 else SERVICE_MOST),
            cid=CID_WIDTH if self._has_ids else 0,
            message=36 if width >= 110 else 0,
        )

    def title_left(self) -> Line:
        """The name, and the query with how it is used."""
        return title_start(self.title, self.session, self.size.width // 2, self.console_app.glyphs)

    def title_right(self) -> Line:
        """Progress or hits, files, index, and whether it follows."""
        return title_end(self.session, self.counted, self.files, self.problem, self.console_app.glyphs)

    def summary(self) -> Line:
        """The newest row in one line."""
        rows = self.session.window.rows
        line: Line = [(t(f"{self.title} "), "title")]
        return line + (self.draw_row(len(rows) - 1, self.outer_size.width) if rows else self.title_right())

    def empty_lines(self) -> list[Line]:
        """What is missing, or what is being done."""
        if self.files is None:
            return []
        asked = self.matcher.fields_named if self.matcher is not None else frozenset()
        unknown = sorted(asked.difference(self.field_names))
        return nothing_lines(self.session, self.files, unknown, self.console_app.glyphs)
