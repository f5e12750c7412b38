"""Checks that the configuration describes: what it accepts, what each kind says, when a state is hard."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from msgspec.structs import replace

from pake_tui.clock import DAY, MINUTE, SECOND, monotonic, now_ns
from pake_tui.engine.monitoring.checking.asking import Surroundings
from pake_tui.engine.monitoring.checking.certificates import expires_ns
from pake_tui.engine.monitoring.checking.kinds import ask
from pake_tui.engine.monitoring.checking.running import CheckRunner
from pake_tui.engine.monitoring.checking.specs import CheckSpec, specs_from, validate
from pake_tui.engine.monitoring.checking.standing import Run, Standing, after
from pake_tui.engine.monitoring.checks import merged
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.check import CheckHistory, HealthCheck, HealthState, StateSpan

HEALTHY, UNKNOWN, DEGRADED, UNHEALTHY = sorted(HealthState)


def spec(**entry: Any) -> CheckSpec:
    """A check as the configuration spells it."""
    whole = {"name": "it", **entry}
    assert validate([whole]) == []
    return specs_from([whole])[0]


def run(
    one: CheckSpec, *, logs: Mapping[str, Path] | None = None, no_commands: str = ""
) -> tuple[HealthState, str]:
    """State and message of one run."""
    found = logs or {}
    answer = ask(one, Surroundings(no_commands, lambda service: [found[service]] if service in found else []))
    return answer.state, answer.message


class Site(BaseHTTPRequestHandler):
    """Answers by path: a status, or something that is wrong."""

    def do_GET(self) -> None:
        """The status that the path names; /slow after a while, /cut not at all."""
        if self.path == "/slow":
            time.sleep(0.15)
        if self.path == "/cut":
            self.connection.close()
            return
        status = int(self.path[1:]) if self.path[1:].isdigit() else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(f"auth={self.headers.get('Authorization')} ready=yes".encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("entry", "path", "says"),
    [
        ({}, "0.", "checks nothing"),
        ({"http": "http://a/", "tcp": "a:1"}, "0.tcp", "checks two things"),
        ({"http": "ftp://a/"}, "0.http", "is not accepted"),
        ({"http": "http://a:99999/"}, "0.http", "the value is not accepted"),
        ({"http": "http://a/b c"}, "0.http", "the value is not accepted"),
        ({"http": "http://a/", "headers": {"X": "a\nb"}}, "0.headers", "the value is not accepted"),
        ({"disk": "/\0"}, "0.disk", "is not accepted"),
        ({"process": "x", "count": "4-1"}, "0.count", "is not accepted"),
        ({"http": "http://a/", "status": "299-200"}, "0.status", "is not accepted"),
        ({"tcp": "a"}, "0.tcp", "is not accepted"),
        ({"tcp": "a:1", "status": "200"}, "0.status", "is unknown"),
        ({"http": "http://a/", "body": "(a+)+"}, "0.body", "character"),
        ({"http": "http://a/", "status": "2xx"}, "0.status", "is not accepted"),
        ({"tcp": "a:1", "interval": "1d"}, "0.interval", "is not accepted"),
        ({"tcp": "a:1", "retries": 2.5e9}, "0.retries", "is not accepted"),
        ({"file_age": "/x"}, "0.max_age", "is missing"),
        ({"tcp": "a:1", "depends_on": "who"}, "0.depends_on", "there is no check 'who'"),
        ({"tcp": "a:1", "depends_on": ["it"]}, "0.depends_on", "it depends on itself"),
        ({"command": []}, "0.command", "is not accepted"),
    ],
)
def test_a_wrong_check_is_refused_at_its_field(entry: dict[str, Any], path: str, says: str) -> None:
    """Each problem names the field and what is wrong with it."""
    (found, *_) = validate([{"name": "it", **entry}])
    assert found[0] == path
    assert says in found[1]


def test_a_refused_secret_is_not_quoted() -> None:
    """What may hold a password is only said to be wrong."""
    raw = [
        {"name": "a", "http": "htp://u:s3cretAA@host/"},
        {"name": "b", "redis": "redis://u:s3cretBB/x@host"},
        {"name": "c", "http": "http://h/", "headers": {"Authorization": ["s3cretCC"]}},
    ]
    told = str(validate(raw))
    assert told.count("the value is not accepted") == 3
    assert "s3cret" not in told


def test_two_checks_of_one_name_are_refused() -> None:
    """A name is what rules and people know a check by; blanks around it are none."""
    assert validate([{"name": "a", "tcp": "x:1"}, {"name": "a ", "tcp": "y:1"}])[0][0] == "1.name"
    assert validate([{"name": "a", "tcp": "x:1"}, {"name": "a", "tcp": "y:1"}])[0][0] == "1.name"


def test_an_address_may_be_ipv6() -> None:
    """Brackets tell its colons from the port's."""
    assert spec(tcp="[::1]:5432").target == ("::1", 5432)


