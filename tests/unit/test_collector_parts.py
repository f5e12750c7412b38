"""Parts of the collector that outlive their failures, and the rule book that turns judgements into alerts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from pake_tui.clock import SECOND, monotonic, now_ns
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.notifying.wording import message
from pake_tui.engine.monitoring.rulebook import RuleBook
from pake_tui.engine.monitoring.rules import Rule
from pake_tui.engine.parts import Part
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.sketch import Sketch
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import StoreError
from pake_tui.model.alert import AlertState, Policy, Severity
from pake_tui.model.sample import SeriesKey

CPU = SeriesKey("cpu_percent")
HOT = Rule("hot", "cpu_percent", ">", 80.0)


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Until it holds; a failure when it does not in time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.005)


def test_a_failing_part_says_why_waits_longer_and_recovers() -> None:
    """Two failures are counted and told, the third run clears them; the thread lives through all of it."""
    runs: list[int] = []
    problems: list[str] = []

    def work() -> None:
        problems.append(part.problem)
        runs.append(len(runs))
        if len(runs) <= 2:
            raise StoreError("disk full")

    part = Part("store", 0.0, 0.01, work, deposed=lambda error: None)
    part.start()
    wait_for(lambda: len(runs) > 3)
    part.ask_to_stop()
    part.join(5)
    assert problems[:4] == ["", *[p for p in problems[1:3] if p.startswith("disk full; tried again")], ""]
    assert (part.problem, part.failures) == ("", 0)


def test_a_part_of_a_replaced_collector_ends_and_says_so() -> None:
    """A write that fails for want of leadership ends the part, not with a retry."""
    told: list[str] = []

    def work() -> None:
        raise DeposedError("another collector leads now")

    part = Part("sampler", 0.0, 0.01, work, deposed=lambda error: told.append(str(error)))
    part.start()
    part.join(5)
    assert told == ["another collector leads now"]


def test_a_woken_part_runs_at_once() -> None:
    """An edit is judged now, not at the next turn."""
    runs: list[float] = []
    part = Part("rules", 0.0, 60.0, lambda: runs.append(monotonic()), deposed=lambda error: None)
    part.start()
    wait_for(lambda: len(runs) == 1)
    part.wake()
    wait_for(lambda: len(runs) == 2)
    part.ask_to_stop()
    part.join(5)


@pytest.fixture
def state(tmp_path: Path) -> StateStore:
    """An empty store."""
    (tmp_path / "state").mkdir(mode=0o700)
    return StateStore(tmp_path / "state")


def judge(book: RuleBook, value: float, key: SeriesKey = CPU, unit: str = "percent") -> None:
    """One judgement of everything by one fresh value."""
    book.judge_due(lambda over: {key: (now_ns(), value)}, {key: unit}, now_ns())


def test_a_rule_that_fires_becomes_one_alert_with_words_and_numbers(state: StateStore) -> None:
    """Title, message, metric, value and threshold stand in it; staying true makes no second one."""
    book = RuleBook(Alerting(state, Policy))
    book.put_in_force([HOT], SECOND)
    judge(book, 93.24)
    book.put_in_force([replace(HOT, clear=70.0)], SECOND)
    judge(book, 95.0)
    (alert,) = state.alerts.live()
    assert (alert.title, alert.rule, alert.severity) == ("hot: cpu_percent above 80 %", "hot", Severity.HIGH)
    assert alert.message == "cpu_percent is 93.24 % (rule hot: > 80)"
    assert (alert.metric, alert.threshold, alert.count) == ("cpu_percent", 80.0, 1)


def test_a_rule_of_one_second_is_judged_at_every_turn_of_one_second(state: StateStore) -> None:
    """So that its `for` is not begun anew by turns that are left out; one that comes late is made up for."""
    turns: list[float] = []
    judged: list[float] = []
    book = RuleBook(Alerting(state, Policy))
    book.put_in_force([replace(HOT, for_ns=4 * SECOND)], SECOND)

    def values(over_ns: int) -> dict[SeriesKey, tuple[int, float]]:
        judged.append(monotonic())
        return {CPU: (now_ns(), 93.0)}

    def work() -> None:
        turns.append(monotonic())
        if book.is_due:
            book.judge_due(values, {}, now_ns())

    part = Part("rules", 0.0, 1.0, work, deposed=lambda error: None)
    part.start()
    wait_for(lambda: bool(state.alerts.live()))
    part.ask_to_stop()
    part.join(5)
    assert len(judged) >= len(turns) - 1


def test_two_services_with_the_same_metric_are_two_alerts(state: StateStore) -> None:
    """The service is part of who an alert is."""
    book = RuleBook(Alerting(state, Policy))
    book.put_in_force([Rule("slow", "latency", ">", 1.0)], 30 * SECOND)
    keys = [SeriesKey("latency", (), service) for service in ("api", "orders")]
    book.judge_due(lambda over: {key: (now_ns(), 5.0) for key in keys}, {}, now_ns())
    assert sorted(alert.service for alert in state.alerts.live()) == ["api", "orders"]


def test_a_rule_on_a_timing_judges_its_interval_over_all_processes(state: StateStore) -> None:
    """A slow process with few of the answers makes no slow service; one with most of them does."""
    metrics, now = MetricsStore(state.folder), now_ns()
    slow = Rule("slow", "latency", ">", 500.0, interval_ns=20 * SECOND)

    def alerts_at(at_ns: int, fast: int, late: int) -> list[str]:
        for writer, durations in (("api@1", [20.0] * fast), ("api@2", [3_000.0] * late)):
            took = Sketch()
            took.add(durations)
            metrics.record(writer, at_ns, {}, sketches={SeriesKey("latency", (), "api"): took})
        book = RuleBook(Alerting(state, Policy))
        book.put_in_force([slow], SECOND)
        book.judge_due(lambda over_ns: metrics.last(over_ns=over_ns), {}, at_ns)
        return [alert.message for alert in state.alerts.live()]

    assert alerts_at(now - 60 * SECOND, fast=950, late=40) == []
    assert alerts_at(now - 50 * SECOND, fast=10, late=10) == []
    assert alerts_at(now - 30 * SECOND, fast=10, late=40) == [
        "api/latency{stat=p95} is 3000 (rule slow: > 500)"
    ]


def test_a_judgement_that_was_not_stored_is_made_again(state: StateStore, tmp_path: Path) -> None:
    """While the store fails nothing counts as fired; the next judgement fires."""
    locked = StateStore(state.folder, read_only=True)
    state.alerts.live()
    failing = RuleBook(Alerting(locked, Policy))
    failing.put_in_force([HOT], 30 * SECOND)
    with pytest.raises(Exception, match="read-only"):
        judge(failing, 99.0)
    assert failing.is_due
    assert failing.summary == "1 rules, 0 firing"


def test_an_old_value_is_missing_and_resolves_nothing(state: StateStore) -> None:
    """A series that ended keeps its alert firing."""
    book = RuleBook(Alerting(state, Policy))
    book.put_in_force([HOT], SECOND)
    judge(book, 99.0)
    book.put_in_force([replace(HOT, severity=Severity.CRITICAL)], SECOND)
    book.judge_due(lambda over: {CPU: (now_ns() - 10 * SECOND, 1.0)}, {}, now_ns())
    (alert,) = state.alerts.live()
    assert alert.state is AlertState.FIRING


def test_an_escalation_says_the_value_that_it_is_about(state: StateStore) -> None:
    """Not the one that fired it: who is paged reads severity, value and message of one moment."""
    book = RuleBook(Alerting(state, Policy))
    steps = ((Severity.CRITICAL, 95.0),)
    rule = Rule("queue", "cpu_percent", ">", 10.0, severity=Severity.LOW, steps=steps, interval_ns=1)
    book.put_in_force([rule], SECOND)
    judge(book, 20.0)
    (alert,) = state.alerts.live()
    assert (alert.severity, alert.message) == (Severity.LOW, "cpu_percent is 20 % (rule queue: > 10)")
    judge(book, 99.0)
    waiting = state.alerts.notices(0)[-1]
    (alert,) = state.alerts.live()
    assert (waiting.kind, alert.severity, alert.value) == ("escalated", Severity.CRITICAL, 99.0)
    told = message(waiting, alert, "host")
    assert told.subject.startswith("[CRITICAL worse]")
    assert told.text.startswith("cpu_percent is 99 % (rule queue: > 10)")


def test_an_alert_about_missing_data_says_so_until_there_is_some(state: StateStore) -> None:
    """Its title does not claim that a value is above anything."""
    book = RuleBook(Alerting(state, Policy))
    book.put_in_force([Rule("queue", "cpu_percent", ">", 10.0, no_data="alert", interval_ns=1)], SECOND)
    judge(book, 5.0)
    wait_for(lambda: bool(book.judge_due(lambda over: {}, {}, now_ns()) or state.alerts.live()))
    (alert,) = state.alerts.live()
    assert alert.title == "queue: cpu_percent has no data"
    judge(book, 20.0)
    (alert,) = state.alerts.live()
    assert alert.title == "queue: cpu_percent above 10 %"


def test_an_edit_that_makes_a_rule_false_resolves_it_and_a_deleted_rule_too(state: StateStore) -> None:
    """Both resolve by rule, at the first judgement after the edit."""
    book = RuleBook(Alerting(state, Policy))
    cool = Rule("cool", "cpu_percent", ">", 50.0)
    book.put_in_force([HOT, cool], 30 * SECOND)
    judge(book, 90.0)
    assert len(state.alerts.live()) == 2
    book.put_in_force([replace(HOT, threshold=95.0)], 30 * SECOND)
    judge(book, 90.0)
    assert state.alerts.live() == ()
    ended = state.alerts.in_states([AlertState.RESOLVED])
    assert all(alert.resolved is not None and alert.resolved.by_rule for alert in ended)


def test_after_a_restart_what_fired_is_remembered_and_clears_when_it_ends(state: StateStore) -> None:
    """A fresh rule book that recalls the store's alerts neither fires again nor forgets to resolve."""
    tagged = SeriesKey("disk_percent", (("mount", "/data"),), "api")
    full = Rule("full", "disk_percent", ">", 90.0)
    first = RuleBook(Alerting(state, Policy))
    first.put_in_force([full], 30 * SECOND)
    judge(first, 95.0, tagged)
    again = RuleBook(Alerting(state, Policy))
    again.recall(state.alerts.unsettled())
    again.put_in_force([full], 30 * SECOND)
    judge(again, 96.0, tagged)
    (alert,) = state.alerts.live()
    assert alert.count == 1
    third = RuleBook(Alerting(state, Policy))
    third.recall(state.alerts.unsettled())
    third.put_in_force([full], 30 * SECOND)
    judge(third, 10.0, tagged)
    assert state.alerts.live() == ()
