"""How a message leaves: a webhook, a program, an e-mail. Each either returns, or raises NotSent."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from pake_tui.engine.monitoring import programs
from pake_tui.engine.monitoring.notifying.specs import NotifierSpec
from pake_tui.engine.monitoring.notifying.wording import Message
from pake_tui.engine.monitoring.secrets import of_url, scrubbed
from pake_tui.paths import cleaned_environment
from pake_tui.text.masking import mask_text

TIMEOUT_S = 15.0
COMMAND_S = 30.0
LONGEST_AFTER_S = 3600.0
"""So long at most a server may ask to be left alone."""
MOST_ERROR = 300
AGENT = "pake-tui"
PORTS = {"none": 25, "starttls": 587, "tls": 465}


class NotSent(Exception):
    """It did not arrive. `again`: trying again may help; `after_s`: not before so many seconds."""

    def __init__(self, why: str, *, again: bool = True, after_s: float = 0.0) -> None:
        super().__init__(why[:MOST_ERROR])
        self.again = again
        self.after_s = after_s


def send(spec: NotifierSpec, message: Message, no_commands: str) -> None:
    """Send one message. NotSent, whose words hold none of the notifier's secrets."""
    try:
        if spec.kind == "webhook":
            _webhook(spec, message)
        elif spec.kind == "command":
            _command(spec, message, no_commands)
        else:
            _email(spec, message)
    except NotSent as error:
        told = mask_text(scrubbed(str(error), _secrets(spec)))
        raise NotSent(told, again=error.again, after_s=error.after_s) from None
    except Exception as error:  # whatever a server answers must not hold up the notices behind this one
        told = mask_text(scrubbed(f"{type(error).__name__}: {error}", _secrets(spec)))
        raise NotSent(told) from None


def _secrets(spec: NotifierSpec) -> Iterator[str]:
    """What a message must not quote."""
    if spec.kind == "webhook":
        yield from of_url(spec.target, path=True)
        yield from (value for _, value in spec.options["headers"])
    elif spec.kind == "email":
        yield spec.options["password"]


def slack(message: Message) -> dict[str, object]:
    """The body of a Slack-compatible webhook (Slack's incoming webhooks, `text` in mrkdwn)."""
    text = f"*{message.subject}*\n{message.text}"
    for raw, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(raw, escaped)
    return {"text": text}


