"""Alerts of this host's state folder, and what people do to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pake_tui.clock import DAY, SECOND, monotonic, now_ns
from pake_tui.engine.store.alerts import in_order
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError, ReadOnlyError
from pake_tui.model.alert import Alert, AlertDetail, AlertList, AlertState, Policy, Presence, Severity
from pake_tui.model.sample import Freshness

if TYPE_CHECKING:
    from pake_tui.engine.logfiles.watching import Watcher
    from pake_tui.engine.monitoring.alerting import Alerting

SILENT = "collector"
"""The id of the alert about a collector that says nothing."""
SETTLES_S = 0.7
"""So long after a write one has to look whether it has come to its end."""
SILENT_NS = 10 * SECOND
"""A console that may start collectors has replaced it by then."""


class EmbeddedAlertSource:
    """The embedded engine behind `AlertSource`: every answer is read from the store when it is asked for.

    `actor` is who acts; `read_only` says why nothing can be changed, empty where it can.
    """

    def __init__(
        self, store: StateStore, policy: Callable[[], Policy], actor: str, read_only: str = ""
    ) -> None:
        self._store = store
        self._policy = policy
        self._actor = actor
        self._read_only = read_only
        self._watcher: Watcher | None = None
        self._watched = -1
        """Of which opening of the database the files are watched."""
        self._stirred_at = 0.0
        self._stirred = False

    @cached_property
    def _alerting(self) -> Alerting:
        """What the lifecycle needs is imported when somebody acts: the first screen does not wait for it."""
        from pake_tui.engine.monitoring.alerting import Alerting

        return Alerting(self._store, self._policy)

    def alerts(self, states: frozenset[AlertState] | None = None) -> AlertList:
        """As `AlertSource.alerts`."""
        now = now_ns()
        table = self._store.alerts
        notice, title = table.newest_notice()
        found = table.shown(now) if states is None else table.in_states(states)
        silent = self._silent_collector(now)
        if silent is not None and (states is None or silent.state in states):
            found = in_order((*found, silent))
        return AlertList(
            alerts=found,
            fresh=Freshness(now),
            resolved_24h=table.resolved_since(now - DAY),
            held_back=table.held(),
            notice=notice,
            notice_title=title,
        )

    def alert(self, alert_id: str) -> AlertDetail:
        """One alert, by id or unique prefix, with its history. NotFoundError."""
        silent = self._silent_collector(now_ns()) if alert_id == SILENT else None
        return AlertDetail(silent, ()) if silent is not None else self._alerting.detail(alert_id)

    def changed(self) -> int:
        """A number that changes when anything in the state did."""
        stirred, self._stirred = self._stirred, False
        if stirred:
            self._stirred_at = monotonic()
        found, database = self._store.changed(), self._store.database
        if self._watcher is not None and (
            database.generation != self._watched or (stirred and not self._watcher.sound)
        ):
            self._watched = database.generation
            self._watcher.watch(database.files)
            self._stirred = True  # what was written before they were watched is found by another look
        return found

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` as soon as anybody wrote to the state, where the system tells that."""
        from pake_tui.engine.logfiles.watching import Watcher  # the first screen does not wait for it

        def stirred() -> None:
            self._stirred = True
            wake()

        self._watcher = self._watcher or Watcher(stirred)

    def quiet(self) -> bool:
        """Whether nobody wrote for a moment: what is written is to be seen only when it is on disk."""
        sound = self._watcher is not None and self._watcher.sound
        watched = sound and self._watched == self._store.database.generation
        return watched and not self._stirred and monotonic() - self._stirred_at >= SETTLES_S

    def close(self) -> None:
        """Watch no more."""
        if self._watcher is not None:
            self._watcher.close()

    def acknowledge(self, alert_id: str, comment: str = "") -> Alert:
        """Take it. ConflictError says who has it or resolved it; a comment is kept all the same."""
        self._refuse(alert_id)
        return self._alerting.acknowledge(alert_id, actor=self._actor, comment=comment)

    def unacknowledge(self, alert_id: str) -> Alert:
        """Give it back: acknowledged becomes firing."""
        self._refuse(alert_id)
        return self._alerting.unacknowledge(alert_id, actor=self._actor)

    def snooze(self, alert_id: str, until_ns: int, comment: str = "") -> Alert:
        """Silent until a time (UTC ns). ConflictError where that has passed, or who resolved it."""
        self._refuse(alert_id)
        return self._alerting.snooze(alert_id, until_ns, actor=self._actor, comment=comment)

    def resolve(self, alert_id: str, note: str = "") -> Alert:
        """Close it by hand. ConflictError says who was first."""
        self._refuse(alert_id)
        return self._alerting.resolve(alert_id, actor=self._actor, note=note)

    def comment(self, alert_id: str, text: str) -> Alert:
        """Add to its history; no change of state."""
        self._refuse(alert_id)
        return self._alerting.comment(alert_id, text, actor=self._actor)

    def presence(self) -> tuple[Presence, ...]:
        """Consoles open now, oldest first."""
        return self._store.presence.list()

    def _refuse(self, alert_id: str) -> None:
        if self._read_only:
            raise ReadOnlyError(f"nothing was changed: {self._read_only}")
        if alert_id == SILENT:
            raise ConflictError("this alert ends by itself, once a collector runs again")

    def _silent_collector(self, now: int) -> Alert | None:
        """An alert of the console's own: a collector that is to run says nothing, so nobody judges rules."""
        leader = self._store.leadership.current()
        if leader is None or now - leader.beat_ns < SILENT_NS or not (leader.alive or leader.permanent):
            return None
        how = "does not answer" if leader.alive else "ended"
        return Alert(
            id=SILENT,
            fingerprint=SILENT,
            state=AlertState.FIRING,
            severity=Severity.HIGH,
            title=f"The collector {how}: nothing is measured or judged",
            message=f"pid {leader.pid} {how}; `pake-tui agent`, or an open console, takes its place",
            first_seen_ns=leader.beat_ns,
            last_seen_ns=now,
            service="pake-tui",
        )
