"""What every kind of check shares: a deadline, a failure that names its step, a connection."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from pake_tui.clock import SECOND, monotonic

MOST_BYTES = 64 * 1024


class Failed(Exception):
    """A check that failed at a step: `DNS`, `refused`, `time-out`, `TLS`, `auth`, `bad reply`, ..."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")


class Unknown(Exception):
    """A check that could not be made, which says nothing of what it checks."""


class Degraded(Exception):
    """A check that found its target working, but not well."""


class Surroundings(Struct, frozen=True):
    """What checks need of the process they run in.

    `no_commands` says why programs may not be run (empty: they may); `log_files(service)` are the paths that
    a service's loggers write.
    """

    no_commands: str
    log_files: Callable[[str], Sequence[Path]]


class Deadline:
    """The time that one run has."""

    def __init__(self, span_ns: int) -> None:
        self.span = span_ns / SECOND
        self._end = monotonic() + self.span

    def left(self, doing: str) -> float:
        """Seconds that are left; Failed with what was being done where there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise self.passed(doing)
        return left

    def passed(self, doing: str) -> Failed:
        """The failure of one that passed."""
        return Failed("time-out", f"{doing} took more than {self.span:g} s")


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address that takes one. Failed."""
    refused: Failed | None = None
    found = addresses(host, port)
    for at, (family, address) in enumerate(found):
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(deadline.left(f"connecting to {host}:{port}") / (len(found) - at))
            made.connect(address)
            made.settimeout(deadline.left(f"connecting to {host}:{port}"))
            return made
        except TimeoutError:
            made.close()
            refused = deadline.passed(f"connecting to {host}:{port}")
        except OSError as error:
            made.close()
            refused = _refusal(error, f"{host}:{port}")
        except BaseException:
            made.close()
            raise
    raise refused or Failed("DNS", f"{host} has no address")


def connect_path(path: str, deadline: Deadline) -> socket.socket:
    """A connection to a Unix socket. Failed."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(deadline.left(f"connecting to {path}"))
        made.connect(path)
    except TimeoutError:
        made.close()
        raise deadline.passed(f"connecting to {path}") from None
    except OSError as error:
        made.close()
        raise _refusal(error, path) from None
    return made


def addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    """The addresses of a name, as the system's resolver orders them. Failed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise Failed("DNS", f"{host}: {error.strerror or error}") from None
    except (UnicodeError, OSError) as error:
        raise Failed("DNS", f"{host}: {error}") from None
    return [(family, address) for family, _, _, _, address in found]


def _refusal(error: OSError, where: str) -> Failed:
    if error.errno == errno.ECONNREFUSED:
        return Failed("refused", f"nothing listens at {where}")
    return Failed("unreachable", f"{where}: {error.strerror or os.strerror(error.errno or 0)}")
