"""The grammar of the filter language: what is a term, what is wrong, how it is spelled back."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.clock import DAY, HOUR, MINUTE, SECOND, parse_duration
from pake_tui.query import Query, QueryError, parse
from pake_tui.query.nodes import And, Compare, Equals, Exists, FieldRegex, LevelIs, Not, Or, Regex, Text

NOW = 1_772_373_600 * SECOND
"""2026-03-01T14:00:00Z."""


def read(text: str) -> Query:
    """The query at a fixed moment in UTC."""
    return parse(text, now_ns=NOW, zone=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1:5432",
        "/api/v1/pay",
        "http://host/",
        "java.io.IOException:",
        "12:03:04",
        "std::io::Error",
        "a=>b",
        "<tag>",
        "key=value",
        "main()",
        "--verbose",
        "level:",
        "foo->bar",
    ],
)
def test_what_only_looks_like_a_field_is_a_word(text: str) -> None:
    """Addresses, paths, URLs, exceptions, clock times and code are plain words."""
    assert read(text).root == Text(text)


def test_an_exception_with_its_text_is_two_words() -> None:
    """`java.io.X: y` has no value directly after the colon."""
    assert read("java.io.X: y").root == And((Text("java.io.X:"), Text("y")))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("field:value", Equals),
        ('field:"two words"', Equals),
        ("field:pre*", Equals),
        ("a.b.c:1", Equals),
        ("x-request-id:7", Equals),
        ("@timestamp:1", Equals),
        ("field>250", Compare),
        ("field<=-2.5e3", Compare),
        ("field~re.x", FieldRegex),
        ('field~"re x"', FieldRegex),
        ("field:?", Exists),
        ("cid:req-1", Equals),
        ("level>=warning", LevelIs),
        ("level:e", LevelIs),
        ("LEVEL:WARN", LevelIs),
        ("~re", Regex),
        ('~"re x"', Regex),
        ('"a phrase"', Text),
        ("-word", Not),
        ("a OR b", Or),
    ],
)
def test_each_kind_of_term_is_recognised(text: str, kind: type) -> None:
    """Every spelling of the grammar gives its own kind of node."""
    assert isinstance(read(text).root, kind)


def test_or_binds_weaker_than_and() -> None:
    """`a b OR c` is (a and b) or c; parentheses change that."""
    assert read("a b OR c").root == Or((And((Text("a"), Text("b"))), Text("c")))
    assert read("a (b OR c)").root == And((Text("a"), Or((Text("b"), Text("c")))))
    assert read("a AND b").root == read("a b").root


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("level>=loud", 7, "debug"),
        ("a OR", 4, "a term"),
        ("OR a", 0, "a term"),
        ("(a b", 0, "a closing )"),
        ("a )", 2, "a term"),
        ("()", 1, "a term"),
        ('x "open', 2, "a closing"),
        ('f:"v"x', 5, "a blank"),
        ("a - b", 2, "directly after"),
        ("size>big", 5, "a number"),
        ("since:noon", 6, "15m"),
        ("since>5", 5, "since:15m"),
        ("at:25:00", 3, "14:03"),
        ("cid>5", 3, "cid:ID"),
        ("f:(a OR b)", 2, "alternatives"),
        ("x ~(a+)+$", 7, ""),
        ("~[a", 1, ""),
        ('""', 0, "text between"),
        ("a" * 10_001, 10_000, "at most"),
    ],
)
def test_a_wrong_query_is_answered_at_its_character(text: str, position: int, expected: str) -> None:
    """The error points at the character where it goes wrong, and says what was expected there."""
    with pytest.raises(QueryError) as caught:
        read(text)
    assert caught.value.position == position
    assert expected in caught.value.expected


def test_a_regex_in_quotes_is_answered_at_its_own_character() -> None:
    """Escapes before the wrong place do not shift the caret."""
    with pytest.raises(QueryError) as caught:
        read('x ~"a\\"b(c"')
    assert caught.value.position == 8


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("since:15m", NOW - 15 * MINUTE, None),
        ("until:1h", None, NOW - HOUR),
        ("since:13:30", NOW - 30 * MINUTE, None),
        ("since:15:00", NOW - 23 * HOUR, None),
        ("until:14:10", None, NOW + 10 * MINUTE),
        ("at:13:59", NOW - MINUTE, NOW - 1),
        ("at:13:59:30", NOW - 30 * SECOND, NOW - 29 * SECOND - 1),
        ("since:2026-03-01", NOW - 14 * HOUR, None),
        ("at:yesterday", NOW - 14 * HOUR - DAY, NOW - 14 * HOUR - 1),
        ("since:2026-03-01T15:00+02:00", NOW - HOUR, None),
        ('since:"2026-03-01 13:00"', NOW - HOUR, None),
        ("since:2h until:1h", NOW - 2 * HOUR, NOW - HOUR),
        ("since:2h OR since:3h", NOW - 3 * HOUR, None),
        ("since:2h OR word", None, None),
        ("-since:2h", None, None),
    ],
)
def test_times_are_bounds(text: str, since: int | None, until: int | None) -> None:
    """since:, until: and at: give the range outside which no record can match."""
    assert read(text).time_range == (since, until)


def test_clock_times_are_in_the_zone_shown() -> None:
    """`at:14:03` means that minute where the reader lives."""
    east = timezone(timedelta(hours=2))
    assert parse("since:15:00", now_ns=NOW, zone=east).time_range[0] == NOW - HOUR


FRAGMENTS = st.sampled_from(
    [
        "a",
        "B1",
        "-",
        "(",
        ")",
        '"',
        " ",
        " OR ",
        "~",
        ":",
        ">",
        "<",
        "=",
        "*",
        "\\",
        "level",
        "since:",
        "15m",
        "f",
        "?",
        "é",
        ".",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=25).map("".join)))
def test_any_text_parses_or_is_answered(text: str) -> None:
    """No text crashes the parser, and what it accepts is spelled so that it parses to an equal query."""
    try:
        query = read(text)
    except QueryError as error:
        wrong: QueryError | None = error
    else:
        wrong = None
    if wrong is not None:
        assert 0 <= wrong.position <= len(text)
        return
    assert read(str(query)) == query


WORDS = st.text(min_size=1, max_size=12)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_any_phrase_can_be_asked_for(words: list[str]) -> None:
    """A phrase of any characters is spelled back unchanged."""
    root = And(tuple(Text(one) for one in words)) if len(words) > 1 else Text(words[0])
    assert read(str(Query(root))).root == root


def test_durations_are_those_of_the_clock() -> None:
    """The same spellings as everywhere else."""
    assert read("since:1h30m").time_range[0] == NOW - parse_duration("1h30m")
