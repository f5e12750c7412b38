"""A slow link that buffers, as ssh and TCP do: what is written is taken at once, queued, and delivered later.

    with Link(near, far, rate_bits=64_000, round_trip_s=0.15) as link: ...   # between two descriptors
    with Link.to_port(22, rate_bits=64_000, round_trip_s=0.15) as link: ...  # then connect to link.port

`near` is the user's side, `far` the program's; `down` is what the program writes, `up` keys and answers.
Nothing is ever dropped and nothing is pushed back, except while the link is stalled: then the program's side
is not read at all, as by a terminal that was stopped with XOFF.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections import deque
from typing import Self

PACKET = 256
KEPT = 100_000


class Way:
    """One direction of a link: the bytes under way, and how late those that arrived were."""

    def __init__(self, source: int, sink: int, rate_bits: float, travel_s: float) -> None:
        """`travel_s` is half a round trip; `rate_bits` are bits a second."""
        self.source, self.sink = source, sink
        self.taken = self.delivered = 0
        self.ended = False
        self.blocked = False
        self.delays: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self._rate, self._travel = rate_bits / 8, travel_s
        self._free_at = 0.0
        self._queue: deque[tuple[float, float, bytes]] = deque()

    def worst_staleness(self, since: float = 0.0) -> float:
        """Worst seconds under way, travel time aside, of the bytes taken since then (monotonic)."""
        return max((late for taken, late in tuple(self.delays) if taken >= since), default=0.0)

    @property
    def backlog_s(self) -> float:
        """Seconds that a byte written now would wait for the link."""
        return max(0.0, self._free_at - time.monotonic())

    @property
    def empty(self) -> bool:
        """Whether nothing is under way."""
        return self.taken == self.delivered

    @property
    def next_due(self) -> float | None:
        """When (monotonic) the next packet arrives."""
        return self._queue[0][0] if self._queue else None

    def take(self) -> None:
        """Read what the source has; an error, as of a terminal whose program has ended, is its end."""
        try:
            data = os.read(self.source, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        now = time.monotonic()
        self.ended = not data
        self.taken += len(data)
        for start in range(0, len(data), PACKET):
            packet = data[start : start + PACKET]
            self._free_at = max(self._free_at, now) + len(packet) / self._rate
            self._queue.append((self._free_at + self._travel, now, packet))

    def deliver(self) -> None:
        """Write what is due, as far as the sink takes it."""
        self.blocked = False
        while self._queue and self._queue[0][0] <= time.monotonic():
            due, taken, packet = self._queue.popleft()
            try:
                written = os.write(self.sink, packet)
            except BlockingIOError:
                written = 0
            except OSError:
                written = len(packet)
            if written < len(packet):
                self.delivered += written
                self._queue.appendleft((due, taken, packet[written:]))
                self.blocked = True
                return
            self.delays.append((taken, time.monotonic() - taken - self._travel))
            self.delivered += written
        if self.ended and not self._queue:
            _shut(self.sink)


class Link:
    """Carries bytes between two descriptors in a thread, until it is closed or both sides have ended."""

    def __init__(
        self,
        near: int,
        far: int,
        *,
        rate_bits: float = 64_000,
        round_trip_s: float = 0.15,
        listener: socket.socket | None = None,
        target: int = 0,
    ) -> None:
        """Leaves the descriptors open at its end; makes them non-blocking. For `listener` see `to_port`."""
        self.down = Way(far, near, rate_bits, round_trip_s / 2)
        self.up = Way(near, far, rate_bits, round_trip_s / 2)
        self.port = listener.getsockname()[1] if listener else 0
        self._listener, self._target = listener, target
        self._sockets: list[socket.socket] = []
        self._stalled = self._closing = False
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()

    @classmethod
    def to_port(cls, target: int, *, rate_bits: float = 64_000, round_trip_s: float = 0.15) -> Self:
        """A link to a server on this host; the first connection to its `port` is carried there."""
        listener = socket.create_server(("127.0.0.1", 0))
        return cls(-1, -1, rate_bits=rate_bits, round_trip_s=round_trip_s, listener=listener, target=target)

    def stall(self) -> None:
        """XOFF: from now on nothing of the program's is read or delivered; keys still pass."""
        self._stalled = True
        os.write(self._waker, b"x")

    def go_on(self) -> None:
        """XON."""
        self._stalled = False
        os.write(self._waker, b"x")

    def close(self) -> None:
        """End the thread; what is still under way is lost."""
        self._closing = True
        os.write(self._waker, b"x")
        self._thread.join()
        for descriptor in (self._wake, self._waker):
            os.close(descriptor)
        for one in (*self._sockets, *([self._listener] if self._listener else [])):
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        if self._listener and not self._connect(self._listener):
            return
        for descriptor in (self.up.source, self.down.source):
            os.set_blocking(descriptor, False)
        while not self._closing and not (
            self.up.ended and self.down.ended and self.up.empty and self.down.empty
        ):
            self._step([self.up] if self._stalled else [self.up, self.down])

    def _connect(self, listener: socket.socket) -> bool:
        select.select([listener, self._wake], [], [])
        if self._closing:
            return False
        self._sockets = [listener.accept()[0], socket.create_connection(("127.0.0.1", self._target))]
        near, far = (one.fileno() for one in self._sockets)
        for one in self._sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.down.source = self.up.sink = far
        self.up.source = self.down.sink = near
        return True

    def _step(self, ways: list[Way]) -> None:
        dues = [way.next_due for way in ways if way.next_due is not None and not way.blocked]
        readable, _, _ = select.select(
            [self._wake, *(way.source for way in ways if not way.ended)],
            [way.sink for way in ways if way.blocked],
            [],
            max(0.0, min(dues) - time.monotonic()) if dues else None,
        )
        if self._wake in readable:
            os.read(self._wake, 64)
        for way in ways:
            if way.source in readable and not way.ended:
                way.take()
            way.deliver()


def _shut(descriptor: int) -> None:
    """Tell a socket's other side that nothing more comes; a terminal has no such half-way end."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as one:
        one.shutdown(socket.SHUT_WR)
