"""Headers as programs in the wild write them: each line with its level, its message and more."""

from __future__ import annotations

import pytest

from pake_tui.clock import SECOND
from pake_tui.model.record import Level, Record
from pake_tui.records.export import timestamp_text
from pake_tui.records.parser import Parser

NOW = 1_780_000_000 * SECOND
D, I, W, E, C = Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL  # noqa: E741
TRACE = "8f3c2a71d45e9b06c1f7aa20e93d5b44"
UUID = "5f2c01ab-9d3e-4a77-8c11-0123456789ab"
LINES: list[tuple[str, Level | None, str]] = [
    ("2026-03-01T14:03:21.123Z [ERROR] agent.http: Request error: by=x", E, "Request error: by=x"),
    ("2026-03-01T14:03:21.123+00:00 error: Supervisor: child ended", E, "Supervisor: child ended"),
    ("3/1/2026 2:03:21 PM [INFO] started", I, "started"),
    ("03/01/2026-14:03:21.123456 - <Warning> - dropped", W, "dropped"),
    ("14:03:21.123 [main] INFO org.shop.Cart - emptied", I, "emptied"),
    ("[14:03:21] [Server thread/INFO]: Ada joined", I, "Ada joined"),
    ("2:03PM INF listening port=8080", I, "listening port=8080"),
    ("2026-03-01 14:03:21,123+02 INFO  [org.shop.Engine] (default task-1) ready", I, "ready"),
    ("2026-03-01 14:03:21.123 -03 [12] LOG:  checkpoint starting", I, "checkpoint starting"),
    ("2026-03-01 14:03:21 UTC:10.0.1.5(53524):app@shop:[28154]:ERROR:  no table", E, "no table"),
    ("2026-03-01 14:03:21 UTC [unknown]@[unknown] LOG:  could not accept", I, "could not accept"),
    ("2026-03-01T14:03:21Z DDEBUG repo: loaded", D, "loaded"),
    ("2026-03-01T14:03:21.123+0000 D2 NETWORK  [conn1] polled", D, "polled"),
    ("2026-03-01T14:03:21Z E! [inputs.cpu] gathering failed", E, "gathering failed"),
    ("2026/03/01 14:03:21 http: panic serving 10.0.0.1:5", None, "http: panic serving 10.0.0.1:5"),
    ("01-Mar-2026 14:03:21.123 queries: info: client asked", I, "client asked"),
    ("2026-03-01 14:03:21,123 - util.py[DEBUG]: reading", D, "reading"),
    ("2026-03-01T14:03:21.5Z  WARN request{method=GET id=5}: shop::http: slow", W, "slow"),
    ("2026-03-01 14:03:21,123 INFO aio.access: 1.2.3.4 [01/Mar/2026:14:03:20 +0000] 'GET /'", I,
     "1.2.3.4 [01/Mar/2026:14:03:20 +0000] 'GET /'"),
    ("I20260301 14:03:21.123456 12 main.cc:45] started", I, "started"),
    ("E260301 14:03:21.123456 12 kv/store.go:7 ⋮ [n1] 33  range lost", E, "range lost"),
    ("W/ActivityManager(  512): slow start", W, "slow start"),
    ("[12] 01 Mar 14:03:21.678 # Server started", W, "Server started"),
    ("Mar  1 14:03:21 bigip1 notice mcpd[12]: loaded", I, "loaded"),
    ("Mar  1 14:03:21 dnsmasq[123]: query[A] x", None, "query[A] x"),
    ("Mar  1 14:03:21 sw1 4711: %LINK-3-UPDOWN: Interface down", E, "%LINK-3-UPDOWN: Interface down"),
    ("2026-03-01 14:03:21 [error    ] payment failed    order=7", E, "payment failed    order=7"),
    ("2026-03-01 14:03:21,123 INFO [ZooKeeperClient Kafka server] Waiting. (kafka.zookeeper.ZooKeeperClient)",
     I, "[ZooKeeperClient Kafka server] Waiting. (kafka.zookeeper.ZooKeeperClient)"),
    ("[2026-03-01 14:03:21,123: WARNING/ForkPoolWorker-1] /venv/x.py:3: UserWarning: old",
     W, "/venv/x.py:3: UserWarning: old"),
    ("2026-03-01 14:03:21,123 INFO  system - up", I, "up"),
    ("[ INFO 2026-03-01 14:03:21 verbose] synced", I, "synced"),
    ("2026.03.01 14:03:21.123456 [ 46 ] {} <Warning> Access: full", W, "full"),
    ("14:03:21.123 request_id=Fxyz0abc123 [info] GET /", I, "GET /"),
    ("Mar  1 14:03:21.123: %LINEPROTO-3-UPDOWN: changed", E, "%LINEPROTO-3-UPDOWN: changed"),
    ("2026-03-01 14:03:21.123+0000 [id=1]\tWARNING\tjenkins.X#y: boom", W, "boom"),
    ("- 1772373801 2026.03.01 R02-M1 2026-03-01-14.03.21.363779 R02-M1 RAS KERNEL FATAL torn", C, "torn"),
    ("- 1772373801 2026.03.01 dn228 Mar 1 14:03:21 dn228/dn228 crond(pam)[29]: opened", None, "opened"),
    ("[03.01 14:03:21] chrome.exe - example.com:443 close, 0 bytes", None, "example.com:443 close, 0 bytes"),
    ("20260301-14:03:21:606|Step_LSC|30002312|onStand 3579", None, "onStand 3579"),
    ("[3/1/26 14:03:21:123 CET] 00000012 webapp        E   SRVE0293E: failed", E, "SRVE0293E: failed"),
    ('[    12.347] (EE) Failed to load module "x"', E, 'Failed to load module "x"'),
    ("daemon:err   : [    5.100000] systemd[1]: Failed to start", E, "systemd[1]: Failed to start"),
    ("Mar  1 14:03:21 --- last message repeated 1 time ---", None, "last message repeated 1 time ---"),
    ("Mar  1 14:03:21 mac Microsoft Word[144]: objc: twice", None, "objc: twice"),
    ("Sun Mar  1 14:03:21 2026 [pid 1233] [joe] FAIL LOGIN: Client", None, "FAIL LOGIN: Client"),
    ('2026-03-01 14:03:21.123 UTC,"app","shop",28,"10.0.0.1:5",6a.6d,2,"SELECT",2026-03-01 14:00:00 UTC,'
     '3/13,0,ERROR,42P01,"relation ""x"" is missing",,,,', E, 'relation "x" is missing'),
    ("warn: 2026-03-01 14:03:21: disk nearly full", W, "disk nearly full"),
    ("1772373801: broker ready", None, "broker ready"),
    ("2026-03-01 14:03:21.123456 97.10% [ERR] mod_sip.c:88 lost peer", E, "lost peer"),
    ("  2311:20260301:140321.123 poller stopped", None, "poller stopped"),
    ("2026-03-01 14:03:21.12 spid7s      Recovery is complete.", None, "Recovery is complete."),
    ("2026-03-01 14:03:21.123 Notes[311:4f2] opened", None, "opened"),
    ("2026/03/01 14:03:21 kid2| Ready to serve", None, "Ready to serve"),
    ("time:2026-03-01T14:03:21+00:00\tlevel:warn\tmessage:slow\thost:web1", W, "slow"),
    ("[1772373801] HOST ALERT: db1;DOWN;HARD;3;no answer", None, "HOST ALERT: db1;DOWN;HARD;3;no answer"),
]  # fmt: skip
"""A header each, and what is behind it."""
WORDS: list[tuple[str, Level | None, str]] = [
    ("2026-03-01 14:03:21 INFO 17 orders moved", I, "17 orders moved"),
    ("[2026-03-01 14:03:21] [INFO] [main] 17 orders moved", I, "17 orders moved"),
    ("2026/03/01 14:03:21 17 orders moved", None, "17 orders moved"),
    ("2026-03-01 14:03:21 17 INFO moved", I, "moved"),
    ("2026-03-01 14:03:21 INFO 17 --- [main] org.shop.Cart : moved", I, "moved"),
    ("2026-03-01 14:03:21 INFO (test mode) moved", I, "(test mode) moved"),
    ("2026-03-01 14:03:21 INFO (MainThread) [shop.cart] moved", I, "moved"),
    ("2026-03-01 14:03:21 INFO <0.214.0> moved", I, "moved"),
    ("2026-03-01 14:03:21 INFO [2/7] moved", I, "[2/7] moved"),
    ("2026-03-01 14:03:21 ERROR KeyError: 'cart'", E, "KeyError: 'cart'"),
    ("2026-03-01 14:03:21 ERROR org.shop.CartException: empty", E, "org.shop.CartException: empty"),
    ("2026-03-01 14:03:21 INFO org.shop.Cart: emptied", I, "emptied"),
    ("2026-03-01 14:03:21 INFO stopped: web_00 (exit status 0)", I, "stopped: web_00 (exit status 0)"),
    ("2026-03-01 14:03:21 ERROR [org.shop] (task-1) SHOP-CART0031: empty", E, "SHOP-CART0031: empty"),
    ("2026-03-01 14:03:21 INFO error: none so far", I, "error: none so far"),
]
"""Headers, and messages that begin like a part of one."""
JSON: list[tuple[str, Level | None, str]] = [
    ('{"timestamp":"2026-03-01T14:03:21Z","error_severity":"ERROR","message":"x"}', E, "x"),
    ('{"@timestamp":"2026-03-01T14:03:21Z","@level":"warn","@message":"x","@module":"core"}', W, "x"),
    ('{"Timestamp":"2026-03-01T14:03:21Z","SeverityText":"ERROR","Body":"x"}', E, "x"),
    ('{"time":"2026-03-01T14:03:21Z","level":"ERROR+2","msg":"x"}', E, "x"),
    ('{"t":{"$date":"2026-03-01T14:03:21Z"},"s":"D1","c":"NETWORK","msg":"x"}', D, "x"),
    ('{"datetime":{"date":"2026-03-01 14:03:21.123456"},"level_name":"ERROR","message":"x"}', E, "x"),
    ('{"EventTime":"2026-03-01 14:03:21","LevelDisplayName":"Warning","Message":"x"}', W, "x"),
    ('{"time":"2026-03-01T14:03:21Z","level":{"name":"WARNING","no":30},"msg":"x"}', W, "x"),
    ('{"text":"14:03 | x\\n","record":{"time":{"repr":"2026-03-01 14:03:21.123456+00:00",'
     '"timestamp":1772373801.123456},"level":{"name":"ERROR","no":40},"message":"x"}}', E, "x"),
]  # fmt: skip


