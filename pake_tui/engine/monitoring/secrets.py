"""What of a check's or notifier's own words no message may hold: an error may quote what it was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

MASK = "********"
SHORTEST = 3


def of_url(url: object, *, path: bool = False) -> Iterator[str]:
    """User and password of a URL, the values of its query, and its path where that is the secret."""
    if not isinstance(url, str):
        return
    authority = url.partition("://")[2].partition("/")[0]
    if "@" in authority:
        user, _, password = authority.rpartition("@")[0].partition(":")
        yield from (authority, f"{user}:{password}", password, unquote(password))
    try:
        parts = urlsplit(url)
    except ValueError:
        yield url
        return
    if parts.query:
        yield from (parts.query, *(value for _, value in parse_qsl(parts.query)))
    if path and len(parts.path) > 1:
        yield from (f"{parts.path}?{parts.query}", parts.path, *parts.path.split("/"))


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """A message without them, the longest first."""
    for secret in sorted({one for one in secrets if len(one.strip()) >= SHORTEST}, key=len, reverse=True):
        for spelled in (secret, secret.strip(), repr(secret)[1:-1]):
            text = text.replace(spelled, MASK)
    return text
