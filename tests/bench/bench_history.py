"""Measures what 500 series and 20 timings cost: a tick, the size of metrics.db after 400 days, and how fast
ranges are read.

    python -m tests.bench.bench_history [--series 500] [--timings 20] [--days 400]

Values are random walks with three samples a minute, for all of the last two days and two minutes of each hour
before: what is kept of a minute or an hour is as large as if every second had been sampled. Timings are
lognormal, thousands an hour; in the last ten minutes three processes write five of each every second.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pake_tui.clock import DAY, HOUR, MINUTE, SECOND, now_ns
from pake_tui.engine.store.metrics import Meaning, MetricsStore
from pake_tui.engine.store.sketch import Sketch
from pake_tui.model.sample import MetricKind, SeriesKey
from pake_tui.sources.embedded.recent import Recent

GOALS = {"a day summarised": 100.0}
MOST_MB = 100


class Walks:
    """Values that move a little with every sample; a tenth of them stand still, a tenth are counters."""

    def __init__(self, count: int) -> None:
        self.keys = [SeriesKey(f"metric_{n}", (("host", f"web-{n % 7}"),)) for n in range(count)]
        self.values = [random.uniform(0, 1000) for _ in self.keys]
        self.meanings = {
            key: Meaning(MetricKind.COUNTER if n % 10 == 0 else MetricKind.GAUGE)
            for n, key in enumerate(self.keys)
        }

    def step(self) -> dict[SeriesKey, float]:
        """The next sample of all."""
        for n in range(len(self.values)):
            if n % 10 == 0:
                self.values[n] += random.randrange(100)
            elif n % 10 != 1:
                self.values[n] += random.gauss(0, 1)
        return dict(zip(self.keys, self.values, strict=True))


class Latencies:
    """Timings of a service: what a flush brings is drawn from a few that were made before."""

    def __init__(self, count: int) -> None:
        self.keys = [SeriesKey("api.latency", (("endpoint", str(n)),), "api") for n in range(count)]
        self.small, self.large = ([flush(size) for _ in range(100)] for size in (5, 1000))

    def step(self, pool: list[Sketch]) -> dict[SeriesKey, Sketch]:
        """The next flush of all."""
        return {key: random.choice(pool) for key in self.keys}


def flush(size: int) -> Sketch:
    """So many answers of some 33 ms."""
    made = Sketch()
    made.add([random.lognormvariate(3.5, 0.6) for _ in range(size)])
    return made


def fill(store: MetricsStore, walks: Walks, latencies: Latencies, days: int, until: int) -> None:
    """The past, a day at a time."""
    until = until // HOUR * HOUR
    for day in range(days, 0, -1):
        begin = until - day * DAY
        every = MINUTE if day <= 2 else 30 * MINUTE
        for minute in range(begin, begin + DAY, every):
            for third in range(3):
                at = minute + third * 20 * SECOND
                store.record("collector", at, walks.step(), walks.meanings)
                store.record("api@1", at, {}, sketches=latencies.step(latencies.large))
        store.prune(begin + DAY)
        if day % 50 == 0:
            print(f"  {day} days to go, {sizes(store)}", file=sys.stderr)


def sizes(store: MetricsStore) -> str:
    """What the file holds, by table."""
    connection = sqlite3.connect(f"file:{store.database.path}?mode=ro", uri=True)
    found = []
    for table, columns in (("samples", "vals"), ("minutes", "packed"), ("hours", "packed")):
        total = "+".join(f"coalesce(sum(length({column})), 0)" for column in columns.split())
        rows, size = connection.execute(f"SELECT count(*), {total} FROM {table}").fetchone()
        found.append(f"{table} {rows:,} rows {size / 1e6:.1f} MB")
    for table in ("timing_flushes", "timing_tens", "timing_minutes", "timing_hours"):
        rows, size = connection.execute(f"SELECT count(*), sum(length(packed)) FROM {table}").fetchone()
        timings = connection.execute("SELECT count(*) FROM timings").fetchone()[0]
        each = f", {size / rows / timings:.0f} B a sketch" if rows else ""
        found.append(f"{table} {rows:,} rows {(size or 0) / 1e6:.1f} MB{each}")
    connection.close()
    return "; ".join(found)


def best_ms(work: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """Median and worst of some runs, ms."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1e3)
    return sorted(took)[len(took) // 2], max(took)


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--timings", type=int, default=20)
    parser.add_argument("--days", type=int, default=400)
    options = parser.parse_args()
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        store, walks, latencies = (
            MetricsStore(Path(folder)),
            Walks(options.series),
            Latencies(options.timings),
        )
        now = now_ns()
        fill(store, walks, latencies, options.days, now)
        for second in range(600):
            at = now - (600 - second) * SECOND
            store.record("collector", at, walks.step(), walks.meanings)
            for process in range(3):
                store.record(f"api@{process}", at, {}, sketches=latencies.step(latencies.small))
            if second % 60 == 0:
                store.prune(at)
        tick = best_ms(lambda: store.record("collector", now_ns(), walks.step(), walks.meanings), 50)
        print(f"{options.series} series, {options.timings} timings, {options.days} days: {sizes(store)}")
        whole = sum(path.stat().st_size for path in Path(folder).glob("metrics.db*"))
        held, oldest = store.reach()
        back = (now - (oldest or now)) / DAY
        print(f"metrics.db holds {held / 1e6:.1f} MB ({whole / 1e6:.1f} on disk), back to {back:.0f} days")
        print(f"limit {MOST_MB} MB: {'holds' if held <= MOST_MB * 1e6 else 'MISSED'}")
        day = best_ms(lambda: store.summary(now - DAY, now))
        rows: list[tuple[str, tuple[float, float]]] = [("a tick, written", tick), ("a day summarised", day)]
        screen = Recent(store)
        screen.series(5 * MINUTE, 150, now - 2 * SECOND)
        before = screen._last

        def second_by_second() -> None:
            screen._last = before
            screen.series(5 * MINUTE, 150, now)

        rows.append(("5 minutes, two seconds later", best_ms(second_by_second, 20)))
        for name, span, points in (
            ("5 minutes in 150 steps", 5 * MINUTE, 150),
            ("an hour in 150 steps", HOUR, 150),
            ("a day in 150 steps", DAY, 150),
            ("7 days in 150 steps", 7 * DAY, 150),
            ("30 days in 150 steps", 30 * DAY, 150),
            ("400 days in 150 steps", 400 * DAY, 150),
        ):
            rows.append((name, best_ms(lambda s=span, p=points: store.series(None, now - s, now, p))))
        rows.append(
            ("one series, 7 days", best_ms(lambda: store.series(walks.keys[:1], now - 7 * DAY, now, 150)))
        )
        rows.append(("rolling up and forgetting", best_ms(lambda: store.prune(now), 3)))
        print(f"{'what':<34}{'median ms':>10}{'worst':>8}  goal")
        for name, (median, worst) in rows:
            goal = GOALS.get(name)
            told = "" if goal is None else f"≤ {goal:.0f} ms {'holds' if median <= goal else 'MISSED'}"
            print(f"{name:<34}{median:>10.1f}{worst:>8.1f}  {told}")
        print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