def read(text: str) -> Record:
    """The one record of a text, in a file of its kind."""
    lines = text.split("\n")
    parser = Parser(lines, now_ns=NOW)
    (record,) = parser.parse(lines)
    return record


@pytest.mark.parametrize(("line", "level", "message"), [*LINES, *WORDS, *JSON])
def test_a_header_tells_level_and_message(line: str, level: Level | None, message: str) -> None:
    """The level is understood, and the message begins behind all that belongs to the header."""
    record = read(line)
    assert (record.level, record.message) == (level, message)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("3/1/2026 2:03:21 PM [INFO] x", "2026-03-01T14:03:21.000000"),
        ("2026-03-01 14:03:21,123+02 INFO x", "2026-03-01T14:03:21.123000+02:00"),
        ("[12] 01 Mar 14:03:21.678 * x", "2026-03-01T14:03:21.678000"),
        ("E260301 14:03:21.123456 12 a.go:7 ⋮ [n1] x", "2026-03-01T14:03:21.123456"),
        ("01-MAR-2026 14:03:21 INFO x", "2026-03-01T14:03:21.000000"),
        ("2026-03-01 14:03:21,5 INFO a: 1 [01/Mar/2026:14:03:20 +0000] 'GET'", "2026-03-01T14:03:21.500000"),
        ('10.0.0.1 - - [01/Mar/2026 14:03:21] "GET / HTTP/1.1" 200 -', "2026-03-01T14:03:21.000000"),
        ('{"EventTime":"2026-03-01 14:03:21","message":"x"}', "2026-03-01T14:03:21.000000"),
        ("14:03:21.123 [main] INFO a.B - x", None),
        ("info: 2026-03-01T14:03:21.5Z x", "2026-03-01T14:03:21.500000Z"),
        ("1772373801: x", "2026-03-01T14:03:21.000000Z"),
        ('::1 - ada@pam [03/01/2026:14:03:21 +0000] "GET /" 200 -', "2026-01-03T14:03:21.000000Z"),
        ('{"time_local":"01/Mar/2026:14:03:21 +0000","status":"200"}', "2026-03-01T14:03:21.000000Z"),
        ('{"dt":"2026-03-01T14:03:21Z","message":"x"}', "2026-03-01T14:03:21.000000Z"),
        ("host:web1\ttime:[01/Mar/2026:14:03:21 +0000]\tstatus:200", "2026-03-01T14:03:21.000000Z"),
    ],
)  # fmt: skip
def test_a_time_is_read_where_a_date_stands(line: str, shown: str | None) -> None:
    """Dates in other orders, zones of hours alone, months without years; a time of day alone is no moment."""
    record = read(line)
    assert (timestamp_text(record) if record.time_ns is not None else None) == shown


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"2026-03-01 14:03:21 INFO [shop,{TRACE},c1f7aa20e93d5b44] x", TRACE),
        (f"2026-03-01 14:03:21 INFO [{TRACE}/c1f7aa20e93d5b44] x", TRACE),
        ("I, [2026-03-01T14:03:21 #12]  INFO -- : [5f2c01ab-9d3e-4a77-8c11-0123456789ab] x",
         UUID),
        ("2026-03-01T14:03:21.123Z\t5f2c01ab-9d3e-4a77-8c11-0123456789ab\tINFO\tx",
         UUID),
        ('{"@t":"2026-03-01T14:03:21Z","@m":"x","@tr":"8f3c2a71d45e9b06"}', "8f3c2a71d45e9b06"),
        (f"<165>1 2026-03-01T14:03:21Z web1 shop 7 ID1 [req@1 requestId=\"{UUID}\"] x", UUID),
        (f"Mar  1 14:03:21 web1 shop[7]: ERROR lost request_id={UUID}", UUID),
        (f'10.0.0.1 - - [01/Mar/2026:14:03:21 +0000] "GET / HTTP/1.1" 200 7 "-" "x" {TRACE}', TRACE),
        (f'[2026-03-01T14:03:21.123Z] "GET / HTTP/1.1" 200 - 0 7 1 1 "-" "x" "{UUID}" "shop" "-"', UUID),
        (f"2026-03-01T14:03:21.5Z  WARN request{{trace_id={TRACE}}}: shop::http: slow", TRACE),
        ("14:03:21.123 request_id=Fxyz0abc123 [info] GET /", "Fxyz0abc123"),
        (f"[ERROR]\t2026-03-01T14:03:21.123Z\t{UUID}\tx", UUID),
        (f"REPORT RequestId: {UUID}\tDuration: 12.1 ms", UUID),
    ],
)  # fmt: skip
def test_a_header_tells_the_correlation_id(line: str, wanted: str) -> None:
    """The trace of a pair, a tag before the message, a bare UUID before the level."""
    assert read(line).correlation_id == wanted


