"""Formats: the time, level, logger, service, ID and message of single lines of many loggers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pake_tui.model.record import Level, Record
from pake_tui.records.export import record_json
from pake_tui.records.parser import Parser

NOW = int(datetime(2025, 6, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000_000


def read(*lines: str) -> list[Record]:
    """The records of a file in which each of these lines is one record."""
    parser = Parser(lines, now_ns=NOW)
    return [record for line in lines for record in parser.parse([line])]


def read_joined(*lines: str) -> list[Record]:
    """The records of a file, each with the lines that continue it."""
    parser = Parser(lines, now_ns=NOW)
    records: list[list[str]] = []
    for line in lines:
        if records and not parser.starts_record(line, records[-1]):
            records[-1].append(line)
        else:
            records.append([line])
    return [record for one in records for record in parser.parse(one)]


def told(record: Record) -> tuple[str | None, str | None, str | None, str]:
    """Time, level, logger and message of a record."""
    as_json = record_json(record)
    return as_json["timestamp"], as_json["level"], record.logger, record.message


LEVELED = {
    "log4j": (
        "2025-03-04 10:11:12,345 WARN [worker-3] org.acme.Jobs: queue is long",
        ("2025-03-04T10:11:12.345000", "warning", "org.acme.Jobs", "queue is long"),
    ),
    "logback": (
        "2025-03-04 10:11:12.345 ERROR [main] a.B - cannot open it",
        ("2025-03-04T10:11:12.345000", "error", "a.B", "cannot open it"),
    ),
    "spring": (
        "2025-03-04T10:11:12.345+01:00  INFO 1 --- [           main] c.acme.App         : Started App",
        ("2025-03-04T10:11:12.345000+01:00", "info", "c.acme.App", "Started App"),
    ),
    "python": (
        "2025-03-04 10:11:12,345 - acme.jobs - INFO - done: 5",
        ("2025-03-04T10:11:12.345000", "info", "acme.jobs", "done: 5"),
    ),
    "rails": (
        'I, [2025-03-04T10:11:12.123456 #42]  INFO -- : Started GET "/"',
        ("2025-03-04T10:11:12.123456", "info", None, 'Started GET "/"'),
    ),
    "monolog": (
        '[2025-03-04T10:11:12+00:00] app.ERROR: Lost {"a":1} []',
        ("2025-03-04T10:11:12.000000Z", "error", "app", 'Lost {"a":1} []'),
    ),
    "env_logger": (
        "[2025-03-04T10:11:12Z INFO  acme::server] listening",
        ("2025-03-04T10:11:12.000000Z", "info", "acme::server", "listening"),
    ),
    "tracing": (
        "2025-03-04T10:11:12.123456Z  WARN acme::db: slow query rows=3",
        ("2025-03-04T10:11:12.123456Z", "warning", "acme::db", "slow query rows=3"),
    ),
    "hclog": (
        "2025-03-04T10:11:12.345Z [WARN]  agent: no leader",
        ("2025-03-04T10:11:12.345000Z", "warning", "agent", "no leader"),
    ),
    "glog": (
        "E0304 10:11:12.345678    17 jobs.cc:44] it broke",
        ("2025-03-04T10:11:12.345678", "error", None, "it broke"),
    ),
    "logcat": (
        "03-04 10:11:12.345  1702  2395 D Wifi: scan started",
        ("2025-03-04T10:11:12.345000", "debug", "Wifi", "scan started"),
    ),
    "postgres": (
        '2025-03-04 10:11:12.345 PST [42] FATAL:  role "x" does not exist',
        ("2025-03-04T10:11:12.345000-08:00", "critical", None, 'role "x" does not exist'),
    ),
    "mysql": (
        "2025-03-04T10:11:12.345678Z 0 [Note] [MY-010001] [Server] ready",
        ("2025-03-04T10:11:12.345678Z", "info", None, "ready"),
    ),
    "nginx": (
        '2025/03/04 10:11:12 [error] 12#13: *7 open() "/x" failed',
        ("2025-03-04T10:11:12.000000", "error", None, '*7 open() "/x" failed'),
    ),
    "apache": (
        "[Tue Mar 04 10:11:12.123456 2025] [core:warn] [pid 1:tid 2] [client 192.0.2.1:5] AH00126: odd",
        ("2025-03-04T10:11:12.123456", "warning", None, "AH00126: odd"),
    ),
    "short year": (
        "25/03/04 10:11:12 INFO storage.Store: 3 blocks",
        ("2025-03-04T10:11:12.000000", "info", "storage.Store", "3 blocks"),
    ),
    "digits only": (
        "250304 101112 148 INFO dfs.Node: block 7 stored",
        ("2025-03-04T10:11:12.000000", "info", "dfs.Node", "block 7 stored"),
    ),
    "celery": (
        "[2025-03-04 10:11:12,345: WARNING/Worker-1] task retried",
        ("2025-03-04T10:11:12.345000", "warning", None, "task retried"),
    ),
    "redis": (
        "1:M 04 Mar 2025 10:11:12.345 # memory is low",
        ("2025-03-04T10:11:12.345000", "warning", None, "memory is low"),
    ),
    "us clock": (
        "3/4/2025 1:02:03 PM ERROR cannot print",
        ("2025-03-04T13:02:03.000000", "error", None, "cannot print"),
    ),
    "colons": (
        "Main::ERROR::2025-03-04 10:11:12,345::store::71::vm::(run) it stopped",
        ("2025-03-04T10:11:12.345000", "error", "vm", "it stopped"),
    ),
    "jetty": (
        "2025-03-04 10:11:12.345:INFO:oejs.Server:main: started",
        ("2025-03-04T10:11:12.345000", "info", "oejs.Server", "started"),
    ),
    "serilog": (
        "2025-03-04 10:11:12.345 +01:00 [INF] Started",
        ("2025-03-04T10:11:12.345000+01:00", "info", None, "Started"),
    ),
    "no level": (
        "2025-03-04 10:11:12 error reading the disk",
        ("2025-03-04T10:11:12.000000", None, None, "error reading the disk"),
    ),
}


@pytest.mark.parametrize("name", LEVELED)
def test_a_header_of_time_and_level(name: str) -> None:
    """Time, level and logger are told apart from the message, whatever their order and signs."""
    line, expected = LEVELED[name]
    (record,) = read(line)
    assert told(record) == expected


JSON_LINES = {
    "own": (
        {"timestamp": "2025-03-04T10:11:12.5Z", "level": "info", "service": "api", "logger": "web",
         "message": "hi", "correlation_id": "req-1", "category": "audit"},
        (Level.INFO, "api", "web", "hi", "req-1"),
    ),
    "ecs": (
        {"@timestamp": "2025-03-04T10:11:12.5Z", "log.level": "warn", "message": "hi",
         "log": {"logger": "web"}, "service": {"name": "api"}, "trace": {"id": "abc1"}},
        (Level.WARNING, "api", "web", "hi", "abc1"),
    ),
    "bunyan": (
        {"name": "api", "hostname": "h", "pid": 1, "level": 50, "msg": "hi", "v": 0,
         "time": "2025-03-04T10:11:12.5Z"},
        (Level.ERROR, "api", None, "hi", None),
    ),
    "pino": (
        {"level": 30, "time": 1741083072500, "pid": 1, "hostname": "h", "msg": "hi", "reqId": "r9"},
        (Level.INFO, None, None, "hi", "r9"),
    ),
    "gelf": (
        {"version": "1.1", "host": "h", "short_message": "hi", "timestamp": 1741083072.5, "level": 3,
         "_request_id": "r"},
        (Level.ERROR, None, None, "hi", "r"),
    ),
    "serilog": (
        {"@t": "2025-03-04T10:11:12.5Z", "@mt": "hi", "@l": "Fatal", "SourceContext": "A.B"},
        (Level.CRITICAL, None, "A.B", "hi", None),
    ),
    "log4j2": (
        {"instant": {"epochSecond": 1741083072, "nanoOfSecond": 500000000}, "level": "DEBUG",
         "loggerName": "a.B", "message": "hi"},
        (Level.DEBUG, None, "a.B", "hi", None),
    ),
    "mongodb": (
        {"t": {"$date": "2025-03-04T10:11:12.500+00:00"}, "s": "W", "c": "NETWORK", "id": 1, "msg": "hi"},
        (Level.WARNING, None, "NETWORK", "hi", None),
    ),
    "tracing": (
        {"timestamp": "2025-03-04T10:11:12.5Z", "level": "TRACE", "fields": {"message": "hi"},
         "target": "a::b"},
        (Level.DEBUG, None, "a::b", "hi", None),
    ),
    "journald": (
        {"__REALTIME_TIMESTAMP": "1741083072500000", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "api",
         "MESSAGE": "hi"},
        (Level.WARNING, "api", None, "hi", None),
    ),
    "python": (
        {"asctime": "2025-03-04T10:11:12.5Z", "levelname": "ERROR", "levelno": 40, "name": "web",
         "message": "hi"},
        (Level.ERROR, None, "web", "hi", None),
    ),
    "rising scale": (
        {"reqId": "q1", "level": 2, "time": "2025-03-04T10:11:12.5+00:00", "app": "files", "message": "hi"},
        (Level.WARNING, "files", None, "hi", "q1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JSON_LINES)
def test_json_of_many_loggers(name: str) -> None:
    """Each logger's own names for time, level, message, logger, service and correlation ID are known."""
    document, expected = JSON_LINES[name]
    (record,) = read(json.dumps(document))
    assert (record.level, record.service, record.logger, record.message, record.correlation_id) == expected
    assert record.time_ns == 1_741_083_072_500_000_000
    assert record.utc_offset_s == 0
    assert record.format == "json"


