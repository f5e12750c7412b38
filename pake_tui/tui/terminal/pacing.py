"""One frame on the way, never two: when the next may go, and what the link is like. Times are passed in.

A pty gives no back-pressure, since ssh and TCP buffer; so each frame ends with a cursor position query and
its answer says that the frame arrived.
"""

from __future__ import annotations

LIMIT = 3.0
"""Seconds after which the next frame goes although nothing was answered."""
FIRST_LIMIT = 1.0
"""The same before the terminal has ever answered; then it is not asked any more."""
SMALL = 600
"""Bytes of a frame whose round trip is the link's and not its own."""


class Pacer:
    """`ready` before a frame, `sent` after it, `answered` when its report came."""

    def __init__(self) -> None:
        self.asks = True
        self.round_trip: float | None = None
        """Seconds, of the last small frame."""
        self.throughput: float | None = None
        """Bytes a second, of the last large frame."""
        self._sent_at: float | None = None
        self._size = 0
        self._ever_answered = False

    def ready(self, now: float) -> bool:
        """Whether a frame may go now."""
        if self._sent_at is None:
            return True
        if now - self._sent_at < self._limit:
            return False
        self._sent_at = None
        if not self._ever_answered:
            self.asks = False
        return True

    def wait(self, now: float) -> float:
        """Seconds until `ready` even without an answer."""
        return 0.0 if self._sent_at is None else max(0.0, self._sent_at + self._limit - now)

    def sent(self, size: int, now: float) -> None:
        """A frame of that many bytes was handed to the terminal, and a report asked for if `asks`."""
        if self.asks:
            self._sent_at, self._size = now, size

    def taken(self, now: float) -> None:
        """The terminal has taken the frame only now, having stalled: its answer is not late yet."""
        if self._sent_at is not None:
            self._sent_at = max(self._sent_at, now - self._limit / 2)

    def answered(self, now: float) -> None:
        """A cursor report came."""
        self._ever_answered = self.asks = True
        if self._sent_at is None:
            return
        took, self._sent_at = now - self._sent_at, None
        if self._size <= SMALL or self.round_trip is None:
            self.round_trip = took
        elif took > self.round_trip:
            self.throughput = self._size / (took - self.round_trip)

    @property
    def _limit(self) -> float:
        return LIMIT if self._ever_answered else FIRST_LIMIT
