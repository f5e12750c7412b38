"""Regular expressions that people type: useful ones pass, those that never end are refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.query.regexes import RegexError, compiled


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*",
        "(a|a)*",
        "(a|aa)+",
        "(a|ab?)*",
        "(\\w+\\s?)+",
        "(aa?)+$",
        "(?:a?a?c)*",
        "([a-z]+)*1",
        "((a+b)?a+)*",
        "(x+x+)+y",
        "(.*)*",
        "(\\d|\\w)+x",
        "(?:a{1,3}){5,}",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        ".*.*.*.*.*x",
        "(?=(a+)+)b",
        "(é|É)+",
        "(?:(()+)[ab])*",
        "(a?)*",
    ],
)
def test_a_pattern_that_may_never_end_is_refused(pattern: str) -> None:
    """Ambiguous repeats are refused before they run."""
    with pytest.raises(RegexError):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(\\w+\\s)+",
        "^(\\d{1,3}\\.){3}\\d{1,3}",
        '"(?:[^"\\\\]|\\\\.)*"',
        "(GET|POST) /api/v\\d+/\\w+",
        "(?P<name>\\w+)=(?P<value>\\S+)",
        "timeout after \\d+(\\.\\d+)?s",
        "(foo|far)+",
        "(?i)error.*upstream.*refused",
        "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
        "[[a]",
        "a{,3}b{2}",
        "(a)\\1?",
        "x(?#note)y(?!z)",
        "a++b",
        "\\u00e9|\\x41|\\101|\\n",
        "[]x]+[^]]",
        "(?(1)a|b)|(c)",
    ],
)
def test_an_ordinary_pattern_passes(pattern: str) -> None:
    """What people search logs with is not refused."""
    compiled(pattern)


def test_capitals_make_case_count_escapes_do_not() -> None:
    """Smart-case looks at letters, not at \\S or named groups."""
    assert compiled("error").search("ERROR")
    assert not compiled("Error").search("ERROR")
    assert compiled("\\Serror").search("xERROR")
    assert compiled("(?P<Name>error)").search("ERROR")


@given(
    st.lists(
        st.sampled_from(["a", "b", "(", ")", "*", "+", "?", "|", "[ab]", ".", "{2}", "{1,9}", "\\w", "^"]),
        max_size=12,
    ).map("".join)
)
def test_what_passes_ends_soon(pattern: str) -> None:
    """A pattern that was not refused searches a hostile text in time."""
    try:
        found = compiled(pattern)
    except RegexError:
        return
    begun = time.perf_counter()
    found.search("ab" * 12 + "a" * 40 + "!")
    assert time.perf_counter() - begun < 2.0
