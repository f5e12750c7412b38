"""The Prometheus endpoint: checked by promtool, scraped by a real Prometheus."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import create_server

import pytest

from pake_tui.clock import now_ns
from pake_tui.engine.monitoring.exposition import exposition
from pake_tui.engine.store.metrics import Meaning
from pake_tui.engine.store.sketch import Sketch
from pake_tui.model.check import HealthState
from pake_tui.model.host_metrics import HOST_METRICS, UNITS
from pake_tui.model.sample import MetricKind, SeriesKey
from tests.conftest import server
from tests.process.places import Place, free_port, wait_for

HITS = SeriesKey("http.requests", (("path", 'a"b\\c\nd'),), "api")
LATENCY, P95 = (SeriesKey("api.latency", tags, "api") for tags in ((), (("stat", "p95"),)))
MEANINGS = {
    HITS: Meaning(MetricKind.COUNTER, "/s"),
    P95: Meaning(MetricKind.TIMING, "ms"),
    SeriesKey("disk_percent", (("mount", "/"),)): Meaning(unit="percent"),
}


def get(url: str) -> str:
    """What an address answers; empty where nobody does."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())
    return ""


def test_names_units_and_labels_are_prometheuss() -> None:
    """Ratios, seconds, totals; quotes, backslashes and line breaks of a label are escaped."""
    values = {HITS: 12.0, P95: 250.0, SeriesKey("disk_percent", (("mount", "/"),)): 88.0}
    text = exposition(values, MEANINGS)
    assert 'pake_http_requests_total{path="a\\"b\\\\c\\nd",service="api"} 12\n' in text
    assert 'pake_api_latency_seconds{service="api",stat="p95"} 0.25\n' in text
    assert 'pake_disk_ratio{mount="/"} 0.88\n' in text
    assert "# TYPE pake_http_requests_total counter\n" in text
    assert exposition({SeriesKey("x"): float("nan")}, {}) == ""


def test_two_names_that_become_one_make_no_family_twice() -> None:
    """The format forbids it: the first keeps the name."""
    text = exposition({SeriesKey("a.b"): 1.0, SeriesKey("a_b"): 2.0}, {})
    assert text.count("# TYPE pake_a_b gauge") == 1
    assert text.count("\npake_a_b ") == 1


def check(text: str) -> None:
    """Promtool finds nothing to say about it."""
    promtool = server("promtool")
    assert promtool is not None
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, timeout=30
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not checked.stdout + checked.stderr


@pytest.mark.needs_server("promtool")
def test_every_metric_of_the_host_has_a_family_of_its_own() -> None:
    """Also those that this machine lacks; promtool finds nothing to say of their names."""
    values = {
        SeriesKey(one.name, ((one.tag.strip("()"), "a"),) if one.tag else ()): 1.0 for one in HOST_METRICS
    }
    text = exposition(values, {key: Meaning(unit=UNITS[key.metric]) for key in values})
    assert text.count("# TYPE ") == len(HOST_METRICS)
    assert 'pake_temperature_celsius{sensor="a"} 1\n' in text
    assert 'pake_device_latency_seconds{device="a"} 0.001' in text
    check(text)


