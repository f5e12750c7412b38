"""One frame on the way, never two; and a terminal that does not answer costs nothing but that."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Callable

import pytest

from pake_tui.tui.terminal.pacing import FIRST_LIMIT, LIMIT, SMALL, SURE, Pacer
from pake_tui.tui.terminal.writer import LIMIT as WRITER_LIMIT
from pake_tui.tui.terminal.writer import Writer
from tests.pty.driver import Terminal

Opener = Callable[..., Terminal]


def slow_link() -> Pacer:
    """A pacer that has measured 150 ms and 8,000 bytes a second."""
    pacer = Pacer()
    for at in range(SURE):
        pacer.sent(1, float(at))
        pacer.answered(at + 0.15)
    pacer.sent(8_000, 5.0)
    pacer.answered(6.15)
    return pacer


def test_the_next_frame_waits_for_the_answer() -> None:
    """After a frame none may go until its report came; round trip and throughput are measured."""
    pacer = Pacer()
    assert pacer.wait(0.0) == 0
    pacer.sent(100, 0.0)
    assert pacer.wait(0.1) > 0
    pacer.answered(0.15)
    assert pacer.wait(0.15) == 0
    assert pacer.round_trip == 0.15
    pacer.sent(SMALL + 8000, 1.0)
    pacer.answered(1.0 + 0.15 + 1.0)
    assert pacer.round_trip == 0.15
    assert pacer.throughput == pytest.approx(SMALL + 8000)


def test_a_question_alone_holds_nothing_back() -> None:
    """The round trip is measured before the first frame, which does not wait for that."""
    pacer = Pacer()
    pacer.sent(0, 0.0)
    assert pacer.wait(0.0) == 0
    pacer.sent(5_000, 0.01)
    pacer.answered(0.15)
    assert pacer.round_trip == 0.15
    assert pacer.wait(0.15) > 0


def test_a_quiet_second_on_a_short_link_is_asked_after_now_and_then() -> None:
    """Of what changes by itself once a second each fifth frame asks; a key's answer, a large frame, frames in
    quick succession and those on a long link always do.
    """
    pacer = Pacer()
    for at in range(SURE):
        assert pacer.sent(300, float(at), own=True)
        pacer.answered(at + 0.005)
    asked = []
    for at in range(10, 20):
        if pacer.sent(300, float(at), own=True):
            asked.append(at)
            pacer.answered(at + 0.005)
    assert asked == [10, 15]
    assert not pacer.sent(300, 19.6, own=True)
    assert pacer.sent(300, 19.7, own=True)
    pacer.answered(19.8)
    assert pacer.sent(300, 21.0)
    pacer.answered(21.1)
    assert pacer.sent(SMALL + 1, 22.0, own=True)
    assert slow_link().sent(300, 8.0, own=True)


def test_a_terminal_that_never_answers_is_not_asked_again() -> None:
    """After one time-out frames go as they come; a late answer brings the pacing back."""
    pacer = Pacer()
    pacer.sent(100, 0.0)
    assert pacer.wait(0.0) == FIRST_LIMIT
    assert pacer.wait(FIRST_LIMIT) == 0
    assert not pacer.asks
    pacer.sent(100, 2.0)
    assert pacer.wait(2.0) == 0
    pacer.answered(5.0)
    assert pacer.asks


def test_an_answer_that_is_lost_costs_three_seconds() -> None:
    """A terminal that has answered before gets three seconds, counted from when it took the frame."""
    pacer = Pacer()
    pacer.sent(1, 0.0)
    pacer.answered(0.1)
    pacer.sent(1, 10.0)
    assert pacer.wait(10.0 + LIMIT - 0.1) > 0
    pacer.taken(10.0 + LIMIT - 0.1)
    assert pacer.wait(10.0 + LIMIT) > 0
    assert pacer.wait(10.0 + 2 * LIMIT) == 0
    assert pacer.asks


def test_a_key_on_a_long_link_waits_for_the_link_and_not_for_the_answer() -> None:
    """A small frame's answer takes 150 ms to come; the next frame goes once the link has taken the first."""
    pacer = slow_link()
    pacer.sent(400, 10.0)
    assert pacer.wait(10.0) == pytest.approx(0.05)
    assert pacer.wait(10.06) == 0


def test_no_more_is_on_the_way_than_the_link_carries() -> None:
    """Keys held down never fill the buffers of the link: what is under way arrives within half a second."""
    pacer = slow_link()
    now, sent = 10.0, 0
    while pacer.wait(now) < 0.05 and sent < 100_000:
        now += pacer.wait(now)
        pacer.sent(400, now)
        sent += 400
    assert sent <= 8_000 * 0.5


def test_what_changes_by_itself_leaves_a_slow_link_free_for_keys() -> None:
    """On a slow link such frames are small and far apart; an answer to a key does not wait for their turn."""
    pacer = slow_link()
    assert pacer.slow
    room, key_room = pacer.room(own=True), pacer.room()
    assert room is not None
    assert key_room is not None
    assert room < key_room
    pacer.sent(room, 10.0, own=True)
    pacer.answered(10.0 + 0.15 + room / 8_000)
    assert pacer.wait(10.25) == 0
    assert pacer.wait(10.25, own=True) > 0


def test_a_fast_link_has_room_for_everything() -> None:
    """On a local terminal frames have no limit and what changes by itself has no turn to wait for."""
    pacer = Pacer()
    pacer.sent(1, 0.0)
    pacer.answered(0.001)
    pacer.sent(10_000, 1.0)
    pacer.answered(1.002)
    assert not pacer.slow
    assert pacer.room() is None
    assert pacer.wait(1.01, own=True) == 0


def test_answers_that_come_late_or_twice_change_nothing() -> None:
    """An answer nobody waits for leaves the next frame free, and measures nothing."""
    pacer = slow_link()
    for _ in range(3):
        pacer.answered(9.0)
    assert pacer.wait(9.0) == 0
    assert pacer.round_trip == pytest.approx(0.15)


def test_the_writer_never_blocks_and_is_bounded() -> None:
    """With nobody reading, writes return at once, too much is dropped and counted, the end is quick; when the
    terminal is gone the rest is given up, so that nothing of it gets into a file that takes its number.
    """
    out, into = os.pipe()
    writer = Writer(into, lambda: None)
    piece = "x" * 65536
    taken = sum(writer.write(piece) for _ in range(64))
    assert taken * 65536 <= WRITER_LIMIT + 65536  # which the pipe may have taken
    assert writer.dropped
    assert writer.waiting
    assert not writer.close()
    os.close(out)
    assert writer.close()
    assert not writer.write("more")
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


def test_what_a_stalled_terminal_does_not_take_comes_later_in_order() -> None:
    """Writes to a terminal that nobody reads return at once; when somebody does, all comes, in order."""
    outside, inside = os.openpty()
    tty.setraw(inside)
    writer = Writer(inside, lambda: None)
    sent = ""
    while not writer.waiting:
        piece = f"{len(sent):09}" * 500
        sent += piece
        assert writer.write(piece)
    sent += "and the end"
    assert writer.write("and the end")
    come = b""
    while len(come) < len(sent):
        assert select.select([outside], [], [], 5)[0], come[-100:]
        come += os.read(outside, 65536)
    assert come.decode() == sent
    assert writer.close()
    os.close(inside)
    os.close(outside)


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
