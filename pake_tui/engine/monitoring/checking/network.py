"""Checks that ask over the network without a client library: tcp, dns, http and https."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from urllib.parse import unquote, urlsplit

from pake_tui.clock import DAY, now_ns, short_duration
from pake_tui.engine.monitoring.checking.asking import (
    MOST_BYTES,
    Deadline,
    Degraded,
    Failed,
    addresses,
    connect,
)
from pake_tui.engine.monitoring.checking.certificates import expires_ns
from pake_tui.engine.monitoring.checking.specs import CheckSpec
from pake_tui.query.regexes import compiled

AGENT = "pake-tui health check"
EXPIRY_NS = 14 * DAY
"""With less left a certificate is a warning, unless the check says otherwise."""


def tcp(spec: CheckSpec, deadline: Deadline) -> str:
    """Whether somebody takes a connection."""
    host, port = spec.target
    connect(host, port, deadline).close()
    return f"{host}:{port} takes connections"


def dns(spec: CheckSpec, _deadline: Deadline) -> str:
    """What a name resolves to."""
    found = list(dict.fromkeys(str(address[0]) for _, address in addresses(spec.target, 0)))
    wanted = spec.options["expect"]
    if wanted and not set(wanted) & set(found):
        raise Failed("bad reply", f"{spec.target} is {', '.join(found[:4])}, not {', '.join(wanted)}")
    return f"{spec.target} is {', '.join(found[:4])}"


def http(spec: CheckSpec, deadline: Deadline) -> str:
    """A request with one answer; redirects are answers, not followed."""
    url = urlsplit(spec.target)
    assert url.hostname is not None
    secure = url.scheme == "https"
    port = url.port or (443 if secure else 80)
    raw = connect(url.hostname, port, deadline)
    with closing(raw):
        if not secure:
            return _asked(spec, raw, deadline)
        verified = bool(spec.options["verify_tls"])
        with closing(over_tls(raw, url.hostname, deadline, verify=verified)) as wrapped:
            certificate = wrapped.getpeercert(binary_form=True)  # now: the answer may close the connection
            said = _asked(spec, wrapped, deadline)
            warn_ns = spec.options["tls_expiry"]
            if warn_ns is None and not verified:
                return said
            return f"{said}{_expiry(certificate or b'', EXPIRY_NS if warn_ns is None else warn_ns)}"


def over_tls(raw: socket.socket, host: str, deadline: Deadline, *, verify: bool = True) -> ssl.SSLSocket:
    """A connection secured for a host. Failed says why its certificate is not taken."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw.settimeout(deadline.left("the TLS handshake"))
    try:
        return context.wrap_socket(raw, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise Failed("TLS", error.verify_message or str(error)) from None
    except TimeoutError:
        raise deadline.passed("the TLS handshake") from None
    except (OSError, ValueError) as error:
        raise Failed("TLS", getattr(error, "reason", None) or str(error)) from None


def _asked(spec: CheckSpec, connection: socket.socket, deadline: Deadline) -> str:
    from http.client import HTTPConnection, HTTPException

    url = urlsplit(spec.target)
    asking = HTTPConnection("named-in-its-own-header")
    asking.sock = connection
    connection.settimeout(deadline.left("the request"))
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        asking.request(spec.options["method"].upper(), path, headers=_headers(spec))
        answer = asking.getresponse()
        body = bytearray()
        while spec.options["body"] and len(body) < MOST_BYTES:
            connection.settimeout(deadline.left("reading the body"))
            if not (piece := answer.read1(MOST_BYTES - len(body))):
                break
            body += piece
    except TimeoutError:
        raise deadline.passed("the answer") from None
    except (HTTPException, OSError, ValueError) as error:
        said = str(error) or "the connection was closed"
        raise Failed("bad reply", f"{said} ({type(error).__name__})") from None
    if not any(low <= answer.status <= high for low, high in spec.options["status"]):
        raise Failed("bad reply", f"status {answer.status} {answer.reason}".rstrip())
    if spec.options["body"] and not compiled(spec.options["body"]).search(body.decode("utf-8", "replace")):
        raise Failed(
            "bad reply", f"status {answer.status}, but the body does not match {spec.options['body']}"
        )
    return f"status {answer.status}"


def _headers(spec: CheckSpec) -> dict[str, str]:
    """The request's headers; the URL's user and password as basic authentication."""
    from base64 import b64encode

    url = urlsplit(spec.target)
    headers = {"Host": url.netloc.rpartition("@")[2], "User-Agent": AGENT, "Connection": "close"}
    if url.username is not None:
        secret = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(secret.encode()).decode()}"
    return headers | dict(spec.options["headers"])


def _expiry(certificate: bytes, warn_ns: int) -> str:
    """How long a certificate (DER) is valid, in words; Degraded when that is not long, or cannot be told."""
    ends_ns = expires_ns(certificate)
    if ends_ns is None:
        raise Degraded("TLS: when the certificate expires cannot be read")
    left = ends_ns - now_ns()
    if left < 0:
        raise Degraded(f"TLS: the certificate expired {short_duration(-left)} ago")
    if left < warn_ns:
        raise Degraded(f"TLS: the certificate expires in {short_duration(left)}")
    return f", certificate valid for {left // DAY} d"
