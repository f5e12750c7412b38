"""The standard library's logging ends up in pake-tui's file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging
from pake_tui.integrations.stdlib import PakeHandler
logging.basicConfig(level=logging.DEBUG, handlers=[PakeHandler(service="shop")])
log = logging.getLogger("shop.orders")
log.info("order %s paid", 7, extra={"order": 7, "password": "hidden-here"})
log.log(25, "between")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
log.debug("%d is no number", "x")
"""


def test_records_arrive_with_name_level_extra_and_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`extra` becomes fields, secrets are masked, a broken format is reported by logging itself."""
    monkeypatch.setenv("LOG_DIRECTORY", str(tmp_path / "logs"))
    monkeypatch.setenv("LOG_CONSOLE", "false")
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    text = (tmp_path / "logs" / "shop.log").read_text()
    paid, between, failed = (json.loads(line) for line in text.splitlines())
    assert (paid["message"], paid["logger"], paid["level"], paid["order"]) == (
        "order 7 paid",
        "shop.orders",
        "info",
        7,
    )
    assert "hidden-here" not in text
    assert between["level"] == "info"
    assert failed["error"]["type"] == "ZeroDivisionError"
    assert "TypeError" in run.stderr