def test_http_names_the_status_the_body_and_the_cut(site: str) -> None:
    """A good answer, a wrong status, a body that does not match and a closed connection read differently."""
    assert run(spec(http=f"{site}/200")) == (HEALTHY, "status 200")
    assert run(spec(http=f"{site}/503")) == (UNHEALTHY, "bad reply: status 503 Service Unavailable")
    assert run(spec(http=f"{site}/404", status="200-299, 404"))[0] is HEALTHY
    assert run(spec(http=f"{site}/", body="ready=yes"))[0] is HEALTHY
    state, said = run(spec(http=f"{site}/", body="ready=no"))
    assert (state, said) == (UNHEALTHY, "bad reply: status 200, but the body does not match ready=no")
    assert run(spec(http=f"{site}/cut"))[1].startswith("bad reply: ")


def test_http_sends_the_urls_password_and_never_says_it(site: str) -> None:
    """User and password of the URL go as basic authentication."""
    address = site.replace("http://", "http://ada:geheim42@")
    assert run(spec(http=f"{address}/", body="auth=Basic YWRhOmdlaGVpbTQy"))[0] is HEALTHY
    assert "geheim42" not in run(spec(http=f"{address}/", body="no"))[1]


def test_a_time_out_a_refusal_and_a_name_without_address_read_differently(site: str) -> None:
    """The message names the step that failed."""
    silent = create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    assert run(spec(http=f"http://127.0.0.1:{port}/", timeout="200ms"))[1] == (
        "time-out: the answer took more than 0.2 s"
    )
    assert (
        run(spec(redis=f"redis://127.0.0.1:{port}", timeout="200ms"))[1]
        == "time-out: PING took more than 0.2 s"
    )
    silent.close()
    assert run(spec(tcp=f"127.0.0.1:{port}")) == (UNHEALTHY, f"refused: nothing listens at 127.0.0.1:{port}")
    assert run(spec(dns="no-such-name.invalid"))[1].startswith("DNS: no-such-name.invalid: ")
    assert run(spec(http=site.replace("http:", "https:")))[1].startswith("TLS: ")