def scraped(place: Place, folder: Path, port: int) -> Callable[[str], str]:
    """Let a Prometheus scrape a port; the newest value of what it is asked, empty where it has none."""
    prometheus, own = server("prometheus"), free_port()
    assert prometheus is not None
    scrape = folder / "prometheus.yml"
    scrape.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: pake, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    options = [f"--config.file={scrape}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    place.children.append(
        subprocess.Popen(
            [prometheus, *options, f"--web.listen-address=127.0.0.1:{own}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )

    def value(query: str) -> str:
        api = f"http://127.0.0.1:{own}/api/v1/query?query={urllib.parse.quote(query)}"
        found = json.loads(get(api) or '{"data": {"result": []}}')["data"]["result"]
        return str(found[0]["value"][1]) if found else ""

    return value


@pytest.mark.needs_server("prometheus", "promtool")
def test_a_real_prometheus_reads_what_the_agent_serves(place: Place, tmp_path: Path) -> None:
    """Promtool finds the text well-formed, and the values arrive under their names."""
    port = free_port()
    config = tmp_path / "pake.yaml"
    config.write_text(
        f"monitoring: {{prometheus_enabled: true, prometheus_port: {port}, collection_interval_seconds: 1}}\n"
    )
    place.agent("--config", str(config))
    url = f"http://127.0.0.1:{port}/metrics"
    wait_for(lambda: "pake_cpu_ratio" in get(url))
    took = Sketch()
    took.add([250.0])
    place.metrics.record("api@1", now_ns(), {HITS: 40.0}, MEANINGS, sketches={LATENCY: took})
    place.metrics.record("api@2", now_ns(), {HITS: 2.0}, MEANINGS, sketches={LATENCY: took})
    check(wait_for(lambda: get(url) if "pake_http_requests_total" in get(url) else ""))
    value = scraped(place, tmp_path, port)
    assert wait_for(lambda: value("pake_http_requests_total"), 40.0) == "42"
    assert value('pake_api_latency_seconds{stat="p90"}') == "0.25"
    assert 0.0 <= float(wait_for(lambda: value("pake_cpu_ratio"))) <= 1.0


APPLICATION = """
import sys
from prometheus_client import Counter, start_http_server
from pake_tui import get_monitor
from pake_tui.integrations.prometheus import register
shop = get_monitor("shop")
register(shop)
Counter("own", "The application's own.").inc()
shop.increment_counter("orders.created", 41, {"path": 'a"b\\\\c\\nd'})
shop.set_gauge("queue", 7)
for took in (100, 200, 300):
    shop.record_timing("api.latency", took)
start_http_server(int(sys.argv[1]), "127.0.0.1")
sys.stdin.read()
"""


@pytest.mark.needs_server("prometheus", "promtool")
def test_a_real_prometheus_reads_an_applications_own_endpoint(place: Place, tmp_path: Path) -> None:
    """What its monitor measured is there beside its own metrics, and promtool finds it well-formed."""
    port = free_port()
    place.children.append(
        subprocess.Popen([sys.executable, "-c", APPLICATION, str(port)], stdin=subprocess.PIPE)
    )
    url = f"http://127.0.0.1:{port}/metrics"
    text = wait_for(lambda: get(url))
    check("".join(f"{line}\n" for line in text.splitlines() if "pake_" in line))
    value = scraped(place, tmp_path, port)
    assert wait_for(lambda: value("pake_orders_created_total"), 40.0) == "41"
    assert value("pake_queue") == "7"
    assert float(value('pake_api_latency_seconds{quantile="0.5"}')) == pytest.approx(0.2, rel=0.01)
    mean = value("pake_api_latency_seconds_sum / pake_api_latency_seconds_count")
    assert float(mean) == pytest.approx(0.2)
    assert value("own_total") == "1"


def test_a_port_that_is_taken_is_said_and_off_is_off(place: Place, tmp_path: Path) -> None:
    """The row names the setting; switched off, nobody listens."""
    config = tmp_path / "pake.yaml"
    taken = create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    text = (
        f"monitoring: {{prometheus_enabled: true, prometheus_port: {port}, collection_interval_seconds: 1}}\n"
    )
    config.write_text(text)
    place.agent("--config", str(config))

    def row(state: HealthState) -> str:
        rows = [one for one in place.metrics.health.list() if one.name == "prometheus"]
        return next((one.message for one in rows if one.state is state), "")

    said = wait_for(lambda: row(HealthState.UNHEALTHY))
    assert said == f"127.0.0.1:{port}: Address already in use; set monitoring.prometheus_port"
    taken.close()
    wait_for(lambda: row(HealthState.HEALTHY))
    url = f"http://127.0.0.1:{port}"
    assert "pake_" in get(f"{url}/metrics")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{url}/", timeout=5)
    config.write_text(text.replace("true", "false"))
    wait_for(lambda: not get(f"{url}/metrics"))
