"""The notifiers in force, each on a thread of its own, so that a slow one holds up nothing."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Sequence

from pake_tui.clock import now_ns
from pake_tui.engine.monitoring.checks import ENGINE, STUCK_S
from pake_tui.engine.monitoring.notifying.delivering import Delivering, how
from pake_tui.engine.monitoring.notifying.specs import NotifierSpec
from pake_tui.engine.parts import Part
from pake_tui.engine.store.state import StateStore
from pake_tui.model.check import HealthCheck, HealthState

EVERY_S = 1.0
_log = logging.getLogger("pake.engine")


class Notifiers:
    """Starts and stops what the settings name. `deposed(error)` is told when another collector leads."""

    def __init__(self, state: StateStore, no_commands: str, deposed: Callable[[Exception], None]) -> None:
        self._state = state
        self._no_commands = no_commands
        self._deposed = deposed
        self._parts: dict[str, tuple[Delivering, Part]] = {}
        self._busy: dict[str, threading.Lock] = {}

    def put_in_force(self, specs: Sequence[NotifierSpec]) -> None:
        """These from now on; one that was edited is tried at once. StoreError."""
        wanted = {spec.name: spec for spec in specs}
        stale = [name for name, (way, _) in self._parts.items() if wanted.get(name) != way.spec]
        for name in stale:
            way, part = self._parts.pop(name)
            way.stopped = True
            part.ask_to_stop()
        gone = [one for one in self._state.deliveries.standings() if one.name not in wanted]
        for one in gone:
            if one.waiting or one.dead:
                _log.warning(
                    "notifier %s is gone: %d notices never arrived", one.name, one.waiting + one.dead
                )
        if gone:
            self._state.deliveries.remove([one.name for one in gone])
        for name, spec in wanted.items():
            if name not in self._parts:
                if name in stale:
                    self._state.deliveries.hurry(name, now_ns())
                busy = self._busy.setdefault(name, threading.Lock())
                way = Delivering(spec, self._state, socket.gethostname(), self._no_commands, busy)
                part = Part(f"notifier {name}", 0.0, EVERY_S, way.turn, deposed=self._deposed)
                self._parts[name] = (way, part)
                part.start()

    def rows(self) -> list[HealthCheck]:
        """How each does."""
        standings = {one.name: one for one in self._state.deliveries.standings()} if self._parts else {}
        rows = []
        for name, (_, part) in self._parts.items():
            standing = standings.get(name)
            if part.problem or standing is None:
                state = HealthState.UNHEALTHY if part.problem else HealthState.UNKNOWN
                text = part.problem or "not run yet"
            elif part.stuck_for() > STUCK_S:
                state, text = HealthState.DEGRADED, f"has been sending for {part.stuck_for():.0f} s"
            else:
                state, text = how(standing, now_ns())
            rows.append(HealthCheck(part.name, state, text, ENGINE))
        return rows

    def stop(self) -> None:
        """Send nothing more; what is on its way may still arrive."""
        for way, part in self._parts.values():
            way.stopped = True
            part.ask_to_stop()
