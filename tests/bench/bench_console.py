"""Measures the console and its peers in one run, and prints what they cost beside the goals.

    python -m tests.bench.bench_console [--peers [FOLDER]] [--only ours]

Linux only (/proc). Everything runs at 120x36 in a temporary home with a state folder of its own and a log of
100 MB, to which one line a second is added; all of it ends with the bench. The slow link carries 64 kbit/s
with 150 ms of round trip and buffers without bound, as ssh does. Missing peers are named and left out.
A machine that does something else meanwhile shows in the worst figures first: look at its load.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.bench import probe, programs
from tests.bench.console import measure_console
from tests.bench.goals import Line, goals
from tests.bench.probe import Idle, Result
from tests.bench.programs import OURS, Program
from tests.bench.stage import Stage

ROUNDS = 15


def first_paints(chosen: list[Program]) -> dict[str, float]:
    """Median seconds to the first frame that counts, the programs in turn."""
    found: dict[str, list[float]] = {program.name: [] for program in chosen}
    for _ in range(ROUNDS):
        for program in chosen:
            terminal, seconds = probe.start(program)
            terminal.close()
            found[program.name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def idle_together(chosen: list[Program], stage: Stage, seconds: float) -> dict[str, Idle]:
    """All programs idle in one and the same window: what a wake-up costs hangs on what the machine does."""
    with contextlib.ExitStack() as closing:
        terminals = {program.name: closing.enter_context(probe.started(program)) for program in chosen}
        collector = stage.collector()
        also = {OURS: [collector] if collector else []}
        with ThreadPoolExecutor(len(chosen)) as pool:
            list(pool.map(probe.calm, terminals.values()))
            found = {
                name: pool.submit(probe.idle, terminal, seconds, also.get(name, []))
                for name, terminal in terminals.items()
            }
            return {name: future.result() for name, future in found.items()}


def measure(program: Program, paint_s: float, idle: Idle, stage: Stage) -> Result:
    """What is measured of every program alone."""
    result = Result(program, paint_s)
    with probe.started(program) as terminal:
        probe.calm(terminal)
        collector = stage.collector() if program.name == OURS else None
        # Memory that another Python shares would count by half.
        alone = probe.idle(terminal, 1.0, [collector] if collector else [])
        result.idle = replace(idle, pss_mb=alone.pss_mb)
        if program.keys:
            result.keys = probe.press(terminal, [*program.keys] * (20 // len(program.keys)))
    if program.keys:
        with probe.started(program, probe.SLOW) as terminal:
            result.slow = probe.slow_keys(terminal, [*program.keys] * (8 // len(program.keys)))
            result.burst = probe.burst(terminal, program.keys, program.marker, program.shown)
    return result


def table(results: dict[str, Result], lines: list[Line]) -> str:
    """Programs first, goals below."""
    heads = ("paint s", "idle B/s", "CPU %", "PSS MB", "key ms (worst)", "B/key")
    heads += ("slow key ms", "burst B", "stale s", "seen s")
    out = [f"{'program':32}" + "".join(f"{head:>15}" for head in heads)]
    for result in results.values():
        name = f"{result.program.name} {result.program.version}"
        out.append(f"{name:32}" + "".join(f"{cell:>15}" for cell in cells(result)))
    out += ["", f"{'goal of the console':44}{'measured: median (worst)':50}{'goal':40}"]
    words = {True: "holds", False: "MISSED", None: "-"}
    out += [f"{line.what:44}{line.measured:50}{line.goal:40}{words[line.holds]}" for line in lines]
    return "\n".join(out)


def cells(result: Result) -> list[str]:
    """One program's figures."""
    idle, keys, slow, burst = result.idle, result.keys, result.slow, result.burst
    found = [f"{result.paint_s:.2f}"]
    found += (
        [f"{idle.bytes_per_s:,.0f}", f"{idle.cpu_percent:.1f}", f"{idle.pss_mb:.1f}"] if idle else ["-"] * 3
    )
    found += [f"{keys.median:.1f} ({keys.worst:.0f})", f"{keys.bytes:,}"] if keys else ["-"] * 2
    found.append(f"{slow.median:,.0f}" if slow else "-")
    found += [f"{burst.bytes:,}", f"{burst.staleness_s:.2f}"] if burst else ["-"] * 2
    late = f"> {probe.EFFECT_LIMIT:.0f}" if burst and result.program.marker else "-"
    found.append(f"{burst.effect_s:.2f}" if burst and burst.effect_s is not None else late)
    return found


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure the console beside its peers.")
    parser.add_argument("--peers", nargs="?", const="", metavar="FOLDER")
    parser.add_argument("--only", choices=["ours"])
    parser.add_argument("--idle", type=float, default=40.0, help="seconds of the idle window")
    parser.add_argument("--log-mb", type=float, default=100.0)
    options = parser.parse_args()
    with contextlib.ExitStack() as closing:
        stage = closing.enter_context(Stage(options.log_mb))
        chosen = [programs.ours(), *programs.textual_programs()]
        missing: list[str] = []
        if options.only is None:
            peers, missing = programs.installed(stage.log)
            chosen += peers
            if options.peers is None:
                missing.append("toolong: --peers [FOLDER] puts it into a virtual environment there")
            else:
                venv = Path(options.peers).absolute() if options.peers else stage.folder / "venv"
                chosen.append(programs.toolong(venv, stage.log))
        closing.enter_context(stage.writing(1))
        print(f"120x36, {os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.release()},")
        print(f"load {os.getloadavg()[0]:.2f} at the start; log of {options.log_mb:g} MB", flush=True)
        with probe.started(chosen[0]):
            paints = first_paints(chosen)
        idles = idle_together(chosen, stage, options.idle)
        results = {one.name: measure(one, paints[one.name], idles[one.name], stage) for one in chosen}
        lines = goals(results, measure_console(chosen[0], stage))
        print(table(results, lines))
        for one in missing:
            print(f"not measured: {one}")
        print(f"load {os.getloadavg()[0]:.2f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
