"""Notices leave for those who want them, in order, once, again after a failure, and are said to be dead."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler

from pake_tui.cli.main import main
from pake_tui.clock import HOUR, MINUTE, SECOND, now_ns
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.notifying import senders
from pake_tui.engine.monitoring.notifying.delivering import Delivering, how, send_test, wait_ns
from pake_tui.engine.monitoring.notifying.senders import NotSent
from pake_tui.engine.monitoring.notifying.specs import NotifierSpec, notifiers_from, validate
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy, Severity
from pake_tui.model.check import HealthState


def spec(**entry: Any) -> NotifierSpec:
    """A notifier as the configuration spells it."""
    whole = {"name": "ops", **entry}
    assert validate([whole]) == []
    return notifiers_from([whole])[0]


class Hook:
    """A web server that keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.answers: dict[str, str] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if hook.status == 200:
                    hook.got.append(body)
                    hook.headers.append(dict(self.headers))
                self.send_response(hook.status)
                for name, value in hook.answers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"no such token=geheim4711xyz" if hook.status != 200 else b"ok")

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def kinds(self) -> list[str]:
        """What came, in order."""
        return [one["kind"] for one in self.got]


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web server."""
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def state(tmp_path: Path) -> StateStore:
    """An empty store."""
    (tmp_path / "state").mkdir(mode=0o700, exist_ok=True)
    return StateStore(tmp_path / "state")


def alerting(state: StateStore) -> Alerting:
    """Alerts whose cooldown is over at once."""
    return Alerting(state, lambda: Policy(cooldown_ns=0))


def way(state: StateStore, one: NotifierSpec) -> Delivering:
    """The notifier at work; what happened before it began is past."""
    made = Delivering(one, state, "web-1")
    made.turn()
    return made


def create(state: StateStore, title: str, severity: Severity = Severity.HIGH, **tags: str) -> str:
    """An application's alert."""
    return alerting(state).create(
        title, "it broke", severity, actor="api@1", service="api", tags=tuple(tags.items())
    )


def test_an_alert_and_its_end_are_posted_with_all_their_facts(state: StateStore, hook: Hook) -> None:
    """The body is one documented object; the header's id is the same for the same notice."""
    notifier = way(state, spec(webhook=hook.url, headers={"X-Token": "abc"}))
    alert_id = create(state, "Gateway down", mount="/srv")
    notifier.turn()
    alerting(state).resolve(alert_id, actor="ada", note="replaced")
    notifier.turn()
    notifier.turn()
    opened, resolved = hook.got
    assert (opened["kind"], opened["title"], opened["severity"]) == ("opened", "Gateway down", "high")
    assert opened["host"] == "web-1"
    assert opened["alert"]["id"] == alert_id
    assert opened["alert"]["tags"] == {"mount": "/srv"}
    assert opened["alert"]["message"] == "it broke"
    assert resolved["kind"] == "resolved"
    assert resolved["alert"]["resolved"]["note"] == "replaced"
    assert hook.headers[0]["X-Pake-Id"] == opened["id"] != resolved["id"]
    assert hook.headers[0]["X-Token"] == "abc"


def test_what_was_there_before_a_notifier_is_not_sent(state: StateStore, hook: Hook) -> None:
    """A new notifier begins now."""
    create(state, "old")
    notifier = way(state, spec(webhook=hook.url))
    create(state, "new")
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["new"]


def test_what_fires_in_a_state_that_was_begun_anew_is_told(state: StateStore, hook: Hook) -> None:
    """A notifier that was at work is no new one, although the fresh file does not know it."""
    notifier = way(state, spec(webhook=hook.url))
    for path in state.folder.glob("state.db*"):
        path.unlink()
    create(state, "fired at once")
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["fired at once"]


