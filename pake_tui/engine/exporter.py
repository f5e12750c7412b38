"""The Prometheus endpoint of the collector: `http://127.0.0.1:PORT/metrics`, for whoever is on this host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pake_tui.engine.monitoring.checks import ENGINE
from pake_tui.engine.monitoring.exposition import CONTENT_TYPE
from pake_tui.errors import PakeError
from pake_tui.model.check import HealthCheck, HealthState

HOST = "127.0.0.1"
NAME = "prometheus"


class Exporter:
    """Serves what `text()` says at the moment of asking, while it is switched on."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text
        self._server: ThreadingHTTPServer | None = None
        self._port: int | None = None
        self._problem = ""
        self._served = 0

    def serve(self, port: int | None) -> None:
        """Listen at a port of loopback; None: no more. A port that is taken is tried again at each call."""
        if port == self._port and (port is None or self._server is not None):
            return
        self.stop()
        self._port = port
        if port is None:
            return
        try:
            self._server = _Server((HOST, port), self._handler())
        except OSError as error:
            self._problem = f"{HOST}:{port}: {error.strerror}; set monitoring.prometheus_port"
            return
        self._problem = ""
        threading.Thread(target=self._server.serve_forever, name="pake-prometheus", daemon=True).start()

    def row(self) -> list[HealthCheck]:
        """How it does; none while it is off."""
        if self._port is None:
            return []
        if self._problem:
            return [HealthCheck(NAME, HealthState.UNHEALTHY, self._problem, ENGINE)]
        text = f"http://{HOST}:{self._port}/metrics, read {self._served} times"
        return [HealthCheck(NAME, HealthState.HEALTHY, text, ENGINE)]

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                """The metrics; anything else is not here."""
                if self.path.split("?")[0] != "/metrics":
                    self.send_error(404, "only /metrics is here")
                    return
                try:
                    body = exporter._text().encode()
                except PakeError as error:
                    self.send_error(503, str(error))
                    return
                exporter._served += 1
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: who reads is not logged."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody went away while being answered."""
