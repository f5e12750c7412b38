"""Nothing but characters and our own sequences leaves the differ; and what it sends is short."""

from __future__ import annotations

import re

import pyte
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from pake_tui.tui.terminal.cells import Charset, characters_of
from pake_tui.tui.terminal.differ import Differ
from pake_tui.tui.terminal.pens import PLAIN, Pen, Pens, change
from pake_tui.tui.terminal.scrolling import Scroll, find_scroll

OURS = re.compile(
    r"\x1b\[[\d;]*[BCGHXmr]\x08{0,4}|\x08{1,4}|(?<=H)\n+(?=\x1b)|\x1bM|\x1b\]8;(?:id=[0-9a-f]+)?;[ -~]*\x1b\\"
)
HOSTILE = "\x1b[2J\x1b]0;x\x07\x9b31m\x00\x07\x7f\u202e\u2066\u200b\u200f\ufeff\r\n\t"


def screen_of(rows: list[str], width: int = 40, style: Style | None = None) -> LayoutUpdate:
    """A whole screen with these rows."""
    strips = [[Strip([Segment(row, style)]).adjust_cell_length(width)] for row in rows]
    return LayoutUpdate(strips, Region(0, 0, width, len(rows)))


def sent(differ: Differ, rows: list[str], style: Style | None = None) -> str:
    """What a screen with these rows costs."""
    assert differ.take(screen_of(rows, style=style))
    return differ.frame()


def shown(frames: list[str], width: int, height: int) -> list[str]:
    """The rows that a terminal shows after these frames."""
    screen = pyte.Screen(width, height)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    for frame in frames:
        stream.feed(frame)
    return [line.rstrip() for line in screen.display]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
@example([HOSTILE, f"a{HOSTILE}b"])
@example(["e" + "\u0301" * 1000])
def test_no_control_character_passes(rows: list[str]) -> None:
    """Whatever text a widget lets through, only characters and sequences made here are sent."""
    frame = OURS.sub("", sent(Differ(), rows))
    assert not [character for character in frame if character < " " or "\x7f" <= character <= "\x9f"]
    assert not re.search(
        "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u2028\u2029\ufeff\ud800-\udfff]", frame
    )
    assert len(frame) < 40 * 10 * len(rows)


@given(st.text(max_size=60))
@example("👨‍👩‍👧‍👦x❤️y🇩🇪z")
@example(HOSTILE)
def test_cells_are_as_wide_as_rich_says(text: str) -> None:
    """The cells of a text are as many as Textual laid out for it."""
    assert len(characters_of(text)) == cell_len(text)


@given(st.text(max_size=60))
def test_ascii_only_sends_ascii(text: str) -> None:
    """Where the locale has no Unicode nothing else is sent, and widths stay."""
    cells = characters_of(text, charset=Charset.ASCII)
    assert all(cell.isascii() and (cell.isprintable() or not cell) for cell in cells)
    assert len(cells) == cell_len(text)


def test_ascii_keeps_what_it_can() -> None:
    """Letters lose their marks, frames and bars stay recognisable, the rest is a question mark."""
    assert "".join(characters_of("╭─│ Ünïcödé █ 漢 x", charset=Charset.ASCII)) == "+-| Unicode # ?? x"
    assert "".join(characters_of("—…×‘’“”↑", charset=Charset.ASCII)) == "-~x''\"\"^"


@pytest.mark.parametrize("link", ["https://e.invalid/\x1b]0;x\x07", "https://e.invalid/é", "x" * 5000])
def test_a_link_that_is_no_link_is_text(link: str) -> None:
    """A link target with control characters, beyond ASCII, or endless is left out; its text stays."""
    frame = sent(Differ(), ["link"], Style(link=link))
    assert "\x1b]" not in frame
    assert "link" in frame


def test_a_link_is_closed_in_its_frame() -> None:
    """A hyperlink ends with its text."""
    frame = sent(Differ(), ["link"], Style(link="https://e.invalid/"))
    assert frame.count("\x1b]8;;\x1b\\") == 1
    assert frame.index("link") < frame.index("\x1b]8;;\x1b\\")


def test_one_cell_costs_a_few_bytes_and_nothing_costs_nothing() -> None:
    """A changed cell is a move and a character; an equal screen is silence; after `forget` all is sent."""
    differ = Differ()
    rows = ["a" * 40] * 10
    assert len(sent(differ, rows)) > 400
    assert sent(differ, rows) == ""
    assert sent(differ, [*rows[:4], "a" * 20 + "b" + "a" * 19, *rows[5:]]) == "\x1b[5;21Hb"
    differ.forget()
    assert len(differ.frame()) > 400