def test_the_rest_of_an_object_is_its_fields() -> None:
    """What the record does not say of itself stands in its fields, nested values whole."""
    (record,) = read('{"ts":"2025-03-04T10:11:12Z","level":"info","msg":"x","http":{"status":200},"n":1.5}')
    assert record.fields == {"http": {"status": 200}, "n": 1.5}


def test_an_object_that_is_cut_off_still_tells_what_it_had() -> None:
    """A line that ends in the middle of a string keeps its time, level and the start of its message."""
    (record,) = read('{"ts":"2025-03-04T10:11:12Z","level":"error","msg":"half a sen')
    assert told(record) == ("2025-03-04T10:11:12.000000Z", "error", None, "half a sen")


def test_an_export_holds_several_records() -> None:
    """One OTLP line gives each of its records, with the resource's service and the trace as ID."""
    logs = [
        {"timeUnixNano": "1741083072000000000", "severityNumber": 9, "body": {"stringValue": "a"}},
        {
            "timeUnixNano": "1741083073000000000",
            "severityText": "ERROR",
            "traceId": "5b8aa5a2d2c872e8",
            "body": {"stringValue": "b"},
            "attributes": [{"key": "n", "value": {"intValue": "3"}}],
        },
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "pay"}}]}
    scopes = [{"scope": {"name": "acme.pay"}, "logRecords": logs}]
    document = {"resourceLogs": [{"resource": resource, "scopeLogs": scopes}]}
    first, second = read(json.dumps(document))
    assert (first.level, first.message, first.service, first.logger) == (Level.INFO, "a", "pay", "acme.pay")
    assert (second.level, second.correlation_id, second.fields["n"]) == (Level.ERROR, "5b8aa5a2d2c872e8", 3)


