"""When the next frame may go, and what the link is like. Times are passed in, in seconds.

A pty gives no back-pressure, since ssh and TCP buffer; so each frame ends with a cursor position query and
its answer says that the frame arrived. Until then no other is sent, save what answers a key on a link with a
long round trip: that goes when, by reckoning, the link has taken what was sent before. Either way no frame
ever stands in the link's buffer behind another. The small frames that a second brings by itself, on a link
known to be short, are asked after now and then only.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

LIMIT = 3.0
"""Seconds after which the next frame goes although nothing was answered."""
FIRST_LIMIT = 1.0
"""The same before the terminal has ever answered; then it is not asked any more."""
SMALL = 600
"""Bytes of a frame whose round trip is the link's and not its own."""
FAST = 64_000
"""Bytes a second from which on a frame takes no time worth speaking of."""
LONG = 0.03
"""Round trip from which on a key does not wait for the answer to the frame before."""
SURE = 3
"""Measurements of it before that counts: the first ones are made while the program starts and is busy."""
MOST = 8
"""Frames on the way, at most, on such a link."""
PIECE, OWN_PIECE = 0.2, 0.06
"""Seconds that the link may be busy with one frame that answers a key, with one that does not."""
OWN_SHARE = 0.25
"""Share of a slow link for what changes by itself."""
USUAL = 500
"""Bytes that a second brings, as a rule, while nobody presses a key."""
CALM_S, KNOWN_S = 0.5, 5.0
"""A frame of its own so long after the one before is not asked after, if one was within so long."""
KEPT_TRIPS, KEPT_RATES = 8, 4
"""Measurements kept; the best of them counts, since whatever else happens makes them worse."""
LEAST_TIME = 1e-4


class _Sent(NamedTuple):
    at: float
    size: int
    alone: bool


class Pacer:
    """`wait` before a frame, `room` for its size, `sent` after it, `answered` when its report came."""

    def __init__(self) -> None:
        self.asks = True
        self.round_trip: float | None = None
        """Seconds, of small frames."""
        self.throughput: float | None = None
        """Bytes a second, of large frames."""
        self._way: deque[_Sent] = deque()
        self._free_at = self._own_at = 0.0
        self._sent_at = self._asked_at = -KNOWN_S
        self._trips: deque[float] = deque(maxlen=KEPT_TRIPS)
        self._rates: deque[float] = deque(maxlen=KEPT_RATES)
        self._ever_answered = False

    @property
    def slow(self) -> bool:
        """Whether a frame takes noticeable time on the link."""
        return self.throughput is not None and self.throughput < FAST

    @property
    def rest(self) -> float:
        """Seconds that should lie between two changes of what changes by itself; 0 on a fast link."""
        if self.throughput is None or not self.slow:
            return 0.0
        return self._rest(USUAL / self.throughput)

    def _rest(self, takes: float) -> float:
        return max(takes / OWN_SHARE, 2 * (self.round_trip or 0.0))

    def wait(self, now: float, *, own: bool = False) -> float:
        """Seconds until a frame may go even without an answer; `own`: one that answers no key."""
        if self._way and now >= self._way[0].at + self._limit:
            self._way.clear()
            self.asks = self._ever_answered
        until = max(now, self._own_at) if own else now
        if any(frame.size for frame in self._way):
            until = max(until, self._free_at if self._overlaps() else self._way[0].at + self._limit)
        return until - now

    def room(self, *, own: bool = False) -> int | None:
        """Bytes that the next frame should have at most; None where that does not matter."""
        if self.throughput is None or not self.slow:
            return None
        return int(self.throughput * (OWN_PIECE if own else PIECE))

    def sent(self, size: int, now: float, *, own: bool = False) -> bool:
        """A frame of that many bytes is handed to the terminal; whether to ask for a report behind it.

        Size 0 is a question alone; no frame waits for its answer.
        """
        calm = own and size <= SMALL and now >= self._sent_at + CALM_S and self._known(now)
        self._sent_at = now
        if not self.asks or calm:
            return False
        self._asked_at = now
        if len(self._way) < MOST:
            self._way.append(_Sent(now, size, not any(frame.size for frame in self._way)))
        if self.throughput is not None:
            takes = size / self.throughput
            self._free_at = max(self._free_at, now) + takes
            if own and self.slow:
                self._own_at = now + self._rest(takes)
        return True

    def _known(self, now: float) -> bool:
        """Whether the link was found short and free just now."""
        short = self.round_trip is not None and self.round_trip < LONG and not self.slow
        return short and len(self._trips) >= SURE and not self._way and now < self._asked_at + KNOWN_S

    def taken(self, now: float) -> None:
        """The terminal has taken the frames only now, having stalled: their answers are not late yet."""
        late = now - self._limit / 2
        self._way = deque(
            frame if frame.at >= late else frame._replace(at=late, alone=False) for frame in self._way
        )

    def answered(self, now: float) -> None:
        """A cursor report came."""
        self._ever_answered = self.asks = True
        if not self._way:
            return
        frame = self._way.popleft()
        if not self._way:
            self._free_at = min(self._free_at, now)
        if frame.alone:
            self._measure(frame.size, now - frame.at)

    def _measure(self, size: int, took: float) -> None:
        if size <= SMALL or self.round_trip is None:
            own = size / self.throughput if self.throughput else 0.0
            self._trips.append(max(took - own, LEAST_TIME))
            self.round_trip = min(self._trips)
        else:
            self._rates.append(size / max(took - self.round_trip, LEAST_TIME))
            self.throughput = max(self._rates)

    def _overlaps(self) -> bool:
        """Whether the link is known, long, and has no more on the way than it carries."""
        if self.throughput is None or self.round_trip is None or self.round_trip < LONG:
            return False
        if len(self._trips) < SURE:
            return False
        on_the_way = sum(frame.size for frame in self._way)
        return len(self._way) < MOST and on_the_way <= self.throughput * (self.round_trip + PIECE)

    @property
    def _limit(self) -> float:
        return LIMIT if self._ever_answered else FIRST_LIMIT
