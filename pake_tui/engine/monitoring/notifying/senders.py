"""How a message leaves: a webhook, a program, an e-mail. Each either returns, or raises NotSent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import formatdate

from pake_tui.engine.monitoring.notifying.specs import NotifierSpec
from pake_tui.engine.monitoring.notifying.wording import Message
from pake_tui.paths import cleaned_environment

TIMEOUT_S = 15.0
COMMAND_S = 30.0
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
    """Send one message. NotSent."""
    if spec.kind == "webhook":
        _webhook(spec, message)
    elif spec.kind == "command":
        if no_commands:
            raise NotSent(f"not run: {no_commands}", again=False)
        _command(spec, message)
    else:
        _email(spec, message)


def slack(message: Message) -> dict[str, object]:
    """The body of a Slack-compatible webhook (Slack's incoming webhooks, `text` in mrkdwn)."""
    text = f"*{message.subject}*\n{message.text}"
    for raw, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(raw, escaped)
    return {"text": text}


def _webhook(spec: NotifierSpec, message: Message) -> None:
    body = slack(message) if spec.options["format"] == "slack" else message.fields
    headers = {"Content-Type": "application/json", "User-Agent": AGENT, "X-Pake-Id": message.id}
    request = urllib.request.Request(
        spec.target, json.dumps(body).encode(), {**headers, **dict(spec.options["headers"])}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(200).decode("utf-8", "replace").strip()
        why = f"status {error.code} {error.reason}" + (f": {said}" if said else "")
        wait = error.headers.get("Retry-After", "")
        # A client error stays one, but for a time-out, a conflict of times, or too many requests.
        again = error.code >= 500 or error.code in (408, 425, 429)
        raise NotSent(why, again=again, after_s=float(wait) if wait.isdigit() else 0.0) from None
    except urllib.error.URLError as error:
        raise NotSent(str(getattr(error.reason, "strerror", None) or error.reason)) from None
    except (OSError, ValueError) as error:
        raise NotSent(str(error) or type(error).__name__) from None


def _command(spec: NotifierSpec, message: Message) -> None:
    """JSON on standard input, the main parts in the environment; exit code 0 means delivered."""
    environment = cleaned_environment(os.environ) | {
        "PAKE_ID": message.id,
        "PAKE_SUBJECT": message.subject,
        "PAKE_TEXT": message.text,
        "PAKE_KIND": str(message.fields["kind"]),
        "PAKE_SEVERITY": str(message.fields["severity"]),
    }
    try:
        running = subprocess.Popen(
            list(spec.target),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise NotSent(f"{spec.target[0]} cannot be run: {error.strerror}") from None
    try:
        out, _ = running.communicate(json.dumps(message.fields).encode() + b"\n", COMMAND_S)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        raise NotSent(f"{spec.target[0]} took more than {COMMAND_S:g} s") from None
    if running.returncode != 0:
        said = out.decode("utf-8", "replace").strip().splitlines()
        raise NotSent(f"exit code {running.returncode}" + (f": {said[-1]}" if said else ""))


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
        raise NotSent(f"{host}: {error}; set security: none if that is meant", again=False) from None
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
