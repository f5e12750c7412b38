"""What is measured of the console alone: screens, panels, filter, themes, following, bursts, the differ."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.bench import probe
from tests.bench.probe import Answers, Burst
from tests.bench.programs import Program
from tests.bench.stage import ROOT, Stage
from tests.pty.driver import Terminal

RATE = 10_000


@dataclass
class Console:
    """What is measured of the console alone."""

    cold_s: float
    answers: dict[str, Answers]
    following: Answers
    lines_per_s: float
    switch_after_burst: Burst
    edge_burst: Burst
    differ: dict[str, list[float]]


def measure_console(program: Program, stage: Stage) -> Console:
    """Screens, panels, filter, themes; following; the slow link's other bursts; the differ."""
    stage.end_collector()
    terminal, cold_s = probe.start(program)
    terminal.close()
    with probe.started(program) as terminal:
        probe.run_for(terminal, 2.0)
        answers = key_costs(terminal)
    with probe.started(program) as terminal:
        following, rate = while_following(terminal, stage)
    with probe.started(program, probe.SLOW) as terminal:
        probe.slow_keys(terminal, ["j", "k"])
        switch = probe.burst(terminal, ["j", "k"], "3", "━ Logs ─.*following")
        probe.press(terminal, ["k"] * 2)
        edge = probe.burst(terminal, ["<pgup>", *["k"] * 19], "?", "Help: logs")
    return Console(cold_s, answers, following, rate, switch, edge, differ_cost())


def key_costs(terminal: Terminal) -> dict[str, Answers]:
    """What keys cost on each screen, by what they do."""
    found = {"panel": probe.press(terminal, ["<tab>"] * 16)}
    found["screen"] = probe.press(terminal, [*"23451"] * 4)
    lines = [(probe.press(terminal, [":"]), probe.press(terminal, ["<esc>"]))[0] for _ in range(8)]
    found["command"] = Answers([one.ms[0] for one in lines], [one.sizes[0] for one in lines])
    found["theme"] = probe.press(terminal, ["T"] * 8)
    probe.press(terminal, ["3", "k"])
    found["inside"] = probe.press(terminal, ["k", "j"] * 10)
    probe.press(terminal, ["k"] * 40)
    found["edge"] = probe.press(terminal, ["k"] * 20)
    letters: list[tuple[float, int]] = []
    for word in ("timed", "request", "error"):
        probe.press(terminal, ["/"])
        typed = probe.press(terminal, [*word])
        letters += zip(typed.ms, typed.sizes, strict=True)
        probe.press(terminal, ["<esc>"])
    found["filter letter"] = Answers([ms for ms, _ in letters], [size for _, size in letters])
    return found


def while_following(terminal: Terminal, stage: Stage) -> tuple[Answers, float]:
    """A cursor key's effect while lines pour in, and how many really did (a second)."""
    assert probe.effect(terminal, "3", "━ Logs ─.*following") is not None
    found: list[float] = []
    with stage.writing(RATE):
        probe.run_for(terminal, 2.0)
        before, begun = stage.lines(), time.monotonic()
        for _ in range(12):
            seconds = probe.effect(terminal, "k", "f follows|[0-9]+.? new")
            found.append(probe.LIMIT if seconds is None else seconds)
            probe.effect(terminal, "G", "· following")
            probe.run_for(terminal, 0.5)
        rate = (stage.lines() - before) / (time.monotonic() - begun)
    return Answers([seconds * 1e3 for seconds in found], [0]), rate


def differ_cost() -> dict[str, list[float]]:
    """Milliseconds of usual, full and forgotten frames, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.differ_cost"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    found: dict[str, list[float]] = json.loads(said)
    return found
