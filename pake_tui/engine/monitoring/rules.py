"""Rules: what they say, which series they judge, how severe what they see is. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.clock import MINUTE, short_duration
from pake_tui.model.alert import Severity
from pake_tui.model.sample import SeriesKey, Tags

if TYPE_CHECKING:
    from pake_tui.engine.settings.schema import Settings

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
BAND = 0.05
BUILT_IN_FOR_NS = 2 * MINUTE
DEFAULT_STAT = "p95"
LINES = "log lines"
"""What a log rule counts; its series is tagged with the rule's name."""
_PLACE = re.compile(r"\{(\w+)\}")
_UNITS = {"percent": " %", "bytes": " B", "bytes/s": " B/s", "ms": " ms", "/s": "/s", "celsius": " C"}


class Rule(Struct, frozen=True):
    """`metric op threshold` for `for_ns`, for every series of that metric that has all of `tags`.

    The tag `service` is the series' service. `clear` is the value past which it counts as false again
    (default: 5 % of the threshold away), `resolve_for_ns` how long it must (default: as `for_ns`),
    `interval_ns` how often it is judged (None: every `collection_interval_seconds`). `steps` are further
    thresholds with the severity from there on; `no_data` (keep, alert, ok) is what five silent intervals
    mean; `said` replaces the title, `template` the message. A log rule counts lines of `query` within
    `window_ns`.
    """

    name: str
    metric: str
    op: str
    threshold: float
    for_ns: int = 0
    severity: Severity = Severity.HIGH
    tags: Tags = ()
    clear: float | None = None
    resolve_for_ns: int | None = None
    interval_ns: int | None = None
    steps: tuple[tuple[Severity, float], ...] = ()
    no_data: str = "keep"
    said: str = ""
    template: str = ""
    runbook_url: str = ""
    query: str = ""
    window_ns: int = 0

    def is_true(self, value: float) -> bool:
        """Whether a value breaks the threshold; exactly at it `>` is not true."""
        return OPERATORS[self.op](value, self.threshold)

    def is_false(self, value: float) -> bool:
        """Whether a value is past the band in which nothing changes."""
        return not OPERATORS[self.op](value, self.below(self.threshold) if self.clear is None else self.clear)

    def below(self, threshold: float) -> float:
        """The far side of the band of a threshold."""
        away = BAND * abs(threshold)
        return threshold - away if self.op in (">", ">=") else threshold + away

    def severity_at(self, value: float, stood: Severity | None = None) -> Severity:
        """The severity of a value that broke the threshold. One that `stood` falls only past its band, so
        that a value which swings around a step tells nobody twice.
        """
        level = self.severity
        for severity, threshold in self.steps:
            held = stood is not None and stood >= severity
            if OPERATORS[self.op](value, self.below(threshold) if held else threshold):
                level = max(level, severity)
        return level

    def matches(self, key: SeriesKey) -> bool:
        """Whether it judges a series. A core is part of a whole and judged only where the rule names it; of a
        timing's statistics p95 is meant unless it names another.
        """
        has = dict(key.tags) | ({"service": key.service} if key.service else {})
        wanted = dict(self.tags)
        if "core" in has and "core" not in wanted:
            return False
        if "stat" in has:
            wanted.setdefault("stat", DEFAULT_STAT)
        return key.metric == self.metric and all(has.get(name) == value for name, value in wanted.items())

    def title(self, key: SeriesKey, unit: str = "", *, silent: bool = False) -> str:
        """`cpu_percent above 80 % for 2 m`; `cpu_percent has no data` where it fired for that."""
        span = f" for {short_duration(self.for_ns)}" if self.for_ns else ""
        if self.said:
            return f"{self.said}: no data" if silent else f"{self.said}{span}"
        what = " ".join((self.metric, *(value for _, value in key.tags)))
        side = "above" if self.op in (">", ">=") else "below"
        name = "" if self.name == self.metric else f"{self.name}: "
        if silent:
            return f"{name}{what} has no data"
        return f"{name}{what} {side} {self.threshold:g}{_UNITS.get(unit, '')}{span}"

    def message(self, key: SeriesKey, value: float | None, unit: str = "", heard: str = "") -> str:
        """The value that fired it, with the rule; or the rule's template, in which `{value}`, `{threshold}`,
        `{metric}`, `{rule}`, `{unit}`, `{service}`, `{message}` (what a check said) and the names of the
        series' tags stand for what they name.
        """
        number = "no data" if value is None else f"{value:.4g}{_UNITS.get(unit, '')}"
        if self.template:
            known = dict(key.tags) | {
                "value": number,
                "threshold": f"{self.threshold:g}",
                "metric": self.metric,
            }
            known |= {"rule": self.name, "unit": unit, "service": key.service, "message": heard}
            return _PLACE.sub(lambda found: known.get(found[1], found[0]), self.template)
        if heard:
            return heard
        if value is None:
            return f"{key.label} has had no data for five intervals (rule {self.name})"
        if self.metric == LINES:
            return (
                f"{value:.0f} lines in {short_duration(self.window_ns)} match {self.query} (rule {self.name})"
            )
        return f"{key.label} is {number} (rule {self.name}: {self.op} {self.threshold:g})"


def built_in(cpu: float, memory: float, disk: float) -> tuple[Rule, ...]:
    """The rules that need no configuration, from the three thresholds in per cent."""
    pairs = (("cpu_percent", cpu), ("memory_percent", memory), ("disk_percent", disk))
    return tuple(Rule(name, name, ">", float(limit), BUILT_IN_FOR_NS) for name, limit in pairs)


def with_built_in(own: Sequence[Rule], cpu: float, memory: float, disk: float) -> tuple[Rule, ...]:
    """All rules in force: one of the file's replaces the built-in one of its name."""
    names = {rule.name for rule in own}
    return (*(rule for rule in built_in(cpu, memory, disk) if rule.name not in names), *own)


def in_force(settings: Settings) -> tuple[Rule, ...]:
    """All rules of the settings, the built-in ones among them."""
    own: Sequence[Rule] = ()
    if settings.rules:
        from pake_tui.engine.monitoring.rulespecs import rules_from  # most have none

        own = rules_from(settings.rules)
    limits = settings.monitoring
    return with_built_in(
        own,
        limits.cpu_threshold_percent,
        limits.memory_threshold_percent,
        limits.disk_threshold_percent,
    )


def thresholds(rules: Iterable[Rule]) -> dict[str, float]:
    """What series are drawn with: by metric for rules without tags, else by label; the first rule counts."""
    found: dict[str, float] = {}
    for rule in rules:
        service = dict(rule.tags).get("service", "")
        tags = tuple(tag for tag in rule.tags if tag[0] != "service")
        found.setdefault(SeriesKey(rule.metric, tags, service).label, rule.threshold)
    return found