def _webhook(spec: NotifierSpec, message: Message) -> None:
    url, login = _without_login(spec.target)
    body = slack(message) if spec.options["format"] == "slack" else message.fields
    headers = {"Content-Type": "application/json", "User-Agent": AGENT, "X-Pake-Id": message.id, **login}
    headers |= dict(spec.options["headers"])
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    sockets: list[socket.socket] = []
    cut = threading.Event()
    late = threading.Timer(TIMEOUT_S, _cut, [sockets, cut])
    late.daemon = True
    late.start()
    try:
        with _opener(sockets).open(request, timeout=TIMEOUT_S) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(200).decode("utf-8", "replace").strip()
        why = f"status {error.code} {error.reason}" + (f": {said}" if said else "")
        if 300 <= error.code < 400:
            raise NotSent(f"status {error.code}: it is elsewhere now, name that URL", again=False) from None
        wait = error.headers.get("Retry-After", "").strip()
        after = float(wait) if re.fullmatch(r"[0-9]{1,6}", wait) else 0.0
        # A client error stays one, but for a time-out, a conflict of times, or too many requests.
        again = error.code >= 500 or error.code in (408, 425, 429)
        raise NotSent(why, again=again, after_s=min(after, LONGEST_AFTER_S)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if cut.is_set():
            raise NotSent(f"no answer within {TIMEOUT_S:g} s") from None
        reason = getattr(error, "reason", error)
        told = getattr(reason, "strerror", None) or str(reason) or "the connection was closed"
        raise NotSent(f"{told} ({type(reason).__name__})") from None
    finally:
        late.cancel()


def _without_login(target: str) -> tuple[str, dict[str, str]]:
    """The URL without user and password, and these as a header: urllib takes them for a part of the host."""
    scheme, _, rest = target.partition("://")
    authority, slash, path = rest.partition("/")
    if "@" not in authority:
        return target, {}
    login, _, host = authority.rpartition("@")
    coded = base64.b64encode(unquote(login).encode()).decode()
    return f"{scheme}://{host}{slash}{path}", {"Authorization": f"Basic {coded}"}


def _opener(sockets: list[socket.socket]) -> urllib.request.OpenerDirector:
    """Opens through the proxies of the environment, follows nobody elsewhere, and shows its sockets."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class OpenPlain(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, request)

    class OpenSecure(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, request)

    class Stays(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            """A redirected POST would arrive as a GET without its message."""

    return urllib.request.build_opener(OpenPlain, OpenSecure, Stays)


def _cut(sockets: list[socket.socket], cut: threading.Event) -> None:
    """End what is under way: a server that sends a byte now and then never lets a read time out."""
    cut.set()
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _command(spec: NotifierSpec, message: Message, no_commands: str) -> None:
    """JSON on standard input, the main parts in the environment; exit code 0 means delivered."""
    if no_commands:
        raise NotSent(f"not run: {no_commands}", again=False)
    environment = cleaned_environment(os.environ) | {
        "PAKE_ID": message.id,
        "PAKE_SUBJECT": message.subject,
        "PAKE_TEXT": message.text,
        "PAKE_KIND": str(message.fields["kind"]),
        "PAKE_SEVERITY": str(message.fields["severity"]),
    }
    try:
        given = json.dumps(message.fields).encode() + b"\n"
        code, out = programs.run(spec.target, COMMAND_S, environment, given)
    except programs.TookTooLong:
        raise NotSent(f"{spec.target[0]} took more than {COMMAND_S:g} s") from None
    except OSError as error:
        raise NotSent(f"{spec.target[0]} cannot be run: {error.strerror}") from None
    if code < 0:
        raise NotSent(f"{spec.target[0]} was ended by {programs.signal_name(-code)}")
    if code != 0:
        said = out.decode("utf-8", "replace").strip().splitlines()
        raise NotSent(f"exit code {code}" + (f": {said[-1]}" if said else ""))


def _email(spec: NotifierSpec, message: Message) -> None:
    import smtplib

    host, port = spec.options["server"]
    security = spec.options["security"]
    port = port or PORTS[security]
    try:
        kind = smtplib.SMTP_SSL if security == "tls" else smtplib.SMTP
        with kind(host, port, timeout=TIMEOUT_S) as server:
            if security == "starttls":
                server.starttls()
            if spec.options["username"]:
                server.login(spec.options["username"], spec.options["password"])
            server.send_message(mail(spec, message))
    except smtplib.SMTPRecipientsRefused as error:
        told = "; ".join(f"{to}: {code} {_text(text)}" for to, (code, text) in error.recipients.items())
        temporary = any(400 <= code < 500 for code, _ in error.recipients.values())
        raise NotSent(f"refused: {told}", again=temporary) from None
    except smtplib.SMTPResponseException as error:
        again = 400 <= error.smtp_code < 500
        raise NotSent(f"{error.smtp_code} {_text(error.smtp_error)}", again=again) from None
    except smtplib.SMTPNotSupportedError as error:
        advice = "; set security: none if that is meant" if security == "starttls" else ""
        raise NotSent(f"{host}: {error}{advice}", again=False) from None
    except (smtplib.SMTPException, OSError) as error:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NotSent(f"{host}:{port}: {told}") from None


def mail(spec: NotifierSpec, message: Message) -> EmailMessage:
    """The e-mail: notices on one alert are one thread."""
    made = EmailMessage()
    made["Subject"] = " ".join(message.subject.split())
    made["From"] = spec.options["from"]
    made["To"] = ", ".join(spec.target)
    made["Date"] = formatdate()
    domain = spec.options["from"].rpartition("@")[2]
    made["Message-ID"] = f"<{message.id}@{domain}>"
    made["References"] = f"<{message.thread}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text + "\n")
    return made


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
