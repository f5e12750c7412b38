"""What is foretold of a series."""

from __future__ import annotations

from msgspec import Struct

FURTHEST = 4
"""So many times as far ahead as was seen is looked."""


class Forecast(Struct, frozen=True):
    """What is known of a series' way to a threshold.

    `state` is `reached`, `rising`, `falling`, `no trend` or `too little data`; slopes are units a day. Times
    are UTC ns: `eta_ns` when it gets there, between `earliest_ns` and `latest_ns` with 95 % confidence; None
    where it does not, or only beyond the horizon. `straight_ns` is where a line of least squares through all
    points gets there, as Prometheus's `predict_linear` draws it.
    """

    state: str
    now: float
    slope: float = 0.0
    slope_low: float = 0.0
    slope_high: float = 0.0
    seen_ns: int = 0
    eta_ns: int | None = None
    earliest_ns: int | None = None
    latest_ns: int | None = None
    straight_ns: int | None = None

    @property
    def horizon_ns(self) -> int:
        """How far ahead of the last point it looks."""
        return FURTHEST * self.seen_ns
