"""Brings notices to one notifier: again and again until they arrive, or are said to be dead."""

from __future__ import annotations

import threading

from pake_tui.clock import DAY, MINUTE, SECOND, now_ns, short_duration
from pake_tui.engine.monitoring.notifying.senders import NotSent, send
from pake_tui.engine.monitoring.notifying.specs import NotifierSpec
from pake_tui.engine.monitoring.notifying.wording import message
from pake_tui.engine.store.alerts import NoticeRow
from pake_tui.engine.store.deliveries import Standing
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Alert, Severity
from pake_tui.model.check import HealthState

FIRST_WAIT_NS = 5 * SECOND
LONGEST_WAIT_NS = 15 * MINUTE
GIVE_UP_NS = DAY
OVERDUE_NS = 10 * SECOND


class Delivering:
    """One notifier's way out of the queue; `turn` blocks as long as sending takes.

    `busy`, shared by all that are ever made for a name, is held while one of them sends: after an edit the
    new one waits for what the old one has on its way.
    """

    def __init__(
        self,
        spec: NotifierSpec,
        state: StateStore,
        host: str,
        no_commands: str = "",
        busy: threading.Lock | None = None,
    ) -> None:
        self.spec = spec
        self._state = state
        self._host = host
        self._no_commands = no_commands
        self._busy = busy or threading.Lock()
        self._known = False
        """Whether it is on record, as long as that is the same file."""
        self._longest_ns = LONGEST_WAIT_NS
        self.stopped = False
        """Set when another one delivers in its place: it begins no further message."""

    def turn(self) -> None:
        """Take what is new, send what is due. StoreError."""
        if self.stopped or not self._busy.acquire(blocking=False):
            return
        try:
            self._deliver()
        finally:
            self._busy.release()

    def _deliver(self) -> None:
        name, queue = self.spec.name, self._state.deliveries
        queue.take(name, self._wants, now_ns(), known=self._known)
        self._known = True
        for waiting in queue.due(name, now_ns(), self._longest_ns):
            if self.stopped:
                return
            try:
                send(self.spec, message(waiting.notice, waiting.alert, self._host), self._no_commands)
            except NotSent as error:
                again = error.again and now_ns() - waiting.notice.at_ns < GIVE_UP_NS
                pause = max(wait_ns(waiting.tries), int(error.after_s * SECOND))
                self._longest_ns = max(LONGEST_WAIT_NS, pause)
                due = now_ns() + pause if again else None
                queue.failed(name, waiting.notice.number, str(error), due)
                if again:
                    return  # the next one would fare no better now, and waits for its own turn
            else:
                queue.delivered(name, waiting.notice, now_ns())

    def _wants(self, notice: NoticeRow, alert: Alert | None) -> bool:
        return self.spec.wants(notice.kind, notice.severity, alert)


def wait_ns(tries: int) -> int:
    """How long after so many failures until the next try: doubling from 5 s to a quarter of an hour."""
    return min(LONGEST_WAIT_NS, FIRST_WAIT_NS << min(tries, 20))


def send_test(spec: NotifierSpec, host: str, no_commands: str) -> None:
    """Send a message that says it is a test. NotSent."""
    notice = NoticeRow("", now_ns(), "test", Severity.LOW, "Test of this notifier", "Nothing is wrong.")
    send(spec, message(notice, None, host), no_commands)


def how(standing: Standing, at_ns: int) -> tuple[HealthState, str]:
    """How a notifier does, for its health row."""
    last = f", last {short_duration(at_ns - standing.sent_ns)} ago" if standing.sent_ns else ""
    if standing.dead:
        text = f"{standing.dead} never arrived: {standing.error}; `pake-tui notifiers retry {standing.name}`"
        return HealthState.UNHEALTHY, text
    if standing.waiting and standing.error:
        due = short_duration(max(0, (standing.due_ns or at_ns) - at_ns))
        return HealthState.DEGRADED, f"{standing.waiting} wait: {standing.error}; tried again in {due}"
    if standing.waiting and at_ns - (standing.due_ns or at_ns) > OVERDUE_NS:
        return (
            HealthState.DEGRADED,
            f"{standing.waiting} wait to be sent; no collector sends them, or it is slow",
        )
    return HealthState.HEALTHY, f"{standing.sent} sent{last}"
