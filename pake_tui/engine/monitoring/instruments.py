"""What an application counts and measures: cheap to call, merged once a second by somebody else.

A counter costs one lock and one dict, a timing one array append more. Tags become text when drained.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Mapping

from msgspec import Struct, field

from pake_tui.clock import monotonic
from pake_tui.engine.store.sketch import Sketch
from pake_tui.model.sample import Aggregate, SeriesKey
from pake_tui.text.masking import mask_fields
from pake_tui.text.safe import storable

MAX_SERIES = 1_000
"""Series with tags of one metric in one process; what comes after goes into its `other=true` series."""
MAX_TAGGED = 4 * MAX_SERIES
"""Of all metrics together."""
MAX_METRICS = 2 * MAX_SERIES
"""Metrics of one process; those that come after share one series."""
FOLD_AT = 512
"""Timings of one series that wait until they are counted in its sketch: a fifth of a millisecond's work."""
LONGEST = 1e18
"""What is longer, 32 million years in milliseconds, is no duration: it would spoil the mean of all others."""
MOST_REMEMBERED = 20_000
"""Keys of which the series is not worked out again."""
MAX_NAME = 200
OTHER = (("other", "true"),)

Tags = Mapping[str, object] | None
Raw = object
"""A key as the caller gave it: a name, or a tuple of the name and its tag items, in any order."""


class Timings(Struct):
    """The timings of one series since the last drain, in milliseconds."""

    sketch: Sketch = field(default_factory=Sketch)
    waiting: array[float] = field(default_factory=lambda: array("d"))

    def add(self, milliseconds: float) -> None:
        """One more. ValueError, TypeError, OverflowError for what is no duration."""
        if not 0 <= milliseconds < LONGEST:
            raise ValueError("a duration below zero, endless, or none")
        self.waiting.append(milliseconds)
        if len(self.waiting) >= FOLD_AT:
            self.folded()

    def folded(self) -> Sketch:
        """All of them as a sketch."""
        self.sketch.add(self.waiting)
        del self.waiting[:]
        return self.sketch


class Level(Struct, frozen=True):
    """What a gauge was set to, when (monotonic seconds), and what several processes make of it."""

    value: float
    set_at: float
    aggregate: Aggregate


class Drained(Struct, frozen=True):
    """What came in since the last drain: increments, newest levels, timings."""

    counts: dict[SeriesKey, float]
    gauges: dict[SeriesKey, Level]
    timings: dict[SeriesKey, Sketch]


