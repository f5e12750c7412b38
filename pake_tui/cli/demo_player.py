"""One service of the demo, as a process of its own: `python -m pake_tui.cli.demo_player SERVICE START_NS`.

It plays its part of the story through the library, as any application would, until its standard input ends.
"""

from __future__ import annotations

import heapq
import json
import os
import select
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import Any

from pake_tui import clock, get_logger, get_monitor, paths
from pake_tui.cli import demo_history, demo_story
from pake_tui.cli.demo_history import History
from pake_tui.cli.demo_story import Line, Story
from pake_tui.engine.library import backdated_logger
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.alert import AlertState, Severity

TICK_S = 0.05
LATE_NS = 2 * clock.SECOND
ALERT = "Payment gateway errors"
GATEWAY_FILE = Path("gateway.json")


class Gateway:
    """The one prop on the stage: whether the card gateway works again, as a file that all players look at."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recovered_ns(self) -> int | None:
        """When it recovers or recovered (UTC ns); None while nobody did anything about it."""
        try:
            return int(json.loads(self._path.read_text(encoding="utf-8"))["recovered_ns"])
        except (OSError, ValueError, KeyError):
            return None

    def recover(self, at_ns: int) -> None:
        """Say when it recovers, a little ahead so that every player hears of it in time."""
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({"recovered_ns": at_ns}), encoding="utf-8")
        draft.replace(self._path)


class Player:
    """Writes the lines of one service as they fall due, and does what the service would do about them."""

    def __init__(self, service: str, story: Story, gateway: Gateway) -> None:
        self.service = service
        self.story = story
        self.gateway = gateway
        self.logger = get_logger(f"shop.{service}", service)
        self.monitor = get_monitor(service)
        self._stamped = backdated_logger(f"shop.{service}", service)
        self._queue: list[tuple[int, int, Line]] = []
        self._order = count()
        self._next_request = story.first_request
        self._chores_until = story.begins_ns(story.first_request)
        self._history: History | None = History(service)
        self._errors = self._history.share

    def start(self) -> None:
        """Register the service's health check and write what happened before the demo began."""
        if self.service == "payment":
            self.monitor.register_health_check("payment-gateway", self._gateway_health)
        self.monitor.register_health_check(self.service, self._own_health)
        self.play(clock.now_ns())
        self._keep_history()

    def play(self, now_ns: int) -> None:
        """Write everything that is due by now."""
        self._look_ahead(now_ns)
        while self._queue and self._queue[0][0] <= now_ns:
            self._write(heapq.heappop(self._queue)[2], now_ns)

    def _look_ahead(self, now_ns: int) -> None:
        """Queue the lines of requests and chores that have begun."""
        recovered = self.gateway.recovered_ns()
        fresh: list[Line] = []
        while self.story.begins_ns(self._next_request) <= now_ns:
            fresh += self.story.request(self._next_request, recovered)
            self._next_request += 1
        if self._chores_until < now_ns:
            fresh += self.story.chores(self.service, self._chores_until, now_ns)
            self._chores_until = now_ns
        for line in fresh:
            if line.service == self.service:
                heapq.heappush(self._queue, (line.at_ns, next(self._order), line))

    def _write(self, line: Line, now_ns: int) -> None:
        late = now_ns - line.at_ns > LATE_NS
        # Each line states when it was due: five processes' ticks would make their clocks look apart.
        logger: Any = self._stamped(line.at_ns)
        fields = dict(line.fields)
        if line.raises:
            fields["error"] = _raised(*line.raises)
        with logger.with_correlation_id(line.correlation_id) if line.correlation_id else nullcontext():
            getattr(logger, line.how)(line.message, **fields)
        if not late:
            self._measure(line)
        elif self._history is not None and line.answer_ms is not None:
            self._history.add(line.at_ns, line.endpoint, line.answer_ms, line.failed)

    def _keep_history(self) -> None:
        """Store what was measured before the demo began; only the api did measure."""
        if self._history is not None and self._history.answers:
            store = MetricsStore(paths.state_folder().path)
            self._history.store(store, self.monitor.owner)
            store.close()
        self._history = None

    def _measure(self, line: Line) -> None:
        """What the service counts and measures as it writes a line."""
        if line.answer_ms is not None:
            self.monitor.record_timing(demo_history.LATENCY, line.answer_ms, {"endpoint": line.endpoint})
            self.monitor.increment_counter("requests.total", tags={"endpoint": line.endpoint})
            self.monitor.set_gauge(demo_history.ERRORS, self._errors.add(line.failed))
        if line.gateway_ms is not None:
            self.monitor.record_timing("gateway.response", line.gateway_ms)
        if line.raises:
            self.monitor.record_error("gateway_timeout")
        if self.service == "worker" and line.message.startswith("Receipt"):
            self.monitor.increment_counter("receipts", tags={"state": line.message.split()[-1]})

    def _broken(self) -> bool:
        return self.story.failing(clock.now_ns(), self.gateway.recovered_ns())

    def _gateway_health(self) -> dict[str, object]:
        if self._broken():
            return {
                "status": "unhealthy",
                "message": "no answer from the card gateway acme-pay within 1500 ms",
            }
        recovered = self.gateway.recovered_ns() is not None
        return {"status": "healthy", "message": "backup gateway in use" if recovered else "acme-pay answers"}

    def _own_health(self) -> dict[str, object]:
        if self.service in ("api", "payment") and self._broken():
            return {"status": "degraded", "message": "waits for the card gateway"}
        return {"status": "healthy", "message": f"{self.service} answers"}


