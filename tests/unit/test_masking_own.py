"""Secrets of the user's own: named in the configuration, masked wherever they stand, refused where unfit."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.engine.library.wiring import Library
from pake_tui.engine.logfiles.configured import LogSettings
from pake_tui.engine.logfiles.index.identity import reading_digest
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConfigError
from pake_tui.model.record import Direction, Level, LogRow
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from pake_tui.text.masking import mask_fields, mask_text
from pake_tui.text.own import WINDOW, Own
from pake_tui.tui.screens.record import RecordScreen
from tests.pilot.console import console

OWN = Own(("member_no", "iban"), (r"ORD-\d+", r"desk=(\w+)/(\w+)"))
CONFIG = """
masking:
  keys: [member_no]
  patterns:
    - 'ORD-\\d+'
"""
LINE = {"level": "info", "message": "paid ORD-4711", "memberNo": 815, "desk": "north"}
COMMAND = [sys.executable, "-m", "pake_tui", "logs", "--file", "shop.log", "--all"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("member_no=815 ok", "member_no=******** ok"),
        ("old-memberNo: x1, b", "old-memberNo: ********, b"),
        ("MEMBERNO='8 15'", "MEMBERNO='********'"),
        ("?iban=DE44&a=1", "?iban=********&a=1"),
        ("pay --iban DE44 now", "pay --iban ******** now"),
        ('{"iban":{"a":"b","c":3}}', '{"iban":{"a":"********","c":********}}'),
        ('"{\\"member_no\\":\\"815\\"}"', '"{\\"member_no\\":\\"********\\"}"'),
        ("member_no=null", "member_no=null"),
        ("member_note=815 libanon=2", "member_note=815 libanon=2"),
        ("took ORD-4711.", "took ********."),
        ("desk=north/7 door", "desk=********/******** door"),
        ("password=hunter2! ORD-1", "password=******** ********"),
    ],
)
def test_own_secrets_are_masked_as_the_built_in_ones(text: str, shown: str) -> None:
    """Keys by the rules of the built-in ones; of patterns the groups, else all they match; once is enough."""
    assert mask_text(text, OWN) == shown
    assert mask_text(shown, OWN) == shown


def test_own_secrets_in_fields_are_masked_at_any_depth_and_ids_stay() -> None:
    """Keys hide every leaf below them, patterns texts and numbers; a correlation ID stays what it is."""
    own = Own(("member_no",), (r"^\d{7}$", r"ORD-\d+"))
    fields = {"a": [{"memberNo": [1, {"b": "c"}]}], "n": 1234567, "m": 1234, "request_id": "ORD-1"}
    masked = {"a": [{"memberNo": ["********", {"b": "********"}]}], "n": "********", "m": 1234}
    assert mask_fields(dict(fields), own=own) == {**masked, "request_id": "ORD-1"}


def test_a_long_match_is_hidden_whole_and_a_hostile_line_ends_soon() -> None:
    """A match that goes on behind the window leaves no rest; time does not grow with the square of a line."""
    assert mask_text(
        f"{'x ' * WINDOW}secret: {'s ' * WINDOW}\nend", Own(patterns=("secret: (.*)",))
    ).endswith("secret: ********\nend")
    begun = time.perf_counter()
    mask_text("1" * 65_536, Own(patterns=(r"\d+x",)))
    assert time.perf_counter() - begun < 5


@given(st.text("ORD-12 =mebr_no*a/", max_size=40))
def test_what_is_masked_stays_as_it_is(text: str) -> None:
    """A second pass changes nothing."""
    masked = mask_text(text, OWN)
    assert mask_text(masked, OWN) == masked


@pytest.mark.parametrize(
    ("text", "line", "path", "says"),
    [
        ("masking:\n  keys:\n    - iban\n    - '42'\n", 4, "masking.keys.1", "no letter"),
        ("masking:\n  keys: [trace_id]\n", 2, "masking.keys.0", "correlation ID"),
        ("masking:\n  patterns:\n    - ok\n    - '(a+)+x'\n", 4, "masking.patterns.1", "without bound"),
        ("masking:\n  patterns: ['x.*y.*z']\n", 2, "masking.patterns.0", "two repeats without a bound"),
        ("masking:\n  patterns: ['(x']\n", 2, "masking.patterns.0", "unterminated"),
        ("masking:\n  patterns: ['x*']\n", 2, "masking.patterns.0", "nothing at all"),
        ("masking:\n  patterns: ['\\b']\n", 2, "masking.patterns.0", "nothing at all"),
        ("masking:\n  patterns: x\n", 2, "masking.patterns", "a list"),
        ("masking:\n  pattern: [x]\n", 2, "masking.pattern", "did you mean patterns?"),
        ("masking: [x]\n", 1, "masking", "keys, patterns"),
    ],
)
def test_what_is_unfit_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, path: str, says: str
) -> None:
    """No field's name, no pattern, one that can run without bound or matches nothing: each is told apart."""
    file = tmp_path / "pake.yaml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigError) as refused:
        LiveSettings(file, use_env=False, validators=VALIDATORS)
    (problem,) = refused.value.problems
    assert (problem.line, problem.path) == (line, path)
    assert says in f"{problem.message}; {problem.accepted}"


