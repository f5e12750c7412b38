"""The tests' own slow link keeps its word: everything, in order, later, and counted."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.pty.driver import Terminal
from tests.pty.link import Link


@pytest.fixture
def ends() -> Iterator[list[socket.socket]]:
    """The user's end, the link's two, the program's."""
    sockets = [*socket.socketpair(), *socket.socketpair()]
    for one in sockets:
        one.settimeout(20.0)
    yield sockets
    for one in sockets:
        one.close()


def receive(end: socket.socket, size: int) -> bytes:
    """That many bytes."""
    data = b""
    while len(data) < size:
        part = end.recv(65536)
        assert part, f"ended after {len(data)} of {size} bytes"
        data += part
    return data


def counted(link: Link, size: int) -> None:
    """Wait until so many bytes count as delivered: that is noted just after they are."""
    deadline = time.monotonic() + 10
    while link.down.delivered < size:
        assert time.monotonic() < deadline, f"{link.down.delivered} of {size} bytes delivered"
        os.sched_yield()


def test_everything_arrives_in_order_and_its_age_is_counted(ends: list[socket.socket]) -> None:
    """A burst is taken at once and arrives whole at the link's rate; keys go the other way meanwhile."""
    user, near, far, program = ends
    burst = os.urandom(50_000)
    with Link(near.fileno(), far.fileno(), rate_bits=8 * 100_000, round_trip_s=0.02) as link:
        program.sendall(burst)
        user.sendall(b"key")
        assert receive(program, 3) == b"key"
        assert receive(user, len(burst)) == burst
        counted(link, len(burst))
        assert link.down.taken == len(burst)
        assert link.up.taken == 3
        assert link.down.worst_staleness() >= 0.49


def test_a_stalled_link_takes_nothing_and_loses_nothing(ends: list[socket.socket]) -> None:
    """Under XOFF the program's writes stand still while keys pass; afterwards all arrives."""
    user, near, far, program = ends
    with Link(near.fileno(), far.fileno(), rate_bits=8e6, round_trip_s=0.0) as link:
        link.stall()
        user.sendall(b"a")
        assert receive(program, 1) == b"a"
        data = os.urandom(4_000_000)
        writer = threading.Thread(target=program.sendall, args=(data,))
        writer.start()
        user.sendall(b"b")
        assert receive(program, 1) == b"b"
        assert link.down.taken == 0
        link.go_on()
        assert receive(user, len(data)) == data
        writer.join()


def test_it_carries_a_connection(ends: list[socket.socket]) -> None:
    """The first connection to its port reaches the server, and an end of input reaches it last."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Link.to_port(server.getsockname()[1], rate_bits=8e5, round_trip_s=0.01) as link,
        socket.create_connection(("127.0.0.1", link.port)) as client,
    ):
        client.sendall(b"hello")
        client.shutdown(socket.SHUT_WR)
        inside, _ = server.accept()
        with inside:
            assert receive(inside, 5) == b"hello"
            assert inside.recv(1) == b""
            inside.sendall(b"bye")
        assert receive(client, 3) == b"bye"
        assert client.recv(1) == b""


def test_a_terminal_at_the_end_of_a_link(open_terminal: Callable[..., Terminal]) -> None:
    """A program behind a slow link is drawn and takes keys, each a round trip later."""
    code = "print('ready', flush=True); print('got', input(), flush=True)"
    terminal = open_terminal(command=[sys.executable, "-c", code], link=(64_000, 0.1))
    terminal.wait_for("ready")
    sent = time.monotonic()
    terminal.send(b"abc\r")
    terminal.wait_for("got abc")
    assert terminal.last_read - sent >= 0.1
    link = terminal.link
    assert link is not None
    terminal.wait(lambda: link.down.taken == len(terminal.raw), what="the last byte")
