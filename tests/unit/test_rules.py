"""Rules as the configuration spells them, and the state machine that judges them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pake_tui.clock import MINUTE, SECOND
from pake_tui.engine.monitoring.judging import RuleState, Verdict, judge, rejudge
from pake_tui.engine.monitoring.rules import Rule, built_in, thresholds, with_built_in
from pake_tui.engine.monitoring.rulespecs import rules_from, validate
from pake_tui.model.alert import Severity
from pake_tui.model.sample import SeriesKey

CPU = Rule("cpu", "cpu_percent", ">", 80.0, for_ns=60 * SECOND, interval_ns=30 * SECOND)
STEP = 30 * SECOND


def run(rule: Rule, values: list[float | None], state: RuleState | None = None) -> list[Verdict | None]:
    """The verdicts of values that come one interval after the other."""
    found, state = [], state or RuleState()
    for number, value in enumerate(values):
        state, verdict = judge(rule, state, value, number * STEP)
        found.append(verdict)
    return found


def test_it_fires_once_after_its_for_and_then_stays_true() -> None:
    """The edge comes when the value was over the threshold for the whole `for`."""
    assert run(CPU, [90, 90, 90, 90]) == [None, None, Verdict.FIRE, Verdict.STILL_TRUE]


def test_exactly_at_the_threshold_is_not_over_it() -> None:
    """`>` needs more than the threshold."""
    assert run(replace(CPU, for_ns=0), [80.0, 80.1]) == [None, Verdict.FIRE]


def test_it_clears_after_resolve_for_and_not_within_the_band() -> None:
    """Between 76 and 80 nothing changes; below for as long as `for`, it clears."""
    assert run(CPU, [90, 90, 90, 78, 78, 78]) == [None, None, Verdict.FIRE, None, None, None]
    values = [90, 90, 90, 70, 70, 70, 70]
    assert run(CPU, values)[3:] == [None, None, Verdict.CLEAR, None]


def test_missing_data_is_said_once_and_never_resolves() -> None:
    """Without values an alert stays, and after five intervals the row says so."""
    values: list[float | None] = [90, 90, 90, None, None, None, None, None, None, None]
    assert run(CPU, values)[3:] == [None, None, None, None, Verdict.NO_DATA, None, None]


def test_a_gap_over_two_intervals_starts_for_anew() -> None:
    """A value that comes back after a gap has to be true for the whole `for` again."""
    assert run(CPU, [90, 90, None, None, 90, 90, 90]) == [None, None, None, None, None, None, Verdict.FIRE]


def test_a_turn_that_was_left_out_is_no_gap_for_the_shortest_interval() -> None:
    """Two seconds and a little are still two intervals of one second; three are not."""
    brisk = replace(CPU, for_ns=4 * SECOND, interval_ns=SECOND)
    state, _ = judge(brisk, RuleState(), 90.0, 0)
    late, _ = judge(brisk, state, 90.0, 2 * SECOND + SECOND // 5)
    assert late.true_since == 0
    gone, _ = judge(brisk, late, 90.0, 6 * SECOND)
    assert gone.true_since == 6 * SECOND


def test_an_edited_rule_that_is_no_longer_true_is_clear_at_once() -> None:
    """Raising the threshold over the value ends the alert without waiting."""
    firing = RuleState(firing=True, true_since=0, seen=0)
    raised = replace(CPU, threshold=95.0)
    assert rejudge(raised, firing, 90.0, STEP) == (RuleState(seen=STEP), Verdict.CLEAR)
    assert rejudge(CPU, firing, 90.0, STEP)[1] is Verdict.STILL_TRUE


def test_below_rules_mirror_above_rules() -> None:
    """`<` fires under the threshold and clears over its band."""
    low = Rule("free", "memory_available_bytes", "<", 100.0, interval_ns=STEP)
    assert run(low, [99, 103, 106]) == [Verdict.FIRE, None, Verdict.CLEAR]


times = st.lists(st.integers(0, 40), min_size=1, max_size=40)
readings = st.one_of(st.none(), st.floats(0, 200))


@given(st.lists(st.tuples(st.integers(0, 90), readings), max_size=40))
def test_missing_data_never_fires_nor_clears(steps: list[tuple[int, float | None]]) -> None:
    """Whatever came before, a judgement without a value neither fires nor clears."""
    state, now = RuleState(), 0
    for seconds, value in steps:
        now += seconds * SECOND
        before = state
        state, verdict = judge(CPU, state, value, now)
        if value is None:
            assert verdict in (None, Verdict.NO_DATA)
            assert state.firing == before.firing


@given(st.lists(st.tuples(st.integers(0, 90), readings), max_size=40), st.floats(76.01, 80.0))
def test_a_value_inside_the_band_changes_nothing(
    steps: list[tuple[int, float | None]], inside: float
) -> None:
    """In the band an alert neither fires nor clears, and no span is begun or broken within its interval."""
    state, now = RuleState(), 0
    for seconds, value in steps:
        now += seconds * SECOND
        state, _ = judge(CPU, state, value, now)
    after, verdict = judge(CPU, state, inside, now + SECOND)
    assert verdict is None
    assert after.firing == state.firing
    if state.seen == now:
        assert (after.true_since, after.false_since) == (state.true_since, state.false_since)


@given(
    st.lists(st.tuples(st.integers(0, 90), readings), min_size=1, max_size=40),
    st.integers(1, 10_000),
    readings,
)
def test_a_clock_stepping_back_changes_nothing(
    steps: list[tuple[int, float | None]], back: int, value: float | None
) -> None:
    """A judgement at an earlier time than the last value leaves everything as it was."""
    state, now = RuleState(), 10**15
    for seconds, reading in steps:
        now += seconds * SECOND
        state, _ = judge(CPU, state, reading, now)
    if state.seen is not None:
        assert judge(CPU, state, value, state.seen - back) == (state, None)


@given(st.lists(st.tuples(st.integers(0, 90), readings), max_size=60))
def test_fire_and_clear_alternate(steps: list[tuple[int, float | None]]) -> None:
    """No second fire without a clear between, and no fire before its `for` has passed."""
    state, now, firing, began = RuleState(), 0, False, None
    for seconds, value in steps:
        now += seconds * SECOND
        if value is not None and value > 80 and began is None:
            began = now
        elif value is not None and value <= 76:
            began = None
        state, verdict = judge(CPU, state, value, now)
        if verdict is Verdict.FIRE:
            assert not firing
            assert began is not None
            assert now - began >= CPU.for_ns
            firing = True
        elif verdict is Verdict.CLEAR:
            assert firing
            firing = False
    assert state.firing == firing


def test_rules_are_read_as_they_are_written() -> None:
    """Every field of the file ends up in the rule, in nanoseconds and enums."""
    raw = [
        {
            "name": "api slow",
            "metric": "api.response",
            "op": ">=",
            "threshold": 500,
            "for": "1m30s",
            "severity": "critical",
            "tags": {"service": "api", "stat": "p99"},
            "clear": 400,
            "resolve_for": 5,
            "interval": "10s",
        }
    ]
    assert validate(raw) == []
    assert rules_from(raw) == [
        Rule(
            "api slow",
            "api.response",
            ">=",
            500.0,
            90 * SECOND,
            Severity.CRITICAL,
            (("service", "api"), ("stat", "p99")),
            400.0,
            5 * SECOND,
            10 * SECOND,
        )
    ]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("no list", ""),
        (["cpu"], "0"),
        ([{"name": "a", "metric": "m", "op": ">"}], "0.threshold"),
        ([{"name": "a", "metric": "m", "op": "=>", "threshold": 1}], "0.op"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": "high"}], "0.threshold"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": float("nan")}], "0.threshold"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": True}], "0.threshold"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 10**400}], "0.threshold"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "for": "soon"}], "0.for"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "severity": "CRIT"}], "0.severity"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "tresh": 1}], "0.tresh"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "clear": 2}], "0.clear"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "interval": 0}], "0.interval"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "tags": ["x"]}], "0.tags"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1}] * 2, "1.name"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 1, "health": "db"}], "0.health"),
        ([{"name": "a", "health": "db", "threshold": 1}], "0.threshold"),
        ([{"name": "a", "health": "db", "state": "unknown"}], "0.state"),
        ([{"name": "a", "health": "db", "runbook_url": "wiki"}], "0.runbook_url"),
        ([{"name": "a", "health": "db", "no_data": "page"}], "0.no_data"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 5, "steps": {"critical": 4}}], "0.steps"),
        ([{"name": "a", "metric": "m", "op": ">", "threshold": 5, "steps": {"low": 9}}], "0.steps"),
        (
            [
                {
                    "name": "a",
                    "metric": "m",
                    "op": ">",
                    "threshold": 5,
                    "severity": "low",
                    "steps": {"high": 90, "critical": 10},
                }
            ],
            "0.steps",
        ),
        ([{"name": "a", "logs": " " * 60_000 + "x count > 2 in 1m"}], "0.logs"),
        ([{"name": str(n), "metric": "m", "op": ">", "threshold": 1} for n in range(201)], ""),
    ],
)
def test_a_wrong_rule_is_named_with_what_would_be_accepted(raw: object, path: str) -> None:
    """Each mistake gives its place, and says what to write instead."""
    found = validate(raw)
    assert [place for place, _, _ in found] == [path]
    assert all(message and accepted for _, message, accepted in found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["name", "metric", "op", "threshold", "for", "tags", "x"]), inner, max_size=6
            )
        ),
    )
)
def test_whatever_a_file_holds_is_judged_without_failing(raw: object) -> None:
    """Any YAML value is either accepted and readable, or answered with problems."""
    if not validate(raw):
        rules_from(raw or [])  # type: ignore[arg-type]  # judged right above


def test_a_rule_of_the_file_replaces_the_built_in_one_of_its_name() -> None:
    """`cpu_percent` in the file is the only rule of that name in force."""
    own = [Rule("cpu_percent", "cpu_percent", ">", 50.0)]
    names = {rule.name: rule.threshold for rule in with_built_in(own, 80, 85, 90)}
    assert names == {"cpu_percent": 50.0, "memory_percent": 85.0, "disk_percent": 90.0}


def test_cores_and_statistics_are_judged_only_where_they_are_meant() -> None:
    """A cpu rule judges the whole, not each core; a timing rule judges p95 unless it names another."""
    cpu = built_in(80, 85, 90)[0]
    core = SeriesKey("cpu_percent", (("core", "0"),))
    assert cpu.matches(SeriesKey("cpu_percent"))
    assert not cpu.matches(core)
    assert replace(cpu, tags=(("core", "0"),)).matches(core)
    slow = Rule("slow", "api.response", ">", 500.0)
    p95, p99 = (SeriesKey("api.response", (("stat", s),), "api") for s in ("p95", "p99"))
    assert slow.matches(p95)
    assert not slow.matches(p99)
    assert replace(slow, tags=(("stat", "p99"),)).matches(p99)
    assert not replace(slow, tags=(("service", "orders"),)).matches(p95)


def test_titles_say_what_an_operator_wants_to_know() -> None:
    """Metric, side, threshold with its unit, and for how long."""
    cpu, _, disk = built_in(80, 85, 90)
    assert cpu.title(SeriesKey("cpu_percent"), "percent") == "cpu_percent above 80 % for 2 m"
    root = SeriesKey("disk_percent", (("mount", "/"),))
    assert disk.title(root, "percent") == "disk_percent / above 90 % for 2 m"
    slow = Rule("api slow", "api.response", ">", 500.0, for_ns=MINUTE)
    assert slow.title(SeriesKey("api.response"), "ms") == "api slow: api.response above 500 ms for 1 m"


def test_thresholds_are_found_by_metric_and_by_label() -> None:
    """A rule with tags draws its own series only."""
    rules = [*built_in(80, 85, 90), Rule("slow", "api.response", ">", 500.0, tags=(("service", "api"),))]
    assert thresholds(rules) == {
        "cpu_percent": 80,
        "memory_percent": 85,
        "disk_percent": 90,
        "api/api.response": 500,
    }


def test_a_rule_on_health_reads_like_a_sentence_and_says_what_the_check_said() -> None:
    """Unhealthy, or not healthy; the check's own words are the message."""
    raw = [
        {"name": "db", "health": "database", "for": "1m"},
        {"name": "db slow", "health": "database", "state": "degraded"},
    ]
    assert validate(raw) == []
    down, slow = rules_from(raw)
    key = SeriesKey("health", (("check", "database"),))
    assert down.matches(key)
    assert [down.is_true(level) for level in (0.0, 1.0, 2.0)] == [False, False, True]
    assert [slow.is_true(level) for level in (0.0, 1.0, 2.0)] == [False, True, True]
    assert slow.is_false(0.0)
    assert down.title(key) == "database is unhealthy for 1 m"
    assert down.message(key, 2.0, heard="refused: nothing listens") == "refused: nothing listens"


