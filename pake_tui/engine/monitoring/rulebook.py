"""The rules in force and where each stands with each series; what they judge becomes alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from pake_tui.clock import SECOND, monotonic
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.judging import TURN_NS, RuleState, Verdict, judge, rejudge
from pake_tui.engine.monitoring.rules import Rule
from pake_tui.errors import ConflictError
from pake_tui.model.alert import Alert, Severity
from pake_tui.model.sample import SeriesKey, Tags

MAX_PAIRS = 5_000
HELD_NS = 5 * SECOND // 2
"""Writers write once a second: so long a value stands for the next one, as it does on the screen."""
Place = tuple[str, SeriesKey]
Values = Mapping[SeriesKey, tuple[int, float]]
"""The newest value of each series, with its time (UTC ns)."""


def tags_of(key: SeriesKey) -> Tags:
    """An alert's tags: those of the series, and its service, so that two services' alerts stay two."""
    return (*key.tags, ("service", key.service)) if key.service else key.tags


class RuleBook:
    """Judges series by rules. A judgement counts once its alert is on disk: a failing store repeats it."""

    def __init__(self, alerting: Alerting) -> None:
        self.rules: tuple[Rule, ...] = ()
        self.problem = ""
        """What was left out at the last judgement, and why."""
        self._alerting = alerting
        self._states: dict[Place, RuleState] = {}
        self._due: dict[str, float] = {}
        self._edited: set[str] = set()
        self._heard: Mapping[SeriesKey, str] = {}
        self._severities: dict[Place, Severity] = {}

    def recall(self, alerts: Iterable[Alert]) -> None:
        """After a restart: these were firing, and what was missed since counts as missing data."""
        now = _now_ns()
        for alert in alerts:
            if alert.rule and alert.metric:
                tags = tuple(tag for tag in alert.tags if tag != ("service", alert.service))
                place = (alert.rule, SeriesKey(alert.metric, tags, alert.service))
                self._states[place] = RuleState(firing=True, seen=now)

    def put_in_force(self, rules: Iterable[Rule], interval_ns: int) -> None:
        """These rules, judged every `interval_ns` unless one says otherwise; those that changed at once."""
        before = {rule.name: rule for rule in self.rules}
        fresh = tuple(replace(rule, interval_ns=rule.interval_ns or interval_ns) for rule in rules)
        changed = {rule.name for rule in fresh if before.get(rule.name) != rule}
        self._alerting.rules_are(rule.name for rule in fresh)
        self.rules = fresh
        self._edited |= changed & before.keys()
        self._due = {rule.name: self._due.get(rule.name, 0.0) for rule in fresh}
        self._due.update(dict.fromkeys(changed, 0.0))
        self._states = {place: state for place, state in self._states.items() if place[0] in self._due}
        self._severities = {at: level for at, level in self._severities.items() if at in self._states}

    @property
    def is_due(self) -> bool:
        """Whether any rule wants to be judged now."""
        return any(map(self._is_due, self._due))

    def judge_due(
        self,
        values: Callable[[int], Values],
        units: Mapping[SeriesKey, str],
        now_ns: int,
        heard: Mapping[SeriesKey, str] | None = None,
    ) -> None:
        """Judge the rules that are due by the newest (UTC ns, value) of every series; `values(over_ns)` are
        those with the statistics of timings, and the rates of counters, over so long.

        `heard` are words that come with a value: what a health check said.

        That is the rule's interval, and 2.5 s at least; a value that is older is missing. StoreError; what
        was not stored is judged again.
        """
        self.problem = ""
        self._heard = heard or {}
        for rule in self.rules:
            if self._is_due(rule.name):
                self._judge(rule, values(_reach(rule)), units, now_ns)
                self._edited.discard(rule.name)
                self._plan_next(rule)

    @property
    def summary(self) -> str:
        """How many rules there are, and of how many pairs of rule and series they say what."""
        states = list(self._states.values())
        firing, pending = sum(s.firing for s in states), sum(s.pending for s in states)
        more = f", {pending} pending" if pending else ""
        return f"{len(self.rules)} rules, {firing} firing{more}"

    def _is_due(self, name: str) -> bool:
        """Now, or nearer to now than to the next turn."""
        return self._due[name] - TURN_NS / SECOND / 2 <= monotonic()

    def _plan_next(self, rule: Rule) -> None:
        """From when it was due, so that intervals hold; from now where that is past."""
        span, now = (rule.interval_ns or 0) / SECOND, monotonic()
        planned = self._due[rule.name] + span
        self._due[rule.name] = planned if planned > now else now + span

    def _judge(
        self,
        rule: Rule,
        values: Values,
        units: Mapping[SeriesKey, str],
        now_ns: int,
    ) -> None:
        known = {key for name, key in self._states if name == rule.name}
        for key in sorted({key for key in values if rule.matches(key)} | known):
            if not rule.matches(key):
                self._alerting.clear(rule.name, tags_of(key))
                del self._states[rule.name, key]
                continue
            place = (rule.name, key)
            if place not in self._states and len(self._states) >= MAX_PAIRS:
                self.problem = f"more than {MAX_PAIRS} pairs of rule and series; some are not judged"
                continue
            at_ns, newest = values.get(key, (0, 0.0))
            # What lies ahead was told by a clock that was set back since.
            missing = not -HELD_NS <= now_ns - at_ns <= _reach(rule)
            value = None if missing else newest
            how = rejudge if rule.name in self._edited else judge
            state, verdict = how(rule, self._states.get(place, RuleState()), value, _now_ns())
            try:
                self._tell(rule, key, verdict, value, units.get(key, ""))
            except ConflictError as error:
                self.problem = f"rule {rule.name}: {error}"
                continue
            if state.silent and not state.firing:
                self._states.pop(place, None)
            else:
                self._states[place] = state

    def _tell(
        self, rule: Rule, key: SeriesKey, verdict: Verdict | None, value: float | None, unit: str
    ) -> None:
        tags, place = tags_of(key), (rule.name, key)
        severity, title, message = rule.severity, "", ""
        if verdict in (Verdict.FIRE, Verdict.STILL_TRUE):
            title = rule.title(key, unit, silent=value is None)
            message = rule.message(key, value, unit, self._heard.get(key, ""))
            if value is not None:
                stood = self._severities.get(place) if verdict is Verdict.STILL_TRUE else None
                severity = self._severities[place] = rule.severity_at(value, stood)
        if (
            verdict is Verdict.STILL_TRUE
            and self._alerting.still_true(rule.name, tags, value, severity, title, message) is None
        ):
            verdict = Verdict.FIRE  # a state file that was corrupt was begun anew: what fired is not in it
        if verdict is Verdict.FIRE:
            self._alerting.fire(
                rule.name,
                title=title,
                message=message,
                severity=severity,
                tags=tags,
                service=key.service,
                metric=key.metric,
                value=value,
                threshold=rule.threshold,
                runbook_url=rule.runbook_url,
            )
        elif verdict is Verdict.CLEAR:
            self._alerting.clear(rule.name, tags, value)
        elif verdict is Verdict.NO_DATA:
            self._alerting.no_data(rule.name, tags)


def _reach(rule: Rule) -> int:
    """How old a value may be that the rule judges, ns."""
    return max(rule.interval_ns or 0, HELD_NS)


def _now_ns() -> int:
    return int(monotonic() * SECOND)