@pytest.fixture
def shop(private_places: Path) -> Path:
    """A log with secrets of the user's own beside the configuration that names them."""
    Path("pake.yaml").write_text(CONFIG)
    Path("pake.yaml").chmod(0o600)
    Path("shop.log").write_text(f"{json.dumps(LINE)}\nplain member_no=815 ORD-4711\n")
    return Path("shop.log").absolute()


def told(*arguments: str) -> str:
    """What a command prints, and whether it found nothing."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False).stdout


def test_a_command_shows_and_finds_masked_text_only(shop: Path) -> None:
    """Neither rows nor JSON have the secrets, and no search finds them: by word, by field, by expression."""
    for arguments in ((), ("--json",)):
        assert "815" not in told(*arguments)
        assert "4711" not in told(*arguments)
    assert len(told("********").splitlines()) == 2
    for query in ("4711", "memberNo:815", "memberNo>800", "~ORD-4", "message:*4711"):
        assert told(query) == ""
    assert len(told("desk:north").splitlines()) == 1


def test_a_broken_configuration_shows_no_secret_that_it_names(shop: Path) -> None:
    """Where its masks cannot be obeyed nothing is printed; the line that is wrong is named."""
    with Path("pake.yaml").open("a") as file:
        file.write("    - '(a+)+$'\n")
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pake.yaml:6" in done.stderr


def test_an_index_of_other_secrets_is_not_used() -> None:
    """What is secret is part of how a file is read."""
    assert reading_digest(Reading(own=OWN)) != reading_digest(Reading())


def rows_of(source: EmbeddedLogSource, query: str = "") -> list[LogRow]:
    """All rows of a source."""
    found = source.read(query, None, Direction.OLDER, 100, threading.Event())
    return [row for batch in found for row in batch.rows]


@pytest.mark.parametrize("worker", [True, False])
def test_another_configuration_counts_at_once(shop: Path, worker: bool) -> None:
    """Rows, searches, raw text and traces of an open view are masked anew as soon as more is secret."""
    how = LogSettings()
    source = EmbeddedLogSource([str(shop)], settings=lambda: how, worker=worker)
    try:
        assert "ORD-4711" in rows_of(source)[0].record.text
        assert len(rows_of(source, "4711")) == 2
        before = source.files().read_as
        how = LogSettings(Reading(own=OWN))
        rows = rows_of(source)
        assert not any("4711" in row.record.text or "815" in row.record.text for row in rows)
        assert rows_of(source, "4711") == []
        assert source.files().read_as != before
        assert "4711" not in source.detail(rows[0].address).raw
    finally:
        source.close()


async def test_an_open_screen_shows_no_secret_that_was_named_meanwhile() -> None:
    """Rows that were read before are read again, in the log view and in a record that is open."""
    async with console() as one:
        one.logs.add("api", Level.ERROR, "shipped ORD-4711", time_ns=one.app.now())
        await one.filter("ORD")
        await one.until(lambda: one.panel.current, "the row")
        await one.press("enter")
        await one.until(lambda: isinstance(one.app.screen, RecordScreen), "the record")
        screen = one.app.screen
        assert isinstance(screen, RecordScreen)
        one.logs.hide(Own(patterns=(r"ORD-(\d+)",)))
        await one.until(lambda: "4711" not in screen.row.record.message, "the record's mask")
        await one.press("escape")

        def messages() -> str:
            return " ".join(row.record.message for row in one.panel.session.window.rows)

        await one.until(lambda: "ORD-********" in messages() and "4711" not in messages(), "the mask")


def test_the_logger_obeys_the_configuration(private_places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an application writes has the masks; an edit counts while it runs."""
    Path("pake.yaml").write_text(CONFIG)
    Path("pake.yaml").chmod(0o600)
    monkeypatch.setenv("LOG_CONSOLE", "false")
    library = Library()
    try:
        logger, file = library.logger(None, "shop"), Path("logs/shop.log")
        logger.info("paid ORD-4711", memberNo=815, desk="north")
        assert logger.flush()
        assert "4711" not in file.read_text()
        assert json.loads(file.read_text())["memberNo"] == "********"
        Path("pake.yaml").write_text(CONFIG.replace("[member_no]", "[member_no, desk]"))
        end = time.monotonic() + 5
        while library.settings.current.masking.keys == ("member_no",):
            assert time.monotonic() < end
            library.settings.poll()
        logger.info("again", desk="south")
        assert logger.flush()
        assert "south" not in file.read_text()
    finally:
        library.close()