def test_logfmt() -> None:
    """Pairs become time, level, message and fields; quotes are undone."""
    line = 'time="2025-03-04T10:11:12+02:00" level=warning msg="said \\"no\\"" path=/a request_id=r-7 n=3'
    (record,) = read(line)
    assert told(record) == ("2025-03-04T10:11:12.000000+02:00", "warning", None, 'said "no"')
    assert record.correlation_id == "r-7"
    assert record.fields["path"] == "/a"


SLOW_QUERIES = """\
/usr/sbin/mysqld, Version: 8.0.36. started with:
Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock
# Time: 2025-03-04T10:11:12.123456Z
# User@Host: shop[shop] @ web-3 [10.0.0.7]  Id:    12
# Query_time: 2.5  Lock_time: 0.000012 Rows_sent: 1  Rows_examined: 104000
use shop;
SET timestamp=1741083070;
SELECT sum(price)
  FROM items;
# Time: 250304 10:11:13
# User@Host: root[root] @ localhost []
# Thread_id: 13  Schema:   QC_hit: No
# Query_time: 11.0  Lock_time: 0.0 Rows_sent: 0  Rows_examined: 0
# administrator command: Ping;
# User@Host: shop[shop] @  [10.0.0.8]
# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 0  Rows_examined: 3
SET timestamp=1741083073;
UPDATE users SET password='hunter22' WHERE id = 3;
"""