@pytest.mark.needs_server("openssl")
@pytest.mark.parametrize("days", [1, 20_000], ids=["two digits of a year", "four"])
def test_the_end_of_a_certificate_is_read_from_its_bytes(tmp_path: Path, days: int) -> None:
    """In both forms that there are of a time; anything else, or a part of one, is no certificate."""
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-outform", "DER"]
    made += ["-days", str(days), "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "x.der")]
    subprocess.run(made, check=True, capture_output=True)
    der = (tmp_path / "x.der").read_bytes()
    found = expires_ns(der)
    assert found is not None
    assert abs(found - now_ns() - days * DAY) < MINUTE
    assert expires_ns(b"") is expires_ns(b"no certificate") is expires_ns(bytes(100)) is None
    assert all(expires_ns(der[:length]) is None for length in range(0, len(der), 7))


@pytest.mark.needs_server("openssl")
def test_https_knows_the_certificate_of_a_server_that_closes_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is verified, its days are told, and few of them are a warning."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=localhost",
    ]
    made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"https://localhost:{server.server_port}/"
        assert run(spec(http=url))[1] == "TLS: self-signed certificate"
        assert run(spec(http=url, verify_tls=False)) == (HEALTHY, "status 200")
        assert run(spec(http=url, verify_tls=False, tls_expiry="30d")) == (
            DEGRADED,
            "TLS: the certificate expires in 29 d",
        )
        assert run(spec(http=url, verify_tls=False, tls_expiry="14d")) == (
            HEALTHY,
            "status 200, certificate valid for 29 d",
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert run(spec(http=url, body="ready")) == (HEALTHY, "status 200, certificate valid for 29 d")
        assert run(spec(http=url, tls_expiry="30d")) == (DEGRADED, "TLS: the certificate expires in 29 d")
    finally:
        server.shutdown()
        server.server_close()


def test_an_ipv6_address_is_not_taken_for_a_port(site: str) -> None:
    """Mapped addresses end like a host and a port."""
    port = site.rpartition(":")[2]
    assert run(spec(http=f"http://[::ffff:127.0.0.1]:{port}/"))[0] is HEALTHY


def test_a_server_that_echoes_the_password_does_not_make_it_public() -> None:
    """As redis quotes the words of a command that it does not know."""
    server = create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = server.accept()
        with connection:
            words = connection.recv(4096)
            connection.sendall(b"-ERR unknown command, with args " + words.replace(b"\r\n", b" ") + b"\r\n")

    threading.Thread(target=answer, daemon=True).start()
    state, said = run(spec(redis=f"redis://bob:s3cr3tpw@127.0.0.1:{server.getsockname()[1]}"))
    server.close()
    assert state is UNHEALTHY
    assert said.startswith("auth: ERR unknown command")
    assert "s3cr3tpw" not in said


def test_dns_compares_the_addresses() -> None:
    """One of those expected must be among those found."""
    assert run(spec(dns="localhost", expect=["127.0.0.1", "::1"]))[0] is HEALTHY
    assert "not 192.0.2.1" in run(spec(dns="localhost", expect="192.0.2.1"))[1]


def test_a_plugins_exit_code_line_and_numbers_are_understood(tmp_path: Path) -> None:
    """Exit codes 0 to 3, the first line, and numbers behind the bar, as monitoring plugins print them."""
    plugin = tmp_path / "check_it"
    plugin.write_text("#!/bin/sh\necho \"DISK WARNING - 7% left | '/ used'=93%;90;95 time=0.01s\"\nexit $1\n")
    plugin.chmod(0o755)
    said = "DISK WARNING - 7% left ('/ used' 93%, time 0.01s)"
    assert run(spec(command=[str(plugin), "0"])) == (HEALTHY, said)
    assert run(spec(command=[str(plugin), "1"])) == (DEGRADED, said)
    assert run(spec(command=f"{plugin} 2")) == (UNHEALTHY, f"critical: {said}")
    assert run(spec(command=f"{plugin} 3")) == (UNKNOWN, said)
    assert run(spec(command=[str(tmp_path / "gone")]))[1].startswith(f"{tmp_path}/gone cannot be run")


def test_a_plugin_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """The whole group ends at the time-out."""
    pid = tmp_path / "pid"
    state, said = run(spec(command=["sh", "-c", f"sleep 60 & echo $! > {pid}; sleep 60"], timeout="300ms"))
    assert (state, said) == (UNHEALTHY, "time-out: sh took more than 0.3 s")
    child = Path(f"/proc/{pid.read_text().strip()}/stat")
    end = monotonic() + 10
    while child.exists() and child.read_text().split()[2] != "Z":
        assert monotonic() < end, "the child lives on"
        threading.Event().wait(0.01)


def test_a_plugin_that_has_ended_is_over_whoever_holds_its_output(tmp_path: Path) -> None:
    """A child that it left running does not delay the answer, and is not left behind."""
    pid = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid}; echo started OK | tr -d '\\n'; exit 1"
    assert run(spec(command=["sh", "-c", script], timeout="5s")) == (DEGRADED, "started OK")
    child = Path(f"/proc/{pid.read_text().strip()}/stat")
    end = monotonic() + 10
    while child.exists() and child.read_text().split()[2] != "Z":
        assert monotonic() < end, "the child lives on"
        threading.Event().wait(0.01)
    assert run(spec(command=["sh", "-c", "kill -35 $$"]))[1] == "sh was ended by signal 35"


def test_a_configuration_that_was_only_found_runs_no_program() -> None:
    """What was unpacked into the working folder cannot have commands run."""
    state, said = run(spec(command="true"), no_commands="/x/pake.yaml was found, not named")
    assert (state, said) == (UNKNOWN, "not run: /x/pake.yaml was found, not named")


