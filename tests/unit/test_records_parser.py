"""Parsing: lines of many loggers become records, re-checked one by one, masked, and never with an error."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.model.record import Level, Record
from pake_tui.records.export import record_json
from pake_tui.records.parser import Parser

NOW = int(datetime(2025, 6, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000_000


def group(parser: Parser, lines: Sequence[str]) -> list[list[str]]:
    """The lines of each record, as a reader of a file joins them."""
    records: list[list[str]] = []
    for line in lines:
        if records and not (line.strip() and parser.starts_record(line, records[-1])):
            records[-1].append(line)
        elif line.strip():
            records.append([line])
    return records


def read(*lines: str, service: str = "") -> list[Record]:
    """The records of a file that consists of these lines."""
    parser = Parser(lines, now_ns=NOW, service=service)
    return [record for one in group(parser, lines) for record in parser.parse(one)]


def test_containers_wrap_their_lines() -> None:
    """Compose names, CRI and Docker's JSON are taken off; their time counts, the payload is read."""
    composed = read('api-1  | {"level":"warn","msg":"x"}', "\x1b[33mdb-1   |\x1b[0m plain words")
    assert [(one.service, one.level, one.message) for one in composed] == [
        ("api-1", Level.WARNING, "x"), ("db-1", None, "plain words"),
    ]  # fmt: skip
    (cri,) = read('2025-03-04T10:11:12.123456789Z stdout F {"level":"error","msg":"y"}')
    assert (cri.time_ns, cri.level, cri.message) == (1_741_083_072_123_456_789, Level.ERROR, "y")
    (docker,) = read('{"log":"started\\n","stream":"stderr","time":"2025-03-04T10:11:12.5Z"}')
    assert (docker.message, docker.fields["stream"]) == ("started", "stderr")


def test_a_stack_trace_belongs_to_its_record() -> None:
    """Frames, chained exceptions and unindented ends of tracebacks are joined to the line above."""
    records = read(
        "2025-03-04 10:11:12.345 ERROR [main] a.B - it failed",
        "java.lang.IllegalStateException: outer",
        "\tat a.b.C.d(C.java:1)",
        "Caused by: java.io.IOException: inner",
        "\t... 12 more",
        "",
        "2025-03-04 10:11:13.345 INFO [main] a.B - next",
    )
    assert [one.message.split("\n")[0] for one in records] == ["it failed", "next"]
    assert records[0].message.endswith("\t... 12 more")


def test_a_traceback_among_plain_lines_is_one_record() -> None:
    """Without any header a dump is still kept together, and plain lines stay apart."""
    records = read(
        "one", "two", "Traceback (most recent call last):", '  File "a.py", line 3, in f', "ValueError: x",
        "three", "panic: no", "", "goroutine 1 [running]:", "main.main()", "\t/a.go:3 +0x1", "four",
    )  # fmt: skip
    assert [one.message.split("\n")[0] for one in records] == [
        "one", "two", "Traceback (most recent call last):", "three", "panic: no", "four",
    ]  # fmt: skip


def test_two_formats_in_one_file() -> None:
    """Every record is looked at anew: JSON, logfmt and plain lines may follow each other."""
    records = read(
        '{"time":"2025-03-04T10:11:12Z","level":"info","msg":"a"}',
        'time="2025-03-04T10:11:13Z" level=error msg=b',
        "c, just words",
        '{"time":"2025-03-04T10:11:14Z","level":"info","msg":"d"}',
    )
    assert [(one.format, one.message) for one in records] == [
        ("json", "a"), ("logfmt", "b"), ("plain", "c, just words"), ("json", "d"),
    ]  # fmt: skip


def test_level_first_lines_without_a_time() -> None:
    """A file whose lines begin with levels is read that way; tracebacks are joined."""
    records = read(
        "INFO:     started",
        "ERROR:acme.jobs:failed",
        "Traceback (most recent call last):",
        "  x",
        "OSError: y",
    )
    assert [(one.level, one.logger, one.message.split("\n")[0]) for one in records] == [
        (Level.INFO, None, "started"), (Level.ERROR, "acme.jobs", "failed"),
    ]  # fmt: skip


def test_header_and_message_on_two_lines() -> None:
    """java.util.logging and .NET write the level or the message on the line below."""
    (java, _) = read(
        "Mar 04, 2025 1:02:03 PM a.b.C run", "SEVERE: it broke",
        "Mar 04, 2025 1:02:04 PM a.b.C run", "INFO: ok",
    )  # fmt: skip
    assert (java.level, java.logger, java.message) == (Level.ERROR, "a.b.C run", "it broke")
    (net, _) = read("info: A.Web[14]", "      listening", "fail: A.Web[0]", "      lost")
    assert (net.level, net.logger, net.message) == (Level.INFO, "A.Web", "listening")


