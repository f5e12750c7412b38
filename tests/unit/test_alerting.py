"""Alerts through the store: identity, spool, the hourly limit, what time brings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pake_tui.clock import HOUR, MINUTE, SECOND, monotonic
from pake_tui.engine.monitoring import spool
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError, NotFoundError, StoreError
from pake_tui.model.alert import Alert, AlertState, Policy, Severity
from pake_tui.text.masking import mask_text


class World:
    """A state folder, a policy, and a clock that is moved by hand."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.now = 1_700_000_000 * SECOND
        self.store = StateStore(folder)
        self.alerting = Alerting(self.store, lambda: policy, clock=lambda: self.now)

    def create(self, title: str = "Payment Service Error", severity: Severity = Severity.HIGH) -> str:
        """As the payment service does."""
        return self.alerting.create(title, "declined", severity, actor="payment@7", service="payment")

    def fire(self, rule: str = "cpu", severity: Severity = Severity.MEDIUM) -> Alert:
        """As the collector does."""
        return self.alerting.fire(rule, title=f"{rule} is high", message="91 %", severity=severity)

    def kinds(self, alert_id: str) -> list[str]:
        """What its history says."""
        return [entry.kind for entry in self.alerting.detail(alert_id).history]

    def notices(self) -> list[tuple[str, bool]]:
        """Kinds of notices, and whether they are held."""
        return [(row.kind, row.held) for row in self.store.alerts.notices(0)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh state folder under a policy of three notices an hour."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    return World(folder, Policy(max_per_hour=3))


@contextmanager
def busy(world: World) -> Iterator[None]:
    """Another process writes and does not end."""
    connection = sqlite3.connect(world.store.folder / "state.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_creating_what_is_open_returns_the_id_it_has(world: World) -> None:
    """Message and severity are no part of an alert's identity."""
    first = world.create()
    assert world.create(severity=Severity.LOW) == first
    assert world.create("Another") != first
    assert world.alerting.get(first[:8]).count == 2


def test_a_store_opened_by_another_sees_the_acknowledgement(world: World) -> None:
    """What a person did in one console is what an application reads."""
    alert_id = world.create()
    console = Alerting(StateStore(world.store.folder), Policy)
    console.acknowledge(alert_id, actor="ada", comment="looking")
    (alert,) = world.alerting.active("payment")
    assert alert.acknowledged
    assert (alert.acknowledged.by, alert.acknowledged.comment) == ("ada", "looking")
    assert world.alerting.active("api") == ()


def test_a_busy_database_never_holds_up_an_application(world: World) -> None:
    """After 50 ms the event lies in the spool; its id is an alias once it was applied."""
    known = world.create()
    with busy(world):
        began = monotonic()
        again, other = world.create(), world.create("Another")
        assert monotonic() - began < 1.0
        with pytest.raises(NotFoundError):
            world.alerting.get(again)
    assert world.alerting.drain_spools() == 2
    assert world.alerting.get(again).id == known
    assert world.alerting.get(known).count == 2
    assert world.alerting.get(other).title == "Another"
    assert world.alerting.drain_spools() == 0


def test_a_spooled_event_that_was_committed_late_counts_once(world: World) -> None:
    """The event's own id makes applying it twice harmless."""
    with busy(world):
        alert_id = world.create()
    (file,) = spool.spool_folder(world.store.folder).iterdir()
    line = file.read_bytes()
    world.alerting.drain_spools()
    file.write_bytes(line * 2 + b'{"kind": "create", "uu')
    world.alerting.drain_spools()
    assert world.alerting.get(alert_id).count == 1
    assert world.kinds(alert_id) == ["fired"]


def test_who_spooled_an_event_applies_it_where_no_collector_does(world: World) -> None:
    """Once the database can be had again the next flush of the process brings its alert to everybody."""
    with busy(world):
        alert_id = world.create()
        with pytest.raises(StoreError):
            world.alerting.outbox.retry()
    world.alerting.outbox.retry()
    assert world.alerting.get(alert_id).state is AlertState.FIRING
    assert list(spool.spool_folder(world.store.folder).iterdir()) == []


def test_a_resolve_of_a_spooled_alert_finds_it(world: World) -> None:
    """An application may resolve what it created while the database was busy, and is not held up by it."""
    world.create("Another")
    with busy(world):
        alert_id = world.create()
        began = monotonic()
        assert world.alerting.resolve_own(alert_id, actor="payment@7", note="back")
        assert monotonic() - began < 1.0
    world.alerting.drain_spools()
    assert world.alerting.get(alert_id).state is AlertState.RESOLVED
    assert not world.alerting.resolve_own(alert_id, actor="payment@7")
    assert not world.alerting.resolve_own("nobody", actor="payment@7")


def test_a_wish_that_comes_second_is_told_and_kept(world: World) -> None:
    """The error names the first and the history has both."""
    alert_id = world.create()
    world.alerting.resolve(alert_id, actor="ada", note="fixed")
    with pytest.raises(ConflictError, match=r"resolved by ada at 2023.*what you wrote is in its history"):
        world.alerting.acknowledge(alert_id, actor="bob", comment="on it")
    assert world.alerting.detail(alert_id).history[-1].text == "on it"


def test_names_that_are_none_or_several_are_told(world: World) -> None:
    """An unknown id, and a prefix of two."""
    for number in range(17):
        world.create(f"alert {number}")
    prefixes = [alert.id[0] for alert in world.alerting.active()]
    twice = next(p for p in prefixes if prefixes.count(p) > 1)
    with pytest.raises(NotFoundError, match="several alerts begin with"):
        world.alerting.get(twice)
    for unknown in ("", "zz", "%"):
        with pytest.raises(NotFoundError):
            world.alerting.get(unknown)


def test_past_the_hourly_limit_notices_wait_for_one_digest(world: World) -> None:
    """Nothing is lost: stored as held, told together when there is room."""
    for number in range(5):
        world.create(f"alert {number}")
    assert world.notices() == [("opened", False)] * 3 + [("opened", True)] * 2
    world.now += 30 * MINUTE
    world.alerting.tick()
    assert world.store.alerts.held() == 2
    world.now += 31 * MINUTE
    world.alerting.tick()
    assert world.notices()[-1] == ("digest", False)
    assert world.store.alerts.held() == 0
    world.alerting.tick()
    assert len(world.notices()) == 6


def test_a_quiet_second_writes_nothing(world: World) -> None:
    """Ticking and judging what did not change wakes no console."""
    world.fire()
    world.alerting.tick()
    before = world.store.changed()
    for _ in range(5):
        world.now += SECOND
        world.alerting.tick()
        world.alerting.still_true("cpu", value=91.0)
        world.alerting.clear("disk")
    assert world.store.changed() == before
    world.now += 10 * SECOND
    world.alerting.still_true("cpu", value=92.0)
    (alert,) = world.alerting.active()
    assert (alert.value, alert.last_seen_ns) == (92.0, world.now)


def test_a_trouble_that_outlives_its_resolution_fires_anew_once(world: World) -> None:
    """The old alert keeps its history, the new one takes over the condition."""
    old = world.fire()
    world.alerting.resolve(old.id, actor="ada")
    world.alerting.still_true("cpu")
    assert world.alerting.get(old.id).still_true
    for _ in range(3):
        world.now += 31 * MINUTE
        world.alerting.tick()
    (alert,) = world.alerting.active()
    assert alert.id != old.id
    assert not world.alerting.get(old.id).still_true
    assert world.fire().id == alert.id


def test_snoozes_end_by_the_clock_and_rules_that_went_end_silently(world: World) -> None:
    """Both without anybody's doing, each once."""
    alert = world.fire()
    world.alerting.snooze(alert.id, world.now + HOUR, actor="ada")
    world.now += HOUR
    world.alerting.tick()
    world.alerting.tick()
    world.alerting.rules_are(["disk"])
    assert world.kinds(alert.id) == ["fired", "snoozed", "woke", "resolved"]


def test_what_another_process_snoozed_after_a_quiet_second_fires_again_in_time(world: World) -> None:
    """A collector that had nothing to wait for learns that it has, and keeps that in mind until it is due."""
    world.alerting.tick()
    other = StateStore(world.store.folder)
    theirs = Alerting(other, lambda: Policy(), clock=lambda: world.now)
    alert_id = theirs.create("Payment Service Error", "declined", Severity.HIGH, actor="payment@7")
    theirs.snooze(alert_id, world.now + MINUTE, actor="ada")
    other.close()
    for _ in range(2):
        world.alerting.tick()
        assert world.alerting.get(alert_id).state is AlertState.SNOOZED
        world.now += 31 * SECOND
    world.alerting.tick()
    assert world.alerting.get(alert_id).state is AlertState.FIRING


def test_texts_are_masked_and_bounded_before_they_are_stored(world: World) -> None:
    """What lies in the database is what may be shown."""
    given = "login with password=hunter2 failed"
    alert_id = world.alerting.create(given, "x" * 10_000 + "\ud800", Severity.LOW, actor="api@1")
    alert = world.alerting.get(alert_id)
    assert alert.title == mask_text(given)
    assert len(alert.message) == 4_000


def test_old_alerts_go_and_their_history_with_them(world: World) -> None:
    """Ninety days after they were resolved."""
    alert_id = world.create()
    world.alerting.resolve(alert_id, actor="ada")
    world.now += 91 * 24 * HOUR
    world.alerting.tick()
    with pytest.raises(NotFoundError):
        world.alerting.get(alert_id)
    assert world.store.read("SELECT count(*) FROM history") == [(0,)]


def test_repeats_are_bounded(world: World) -> None:
    """A storm of fires leaves the newest two hundred entries beside the ones that changed something."""
    for _ in range(250):
        alert_id = world.create()
    world.alerting.tick()
    assert world.alerting.get(alert_id).count == 250
    assert world.kinds(alert_id) == ["fired"] + ["fired again"] * 200
