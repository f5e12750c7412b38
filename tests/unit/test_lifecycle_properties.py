"""The invariants of the lifecycle over random events and clocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.monitoring import alert_events as events
from pake_tui.engine.monitoring.alert_events import Event, Notice, NoticeKind
from pake_tui.engine.monitoring.lifecycle import Outcome, counts, settle, step
from pake_tui.engine.store.encoding import decode, encode
from pake_tui.model.alert import Alert, AlertEvent, AlertState, Policy, Severity

FINGERPRINTS = ("cpu", "app")
PEOPLE = ("ada", "bob")
FIRST: tuple[Event, ...] = (
    events.Acknowledge("ada"),
    events.Snooze("ada", 1_700_010_000 * SECOND),
    events.Suppress("maintenance"),
    events.Resolve("bob"),
    events.Clear(1.0),
)
THEN: tuple[Event | None, ...] = (
    events.Unacknowledge("ada"),
    events.Unsuppress(),
    events.Acknowledge("bob"),
    events.StillTrue(1.0),
    None,
)
FREE = (NoticeKind.ESCALATED, NoticeKind.FLAPPING, NoticeKind.RESOLVED)
STEP = MINUTE
Where = AlertState

CELLS = {
    "fired": {(None, Where.FIRING)},
    "fired again": {(s, s) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
    "escalated": {(s, Where.FIRING) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
    "reopened": {(Where.RESOLVED, Where.FIRING), (Where.RESOLVED, Where.ACKNOWLEDGED)},
    "severity": {(s, s) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
    "resolved": {(s, Where.RESOLVED) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
    "acknowledged": {(Where.FIRING, Where.ACKNOWLEDGED), (Where.SNOOZED, Where.ACKNOWLEDGED)},
    "unacknowledged": {(Where.ACKNOWLEDGED, Where.FIRING)},
    "acknowledgement expired": {(Where.ACKNOWLEDGED, Where.FIRING)},
    "snoozed": {(s, Where.SNOOZED) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
    "woke": {(Where.SNOOZED, Where.FIRING), (Where.SNOOZED, Where.ACKNOWLEDGED)},
    "commented": {(s, s) for s in Where},
    "no data": {(s, s) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
    "suppressed": {(s, s) for s in Where},
    "unsuppressed": {(s, s) for s in Where},
    "steady": {(s, s) for s in (Where.FIRING, Where.ACKNOWLEDGED, Where.SNOOZED)},
}


@dataclass
class Watch:
    """What the test itself remembers of one alert, apart from the code under test."""

    heard: bool = False
    """A notice of its (re)opening or later was sent."""
    due: bool = False
    """One was sent or held back."""
    waits_ns: int = 0
    """For how long it has been firing, unsilenced and unacknowledged."""
    held: int = 0
    history: list[AlertEvent] = field(default_factory=list)


class Lifecycle(RuleBasedStateMachine):
    """Several alerts under one hourly limit, a collector that ticks each minute, and a clock that may step
    back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_700_000_000 * SECOND
        self.alerts: dict[str, list[Alert]] = {name: [] for name in FINGERPRINTS}
        self.watches: dict[str, Watch] = {}
        self.sent: list[tuple[int, Notice]] = []
        self.last_told: dict[str, int] = {}
        self.due = self.held = 0
        self.ids = 0
        self.policy = Policy()

    @initialize(
        limit=st.integers(1, 4),
        ack=st.sampled_from([None, 2 * HOUR]),
        reminder=st.sampled_from([None, HOUR]),
    )
    def choose(self, limit: int, ack: int | None, reminder: int | None) -> None:
        """A policy tight enough to bite."""
        self.policy = Policy(max_per_hour=limit, ack_expires_ns=ack, reminder_ns=reminder)

    @rule(name=st.sampled_from(FINGERPRINTS), severity=st.sampled_from(Severity), minutes=st.integers(0, 12))
    def fire(self, name: str, severity: Severity, minutes: int) -> None:
        """An edge."""
        self.pass_time(minutes)
        self.apply(name, self._fire(name, severity))

    @rule(
        severity=st.sampled_from([Severity.LOW, Severity.CRITICAL]),
        minutes=st.integers(0, 9),
        last=st.booleans(),
    )
    def flap(self, severity: Severity, minutes: int, last: bool) -> None:
        """An edge back and forth, often enough to count as flapping."""
        for _ in range(4):
            self.clear("cpu", minutes)
            self.fire("cpu", severity, minutes)
        if last:
            self.clear("cpu", minutes)

    @rule(
        name=st.sampled_from(FINGERPRINTS),
        severity=st.sampled_from(Severity),
        first=st.sampled_from(FIRST),
        then=st.sampled_from(THEN),
    )
    def incident(self, name: str, severity: Severity, first: Event, then: Event | None) -> None:
        """It fires, something happens to it, it fires again or not, and something ends that."""
        self.apply(name, self._fire(name, Severity.LOW))
        if not (name == "app" and isinstance(first, events.Clear)):
            self.apply(name, first)
        self.apply(name, self._fire(name, severity))
        if then and not (name == "app" and isinstance(then, events.StillTrue)):
            self.apply(name, then)
        self.pass_time(31)

    @rule(name=st.sampled_from(FINGERPRINTS[:1]), severity=st.sampled_from([None, *Severity]))
    def stays_true(self, name: str, severity: Severity | None) -> None:
        """No edge."""
        self.apply(name, events.StillTrue(90.0, severity))

    @rule(name=st.sampled_from(FINGERPRINTS[:1]), minutes=st.integers(0, 12))
    def clear(self, name: str, minutes: int) -> None:
        """The rule became false."""
        self.pass_time(minutes)
        self.apply(name, events.Clear(1.0))

    @rule(name=st.sampled_from(FINGERPRINTS), who=st.sampled_from(PEOPLE), said=st.sampled_from(["", "mine"]))
    def acknowledge(self, name: str, who: str, said: str) -> None:
        """A person takes it."""
        self.apply(name, events.Acknowledge(who, said))

    @rule(name=st.sampled_from(FINGERPRINTS), event=st.sampled_from([
        events.Unacknowledge("ada"), events.Resolve("bob", "done"), events.Comment("ada", "hm"),
        events.Suppress("maintenance"), events.Unsuppress(), events.RuleDeleted(),
    ]))  # fmt: skip
    def anything_else(self, name: str, event: Event) -> None:
        """What people, silences and edits of the rules do."""
        if not (isinstance(event, events.RuleDeleted) and name == "app"):
            self.apply(name, event)

    @rule(name=st.sampled_from(FINGERPRINTS), minutes=st.integers(-5, 90))
    def snooze(self, name: str, minutes: int) -> None:
        """A person wants silence."""
        self.apply(name, events.Snooze("ada", self.now + minutes * MINUTE))

    @rule(name=st.sampled_from(FINGERPRINTS))
    def no_data(self, name: str) -> None:
        """Missing data changes no state (6)."""
        before = [alert.state for alert in self.alerts[name]]
        self.apply(name, events.NoData())
        assert [alert.state for alert in self.alerts[name]] == before

    @rule(minutes=st.sampled_from([1, 7, 31, 61, 125]))
    def pass_time(self, minutes: int) -> None:
        """The collector ticks each minute."""
        for _ in range(minutes):
            self.now += STEP
            for alerts in self.alerts.values():
                for alert in alerts:
                    waits = alert.state is AlertState.FIRING and not alert.suppressed and not alert.flapping
                    watch = self.watches[alert.id]
                    watch.waits_ns = watch.waits_ns + STEP if waits else 0
            self.tick()

    @rule(seconds=st.integers(1, 3 * 3600))
    def clock_steps_back(self, seconds: int) -> None:
        """Nothing changes by that (12), once what was due before it is done."""
        self.tick()
        self.now -= seconds * SECOND
        self.sent = [(min(at, self.now), notice) for at, notice in self.sent]
        self.last_told = {name: min(at, self.now) for name, at in self.last_told.items()}
        for watch in self.watches.values():
            watch.waits_ns = 0
        told, states = len(self.sent), self.states()
        self.tick()
        assert (len(self.sent), self.states()) == (told, states)

    @rule()
    def restart(self) -> None:
        """What is read back is what was (10)."""
        for alerts in self.alerts.values():
            for alert in alerts:
                row = encode(alert)
                assert decode((*row[:4], row[6], row[7], row[4], row[5], *row[9:])) == alert

    @invariant()
    def one_live_alert_each(self) -> None:
        """At most one alert of a fingerprint is live (1)."""
        for alerts in self.alerts.values():
            assert sum(alert.live for alert in alerts) <= 1

    @invariant()
    def history_replays(self) -> None:
        """The last entry says the state and severity (2)."""
        for alerts in self.alerts.values():
            for alert in alerts:
                last = self.watches[alert.id].history[-1]
                assert (last.state, last.severity) == (alert.state, alert.severity)

    @invariant()
    def no_higher_than_acknowledged(self) -> None:
        """A severity above the acknowledged one fires (8)."""
        for alerts in self.alerts.values():
            for alert in alerts:
                if alert.state is AlertState.ACKNOWLEDGED:
                    assert alert.acknowledged
                    assert alert.severity <= alert.acknowledged.severity

    @invariant()
    def nothing_is_lost(self) -> None:
        """What was due was sent or held back (13), and a recurrence reaches somebody within its cooldown."""
        assert self.due == len(self.sent) + self.held
        for alerts in self.alerts.values():
            for alert in alerts:
                watch = self.watches[alert.id]
                assert alert.held_back == watch.held
                if watch.waits_ns > self.policy.cooldown_ns + STEP:
                    assert watch.due, f"{alert} told nobody"

    def states(self) -> list[AlertState]:
        """Of all alerts."""
        return [alert.state for alerts in self.alerts.values() for alert in alerts]

    def _fire(self, name: str, severity: Severity) -> events.Fire:
        self.ids += 1
        return events.Fire(f"{name}{self.ids}", name, severity, name, rule="" if name == "app" else name)

    def room(self) -> int:
        """What the hour allows."""
        recent = [n for at, n in self.sent if at > self.now - HOUR and counts(n)]
        return self.policy.max_per_hour - len(recent)

    def tick(self) -> None:
        """What time alone brings, to each alert."""
        for name, alerts in self.alerts.items():
            for seen in alerts[-1:]:
                before = seen
                self.ids += 1
                for outcome in settle(seen, self.policy, self.now, self.room(), f"{name}{self.ids}"):
                    self.take(name, before, outcome)
                    if outcome.alert and outcome.alert.id == before.id:
                        before = outcome.alert

    def apply(self, name: str, event: Event) -> None:
        """One event to the newest alert of a fingerprint."""
        seen = self.alerts[name][-1] if self.alerts[name] else None
        outcome = step(seen, event, self.policy, self.now, self.room())
        if seen and seen.state is AlertState.RESOLVED and outcome.alert and outcome.alert.id == seen.id:
            assert outcome.alert.state is AlertState.RESOLVED or isinstance(event, events.Fire), (
                "only fire (7)"
            )
        self.take(name, seen, outcome)

    def take(self, name: str, seen: Alert | None, outcome: Outcome) -> None:
        """Keep an outcome, and hold it against the invariants."""
        alert = outcome.alert
        if alert is None:
            return
        fresh = seen is None or alert.id != seen.id
        if fresh:
            if seen and seen.still_true:
                self._store(name, _without_mark(seen))
            self.watches[alert.id] = Watch()
        watch = self.watches[alert.id]
        assert len(outcome.history) <= 1, "one entry per event (2)"
        before = None if fresh or seen is None else seen.state
        if before is not alert.state:
            assert outcome.history, "a change without an entry (2)"
        for entry in outcome.history:
            assert (before, alert.state) in CELLS[entry.kind], f"{entry.kind}: {before} to {alert.state} (2)"
            watch.history.append(entry)
            if entry.kind == "reopened":
                watch.heard = watch.due = False
        for notice in outcome.notices:
            self.hear(name, alert, watch, notice)
        if before is not alert.state:
            watch.waits_ns = 0
        self._store(name, alert)

    def hear(self, name: str, alert: Alert, watch: Watch, notice: Notice) -> None:
        """One notice against the invariants."""
        self.due += 1
        if notice.kind is NoticeKind.RESOLVED:
            assert watch.heard, "resolved without an opening (9)"
            assert alert.state is AlertState.RESOLVED
        else:
            assert alert.state is AlertState.FIRING, "told while somebody has it (5)"
            assert not alert.suppressed
            assert notice.kind is NoticeKind.FLAPPING or not alert.flapping, "told while flapping (5)"
            watch.due = True
        exempt = notice.kind in FREE or (
            notice.kind is NoticeKind.REOPENED and notice.severity is Severity.CRITICAL
        )
        if not exempt:
            last = self.last_told.get(name)
            assert last is None or self.now - last >= self.policy.cooldown_ns, "within the cooldown (4)"
            self.last_told[name] = self.now
        if notice.held:
            assert notice.severity is not Severity.CRITICAL, "critical is never held back"
            self.held += 1
            watch.held += 1
            return
        if notice.kind is not NoticeKind.RESOLVED:
            watch.heard = True
        self.sent.append((self.now, notice))
        assert self.room() >= 0 or not counts(notice), "more than the hour allows (3)"

    def _store(self, name: str, alert: Alert) -> None:
        alerts = self.alerts[name]
        for index, other in enumerate(alerts):
            if other.id == alert.id:
                alerts[index] = alert
                return
        alerts.append(alert)


def _without_mark(alert: Alert) -> Alert:
    """As the store keeps the old alert once a new one took over its condition."""
    from msgspec.structs import replace

    return replace(alert, still_true=False)


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
