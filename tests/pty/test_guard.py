"""No reply of a terminal, cut anywhere, late or doubled, is ever taken for a key that changes something."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual import events

from pake_tui.tui.terminal.guard import ESCAPE_WAIT, PASTE_LIMIT, PASTE_WAIT, REST_WAIT, TAINT
from pake_tui.tui.terminal.keyboard import came_alone
from tests.pty.typist import REPLIES, Typist, pieces

streams = st.lists(st.sampled_from(REPLIES), min_size=1, max_size=5).map("".join)
cuts = st.lists(st.integers(0, 10_000), max_size=40)


@given(stream=streams, cuts=cuts, gaps=st.lists(st.floats(0.0, ESCAPE_WAIT * 0.9), min_size=41, max_size=41))
def test_replies_cut_anywhere_are_no_keys(stream: str, cuts: list[int], gaps: list[float]) -> None:
    """Replies to any query, cut into any pieces that come as a network brings them, press nothing."""
    typist = Typist()
    for piece, gap in zip(pieces(stream, cuts), gaps, strict=False):
        typist.type(piece, gap)
    assert typist.wait().got == []


@given(stream=streams, cuts=cuts, gaps=st.lists(st.floats(0.0, 0.45), min_size=41, max_size=41))
def test_slow_replies_press_escape_at_most(stream: str, cuts: list[int], gaps: list[float]) -> None:
    """Pieces up to half a second apart: an ESC that stood alone is an escape, the rest is still no key."""
    typist = Typist()
    for piece, gap in zip(pieces(stream, cuts), gaps, strict=False):
        typist.type(piece, gap)
    assert {key.key for key in typist.wait().keys} <= {"escape"}


@given(reply=st.sampled_from(REPLIES), cut=st.integers(1, 40), gap=st.floats(0.0, 60.0), twice=st.booleans())
def test_a_reply_however_late_changes_nothing(reply: str, cut: int, gap: float, twice: bool) -> None:
    """A reply cut in two, its rest as late as may be, doubled: no key of it is alone, but an escape."""
    typist = Typist()
    head, rest = reply[: cut % len(reply)], reply[cut % len(reply) :]
    typist.type(head).type(rest, gap).type(reply if twice else "")
    assert all(not came_alone(key) or key.key == "escape" for key in typist.wait().keys)


@given(stream=streams, cuts=cuts, gaps=st.lists(st.floats(0.0, TAINT * 0.95), min_size=41, max_size=41))
@example(stream="\x1b]11;rgb:aaaa/aaaa/aaaa\x07", cuts=[2, 3], gaps=[0.0, 1.5, 1.5])
@example(stream="\x1b[?0u", cuts=[1, 4], gaps=[0.0, 2.0, 2.0])
def test_replies_cut_by_seconds_type_nothing(stream: str, cuts: list[int], gaps: list[float]) -> None:
    """Pieces seconds apart press at most what stands at the beginning of a sequence, and no letter."""
    typist = Typist().dribble(pieces(stream, cuts), gaps).wait()
    assert {key.key for key in typist.keys} <= {
        "escape",
        "left_square_bracket",
        "right_square_bracket",
        "underscore",
    }


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    """Whatever comes, the guard neither fails nor locks: after escape a key is a key again."""
    typist = Typist().type(text).wait(30)
    typist.type("\x1b[201~").wait(30)
    typist.type("\x1b").wait(30).type("j").wait(30).type("j").wait(30)
    assert typist.names[-1] == "j"


@given(text=st.text(st.characters(blacklist_categories=("Cs",)), max_size=300), cuts=cuts)
def test_a_paste_is_text(text: str, cuts: list[int]) -> None:
    """Pasted text, escapes and letters that are keys included, arrives as one text and presses nothing."""
    text = text.replace("\x1b[201~", "")
    typist = Typist()
    for piece in pieces(f"\x1b[200~{text}\x1b[201~", cuts):
        typist.type(piece)
    assert typist.keys == []
    assert [event.text for event in typist.got if isinstance(event, events.Paste)] == [text.replace("\0", "")]


KEYS = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[1;5C": "ctrl+right",
    "\x1b[5~": "pageup",
    "\x1b[Z": "shift+tab",
    "\x1bOP": "f1",
    "\x1b[97;5u": "ctrl+a",
    "\x1b[27u": "escape",
    "a": "a",
    "A": "A",
    "\r": "enter",
    "\x7f": "backspace",
    "\x03": "ctrl+c",
    "é": "é",
}


@pytest.mark.parametrize("sequence", KEYS)
def test_a_key_is_a_key_and_alone(sequence: str) -> None:
    """Each key that a terminal sends as one read is that key, and alone."""
    assert Typist().type(sequence).wait().names == [KEYS[sequence]]


@pytest.mark.parametrize("gap", [0.05, 0.2, 0.45])
def test_a_split_arrow_never_becomes_letters(gap: float) -> None:
    """An arrow that comes byte by byte is an arrow (after an escape, where the wait was too long)."""
    names = Typist().type("\x1b").type("[", gap).type("A", gap).wait().names
    assert names == (["(up)"] if gap < ESCAPE_WAIT else ["escape", "(up)"])


def test_escape_alone_waits_and_alt_is_two_keys() -> None:
    """A lone ESC is an escape after its wait; ESC and a key in one read are both, neither of them alone."""
    typist = Typist().type("\x1b")
    assert typist.names == []
    assert typist.wait(ESCAPE_WAIT).names == ["escape"]
    assert Typist().type("\x1ba").names == ["(escape)", "(a)"]
    assert Typist().type("\x1b]").wait(REST_WAIT).names == ["(escape)", "(right_square_bracket)"]


def test_keys_in_a_burst_are_not_alone() -> None:
    """Letters pasted without brackets, or typed while the link stood still, are keys, none of them alone."""
    assert Typist().type("aa").names == ["(a)", "(a)"]
    assert Typist().type("a").type("a", 0.5).names == ["a", "a"]


def test_a_key_beside_a_report_that_we_asked_for_is_alone() -> None:
    """Frames ask for cursor reports all the time; a key that comes in one read with one still counts."""
    typist = Typist().type("\x1b[1;1Ra").type("a\x1b[12;1R").type("\x1b[?2026;2$ya")
    assert (typist.names, typist.reports) == (["a", "a", "a"], 2)
    assert Typist().type("\x1b[?62;22ca").names == ["(a)"]
    assert Typist().type("\x1b]11;rgb:0/0/0\x07a").names == ["(a)"]


def test_the_mouse_is_heard_and_old_reports_are_skipped() -> None:
    """SGR mouse reports become events; the three bytes after an old one are no keys."""
    assert [type(event) for event in Typist().type("\x1b[<64;5;6M").got] == [events.MouseScrollUp]
    assert Typist().type("\x1b[M aa").wait().got == []


def test_mode_reports_are_told() -> None:
    """Whether the terminal holds frames back (mode 2026) is learnt from its report."""
    assert Typist().type("\x1b[?2026;2$y").modes == [("2026", True)]
    assert Typist().type("\x1b[?2026;0$y").modes == [("2026", False)]


def test_broken_key_reports_are_nothing() -> None:
    """Code points that do not exist, endless parameters, bytes that are no UTF-8: nothing."""
    assert Typist().type("\x1b[99999999999u").type(f"\x1b[{'1;' * 500}A").type("\ufffd").wait().got == []


def test_a_paste_is_bounded_and_never_locks_the_keyboard() -> None:
    """A paste without end is given out after a while, its rest is not alone; no more than 1 MB is kept."""
    typist = Typist().type("\x1b[200~abc").wait(PASTE_WAIT + 1).type("a")
    assert [event.text for event in typist.got if isinstance(event, events.Paste)] == ["abc"]
    assert typist.names == ["(a)"]
    big = Typist().type("\x1b[200~")
    for _ in range(PASTE_LIMIT // 100_000 + 5):
        big.type("x" * 100_000)
    big.type("\x1b[20").type("1~").type("j")
    assert [len(event.text) for event in big.got if isinstance(event, events.Paste)] == [PASTE_LIMIT]
    assert big.names == ["j"]