def test_naive_times_take_the_assumed_zone() -> None:
    """A time without a zone is placed in the assumed one, summer time included, and shown as written."""
    line = "2025-07-01 12:00:00 INFO x: y"
    parser = Parser([line], assumed_zone=ZoneInfo("Europe/Zurich"), now_ns=NOW)
    (record,) = parser.parse([line])
    assert record.time_ns == int(datetime(2025, 7, 1, 10, tzinfo=UTC).timestamp()) * 10**9
    assert record.utc_offset_s is None


def test_everything_of_a_record_is_masked() -> None:
    """Message, text and fields hold no secret, wherever the line had it, over line ends too."""
    (record,) = read(
        '{"msg":"login of jo@example.com with password=mumble9!","auth":{"api_key":"mumble9!"},'
        '"u":"\\u0070wd=mumble9!"}'
    )
    assert "mumble" not in repr(record)
    assert "j***@example.com" in record.message
    (pem,) = read(
        "2025-03-04 10:11:12 INFO a.B: key",
        "-----BEGIN PRIVATE KEY-----",
        "mumble",
        "-----END PRIVATE KEY-----",
    )
    assert "mumble" not in repr(pem)


def test_a_correlation_id_is_kept_whatever_it_looks_like() -> None:
    """An ID that would pass for a card number is shown and found as it is."""
    (record,) = read('{"msg":"x","request_id":"4111111111111111"}')
    assert record.correlation_id == "4111111111111111"
    assert record.fields["request_id"] == "4111111111111111"


def test_the_files_service_stands_where_the_line_names_none() -> None:
    """A line's own service wins over the one that the file is known by."""
    first, second = read('{"msg":"x"}', '{"msg":"y","service":"own"}', service="file")
    assert (first.service, second.service) == ("file", "own")


SAMPLES = [
    '{"timestamp":"2025-03-04T10:11:12.5Z","level":"info","message":"hi","correlation_id":"r"}',
    "2025-03-04 10:11:12,345 WARN [worker-3] org.acme.Jobs: queue is long",
    'Mar  4 10:11:12 web1 sshd[123]: {"level":"info","msg":"x"}',
    '192.0.2.7 - ada [04/Mar/2025:10:11:12 +0330] "GET /a HTTP/1.1" 503 12 "-" "curl/8"',
    'time="2025-03-04T10:11:12+02:00" level=warning msg="said \\"no\\""',
    "[Tue Mar 04 10:11:12.123456 2025] [core:warn] [pid 1:tid 2] [client 192.0.2.1:5] AH00126: odd",
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"a"}}]}]}]}',
    "#Fields: date time cs-method",
    "api-1  | 2025-03-04T10:11:12.123456789Z x",
    "I0304 10:11:12.345678 1 a.go:1] x",
    "I, [2025-03-04T10:11:12.123456 #42]  INFO -- : x",
]
CUT = st.sampled_from(SAMPLES).flatmap(lambda one: st.builds(lambda n: one[:n], st.integers(0, len(one))))


@given(st.lists(st.one_of(st.text(), CUT), max_size=5))
def test_no_text_raises(lines: list[str]) -> None:
    """Whatever a file holds, cut anywhere, it is parsed without an error and stays within dates."""
    parser = Parser(lines, now_ns=NOW)
    for line in lines:
        parser.starts_record(line)
        parser.starts_record(line, lines)
        parser.time_of(line)
    for record in parser.parse(lines):
        json.dumps(record_json(record), default=str)
        assert record.time_ns is None or 0 <= record.time_ns < 2**63


@given(st.binary(max_size=300))
def test_no_bytes_raise(raw: bytes) -> None:
    """Bytes that are no text are still read, once decoded as well as it goes."""
    line = raw.decode("utf-8", "replace")
    assert len(Parser([line], now_ns=NOW).parse([line])) <= 1


@pytest.mark.parametrize(
    "unit", ["[", "2025-03-04 ", "a=", '{"a":', "INFO ", "a b ", "::", "Mar 4 ", "\x1b[", '"GET ', "| "]
)
def test_a_hostile_line_costs_no_more_than_its_length(unit: str) -> None:
    """A line of 100 KB made against the patterns is read well within a second."""
    line = (unit * (100_000 // len(unit) + 1))[:100_000]
    start = time.process_time()
    parser = Parser([line], now_ns=NOW)
    parser.starts_record(line)
    parser.time_of(line)
    parser.parse([line])
    assert time.process_time() - start < 1.0


def test_a_json_line_is_read_fast() -> None:
    """Thousands of lines a second, masking included."""
    line = '{"timestamp":"2025-03-04T10:11:12Z","level":"info","service":"a","message":"request handled"}'
    parser = Parser([line], now_ns=NOW)
    start = time.process_time()
    for _ in range(2_000):
        parser.parse([line])
    assert time.process_time() - start < 1.0
