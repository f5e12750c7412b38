"""What a log view is doing: which rows it reads next, where its cursor stands, whether it follows.

It knows no widget: jobs go out through `send`, their answers come back through `take`.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pake_tui.model.record import Cursor, Direction, LogFiles, LogRow, RowKind
from pake_tui.tui.logreader import Answer, Job, Purpose
from pake_tui.tui.logwindow import PAGE, Window
from pake_tui.tui.terms import with_term

MARGIN = 100
"""Rows kept read beyond what is in view."""
ARRIVALS = 500
HITS_LEAST = 20
"""Hits read at a time, at least, where lines around them are read, too."""
FAR_BYTES = 32 * 1024
"""Further behind than this, about what a page's lines have, an unfiltered view that follows reads the newest
page only: to read all that poured in would keep keys waiting for lines that nobody can see.
"""
OLDER, NEWER = Direction.OLDER, Direction.NEWER


class LogSession:
    """One query over a bounded window. `lit` reads every row, for a view that only lights up what matches.

    `fresh` counts the lines that came since following stopped, `fresh_more` says that there are others;
    `came` and `came_more` are the same since the rows of this query were first opened. `context` is how many
    lines around each match are shown; `lines_of` tells how many lines of the `height` a row takes.
    """

    def __init__(self, send: Callable[[Job], None], query: str = "") -> None:
        self.window = Window()
        self.query = query
        self.lit = False
        self.following = True
        self.fresh = 0
        self.fresh_more = False
        self.came = 0
        self.came_more = False
        self.context = 0
        self.job: Job | None = None
        self.progress: Answer | None = None
        self.cursor = 0
        self.offset = 0
        self.height = 1
        self.lines_of: Callable[[int], int] = lambda index: 1
        self._send = send
        self._shown = (query, False)
        self._opened = self._placed = True
        self._counted = False
        self._held: list[Answer] = []
        self._land_y: int | None = None
        self._arriving = self._behind = False
        self._seen: tuple[int, int] | None = None

    @property
    def read_query(self) -> str:
        """The query that rows are read with."""
        return "" if self.lit else self.query

    @property
    def current(self) -> LogRow | None:
        """The row under the cursor, if it is a record."""
        if self.cursor >= len(self.window):
            return None
        row = self.window.rows[self.cursor]
        return row if row.kind is RowKind.RECORD else None

    @property
    def searching(self) -> bool:
        """Whether a read runs that was asked for and may take long."""
        job = self.job
        return job is not None and (job.purpose is Purpose.FIND or (bool(job.query) and not self._arriving))

    # Where it reads.

    def open_newest(self) -> None:
        """The newest page, and follow from there."""
        self.following, self.fresh, self.fresh_more = True, 0, False
        self._open_end()

    def _open_end(self) -> None:
        self._ask(Job(Purpose.OPEN, self.read_query, limit=self._page()))

    def _catch_up(self) -> None:
        """The newest rows again, no more than are seen: others come before somebody can scroll to them."""
        self._ask(Job(Purpose.OPEN, self.read_query, limit=2 * self.height))

    def open_oldest(self) -> None:
        """The oldest page."""
        self.following, self._land_y = False, None
        self._ask(Job(Purpose.OPEN, self.read_query, directions=(NEWER,), limit=self._page()))

    def open_at(self, at_ns: int) -> None:
        """The first row at or after a moment, with what stands around it."""
        self.following, self._land_y = False, self.height // 3
        there = Job(Purpose.OPEN, self.read_query, at_ns=at_ns, directions=(NEWER, OLDER))
        self._ask(replace(there, limit=self._page()))

    def open_around(self, row: LogRow, y: int | None = None) -> None:
        """The rows around a record, `y` lines below the top; around its place where it does not match."""
        self.following = False
        self._land_y = self.height // 3 if y is None else y
        there = Job(Purpose.OPEN, self.read_query, row.after, directions=(OLDER, NEWER), land=row.address)
        self._ask(replace(there, limit=self._page()))

    def reopen(self) -> None:
        """Read again at the same place."""
        row = self.current
        if self.following or row is None:
            self.open_newest()
        else:
            self.open_around(row, self.cursor - self.offset)

    def show_query(self, query: str, lit: bool) -> None:
        """Read by another query, or light up another, at the same place."""
        before = self.read_query
        self.query, self.lit = query, lit
        self.came, self.came_more, self._counted = 0, False, False
        if self.read_query != before:
            self.reopen()
        else:
            self._shown = (query, lit)

    def count_from_here(self) -> Cursor | None:
        """From now on `came` counts what comes after the newest row here; that place, if it is the newest."""
        self.came, self.came_more, self._counted = 0, not self.window.at_newest, True
        return self.window.newer if self.window.at_newest and not self.lit else None

    def show_context(self, count: int) -> None:
        """Read so many lines around each match, at the same place."""
        self.context = count
        self.reopen()

    def find(self, step: int, wanted: Callable[[LogRow], bool], term: str, about: str) -> str:
        """Move to the next row in steps of +1 or -1 that is wanted; beyond the window, look for the term.

        Returns what to say, if there is nothing to look through.
        """
        window = self.window
        index = window.seek(self.cursor, step, wanted)
        if index is not None:
            self.move(index, middle=True)
            return ""
        ended = window.at_newest if step > 0 else window.at_oldest
        start = window.newer if step > 0 else window.older
        if ended or start is None:
            return nothing_found(about, step)
        self.following = False
        direction = NEWER if step > 0 else OLDER
        query = with_term(self.read_query, term)
        self._ask(Job(Purpose.FIND, query, start, directions=(direction,), limit=1, about=about))
        return ""

    def stop(self) -> None:
        """The job was cancelled. Rows of the query before stay, and so does that query."""
        if self.job is not None and self.job.purpose is Purpose.OPEN and not self._opened:
            self.query, self.lit = self._shown
        self.job, self.progress = None, None

    def grew(self, files: LogFiles) -> None:
        """Files may have grown: read what came, or only the newest page where that is far."""
        seen, self._seen = self._seen, (files.growth, files.total_bytes)
        if seen is None or seen[0] == files.growth:
            return
        far = files.total_bytes - seen[1] > FAR_BYTES and not self.read_query
        window = self.window
        if self.job is not None:
            self._behind = True
        elif window.newer is None:
            self._open_end()
        elif self.following and (far or not window.at_newest):
            self._catch_up()
        elif window.at_newest:
            self._extend(NEWER, ARRIVALS, arriving=True)
        else:
            self.fresh_more = self.came_more = True

    # Moving.

    def move(self, index: int, *, middle: bool = False) -> None:
        """Put the cursor on a row; any move up stops following. `middle` does not leave it at an edge."""
        self._land_y = None
        # Also above the first row: of a page that is being read there may be one row yet.
        if index < self.cursor:
            self.following = False
        index = max(0, min(index, len(self.window) - 1))
        inside = self.offset <= index < self.offset + self.height
        self.cursor = index
        if middle and not inside:
            self.offset = index - self.height // 3
        self.reveal()
        self.read_on()

    def reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        height = max(1, self.height)
        self.cursor = max(0, min(self.cursor, len(self.window) - 1))
        self.offset = max(self._top_for(self.cursor, height), min(self.offset, self.cursor))
        self.offset = max(0, min(self.offset, self._top_for(len(self.window) - 1, height)))

    def _top_for(self, bottom: int, height: int) -> int:
        """The first row in view where a row stands at the bottom."""
        top = bottom
        while top > 0 and (height := height - self.lines_of(top)) >= self.lines_of(top - 1):
            top -= 1
        return top

    def read_on(self) -> None:
        """Read further where the view comes near an end of the window."""
        if self.job is not None or not self.window.rows:
            return
        if self.offset < MARGIN and not self.window.at_oldest:
            self._extend(OLDER, PAGE)
        elif len(self.window) - self.offset - self.height < MARGIN and not self.window.at_newest:
            self._extend(NEWER, PAGE)

    # What comes back.

    def take(self, answer: Answer) -> str:
        """Take an answer of the job that runs; returns what to say of it, if anything."""
        job = self.job
        if job is None:
            return ""
        if answer.problem:
            self.stop()
            return answer.problem
        self.progress = answer
        if job.purpose is Purpose.OPEN:
            self._take_open(answer)
        elif job.purpose is Purpose.EXTEND:
            self._grow(answer)
            if self.following:
                self.cursor = len(self.window) - 1
            self.reveal()
        elif answer.rows:
            self.open_around(answer.rows[0])
            return ""
        if not answer.last:
            return ""
        self.job, self.progress = None, None
        return self._settle(job, answer)

    def _take_open(self, answer: Answer) -> None:
        """Swap the rows once there is something to show: no half of a page flashes by."""
        job = answer.job
        if not self._opened:
            self._held.append(answer)
            first = answer.direction is job.directions[0] and not answer.last
            if first and (answer.done or not self._enough(job)):
                return
            self._begin(job, answer)
            for held in self._held:
                self._grow(held)
            self._held = []
        else:
            self._grow(answer)
        if self.following:
            self.cursor = len(self.window) - 1
        elif self._land_y is not None:
            land = self.window.index_of(job.land) if job.land and answer.last else None
            self.cursor = self.cursor if land is None else land
            self.offset = self.cursor - self._land_y
        self.reveal()

    def _enough(self, job: Job) -> bool:
        """Whether what is held fills the view, or a search found anything: its next hit may be far away."""
        rows = sum(len(held.rows) for held in self._held)
        return rows >= (1 if job.query else self.height)

    def _begin(self, job: Job, answer: Answer) -> None:
        self._opened, self._placed = True, False
        # What came between the newest row before and the first one now is not known.
        self.came_more = self.came_more or self._counted
        self._shown = (self.query, self.lit)
        at_an_end = answer.start is None
        self.window.open(
            answer.start if answer.start is not None else answer.edge,
            at_oldest=at_an_end and job.directions[0] is NEWER,
            at_newest=at_an_end and job.directions[0] is OLDER,
        )
        self.cursor = self.offset = 0

    def _grow(self, answer: Answer) -> None:
        window = self.window
        shift = window.grow(answer.direction, answer.rows, answer.cursor, answer.done and answer.at_end)
        if self._placed:
            self.cursor += shift
            self.offset += shift
        elif window.rows:
            self.cursor = 0 if answer.direction is NEWER else len(window) - 1
            self._placed = True
        if self._arriving:
            self.came += window.came
            self.fresh += 0 if self.following else window.came

    def _settle(self, job: Job, answer: Answer) -> str:
        """What follows once a job is done."""
        if job.purpose is Purpose.FIND:
            return nothing_found(job.about, 1 if answer.direction is NEWER else -1)
        behind, self._behind = self._behind, False
        more = self._arriving and not answer.at_end
        if self.following and (more or (behind and not self.window.at_newest)):
            self.came_more = True
            self._catch_up()
        elif (more and self.window.room() > ARRIVALS) or (behind and self.window.at_newest):
            self._extend(NEWER, ARRIVALS, arriving=True)
        elif more or behind:
            self.fresh_more = self.came_more = True
        return ""

    def _extend(self, direction: Direction, limit: int, *, arriving: bool = False) -> None:
        start = self.window.newer if direction is NEWER else self.window.older
        if start is not None:
            job = Job(Purpose.EXTEND, self.read_query, start, directions=(direction,), limit=limit)
            self._ask(job, arriving=arriving)

    def _ask(self, job: Job, *, arriving: bool = False) -> None:
        self.job, self.progress, self._arriving = job, None, arriving
        if job.purpose is Purpose.OPEN:
            self._opened, self._held = False, []
        if self.context and job.query and job.purpose is not Purpose.FIND:
            fewer = max(HITS_LEAST, job.limit // (2 * self.context + 1))
            job = replace(job, context=self.context, limit=min(job.limit, fewer))
        self._send(job)

    def _page(self) -> int:
        return max(PAGE, 2 * self.height)


def nothing_found(about: str, step: int) -> str:
    """What to say where no further row is wanted."""
    return f"no further {about} {'below' if step > 0 else 'above'}"
