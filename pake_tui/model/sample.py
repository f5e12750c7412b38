"""Metrics: series, their points over time, and what the collector says of itself."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

Tags = tuple[tuple[str, str], ...]


class MetricKind(Enum):
    """A counter only grows, a gauge is a level, a timing is a duration in milliseconds."""

    COUNTER = "counter"
    GAUGE = "gauge"
    TIMING = "timing"


class Aggregate(Enum):
    """What a gauge is that several processes of a service set: the value set last, their sum, or the highest.

    Of live processes only: prometheus_client's multiprocess modes `livemostrecent`, `livesum`, `livemax`.
    """

    LAST = "last"
    SUM = "sum"
    MAX = "max"


class SeriesKey(Struct, frozen=True, order=True):
    """A metric with its sorted tags. `service` is empty for the host's own series."""

    metric: str
    tags: Tags = ()
    service: str = ""

    @property
    def label(self) -> str:
        """`disk_percent{mount=/}`: the name as rules, commands and screens write it."""
        inner = ",".join(f"{name}={value}" for name, value in self.tags)
        where = f"{self.service}/" if self.service else ""
        return f"{where}{self.metric}{{{inner}}}" if inner else f"{where}{self.metric}"


class Freshness(Struct, frozen=True):
    """When the newest data of an answer was made (UTC ns; None: there is none) and why it is not newer."""

    at_ns: int | None
    problem: str = ""

    def age_ns(self, now_ns: int) -> int | None:
        """How old the newest data is."""
        return None if self.at_ns is None else max(0, now_ns - self.at_ns)


class Bucket(Struct, frozen=True, gc=False):
    """One step of a series: None marks a gap (nothing was measured), never zero.

    There are thousands of them, with nothing in them for a garbage collector.
    """

    start_ns: int
    mean: float | None
    low: float | None = None
    high: float | None = None


class Series(Struct, frozen=True):
    """One series over a range: `points` are equal steps, oldest first; `last` is the newest value.

    Units: `percent`, `bytes`, `bytes/s`, `ms`, `/s`, `celsius`, or empty. Counters come as rates.
    """

    key: SeriesKey
    kind: MetricKind
    unit: str
    points: tuple[Bucket, ...] = ()
    last: float | None = None
    last_ns: int | None = None
    threshold: float | None = None


class Mark(Struct, frozen=True):
    """Something that happened at a moment (UTC ns), of one service or of the host."""

    at_ns: int
    title: str
    service: str = ""


class MetricAnswer(Struct, frozen=True):
    """Series asked for, with the range they cover and how fresh they are."""

    series: tuple[Series, ...]
    since_ns: int
    until_ns: int
    fresh: Freshness
    marks: tuple[Mark, ...] = ()
    """What happened in the range, oldest first."""


class ProcessRow(Struct, frozen=True):
    """One of the busiest processes, now."""

    pid: int
    name: str
    user: str
    cpu_percent: float
    memory_bytes: int


class CollectorMode(Enum):
    """Who samples: a permanent agent, one started on demand, none, or one that stopped answering."""

    AGENT = "agent"
    OWN = "own collector"
    STALE = "stale"
    NONE = "none"


class CollectorStatus(Struct, frozen=True):
    """What is known of the collector: its pid, when it was last heard, and the configuration it obeys."""

    mode: CollectorMode
    pid: int | None = None
    heartbeat_ns: int | None = None
    epoch: int = 0
    config_path: str = ""
    problem: str = ""