def test_slow_queries_have_their_facts_as_fields() -> None:
    """MySQL's slow log: a record a statement, with what it took; in one second the time stands once."""
    _, one, two, three = read_joined(*SLOW_QUERIES.splitlines())
    assert told(one) == ("2025-03-04T10:11:12.123456Z", None, None, "SELECT sum(price)\n  FROM items;")
    assert one.fields == {
        "user": "shop", "host": "web-3", "connection_id": "12", "query_time": 2.5, "lock_time": 0.000012,
        "rows_sent": 1, "rows_examined": 104_000, "database": "shop",
    }  # fmt: skip
    assert told(two) == ("2025-03-04T10:11:13.000000", None, None, "administrator command: Ping;")
    assert (two.fields["query_time"], two.fields["host"], two.fields["qc_hit"]) == (11.0, "localhost", "No")
    assert "database" not in two.fields
    assert told(three)[0] == "2025-03-04T10:11:13.000000Z"
    assert three.message == "UPDATE users SET password='********' WHERE id = 3;"
    assert three.fields["host"] == "10.0.0.8"


def test_reports_of_erlang_have_their_message_below() -> None:
    """What RabbitMQ wrote before 3.7: level and time in a line of their own."""
    one, two = read_joined(
        "=WARNING REPORT==== 4-Mar-2025::10:11:12 ===",
        "closing AMQP connection <0.12.0> (127.0.0.1:5000 -> 127.0.0.1:5672):",
        "client unexpectedly closed TCP connection",
        "",
        "=CRASH REPORT==== 4-Mar-2025::10:11:13 ===",
        "  crasher:",
        "    pid: <0.12.0>",
    )
    below = (
        "closing AMQP connection <0.12.0> (127.0.0.1:5000 -> 127.0.0.1:5672):\n"
        "client unexpectedly closed TCP connection"
    )
    assert told(one) == ("2025-03-04T10:11:12.000000", "warning", None, below)
    assert told(two) == ("2025-03-04T10:11:13.000000", "error", None, "  crasher:\n    pid: <0.12.0>")


def test_the_lines_of_npm_have_a_number_and_a_level() -> None:
    """Its debug log states no times; a sentence that begins so stands as it is in any other file."""
    lines = ["0 verbose cli node npm", "1 info using npm@10.2.4", "2 warn old lockfile", "3 error code E404"]
    assert [told(one) for one in read(*lines)] == [
        (None, "debug", None, "cli node npm"),
        (None, "info", None, "using npm@10.2.4"),
        (None, "warning", None, "old lockfile"),
        (None, "error", None, "code E404"),
    ]
    (_, plain, *_) = read("it ended with", "1 error in the end", "and that", "was all", "there is to say")
    assert (plain.level, plain.message) == (None, "1 error in the end")


def test_syslog_of_both_kinds() -> None:
    """RFC 3164 guesses its year and states no level; RFC 5424 has a priority and structured data."""
    old, new = read(
        "Mar  4 10:11:12 web1 sshd[123]: Accepted publickey for ada",
        '<11>1 2025-03-04T10:11:12.5+01:00 web1 app 9 ID7 [m seq="4"] it failed',
    )
    assert told(old) == ("2025-03-04T10:11:12.000000", None, None, "Accepted publickey for ada")
    assert (old.year_assumed, old.service, old.fields["pid"]) == (True, "sshd", "123")
    assert told(new) == ("2025-03-04T10:11:12.500000+01:00", "error", None, "it failed")
    assert (new.service, new.fields["m.seq"]) == ("app", "4")


def test_a_missing_year_is_never_ahead_of_now() -> None:
    """A December line read in June is last year's."""
    (record,) = read("Dec 31 23:59:59 h cron[1]: x")
    assert told(record)[0] == "2024-12-31T23:59:59.000000"


