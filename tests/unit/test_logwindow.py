"""Promises of the bounded window of log rows and of the session that reads, follows and finds in it."""

from __future__ import annotations

from msgspec.structs import replace

from pake_tui.clock import monotonic
from pake_tui.model.record import Address, Direction, Level, LogFile, LogFiles, LogRow, Record, RowKind
from pake_tui.tui.hitcount import HitCount
from pake_tui.tui.loghead import file_options, search_state
from pake_tui.tui.logreader import Answer, Job, Purpose
from pake_tui.tui.logsession import LogSession
from pake_tui.tui.logwindow import Window

OLDER, NEWER = Direction.OLDER, Direction.NEWER


def row(number: int) -> LogRow:
    """Line `number` of a view in which every tenth line is an error; cursors are line numbers."""
    level = Level.ERROR if number % 10 == 0 else Level.INFO
    record = Record(f"line {number}", f"line {number}", time_ns=number, level=level, service="api")
    return LogRow(RowKind.RECORD, Address("f", number), record, "f.log", str(number), str(number + 1))


def rows(first: int, last: int) -> tuple[LogRow, ...]:
    """Lines `first` up to `last`, that one left out."""
    return tuple(row(number) for number in range(first, last))


def test_a_count_that_fails_is_begun_again_once_and_then_said() -> None:
    """Where the search's process was killed the hits are counted anew; what fails twice is told."""
    asked: list[Job] = []
    count = HitCount("count", lambda _, job: asked.append(job))
    count.start("level:error")
    failed = Answer(asked[0], 0, Direction.NEWER, done=True, last=True, problem="it was killed")
    assert (count.take(failed), len(asked), count.running) == ("", 2, True)
    assert (count.take(failed), len(asked), count.running) == ("it was killed", 2, False)
    count.reader.close()


def test_commands_read_the_files_that_were_asked_for() -> None:
    """Named files and globs are options of the command that does the same, quoted for a shell."""
    assert file_options(None) == file_options(LogFiles((), 0)) == ""
    assert file_options(LogFiles((), 0, named=("a.log", "b *.log"))) == " --file a.log --file 'b *.log'"


class View:
    """A session over `size` lines whose jobs are answered at once, or when `held` is run."""

    def __init__(self, size: int, *, held: bool = False) -> None:
        self.size = size
        self.jobs: list[Job] = []
        self.waiting: list[Job] = []
        self.held = held
        self.session = LogSession(self.send)
        self.session.height = 20

    def send(self, job: Job) -> None:
        """Take a job of the session."""
        self.jobs.append(job)
        self.waiting = [job]

    def answer_all(self) -> str:
        """Answer jobs until none waits; what the session says last."""
        said = ""
        while self.waiting:
            job = self.waiting.pop()
            for number, direction in enumerate(job.directions):
                said = self.session.take(self.answer(job, direction, number == len(job.directions) - 1))
        return said

    def answer(self, job: Job, direction: Direction, last: bool) -> Answer:
        """What a source would bring for one direction."""
        start = int(job.start) if job.start is not None else job.at_ns
        edge = start if start is not None else self.size if direction is OLDER else 0
        wanted = [n for n in range(self.size) if "level>=error" not in job.query or n % 10 == 0]
        if direction is OLDER:
            found = [n for n in wanted if n < edge][-job.limit :]
            cursor = found[0] if len(found) == job.limit else 0
            at_end = cursor == 0
        else:
            found = [n for n in wanted if n >= edge][: job.limit]
            cursor = found[-1] + 1 if len(found) == job.limit else self.size
            at_end = cursor == self.size
        return Answer(
            job,
            0,
            direction,
            tuple(row(n) for n in found),
            start=str(start) if start is not None else None,
            edge=str(self.size) if job.query and start is None else None,
            cursor=str(cursor),
            done=True,
            at_end=at_end,
            last=last,
        )

    def grow(self, lines: int, growth: int, *, bytes_each: int = 100) -> None:
        """More lines were written, and the files say so."""
        self.size += lines
        self.session.grew(files(self.size * bytes_each, growth))