class Instruments:
    """Counters, gauges and timings of one process, for all of its threads. No method raises.

    A value that is none (NaN, infinite, a text, a counter going down, a negative duration) is refused and
    counted, and so are tags that are none, without which their value is kept; `refusal` says which was the
    last one.
    """

    def __init__(self, service: str = "") -> None:
        self.service = service
        self.overflow = 0
        """Values that went into an `other` series because there were too many series."""
        self.overflowed = ""
        """The metric that such a value was of last."""
        self.refused = 0
        self.refusal = ""
        self._known: set[Raw] = set()
        self._series: dict[Raw, SeriesKey] = {}
        self._tagged: dict[str, int] = {}
        self._all_tagged = 0
        self._plain = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was not drained; in a forked child that is the parent's to write."""
        self._lock = threading.RLock()
        self._counts: dict[Raw, float] = {}
        self._gauges: dict[Raw, Level] = {}
        self._timings: dict[Raw, Timings] = {}

    def count(self, name: str, amount: float = 1, tags: Tags = None) -> None:
        """Add to a counter."""
        try:
            key: Raw = (name, *tags.items()) if tags else name
        except Exception:
            key = self._untagged(name, tags)
        with self._lock:
            try:
                if amount >= 0:
                    self._counts[key] += amount
                    return
            except Exception:  # no counter yet, or no number: looked at below
                pass
            number = self._number(name, amount)
            if number is not None and number >= 0:
                key = self._admit(name, key)
                self._counts[key] = self._counts.get(key, 0.0) + number
            elif number is not None:
                self._refuse(name, amount)

    def gauge(
        self, name: str, value: float, tags: Tags = None, aggregate: Aggregate = Aggregate.LAST
    ) -> None:
        """Set a level."""
        try:
            key: Raw = (name, *tags.items()) if tags else name
        except Exception:
            key = self._untagged(name, tags)
        with self._lock:
            number = self._number(name, value)
            if number is not None:
                self._gauges[self._admit(name, key)] = Level(number, monotonic(), aggregate)

    def timing(self, name: str, milliseconds: float, tags: Tags = None) -> None:
        """Add a duration."""
        try:
            key: Raw = (name, *tags.items()) if tags else name
        except Exception:
            key = self._untagged(name, tags)
        with self._lock:
            try:
                self._timings[key].add(milliseconds)
                return
            except ValueError:
                self._refuse(name, milliseconds)
                return
            except Exception:  # no timing yet, or no number: looked at below
                pass
            number = self._number(name, milliseconds)
            if number is not None and 0 <= number < LONGEST:
                self._timings.setdefault(self._admit(name, key), Timings()).add(number)
            elif number is not None:
                self._refuse(name, milliseconds)

    def drain(self) -> Drained:
        """Everything since the last call, merged by sorted tags; calls meanwhile go on."""
        with self._lock:
            counts, gauges, timings = self._counts, self._gauges, self._timings
            self._counts, self._gauges, self._timings = {}, {}, {}
        return Drained(self._sum(counts), self._newest(gauges), self._merge(timings))

    def _sum(self, counts: dict[Raw, float]) -> dict[SeriesKey, float]:
        merged: dict[SeriesKey, float] = {}
        for raw, amount in counts.items():
            key = self._key(raw)
            if math.isfinite(amount):
                merged[key] = merged.get(key, 0.0) + amount
            else:
                self._refuse(key.metric, amount)
        return merged

    def _newest(self, gauges: dict[Raw, Level]) -> dict[SeriesKey, Level]:
        """The same tags in another order are the same series: what was set last is its level."""
        levels = sorted(gauges.items(), key=lambda pair: pair[1].set_at)
        return {self._key(raw): level for raw, level in levels}

    def _merge(self, timings: dict[Raw, Timings]) -> dict[SeriesKey, Sketch]:
        merged: dict[SeriesKey, Sketch] = {}
        for raw, found in timings.items():
            merged.setdefault(self._key(raw), Sketch()).merge(found.folded())
        return merged

    def _key(self, raw: Raw) -> SeriesKey:
        """The series of a key as the caller gave it, secrets in its tags masked; worked out once for each."""
        if (known := self._series.get(raw)) is not None:
            return known
        metric, given = (raw[0], raw[1:]) if isinstance(raw, tuple) else (raw, ())
        tags = mask_fields({_text(name): _text(value) for name, value in given})
        made = SeriesKey(_text(metric), tuple(sorted((name, str(tags[name])) for name in tags)), self.service)
        if len(self._series) < MOST_REMEMBERED:
            self._series[raw] = made
        return made

    def _admit(self, name: str, key: Raw) -> Raw:
        """The key to use: made hashable, or the metric's `other` series where it has too many."""
        try:
            known = key in self._known
        except Exception:
            if isinstance(key, tuple):
                key = (_text(key[0]), *((_text(tag), _text(value)) for tag, value in key[1:]))
            else:
                key = _text(key)
            known = key in self._known
        if known:
            return key
        metric = _text(name)
        if isinstance(key, tuple):
            if self._tagged.get(metric, 0) < MAX_SERIES and self._all_tagged < MAX_TAGGED:
                self._tagged[metric] = self._tagged.get(metric, 0) + 1
                self._all_tagged += 1
                self._known.add(key)
                return key
            key = (metric, *OTHER)
        if key not in self._known and self._plain < MAX_METRICS:
            self._plain += 1
            self._known.add(key)
        if isinstance(key, tuple) or key not in self._known:
            self.overflow += 1
            self.overflowed = metric
        return key if key in self._known else ("other", *OTHER)

    def with_tags(self, name: str, given: Tags, **more: object) -> dict[str, object]:
        """Tags with some more; none of those given if they are no tags."""
        try:
            return {**(given or {}), **more}
        except Exception:
            self._untagged(name, given)
            return more

    def _untagged(self, name: str, tags: object) -> Raw:
        """The key where the tags are none."""
        with self._lock:
            self._refuse(name, tags)
        return name

    def _number(self, name: str, value: object) -> float | None:
        try:
            number = float(value)  # type: ignore[arg-type]
        except Exception:
            number = math.nan
        if math.isfinite(number) and not isinstance(value, str):
            return number
        self._refuse(name, value)
        return None

    def _refuse(self, name: object, value: object) -> None:
        self.refused += 1
        self.refusal = f"{_text(name)} got {_text(value)}"


def _text(value: object) -> str:
    """A name or a tag's value, bounded and storable."""
    if type(value) is str and len(value) <= MAX_NAME and value.isascii():
        return value
    try:
        return storable(str.__str__(str(value))[:MAX_NAME])
    except Exception:
        return f"<{type(value).__name__}>"
