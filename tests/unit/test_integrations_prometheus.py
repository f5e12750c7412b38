"""An application's own `/metrics` tells what its monitors measured, by prometheus_client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from prometheus_client.registry import Collector

from pake_tui.engine.library.wiring import Library
from pake_tui.engine.monitoring.exposition import exposition
from pake_tui.engine.monitoring.ledger import COUNTER
from pake_tui.engine.store.metrics import Meaning
from pake_tui.integrations.prometheus import register
from pake_tui.model.sample import SeriesKey
from tests.forking import exit_code_of_child

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library of its own without log files."""
    monkeypatch.setenv("LOG_FILE", "false")
    made = Library()
    yield made
    made.close()


def told(registry: CollectorRegistry) -> Values:
    """What a scrape reads, by name and labels."""
    families = parse(generate_latest(registry).decode())
    samples = [one for family in families for one in family.samples]
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}


def test_what_was_measured_is_what_is_scraped(library: Library) -> None:
    """Counters, gauges and timings in base units, beside the application's own metrics."""
    registry, shop = CollectorRegistry(), library.monitor("shop")
    Counter("own", "The application's own.", registry=registry).inc(3)
    register(shop, registry)
    for number in range(1, 101):
        shop.increment_counter("orders.created", 2, {"path": "/pay"})
        shop.record_timing("api.latency_ms", float(number), {"quantile": "x"})
    shop.set_gauge("queue size", 12.5)
    service = ("service", "shop")
    labels = (service, ("tag_quantile", "x"))
    name = "pake_api_latency_seconds"
    found = {key: value for key, value in told(registry).items() if not key[0].endswith("_created")}
    assert found == {
        ("own_total", ()): 3.0,
        ("pake_orders_created_total", (("path", "/pay"), service)): 200.0,
        ("pake_queue_size", (service,)): 12.5,
        (f"{name}_count", labels): 100.0,
        (f"{name}_sum", labels): pytest.approx(5.05),
        **{
            (name, (("quantile", str(share)), *labels)): pytest.approx(share / 10, abs=0.0015)
            for share in (0.5, 0.9, 0.95, 0.99)
        },
    }
    read = {one.name for one in parse_openmetrics(openmetrics.generate_latest(registry).decode())}
    assert {"pake_orders_created", "pake_queue_size", name} <= read


def test_names_are_those_of_the_collectors_endpoint(library: Library) -> None:
    """One rule makes both."""
    registry, shop = CollectorRegistry(), library.monitor("shop")
    register(shop, registry)
    shop.increment_counter("a.hits_total")
    shop.set_gauge("9 lives.count", 9, {"1st": "x", "__name__": "y"})
    hits = SeriesKey("a.hits_total", (), "shop")
    lives = SeriesKey("9 lives.count", (("1st", "x"), ("__name__", "y")), "shop")
    text = exposition({hits: 1.0, lives: 9.0}, {hits: COUNTER, lives: Meaning()})
    of_the_collector = [(one.name, one.labels, one.value) for family in parse(text) for one in family.samples]
    own = [
        (one.name, one.labels, one.value)
        for family in parse(generate_latest(registry).decode())
        for one in family.samples
    ]
    assert own == of_the_collector


def test_registering_twice_does_nothing_and_two_services_share_a_family(library: Library) -> None:
    """No family comes twice, which the format forbids."""
    registry = CollectorRegistry(auto_describe=True)
    for service in ("shop", "shop", "cart"):
        register(library.monitor(service), registry)
        library.monitor(service).increment_counter("hits")
    text = generate_latest(registry).decode()
    assert text.count("# TYPE pake_hits_total counter") == 1
    assert told(registry) == {
        ("pake_hits_total", (("service", "shop"),)): 2.0,
        ("pake_hits_total", (("service", "cart"),)): 1.0,
    }
    other = CollectorRegistry()
    register(library.monitor("shop"), other)
    assert told(other) == {("pake_hits_total", (("service", "shop"),)): 2.0}


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=20), st.integers(0, 10**9), min_size=1, max_size=5))
def test_hostile_tags_come_back_as_they_were(library: Library, counts: dict[str, int]) -> None:
    """Quotes, line breaks, any character: each count under its own label."""
    registry = CollectorRegistry()
    monitor = library.monitor(f"service {sorted(counts.items())!r}")
    register(monitor, registry)
    for path, count in counts.items():
        monitor.set_gauge("hits", count, {"path": path})
    found = told(registry)
    assert {dict(labels).get("path", ""): value for (_, labels), value in found.items()} == counts


def test_a_scrape_survives_what_no_text_can_say(library: Library) -> None:
    """Half a surrogate pair in a name or a tag."""
    registry, shop = CollectorRegistry(), library.monitor("shop")
    register(shop, registry)
    shop.increment_counter("odd\ud800", 1, {"a\udfff": "b\ud800"})
    assert list(told(registry).values()) == [1.0]


def test_counting_goes_on_while_many_scrape(library: Library) -> None:
    """Nothing raises in either, and nothing is lost."""
    registry, shop = CollectorRegistry(), library.monitor("shop")
    register(shop, registry)
    failures: list[BaseException] = []

    def work(what: object) -> None:
        try:
            for number in range(300):
                if what:
                    shop.increment_counter("hits")
                    shop.record_timing("took", 1.0)
                    shop.set_gauge(f"level {number}", number)
                else:
                    generate_latest(registry)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number % 2,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = told(registry)
    service = (("service", "shop"),)
    assert found["pake_hits_total", service] == found["pake_took_seconds_count", service] == 600.0


def test_a_scrape_needs_no_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It reads this process's memory: no database can hold it up."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "file" / "state"))
    library, registry = Library(), CollectorRegistry()
    register(library.monitor("shop"), registry)
    library.monitor("shop").increment_counter("hits", 2)
    assert list(told(registry).values()) == [2.0]
    library.close()
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_a_child_that_was_forked_while_a_thread_registered_can_register(library: Library) -> None:
    """The thread did not come along, and what it held is free in the child."""
    inside, leave = threading.Event(), threading.Event()

    class Slow(CollectorRegistry):
        """A registry that hangs."""

        def register(self, collector: Collector) -> None:
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=register, args=(library.monitor("shop"), Slow()))
    thread.start()
    assert inside.wait(10)
    assert exit_code_of_child(lambda: register(library.monitor("shop"), CollectorRegistry())) == 0
    leave.set()
    thread.join()


def test_labels_that_mean_something_to_prometheus_are_renamed() -> None:
    """Tags named `le` and `quantile` stay readable on any metric, and promtool has nothing to say of them."""
    key = SeriesKey("queue", (("le", "5"), ("quantile", "x")), "shop")
    shown = exposition({key: 3.0}, {key: Meaning()})
    assert 'pake_queue{service="shop",tag_le="5",tag_quantile="x"} 3' in shown