def test_processes_files_disks_and_logs_say_what_they_found(tmp_path: Path) -> None:
    """Counts, ages and shares stand in the message, and what is missing is missing."""
    marker = f"pake-marker-{tmp_path.name}"
    assert run(spec(process=marker))[1] == f"missing: 0 processes match {marker}, at least 1 should"
    assert run(spec(process=marker, count=0))[0] is HEALTHY
    assert "processes match" in run(spec(process="."))[1]
    dump = tmp_path / "db.dump"
    assert run(spec(file_age=str(dump), max_age="1h"))[1] == f"missing: there is no file {dump}"
    dump.write_text("x")
    assert run(spec(file_age=str(tmp_path / "*.dump"), max_age="1h"))[0] is HEALTHY
    assert "too small" in run(spec(file_age=str(dump), max_age="1h", min_bytes=10))[1]
    assert run(spec(disk=str(tmp_path), warn=100, critical=100))[0] is HEALTHY
    assert run(spec(disk=str(tmp_path), warn=0, critical=100))[0] is DEGRADED
    assert run(spec(disk="/no/such/place"))[1].startswith("unreadable: ")
    assert run(spec(log_silence="payment", **{"for": "5m"}))[0] is UNKNOWN
    assert run(spec(log_silence="payment", **{"for": "5m"}), logs={"payment": dump})[0] is HEALTHY
    os.utime(dump, (time.time() - 600, time.time() - 600))
    assert run(spec(log_silence="payment", **{"for": "5m"}), logs={"payment": dump})[1] == (
        f"silent: nothing was written to {dump} for 10 m"
    )


def test_sqlite_files_are_read_never_made(tmp_path: Path) -> None:
    """A database, junk, and nothing."""
    import sqlite3

    path = tmp_path / "orders.db"
    assert run(spec(sqlite=str(path)))[1] == f"missing: {path} does not exist"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t(a)")
    made.close()
    assert run(spec(sqlite=str(path))) == (HEALTHY, f"{path} holds 1 tables and indexes")
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=wal")
    made.close()
    assert run(spec(sqlite=str(path)))[0] is HEALTHY
    assert [file.name for file in tmp_path.glob("orders*")] == ["orders.db"]
    path.write_bytes(b"junk" * 400)
    assert run(spec(sqlite=str(path)))[1] == f"bad reply: {path}: file is not a database"


def test_a_slow_answer_is_degraded_and_a_slower_one_unhealthy(site: str) -> None:
    """The time it took stands in the message."""
    slow = ask(spec(http=f"{site}/slow"), Surroundings("", lambda _: []))
    standing = after(spec(http=f"{site}/slow", slow="50ms", retries=0), Standing(), slow)
    assert standing.state is DEGRADED
    assert standing.message.startswith("slow: status 200, in 1")
    standing = after(spec(http=f"{site}/slow", too_slow="50ms", retries=0), Standing(), slow)
    assert standing.state is UNHEALTHY
    assert standing.message.endswith("(50 ms allowed)")


def test_a_failure_is_hard_after_its_retries_and_a_recovery_at_once() -> None:
    """Until then the old state stands, and the row says how many runs failed."""
    one = spec(tcp="a:1", retries=2)
    good, bad = Run(HEALTHY, "fine", 0, 1), Run(UNHEALTHY, "refused: x", 0, 1)
    standing = after(one, Standing(), good)
    seen = []
    for _ in range(3):
        standing = after(one, standing, bad)
        seen.append((standing.state, standing.shown))
    assert seen == [
        (HEALTHY, "refused: x (run 1 of 3)"),
        (HEALTHY, "refused: x (run 2 of 3)"),
        (UNHEALTHY, "refused: x"),
    ]
    assert after(one, standing, good).state is HEALTHY


class Answers:
    """What checks answer, settable by name; a name may be told to hang."""

    def __init__(self) -> None:
        self.states: dict[str, HealthState] = {}
        self.ran: list[str] = []
        self.hang: dict[str, threading.Event] = {}

    def __call__(self, one: CheckSpec) -> Run:
        """One run."""
        self.ran.append(one.name)
        if one.name in self.hang:
            self.hang[one.name].wait(20)
        state = self.states.get(one.name, HEALTHY)
        return Run(state, state.word, time.time_ns(), 1000)