def test_access_lines_state_no_level() -> None:
    """The message begins with the request, and its parts are fields."""
    (record,) = read('192.0.2.7 - ada [04/Mar/2025:10:11:12 +0330] "GET /a HTTP/1.1" 503 12 "-" "curl/8"')
    assert told(record) == (
        "2025-03-04T10:11:12.000000+03:30",
        None,
        None,
        '"GET /a HTTP/1.1" 503 12 "-" "curl/8"',
    )
    assert record.fields["status"] == 503
    assert record.fields["user"] == "ada"


def test_w3c_lines_are_read_by_their_directives() -> None:
    """`#Fields` names the columns, directives are no records, times are UTC."""
    records = read(
        "#Software: IIS", "#Fields: date time s-ip cs-method cs-uri-stem sc-status",
        "2025-03-04 10:11:12 10.0.0.1 GET /x 404",
    )  # fmt: skip
    assert [told(one) for one in records] == [("2025-03-04T10:11:12.000000Z", None, None, "GET /x 404")]
    assert records[0].fields["sc-status"] == 404


SAMPLES = [line for line, _ in LEVELED.values()] + [json.dumps(one) for one, _ in JSON_LINES.values()]


@pytest.mark.parametrize("line", SAMPLES)
def test_the_quick_time_is_the_parsed_time(line: str) -> None:
    """Merging and searching by time see the same time as the record shows."""
    parser = Parser([line], now_ns=NOW)
    (record,) = parser.parse([line])
    assert parser.time_of(line) == record.time_ns


@pytest.mark.parametrize(
    ("line", "identifier"),
    [
        ("2025-03-04 10:11:12 INFO [api.http] [req-5f2c01ab9d3e] done", "req-5f2c01ab9d3e"),
        (
            "2025-03-04 10:11:12 INFO [5b8aa5a2d2c872e85b8aa5a2d2c872e8] done",
            "5b8aa5a2d2c872e85b8aa5a2d2c872e8",
        ),
        ("2025-03-04 10:11:12 INFO [main] a.B - paid request_id=abcd-1234 in 3 s", "abcd-1234"),
        ("2025-03-04 10:11:12 INFO [req-handler-3] [http-nio-8080-exec-1] done", None),
        ("2025-03-04 10:11:12 INFO [deadbeef] paid order_id=abcd-1234", None),
    ],
)
def test_an_id_in_plain_text(line: str, identifier: str | None) -> None:
    """What stands alone in a header's bracket, or behind an ID's name, is the ID; a thread's name is none."""
    (record,) = read(line)
    assert record.correlation_id == identifier


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e400", "1e400"),
        ("9" * 400, "9" * 400),
        ("9" * 5000, "9" * 5000),
        ("1e-05", 1e-05),
    ],
)
def test_numbers_that_json_forbids_cost_a_line_nothing(value: str, shown: object) -> None:
    """A line with NaN, as Python's json writes it, or a number out of range is read as any other line."""
    line = (
        '{"ctx":{"level":"debug","message":"inner","request_id":"rq-inner0001"},"timestamp":"2026-03-01T14:03:21Z",'
        f'"level":"error","message":"outer","v":{value},"request_id":"rq-outer0001"}}'
    )
    parser = Parser([line], now_ns=0)
    (record,) = parser.parse([line])
    assert (record.level, record.message) == (Level.ERROR, "outer")
    assert record.correlation_id == "rq-outer0001"
    assert record.fields["v"] == shown
    assert parser.time_of(line) == record.time_ns


def test_of_a_line_that_is_cut_off_what_stands_outside_counts_first() -> None:
    """Level, message and ID of an object are its own, not those of one inside it; numbers are read whole."""
    line = (
        '{"ctx":{"level":"debug","message":"inner {","request_id":"rq-inner0001"},"level":"error","lr":1e-05,'
        '"n":12ms,"message":"outer","request_id":"rq-outer0001","rest":"cut o'
    )
    (record,) = Parser([line], now_ns=0).parse([line])
    assert (record.level, record.message) == (Level.ERROR, "outer")
    assert record.correlation_id == "rq-outer0001"
    assert record.fields["lr"] == 1e-05
    assert "n" not in record.fields
