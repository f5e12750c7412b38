"""One frame on the way, never two; and a terminal that does not answer costs nothing but that."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from pake_tui.tui.terminal.pacing import FIRST_LIMIT, LIMIT, SMALL, Pacer
from pake_tui.tui.terminal.writer import LIMIT as WRITER_LIMIT
from pake_tui.tui.terminal.writer import Writer
from tests.pty.driver import Terminal

Opener = Callable[..., Terminal]


def test_the_next_frame_waits_for_the_answer() -> None:
    """After a frame nothing is ready until its report came; its round trip is measured."""
    pacer = Pacer()
    assert pacer.ready(0.0)
    pacer.sent(100, 0.0)
    assert not pacer.ready(0.1)
    pacer.answered(0.15)
    assert pacer.ready(0.15)
    assert pacer.round_trip == 0.15
    pacer.sent(SMALL + 8000, 1.0)
    pacer.answered(1.0 + 0.15 + 1.0)
    assert pacer.round_trip == 0.15
    assert pacer.throughput == pytest.approx(SMALL + 8000)


def test_a_terminal_that_never_answers_is_not_asked_again() -> None:
    """After one time-out frames go as they come; a late answer brings the pacing back."""
    pacer = Pacer()
    pacer.sent(100, 0.0)
    assert pacer.wait(0.0) == FIRST_LIMIT
    assert pacer.ready(FIRST_LIMIT)
    assert not pacer.asks
    pacer.sent(100, 2.0)
    assert pacer.ready(2.0)
    pacer.answered(5.0)
    assert pacer.asks


def test_an_answer_that_is_lost_costs_three_seconds() -> None:
    """A terminal that has answered before gets three seconds, counted from when it took the frame."""
    pacer = Pacer()
    pacer.sent(1, 0.0)
    pacer.answered(0.1)
    pacer.sent(1, 10.0)
    assert not pacer.ready(10.0 + LIMIT - 0.1)
    pacer.taken(10.0 + LIMIT - 0.1)
    assert not pacer.ready(10.0 + LIMIT)
    assert pacer.ready(10.0 + 2 * LIMIT)
    assert pacer.asks


def test_the_writer_never_blocks_and_is_bounded() -> None:
    """With nobody reading, writes return at once, too much is dropped and counted, the end is quick."""
    out, into = os.pipe()
    writer = Writer(into, lambda: None)
    piece = "x" * 65536
    taken = sum(writer.write(piece) for _ in range(64))
    assert taken * 65536 <= WRITER_LIMIT
    assert writer.dropped
    assert writer.waiting
    assert not writer.close()
    os.close(out)
    os.close(into)


def test_the_writer_says_when_it_has_written_all() -> None:
    """What was written arrives, in order, and `drained` is told."""
    out, into = os.pipe()
    drained: list[int] = []
    writer = Writer(into, lambda: drained.append(writer.waiting))
    for number in range(100):
        writer.write(f"{number},")
    assert writer.close()
    assert os.read(out, 10_000).decode() == "".join(f"{number}," for number in range(100))
    assert drained[-1] == 0
    os.close(out)
    os.close(into)


def test_frames_wait_for_the_terminal(open_terminal: Opener) -> None:
    """While an answer is on its way fifty changes send nothing; with it comes one frame that has them all."""
    terminal = open_terminal()
    terminal.wait_for("option 00")
    terminal.settle()
    terminal.answers = False
    terminal.press("b")
    terminal.wait_for("new line 0")
    terminal.settle(0.6)
    asked = terminal.raw.count(b"\x1b[6n")
    assert "new line 49" not in terminal.text()
    terminal.answers = True
    terminal.send(b"\x1b[1;1R")
    terminal.wait_for("new line 49")
    terminal.settle()
    assert terminal.raw.count(b"\x1b[6n") <= asked + 2
    terminal.press("a")
    terminal.wait_for("notes a trip known")


def test_a_silent_terminal_costs_nothing_but_the_pacing(open_terminal: Opener) -> None:
    """A terminal that never answers shows everything, after one time-out without asking again, and quits."""
    terminal = open_terminal(answers=False)
    terminal.wait_for("option 00")
    terminal.press("b")
    terminal.wait_for("new line 49")
    terminal.settle()
    asked = terminal.raw.count(b"\x1b[6n")
    terminal.press("a", "w", "t", "i")
    terminal.wait_for("notes a i trip unknown")
    assert terminal.raw.count(b"\x1b[6n") == asked
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.restored() == []


def test_a_terminal_that_can_holds_frames_back(open_terminal: Opener) -> None:
    """Where the terminal knows mode 2026 each frame is shown at once."""
    terminal = open_terminal(synchronized=True)
    terminal.wait_for("option 00")
    terminal.settle()
    before = len(terminal.raw)
    terminal.press("<down>")
    terminal.settle()
    frame = bytes(terminal.raw[before:])
    assert frame.startswith(b"\x1b[?2026h")
    assert b"\x1b[?2026l\x1b[6n" in frame


def test_a_resize_paints_the_new_size(open_terminal: Opener) -> None:
    """After a resize, in both directions, the screen is what a fresh start at that size paints."""
    terminal = open_terminal()
    terminal.wait_for("option 00")
    for columns, rows in ((80, 24), (140, 40), (120, 36)):
        terminal.settle()
        terminal.resize(columns, rows)
        terminal.wait(lambda rows=rows: "╰" in terminal.screen.display[rows - 1], what="the last row")
        terminal.settle()
        fresh = open_terminal(columns=columns, rows=rows)
        fresh.wait_for("option 00")
        fresh.settle()
        assert terminal.text() == fresh.text()


def test_bytes_of_a_key(open_terminal: Opener) -> None:
    """A cursor key, also where the list scrolls, sends a few hundred bytes; a sparkline its own cells."""
    terminal = open_terminal()
    terminal.wait_for("option 00")
    terminal.settle()
    budgets = {"<down>": 250, "<up>": 250, "l": 900, "s": 1700, "p": 11_000, "t": 14_000}
    for key, budget in budgets.items():
        before = len(terminal.raw)
        terminal.press(key)
        terminal.settle()
        assert len(terminal.raw) - before <= budget, key