def files(size: int, growth: int) -> LogFiles:
    """The state of one file of that many bytes."""
    return LogFiles((LogFile("f", "f.log", "api", size),), growth)


def opened(size: int) -> View:
    """A view whose newest page is read, and whose files were seen once."""
    view = View(size)
    view.session.grew(files(size * 100, 0))
    view.session.open_newest()
    view.answer_all()
    return view


def test_the_window_never_holds_more_than_its_limit() -> None:
    """Whatever is read at either end, the limit holds and the end that was cut can be read again."""
    window = Window(limit=100)
    window.open("500", at_newest=True)
    window.grow(OLDER, rows(420, 500), "420", False)
    shift = window.grow(OLDER, rows(340, 420), "340", False)
    assert (len(window), shift) == (100, 80)
    assert (window.rows[0].before, window.newer, window.at_newest) == ("340", "440", False)
    shift = window.grow(NEWER, rows(440, 500), "500", True)
    assert (len(window), shift) == (100, -60)
    assert (window.older, window.at_oldest, window.at_newest) == ("400", False, True)


def test_rows_where_two_reads_meet_are_not_doubled() -> None:
    """A record that stands in the window already is not put there again."""
    window = Window()
    window.open(None, at_newest=True)
    window.grow(OLDER, rows(10, 20), "10", False)
    window.grow(NEWER, rows(18, 25), "25", True)
    assert [one.address.offset for one in window.rows] == list(range(10, 25))


def test_a_record_that_got_more_lines_takes_its_own_place() -> None:
    """A traceback that was still being written is shown whole once it is, and once."""
    window = Window()
    window.open(None, at_newest=True)
    window.grow(OLDER, rows(10, 20), "10", False)
    window.grow(NEWER, (replace(row(19), lines=12), row(20)), "21", True)
    assert [one.lines for one in window.rows[-2:]] == [12, 1]
    assert len(window) == 11


def test_the_newest_page_comes_first_and_the_cursor_on_its_last_line() -> None:
    """A view opens at its end, following, and has read one page only."""
    view = opened(10_000)
    session = view.session
    assert session.following
    assert (len(session.window), session.current) == (200, row(9_999))
    assert session.offset == 180


def test_following_stays_on_the_newest_line() -> None:
    """What is written while the view follows is what the cursor stands on."""
    view = opened(1_000)
    view.grow(5, 1)
    view.answer_all()
    assert view.session.current == row(1_004)


def test_a_move_up_stops_following_and_lines_that_come_are_counted() -> None:
    """The row under the cursor stays, and the count says how many lines came since."""
    view = opened(1_000)
    view.session.move(view.session.cursor - 3)
    stood, offset = view.session.current, view.session.offset
    view.answer_all()
    offset = view.session.offset
    for growth in (1, 2):
        view.grow(60, growth)
        view.answer_all()
    assert not view.session.following
    assert (view.session.current, view.session.offset) == (stood, offset)
    assert (view.session.fresh, view.session.fresh_more) == (120, False)


def test_counting_of_lines_that_came_is_bounded() -> None:
    """A view that stands still reads no more than its window holds, and says that there are more."""
    view = opened(1_000)
    view.session.move(view.session.cursor - 1)
    view.grow(50_000, 1)
    view.answer_all()
    assert len(view.session.window) <= view.session.window.limit
    assert view.session.fresh > 1_000
    assert view.session.fresh_more
    assert view.session.current == row(998)


def test_hits_that_come_while_a_filter_stands_are_counted() -> None:
    """New hits are added to those counted before, and reading them is no search to be stopped."""
    view = opened(1_000)
    view.session.show_query("level>=error", False)
    view.answer_all()
    view.grow(50, 1)
    assert not view.session.searching
    view.answer_all()
    assert (view.session.came, view.session.came_more) == (5, False)


