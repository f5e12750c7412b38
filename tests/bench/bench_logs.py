"""Measures the log engine and its peers in one run, checks every answer, and prints a table.

    python -m tests.bench.bench_logs [--mb 500] [--form json|logfmt|text] [--keep FOLDER]

It makes its own log (`logmaker`), in a temporary folder with a cache of its own. Peers that are installed
(rg, jq, wc) do the same work on the same file, read into memory before. A wrong answer ends the run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from pake_tui.clock import MINUTE, SECOND
from pake_tui.engine.logfiles.configured import log_settings
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.engine.logfiles.view import find_time
from pake_tui.engine.settings.schema import Settings
from pake_tui.model.record import Direction
from pake_tui.sources.embedded.indexes import build, drop
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from tests.bench.logmaker import ABSENT, NAMES, START, Truth, make

COMMAND = [sys.executable, "-m", "pake_tui"]
ROUNDS = 5
LONG_S = 20.0
BLOCK = 256 * 1024
SAMPLE = 200_000_000
"""Bytes of a log that the regular expressions are run over: they take as long for each megabyte."""


class Table:
    """Rows of case, our time, the peer's, their ratio, and the goal."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, case: str, ours: float, peer: tuple[str, float] | None, most: float | None) -> None:
        """A case: seconds, the peer's name and seconds, and the most their ratio may be."""
        held, goal = "", ""
        beside = "-"
        if peer is not None:
            beside = f"{peer[0]} {_time(peer[1])}"
            goal = f"{ours / peer[1]:.3g} x"
            if most is not None:
                held = f"≤ {most:g} x {'holds' if ours <= most * peer[1] else 'MISSED'}"
        self.rows.append((case, _time(ours), f"{beside:24}{goal}", held))

    def rate(self, case: str, ours: float, peer: tuple[str, float] | None, least: float) -> None:
        """A case: MB/s, the peer's name and its MB/s, and the least their ratio may be."""
        beside = goal = held = ""
        if peer is not None:
            beside, goal = f"{peer[0]} {peer[1]:.0f} MB/s", f"{ours / peer[1]:.3g} x"
            held = f"≥ {least:.2f} x {'holds' if ours >= least * peer[1] else 'MISSED'}"
        self.rows.append((case, f"{ours:,.1f} MB/s", f"{beside:24}{goal}", held))

    def limit(self, case: str, ours: float, most: float, unit: str = "s") -> None:
        """A case with a limit of its own."""
        shown = _time(ours) if unit == "s" else f"{ours:,.1f} {unit}"
        goal = f"≤ {_time(most) if unit == 's' else f'{most:g} {unit}'}"
        self.rows.append((case, shown, "", f"{goal} {'holds' if ours <= most else 'MISSED'}"))

    def __str__(self) -> str:
        return "\n".join(f"{case:46}{ours:14}{peer:36}{goal}" for case, ours, peer, goal in self.rows)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least of some rounds; no further one after twenty seconds."""
    took: list[float] = []
    while len(took) < rounds and sum(took) < LONG_S:
        took.append(timed(work))
    return min(took)


def run(*command: str) -> str:
    """A program's output; a wrong exit is an error, `nothing found` is none."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise AssertionError(f"{command}: {done.stderr[:400]}")
    return done.stdout


def peer(name: str, *command: str) -> tuple[str, float] | None:
    """A peer's name and best time; None where it is not installed."""
    if shutil.which(command[0]) is None:
        return None
    return name, best(lambda: run(*command), 3)


def must(what: str, found: object, wanted: object) -> None:
    """End the run where an answer is wrong."""
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, but the truth is {wanted!r}")


def traced(source: EmbeddedLogSource, identifier: str) -> list[int]:
    """The lines of a trace."""
    *_, trace = source.trace(identifier, threading.Event())
    return [row.line or 0 for row in trace.rows]


def counted(source: EmbeddedLogSource, query: str) -> int:
    """The hits of a query."""
    *_, last = source.count(query, threading.Event())
    return last.hits


def source_of(truth: Truth, *, numbers: bool = True) -> EmbeddedLogSource:
    """A source as a command has it."""
    how = replace(log_settings(Settings()), index_bytes=10**12)
    return EmbeddedLogSource(
        files=[str(truth.path)],
        settings=lambda: how,
        worker=False,
        numbers=numbers,
    )


def cold(table: Table, truth: Truth, form: str) -> None:
    """Without an index."""
    source, path = source_of(truth), str(truth.path)
    needle = truth.ids[truth.needle]
    table.add(
        "an ID, no index",
        best(lambda: must("trace", traced(source, truth.needle), needle), 3),
        peer("rg -F", "rg", "-c", "-F", truth.needle, path),
        4.5,
    )
    table.add(
        "all records counted, no index",
        best(lambda: counted(source, ""), 3),
        peer("wc -l", "wc", "-l", path),
        None,
    )
    if form == "json":
        table.add(
            "duration_ms>400 counted, no index",
            timed(lambda: must("duration_ms>400", counted(source, "duration_ms>400"), truth.slow)),
            peer("jq", "jq", "-R", "-n", "[inputs|fromjson?|select(.duration_ms?>400)]|length", path),
            0.2,
        )
    if truth.size <= 600_000_000:
        pattern = 'level="?error|"level":"error"| ERROR '
        table.add(
            "level:error counted, no index",
            timed(lambda: must("level:error", counted(source, "level:error"), truth.errors)),
            peer("rg -c", "rg", "-c", pattern, path),
            None,
        )


