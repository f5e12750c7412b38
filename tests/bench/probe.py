"""What one program costs, seen from its terminal: time, bytes, processor, memory; the same on a slow link."""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.programs import Program
from tests.pty.driver import KEYS, Terminal

QUIET = 0.06
"""An answer to a key has ended when nothing came for so long (s)."""
LIMIT = 3.0
START_LIMIT = 40.0
CELLS = 200
ROUND_TRIP_S = 0.15
SLOW = (64_000, ROUND_TRIP_S)
BURST, GAP = 20, 0.1
EFFECT_LIMIT = 5.0
CALM_S = 25
"""Seconds that a program must have used little in a row; longer than ours keeps an idle search process."""
CALM_LIMIT = 120.0


@dataclass(frozen=True)
class Answers:
    """The answers to some presses: milliseconds to the last byte, and bytes, of each."""

    ms: list[float]
    sizes: list[int]

    @property
    def median(self) -> float:
        """Median ms."""
        return statistics.median(self.ms)

    @property
    def worst(self) -> float:
        """Worst ms."""
        return max(self.ms)

    @property
    def bytes(self) -> int:
        """Median bytes."""
        return round(statistics.median(self.sizes))


@dataclass(frozen=True)
class Idle:
    """One idle program: what it sends and uses by itself."""

    bytes_per_s: float
    cpu_percent: float
    pss_mb: float


@dataclass(frozen=True)
class Burst:
    """Twenty keys at ten a second on the slow link, and one more with an effect that can be seen."""

    bytes: int
    staleness_s: float
    effect_s: float | None


@dataclass
class Result:
    """What was measured of one program; what was not is None."""

    program: Program
    paint_s: float
    idle: Idle | None = None
    keys: Answers | None = None
    slow: Answers | None = None
    burst: Burst | None = None


def start(program: Program, link: tuple[float, float] | None = None) -> tuple[Terminal, float]:
    """A terminal in which the program has painted what counts, and after how many seconds it had."""
    begun = time.monotonic()
    terminal = Terminal(program.command, env=program.env, link=link)
    try:
        wait_for(terminal, painted(terminal, program), START_LIMIT)
    except BaseException:
        terminal.close()
        raise
    return terminal, terminal.last_read - begun


@contextlib.contextmanager
def started(program: Program, link: tuple[float, float] | None = None) -> Iterator[Terminal]:
    """The same for a `with`, at whose end the program is ended."""
    terminal, _ = start(program, link)
    try:
        yield terminal
    finally:
        terminal.close()


def painted(terminal: Terminal, program: Program) -> Callable[[], bool]:
    """Whether the program's sign, or enough of anything, is on the screen."""
    if program.ready:
        return shows(terminal, program.ready)
    return lambda: sum(not one.isspace() for one in terminal.text()) >= CELLS


def shows(terminal: Terminal, pattern: str) -> Callable[[], bool]:
    """Whether a regular expression is on the screen."""
    wanted = re.compile(pattern)
    return lambda: wanted.search(terminal.text()) is not None


def wait_for(terminal: Terminal, condition: Callable[[], bool], seconds: float) -> None:
    """Pump until something is so; looks at the screen only where something came."""
    deadline = time.monotonic() + seconds
    while not (terminal.pump(0.05) and condition()):
        if terminal.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"it does not come; the screen:\n{terminal.text()}")


def run_for(terminal: Terminal, seconds: float) -> None:
    """Let the program live."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        terminal.pump(left)


def press(terminal: Terminal, keys: Sequence[str]) -> Answers:
    """Press keys one by one, each after the answer to the one before has ended."""
    found = [_press(terminal, KEYS.get(key, key.encode())) for key in keys]
    return Answers([ms for ms, _ in found], [size for _, size in found])


def _press(terminal: Terminal, key: bytes) -> tuple[float, int]:
    settled = time.monotonic() + 0.3
    while terminal.pump(0.02) and time.monotonic() < settled:
        pass
    before, sent = len(terminal.raw), time.monotonic()
    terminal.send(key)
    while terminal.last_read < sent:
        if not terminal.pump(LIMIT):
            return LIMIT * 1e3, 0
    while terminal.pump(QUIET) and time.monotonic() < sent + LIMIT:
        pass
    return (terminal.last_read - sent) * 1e3, len(terminal.raw) - before


def effect(terminal: Terminal, key: str, pattern: str, limit: float = EFFECT_LIMIT) -> float | None:
    """Seconds from a key until what it does is on the screen; None where the limit passed first."""
    condition, sent = shows(terminal, pattern), time.monotonic()
    terminal.send(KEYS.get(key, key.encode()))
    try:
        wait_for(terminal, condition, limit)
    except AssertionError:
        return None
    return terminal.last_read - sent


def calm(terminal: Terminal) -> None:
    """Let it do what it does after the start, until it has used little for a while; two minutes at most."""
    deadline = time.monotonic() + CALM_LIMIT
    calm_s = 0
    while time.monotonic() < deadline and calm_s < CALM_S:
        used = cpu_seconds([terminal.process.pid])
        run_for(terminal, 1.0)
        calm_s = calm_s + 1 if cpu_seconds([terminal.process.pid]) - used < 0.15 else 0


def idle(terminal: Terminal, seconds: float, also: Sequence[int] = ()) -> Idle:
    """What the terminal's process tree, and some more processes, send and use in that time."""
    pids = [terminal.process.pid, *also]
    before, used, at = len(terminal.raw), cpu_seconds(pids), time.monotonic()
    run_for(terminal, seconds)
    span = time.monotonic() - at
    return Idle((len(terminal.raw) - before) / span, 100 * (cpu_seconds(pids) - used) / span, pss_mb(pids))


def slow_keys(terminal: Terminal, keys: Sequence[str]) -> Answers:
    """Keys on a slow link, after what the start sent has passed it."""
    run_for(terminal, 4.0)
    _drain(terminal, 4.0)
    return press(terminal, keys)


def burst(terminal: Terminal, keys: Sequence[str], marker: str, pattern: str) -> Burst:
    """Press keys in turn, faster than the answers come, then the marker; all that follows of it counts."""
    link = terminal.link
    assert link is not None
    _drain(terminal, EFFECT_LIMIT)
    begun, before = time.monotonic(), link.down.taken
    for number in range(BURST):
        key = keys[number % len(keys)]
        terminal.send(KEYS.get(key, key.encode()))
        run_for(terminal, GAP)
    seen = effect(terminal, marker, pattern) if marker else None
    queued = link.down.backlog_s
    _drain(terminal, EFFECT_LIMIT)
    size = link.down.taken - before
    return Burst(size, max(link.down.worst_staleness(begun), queued, link.down.backlog_s), seen)


def _drain(terminal: Terminal, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while terminal.link and terminal.link.down.backlog_s > 0.1 and time.monotonic() < deadline:
        terminal.pump(0.05)


def _tree(pids: Sequence[int]) -> set[int]:
    """Each once: the collector may be the console's own child."""
    tree, todo = set[int](), list(pids)
    while todo:
        pid = todo.pop()
        tree.add(pid)
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return tree


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time used by processes and their descendants, s."""
    ticks = 0
    for pid in _tree(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_mb(pids: Sequence[int]) -> float:
    """Proportional memory of processes and their descendants, MB."""
    total = 0
    for pid in _tree(pids):
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total / 1024