def test_a_title_never_tells_of_fewer_hits_than_are_shown() -> None:
    """While a count has not come to the hits in view yet, those are the least there are; its end is exact."""
    view = opened(1_000)
    view.session.show_query("level>=error", False)
    view.answer_all()
    counted = HitCount("count", lambda reader, job: None)
    counted.start("level>=error")
    job = Job(Purpose.COUNT, "level>=error")
    told = []
    for hits, last in ((0, False), (300, False), (400, True)):
        counted.take(Answer(job, 0, OLDER, scanned=64, total=100, hits=hits, last=last))
        told.append("".join(text for text, _ in search_state(view.session, counted)))
    assert told == ["100+ hits, 64 % counted", "300+ hits, 64 % counted", "400 hits"]


def test_a_count_that_took_long_is_not_made_again_at_once() -> None:
    """Counting rests four times as long as it took, so that it takes a fifth of the time at most."""
    counted = HitCount("count", lambda reader, job: None)
    begun = monotonic()
    counted.start("level>=error")
    while monotonic() < begun + 0.02:
        assert not counted.rested
    counted.take(Answer(Job(Purpose.COUNT, "level>=error"), 0, OLDER, hits=1, last=True))
    while not counted.rested:
        assert monotonic() < begun + 5
    assert monotonic() >= begun + 0.1


def test_a_count_that_was_stopped_is_not_begun_again_by_itself() -> None:
    """Who stops counting is obeyed until another query is counted; that one may be counted again."""
    counted = HitCount("count", lambda reader, job: None)
    counted.start("level>=error")
    counted.take(Answer(Job(Purpose.COUNT, "level>=error"), 0, OLDER, hits=1))
    assert counted.stop()
    assert not counted.rested
    counted.start("level>=info")
    counted.take(Answer(Job(Purpose.COUNT, "level>=info"), 0, OLDER, hits=1, last=True))
    end = monotonic() + 5
    while not counted.rested:
        assert monotonic() < end


def test_hits_passed_over_by_a_jump_to_the_end_are_not_passed_off_as_all() -> None:
    """After a jump to the end there may be more hits than came, until they are counted anew."""
    view = opened(50_000)
    session = view.session
    session.show_query("level>=error", False)
    view.answer_all()
    session.count_from_here()
    session.open_newest()
    view.answer_all()
    assert session.came_more
    assert session.count_from_here() == session.window.newer
    assert (session.came, session.came_more) == (0, False)
    session.open_oldest()
    view.answer_all()
    assert session.count_from_here() is None


def test_a_move_up_stops_following_also_while_a_page_comes_in() -> None:
    """Of hits that are searched for there may be one yet: a key up is not lost on it."""
    view = opened(1_000)
    session = view.session
    session.query = "level>=error"
    session.open_newest()
    job = view.waiting.pop()
    whole = view.answer(job, OLDER, True)
    session.take(replace(whole, rows=whole.rows[-1:], cursor="990", done=False, at_end=False, last=False))
    assert (len(session.window), session.following) == (1, True)
    session.move(session.cursor - 1)
    session.take(replace(whole, rows=whole.rows[:-1]))
    assert not session.following
    assert session.current == row(990)


def test_scrolling_up_reads_on_without_moving_the_row() -> None:
    """Reading older lines leaves the same record under the cursor, at the same height."""
    view = opened(10_000)
    session = view.session
    session.move(50)
    stood, y = session.current, session.cursor - session.offset
    view.answer_all()
    assert len(session.window) == 400
    assert (session.current, session.cursor - session.offset) == (stood, y)