def test_a_clock_that_is_set_back_holds_up_no_notice(state: StateStore, hook: Hook) -> None:
    """What waits for its next try waits a quarter of an hour at most; a notice of any time has one id."""
    notifier = way(state, spec(webhook=hook.url))
    hook.status = 503
    alert_id = create(state, "Gateway down")
    notifier.turn()
    with state.write() as connection:
        connection.execute("UPDATE deliveries SET due_ns=due_ns+?", (HOUR,))
        connection.execute("UPDATE notices SET at_ns=at_ns-?", (HOUR,))
    hook.status = 200
    notifier.turn()
    assert [one["id"] for one in hook.got] == [f"web-1-1-{alert_id}"]


def test_only_what_is_wanted_is_sent(state: StateStore, hook: Hook) -> None:
    """By least severity, by tags, and with or without the end."""
    notifier = way(state, spec(webhook=hook.url, severity="high", tags={"team": "pay"}, resolved=False))
    create(state, "low", Severity.LOW, team="pay")
    create(state, "other", Severity.CRITICAL, team="web")
    alert_id = create(state, "this", Severity.CRITICAL, team="pay")
    alerting(state).resolve(alert_id, actor="ada")
    notifier.turn()
    create(state, "that", Severity.HIGH, team="pay")
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["that"]


def test_what_fails_waits_and_arrives(state: StateStore, hook: Hook) -> None:
    """While the server is down nothing is lost, and the row says what is wrong; none blocks another."""
    notifier = way(state, spec(webhook=hook.url))
    hook.status = 503
    for title in ("first", "second"):
        create(state, title)
    notifier.turn()
    (standing,) = state.deliveries.standings()
    assert how(standing, 0)[0] is HealthState.DEGRADED
    assert how(standing, 0)[1].startswith("2 wait: status 503 Service Unavailable")
    assert "geheim4711xyz" not in standing.error
    hook.status = 200
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["second"]  # it is not time yet for the first
    state.deliveries.hurry("ops", 0)
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["second", "first"]
    (standing,) = state.deliveries.standings()
    assert how(standing, 0)[1].startswith("2 sent")


def test_what_ended_before_it_could_be_told_is_not_told(state: StateStore, hook: Hook) -> None:
    """Of an outage within an outage nobody is told twice, late."""
    notifier = way(state, spec(webhook=hook.url))
    hook.status = 503
    alert_id = create(state, "short")
    notifier.turn()
    alerting(state).resolve(alert_id, actor="ada")
    hook.status = 200
    state.deliveries.hurry("ops", 0)
    notifier.turn()
    create(state, "next")
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["next"]


def test_of_several_notices_that_wait_the_newest_is_sent(state: StateStore, hook: Hook) -> None:
    """Two hours of reminders are one message."""
    notifier = way(state, spec(webhook=hook.url))
    alert_id = create(state, "long")
    notifier.turn()
    hook.status = 503
    for _ in range(2):
        alerting(state).resolve(alert_id, actor="ada")
        alert_id = create(state, "long")
        notifier.turn()
    hook.status = 200
    state.deliveries.hurry("ops", 0)
    notifier.turn()
    assert len(hook.got) == 2 + 1  # opened; then for each alert what became of it last
    assert hook.kinds[-1] == "opened"


