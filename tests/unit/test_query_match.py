"""What a query matches, on masked records, and what may be concluded from it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.clock import SECOND
from pake_tui.model.record import Level, Record
from pake_tui.query import QueryError, complete, explain, from_flags, parse
from pake_tui.query.needles import missing
from pake_tui.records.parser import Parser

NOW = 1_772_373_600 * SECOND


def matches(text: str, record: Record, time_ns: int | None = None) -> bool:
    """Whether a query's text matches."""
    return parse(text, now_ns=NOW).matches(record, time_ns)


def made(text: str = "", **facts: Any) -> Record:
    """A record with a text and facts."""
    return Record(message=facts.pop("message", text), text=text, **facts)


PAYMENT = made(
    "Payment declined by Gateway status=502 card=4111-****-****-1111",
    message="Payment declined by Gateway",
    level=Level.ERROR,
    service="payment",
    logger="pay.core",
    correlation_id="req-7f3a",
    time_ns=NOW - 60 * SECOND,
    fields={
        "status": 502,
        "duration_ms": 1893.5,
        "retry": False,
        "nothing": None,
        "http": {"route": "/pay", "headers": {"X-Request-ID": "other-id"}},
        "flat.name": "dotted",
        "items": [{"sku": "a1"}, {"sku": "b2"}],
        "where": "two words",
        "text_number": "12",
    },
)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "declined",
        "DECLINED OR gateway",
        "Gateway",
        '"declined by"',
        "~decl.n",
        '~"by gate"',
        "level:error",
        "level>=warning",
        "level<critical",
        "level:e*",
        "service:payment",
        "service:pay*",
        "logger:pay.core",
        "message:declined",
        "status:502",
        "status:502.0",
        "status>501 status<=502",
        "duration_ms>250",
        "text_number>=12",
        "retry:false",
        "nothing:null",
        "nothing:?",
        "http.route:/pay",
        "http.headers.x-request-id:other-id",
        "flat.name:dotted",
        "items.sku:b2",
        'where:"two words"',
        'where:"two w"*',
        "where:t*o*s",
        "where~w.rds",
        "WHERE:Two* OR where:two*",
        "cid:req-7f3a",
        "cid:REQ-7F3A OR cid:req*",
        "cid:other-id",
        "cid:?",
        "-absent",
        "(a OR declined) -level:debug",
        "since:5m until:30s",
        "at:13:59",
    ],
)
def test_a_record_is_found(query: str) -> None:
    """Each kind of term finds the record it describes."""
    assert matches(query, PAYMENT)


@pytest.mark.parametrize(
    "query",
    [
        "Declined",
        "4111111111111111",
        "level:warning",
        "level<error",
        "service:pay",
        "status>502",
        "absent:?",
        "absent:x OR absent>1",
        "-declined",
        "cid:req-7f3",
        "cid:7f3a",
        "items.sku:c3",
        "where:two",
        "retry>0",
        "since:30s",
        "until:5m",
        "http:x",
    ],
)
def test_a_record_is_not_found(query: str) -> None:
    """Each kind of term leaves out what it does not describe; what is masked cannot be searched."""
    assert not matches(query, PAYMENT)


def test_a_record_without_time_takes_the_one_it_inherits() -> None:
    """Lines without a time of their own lie in the range of the line before them."""
    assert not matches("since:5m", made("x"))
    assert matches("since:5m", made("x"), NOW)


def test_aliases_are_those_that_are_passed_in() -> None:
    """A custom field name counts as a correlation ID where the setting says so."""
    record = made("x", fields={"ticket": "T-1"})
    assert not matches("cid:T-1", record)
    assert parse("cid:T-1", now_ns=NOW, aliases=("ticket",)).matches(record)


def test_highlights_say_where() -> None:
    """Words, phrases and patterns are lit up where they stand; what is negated is not."""
    query = parse('gate "clined" ~5\\d2 -by', now_ns=NOW)
    text = "Payment declined by Gateway 502"
    assert [text[a:b] for a, b in query.highlights(text)] == ["clined", "Gate", "502"]


def test_fields_named_are_told() -> None:
    """A screen can say that no record has a field."""
    assert parse("a.b:1 level:error -size>3 word", now_ns=NOW).fields_named == {"a.b", "size"}


