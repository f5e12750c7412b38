"""The table of states and events, cell by cell."""

from __future__ import annotations

import pytest
from msgspec import structs

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.engine.monitoring import alert_events as events
from pake_tui.engine.monitoring.alert_events import Event, Notice, NoticeKind
from pake_tui.engine.monitoring.lifecycle import Outcome, digest, settle, step
from pake_tui.model.alert import Alert, AlertState, Policy, Severity

POLICY = Policy()
START = 1_700_000_000 * SECOND


def fire(severity: Severity = Severity.MEDIUM, new_id: str = "one", rule: str = "cpu") -> events.Fire:
    """One edge of one rule."""
    return events.Fire(new_id, "fp", severity, "cpu above 80 %", rule=rule, metric="cpu", value=91.0)


class Story:
    """One alert and the events it meets, a second apart unless time is said to pass."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.now = START
        self.alert: Alert | None = None
        self.kinds: list[str] = []
        self.notices: list[NoticeKind] = []

    def meets(self, *happened: Event, room: int = 99) -> Outcome:
        """Apply events; the last outcome."""
        for event in happened:
            self.now += SECOND
            outcome = step(self.alert, event, self.policy, self.now, room)
            self._take(outcome)
        return outcome

    def passes(self, span_ns: int) -> None:
        """Let time go by, a minute at a time, with what it brings."""
        end = self.now + span_ns
        while self.now < end:
            self.now = min(end, self.now + MINUTE)
            assert self.alert
            for outcome in settle(self.alert, self.policy, self.now, new_id="two"):
                self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        self.alert = outcome.alert
        self.kinds += [entry.kind for entry in outcome.history]
        self.notices += [notice.kind for notice in outcome.notices]

    @property
    def state(self) -> AlertState:
        """Where it stands."""
        assert self.alert
        return self.alert.state


def acked(policy: Policy = POLICY) -> Story:
    """A story whose alert ada has."""
    story = Story(policy)
    story.meets(fire(), events.Acknowledge("ada", "mine"))
    return story


def snoozed(*before: Event) -> Story:
    """A story whose alert sleeps for an hour."""
    story = Story()
    story.meets(fire(), *before, events.Snooze("ada", story.now + HOUR))
    return story


def test_a_first_fire_opens_and_tells() -> None:
    """An edge of a rule without an alert makes one that fires, with one entry and one notice."""
    story = Story()
    story.meets(fire())
    assert (story.state, story.kinds, story.notices) == (AlertState.FIRING, ["fired"], [NoticeKind.OPENED])


@pytest.mark.parametrize(
    "event",
    [
        events.Acknowledge("ada"),
        events.Snooze("ada", START + HOUR),
        events.Resolve("ada"),
        events.Unacknowledge("ada"),
    ],
)
def test_without_an_alert_a_wish_is_refused_in_words(event: Event) -> None:
    """Nobody can take, silence or close what is not open."""
    assert step(None, event, POLICY, START) == Outcome(None, refusal="nothing is open")


def test_a_repeated_fire_only_counts() -> None:
    """A second edge at the same severity counts and tells nobody."""
    story = Story()
    story.meets(fire(), fire(), fire(Severity.LOW))
    assert story.alert
    assert (story.alert.count, story.alert.severity) == (3, Severity.MEDIUM)
    assert story.notices == [NoticeKind.OPENED]


def test_a_higher_severity_tells_within_the_cooldown() -> None:
    """A rise is news at once."""
    story = Story()
    story.meets(fire(), fire(Severity.HIGH))
    assert story.notices == [NoticeKind.OPENED, NoticeKind.ESCALATED]


def test_a_rule_that_stays_true_is_no_fire() -> None:
    """Staying true renews the value and leaves count, history and people alone."""
    story = Story()
    story.meets(fire(), events.StillTrue(95.0))
    assert story.alert
    assert (story.alert.value, story.alert.count, story.kinds) == (95.0, 1, ["fired"])


def test_a_falling_severity_is_recorded_and_keeps_the_acknowledgement() -> None:
    """Falling makes one entry, no notice; rising back to what was acknowledged is no news."""
    story = Story()
    story.meets(fire(Severity.HIGH), events.Acknowledge("ada"), events.StillTrue(1.0, Severity.LOW))
    assert (story.state, story.kinds[-1]) == (AlertState.ACKNOWLEDGED, "severity")
    story.meets(fire(Severity.HIGH))
    assert story.state is AlertState.ACKNOWLEDGED
    assert story.notices == [NoticeKind.OPENED]


def test_a_rise_above_what_was_acknowledged_fires_again() -> None:
    """An acknowledgement covers what was seen, and stays in the history."""
    story = acked()
    story.meets(fire(Severity.CRITICAL))
    assert story.alert
    assert (story.state, story.alert.acknowledged) == (AlertState.FIRING, None)
    assert story.kinds == ["fired", "acknowledged", "escalated"]
    assert story.notices[-1] is NoticeKind.ESCALATED


def test_clear_resolves_by_rule_in_any_live_state() -> None:
    """Firing, acknowledged or snoozed: a false rule ends it, whoever has it."""
    for story in (Story(), acked(), snoozed()):
        if story.alert is None:
            story.meets(fire())
        story.meets(events.Clear(10.0))
        assert story.alert
        assert story.alert.resolved
        assert story.alert.resolved.by_rule
        assert story.notices[-1] is NoticeKind.RESOLVED


def test_the_second_to_acknowledge_is_told_who_and_keeps_what_was_typed() -> None:
    """No change, the name and time of the first, the comment in the history."""
    story = acked()
    outcome = story.meets(events.Acknowledge("bob", "restarting it"))
    assert story.alert
    assert story.alert.acknowledged
    assert story.alert.acknowledged.by == "ada"
    assert outcome.refusal.startswith("acknowledged by ada at 2023-11-14 22:13:22 UTC")
    assert [(e.kind, e.actor, e.text) for e in outcome.history] == [("commented", "bob", "restarting it")]


def test_resolved_by_hand_stays_resolved_while_the_condition_holds() -> None:
    """It is marked, and tells nobody a second time within the cooldown."""
    story = Story()
    story.meets(fire(), events.Resolve("ada", "known"), events.StillTrue(99.0))
    story.passes(29 * MINUTE)
    assert story.alert
    assert (story.state, story.alert.still_true) == (AlertState.RESOLVED, True)


def test_resolved_by_hand_fires_anew_after_the_cooldown_if_still_true() -> None:
    """A trouble that outlives its resolution comes back as a new alert, once."""
    story = Story()
    story.meets(fire(), events.Resolve("ada"))
    story.passes(31 * MINUTE)
    assert story.alert
    assert (story.alert.id, story.state, story.notices[-1]) == ("two", AlertState.FIRING, NoticeKind.OPENED)


def test_a_second_resolve_is_told_who_was_first() -> None:
    """Nothing changes; the note is kept."""
    story = Story()
    story.meets(fire(), events.Resolve("ada"))
    outcome = story.meets(events.Resolve("bob", "me too"))
    assert "resolved by ada" in outcome.refusal
    assert outcome.history[0].text == "me too"


def test_reopening_after_a_rule_resolved_keeps_the_acknowledgement_and_is_silent() -> None:
    """Who had it still has it."""
    story = acked()
    story.meets(events.Clear(), fire())
    story.passes(HOUR)
    assert story.alert
    assert (story.state, story.alert.reopened) == (AlertState.ACKNOWLEDGED, 1)
    assert story.notices == [NoticeKind.OPENED, NoticeKind.RESOLVED]


def test_reopening_after_a_person_resolved_tells_when_the_cooldown_ends() -> None:
    """It fires again at once, and is told once the cooldown has passed."""
    story = acked()
    story.meets(events.Resolve("ada"), fire())
    assert (story.state, story.notices[-1]) == (AlertState.FIRING, NoticeKind.RESOLVED)
    story.passes(31 * MINUTE)
    assert story.notices[-1] is NoticeKind.REOPENED


def test_a_reopening_that_ends_before_the_cooldown_tells_nobody() -> None:
    """Its notice is due only if it still fires then."""
    story = Story()
    story.meets(fire(), events.Clear(), fire(), events.Clear())
    story.passes(2 * HOUR)
    assert story.notices == [NoticeKind.OPENED, NoticeKind.RESOLVED]


@pytest.mark.parametrize(
    ("first", "again", "kind"),
    [
        (Severity.CRITICAL, Severity.CRITICAL, NoticeKind.REOPENED),
        (Severity.LOW, Severity.MEDIUM, NoticeKind.ESCALATED),
    ],
)
def test_a_critical_or_a_higher_reopening_tells_at_once(
    first: Severity, again: Severity, kind: NoticeKind
) -> None:
    """No cooldown stops those two."""
    story = Story()
    story.meets(fire(first), events.Clear(), fire(again))
    assert (story.state, story.notices[-1]) == (AlertState.FIRING, kind)


def test_after_the_cooldown_a_fire_is_a_new_alert() -> None:
    """The old one rests with its history."""
    story = Story()
    story.meets(fire(), events.Clear())
    story.passes(31 * MINUTE)
    story.meets(fire(new_id="two"))
    assert story.alert
    assert (story.alert.id, story.alert.reopened) == ("two", 0)


def test_a_snooze_is_silent_and_wakes_to_what_is_true() -> None:
    """It fires when it wakes if the condition still holds."""
    story = snoozed()
    story.meets(fire())
    assert story.state is AlertState.SNOOZED
    story.passes(HOUR)
    assert (story.state, story.notices) == (AlertState.FIRING, [NoticeKind.OPENED, NoticeKind.WOKE])


def test_a_snooze_over_an_acknowledgement_wakes_to_it() -> None:
    """The acknowledgement was kept under it."""
    story = snoozed(events.Acknowledge("bob"))
    story.passes(HOUR)
    assert story.alert
    assert story.alert.acknowledged
    assert (story.state, story.alert.acknowledged.by) == (AlertState.ACKNOWLEDGED, "bob")


def test_a_snooze_is_broken_by_a_higher_severity_and_ended_by_an_acknowledgement() -> None:
    """The two ways out before its time."""
    story = snoozed()
    story.meets(fire(Severity.CRITICAL))
    assert (story.state, story.notices[-1]) == (AlertState.FIRING, NoticeKind.ESCALATED)
    other = snoozed()
    other.meets(events.Acknowledge("bob"))
    assert other.alert
    assert (other.state, other.alert.snoozed_until_ns) == (AlertState.ACKNOWLEDGED, None)


def test_giving_back_tells_nobody_and_an_expired_acknowledgement_tells_once() -> None:
    """Both become firing."""
    story = acked()
    story.meets(events.Unacknowledge("ada"))
    assert (story.state, story.notices) == (AlertState.FIRING, [NoticeKind.OPENED])
    other = acked(Policy(ack_expires_ns=HOUR))
    other.passes(2 * HOUR)
    assert (other.state, other.notices) == (AlertState.FIRING, [NoticeKind.OPENED, NoticeKind.ACK_EXPIRED])


def test_missing_data_marks_and_never_resolves() -> None:
    """The row says so; the next measurement takes the mark away."""
    story = Story()
    story.meets(fire(), events.NoData(), events.NoData())
    assert story.alert
    assert (story.state, story.alert.no_data, story.kinds) == (AlertState.FIRING, True, ["fired", "no data"])
    story.meets(events.StillTrue(90.0))
    assert not story.alert.no_data


def test_a_deleted_rule_resolves_and_pages_nobody() -> None:
    """Its alerts end by rule, in silence."""
    story = Story()
    story.meets(fire(), events.RuleDeleted())
    assert (story.state, story.notices) == (AlertState.RESOLVED, [NoticeKind.OPENED])


def test_an_alert_of_an_application_may_expire() -> None:
    """It ends by itself only if its maker said when."""
    story = Story()
    story.meets(
        events.Fire("one", "fp", Severity.LOW, "slow", actor="api@1", expires_ns=START + HOUR),
        events.Comment("a", "b"),
    )
    story.passes(2 * HOUR)
    assert story.state is AlertState.RESOLVED


def test_a_silence_withholds_and_ends_with_one_notice() -> None:
    """The state goes on; at its end people are told once if it still fires."""
    story = Story()
    story.meets(fire())
    story.meets(events.Suppress("maintenance by bob"), fire(Severity.HIGH))
    assert story.notices == [NoticeKind.OPENED]
    story.meets(events.Unsuppress())
    story.passes(HOUR)
    assert len(story.notices) == 2


def test_three_reopenings_within_an_hour_flap_once_and_then_rest() -> None:
    """One notice that it flaps, no resolve by rule meanwhile, quiet until half an hour was steady."""
    story = Story()
    story.meets(fire(), *[events.Clear(), fire()] * 3)
    assert story.alert
    assert (story.alert.flapping, story.notices[-1]) == (True, NoticeKind.FLAPPING)
    told = len(story.notices)
    story.meets(events.Clear(), fire(), events.Clear())
    assert (story.state, len(story.notices)) == (AlertState.FIRING, told)
    story.passes(31 * MINUTE)
    assert (story.state, story.alert.flapping) == (AlertState.RESOLVED, False)


def test_the_hour_is_full_but_critical_is_never_held_back() -> None:
    """Past the limit a notice is stored as held; a critical one goes out all the same."""
    held = step(None, fire(), POLICY, START, room=0)
    assert held.alert
    assert [n.held for n in held.notices] == [True]
    assert held.alert.held_back == 1
    assert [n.held for n in step(None, fire(Severity.CRITICAL), POLICY, START, room=0).notices] == [False]


def test_resolved_is_told_only_if_the_opening_was() -> None:
    """Nobody hears the end of what they never heard of."""
    story = Story()
    story.meets(fire(), room=0)
    story.meets(events.Clear())
    assert story.notices == [NoticeKind.OPENED]


def test_what_was_held_back_goes_out_as_one_digest() -> None:
    """As soon as there is room, with how many and which."""
    held = [
        Notice("a", "fp", NoticeKind.OPENED, Severity.HIGH, f"alert {n}", START, held=True) for n in range(7)
    ]
    assert digest(held, POLICY, START, room=0) is None
    told = digest(held, POLICY, START, room=1)
    assert told
    assert told.text == "7 held back in the last 1 h: alert 0; alert 1; alert 2; alert 3; alert 4 and 2 more"


def test_reminders_are_off_by_default_and_keep_the_cooldown() -> None:
    """Only where the policy says so, only while firing."""
    story, other = Story(), Story(Policy(reminder_ns=HOUR))
    story.meets(fire())
    other.meets(fire())
    story.passes(5 * HOUR)
    other.passes(150 * MINUTE)
    assert story.notices == [NoticeKind.OPENED]
    assert other.notices == [NoticeKind.OPENED, NoticeKind.REMINDER, NoticeKind.REMINDER]


def test_acknowledging_and_clearing_at_once_end_resolved_in_any_order() -> None:
    """Two processes, one moment, one end."""
    for order in ((events.Acknowledge("ada"), events.Clear()), (events.Clear(), events.Acknowledge("ada"))):
        story = Story()
        story.meets(fire(), *order)
        assert story.state is AlertState.RESOLVED


def test_a_clock_that_was_years_ahead_silences_nothing_for_years() -> None:
    """After it was put right, a recurrence is told within one cooldown."""
    story = Story()
    story.now += 3 * 365 * 24 * HOUR
    story.meets(fire(), events.Resolve("ada"))
    story.now = START
    story.meets(events.Clear(), fire())
    story.passes(31 * MINUTE)
    assert story.notices[-1] is NoticeKind.REOPENED


def test_while_it_flaps_even_a_rise_waits_until_it_is_steady() -> None:
    """One notice that it flaps, then none; what happened meanwhile is told afterwards."""
    story = Story()
    story.meets(fire(Severity.LOW), *[events.Clear(), fire(Severity.LOW)] * 3)
    told = len(story.notices)
    story.meets(fire(Severity.HIGH))
    assert len(story.notices) == told
    story.passes(31 * MINUTE)
    assert story.notices[told:] == [NoticeKind.ESCALATED]


def test_the_end_of_a_silence_tells_only_while_it_fires() -> None:
    """Once where nothing was told of it before, never while somebody has it."""
    story = Story()
    story.meets(structs.replace(fire(), suppressed="maintenance"), events.Unsuppress())
    assert story.notices == [NoticeKind.UNSUPPRESSED]
    other = acked()
    other.meets(events.Suppress("maintenance"), events.Unsuppress())
    other.passes(HOUR)
    assert other.notices == [NoticeKind.OPENED]


def test_giving_back_what_nobody_was_told_of_tells_within_the_cooldown() -> None:
    """No alert fires for longer than its cooldown without a notice."""
    story = Story()
    story.meets(fire(), events.Resolve("ada"), fire(), events.Acknowledge("bob"), events.Unacknowledge("bob"))
    told = len(story.notices)
    story.passes(31 * MINUTE)
    assert len(story.notices) == told + 1


def test_a_notice_put_off_by_a_wrong_clock_waits_one_cooldown_at_most() -> None:
    """The clock steps back by a year while a notice waits."""
    story = Story()
    story.meets(fire(), events.Resolve("ada"), fire())
    told = len(story.notices)
    story.now -= 365 * 24 * HOUR
    story.meets(events.Comment("ada", "the clock was wrong"))
    story.passes(31 * MINUTE)
    assert story.notices[told:] == [NoticeKind.REOPENED]


def test_a_snooze_does_not_wake_to_an_acknowledgement_that_expired() -> None:
    """Its time ran on under the snooze."""
    story = Story(Policy(ack_expires_ns=10 * MINUTE))
    story.meets(fire(), events.Acknowledge("ada"), events.Snooze("ada", story.now + HOUR))
    story.passes(HOUR)
    assert (story.state, story.notices[-1]) == (AlertState.FIRING, NoticeKind.WOKE)
