"""One suite for every implementation of `AlertSource`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pake_tui.clock import HOUR, now_ns
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError, NotFoundError, ReadOnlyError
from pake_tui.model.alert import AlertState, Policy, Severity
from pake_tui.sources.embedded.alerts import EmbeddedAlertSource
from pake_tui.sources.fake.alerts import FakeAlertSource
from pake_tui.sources.protocols import AlertSource
from tests.process.places import wait_for


@dataclass
class Consoles:
    """Two people on the same alerts, and one who may only read."""

    ada: AlertSource
    bob: AlertSource
    reader: AlertSource


def fake(folder: Path) -> Consoles:
    """In memory."""
    source = FakeAlertSource(now_ns(), "ada")
    return Consoles(source, source.seen_by("bob"), FakeAlertSource(now_ns(), "eve", "--read-only"))


def embedded(folder: Path) -> Consoles:
    """On a real state folder, each console with a store of its own."""
    folder.mkdir(mode=0o700)
    store = StateStore(folder)
    alerting = Alerting(store, Policy)
    alerting.fire("cpu", title="cpu_percent above 80 %", message="91 %", severity=Severity.HIGH)
    alerting.fire("disk", title="disk above 90 %", message="94 %", severity=Severity.LOW)
    alerting.clear("disk")
    alerting.create("payments unhealthy", "timeout", Severity.CRITICAL, actor="api@1", service="payments")
    taken = alerting.create(
        "Payment Service Error", "502", Severity.HIGH, actor="payment@1", service="payment"
    )
    alerting.acknowledge(taken, actor="ada", comment="looking")
    store.presence.enter("ada")
    reader = StateStore(folder, read_only=True)
    return Consoles(
        EmbeddedAlertSource(store, Policy, "ada"),
        EmbeddedAlertSource(StateStore(folder), Policy, "bob"),
        EmbeddedAlertSource(reader, Policy, "eve", "--read-only"),
    )


@pytest.fixture(params=[fake, embedded])
def consoles(request: pytest.FixtureRequest, tmp_path: Path) -> Consoles:
    """Every implementation with at least one alert firing, one acknowledged and one resolved."""
    build: Callable[[Path], Consoles] = request.param
    return build(tmp_path / "folder")


def one(source: AlertSource, state: AlertState) -> str:
    """The id of the first alert in a state."""
    return source.alerts(frozenset({state})).alerts[0].id


def test_the_list_is_in_the_order_of_urgency(consoles: Consoles) -> None:
    """Firing first, then acknowledged, then resolved; within that by severity, then newest."""
    found = consoles.ada.alerts()
    states = [alert.state for alert in found.alerts]
    rank = [AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.RESOLVED]
    assert states == sorted(states, key=rank.index)
    firing = [alert.severity for alert in found.alerts if alert.state is AlertState.FIRING]
    assert firing == sorted(firing, reverse=True)
    assert found.resolved_24h == found.count(AlertState.RESOLVED) > 0
    assert found.fresh.at_ns is not None


def test_a_state_narrows_the_list(consoles: Consoles) -> None:
    """Only what was asked for."""
    only = frozenset({AlertState.ACKNOWLEDGED})
    assert {alert.state for alert in consoles.ada.alerts(only).alerts} == only


def test_an_alert_is_found_by_the_beginning_of_its_id(consoles: Consoles) -> None:
    """With its history, oldest first."""
    alert_id = one(consoles.ada, AlertState.ACKNOWLEDGED)
    detail = consoles.ada.alert(alert_id[:8])
    assert detail.alert.id == alert_id
    assert [entry.kind for entry in detail.history] == ["fired", "acknowledged"]
    assert [entry.number for entry in detail.history] == sorted(entry.number for entry in detail.history)


def test_unknown_ids_are_told(consoles: Consoles) -> None:
    """Reading or acting."""
    for wish in (consoles.ada.alert, consoles.ada.acknowledge, consoles.ada.resolve):
        with pytest.raises(NotFoundError, match="zzzz"):
            wish("zzzz")


def test_what_one_does_the_other_sees(consoles: Consoles) -> None:
    """The number changes, and the row says who."""
    before = consoles.bob.changed()
    alert_id = one(consoles.ada, AlertState.FIRING)
    taken = consoles.ada.acknowledge(alert_id, "mine")
    assert taken.state is AlertState.ACKNOWLEDGED
    assert consoles.bob.changed() != before
    seen = consoles.bob.alert(alert_id).alert
    assert seen.acknowledged
    assert (seen.acknowledged.by, seen.acknowledged.comment) == ("ada", "mine")


def test_the_second_is_told_who_was_first_and_loses_nothing(consoles: Consoles) -> None:
    """Acknowledging and resolving; what was typed stands in the history."""
    alert_id = one(consoles.ada, AlertState.FIRING)
    consoles.ada.acknowledge(alert_id)
    with pytest.raises(ConflictError, match="acknowledged by ada"):
        consoles.bob.acknowledge(alert_id, "me too")
    last = consoles.bob.alert(alert_id).history[-1]
    assert (last.kind, last.actor, last.text) == ("commented", "bob", "me too")
    consoles.bob.resolve(alert_id, "restarted")
    with pytest.raises(ConflictError, match="resolved by bob"):
        consoles.ada.resolve(alert_id)


def test_giving_back_makes_it_fire(consoles: Consoles) -> None:
    """And only who holds something can give it back."""
    alert_id = one(consoles.ada, AlertState.ACKNOWLEDGED)
    given = consoles.ada.unacknowledge(alert_id)
    assert (given.state, given.acknowledged) == (AlertState.FIRING, None)
    with pytest.raises(ConflictError, match="nobody has it"):
        consoles.ada.unacknowledge(alert_id)


def test_a_snoozed_alert_is_silent_until_its_time(consoles: Consoles) -> None:
    """It stays open and says until when, in its history who wanted that and why; the past is refused."""
    alert_id = one(consoles.ada, AlertState.FIRING)
    until = consoles.ada.alerts().fresh.at_ns or 0
    silent = consoles.ada.snooze(alert_id, until + HOUR, "after the release")
    assert (silent.state, silent.snoozed_until_ns) == (AlertState.SNOOZED, until + HOUR)
    last = consoles.bob.alert(alert_id).history[-1]
    assert (last.kind, last.actor, last.text) == ("snoozed", "ada", "after the release")
    with pytest.raises(ConflictError, match="has passed"):
        consoles.ada.snooze(alert_id, until - HOUR)
    consoles.bob.resolve(alert_id)
    with pytest.raises(ConflictError, match="resolved by bob"):
        consoles.ada.snooze(alert_id, until + HOUR)


def test_resolving_keeps_the_note(consoles: Consoles) -> None:
    """Who, and what was said."""
    done = consoles.ada.resolve(one(consoles.ada, AlertState.FIRING), "replaced the disk")
    assert done.resolved
    assert (done.resolved.by, done.resolved.note, done.resolved.by_rule) == (
        "ada",
        "replaced the disk",
        False,
    )


def test_a_comment_changes_no_state(consoles: Consoles) -> None:
    """It is in the history, under its author."""
    alert_id = one(consoles.ada, AlertState.RESOLVED)
    assert consoles.bob.comment(alert_id, "again?").state is AlertState.RESOLVED
    last = consoles.ada.alert(alert_id).history[-1]
    assert (last.kind, last.actor, last.text) == ("commented", "bob", "again?")


def test_a_reader_changes_nothing(consoles: Consoles) -> None:
    """Every action is refused with the reason, before anything else is looked at."""
    alert_id = one(consoles.reader, AlertState.FIRING)
    before = consoles.reader.changed()
    for wish in (
        consoles.reader.acknowledge,
        consoles.reader.unacknowledge,
        consoles.reader.resolve,
        lambda name: consoles.reader.comment(name, "x"),
        lambda name: consoles.reader.snooze(name, 1),
    ):
        with pytest.raises(ReadOnlyError, match="--read-only"):
            wish(alert_id)
    assert consoles.reader.changed() == before


def test_presence_names_who_is_here(consoles: Consoles) -> None:
    """Oldest first, this console included."""
    here = consoles.ada.presence()
    assert "ada" in [person.actor for person in here]
    assert [person.since_ns for person in here] == sorted(person.since_ns for person in here)


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells nothing of files")
def test_a_console_is_woken_by_what_another_does(tmp_path: Path) -> None:
    """Nothing has to be looked at while nobody writes; what somebody writes wakes whoever watches."""
    consoles, woken = embedded(tmp_path / "folder"), threading.Event()
    assert not consoles.bob.quiet()
    consoles.bob.watch(woken.set)
    for state in (AlertState.FIRING, AlertState.ACKNOWLEDGED):
        wait_for(lambda: consoles.bob.changed() and consoles.bob.quiet())
        before = consoles.bob.changed()
        woken.clear()
        consoles.ada.comment(one(consoles.ada, state), "seen")
        assert woken.wait(10)
        assert not consoles.bob.quiet()
        wait_for(lambda before=before: consoles.bob.changed() != before)


def test_where_nobody_tells_looking_is_asked_for(consoles: Consoles) -> None:
    """A source that was not asked to tell, or cannot, is never quiet."""
    assert not consoles.ada.quiet()
