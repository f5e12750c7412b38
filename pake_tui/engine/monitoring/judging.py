"""When a rule becomes true and false for one series: a pure state machine."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.clock import SECOND
from pake_tui.engine.monitoring.rules import Rule

DEFAULT_INTERVAL_NS = 30 * SECOND
SILENT_INTERVALS = 5
GAP_INTERVALS = 2
TURN_NS = SECOND
"""Rules are judged in turns, one in so long: half of one is early or late enough to be on time."""


class Verdict(Enum):
    """What a judgement means for the alert: the edges, and that a rule stays true."""

    FIRE = "fire"
    STILL_TRUE = "still true"
    CLEAR = "clear"
    NO_DATA = "no data"


class RuleState(Struct, frozen=True):
    """Where one rule stands with one series. Times are nanoseconds of a clock that does not step.

    `true_since` and `false_since` are set while a span is counted, `seen` is when a value last came.
    """

    firing: bool = False
    true_since: int | None = None
    false_since: int | None = None
    seen: int | None = None
    silent: bool = False

    @property
    def pending(self) -> bool:
        """True, but not yet for long enough."""
        return self.true_since is not None and not self.firing


def judge(rule: Rule, state: RuleState, value: float | None, now: int) -> tuple[RuleState, Verdict | None]:
    """One judgement. Without a value nothing fires or resolves; after five intervals it is said, once, or is
    what the rule's `no_data` makes of it.

    A gap of more than two intervals starts every span anew; inside the band nothing changes; a clock that
    stepped back changes nothing.
    """
    interval = rule.interval_ns or DEFAULT_INTERVAL_NS
    if state.seen is not None and now < state.seen:
        return state, None
    if value is None:
        late = state.seen is not None and now - state.seen >= SILENT_INTERVALS * interval
        if late and not state.silent:
            return _silenced(rule, replace(state, silent=True))
        return state, None
    if state.seen is not None and now - state.seen > GAP_INTERVALS * interval + TURN_NS // 2:
        state = replace(state, true_since=None, false_since=None)
    state = replace(state, seen=now, silent=False)
    if rule.is_true(value):
        since = now if state.true_since is None else state.true_since
        state = replace(state, true_since=since, false_since=None)
        if state.firing:
            return state, Verdict.STILL_TRUE
        if now - since >= rule.for_ns:
            return replace(state, firing=True), Verdict.FIRE
        return state, None
    if not rule.is_false(value):
        return state, None
    if not state.firing:
        return replace(state, true_since=None), None
    since = now if state.false_since is None else state.false_since
    span = rule.for_ns if rule.resolve_for_ns is None else rule.resolve_for_ns
    if now - since >= span:
        return RuleState(seen=now), Verdict.CLEAR
    return replace(state, false_since=since), None


def _silenced(rule: Rule, state: RuleState) -> tuple[RuleState, Verdict]:
    """What five intervals without a value mean to a rule."""
    if rule.no_data == "alert" and not state.firing:
        return replace(state, firing=True, true_since=None), Verdict.FIRE
    if rule.no_data == "ok" and state.firing:
        return RuleState(seen=state.seen, silent=True), Verdict.CLEAR
    return state, Verdict.NO_DATA


def rejudge(rule: Rule, state: RuleState, value: float | None, now: int) -> tuple[RuleState, Verdict | None]:
    """The first judgement after the rule was edited: one that fired under the old words and is not true under
    the new ones is clear at once; else every span starts anew.
    """
    if state.firing and value is not None and not rule.is_true(value):
        return RuleState(seen=now), Verdict.CLEAR
    return judge(rule, replace(state, true_since=None, false_since=None), value, now)
