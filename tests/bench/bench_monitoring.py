"""Measures the monitoring engine: instruments beside other clients, a collector's tick, alerts, many series.

    python -m tests.bench.bench_monitoring [--seconds 20]

Peers that are not installed are left out: pip install prometheus_client datadog glances; apt-get install
prometheus-node-exporter.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pake_tui.clock import MINUTE, SECOND, now_ns
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.instruments import Instruments
from pake_tui.engine.monitoring.sampler import Sampler
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy, Severity
from pake_tui.model.sample import SeriesKey

TICKS = os.sysconf("SC_CLK_TCK")
Row = tuple[str, str, str, bool | None]


def per_call_us(work: Callable[[], object], calls: int = 200_000) -> float:
    """The best of five runs, microseconds a call."""
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(calls // 5):
            work()
        best = min(best, (time.perf_counter() - begun) / (calls // 5) * 1e6)
    return best


def instruments() -> list[Row]:
    """A counter and a timing, with and without tags."""
    ours, tags = Instruments("bench"), {"path": "/pay"}
    rows: list[Row] = []
    for name, most, work in (
        ("counter", 1.0, lambda: ours.count("requests")),
        ("counter with a tag", None, lambda: ours.count("requests.tagged", 1, tags)),
        ("timing", 2.0, lambda: ours.timing("latency", 12.5)),
        ("timing with a tag", None, lambda: ours.timing("latency.tagged", 12.5, tags)),
    ):
        took = per_call_us(work)
        ours.drain()
        rows.append((f"{name}, a call", f"{took:.2f} µs", _goal("≤ {} µs", most), _holds(took, most)))
    return rows + _prometheus_client() + _datadog()


def _prometheus_client() -> list[Row]:
    try:
        import prometheus_client
    except ImportError:
        return [("prometheus_client", "not installed", "", None)]
    registry = prometheus_client.CollectorRegistry()
    counter = prometheus_client.Counter("requests", "x", registry=registry)
    summary = prometheus_client.Histogram("latency", "x", registry=registry)
    name = f"prometheus_client {_version('prometheus_client')}"
    return [
        (f"{name}: counter", f"{per_call_us(counter.inc):.2f} µs", "", None),
        (f"{name}: histogram", f"{per_call_us(lambda: summary.observe(0.0125)):.2f} µs", "", None),
    ]


def _datadog() -> list[Row]:
    try:
        from datadog.dogstatsd.base import DogStatsd
    except ImportError:
        return [("datadog", "not installed", "", None)]
    client = DogStatsd(host="127.0.0.1", port=9, disable_telemetry=True, disable_buffering=False)
    name = f"datadog {_version('datadog')}"
    return [
        (
            f"{name}: increment",
            f"{per_call_us(lambda: client.increment('requests'), 20_000):.2f} µs",
            "",
            None,
        ),
        (
            f"{name}: timing",
            f"{per_call_us(lambda: client.timing('latency', 12.5), 20_000):.2f} µs",
            "",
            None,
        ),
    ]


def tick(folder: Path) -> list[Row]:
    """What one second of the collector's sampling costs: reading and writing, CPU of this process."""
    sampler, store = Sampler(), MetricsStore(folder)
    time.sleep(1.1)
    used, count = 0.0, 20
    for _ in range(count):
        begun = time.process_time()
        values = sampler.sample()
        sampler.processes()
        store.record("collector", now_ns(), values)
        used += time.process_time() - begun
        time.sleep(0.5)
    each = used / count * 1e3
    processes = sum(name.isdigit() for name in os.listdir("/proc"))  # noqa: PTH208
    sampler.close()
    what = f"a tick, {len(values)} series, {processes} processes"
    return [(what, f"{each:.1f} ms CPU", "≤ 6 ms", each <= 6)]


