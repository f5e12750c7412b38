"""Formats of the user's own: read, continued, refused with a reason, explained."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pake_tui.engine.logfiles.configured import LogSettings
from pake_tui.engine.logfiles.formats import formats_of, validate
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.model.record import Direction, Level, LogRow
from pake_tui.records.export import timestamp_text
from pake_tui.records.parser import Parser
from pake_tui.sources.embedded.logs import EmbeddedLogSource

MILL = {
    "name": "mill",
    "pattern": r"<(?P<time>[^>]+)> \[(?P<level>\w)\] (?P<logger>\w+)/(?P<wheel>\d+) -- (?P<message>.*?)"
    r"(?: \(rid=(?P<cid>\w+)\))?$",
    "levels": {"X": "critical", "W": "warning"},
    "time": "%d.%m.%Y %H:%M:%S",
}
LINES = [
    "<01.03.2026 14:03:21> [W] mill/7 -- wheel slow (rid=ab12cd)",
    "<01.03.2026 14:03:22> [X] mill/8 -- wheel broken",
    "  at gear 7",
    "<01.03.2026 14:03:23> [I] mill/7 -- password=hunter2",
]
MILL_LINE = r"<(?P<time>[^>]+)> \[(?P<level>\w)\] (?P<message>.*)"
CONFIG = """
formats:
  - name: mill
    pattern: '<(?P<time>[^>]+)> \\[(?P<level>\\w)\\] (?P<message>.*)'
    time: '%d.%m.%Y %H:%M:%S'
"""


def test_a_line_is_read_by_its_pattern() -> None:
    """Named groups give time, level, logger, ID and message, the others fields; secrets are masked."""
    parser = Parser(LINES, now_ns=0, formats=formats_of([MILL]))
    assert parser.format == "mill"
    assert [parser.starts_record(line) for line in LINES] == [True, True, False, True]
    (first,), (second,), (third,) = (parser.parse(LINES[a:b]) for a, b in ((0, 1), (1, 3), (3, 4)))
    assert timestamp_text(first) == "2026-03-01T14:03:21.000000"
    assert (first.level, first.logger, first.correlation_id) == (Level.WARNING, "mill", "ab12cd")
    assert (first.message, first.fields) == ("wheel slow", {"wheel": "7"})
    assert (second.level, second.message) == (Level.CRITICAL, "wheel broken\n  at gear 7")
    assert third.level is Level.INFO
    assert "hunter2" not in third.message + third.text


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"pattern": "(a+)+(?P<time>x)"}, "0.pattern", "repeat"),
        ({"pattern": "(?P<time>x"}, "0.pattern", "unterminated"),
        ({"pattern": "nothing named"}, "0.pattern", "names none"),
        ({"pattern": None}, "0.pattern", "is missing"),
        ({"name": ""}, "0.name", "is missing"),
        ({"levels": {"X": "loud"}}, "0.levels.X", "loud"),
        ({"levels": ["X"]}, "0.levels", "mapping"),
        ({"time": "dd.mm"}, "0.time", "layout"),
        ({"patern": "x"}, "0.patern", "unknown"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], path: str, message: str) -> None:
    """Each mistake is named with its place; a pattern that could run for ever is refused."""
    found = validate([{**MILL, **change}])
    assert [one[0] for one in found] == [path]
    assert message in " ".join(found[0][1:])


def test_a_command_reads_and_explains_by_the_configuration(private_places: Path) -> None:
    """`formats:` of ./pake.yaml hold for named files, and `--explain` names the format with an example."""
    Path("pake.yaml").write_text(CONFIG)
    Path("pake.yaml").chmod(0o600)
    Path("mill.log").write_text("".join(f"{line}\n" for line in LINES))
    command = [sys.executable, "-m", "pake_tui", "logs", "--file", "mill.log"]
    told = subprocess.run([*command, "--explain"], capture_output=True, text=True, check=True).stdout
    assert "mill.log: mill" in told
    assert "a format of your own: mill" in told
    assert "timestamp: 2026-03-01T14:03:21" in told
    hits = subprocess.run([*command, "level:warning", "--all"], capture_output=True, text=True, check=True)
    assert len(hits.stdout.splitlines()) == 1


@pytest.mark.parametrize("worker", [True, False])
def test_an_edited_configuration_reads_an_open_view_otherwise(tmp_path: Path, worker: bool) -> None:
    """Another format and another name of an ID count at once: in rows, in queries and in what is shown."""
    log = tmp_path / "mill.log"
    log.write_text("<01.03.2026 14:03:21> [W] wheel slow\nwheel=7 ticket=T-4711 msg=turned\n")
    how = LogSettings()
    source = EmbeddedLogSource([str(log)], settings=lambda: how, worker=worker)

    def rows(query: str = "") -> list[LogRow]:
        found = source.read(query, None, Direction.OLDER, 100, threading.Event())
        return [row for batch in found for row in batch.rows]

    try:
        assert Level.CRITICAL not in [row.record.level for row in rows()]
        assert rows("cid:T-4711") == []
        before = source.files().read_as
        formats = formats_of([MILL | {"pattern": MILL_LINE, "levels": {"W": "critical"}}])
        how = LogSettings(Reading(formats=formats, aliases=("ticket",)))
        assert Level.CRITICAL in [row.record.level for row in rows()]
        assert len(rows("cid:T-4711")) == 1
        assert source.files().read_as != before
    finally:
        source.close()
