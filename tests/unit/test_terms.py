"""Promises of the edits of a filter's text."""

from __future__ import annotations

import pytest

from pake_tui.tui.terms import split_terms, with_term, without_last


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", []),
        ("  a  b ", ["a", "b"]),
        ('level>=error user:"two words"', ["level>=error", 'user:"two words"']),
        ('"say \\"hi\\" now" x', ['"say \\"hi\\" now"', "x"]),
        ("(a OR b c) -d", ["(a OR b c)", "-d"]),
        ('"never closed x', ['"never closed x']),
    ],
)
def test_terms_hold_together(query: str, terms: list[str]) -> None:
    """Quotes and parentheses are never cut apart."""
    assert split_terms(query) == terms


@pytest.mark.parametrize(
    ("query", "rest"),
    [("a b", "a"), ("a", ""), ("", ""), ("a OR b", "a"), ('a "b c"', "a"), ("(a OR b) c", "(a OR b)")],
)
def test_the_last_term_goes_whole(query: str, rest: str) -> None:
    """One backspace takes one term off, with the OR that led to it."""
    assert without_last(query) == rest


@pytest.mark.parametrize(
    ("query", "done"),
    [
        ("", "level:error"),
        ("service:api", "service:api level:error"),
        ("level:error", "level:error"),
        ("a OR b", "(a OR b) level:error"),
    ],
)
def test_a_term_narrows_the_whole_query(query: str, done: str) -> None:
    """Added terms are AND with all that stood there, and are not doubled."""
    assert with_term(query, "level:error") == done