def found_by_regex(path: Path, names: Sequence[str]) -> float:
    """Megabytes a second of the least that an index of IDs takes in Python: one regular expression over each
    block. It knows neither lines, times nor levels, and takes whatever looks like an ID for one.
    """
    pattern = re.compile(rb'"(?:%s)": ?"([^"]{1,80})"' % "|".join(names).encode())
    with path.open("rb") as file:
        data = file.read(SAMPLE)

    def scan() -> None:
        found: set[tuple[int, int]] = set()
        for at in range(0, len(data), BLOCK):
            found.update((hash(one), at // BLOCK) for one in set(pattern.findall(data, at, at + BLOCK)))

    return len(data) / best(scan, 3) / 1e6


def building(source: EmbeddedLogSource) -> float:
    """The least seconds in which a source's index is built anew."""

    def work() -> None:
        drop(source)
        for _ in build(source):
            pass

    return best(work, 3)


def one_alias(table: Table, folder: Path, size: int) -> None:
    """Build the index of JSON lines that all name the ID in the same way."""
    truth = make(folder / "alike.log", size, names=NAMES[:1])
    built = building(source_of(truth))
    speed, bare = truth.size / built / 1e6, found_by_regex(truth.path, NAMES[:1])
    table.rate("index built, one alias", speed, ("IDs by a regex", bare), 300 / 470)


def indexed(table: Table, truth: Truth, form: str) -> None:
    """Build the index, and look things up."""
    source, path = source_of(truth), str(truth.path)
    built = building(source)
    bare = found_by_regex(truth.path, sorted(set(NAMES))) if form == "json" else 0.0
    table.rate("index built", truth.size / built / 1e6, ("IDs by a regex", bare) if bare else None, 200 / 321)
    held = sum(one.stat().st_size for one in Path(os.environ["XDG_CACHE_HOME"]).rglob("*") if one.is_file())
    table.limit("index, of the log", 100 * held / truth.size, 1.5, "%")
    source = source_of(truth)
    literal = peer("rg -F", "rg", "-c", "-F", truth.needle, path)
    for identifier, lines in list(truth.ids.items())[:10]:
        must(identifier, traced(source, identifier), lines)
    some = list(truth.ids)[:20]
    each = sorted(timed(lambda one=one: traced(source, one)) for one in some)  # type: ignore[misc]
    table.add("an ID, indexed: median", each[len(each) // 2], literal, 0.01)
    table.limit("an ID, indexed: worst", each[-1], 0.05)
    table.limit("an absent ID", best(lambda: must("absent", traced(source, ABSENT), [])), 0.01)
    whole = best(lambda: run(*COMMAND, "trace", truth.needle, "--file", path), 3)
    table.add("`pake-tui trace ID`, the whole process", whole, literal, 0.5)
    table.add(
        "level:error counted, indexed",
        best(lambda: must("level:error", counted(source, "level:error"), truth.errors)),
        peer("rg -c", "rg", "-c", 'level="?error|"level":"error"| ERROR ', path),
        1.0,
    )
    first = best(lambda: next(source.read("level>=error", None, Direction.OLDER, 40, threading.Event())))
    table.limit("level>=error, first screen", first, 0.05)
    table.limit("histogram, 100 steps", best(lambda: source.histogram(None, None, 100)), 0.05)
    tape = Tape(path, "", Reading())
    at = int(START.timestamp()) * SECOND + 700 * MINUTE
    table.limit("jump to a time", best(lambda: find_time(tape, at)), 0.02)


def opened(table: Table, truth: Truth, folder: Path) -> None:
    """The last screen of the file, beside that of a small one."""
    small = make(folder / "small.log", 1_000_000)

    def last_screen(one: Truth) -> float:
        def work() -> None:
            source = source_of(one, numbers=False)
            next(source.read("", None, Direction.OLDER, 60, threading.Event()))

        return best(work)

    table.add("last screen read", last_screen(truth), ("of 1 MB", last_screen(small)), 1.1)


@contextlib.contextmanager
def places(keep: Path | None) -> Iterator[Path]:
    """A folder for the log, and an empty home beside it."""
    folder = keep or Path(tempfile.mkdtemp(prefix="pake-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="pake-bench-home-"))
    os.environ |= {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PAKE_STATE_DIR": str(home / "state"),
    }
    try:
        yield folder
    finally:
        shutil.rmtree(home, ignore_errors=True)
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Make the log, measure, and print."""
    parser = argparse.ArgumentParser(description="Measure the log engine beside its peers.")
    parser.add_argument("--mb", type=float, default=500.0, help="size of the log")
    parser.add_argument("--form", choices=["json", "logfmt", "text"], default="json")
    parser.add_argument("--keep", type=Path, help="make the log there, and leave it")
    options = parser.parse_args()
    table = Table()
    with places(options.keep) as folder:
        truth = make(folder / "big.log", int(options.mb * 1e6), options.form)
        print(f"{truth.size / 1e6:,.0f} MB of {options.form}, {truth.lines:,} lines, {os.cpu_count()} CPUs,")
        print(f"Python {platform.python_version()}, {platform.release()}, load {os.getloadavg()[0]:.2f}")
        for name in ("rg", "jq"):
            print(
                run(name, "--version").splitlines()[0] if shutil.which(name) else f"{name} is not installed"
            )
        with truth.path.open("rb") as file:
            while file.read(1 << 20):
                pass
        opened(table, truth, folder)
        cold(table, truth, options.form)
        indexed(table, truth, options.form)
        if options.form == "json":
            one_alias(table, folder, min(truth.size, SAMPLE))
    print(table)
    print(f"memory of this process, most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
