"""When a certificate expires, read from its DER form (RFC 5280, section 4.1). Pure.

The standard library decodes only certificates that it verified.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pake_tui.clock import SECOND

_VERSION, _UTC_TIME, _GENERAL_TIME = 0xA0, 0x17, 0x18


def expires_ns(der: bytes) -> int | None:
    """The end of its validity (UTC ns); None where this is no certificate."""
    try:
        (_, certificate), *_ = _items(der)
        (_, signed), *_ = _items(certificate)
        parts = _items(signed)
        if parts[0][0] == _VERSION:
            parts = parts[1:]
        _serial, _algorithm, _issuer, validity, *_ = parts
        _, (kind, text) = _items(validity[1])
        return _time_ns(kind, text.decode("ascii"))
    except (IndexError, ValueError):
        return None


def _items(der: bytes) -> list[tuple[int, bytes]]:
    """The tags and contents of the values that lie one after another."""
    found, at = [], 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            more = length & 0x7F
            length = int.from_bytes(der[at : at + more], "big")
            at += more
        if at + length > len(der):
            raise ValueError("cut off")
        found.append((tag, der[at : at + length]))
        at += length
    return found


def _time_ns(kind: int, text: str) -> int | None:
    """`yymmddhhmmssZ` (49 is 2049, 50 is 1950), or with four digits of the year."""
    if kind == _UTC_TIME:
        text = ("20" if text < "5" else "19") + text
    elif kind != _GENERAL_TIME:
        return None
    moment = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return int(moment.timestamp()) * SECOND