def turn_until(
    runner: CheckRunner, holds: Callable[[dict[str, HealthCheck]], bool], seconds: float = 10.0
) -> None:
    """Turn until the newest rows by name satisfy a condition."""
    rows: dict[str, HealthCheck] = {}
    end = monotonic() + seconds
    while not holds(rows):
        assert monotonic() < end, rows
        rows.update({row.name: row for row in runner.turn()})
        threading.Event().wait(0.01)


def plan(**entries: Mapping[str, Any]) -> tuple[CheckSpec, ...]:
    """Checks by name that run every second and are never soft."""
    whole = [
        {"name": name, "tcp": "a:1", "interval": "1s", "retries": 0, **entry}
        for name, entry in entries.items()
    ]
    assert validate(whole) == []
    return specs_from(whole)


def test_one_check_that_hangs_is_said_and_delays_no_other() -> None:
    """It is unhealthy after its time-out; the others keep their second."""
    answers = Answers()
    answers.hang["stuck"] = threading.Event()
    runner = CheckRunner(answers)
    runner.put_in_force(plan(stuck={"timeout": "100ms"}, fine={}), SECOND)
    turn_until(runner, lambda rows: "stuck" in rows and rows["stuck"].state is UNHEALTHY)
    before = answers.ran.count("fine")
    turn_until(runner, lambda rows: answers.ran.count("fine") >= before + 2)
    assert answers.ran.count("stuck") == 1
    answers.hang.pop("stuck").set()
    turn_until(runner, lambda rows: "stuck" in rows and rows["stuck"].state is HEALTHY)


