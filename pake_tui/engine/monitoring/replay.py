"""What a rule would have said of a series in the past. Pure: points in, times of firing out."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.engine.monitoring.judging import RuleState, Verdict, judge
from pake_tui.engine.monitoring.rules import Rule


class Firing(Struct, frozen=True):
    """From when to when an alert would have stood open (UTC ns; `cleared_ns` None: it still would).

    `true_ns` is when the rule became true, `worst` the value furthest past the threshold while it stood.
    """

    true_ns: int
    fired_ns: int
    cleared_ns: int | None
    worst: float


def replay(rule: Rule, points: Iterable[tuple[int, float | None]], step_ns: int) -> list[Firing]:
    """When the rule would have fired for a series of (UTC ns, value), judged once a step; None is a gap."""
    rule = replace(rule, interval_ns=step_ns)
    upward = rule.op in (">", ">=")
    state, found = RuleState(), list[Firing]()
    for at_ns, value in points:
        since = state.true_since if state.true_since is not None else at_ns
        state, verdict = judge(rule, state, value, at_ns)
        if verdict is Verdict.FIRE and value is not None:
            found.append(Firing(since, at_ns, None, value))
        elif verdict is Verdict.CLEAR:
            found[-1] = replace(found[-1], cleared_ns=at_ns)
        elif state.firing and value is not None:
            worst = max(found[-1].worst, value) if upward else min(found[-1].worst, value)
            found[-1] = replace(found[-1], worst=worst)
    return found