def idle(folder: Path, seconds: float) -> list[Row]:
    """A permanent agent with nothing to do, beside those who do the same."""
    environment = {**os.environ, "PAKE_STATE_DIR": str(folder), "HOME": str(folder)}
    programs = [("agent", [sys.executable, "-m", "pake_tui", "agent"], environment)]
    if glances := shutil.which("glances"):
        programs.append(("glances", [glances, "-q", "--stdout", "cpu.user"], dict(os.environ)))
    if node := shutil.which("prometheus-node-exporter"):
        programs.append(("node_exporter", [node, "--web.listen-address=127.0.0.1:0"], dict(os.environ)))
    started = [
        (name, subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for name, command, env in programs
    ]
    time.sleep(5)
    before = {name: _ticks(child.pid) for name, child in started}
    time.sleep(seconds)
    rows: list[Row] = []
    for name, child in started:
        share = 100 * (_ticks(child.pid) - before[name]) / TICKS / seconds
        memory = _pss_mb(child.pid)
        ours = name == "agent"
        goal = "≤ 1 % of a core, ≤ 45 MB" if ours else ""
        holds = share <= 1 and memory <= 45 if ours else None
        rows.append((f"{name}, idle {seconds:.0f} s", f"{share:.2f} %, {memory:.1f} MB PSS", goal, holds))
        child.terminate()
        child.wait()
    return rows


def alerts(folder: Path) -> list[Row]:
    """Durable alerts a second by one and by eight threads, many open ones, and a locked database."""
    store = StateStore(folder)
    alerting = Alerting(store, Policy)
    rows: list[Row] = []
    begun, count = time.perf_counter(), 300
    for number in range(count):
        alerting.create(f"one {number}", "m", Severity.HIGH, actor="b@1", service="b")
    rate = count / (time.perf_counter() - begun)
    rows.append(("alerts stored a second, one caller", f"{rate:,.0f}", "", None))
    rows.append(_together(alerting))
    with tempfile.TemporaryDirectory() as disk:
        rows.append(("an fsync of this disk", f"{_fsync_ms(Path(disk)):.2f} ms", "", None))
    for number in range(count, 10_000):
        alerting.create(f"one {number}", "m", Severity.HIGH, actor="b@1", service="b")
    took = min(_ms(lambda: store.alerts.live()) for _ in range(5))
    rows.append(("10,000 open alerts listed", f"{took:.0f} ms", "≤ 50 ms", took <= 50))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        other = StateStore(folder)
        with other.write():
            held.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    waits = [_ms(lambda n=n: alerting.create(f"late {n}", "m", Severity.LOW, actor="b@1")) for n in range(20)]
    done.set()
    holder.join()
    applied = alerting.drain_spools()
    shown = f"{sorted(waits)[10]:.0f} ms ({max(waits):.0f}), {applied} of 20 applied after"
    rows.append(
        (
            "create_alert, database locked",
            shown,
            "≤ 50 ms + fsync, none lost",
            max(waits) < 80 and applied == 20,
        )
    )
    return rows


def _together(alerting: Alerting) -> Row:
    """Eight threads that create alerts at the same time."""
    each = 200

    def create(thread: int) -> None:
        for number in range(each):
            alerting.create(f"{thread} {number}", "m", Severity.HIGH, actor="b@1", service="b")

    threads = [threading.Thread(target=create, args=(thread,)) for thread in range(8)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = 8 * each / (time.perf_counter() - begun)
    return ("alerts stored a second, eight threads", f"{rate:,.0f}", "≥ 2,000", rate >= 2000)


def series(folder: Path) -> list[Row]:
    """Two thousand series written each second."""
    store = MetricsStore(folder)
    keys = [SeriesKey(f"m{n}", (("host", "a"),)) for n in range(2000)]
    at, used = now_ns() - 5 * MINUTE, 0.0
    for second in range(200):
        values = {key: float(second) for key in keys}
        begun = time.process_time()
        store.record("collector", at + second * SECOND, values)
        used += time.process_time() - begun
    each = used / 200 * 1e3
    return [("2,000 series, a second's samples", f"{each:.1f} ms CPU", "≤ 500 ms", each <= 500)]


def _fsync_ms(folder: Path) -> float:
    with (folder / "f").open("wb") as file:

        def work() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return sorted(_ms(work) for _ in range(50))[25]


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def _goal(text: str, most: float | None) -> str:
    return "" if most is None else text.format(f"{most:g}")


def _holds(value: float, most: float | None) -> bool | None:
    return None if most is None else value <= most


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="how long idle programs are watched")
    options = parser.parse_args()
    rows = instruments()
    with tempfile.TemporaryDirectory() as name:
        for part in (tick, alerts, series, lambda folder: idle(folder, options.seconds)):
            folder = Path(tempfile.mkdtemp(dir=name))
            rows += part(folder)
    print(f"{'what':<44}{'measured':<36}{'goal':<30}")
    for what, measured, goal, holds in rows:
        word = "" if holds is None else "holds" if holds else "MISSED"
        print(f"{what:<44}{measured:<36}{goal:<30}{word}")
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