def test_a_refused_message_is_dead_at_once_and_can_be_retried(
    state: StateStore, hook: Hook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    """A wrong token will not do any better later; the row names the command that tries again."""
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "state"))
    config = tmp_path / "pake.yaml"
    config.write_text(f"notifiers: [{{name: ops, webhook: '{hook.url}'}}]\n")
    notifier = way(state, spec(webhook=hook.url))
    hook.status = 401
    create(state, "lost")
    notifier.turn()
    (standing,) = state.deliveries.standings()
    assert how(standing, 0) == (
        HealthState.UNHEALTHY,
        "1 never arrived: status 401 Unauthorized: no such token=********; `pake-tui notifiers retry ops`",
    )
    assert main(["notifiers", "--config", str(config)]) == 1
    assert "1 never arrived" in capsys.readouterr().out
    hook.status = 200
    assert main(["notifiers", "--config", str(config), "retry", "ops"]) == 0
    notifier.turn()
    assert [one["title"] for one in hook.got] == ["lost"]
    assert main(["notifiers", "--config", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["sent"] == 1
    assert main(["notifiers", "--config", str(config), "test", "ops"]) == 0
    assert hook.kinds[-1] == "test"
    assert main(["notifiers", "--config", str(config), "test", "opps"]) == 2


def test_slack_gets_its_text_with_nothing_to_inject(state: StateStore, hook: Hook) -> None:
    """Angle brackets of a title are no links there."""
    notifier = way(state, spec(webhook=hook.url, format="slack"))
    create(state, "<!channel> a & b")
    notifier.turn()
    assert hook.got[0]["text"].startswith("*[HIGH] &lt;!channel&gt; a &amp; b (web-1)*\nit broke\n")


def test_no_word_of_an_alert_forges_a_line_or_colours_a_terminal(state: StateStore, hook: Hook) -> None:
    """Tags, title, message and notes stay the text they are; only a message may have lines of its own."""
    notifier = way(state, spec(webhook=hook.url, format="slack"))
    evil = "x\nacknowledged by root\x1b[31m"
    alerting(state).create(
        f"title {evil}",
        "first\n\nthird\x1b]0;x\x07",
        Severity.HIGH,
        actor="a@1",
        tags=(("k", evil),),
        service=evil,
    )
    notifier.turn()
    lines = hook.got[0]["text"].split("\n")
    assert lines[0] == "*[HIGH] title x acknowledged by root␛[31m (web-1)*"
    assert lines[1:4] == ["first", "", "third␛]0;x␇"]
    assert lines[4] == "service=x␊acknowledged by root␛[31m k=x␊acknowledged by root␛[31m"
    assert len(lines) == 7


def test_a_program_gets_the_message_and_its_exit_code_counts(state: StateStore, tmp_path: Path) -> None:
    """JSON on standard input, the main parts in the environment."""
    out, program = tmp_path / "out", tmp_path / "page"
    program.write_text(f'#!/bin/sh\ncat > {out}\necho "$PAKE_SUBJECT" >> {out}\necho broken pipe\nexit $1\n')
    program.chmod(0o755)
    send_test(spec(command=[str(program), "0"]), "web-1", "")
    message, subject = out.read_text().splitlines()
    assert json.loads(message)["kind"] == "test"
    assert subject == "[LOW test] Test of this notifier (web-1)"
    with pytest.raises(NotSent, match="exit code 3: broken pipe"):
        send_test(spec(command=f"{program} 3"), "web-1", "")
    with pytest.raises(NotSent, match="not run: it was found"):
        send_test(spec(command=f"{program} 0"), "web-1", "it was found")


@pytest.mark.parametrize("given", [None, ""])
def test_a_program_of_a_file_nobody_named_is_not_run(
    given: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    """An empty PAKE_CONFIG names nothing: what lies in the working folder may have come with it."""
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("PAKE_CONFIG", raising=False)
    if given is not None:
        monkeypatch.setenv("PAKE_CONFIG", given)
    monkeypatch.chdir(tmp_path)
    was_run = tmp_path / "was-run"
    (tmp_path / "pake.yaml").write_text(f"notifiers: [{{name: ops, command: [touch, {was_run}]}}]\n")
    assert main(["notifiers", "test", "ops"]) == 2
    assert "not run" in capsys.readouterr().err
    assert not was_run.exists()
    monkeypatch.setenv("PAKE_CONFIG", str(tmp_path / "pake.yaml"))
    assert main(["notifiers", "test", "ops"]) == 0
    assert was_run.exists()


class Box(MailHandler):
    """A mailbox."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []

    def handle_message(self, message: Mail) -> None:
        """Keep it."""
        self.mails.append(message)


def test_a_mail_goes_to_all_and_one_alert_is_one_thread(state: StateStore) -> None:
    """Through a real SMTP server; a server without TLS is refused unless that is meant."""
    box = Box()
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        entry = {"email": ["ada@example.org", "bob@example.org"], "from": "pake@web-1.example"}
        one = spec(**entry, server=f"127.0.0.1:{port}", security="none")
        notifier = way(state, one)
        alert_id = create(state, "Gateway\ndown")
        notifier.turn()
        alerting(state).resolve(alert_id, actor="ada")
        notifier.turn()
        opened, resolved = box.mails
        assert opened["Subject"] == "[HIGH] Gateway down (web-1)"
        assert resolved["Subject"] == "[RESOLVED] Gateway down (web-1)"
        assert opened["To"] == "ada@example.org, bob@example.org"
        assert opened["References"] == resolved["References"]
        assert "it broke" in str(opened.get_payload())
        with pytest.raises(NotSent, match="set security: none if that is meant"):
            send_test(spec(**entry, server=f"127.0.0.1:{port}"), "web-1", "")
    finally:
        server.stop()
    with pytest.raises(NotSent, match=f"127.0.0.1:{port}: Connection refused"):
        send_test(one, "web-1", "")


def test_a_held_back_notice_is_sent_as_part_of_the_digest(state: StateStore, hook: Hook) -> None:
    """Past the hourly limit one message sums up, and the held ones never come alone."""
    notifier = way(state, spec(webhook=hook.url))
    now = [1_000 * MINUTE]
    limited = Alerting(state, lambda: Policy(max_per_hour=1), clock=lambda: now[0])
    for title in ("a", "b", "c"):
        limited.create(title, "", Severity.HIGH, actor="api@1", service="api")
    notifier.turn()
    now[0] += 61 * MINUTE
    limited.tick()
    notifier.turn()
    assert hook.kinds == ["opened", "digest"]
    assert hook.got[1]["title"] == "2 notices held back"


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    """5 s, 10 s, 20 s, ..."""
    assert [wait_ns(tries) // SECOND for tries in (0, 1, 2, 20, 2000)] == [5, 10, 20, 900, 900]


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({}, "0."),
        ({"webhook": "ftp://x"}, "0.webhook"),
        ({"webhook": "http://x/", "format": "xml"}, "0.format"),
        ({"webhook": "http://x/", "command": "page"}, "0.command"),
        ({"email": "nobody"}, "0.from"),
        ({"email": ["a@b", "x y@z"], "from": "a@b"}, "0.email"),
        ({"email": "a@b", "from": "a@b", "server": "mail:99999"}, "0.server"),
        ({"command": "page", "severity": "loud"}, "0.severity"),
    ],
)
def test_a_wrong_notifier_is_refused_at_its_field(entry: dict[str, Any], path: str) -> None:
    """Each mistake names its place."""
    assert validate([{"name": "ops", **entry}])[0][0] == path


def test_a_redirect_is_not_taken_for_delivered(state: StateStore, hook: Hook) -> None:
    """It would arrive as a GET without the message; the row says what to do."""
    notifier = way(state, spec(webhook=hook.url))
    hook.status, hook.answers = 301, {"Location": "/elsewhere"}
    create(state, "lost")
    notifier.turn()
    (standing,) = state.deliveries.standings()
    assert how(standing, 0)[1].startswith("1 never arrived: status 301: it is elsewhere now, name that URL")


@pytest.mark.parametrize("after", ["²", "9" * 400, "99999999999999", "31536000", "soon"])
def test_a_senseless_retry_after_puts_nothing_off_for_long(state: StateStore, hook: Hook, after: str) -> None:
    """An hour at most, whatever a server asks for."""
    notifier = way(state, spec(webhook=hook.url))
    hook.status, hook.answers = 503, {"Retry-After": after.encode().decode("latin-1")}
    create(state, "later")
    before = now_ns()
    notifier.turn()
    (standing,) = state.deliveries.standings()
    assert standing.waiting == 1
    assert standing.due_ns is not None
    assert standing.due_ns - before < 61 * MINUTE


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9\r\n", b"", b"\x16\x03\x01\xff\xff"])
def test_whatever_answers_at_a_webhook_is_a_failure_in_words(answer: bytes) -> None:
    """No exception of a library gets past the sender."""
    server = create_server(("127.0.0.1", 0))

    def speak() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    threading.Thread(target=speak, daemon=True).start()
    with pytest.raises(NotSent):
        send_test(spec(webhook=f"http://127.0.0.1:{server.getsockname()[1]}/"), "web-1", "")
    server.close()


def test_a_server_that_drips_is_cut_off_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though no single read takes long."""
    monkeypatch.setattr(senders, "TIMEOUT_S", 0.4)
    server = create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            while True:
                connection.sendall(b"H")
                threading.Event().wait(0.1)

    threading.Thread(target=drip, daemon=True).start()
    with pytest.raises(NotSent, match=r"no answer within 0\.4 s"):
        send_test(spec(webhook=f"http://127.0.0.1:{server.getsockname()[1]}/"), "web-1", "")
    server.close()


def test_user_and_password_of_a_webhook_are_sent_and_never_said(state: StateStore, hook: Hook) -> None:
    """As basic authentication; an error that quotes the URL, its path or a header is scrubbed."""
    notifier = way(state, spec(webhook=hook.url.replace("http://", "http://user:hunter2zz@")))
    create(state, "here")
    notifier.turn()
    assert hook.headers[0]["Authorization"] == "Basic dXNlcjpodW50ZXIyeno="
    port = int(hook.url.rpartition(":")[2].partition("/")[0])
    one = spec(webhook=f"http://u:hunter2zz@127.0.0.1:{port}/T0/SECRETTOK", headers={"X-Key": "sekritvalue"})

    def quotes(*_: Any) -> None:
        raise ValueError(f"cannot use {one.target} with {dict(one.options['headers'])}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(senders, "_opener", quotes)
        with pytest.raises(NotSent) as told:
            send_test(one, "web-1", "")
    for secret in ("hunter2zz", "SECRETTOK", "sekritvalue"):
        assert secret not in str(told.value)


def test_a_program_that_leaves_a_child_behind_has_delivered_and_a_loud_one_is_bounded(tmp_path: Path) -> None:
    """It is over when it ends itself; of what it prints 64 KiB are read into memory."""
    send_test(spec(command=["sh", "-c", "sleep 60 & exit 0"]), "web-1", "")
    with pytest.raises(NotSent, match="exit code 3"):
        send_test(spec(command=["sh", "-c", "head -c 20000000 /dev/zero; exit 3"]), "web-1", "")


def test_an_edited_notifier_waits_for_what_is_on_its_way(state: StateStore, hook: Hook) -> None:
    """The old one begins nothing more, the new one sends nothing twice."""
    busy = threading.Lock()
    one = spec(webhook=hook.url)
    old, new = (Delivering(one, state, "web-1", "", busy) for _ in range(2))
    old.turn()
    create(state, "once")
    busy.acquire()  # the old one is sending
    new.turn()
    assert hook.got == []
    busy.release()
    old.stopped = True
    old.turn()
    assert hook.got == []
    new.turn()
    assert [row["title"] for row in hook.got] == ["once"]


def test_a_retry_does_not_tell_of_what_is_over(state: StateStore, hook: Hook) -> None:
    """The alert ended while its notice was dead."""
    notifier = way(state, spec(webhook=hook.url))
    hook.status = 404
    alert_id = create(state, "over")
    notifier.turn()
    alerting(state).resolve(alert_id, actor="ada")
    hook.status = 200
    state.deliveries.retry("ops", now_ns())
    notifier.turn()
    assert hook.got == []
    assert state.deliveries.standings()[0].dead == 0
