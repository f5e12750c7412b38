"""What an application's monitor does, seen in the stores and in its reports."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from pake_tui import paths
from pake_tui.clock import MINUTE, now_ns
from pake_tui.engine.library.wiring import Library
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.monitor import Monitor
from pake_tui.engine.store import samples
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import AlertState, Policy, Severity
from pake_tui.model.check import HealthCheck, HealthState
from pake_tui.model.sample import Aggregate, SeriesKey


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library of its own without log files."""
    monkeypatch.setenv("LOG_FILE", "false")
    monkeypatch.setenv("LOG_CONSOLE", "false")
    made = Library()
    yield made
    made.close()


@pytest.fixture
def monitor(library: Library) -> Monitor:
    """Its monitor for the service `shop`."""
    return library.monitor("shop")


@pytest.fixture
def somebody_else() -> Iterator[Alerting]:
    """A console's way to the same alerts; it made the file, so that who comes next does not wait for that."""
    store = StateStore(paths.state_folder().path)
    store.alerts.live()
    yield Alerting(store, Policy)
    store.close()


@pytest.fixture
def stored() -> Iterator[MetricsStore]:
    """The metrics as any other process reads them."""
    store = MetricsStore(paths.state_folder().path, read_only=True)
    yield store
    store.close()


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


def test_series_that_nothing_keeps_are_told_of(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there are too many series the application hears once that new ones are left out."""
    monkeypatch.setattr(samples, "MOST_SERIES", 3)
    for number in range(5):
        monitor.set_gauge(f"queue_{number}", number)
    monitor.flush()
    monitor.set_gauge("queue_9", 9)
    monitor.flush()
    assert capsys.readouterr().err.count("new ones are left out") == 1


def test_what_is_measured_is_stored_within_seconds(monitor: Monitor, stored: MetricsStore) -> None:
    """Nobody has to call flush."""
    monitor.set_gauge("queue_size", 150)
    monitor.record_timing("api.response", 250.0, tags={"endpoint": "/x"})
    queue = SeriesKey("queue_size", (), "shop")
    slow = SeriesKey("api.response", (("endpoint", "/x"), ("stat", "p95")), "shop")
    until(lambda: {queue, slow} <= stored.last().keys())
    last = stored.last()
    assert last[queue][1] == 150
    assert last[slow][1] == 250


def test_a_counters_first_value_is_growth(library: Library, stored: MetricsStore) -> None:
    """Also that of a job which ended before its first second was over: history shows it."""
    before = now_ns()
    library.monitor("shop").increment_counter("jobs.done", 500)
    library.close()
    jobs = SeriesKey("jobs.done", (), "shop")
    (series,) = stored.series([jobs], before - MINUTE, now_ns(), 60)
    rates = [point.mean for point in series.points if point.mean]
    assert 250 <= max(rates) <= 500.1
    assert len(rates) <= 5
    assert stored.standing()[jobs] == 500


def test_a_name_that_no_database_takes_costs_no_other_metric(monitor: Monitor, stored: MetricsStore) -> None:
    """Half a surrogate pair, as undecodable bytes become one, is shown as a question mark."""
    monitor.increment_counter("hits\ud800", tags={"file": "x\udcff"})
    monitor.set_gauge("queue_size", 1)
    odd, queue = SeriesKey("hits?", (("file", "x?"),), "shop"), SeriesKey("queue_size", (), "shop")
    until(lambda: {odd, queue} <= stored.catalog().keys())


def test_a_wrong_aggregate_is_said_once_and_costs_no_value(
    monitor: Monitor, stored: MetricsStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it is, the caller goes on, and the value set last counts."""
    for wrong in ("median", "median", None, ["sum"], object):
        monitor.set_gauge("queue_size", 7, aggregate=wrong)  # type: ignore[arg-type]
    queue = SeriesKey("queue_size", (), "shop")
    until(lambda: queue in stored.last())
    assert stored.last()[queue][1] == 7
    assert stored.catalog()[queue].aggregate is Aggregate.LAST
    said = capsys.readouterr().err
    assert said.count("'median' is no aggregate (last, sum, max); last is taken") == 1


def test_errors_are_counted_under_one_metric_by_name(monitor: Monitor) -> None:
    """`record_error` tags the counter `errors`."""
    monitor.record_error("validation_error", tags={"field": "email"})
    monitor.record_error("validation_error", tags={"field": "email"})
    assert monitor.get_performance_summary()["counters"] == {"errors{error=validation_error,field=email}": 2}


def test_a_decorated_operation_is_timed_and_its_errors_counted(monitor: Monitor) -> None:
    """With a name, and without parentheses by the function's own."""

    @monitor.monitor_operation("work")
    def work(fail: bool) -> str:
        if fail:
            raise KeyError("x")
        return "done"

    @monitor.monitor_operation
    def plain() -> None:
        return None

    assert work(False) == "done"
    with pytest.raises(KeyError):
        work(True)
    plain()
    summary = monitor.get_performance_summary()
    assert summary["operations"]["work"]["count"] == 2
    assert any("plain" in name for name in summary["operations"])
    assert summary["counters"] == {"errors{error=KeyError,operation=work}": 1}


def test_an_alert_is_there_for_others_when_the_call_returns(
    monitor: Monitor, somebody_else: Alerting
) -> None:
    """Title, severity, tags and service; the same alert again is the same alert."""
    made = monitor.create_alert(
        "Payment Service Error", "gateway down", Severity.HIGH, {"service": "payment"}
    )
    again = monitor.create_alert("Payment Service Error", "still down", Severity.HIGH, {"service": "payment"})
    assert made == again
    alert = somebody_else.get(made)
    assert (alert.title, alert.severity, alert.service, alert.count) == (
        "Payment Service Error",
        Severity.HIGH,
        "shop",
        2,
    )
    assert [alert.id for alert in monitor.active_alerts()] == [made]


def test_an_acknowledgement_by_a_person_is_seen_by_the_application(
    monitor: Monitor, somebody_else: Alerting
) -> None:
    """Who, and what they said; in the report too."""
    made = monitor.create_alert("Slow", "very", "medium")
    somebody_else.acknowledge(made, actor="ada", comment="looking")
    alert = monitor.get_alert(made)
    assert alert is not None
    assert alert.state is AlertState.ACKNOWLEDGED
    assert alert.acknowledged is not None
    assert (alert.acknowledged.by, alert.acknowledged.comment) == ("ada", "looking")
    report = monitor.generate_monitoring_report()
    assert report["alerts"]["acknowledged"] == 1
    taken = report["alerts"]["active"][0]["acknowledged"]
    assert taken is not None
    assert taken["by"] == "ada"


async def test_resolving_is_durable_at_once_and_may_be_awaited(
    monitor: Monitor, somebody_else: Alerting
) -> None:
    """Before anything is awaited the alert is resolved; a second time changes nothing."""
    made = monitor.create_alert("Slow", "very")
    done = monitor.resolve_alert(made, "back to normal")
    assert somebody_else.get(made).state is AlertState.RESOLVED
    assert await done
    assert not monitor.resolve_alert(made, "again")
    assert not await monitor.resolve_alert("nobody-knows-this", "x")


def test_a_wrong_severity_does_not_lose_the_alert(
    monitor: Monitor, somebody_else: Alerting, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is stored as high, and the mistake is said."""
    made = monitor.create_alert("x", "y", "terrible")
    assert somebody_else.get(made).severity is Severity.HIGH
    assert "'terrible' is no severity" in capsys.readouterr().err


def test_health_checks_reach_the_store_and_the_report(monitor: Monitor, stored: MetricsStore) -> None:
    """Healthy, failing and unconfigured checks, with their owner; the percentage counts what is known."""

    def bad() -> bool:
        raise OSError("unreachable")

    monitor.register_health_check("good", lambda: {"status": "healthy", "message": "fine"})
    monitor.register_health_check("bad", bad)
    monitor.register_health_check("database")
    until(lambda: len(stored.health.list()) == 3)
    rows = {row.name: row for row in stored.health.list()}
    assert rows["good"].state is HealthState.HEALTHY
    assert rows["bad"].state is HealthState.UNHEALTHY
    assert rows["database"].state is HealthState.UNKNOWN
    assert rows["good"].owner == f"shop@{os.getpid()}"
    health = monitor.generate_monitoring_report()["health"]
    assert health["health_percentage"] == 50.0
    assert (health["healthy"], health["unhealthy"], health["unknown"]) == (1, 1, 1)


def test_what_a_dead_process_last_said_of_its_checks_is_unknown_in_the_report(monitor: Monitor) -> None:
    """As everywhere: three missed intervals are silence, and of several processes the worst counts."""
    dead = subprocess.Popen(["true"])
    dead.wait(10)
    store, now = MetricsStore(paths.state_folder().path), time.time_ns()

    def row(name: str, owner: str, state: HealthState, age_s: int) -> HealthCheck:
        at = now - age_s * 10**9
        return HealthCheck(name, state, state.word, owner, checked_ns=at, interval_s=10.0)

    gone = f"pay@{dead.pid}"
    store.health.put(
        [
            row("queue", gone, HealthState.UNHEALTHY, 600),
            row("cards", gone, HealthState.HEALTHY, 600),
            row("db", f"api@{os.getpid()}", HealthState.HEALTHY, 0),
            row("db", f"web@{os.getpid()}", HealthState.DEGRADED, 0),
        ]
    )
    store.close()
    health = monitor.generate_monitoring_report()["health"]
    told = {check["name"]: (check["state"], check["message"]) for check in health["checks"]}
    silent = f"pid {dead.pid} stopped reporting (pay)"
    assert told["queue"] == told["cards"] == ("unknown", silent)
    assert told["db"] == ("degraded", f"web@{os.getpid()}: degraded (1 of 2 processes)")
    assert (health["healthy"], health["degraded"], health["unhealthy"], health["unknown"]) == (0, 1, 0, 2)


def test_a_slow_check_holds_up_no_other(monitor: Monitor, stored: MetricsStore) -> None:
    """Another that is registered and asked for meanwhile runs again and again."""
    began, release, runs = threading.Event(), threading.Event(), list[int]()
    monitor.register_health_check("slow", lambda: began.set() or release.wait(60))
    until(began.is_set)
    monitor.register_health_check("good", lambda: runs.append(1) or True)
    until(lambda: [row.name for row in stored.health.list()] == ["good"])
    monitor.probe("good")
    until(lambda: len(runs) >= 2)
    assert [row.name for row in stored.health.list()] == ["good"]
    release.set()
    until(lambda: len(stored.health.list()) == 2)


def test_reports_are_plain_json(monitor: Monitor) -> None:
    """Every report can be dumped as it is, also when there is nothing to report."""
    for report in (
        monitor.generate_monitoring_report(),
        monitor.get_performance_summary(),
        monitor.get_system_metrics_summary(hours=24),
    ):
        assert json.loads(json.dumps(report)) == report
    assert monitor.get_system_metrics_summary()["problem"]


def test_the_host_is_summarised_from_what_was_collected(monitor: Monitor) -> None:
    """Mean, extremes and the newest value of each of the host's series."""
    store = MetricsStore(paths.state_folder().path)
    now = time.time_ns()
    for age in range(10):
        store.record("collector", now - age * 10**9, {SeriesKey("cpu_percent"): 40.0 + age})
    summary = monitor.get_system_metrics_summary(hours=0.1)["metrics"]["cpu_percent"]
    store.close()
    assert summary["low"] >= 40
    assert summary["high"] <= 49
    assert summary["last"] == 40


def test_without_a_writable_state_folder_the_caller_notices_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every method works, an id is returned, and one warning names the folder."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "file" / "state"))
    library = Library()
    monitor = library.monitor("shop")
    monitor.increment_counter("x")
    assert monitor.create_alert("a", "b")
    assert monitor.get_alert("nothing") is None
    assert monitor.active_alerts() == ()
    assert not monitor.resolve_alert("nothing", "x")
    monitor.register_health_check("c", lambda: True)
    assert monitor.generate_monitoring_report()["health"]["health_percentage"] in (0.0, 100.0)
    monitor.flush()
    library.close()
    assert str(tmp_path / "file") in capsys.readouterr().err


class Spiteful:
    """Answers nothing that it is asked."""

    def __bool__(self) -> bool:
        raise RuntimeError("no")

    __len__ = __float__ = __ge__ = __le__ = __lt__ = __gt__ = __hash__ = __str__ = __repr__ = __bool__  # type: ignore[assignment]


@pytest.mark.parametrize(
    "odd", [[("a", "b")], "abc", 7, Spiteful()], ids=["pairs", "text", "number", "object"]
)
def test_odd_tags_cost_a_warning_and_nothing_else(
    odd: Any, monitor: Monitor, somebody_else: Alerting, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was counted, measured or raised with them is kept without them, and none fails its caller."""
    monitor.increment_counter("orders", 2, odd)
    monitor.set_gauge("queue", 3, odd)
    monitor.record_timing("took", 4.0, odd)
    monitor.record_error("boom", odd)

    @monitor.monitor_operation("work", odd)
    def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        work()
    made = monitor.create_alert("odd tags", tags=odd)
    summary = monitor.get_performance_summary()
    assert summary["counters"] == {
        "orders": 2,
        "errors{error=boom}": 1,
        "errors{error=KeyError,operation=work}": 1,
    }
    assert summary["gauges"] == {"queue": 3}
    assert set(summary["operations"]) == {"took", "work"}
    assert summary["refused"] >= 6
    somebody_else.drain_spools()
    assert monitor.get_alert(made)
    monitor.flush()
    assert capsys.readouterr().err.count("a metric's value was refused") == 1


def test_odd_values_are_refused_whatever_they_are(monitor: Monitor) -> None:
    """Also those that raise when they are compared."""
    odd: Any = Spiteful()
    for _ in range(2):
        monitor.increment_counter("orders", odd)
        monitor.set_gauge("queue", odd)
        monitor.record_timing("took", odd)
        monitor.increment_counter("orders", 1)
    monitor.event(odd)
    assert monitor.get_performance_summary()["counters"] == {"orders": 2}
    assert monitor.get_performance_summary()["refused"] == 6


@pytest.mark.parametrize(("hours", "taken"), [("x", 24), (float("nan"), 24), (-1, 24), (1e9, 9600), (2, 2)])
def test_odd_hours_are_a_day(monitor: Monitor, hours: Any, taken: float) -> None:
    """And more than is kept is all that is kept."""
    assert monitor.get_system_metrics_summary(hours)["hours"] == taken


def test_a_forked_child_counts_for_itself(monitor: Monitor, stored: MetricsStore) -> None:
    """Its counters start at nothing and are stored beside the parent's, under its own pid."""
    monitor.increment_counter("hits", 5)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            monitor.increment_counter("hits", 1)
            monitor.flush()
            status = 0 if monitor.get_performance_summary()["counters"] == {"hits": 1} else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert monitor.get_performance_summary()["counters"] == {"hits": 5}
    assert stored.read("SELECT count(*) FROM writers WHERE name=?", (f"shop@{child}",)) == [(1,)]


def test_a_check_without_a_function_is_the_configured_one_or_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, stored: MetricsStore, tmp_path: Path
) -> None:
    """`register_health_check("database")` alone asks what `checks:` has of that name, or claims nothing."""
    with create_server(("127.0.0.1", 0)) as server:
        config = tmp_path / "pake.yaml"
        port = server.getsockname()[1]
        config.write_text(f"checks: [{{name: api, tcp: '127.0.0.1:{port}'}}]\n")
        monkeypatch.setenv("PAKE_CONFIG", str(config))
        monkeypatch.setenv("LOG_FILE", "false")
        library = Library()
        try:
            shop = library.monitor("shop")
            shop.register_health_check("api")
            shop.register_health_check("database")

            def said() -> dict[str, tuple[HealthState, str]]:
                shop.flush()
                return {row.name: (row.state, row.message) for row in stored.health.list()}

            until(lambda: len(said()) == 2)
            assert said()["api"] == (HealthState.HEALTHY, f"127.0.0.1:{port} takes connections")
            state, message = said()["database"]
            assert state is HealthState.UNKNOWN
            assert message == "not configured: give a function, or an entry of checks: with name: database"
        finally:
            library.close()
