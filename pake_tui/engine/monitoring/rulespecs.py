"""The configuration's `rules:`: what is wrong with them, and what they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from pake_tui.clock import SECOND, now_ns, short_duration
from pake_tui.engine.monitoring import fields
from pake_tui.engine.monitoring.fields import LONGEST_NS, Field, Found, as_number, as_span, span, text
from pake_tui.engine.monitoring.rules import LINES, OPERATORS, Rule
from pake_tui.model.alert import Severity
from pake_tui.model.check import HEALTH, LEVELS, HealthState
from pake_tui.query import QueryError, parse

MAX_RULES = 200
MOST_QUERY = 1_000
KINDS = ("metric", "health", "logs")
EXAMPLE = "a mapping with name, metric, op and threshold; or with health, or logs, instead of a metric"
COUNT = re.compile(r"(.+?) +count *(>=|>|<=|<) *(\d{1,9}) +in +(\S+)")
SILENCE = re.compile(r"silence +of +(.+?) +for +(\S+)")
LOG_FORMS = "`level>=error count > 20 in 1m`, or `silence of service:payment for 5m`"
A_SPAN = "a duration up to 30d, such as 90s, 2m or 1h30m"
STATES = {state.word: LEVELS[state] for state in (HealthState.DEGRADED, HealthState.UNHEALTHY)}
"""A state as a threshold on the health metric: this one or worse."""


def _number(value: object) -> float:
    if (found := as_number(value)) is None:
        raise ValueError
    return found


def _operator(value: object) -> str:
    if not isinstance(value, str) or value not in OPERATORS:
        raise ValueError
    return value


def _steps(value: object) -> tuple[tuple[Severity, float], ...]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError
    return tuple(sorted((fields.as_severity(name), _number(level)) for name, level in value.items()))


def _logs(value: object) -> tuple[str, str, float, int]:
    """Query, operator, count and window (ns) of a log condition."""
    told = " ".join(value.split()) if isinstance(value, str) and len(value) <= MOST_QUERY else ""
    counted, silent = COUNT.fullmatch(told), SILENCE.fullmatch(told)
    if counted:
        found = counted[1], counted[2], float(counted[3]), as_span(counted[4])
    elif silent:
        found = silent[1], "<", 1.0, as_span(silent[2])
    else:
        raise ValueError
    query, op, count, window = found
    if window is None or window < SECOND:
        raise ValueError("its span is no duration of a second or more")
    try:
        parse(query, now_ns=now_ns(), zone=UTC)
    except QueryError as error:
        raise ValueError(str(error)) from None
    return query, op, count, window


COMMON: Mapping[str, Field] = {
    "name": text("a name, as text", required=True, longest=fields.MAX_NAME),
    "for": span(A_SPAN, 0),
    "severity": fields.severity(Severity.HIGH),
    "resolve_for": span(A_SPAN),
    "interval": span("a duration from 1s to 30d, such as 10s", low=SECOND, high=LONGEST_NS),
    "no_data": fields.choice("keep", "alert", "ok", default="keep"),
    "message": text("text, in which {value}, {threshold} and tags such as {mount} stand for what they name"),
    "runbook_url": fields.url("http", "https"),
}
OF_KIND: Mapping[str, Mapping[str, Field]] = {
    "metric": {
        "metric": text("the name of a metric, as `pake-tui metrics` lists them", required=True),
        "op": Field(_operator, " ".join(OPERATORS), required=True),
        "threshold": Field(_number, "a number", required=True),
        "clear": Field(_number, "a number"),
        "tags": fields.pairs("a mapping of tag names to values, such as {mount: /}"),
        "steps": Field(_steps, "a mapping of severities to thresholds, such as {critical: 95}", ()),
    },
    "health": {
        "health": text("the name of a health check", required=True),
        "state": fields.choice(*STATES, default="unhealthy"),
    },
    "logs": {"logs": Field(_logs, LOG_FORMS, required=True)},
}


def validate(raw: object) -> list[Found]:
    """What is wrong: (path below `rules` such as `0.threshold`, message, what would be accepted) each."""
    if raw is None:
        return []
    if not isinstance(raw, (list, tuple)):
        return [("", "is not a list", f"a list of rules, each {EXAMPLE}")]
    found: list[Found] = []
    if len(raw) > MAX_RULES:
        found.append(("", f"has {len(raw)} rules", f"at most {MAX_RULES}"))
    for at, entry in enumerate(raw[:MAX_RULES]):
        if not isinstance(entry, Mapping):
            found.append((str(at), "is not a rule", EXAMPLE))
        else:
            found += [(f"{at}.{path}", message, wanted) for path, message, wanted in _problems(entry)]
    return [*found, *fields.twice(raw[:MAX_RULES])]


def rules_from(raw: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """The rules of a list that `validate` accepts."""
    return [_rule(entry) for entry in raw]


def _problems(entry: Mapping[Any, object]) -> Iterator[Found]:
    kinds = [kind for kind in KINDS if entry.get(kind) is not None]
    if len(kinds) > 1:
        yield kinds[1], f"judges two things: {' and '.join(kinds)}", f"one of {', '.join(KINDS)}"
        return
    own = OF_KIND[kinds[0] if kinds else "metric"]
    found = list(fields.problems(entry, {**COMMON, **own}))
    yield from found
    if not found and own is OF_KIND["metric"]:
        yield from _wrong_sides(fields.values(entry, {**COMMON, **own}))


def _wrong_sides(known: Mapping[str, Any]) -> Iterator[Found]:
    """Levels that lie on the wrong side of the threshold."""
    threshold, upward = known["threshold"], known["op"] in (">", ">=")
    clear = known["clear"]
    if clear is not None and (clear > threshold if upward else clear < threshold):
        side = "at most" if upward else "at least"
        yield "clear", f"{clear:g} lies where the rule is true", f"{side} {threshold:g}"
    before = threshold
    for severity, level in known["steps"]:
        if (level < before if upward else level > before) or severity <= known["severity"]:
            side = "above" if upward else "below"
            accepted = f"severities over {known['severity'].word}, with thresholds {side} {threshold:g}"
            yield "steps", f"{severity.word}: {level:g} is no step up", accepted
        before = level


def _rule(entry: Mapping[str, Any]) -> Rule:
    kind = next((kind for kind in KINDS if entry.get(kind) is not None), "metric")
    known = fields.values(entry, {**COMMON, **OF_KIND[kind]})
    common = {
        "name": known["name"],
        "for_ns": known["for"],
        "severity": known["severity"],
        "resolve_for_ns": known["resolve_for"],
        "interval_ns": known["interval"],
        "no_data": known["no_data"],
        "template": known["message"],
        "runbook_url": known["runbook_url"],
    }
    return Rule(**common, **_OWN[kind](known))


def _of_metric(known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: known[name] for name in ("metric", "op", "threshold", "clear", "tags", "steps")}


def _of_health(known: Mapping[str, Any]) -> dict[str, Any]:
    check, state = known["health"], known["state"]
    return {
        "metric": HEALTH,
        "op": ">=",
        "threshold": STATES[state],
        "clear": STATES[state],
        "tags": (("check", check),),
        "said": f"{check} is unhealthy" if state == "unhealthy" else f"{check} is not healthy",
    }


def _of_logs(known: Mapping[str, Any]) -> dict[str, Any]:
    query, op, count, window = known["logs"]
    side = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most"}[op]
    said = f"{side} {count:g} lines of {query} in {short_duration(window)}"
    if (op, count) == ("<", 1.0):
        said = f"no line of {query} for {short_duration(window)}"
    return {
        "metric": LINES,
        "op": op,
        "threshold": count,
        "clear": count,
        "tags": (("rule", known["name"]),),
        "said": said,
        "query": query,
        "window_ns": window,
    }


_OWN = {"metric": _of_metric, "health": _of_health, "logs": _of_logs}
"""What a kind's entry says besides what all have."""
