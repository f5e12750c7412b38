"""Measures what 500 series cost: a tick, the size of metrics.db after 400 days, and how fast ranges are read.

    python -m tests.bench.bench_history [--series 500] [--days 400]

Values are random walks with three samples a minute, for all of the last two days and two minutes of each hour
before: what is kept of a minute or an hour is as large as if every second had been sampled.
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
from pake_tui.model.sample import MetricKind, SeriesKey

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


def fill(store: MetricsStore, walks: Walks, days: int, until: int) -> None:
    """The past, a day at a time."""
    until = until // HOUR * HOUR
    for day in range(days, 0, -1):
        begin = until - day * DAY
        every = MINUTE if day <= 2 else 30 * MINUTE
        for minute in range(begin, begin + DAY, every):
            for third in range(3):
                store.record("collector", minute + third * 20 * SECOND, walks.step(), walks.meanings)
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
    connection.close()
    return ", ".join(found)


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
    parser.add_argument("--days", type=int, default=400)
    options = parser.parse_args()
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        store, walks = MetricsStore(Path(folder)), Walks(options.series)
        now = now_ns()
        fill(store, walks, options.days, now)
        for second in range(600):
            store.record("collector", now - (600 - second) * SECOND, walks.step(), walks.meanings)
        tick = best_ms(lambda: store.record("collector", now_ns(), walks.step(), walks.meanings), 50)
        print(f"{options.series} series, {options.days} days: {sizes(store)}")
        whole = sum(path.stat().st_size for path in Path(folder).glob("metrics.db*"))
        held, oldest = store.reach()
        back = (now - (oldest or now)) / DAY
        print(f"metrics.db holds {held / 1e6:.1f} MB ({whole / 1e6:.1f} on disk), back to {back:.0f} days")
        print(f"limit {MOST_MB} MB: {'holds' if held <= MOST_MB * 1e6 else 'MISSED'}")
        day = best_ms(lambda: store.summary(now - DAY, now))
        rows: list[tuple[str, tuple[float, float]]] = [("a tick, written", tick), ("a day summarised", day)]
        for name, span, points in (
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
