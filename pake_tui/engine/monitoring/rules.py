"""Threshold rules: what they say, which series they judge, and how the configuration spells them. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.clock import DAY, MINUTE, SECOND, parse_duration, short_duration
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
Found = tuple[str, str, str]
MAX_RULES = 200
MAX_NAME = 200
LONGEST_NS = 30 * DAY
REQUIRED = ("name", "metric", "op", "threshold")
NAMES = (*REQUIRED, "for", "severity", "tags", "clear", "resolve_for", "interval")
_SEVERITIES = ", ".join(severity.word for severity in Severity)
_UNITS = {"percent": " %", "bytes": " B", "bytes/s": " B/s", "ms": " ms", "/s": "/s"}


class Rule(Struct, frozen=True):
    """`metric op threshold` for `for_ns`, for every series of that metric that has all of `tags`.

    The tag `service` is the series' service. `clear` is the value past which it counts as false again
    (default: 5 % of the threshold away), `resolve_for_ns` how long it must (default: as `for_ns`),
    `interval_ns` how often it is judged (None: every `collection_interval_seconds`).
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

    def is_true(self, value: float) -> bool:
        """Whether a value breaks the threshold; exactly at it `>` is not true."""
        return OPERATORS[self.op](value, self.threshold)

    def is_false(self, value: float) -> bool:
        """Whether a value is past the band in which nothing changes."""
        level = self.clear
        if level is None:
            away = BAND * abs(self.threshold)
            level = self.threshold - away if self.op in (">", ">=") else self.threshold + away
        return not OPERATORS[self.op](value, level)

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

    def title(self, key: SeriesKey, unit: str = "") -> str:
        """`cpu_percent above 80 % for 2 m`."""
        what = " ".join((self.metric, *(value for _, value in key.tags)))
        side = "above" if self.op in (">", ">=") else "below"
        span = f" for {short_duration(self.for_ns)}" if self.for_ns else ""
        name = "" if self.name == self.metric else f"{self.name}: "
        return f"{name}{what} {side} {self.threshold:g}{_UNITS.get(unit, '')}{span}"

    def message(self, key: SeriesKey, value: float, unit: str = "") -> str:
        """The value that fired it, with the rule."""
        said = f"rule {self.name}: {self.op} {self.threshold:g}"
        return f"{key.label} is {value:.4g}{_UNITS.get(unit, '')} ({said})"


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
    limits = settings.monitoring
    return with_built_in(
        rules_from(settings.rules),
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


def validate(raw: object) -> list[Found]:
    """What is wrong: (path below `rules` such as `0.threshold`, message, what would be accepted) each."""
    if raw is None:
        return []
    if not isinstance(raw, (list, tuple)):
        return [("", "is not a list", "a list of rules, each with name, metric, op and threshold")]
    found: list[Found] = []
    if len(raw) > MAX_RULES:
        found.append(("", f"has {len(raw)} rules", f"at most {MAX_RULES}"))
    names: dict[str, int] = {}
    for number, rule in enumerate(raw[:MAX_RULES]):
        if not isinstance(rule, Mapping):
            found.append((str(number), "is not a rule", "a mapping with name, metric, op and threshold"))
            continue
        found += [(f"{number}.{path}", message, accepted) for path, message, accepted in _problems(rule)]
        name = rule.get("name")
        if isinstance(name, str):
            if name in names:
                accepted = f"a name of its own; rule {names[name] + 1} has it"
                found.append((f"{number}.name", f"{name!r} is there twice", accepted))
            names.setdefault(name, number)
    return found


def rules_from(raw: Sequence[Mapping[str, object]]) -> list[Rule]:
    """The rules of a list that `validate` accepts."""
    return [_rule(one) for one in raw]


def _problems(rule: Mapping[object, object]) -> list[Found]:
    found: list[Found] = [
        (name, "is missing", _accepted(name)) for name in REQUIRED if rule.get(name) is None
    ]
    for name, value in rule.items():
        if name not in NAMES:
            found.append((str(name), "is unknown", f"one of {', '.join(NAMES)}"))
        elif value is not None and not _is_fine(str(name), value):
            found.append((str(name), f"{_shown(value)} is not accepted", _accepted(str(name))))
    if not found and rule.get("clear") is not None:
        op, clear, threshold = str(rule["op"]), _number(rule["clear"]), _number(rule["threshold"])
        below = op in (">", ">=")
        if (
            clear is not None
            and threshold is not None
            and (clear > threshold if below else clear < threshold)
        ):
            side = "at most" if below else "at least"
            found.append(("clear", f"{clear:g} lies where the rule is true", f"{side} {threshold:g}"))
    return found


def _is_fine(name: str, value: object) -> bool:
    if name in ("name", "metric"):
        return isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME
    if name == "op":
        return isinstance(value, str) and value in OPERATORS
    if name in ("threshold", "clear"):
        return _number(value) is not None
    if name == "severity":
        return isinstance(value, str) and value.upper() in Severity.__members__
    if name == "tags":
        return isinstance(value, Mapping) and all(
            isinstance(k, str) and isinstance(v, (str, int, float)) for k, v in value.items()
        )
    span = _span(value)
    return span is not None and (name != "interval" or span >= SECOND)


def _accepted(name: str) -> str:
    return {
        "name": "a name, as text",
        "metric": "the name of a metric, as `pake-tui metrics` lists them",
        "op": " ".join(OPERATORS),
        "threshold": "a number",
        "clear": "a number",
        "severity": _SEVERITIES,
        "tags": "a mapping of tag names to values, such as {mount: /}",
        "interval": "a duration from 1s to 30d, such as 10s",
    }.get(name, "a duration up to 30d, such as 90s, 2m or 1h30m")


def _rule(raw: Mapping[str, object]) -> Rule:
    tags = raw.get("tags") or {}
    assert isinstance(tags, Mapping)
    threshold = _number(raw["threshold"])
    assert threshold is not None
    return Rule(
        name=str(raw["name"]).strip(),
        metric=str(raw["metric"]).strip(),
        op=str(raw["op"]),
        threshold=threshold,
        for_ns=_span(raw.get("for")) or 0,
        severity=Severity[str(raw.get("severity") or "high").upper()],
        tags=tuple(sorted((str(name), str(value)) for name, value in tags.items())),
        clear=_number(raw.get("clear")),
        resolve_for_ns=_span(raw.get("resolve_for")),
        interval_ns=_span(raw.get("interval")),
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _span(value: object) -> int | None:
    """Nanoseconds of `2m`, or of a plain number of seconds; None for anything else or past 30 days."""
    if isinstance(value, str):
        try:
            span = parse_duration(value)
        except ValueError:
            return None
    else:
        seconds = _number(value)
        if seconds is None or not 0 <= seconds <= LONGEST_NS / SECOND:
            return None
        span = int(seconds * SECOND)
    return span if 0 <= span <= LONGEST_NS else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