def test_a_run_that_lasts_longer_than_intervals_do_is_not_taken_for_silence(tmp_path: Path) -> None:
    """The check stands as it stood until its result comes, and that stands until the next one; each run is
    one point of its history.
    """
    answers, store = Answers(), MetricsStore(tmp_path)
    runner = CheckRunner(answers)
    one = replace(plan(slow={"timeout": "1s"})[0], interval_ns=SECOND // 5)
    runner.put_in_force([one], SECOND)
    seen: list[HealthState] = []

    def is_timed_out(rows: dict[str, HealthCheck]) -> bool:
        answers.hang.setdefault("slow", threading.Event())
        store.health.put(list(rows.values()))
        seen.extend(row.state for row in merged(store.health.list(), now_ns()))
        return seen[-1:] == [UNHEALTHY]

    turn_until(runner, lambda rows: "slow" in rows)
    turn_until(runner, is_timed_out)
    assert UNKNOWN not in seen
    (row,) = store.health.list()
    assert [point.state for point in row.history] == [HEALTHY, UNHEALTHY]
    answers.hang["slow"].set()


def test_a_result_that_took_longer_than_intervals_is_as_new_as_it_came() -> None:
    """A server that is given up again and again after its time-out is unhealthy all along."""

    def slow(one: CheckSpec) -> Run:
        began, start = now_ns(), monotonic()
        threading.Event().wait(0.4)
        return Run(UNHEALTHY, "time-out", began, int((monotonic() - start) * SECOND))

    runner = CheckRunner(slow)
    runner.put_in_force([replace(plan(slow={})[0], interval_ns=SECOND // 10)], SECOND)
    results: set[int | None] = set()
    seen: list[HealthState] = []

    def several_came(rows: dict[str, HealthCheck]) -> bool:
        results.update(row.next_ns for row in rows.values())
        seen.extend(row.state for row in merged(rows.values(), now_ns()))
        return len(results) > 3

    turn_until(runner, several_came)
    assert set(seen) == {UNHEALTHY}


def test_a_child_of_a_failed_parent_is_unreachable_and_back_with_it() -> None:
    """It is unknown, names the parent, and is not asked while the parent is down."""
    answers = Answers()
    answers.states = {"router": UNHEALTHY, "web": UNHEALTHY}
    runner = CheckRunner(answers)
    runner.put_in_force(plan(router={}, web={"depends_on": ["router"]}), SECOND)
    turn_until(
        runner,
        lambda rows: (
            "web" in rows and rows["web"].message == "unreachable: it depends on router, which is unhealthy"
        ),
    )
    assert runner.unreachable == {"web": "unreachable: it depends on router, which is unhealthy"}
    answers.states.clear()
    turn_until(runner, lambda rows: rows.get("web") is not None and rows["web"].state is HEALTHY)
    assert runner.unreachable == {}


def test_a_host_without_a_route_is_down_and_its_alert_is_not_withheld() -> None:
    """That failure is told as unreachable too; only a parent that is down withholds anything."""

    def no_route(one: CheckSpec) -> Run:
        return Run(UNHEALTHY, "unreachable: 192.0.2.1:80: No route to host", time.time_ns(), 1000)

    runner = CheckRunner(no_route)
    runner.put_in_force(plan(web={}), SECOND)
    turn_until(runner, lambda rows: rows.get("web") is not None and rows["web"].state is UNHEALTHY)
    assert runner.unreachable == {}


def test_a_childs_failure_is_not_hard_before_its_parent_was_asked() -> None:
    """No alarm for the child when both went down, whichever was asked first."""
    answers = Answers()
    runner = CheckRunner(answers)
    runner.put_in_force(plan(router={"interval": "1h"}, web={"depends_on": ["router"]}), SECOND)
    for name in runner.names:
        runner.run_soon(name)
    turn_until(runner, lambda rows: len(rows) == 2)
    answers.states = {"router": UNHEALTHY, "web": UNHEALTHY}
    seen: list[HealthState] = []

    def said(rows: dict[str, HealthCheck]) -> bool:
        if "web" in rows:
            seen.append(rows["web"].state)
        return "web" in rows and rows["web"].message.startswith("unreachable")

    turn_until(runner, said)
    assert UNHEALTHY not in seen


@pytest.mark.parametrize("before", [HEALTHY, UNHEALTHY])
def test_a_child_that_fails_under_a_healthy_parent_is_unhealthy_after_its_retries(
    before: HealthState,
) -> None:
    """Its parent was asked since the failure began: that no run of the child is older is no excuse."""
    answers = Answers()
    answers.states["web"] = before
    runner = CheckRunner(answers)
    child = {"depends_on": ["dad"], "retries": 2, "retry_interval": "1s"}
    runner.put_in_force(plan(dad={"interval": "1h"}, web=child), SECOND)
    turn_until(runner, lambda rows: "web" in rows)
    answers.states["web"] = UNHEALTHY
    turn_until(runner, lambda rows: "web" in rows and rows["web"].message == "unhealthy (run 2 of 3)")
    turn_until(runner, lambda rows: "web" in rows and rows["web"].state is UNHEALTHY)
    assert answers.ran.count("dad") <= 2


def test_a_thousand_checks_hold_their_second() -> None:
    """None starves: after four thousand runs each had its turn as often as the others, but for the start."""
    answers = Answers()
    runner = CheckRunner(answers)
    runner.put_in_force(plan(**{f"check {number}": {} for number in range(1000)}), SECOND)
    turn_until(runner, lambda rows: len(answers.ran) >= 4000)
    counts = Counter(answers.ran)
    assert len(counts) == 1000
    assert max(counts.values()) - min(counts.values()) <= 5


def test_a_new_collector_knows_what_was_unhealthy() -> None:
    """A hard state that was kept stays one: no retries, no flapping at a restart."""
    answers = Answers()
    answers.states["db"] = UNHEALTHY
    runner = CheckRunner(answers)
    runner.put_in_force(
        plan(db={"retries": 5}), SECOND, {"db": HealthCheck("db", UNHEALTHY, "refused", "checks")}
    )
    rows: list[HealthCheck] = []
    turn_until(runner, lambda news: bool(rows.extend(news.values()) or rows))
    assert rows[0].state is UNHEALTHY


def test_availability_counts_known_time_only() -> None:
    """Unknown spans and gaps are neither up nor down; degraded is up."""
    spans = (
        StateSpan(0, 60, HEALTHY),
        StateSpan(60, 70, UNHEALTHY),
        StateSpan(70, 80, UNKNOWN),
        StateSpan(100, 130, DEGRADED),
    )
    history = CheckHistory("db", spans)
    assert history.availability(0, 130) == pytest.approx(90 / 100)
    assert history.availability(200, 300) is None
    assert history.strip(0, 140, 7) == (HEALTHY, HEALTHY, HEALTHY, UNHEALTHY, UNKNOWN, DEGRADED, DEGRADED)


if sys.platform != "linux":  # pragma: no cover
    pytestmark = pytest.mark.skip(reason="/proc is read")