def test_a_panic_and_a_chained_traceback_are_one_record() -> None:
    """Lines of any form belong to a Rust panic up to its note; few timed lines head records too."""
    panic = [
        "thread 'main' panicked at src/main.rs:2:5:",
        "index out of bounds: the len is 1",
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        "done",
    ]
    parser = Parser(panic, now_ns=NOW)
    starts = [parser.starts_record(line, panic[:n]) for n, line in enumerate(panic)]
    assert starts == [True, False, False, True]
    chained = [
        "2026-03-01 14:03:21,000 ERROR app: unhandled",
        "Traceback (most recent call last):",
        '  File "/x.py", line 1, in y',
        "ValueError: first",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "/x.py", line 3, in z',
        "KeyError: second",
        "2026-03-01 14:03:22,000 INFO app: goes on",
    ]
    parser = Parser(chained, now_ns=NOW)
    starts = [parser.starts_record(line, chained[:n]) for n, line in enumerate(chained)]
    assert [n for n, begins in enumerate(starts) if begins] == [0, 10]


def test_a_body_in_braces_belongs_to_the_line_that_announces_it() -> None:
    """JSON without a time, or what only looks like it, below a timed line of text; not below other JSON."""
    lines = [
        "2026-03-01 14:03:21 INFO cart - answer:",
        '{"items":[1,2]}',
        "2026-03-01 14:03:22 ERROR cart - reason:",
        "{badmatch,{error,closed}}",
        "{",
        '  "items": 1',
        "}",
        '{"time":"2026-03-01T14:03:23Z","level":"info","msg":"from another program"}',
        "2026-03-01 14:03:24 INFO cart - done",
    ]
    parser = Parser(lines, now_ns=NOW)
    begun: list[str] = []
    starts = []
    for line in lines:
        starts.append(parser.starts_record(line, begun))
        begun = [line] if starts[-1] else [*begun, line]
    assert [n for n, begins in enumerate(starts) if begins] == [0, 2, 7, 8]


def test_an_indented_line_with_a_date_continues() -> None:
    """What a record tells of another time, further in, is no record of its own."""
    lines = [
        "2026-03-01 14:03:21.12 Server  starting",
        "\tSep 12 2022 15:07:06",
        "2026-03-01 14:03:22.12 Server  up",
    ]
    parser = Parser(lines, now_ns=NOW)
    assert [parser.starts_record(line) for line in lines] == [True, False, True]
