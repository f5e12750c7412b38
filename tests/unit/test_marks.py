"""Marks of what happened: by applications and scripts, on charts and in lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pake_tui.cli.main import main
from pake_tui.clock import DAY, MINUTE, now_ns
from pake_tui.engine.library.wiring import Library
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.sample import Mark


@pytest.fixture
def store(tmp_path: Path) -> MetricsStore:
    """The metrics of the state folder."""
    (tmp_path / "state").mkdir(mode=0o700, exist_ok=True)
    return MetricsStore(tmp_path / "state")


def test_an_application_and_a_script_mark_a_moment(
    store: MetricsStore, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Both are listed, with their service, secrets masked."""
    monkeypatch.setenv("LOG_FILE", "false")
    library = Library()
    library.monitor("shop").event("restarted")
    library.close()
    assert main(["event", "deployed", "2.4.1", "password=geheim42x", "--service", "api"]) == 0
    capsys.readouterr()
    assert main(["event", "--list", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["service"], one["title"].split(" p")[0]) for one in found] == [
        ("shop", "restarted"),
        ("api", "deployed 2.4.1"),
    ]
    assert "geheim42x" not in str(found)
    assert main(["event", "x", "--read-only"]) == 2


def test_marks_are_of_a_range_and_do_not_grow_for_ever(store: MetricsStore) -> None:
    """The oldest go after ninety days."""
    now = now_ns()
    for at, title in ((now - 91 * DAY, "old"), (now - MINUTE, "one"), (now, "two")):
        store.marks.add(Mark(at, title))
    assert [mark.title for mark in store.marks.list(0, now)] == ["one", "two"]
    assert [mark.title for mark in store.marks.list(now - 2 * MINUTE, now - 1)] == ["one"]
    assert main(["event", "--list", "--since", "1s"]) in (0, 1)
