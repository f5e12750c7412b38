"""Silences: for how long notices of which alerts are withheld, and who wanted that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from pake_tui.model.alert import Alert

OPERATORS = ("!=", "=~", "!~", "=")
FIELDS = ("title", "service", "rule", "severity", "metric")
"""What a matcher may name beside an alert's tags."""


class Matcher(Struct, frozen=True):
    """`name=value`, `name!=value`, `name=~regex` or `name!~regex`, as Alertmanager spells them.

    A name that an alert does not have counts as empty; regular expressions match the whole value.
    """

    name: str
    op: str
    value: str

    def matches(self, alert: Alert) -> bool:
        """Whether an alert is meant."""
        has = fact(alert, self.name)
        if self.op in ("=", "!="):
            return (has == self.value) is (self.op == "=")
        return (_compiled(self.value).fullmatch(has) is not None) is (self.op == "=~")

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.name}{self.op}{self.value}"


class Silence(Struct, frozen=True):
    """Notices of alerts that all matchers match are withheld from one time to another (UTC ns).

    `by` is who wanted it; of a maintenance window, `maintenance`. `ended_ns` is set where somebody ended it.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_ns: int
    ends_ns: int
    by: str
    reason: str = ""
    ended_ns: int | None = None
    ended_by: str = ""

    def active(self, now_ns: int) -> bool:
        """Whether it silences now."""
        return self.ended_ns is None and self.starts_ns <= now_ns < self.ends_ns

    def matches(self, alert: Alert) -> bool:
        """Whether it means an alert."""
        return all(matcher.matches(alert) for matcher in self.matchers)

    @property
    def words(self) -> str:
        """What an alert's row says: who, and why; the same as long as it lasts."""
        reason = f": {self.reason}" if self.reason else ""
        return f"silenced by {self.by}{reason}"


def why(alert: Alert, silences: Iterable[Silence]) -> str:
    """Why an alert's notices are withheld; empty where no silence means it."""
    return next((silence.words for silence in silences if silence.matches(alert)), "")


def fact(alert: Alert, name: str) -> str:
    """What an alert has under a name: one of its own fields, else a tag, else nothing."""
    if name == "severity":
        return alert.severity.word
    if name in FIELDS:
        return str(getattr(alert, name))
    return dict(alert.tags).get(name, "")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
