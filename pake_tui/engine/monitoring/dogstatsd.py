"""What was measured as DogStatsD datagrams: Datadog's StatsD, `name:value|type|@rate|#tag:value`.

Lines are packed into datagrams that fit one Ethernet frame. The address is that of Datadog's own clients:
`$DD_AGENT_HOST` and `$DD_DOGSTATSD_PORT`, by default 127.0.0.1:8125.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from typing import Any

from pake_tui.engine.monitoring.instruments import Drained
from pake_tui.model.sample import SeriesKey

MOST_BYTES = 1432
PORT = 8125
_NAME = re.compile(r"[^A-Za-z0-9_.]+")
_TAG = re.compile(r"[\s|,#]+")


def datagrams(drained: Drained) -> list[bytes]:
    """The increments, newest levels and timings since the last time."""
    packed: list[bytes] = []
    room = b""
    for line in map(str.encode, _lines(drained)):
        if room and len(room) + 1 + len(line) > MOST_BYTES:
            packed.append(room)
            room = line
        else:
            room = room + b"\n" + line if room else line
    return [*packed, room] if room else packed


def _lines(drained: Drained) -> Iterator[str]:
    for key, amount in drained.counts.items():
        yield _line(key, amount, "c")
    for key, level in drained.gauges.items():
        yield _line(key, level.value, "g")
    for key, sketch in drained.timings.items():
        # One line stands for all timings within 1 % of it: as a sample of so many.
        for value, count in sketch.weighed():
            yield _line(key, value, "ms", 1 / count)


def _line(key: SeriesKey, value: float, kind: str, rate: float = 1.0) -> str:
    sampled = f"|@{rate:.10f}".rstrip("0") if rate < 1 else ""
    tags = [f"{_TAG.sub('_', name)}:{_TAG.sub('_', value)}" for name, value in key.tags]
    if key.service:
        tags.append(f"service:{_TAG.sub('_', key.service)}")
    return f"{_NAME.sub('_', key.metric)}:{value:.10g}|{kind}{sampled}" + (
        f"|#{','.join(tags)}" if tags else ""
    )


class DogStatsd:
    """Sends, and never waits: what the agent does not take is lost, as datagrams are."""

    def __init__(self) -> None:
        host = os.environ.get("DD_AGENT_HOST", "") or "127.0.0.1"
        port = os.environ.get("DD_DOGSTATSD_PORT", "")
        self._address = (host, int(port) if port.isdigit() else PORT)
        self._socket: socket.socket | None = None
        self._to: Any = None

    def send(self, drained: Drained) -> None:
        """One flush. OSError where there is no way to the address."""
        found = datagrams(drained)
        if not found:
            return
        if self._socket is None:
            family, kind, _, _, self._to = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        for one in found:
            try:
                self._socket.sendto(one, self._to)
            except (BlockingIOError, ConnectionRefusedError):  # full, or nobody listens at this moment
                continue