def test_an_error_beyond_the_window_is_looked_for_and_landed_on() -> None:
    """The next error is found outside what was read, and stands among its neighbours."""
    view = opened(10_000)
    session = view.session
    for one in list(session.window.rows):
        if one.record.level is Level.ERROR:
            session.window.rows.remove(one)
    session.cursor = len(session.window) - 1
    said = session.find(-1, lambda one: one.record.level is Level.ERROR, "level>=error", "error")
    assert (said, view.answer_all()) == ("", "")
    assert session.current == row(9_790)
    assert session.window.rows[session.cursor - 1] == row(9_789)
    assert session.window.rows[session.cursor + 1] == row(9_791)


def test_a_filter_taken_off_leaves_the_cursor_on_its_line() -> None:
    """A hit found through a filter is seen among all lines, at the same height, once the filter is off."""
    view = opened(10_000)
    session = view.session
    session.show_query("level>=error", False)
    view.answer_all()
    session.move(session.cursor - 30)
    hit, y = session.current, session.cursor - session.offset
    assert hit == row(9_690)
    session.show_query("", False)
    view.answer_all()
    assert (session.current, session.cursor - session.offset) == (hit, y)
    assert session.window.rows[session.cursor + 1] == row(9_691)


def test_the_last_good_rows_stay_until_others_come() -> None:
    """A running search shows the rows before it; stopping it brings their query back."""
    view = opened(1_000)
    session = view.session
    session.show_query("level>=error", False)
    assert session.searching
    assert len(session.window) == 200
    session.stop()
    assert (session.query, session.job, len(session.window)) == ("", None, 200)


def test_a_failed_read_says_why_and_keeps_the_rows() -> None:
    """A query that the source refuses empties nothing."""
    view = opened(1_000)
    session = view.session
    session.show_query("status>=x", False)
    job = view.waiting.pop()
    said = session.take(Answer(job, 0, OLDER, done=True, last=True, problem="wrong at 8"))
    assert (said, session.query, len(session.window)) == ("wrong at 8", "", 200)


def test_a_moment_opens_on_its_first_line_with_what_stands_before_it() -> None:
    """Going to a time puts the cursor on the first line at or after it, not at the top edge."""
    view = opened(10_000)
    view.session.open_at(5_000)
    view.answer_all()
    session = view.session
    assert session.current == row(5_000)
    assert session.cursor - session.offset == session.height // 3
    assert not session.following


def test_a_moment_past_the_end_opens_on_the_last_line() -> None:
    """A time after all lines shows the newest one."""
    view = opened(1_000)
    view.session.open_at(5_000)
    view.answer_all()
    assert view.session.current == row(999)


def test_rows_of_a_purpose_that_ended_are_dropped() -> None:
    """An answer that comes after its job was stopped changes nothing."""
    view = opened(1_000)
    session = view.session
    job = Job(Purpose.EXTEND, "", "800", directions=(OLDER,))
    session.take(view.answer(job, OLDER, True))
    assert len(session.window) == 200


def test_rows_are_swapped_for_a_full_view_and_hits_for_the_first_one() -> None:
    """While lines pour in no half of a page flashes by; what a search found first is shown at once."""
    for query, shown in (("", 200), ("level>=error", 1)):
        view = opened(10_000)
        session = view.session
        session.query = query
        session.open_newest()
        whole = view.answer(view.waiting.pop(), OLDER, True)
        first = replace(whole, rows=whole.rows[-1:], done=False, at_end=False, last=False)
        session.take(first)
        assert len(session.window) == shown
        session.take(replace(whole, rows=whole.rows[:-1]))
        assert session.window.rows == list(whole.rows)


def test_while_lines_pour_in_no_more_are_read_than_are_seen() -> None:
    """A view that follows and is far behind reads two screens of the newest lines, and goes on from there."""
    view = opened(1_000)
    before = len(view.jobs)
    view.grow(1_100, 1)
    view.answer_all()
    assert [job.limit for job in view.jobs[before:]] == [2 * view.session.height]
    assert view.session.current == row(2_099)
    assert (len(view.session.window), view.session.following) == (40, True)
    view.session.move(view.session.cursor - 1)
    view.answer_all()
    assert len(view.session.window) == 240
