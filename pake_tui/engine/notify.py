"""What a service manager wants to hear: sd_notify(3), one datagram to the socket that it names."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(message: str) -> None:
    """Tell systemd, where it started this process with Type=notify; never raises.

    `READY=1` once it collects, `WATCHDOG=1` while it is well, `STATUS=...` in words, `STOPPING=1`.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # an abstract socket
        address = f"\0{address[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as made:
        made.sendto(message.encode(), address)