@pytest.mark.parametrize("erases", [True, False])
def test_blanks_are_erased_where_that_is_known_to_work(erases: bool) -> None:
    """Long runs of blanks are erased with their background, or sent where a terminal might not do that."""
    differ = Differ(erases=erases)
    assert differ.take(screen_of(["a" + " " * 38 + "b"], style=Style.parse("on blue")))
    frame = differ.frame()
    assert ("\x1b[38X\x1b[38Cb" in frame) is erases
    screen = pyte.Screen(40, 1)
    pyte.Stream(screen).feed(frame)
    assert screen.display == ["a" + " " * 38 + "b"]
    assert {screen.buffer[0][x].bg for x in range(40)} == {"blue"}
    assert differ.take(screen_of([" " * 40], style=Style.parse("on blue underline")))
    assert "X" not in differ.frame()


def test_a_list_that_scrolls_is_scrolled() -> None:
    """Ten rows that move by one cost one row and a scroll region, in both directions, and are right."""
    differ = Differ()
    rows = [f"row {number:2} {'words ' * 4}" for number in range(20)]
    head, foot = ["head"], ["foot"]
    frames = [sent(differ, [*head, *rows[:10], *foot])]
    frames.append(sent(differ, [*head, *rows[1:11], *foot]))
    frames.append(sent(differ, [*head, *rows[:10], *foot]))
    frames.append(sent(differ, [*head, *rows[4:14], *foot]))
    assert [len(frame) < 120 for frame in frames] == [False, True, True, False]
    assert "\x1b[2;11r" in frames[1]
    assert shown(frames, 40, 12) == [line.rstrip() for line in [*head, *rows[4:14], *foot]]


@given(
    st.lists(
        st.lists(st.sampled_from(["", "a", "b", "漢字", "x e\u0301 y", "z" * 40]), min_size=12, max_size=12)
    )
)
def test_any_sequence_of_screens_ends_right(screens: list[list[str]]) -> None:
    """Whatever moved where, the terminal shows the last screen."""
    differ = Differ()
    frames = [sent(differ, rows) for rows in screens]
    fresh = Differ()
    if screens:
        assert shown(frames, 40, 12) == shown([sent(fresh, screens[-1])], 40, 12)


def test_drawing_over_half_of_a_wide_character_redraws_the_whole() -> None:
    """Where a wide character gives way to narrow ones, no half of it stays."""
    differ = Differ()
    frames = [sent(differ, ["漢字漢字"]), sent(differ, ["漢a漢字"]), sent(differ, ["a漢漢字"])]
    assert shown(frames, 40, 1) == shown([sent(Differ(), ["a漢漢字"])], 40, 1)


def test_a_part_of_another_size_asks_for_the_whole() -> None:
    """A partial update of a screen that was never painted whole does not fit, and is said to."""
    differ = Differ()
    sent(differ, ["a"] * 5)
    assert not differ.take(ChopsUpdate([{0: None}] * 9, [(0, 0, 40)], [[40]] * 9))


def test_pens_change_by_the_least() -> None:
    """Only what differs is sent; what must be taken back resets first."""
    bold = Pen(("1",), "31", "49")
    assert change(PLAIN, bold) == "\x1b[1;31m"
    assert change(bold, Pen(("1",), "32", "49")) == "\x1b[32m"
    assert change(bold, Pen(("1", "4"), "31", "44")) == "\x1b[4;44m"
    assert change(bold, Pen((), "31", "49")) == "\x1b[0;31m"
    assert change(bold, PLAIN) == "\x1b[m"


@pytest.mark.parametrize(
    ("depth", "ink"), [("truecolor", "38;2;255;136;0"), ("256", "38;5;208"), ("16", "91"), ("none", "39")]
)
def test_colours_are_reduced(depth: str, ink: str) -> None:
    """Colours go down to what the terminal has; attributes stay."""
    pen = Pens(depth).of(Style.parse("bold dim italic underline strike reverse #ff8800"))
    assert pen == Pen(("1", "2", "3", "4", "7", "9"), ink, "49")


def test_scrolls_that_save_too_little_are_not_made() -> None:
    """Four rows, or rows that would disturb as many as they save, are simply sent."""

    def rows(*texts: str) -> list[tuple[list[str], list[Pen]]]:
        return [([text], [PLAIN]) for text in texts]

    five = find_scroll(rows(*"abcdefg"), rows(*"bcdefgh"), range(7))
    assert five == Scroll(0, 7, 1)
    assert find_scroll(rows(*"abcd"), rows(*"bcde"), range(4)) is None
    old, new = rows(*"abcdefgh..."), rows(*"bcde.fgh.a.")
    altered = [y for y in range(11) if old[y] != new[y]]
    assert find_scroll(old, new, altered) is None or len(altered) >= 5
