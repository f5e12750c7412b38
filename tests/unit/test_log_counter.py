"""Rules on log lines: what they count, through growth, rotation and a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from pake_tui.clock import MINUTE, SECOND, iso, monotonic, now_ns
from pake_tui.engine.log_counter import LogCounter
from pake_tui.engine.monitoring.rules import Rule
from pake_tui.engine.monitoring.rulespecs import rules_from, validate
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.state import StateStore


def rule(logs: str) -> Rule:
    """A rule as the configuration spells it."""
    raw = [{"name": "it", "logs": logs}]
    assert validate(raw) == []
    return rules_from(raw)[0]


ERRORS = rule("level>=error service:pay count > 2 in 1m")


class Logs:
    """One service's log file in a folder of its own, and a counter that reads it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pay.log"
        (folder / "state").mkdir(mode=0o700)
        self.state = StateStore(folder / "state")
        self.settings = Settings(logs=(str(folder / "*.log"),))
        self.counter = LogCounter(self.state, self.settings)

    def write(self, level: str, age_ns: int = 0) -> None:
        """One line, of a time ago."""
        line = {"timestamp": iso(now_ns() - age_ns), "level": level, "service": "pay", "message": "m"}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def count(self) -> float | None:
        """What the rule sees now; None where it has no value."""
        values = list(self.counter.turn().values())
        return values[0][1] if values else None


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    """An empty log."""
    made = Logs(tmp_path)
    made.path.touch()
    return made


def test_lines_are_counted_as_they_come_and_forgotten_after_the_span(logs: Logs) -> None:
    """What came within the span before counts; what is older or does not match never did."""
    logs.write("ERROR", 2 * MINUTE)
    logs.write("ERROR", 30 * SECOND)
    logs.write("INFO")
    logs.counter.put_in_force([ERRORS])
    assert logs.count() == 1
    logs.write("CRITICAL")
    logs.write("ERROR")
    assert logs.count() == 3
    assert logs.count() == 3
    logs.counter.put_in_force([replace(ERRORS, window_ns=20 * SECOND)])
    assert logs.count() == 2


def test_a_rotation_neither_loses_nor_repeats_a_line(logs: Logs) -> None:
    """The renamed file is read to its end, the new one from its start."""
    logs.counter.put_in_force([ERRORS])
    logs.write("ERROR")
    assert logs.count() == 1
    logs.write("ERROR")
    logs.path.rename(logs.path.with_name("pay.log.1"))
    logs.write("ERROR")
    assert logs.count() == 3
    assert logs.count() == 3


def test_a_new_collector_counts_what_the_old_one_had(logs: Logs) -> None:
    """A restart within the span changes no count."""
    logs.write("ERROR", 10 * SECOND)
    logs.write("ERROR", 5 * SECOND)
    again = LogCounter(logs.state, logs.settings)
    again.put_in_force([ERRORS])
    assert [value for _, value in again.turn().values()] == [2]


def test_an_old_file_that_appears_counts_by_its_times(logs: Logs, tmp_path: Path) -> None:
    """Yesterday's lines are no lines of this minute."""
    logs.counter.put_in_force([ERRORS])
    assert logs.count() == 0
    other = tmp_path / "old.log"
    old = iso(now_ns() - 3600 * SECOND)
    other.write_text(f'{{"timestamp":"{old}","level":"ERROR","service":"pay","message":"m"}}\n' * 5)
    end = monotonic() + 10
    while str(other) not in {file.path for file in logs.counter.files().files}:
        assert monotonic() < end, "it was not found"
    assert logs.count() == 0


def test_silence_is_no_line_within_the_span(logs: Logs) -> None:
    """It is a count of less than one, known at once."""
    silent = rule("silence of service:pay for 5m")
    assert (silent.op, silent.threshold, silent.window_ns) == ("<", 1.0, 5 * MINUTE)
    logs.counter.put_in_force([silent])
    assert logs.count() == 0
    logs.write("INFO", 4 * MINUTE)
    assert logs.count() == 1


@pytest.mark.parametrize(
    ("logs_words", "says"),
    [
        ("level>=error", "is not accepted"),
        ("level>=error count > many in 1m", "is not accepted"),
        ("level>=error count > 2 in soon", "span"),
        ("level>=loud count > 2 in 1m", "level"),
        ("silence of for 5m", "is not accepted"),
    ],
)
def test_a_wrong_log_condition_is_refused(logs_words: str, says: str) -> None:
    """It says what is wrong, also within the query."""
    (found,) = validate([{"name": "it", "logs": logs_words}])
    assert found[0] == "0.logs"
    assert says in found[1]
