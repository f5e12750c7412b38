"""Measures following a busy log with a filter: processor, delay, keys, memory, and that no hit is lost.

    python -m tests.bench.bench_follow [--rate 50000] [--seconds 20]

Another process writes JSON lines, a hundredth of them errors; the console follows them at 120x36. Nobody is
known here who does the same: `tail -F | rg` is shown for the processor, without a screen.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import probe
from tests.bench.programs import Program
from tests.bench.stage import ROOT, Stage
from tests.pty.driver import Terminal

WRITER = """
import sys, time
path, rate, begun, done = sys.argv[1], float(sys.argv[2]), time.time(), 0
with open(path, "ab", buffering=0) as log:
    while time.time() - begun < float(sys.argv[3]):
        now, due = time.time(), int((time.time() - begun) * rate)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}Z"
        log.write(b"".join(
            b'{"timestamp":"%s","level":"%s","service":"api","message":"request done %09d",'
            b'"correlation_id":"req-%08x","duration_ms":%d}\\n'
            % (stamp.encode(), b"info" if n % 100 else b"error", n, n * 2654435761 % 2**32, n % 900)
            for n in range(done, due)))
        done = due
        time.sleep(0.01)
print(done)
"""
QUERY = "level:error"
SETTLE_S, COUNTED_S = 2.0, 30.0
KEY_EVERY_S = 0.7
NEWEST = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d{3}) ")
HITS = re.compile(r"([\d,]+)(\+?) hits?")
DAY_S = 86_400


class Watch:
    """What is seen on the screen while lines pour in: ages of the newest line, and the answers to keys."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.ages_ms: list[float] = []
        self.keys_ms: list[float] = []

    def run(self, seconds: float, *, keys: bool = False) -> None:
        """Look at every frame, and now and then press a key that shows something at once."""
        end, key_at = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            self._look(0.05)
            if keys and time.monotonic() >= key_at:
                key_at = time.monotonic() + KEY_EVERY_S
                self._key("k", "f follows|[0-9]+.? new")
                probe.effect(self.terminal, "G", "· following")

    def _look(self, seconds: float) -> None:
        self.terminal.pump(seconds)
        if found := NEWEST.findall(self.terminal.text()):
            hours, minutes, secs, ms = map(int, found[-1])
            written = hours * 3600 + minutes * 60 + secs + ms / 1000
            self.ages_ms.append((time.time() - written) % DAY_S * 1e3)

    def _key(self, key: str, pattern: str) -> None:
        seconds = probe.effect(self.terminal, key, pattern)
        self.keys_ms.append(1e3 * (probe.EFFECT_LIMIT if seconds is None else seconds))


def of(values: Sequence[float]) -> str:
    """Median, the tenth worst, worst."""
    ordered = sorted(values)
    middle, late = statistics.median(ordered), ordered[len(ordered) * 9 // 10]
    return f"{middle:.0f} ms median, {late:.0f} of ten one, {ordered[-1]:.0f} worst"


def tail_and_rg(log: Path, word: str, seconds: float) -> str:
    """What `tail -F | rg` takes, percent of a core; where it is installed."""
    if shutil.which("rg") is None or shutil.which("tail") is None:
        return "not installed"
    with (
        subprocess.Popen(["tail", "-n0", "-F", str(log)], stdout=subprocess.PIPE) as tail,
        subprocess.Popen(["rg", "-F", word], stdin=tail.stdout, stdout=subprocess.DEVNULL) as rg,
    ):
        before = probe.cpu_seconds([tail.pid, rg.pid])
        time.sleep(seconds)
        percent = 100 * (probe.cpu_seconds([tail.pid, rg.pid]) - before) / seconds
        tail.kill()
        rg.kill()
    return f"{percent:.0f} %"


def whole_count(terminal: Terminal) -> int:
    """The hits on the screen once that says how many there are, and no longer how many at least."""
    deadline = time.monotonic() + COUNTED_S
    while True:
        probe.run_for(terminal, SETTLE_S)
        found = HITS.search(terminal.text())
        if (found and not found[2]) or time.monotonic() > deadline:
            break
    return int(found[1].replace(",", "")) if found and not found[2] else 0


def main() -> int:
    """Measure, and print what was found; 1 where hits were lost."""
    parser = argparse.ArgumentParser(description="Measure following a busy log with a filter.")
    parser.add_argument("--rate", type=float, default=50_000, help="lines a second")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with Stage(0) as stage:
        stage.log.write_bytes(b"")
        command = [sys.executable, "-m", "pake_tui", str(stage.log)]
        program = Program(
            "pake-tui", "", command, "No lines yet", env={"PAKE_COLLECTOR": "never", "TZ": "UTC"}
        )
        with probe.started(program) as terminal:
            probe.press(terminal, ["/", *QUERY, "<enter>"])
            writing = [
                sys.executable,
                "-c",
                WRITER,
                str(stage.log),
                str(options.rate),
                str(options.seconds + 4),
            ]
            with subprocess.Popen(writing, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
                probe.run_for(terminal, 2.0)
                pids = [terminal.process.pid]
                before, begun = probe.cpu_seconds(pids), time.monotonic()
                watch = Watch(terminal)
                watch.run(options.seconds - 12)
                percent = 100 * (probe.cpu_seconds(pids) - before) / (time.monotonic() - begun)
                memory = probe.pss_mb(pids)
                pressing = Watch(terminal)
                pressing.run(6.0, keys=True)
                peer = tail_and_rg(stage.log, '"level":"error"', 4.0)
                written = int(writer.communicate()[0])
            hits = whole_count(terminal)
        size = stage.log.stat().st_size
    truth = -(-written // 100)
    print(f"{os.cpu_count()} CPUs; {written:,} lines, {size / 1e6:.0f} MB, {options.rate:,.0f} a second")
    print(f"processor, console and its search process   {percent:.0f} %   (goal 60; tail -F | rg: {peer})")
    print(f"newest line on the screen is behind by      {of(watch.ages_ms)}   (goal 250)")
    print(f"a key's effect (the cursor, which stops it) {of(pressing.keys_ms)}   (goal 50)")
    print(f"PSS of both                                 {memory:.0f} MB")
    lost = "none lost" if hits == truth else f"LOST, wrote {truth:,}"
    print(f"hits of {QUERY} on the screen{'':17}{hits:,}   ({lost})")
    return int(hits != truth)


if __name__ == "__main__":
    sys.exit(main())
