"""Promises of the thread that reads log rows for a panel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pake_tui.errors import LogError
from pake_tui.model.record import Address, Direction, LogBatch, LogRow, Record, RowKind
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from pake_tui.sources.protocols import Cancel
from pake_tui.tui.logreader import Answer, Job, Purpose, Reader, answers, paced, run_job
from pake_tui.tui.logsession import LogSession

OLDER, NEWER = Direction.OLDER, Direction.NEWER
WAIT_S = 5


def row(number: int) -> LogRow:
    """A line."""
    return LogRow(RowKind.RECORD, Address("f", number), Record(str(number), ""), "f", "", "")


class Source:
    """Two batches of one row in each direction, or a failure."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[tuple[str, str | None, Direction]] = []

    def read(
        self, query: str, start: str | None, direction: Direction, limit: int, cancel: Cancel
    ) -> Iterator[LogBatch]:
        """The batches."""
        self.asked.append((query, start, direction))
        if self.failure is not None:
            raise self.failure
        yield LogBatch((row(2),), "2", hits=1)
        yield LogBatch((row(1),), "1", hits=2, done=True, at_end=True)

    def place(self, time_ns: int) -> str:
        """A place named after its time."""
        return f"at {time_ns}"

    def field_names(self) -> tuple[str, ...]:
        """One name."""
        return ("status",)


def told(source: Source, job: Job, cancel: Cancel | None = None) -> list[Answer]:
    """All answers of a job."""
    answers: list[Answer] = []
    run_job(source, job, 7, cancel or threading.Event(), answers.append)  # type: ignore[arg-type]  # what a read needs of a source
    return answers


def test_both_directions_are_read_from_one_place_and_only_the_last_answer_is_last() -> None:
    """A job around a moment reads both sides of the place of that moment."""
    source = Source()
    answers = told(source, Job(Purpose.OPEN, "", at_ns=5, directions=(NEWER, OLDER)))
    assert source.asked == [("", "at 5", NEWER), ("", "at 5", OLDER)]
    assert [(one.direction, one.done, one.last) for one in answers if one.done] == [
        (NEWER, True, False),
        (OLDER, True, True),
    ]
    assert answers[-1].field_names == ("status",)
    assert {one.ticket for one in answers} == {7}


def test_a_failure_is_said_in_its_own_words() -> None:
    """A source's error ends the job as a problem, an unforeseen one too."""
    (answer,) = told(Source(LogError("a.log is gone")), Job(Purpose.EXTEND, "", "1"))
    assert (answer.problem, answer.last) == ("a.log is gone", True)
    (answer,) = told(Source(ZeroDivisionError("by zero")), Job(Purpose.EXTEND, "", "1"))
    assert "ZeroDivisionError: by zero" in answer.problem


def test_a_cancelled_job_tells_nothing_more() -> None:
    """Once its flag is set, neither rows nor failures come."""
    cancel = threading.Event()
    cancel.set()
    assert told(Source(), Job(Purpose.EXTEND, "", "1"), cancel) == []
    assert told(Source(LogError("x")), Job(Purpose.EXTEND, "", "1"), cancel) == []


def test_first_rows_are_told_at_once_and_the_rest_is_gathered_in_view_order() -> None:
    """Rows of many small batches come together, none is lost, older ones before newer ones."""
    batches = [LogBatch((row(9 - number),), str(number), done=number == 9) for number in range(10)]
    pieces = list(paced(iter(batches), OLDER))
    assert pieces[0][1] == (row(9),)
    rows = [one for _, piece in reversed(pieces) for one in piece]
    assert rows == [row(number) for number in range(10)]
    assert len(pieces) < len(batches)


def test_the_newest_work_wins() -> None:
    """Work that runs is cancelled by the next, whose ticket is the reader's."""
    reader = Reader("test")
    cancelled, done = threading.Event(), threading.Event()
    tickets: list[int] = []

    def slow(ticket: int, cancel: Cancel) -> None:
        cancel.wait(WAIT_S)
        cancelled.set()

    def quick(ticket: int, cancel: Cancel) -> None:
        tickets.append(ticket)
        done.set()

    reader.ask(slow)
    reader.ask(quick)
    assert done.wait(WAIT_S)
    assert tickets == [reader.ticket]
    reader.stop()
    assert tickets != [reader.ticket]
    reader.close()


@pytest.mark.parametrize("following", [True, False])
def test_the_first_lines_of_an_empty_file_are_shown(tmp_path: Path, following: bool) -> None:
    """A view opened on an empty file shows what is written then, whether it follows or not."""
    path, jobs = tmp_path / "app.log", list[Job]()
    path.touch()
    source = EmbeddedLogSource([str(path)], worker=False)
    session = LogSession(jobs.append)

    def answer_all() -> None:
        while jobs:
            for answer in answers(source, jobs.pop(), 1, threading.Event()):
                session.take(answer)

    session.grew(source.files())
    session.open_newest()
    answer_all()
    session.following = following
    with path.open("a") as file:
        file.write('{"message": "first"}\n')
    session.grew(source.files())
    answer_all()
    assert [row.record.message for row in session.window.rows] == ["first"]
    assert session.following is following
