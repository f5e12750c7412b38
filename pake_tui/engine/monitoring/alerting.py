"""Alerts as processes use them: each event goes through the lifecycle inside one transaction of the store."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from pake_tui.clock import MINUTE, SECOND, now_ns
from pake_tui.engine.monitoring import alert_events as events
from pake_tui.engine.monitoring import keeping, spool
from pake_tui.engine.monitoring.identity import MOST_TITLE, clean, clean_tags, fingerprint
from pake_tui.engine.monitoring.lifecycle import Outcome, begun, step
from pake_tui.engine.monitoring.outbox import Outbox
from pake_tui.engine.settings.schema import MonitoringSettings
from pake_tui.engine.store import alerts as table
from pake_tui.engine.store import silences
from pake_tui.engine.store.database import WRITE_TIMEOUT
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError, NotFoundError, StoreError
from pake_tui.model.alert import Alert, AlertDetail, Policy, Severity
from pake_tui.model.sample import Tags
from pake_tui.model.silence import Silence, why

RENEW_NS = 10 * SECOND
MOST_LIVE = 20_000
COUNT_EVERY = 50
"""Counting what is open takes time where that is much: so many new alerts of a process pass uncounted."""

Pick = Callable[[sqlite3.Connection], Alert | None]


def policy_of(monitoring: MonitoringSettings) -> Policy:
    """The fatigue settings in force, as the lifecycle takes them."""
    return Policy(
        cooldown_ns=int(monitoring.alert_cooldown_minutes * MINUTE),
        max_per_hour=monitoring.max_alerts_per_hour,
    )


class Alerting:
    """What the collector, an application's monitor, a console and a command do with alerts.

    `policy` is asked at every event, so that an edited setting counts at once. Texts are masked here.
    """

    def __init__(
        self, store: StateStore, policy: Callable[[], Policy], *, clock: Callable[[], int] = now_ns
    ) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._tidied_ns: int | None = None
        self._settled: int | None = None
        """The state of the store at which time alone brings nothing, once it was found so."""
        self._opened = 0
        self.outbox = Outbox(store, self._apply)
        """What this process's application did, until it is in the store."""

    def fire(
        self,
        rule: str,
        *,
        title: str,
        message: str,
        severity: Severity,
        tags: Tags = (),
        service: str = "",
        metric: str = "",
        value: float | None = None,
        threshold: float | None = None,
        runbook_url: str = "",
    ) -> Alert:
        """The edge: a rule became true (after its `for`). Identity is rule and tags."""
        own = clean_tags(tags)
        event = events.Fire(
            new_id=uuid.uuid4().hex,
            fingerprint=fingerprint("rule", rule, own),
            severity=severity,
            title=clean(title, MOST_TITLE),
            message=clean(message),
            tags=own,
            service=service,
            rule=rule,
            metric=metric,
            value=value,
            threshold=threshold,
            runbook_url=runbook_url,
        )
        fired = self._change(_newest(event.fingerprint), event).alert
        if fired is None:
            raise StoreError(f"the alert of rule {rule} was not kept")
        return fired

    def still_true(
        self,
        rule: str,
        tags: Tags = (),
        value: float | None = None,
        severity: Severity | None = None,
        title: str = "",
        message: str = "",
    ) -> Alert | None:
        """A rule stays true: no fire, but it renews `last_seen`, value and words (every 10 s at most).

        A higher severity rises and notifies, a lower one is recorded. None if the rule has no alert.
        """
        event = events.StillTrue(value, severity, clean(title, MOST_TITLE), clean(message))
        return self._judged(rule, tags, event, lambda alert: self._is_news(alert, event))

    def clear(self, rule: str, tags: Tags = (), value: float | None = None) -> Alert | None:
        """A rule was false for its `resolve_for`. None if it never had an alert."""
        return self._judged(rule, tags, events.Clear(value), lambda alert: alert.live or alert.still_true)

    def no_data(self, rule: str, tags: Tags = ()) -> Alert | None:
        """Nothing was measured for five intervals: the row says so, nothing resolves."""
        return self._judged(rule, tags, events.NoData(), lambda alert: alert.live and not alert.no_data)

    def rules_are(self, rules: Iterable[str]) -> None:
        """These rules exist; alerts of any other resolve `by rule`, nobody is paged."""
        names = set(rules)
        orphans = [a for a in self._store.alerts.unsettled() if a.rule and a.rule not in names]
        for alert in orphans:
            self._change(_by_id(alert.id), events.RuleDeleted())

    def create(
        self,
        title: str,
        message: str,
        severity: Severity,
        *,
        actor: str,
        tags: Tags = (),
        service: str = "",
        expires_after_ns: int | None = None,
    ) -> str:
        """An application's alert: the id of the live one with this service, title and tags, or of a new one.

        Waits 50 ms for the database at most; then the event stays in the `outbox`, and the id is an alias
        that `get` resolves once it was applied. StoreError only if too many wait there.
        """
        event = {
            "kind": "create",
            "uuid": uuid.uuid4().hex,
            "title": clean(title, MOST_TITLE),
            "message": clean(message),
            "severity": int(severity),
            "tags": clean_tags(tags),
            "service": service,
            "actor": actor,
            "expires_after_ns": expires_after_ns,
        }
        return self.outbox.send(event) or str(event["uuid"])

    def resolve_own(self, alert_id: str, *, actor: str, note: str = "") -> bool:
        """An application resolves its alert; kept like what it creates.

        False if it was resolved already or nobody knows it, and while it waits.
        """
        with suppress(StoreError):  # then it is kept behind what it resolves
            if not self._store.alerts.find(alert_id):
                self.outbox.drain()
        event = {
            "kind": "resolve",
            "uuid": uuid.uuid4().hex,
            "alert_id": alert_id,
            "actor": actor,
            "note": clean(note),
        }
        return bool(self.outbox.send(event))

    def acknowledge(self, alert_id: str, *, actor: str, comment: str = "") -> Alert:
        """A person takes it.

        NotFoundError; ConflictError says who has or resolved it; the comment is kept.
        """
        return self._wish(alert_id, events.Acknowledge(actor, clean(comment)))

    def unacknowledge(self, alert_id: str, *, actor: str) -> Alert:
        """Give it back. ConflictError if nobody has it."""
        return self._wish(alert_id, events.Unacknowledge(actor))

    def snooze(self, alert_id: str, until_ns: int, *, actor: str, comment: str = "") -> Alert:
        """Silent until a time (UTC ns)."""
        return self._wish(alert_id, events.Snooze(actor, until_ns, clean(comment)))

    def resolve(self, alert_id: str, *, actor: str, note: str = "") -> Alert:
        """A person closes it. ConflictError says who was first."""
        return self._wish(alert_id, events.Resolve(actor, clean(note)))

    def comment(self, alert_id: str, text: str, *, actor: str) -> Alert:
        """Add to its history."""
        return self._wish(alert_id, events.Comment(actor, clean(text)))

    def get(self, alert_id: str) -> Alert:
        """By id, alias or unique prefix. NotFoundError, also where several begin so."""
        return self.detail(alert_id).alert

    def detail(self, alert_id: str) -> AlertDetail:
        """One alert with its history, oldest first. NotFoundError."""
        alert, history = self._store.alerts.with_history(self._whole(alert_id))
        if alert is None:
            raise NotFoundError(f"no alert {alert_id!r}", hint="pake-tui alerts lists them")
        return AlertDetail(alert, history)

    def active(self, service: str | None = None) -> tuple[Alert, ...]:
        """Firing, acknowledged and snoozed alerts (of one service), in the panel's order."""
        return self._store.alerts.live(service)

    def tick(self, parents: keeping.Parents = lambda alert: "") -> None:
        """What time alone brings; the collector calls it each second. `parents` as `keeping.settle_all`."""
        now, seen = self._clock(), self._store.changed()
        if seen != self._settled:
            waits = keeping.settle_all(self._store, self._policy(), now, parents)
            self._settled = None if waits else seen
        if self._tidied_ns is None or abs(now - self._tidied_ns) > keeping.TIDY_EVERY_NS:
            keeping.tidy(self._store, now)
            self._tidied_ns = now

    def drain_spools(self) -> int:
        """Apply what processes spooled while the database could not be had; how many. The collector, each
        second, and who spooled something.
        """
        return spool.drain(self._store.folder, self._apply)

    def _whole(self, alert_id: str) -> str:
        found = self._store.alerts.find(alert_id.strip())
        if len(found) > 1:
            raise NotFoundError(f"several alerts begin with {alert_id!r}: {', '.join(i[:12] for i in found)}")
        if not found:
            raise NotFoundError(f"no alert {alert_id!r}", hint="pake-tui alerts lists them")
        return found[0]

    def _wish(self, alert_id: str, event: events.Event) -> Alert:
        """What a person wants: done, or refused in words after what they typed was kept."""
        whole = self._whole(alert_id)
        outcome = self._change(_by_id(whole), event)
        if outcome.alert is None:
            raise NotFoundError(f"no alert {alert_id!r}", hint="pake-tui alerts lists them")
        if outcome.refusal:
            kept = "; what you wrote is in its history" if outcome.history else ""
            raise ConflictError(f"alert {whole[:8]}: {outcome.refusal}{kept}")
        return outcome.alert

    def _judged(
        self, rule: str, tags: Tags, event: events.Event, wanted: Callable[[Alert], bool]
    ) -> Alert | None:
        """An event of a rule's judgement; no transaction where it would change nothing."""
        own = fingerprint("rule", rule, clean_tags(tags))
        alert = table.newest(self._store.read, own)
        if alert is None or not wanted(alert):
            return alert
        return self._change(_newest(own), event).alert

    def _is_news(self, alert: Alert, event: events.StillTrue) -> bool:
        if not alert.live:
            return not alert.still_true and alert.resolved is not None and not alert.resolved.by_rule
        changed = alert.no_data or event.title not in ("", alert.title) or not alert.memory.get("true")
        changed = changed or event.severity not in (None, alert.severity)
        return changed or abs(self._clock() - alert.last_seen_ns) >= RENEW_NS

    def _apply(self, event: Mapping[str, Any], timeout: float = WRITE_TIMEOUT) -> str:
        """Apply an application's event once: the alert's id, empty if there is nothing to apply it to."""
        if event["kind"] == "create":
            change, pick = self._creation(event)
        else:
            change = events.Resolve(str(event["actor"]), str(event["note"]))
            pick = _by_any_id(str(event["alert_id"]))
        outcome = self._change(pick, change, timeout=timeout, event_id=str(event["uuid"]))
        return outcome.alert.id if outcome.alert and not outcome.refusal else ""

    def _creation(self, event: Mapping[str, Any]) -> tuple[events.Event, Pick]:
        tags = tuple((str(name), str(value)) for name, value in event["tags"])
        span = event.get("expires_after_ns")
        own = fingerprint(f"service {event['service']}", str(event["title"]), tags)
        fire = events.Fire(
            new_id=str(event["uuid"]),
            fingerprint=own,
            severity=Severity(event["severity"]),
            title=str(event["title"]),
            message=str(event["message"]),
            tags=tags,
            service=str(event["service"]),
            actor=str(event["actor"]),
            expires_ns=self._clock() + int(span) if span else None,
        )
        return fire, _newest(own)

    def _change(
        self, pick: Pick, event: events.Event, *, timeout: float = WRITE_TIMEOUT, event_id: str = ""
    ) -> Outcome:
        """One event: read, step, write alert, history and notices, all or nothing."""

        def work(connection: sqlite3.Connection) -> Outcome:
            policy, now = self._policy(), self._clock()
            if event_id and (known := table.applied(connection, event_id)):
                return Outcome(table.load(connection, known))
            seen, wanted = pick(connection), event
            if isinstance(wanted, events.Fire):
                wanted = _withheld(wanted, silences.active(connection, now))
            outcome = step(seen, wanted, policy, now, keeping.room_left(connection, policy, now))
            if outcome.alert is not None and (seen is None or outcome.alert.id != seen.id):
                self._refuse_flood(connection)
            keeping.keep(connection, seen, outcome)
            if event_id and outcome.alert is not None:
                table.remember_applied(connection, event_id, outcome.alert.id, now)
            return outcome

        return self._store.together(work, timeout=timeout)

    def _refuse_flood(self, connection: sqlite3.Connection) -> None:
        """ConflictError where so many alerts are open that nobody can mean it."""
        if self._opened % COUNT_EVERY == 0 and table.count_live(connection) >= MOST_LIVE:
            raise ConflictError(
                f"{MOST_LIVE} alerts are open; no more are taken", hint="is an ID part of a title or tag?"
            )
        self._opened += 1


def _newest(own: str) -> Pick:
    return lambda connection: table.newest(table.reader(connection), own)


def _by_id(alert_id: str) -> Pick:
    return lambda connection: table.load(connection, alert_id)


def _by_any_id(alert_id: str) -> Pick:
    return lambda connection: table.load(connection, table.applied(connection, alert_id) or alert_id)


def _withheld(event: events.Fire, active: Sequence[Silence]) -> events.Fire:
    """The edge as silences take it: what opens silenced tells nobody."""
    return replace(event, suppressed=why(begun(event, 0), active)) if active else event
