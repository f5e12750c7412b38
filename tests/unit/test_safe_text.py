"""SafeText: what comes from outside is shown, never obeyed."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pake_tui.text.safe import SafeText, safe, strip_ansi


def test_an_escape_is_a_picture() -> None:
    """A terminal escape reaches the screen as a visible sign."""
    assert safe("\x1b[31mred\x1b[0m") == "␛[31mred␛[0m"


def test_lines_and_tabs_stay_in_their_row() -> None:
    """A newline, a return and a tab cannot move the cursor."""
    assert safe("a\nb\rc\td\x7f") == "a␊b␍c d␡"


def test_what_turns_or_hides_text_is_named() -> None:
    """Bidi overrides and zero-width characters are shown by their number."""
    assert safe("pay\u202eload\u200b") == "pay<202E>load<200B>"


def test_half_a_character_cannot_break_the_encoding() -> None:
    """A lone surrogate becomes the replacement character."""
    assert safe("a\ud800b") == "a\ufffdb"


def test_ordinary_text_of_any_language_is_kept() -> None:
    """Letters, accents and ideographs are left alone."""
    assert safe("Grüße, 東京 ✓") == "Grüße, 東京 ✓"


def test_safe_text_is_made_once() -> None:
    """Text that is safe already is the same object."""
    made = safe("x")
    assert isinstance(made, SafeText)
    assert safe(made) is made


@given(st.text())
def test_nothing_that_controls_survives(text: str) -> None:
    """Whatever comes in, no control, format or surrogate character comes out."""
    assert not [c for c in safe(text) if unicodedata.category(c) in ("Cc", "Cs") or c in "\u202e\u2066\u200b"]


def test_colours_titles_and_charsets_are_stripped() -> None:
    """Escape sequences of every kind vanish, and the text between them stays."""
    text = "\x1b[1;31mbold\x1b[0m \x1b]0;title\x07on \x1b(Bscreen\x1b[2K"
    assert strip_ansi(text) == "bold on screen"


def test_text_without_escapes_is_not_copied() -> None:
    """The same object comes back when there was nothing to strip."""
    text = "plain"
    assert strip_ansi(text) is text


@given(st.text(alphabet="\x1b[]0;m(B\x07ab\\", max_size=200))
def test_stripping_never_raises(text: str) -> None:
    """Half an escape sequence is no error."""
    assert isinstance(strip_ansi(text), str)