PIECES = st.sampled_from(
    [
        "Timeout",
        "id-9",
        "a1b",
        "req-7f3a",
        "4111111111111111",
        "x@example.com",
        "café",
        "\\",
        '"',
        "q\n",
        " ",
        "=",
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=6), st.lists(PIECES, min_size=1, max_size=2))
def test_raw_bytes_are_never_skipped_where_a_record_would_match(line: list[str], wanted: list[str]) -> None:
    """The byte prefilter only leaves out records that the query would not match."""
    raw = json.dumps({"message": "".join(line), "request_id": line[0]})
    parser = Parser([raw], now_ns=NOW)
    word = "".join(wanted).strip() or "x"
    for text in (
        json.dumps(word, ensure_ascii=False),
        f"cid:{json.dumps(wanted[0], ensure_ascii=False)}",
        f"a OR {json.dumps(word)}",
        f"~{json.dumps(f'{re.escape(word)}|x+.?{re.escape(wanted[0])}')}",
        f"message~{json.dumps(f'(?:{re.escape(wanted[0])})?{re.escape(word)}')}",
    ):
        try:
            query = parse(text, now_ns=NOW)
        except QueryError:
            continue
        if any(query.matches(record) for record in parser.parse([raw])):
            assert not missing(query.needles, raw.encode())


def test_needles_need_letters() -> None:
    """Digits may be regrouped by the masker, so they exclude nothing."""
    assert parse("12345678", now_ns=NOW).needles == ()
    assert parse("-word", now_ns=NOW).needles == ()
    assert parse("~w.?o.?r.?d", now_ns=NOW).needles == ()
    assert parse("~^wor?d+.*(left|right)?Hand$", now_ns=NOW).needles == (frozenset({b"hand"}),)
    assert parse("~alpha|be+ta(one)", now_ns=NOW).needles == (frozenset({b"alpha", b"taone"}),)
    assert parse("~alpha|b.a", now_ns=NOW).needles == ()
    assert parse("~(?x)alpha", now_ns=NOW).needles == parse("~alpha?+", now_ns=NOW).needles == ()
    assert parse("Alpha (beta OR cid:req-77aa)", now_ns=NOW).needles == (
        frozenset({b"alpha"}),
        frozenset({b"beta", b"req-77aa"}),
    )


def test_escaped_or_coloured_bytes_are_not_trusted() -> None:
    """Where letters may be written otherwise, nothing is skipped."""
    needles = parse("error", now_ns=NOW).needles
    assert missing(needles, b"all is well")
    assert not missing(needles, b"ER\x1b[31mROR")
    assert not missing(needles, b'{"m":"\\u0065rror"}')


def test_flags_spell_the_same_query() -> None:
    """What a shell would eat can be said by flags, and means the same."""
    text = from_flags("req-1", "warning", "api", "15m", "1m", ["level:debug", "GET /health"])
    expected = "cid:req-1 service:api level>=warning since:15m until:1m -level:debug -(GET /health)"
    assert parse(text, now_ns=NOW) == parse(expected, now_ns=NOW)
    assert from_flags() == ""
    assert parse(from_flags(service="my service"), now_ns=NOW) == parse('service:"my service"', now_ns=NOW)


def test_a_wrong_flag_is_a_wrong_query() -> None:
    """A level that is none is answered like any other wrong query."""
    with pytest.raises(QueryError):
        parse(from_flags(level="loud"), now_ns=NOW)


def test_completion_offers_names_then_values() -> None:
    """A name is completed to a field, a field to the values seen, in their place in the text."""
    values = {"service": ["api", "auth"], "path": ["/a b"]}
    assert complete("x -se", 5, ["seconds"], values) == ["x -service:", "x -seconds:"]
    assert complete("service:a rest", 9, [], values) == ["service:api rest", "service:auth rest"]
    assert complete("(level>=w", 9, [], values) == ["(level>=warning"]
    assert complete("path:", 5, [], values) == ['path:"/a b"']
    assert complete("since:1", 7, [], values) == ["since:15m", "since:1h"]


def test_a_query_is_explained_in_words() -> None:
    """The sentence says every part of the query."""
    words = explain(parse("level>=error (service:api OR cid:req*) -health ~x", now_ns=NOW))
    assert words == (
        'records where the level is at least error and (service is "api" or the correlation ID '
        'begins with "req") and not (the line has "health" in any case) and the line matches /x/'
    )
    assert explain(parse("", now_ns=NOW)) == "every record"