class Payment(Player):
    """The payment service raises an alert when its gateway fails, and switches over once a person
    resolves it.
    """

    _alert: str | None = None
    _acknowledged = False
    _settled = False
    _looked_ns = 0

    def play(self, now_ns: int) -> None:
        """Write what is due; once a second look at the alert."""
        super().play(now_ns)
        if self._alert is None and self._broken():
            self._alert = self.monitor.create_alert(
                ALERT,
                "No answer from the card gateway acme-pay; payments fail with status 504. Resolve this "
                "with a note "
                "to let the payment service switch to the backup gateway.",
                Severity.HIGH,
                tags={"service": "payment", "gateway": "acme-pay"},
            )
        if self._alert is not None and not self._settled and now_ns - self._looked_ns >= clock.SECOND:
            self._looked_ns = now_ns
            self._look_at_alert(self._alert)

    def _look_at_alert(self, alert_id: str) -> None:
        alert = self.monitor.get_alert(alert_id)
        if alert is None:
            return
        if alert.acknowledged is not None and not self._acknowledged:
            told = {"by": alert.acknowledged.by, "comment": alert.acknowledged.comment}
            self.logger.info("Alert acknowledged, somebody is looking at it", alert=alert.title, **told)
        self._acknowledged = alert.acknowledged is not None
        if alert.state is AlertState.RESOLVED and alert.resolved is not None and not alert.resolved.by_rule:
            self._settled = True
            self.gateway.recover(clock.now_ns() + clock.SECOND)
            self.logger.warning(
                "Switching to the backup gateway",
                by=alert.resolved.by,
                note=alert.resolved.note,
                gateway="backup",
            )


def _raised(kind: str, text: str) -> Exception:
    """An exception of that name that was really raised, and so has a traceback."""
    made = type(kind, (Exception,), {"__module__": "builtins"})
    try:
        raise made(text)
    except Exception as error:
        return error


def _ended(seconds: float) -> Iterator[bool]:
    """Wait again and again; True once standard input has ended."""
    while True:
        ready, _, _ = select.select([0], [], [], seconds)
        yield bool(ready) and not os.read(0, 1024)


def main(service: str, start_ns: int) -> None:
    """Play until whoever started this goes away."""
    story = demo_story.load(paths.data_folder("sample-data"), start_ns)
    kind = Payment if service == "payment" else Player
    player = kind(service, story, Gateway(GATEWAY_FILE))
    player.start()
    for ended in _ended(TICK_S):
        if ended:
            return
        player.play(clock.now_ns())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
