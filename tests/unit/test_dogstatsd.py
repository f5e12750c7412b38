"""Metrics for Datadog's agent: the format of its own client, in datagrams of one frame."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from pake_tui.engine.library.wiring import Library
from pake_tui.engine.monitoring.dogstatsd import MOST_BYTES, datagrams
from pake_tui.engine.monitoring.instruments import Instruments

TAG = r"[^|,#\s]+:[^|,#\s]*"
LINE = re.compile(rf"[A-Za-z0-9_.]+:-?[0-9.e+-]+\|(c|g|ms)(\|@0?\.[0-9]+)?(\|#{TAG}(,{TAG})*)?")


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A listener where Datadog's agent would be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        monkeypatch.setenv("DD_AGENT_HOST", "127.0.0.1")
        monkeypatch.setenv("DD_DOGSTATSD_PORT", str(listening.getsockname()[1]))
        yield listening


def test_counters_gauges_and_timings_have_their_types_and_tags() -> None:
    """As `datadog.dogstatsd` writes them; hostile names and tags break no line."""
    own = Instruments("shop")
    own.count("orders.created", 3, {"path": "/pay"})
    own.gauge("queue size", 12.5)
    own.timing("latency", 250.0)
    own.count("evil|#name\n", 1, {"a,b": "c|d\ne"})
    lines = b"\n".join(datagrams(own.drain())).decode().split("\n")
    assert "orders.created:3|c|#path:/pay,service:shop" in lines
    assert "queue_size:12.5|g|#service:shop" in lines
    assert "latency:250|ms|#service:shop" in lines
    assert len(lines) == 4
    assert all(LINE.fullmatch(line) for line in lines), lines


def test_timings_that_are_alike_share_a_line_with_their_rate_and_every_datagram_fits() -> None:
    """A line's value at rate 1/n stands for n timings within 1 % of it: none is left out."""
    own = Instruments("shop")
    for number in range(1, 4097):
        own.timing("latency", float(number))
    for _ in range(20_000):
        own.timing("latency", 4096.0)
    found = datagrams(own.drain())
    assert max(map(len, found)) <= MOST_BYTES
    lines = b"\n".join(found).decode().split("\n")
    assert all(LINE.fullmatch(line) for line in lines), lines
    parts = [re.match(r"latency:([0-9.]+)\|ms(?:\|@([0-9.]+))?\|#service:shop", line) for line in lines]
    weighed = [(float(part[1]), 1 / float(part[2] or 1)) for part in parts if part is not None]
    assert len(weighed) == len(lines) < 500
    assert sum(count for _, count in weighed) == pytest.approx(24_096, rel=0.001)
    assert sum(value * count for value, count in weighed) == pytest.approx(
        sum(range(1, 4097)) + 20_000 * 4096, rel=0.01
    )


def test_an_application_sends_what_it_measures_once(
    agent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each flush, increments and not totals."""
    monkeypatch.setenv("MONITORING_DATADOG", "true")
    monkeypatch.setenv("LOG_FILE", "false")
    library = Library()
    try:
        shop = library.monitor("shop")
        shop.increment_counter("orders.created", 2)
        shop.flush()
        assert agent.recv(65536).decode() == "orders.created:2|c|#service:shop"
        shop.increment_counter("orders.created", 5)
        shop.flush()
        assert agent.recv(65536).decode() == "orders.created:5|c|#service:shop"
    finally:
        library.close()


def test_an_agent_that_is_not_there_is_nobodys_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised, and nothing waits."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DD_DOGSTATSD_PORT", str(closed.getsockname()[1]))
    monkeypatch.setenv("MONITORING_DATADOG", "true")
    monkeypatch.setenv("LOG_FILE", "false")
    library = Library()
    try:
        shop = library.monitor("shop")
        for _ in range(3):
            shop.increment_counter("orders.created")
            shop.flush()
    finally:
        library.close()