def test_a_value_past_a_step_is_more_severe_and_falls_only_past_its_band() -> None:
    """Swinging around a step tells nobody twice."""
    (steps,) = rules_from(
        [{"name": "a", "metric": "m", "op": ">", "threshold": 80, "steps": {"critical": 95}}]
    )
    assert steps.severity_at(90) is Severity.HIGH
    assert steps.severity_at(96) is Severity.CRITICAL
    assert steps.severity_at(94, Severity.CRITICAL) is Severity.CRITICAL
    assert steps.severity_at(94, Severity.HIGH) is Severity.HIGH
    assert steps.severity_at(90, Severity.CRITICAL) is Severity.HIGH


def test_a_template_fills_in_what_it_names_and_keeps_the_rest() -> None:
    """Value, threshold and tags; an unknown name stays as it was written."""
    rule = replace(CPU, template="{mount} at {value} of {threshold}, see {wiki}")
    said = rule.message(SeriesKey("cpu_percent", (("mount", "/srv"),)), 91.5, "percent")
    assert said == "/srv at 91.5 % of 80, see {wiki}"


@pytest.mark.parametrize(("wanted", "verdict"), [("alert", Verdict.FIRE), ("keep", Verdict.NO_DATA)])
def test_silence_fires_only_where_the_rule_says_so(wanted: str, verdict: Verdict) -> None:
    """After five intervals without a value; once."""
    rule = replace(CPU, no_data=wanted)
    assert run(rule, [10, None, None, None, None, None, None]) == [None] * 5 + [verdict, None]


def test_silence_clears_only_where_the_rule_says_ok() -> None:
    """An alert that stood is over after five intervals without a value."""
    values: list[float | None] = [90, 90, 90, None, None, None, None, None, None]
    assert run(replace(CPU, no_data="ok"), values)[3:] == [None, None, None, None, Verdict.CLEAR, None]
