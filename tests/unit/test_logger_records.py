"""What an application logs, as it lies in the file afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pake_tui.engine.library.wiring import Library
from pake_tui.engine.logger.logger import Logger

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library of its own that writes into a fresh folder."""
    monkeypatch.setenv("LOG_DIRECTORY", str(tmp_path / "logs"))
    monkeypatch.setenv("LOG_CONSOLE", "false")
    monkeypatch.setenv("LOG_FILE", "true")
    made = Library()
    yield made
    made.close()


@pytest.fixture
def logger(library: Library) -> Logger:
    """Its logger for the service `shop`."""
    return library.logger(None, "shop")


@pytest.fixture
def lines(tmp_path: Path, logger: Logger) -> Lines:
    """What stands in the file now."""

    def read() -> list[dict[str, Any]]:
        assert logger.flush()
        text = (tmp_path / "logs" / "shop.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    return read


def test_a_record_says_when_how_bad_who_and_what(logger: Logger, lines: Lines) -> None:
    """The record's own fields come first, the caller's after them."""
    logger.info("User login successful", user_id="user123", minutes=30)
    (record,) = lines()
    assert list(record) == ["timestamp", "level", "service", "logger", "message", "user_id", "minutes"]
    assert record["level"] == "info"
    assert record["service"] == record["logger"] == "shop"
    assert record["timestamp"].endswith("Z")


def test_fields_named_like_the_records_own_are_kept_beside_them(logger: Logger, lines: Lines) -> None:
    """No field of the caller's replaces the time, level, service or message, and none is lost."""
    logger.info("real", message="m", level="l", timestamp=1, service="s", self="x")
    (record,) = lines()
    assert record["message"] == "real"
    assert record["level"] == "info"
    assert {record["message_"], record["level_"], record["service_"], record["self"]} == {"m", "l", "s", "x"}


def test_secrets_are_masked_wherever_they_stand(logger: Logger, lines: Lines, tmp_path: Path) -> None:
    """By key, in nested values, in the message, and in an exception's text and traceback."""
    try:
        raise ConnectionError("refused, password=in-the-error")
    except ConnectionError as error:
        logger.error(
            "Could not use token=in-the-message",
            error=error,
            settings={"api_key": "in-a-dict", "list": [{"password": "in-a-list"}]},
            card="4111-1111-1111-1111",
            email="jane@example.org",
        )
    lines()
    raw = (tmp_path / "logs" / "shop.log").read_text(encoding="utf-8")
    for secret in ("in-the-error", "in-the-message", "in-a-dict", "in-a-list", "1111-1111-1111", "jane@"):
        assert secret not in raw
    assert "4111-****-****-1111" in raw
    assert "j***@example.org" in raw


@pytest.mark.parametrize(
    ("level", "shown"), [("public", True), ("internal", True), ("confidential", False), ("restricted", False)]
)
def test_masking_can_be_switched_off_only_where_the_level_allows_it(
    library: Library, logger: Logger, lines: Lines, level: str, shown: bool
) -> None:
    """On confidential and restricted `mask_sensitive_data: false` is not obeyed."""
    library.config_service.update_logging_config(mask_sensitive_data=False, security_level=level)
    logger.info("x", password="plain-secret")
    assert (lines()[0]["password"] == "plain-secret") is shown


@pytest.mark.parametrize(
    ("level", "mode"),
    [("public", 0o644), ("internal", 0o640), ("confidential", 0o640), ("restricted", 0o600)],
)
def test_the_security_level_sets_the_files_mode(
    library: Library, logger: Logger, tmp_path: Path, level: str, mode: int
) -> None:
    """Who may read the file follows from the level."""
    library.config_service.update_logging_config(security_level=level)
    logger.info("x")
    assert stat.S_IMODE((tmp_path / "logs" / "shop.log").stat().st_mode) == mode


def test_the_level_counts_from_the_next_line_on(library: Library, logger: Logger, lines: Lines) -> None:
    """Debug lines appear after the update and not before; audit and security are never filtered."""
    library.config_service.update_logging_config(log_level="ERROR")
    logger.warning("no")
    logger.audit("audited", event_type="export")
    logger.security("secured", event="login", success=False)
    library.config_service.update_logging_config(log_level="DEBUG")
    logger.debug("yes")
    assert [(r["message"], r["level"]) for r in lines()] == [
        ("audited", "info"),
        ("secured", "warning"),
        ("yes", "debug"),
    ]


def test_each_category_has_its_name_and_level(logger: Logger, lines: Lines) -> None:
    """A failed request, query or login is louder than one that went well."""
    logger.api("a", status_code=200)
    logger.api("b", status_code=404)
    logger.api("c", status_code=503)
    logger.database("d", operation="SELECT")
    logger.database("e", operation="SELECT", error=ValueError("x"))
    logger.business("f", event="bought")
    logger.performance("g", operation="op", duration_ms=1.5)
    assert [(r["message"], r["category"], r["level"]) for r in lines()] == [
        ("a", "api", "info"),
        ("b", "api", "warning"),
        ("c", "api", "error"),
        ("d", "database", "info"),
        ("e", "database", "error"),
        ("f", "business", "info"),
        ("g", "performance", "info"),
    ]


def test_context_is_on_every_record_of_its_block(logger: Logger, lines: Lines) -> None:
    """Correlation ID, user and request nest and end; what the caller names wins."""
    with logger.with_correlation_id("req-1") as told:
        assert told == "req-1"
        with logger.with_user("u1", "ada"), logger.with_request(method="GET", path="/x", ip="10.0.0.1"):
            logger.info("inside", user_id="other")
        logger.info("between")
    logger.info("after")
    inside, between, after = lines()
    assert (inside["correlation_id"], inside["user_id"], inside["username"]) == ("req-1", "other", "ada")
    assert inside["request"] == {"method": "GET", "path": "/x", "ip": "10.0.0.1"}
    assert between["correlation_id"] == "req-1"
    assert "username" not in between
    assert "correlation_id" not in after


def test_a_correlation_id_is_made_where_none_is_given(logger: Logger) -> None:
    """Two blocks get two IDs."""
    with logger.with_correlation_id() as first, logger.with_correlation_id() as second:
        assert len(first) == 36
        assert first != second


async def test_timers_measure_sync_and_async_blocks(logger: Logger, lines: Lines) -> None:
    """One record per block; a block that raises is told as an error and raises."""
    async with logger.timer("slow"):
        await asyncio.sleep(0.01)
    with pytest.raises(ValueError, match="boom"), logger.timer("bad", table="t"):
        raise ValueError("boom")
    good, bad = lines()
    assert good["operation"] == "slow"
    assert good["duration_ms"] >= 10
    assert (bad["level"], bad["table"], bad["error"]["type"]) == ("error", "t", "ValueError")


def test_arguments_are_filled_in_as_the_standard_library_does(logger: Logger, lines: Lines) -> None:
    """Arguments that do not fit are appended, not raised about."""
    logger.info("%s of %d", "one", 2)
    logger.info("no place", "extra")
    logger.info("%(a)s", {"a": "by name"})
    assert [r["message"] for r in lines()] == ["one of 2", "no place 'extra'", "by name"]


def test_exception_tells_of_the_exception_being_handled(logger: Logger, lines: Lines) -> None:
    """Type, message and traceback are there without naming the exception."""
    try:
        _ = {}["missing"]
    except KeyError:
        logger.exception("Lookup failed", key="missing")
    (record,) = lines()
    assert record["error"]["type"] == "KeyError"
    assert "Traceback" in record["error"]["traceback"]
    assert "exc_info" not in record


def test_weird_arguments_never_reach_the_caller(logger: Logger, lines: Lines) -> None:
    """Cycles, broken reprs, enormous and unpaired texts are logged, each as one line."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    loop: list[object] = []
    loop.append(loop)
    logger.info(Broken(), loop=loop, big="x" * 10**6, lone="\ud800", esc="\x1b[2J", nothing=None)
    (record,) = lines()
    assert "Broken" in record["message"]
    assert record["nothing"] is None


def test_an_unwritable_folder_is_said_once_and_forgotten_when_it_works(
    library: Library, lines: Lines, logger: Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One warning with the way out; later the file itself tells how many lines are missing."""
    (tmp_path / "logs").write_text("in the way")
    for _ in range(3):
        logger.info("lost")
    warned = capsys.readouterr().err
    assert warned.count("pake-tui:") == 1
    assert "LOG_DIRECTORY" in warned
    assert logger.dropped == 3
    (tmp_path / "logs").unlink()
    logger.info("back")
    confession, record = lines()
    assert (confession["message"], confession["lost"]) == ("Log lines were lost here", 3)
    assert record["message"] == "back"


def test_a_closed_standard_error_is_nobodys_problem(
    library: Library, logger: Logger, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the console sink on and stderr closed, or none at all, lines still reach the file."""
    library.config_service.update_logging_config(console_enabled=True)
    closed = open(os.devnull, "w")  # noqa: SIM115
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        logger.info("still here")
    monkeypatch.undo()
    assert len(lines()) == 2


def test_the_console_sink_writes_to_standard_error(
    library: Library, logger: Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person's line or JSON, as `json_format` says; terminal escapes are text in both."""
    library.config_service.update_logging_config(console_enabled=True, json_format=False)
    logger.warning("look \x1b[31mred", order=7)
    text = capsys.readouterr().err
    assert "WARNING" in text
    assert "order=7" in text
    assert "\x1b" not in text
    library.config_service.update_logging_config(json_format=True)
    logger.warning("look")
    assert json.loads(capsys.readouterr().err)["message"] == "look"


def test_async_logging_keeps_the_order_and_flush_waits(
    library: Library, logger: Logger, lines: Lines
) -> None:
    """After `flush` everything stands in the file, in order, also across switching it on and off."""
    for number in range(30):
        library.config_service.update_logging_config(async_logging=number % 10 < 5)
        logger.info("n", number=number)
    assert [record["number"] for record in lines()] == list(range(30))


def test_a_full_queue_drops_counts_and_confesses(library: Library, logger: Logger, lines: Lines) -> None:
    """No caller waits for a disk that hangs; the file tells how many lines are missing."""
    library.config_service.update_logging_config(async_logging=True)
    logger.info("first")
    assert logger.flush()
    target = next(iter(library.output.targets()))
    with target.sink.lock:
        for _ in range(library.settings.current.limits.log_queue + 50):
            logger.info("x")
        dropped = logger.dropped
        assert dropped >= 49
    told = lines()
    assert [record["lost"] for record in told if "lost" in record] == [dropped]


def test_a_service_name_cannot_leave_the_folder(library: Library, tmp_path: Path) -> None:
    """Slashes and dots in a name do not choose another place."""
    library.logger(None, "../../etc/x").info("x")
    assert [path.name for path in (tmp_path / "logs").glob("*.log")] == ["_.._etc_x.log"]


def test_many_services_do_not_use_up_the_open_files(library: Library, tmp_path: Path) -> None:
    """A service per request is a mistake, and no reason to run out of descriptors; every line is written."""
    for number in list(range(260)) * 2:
        library.logger(None, f"s{number}").info("x")
    assert len(library.output.targets()) <= 200
    written = [path.read_text().count("\n") for path in (tmp_path / "logs").glob("*.log")]
    assert written == [2] * 260


def test_lines_after_the_end_are_still_written(library: Library, logger: Logger, tmp_path: Path) -> None:
    """What logs while the interpreter ends needs no thread."""
    library.config_service.update_logging_config(async_logging=True)
    library.close()
    logger.info("goodbye")
    assert "goodbye" in (tmp_path / "logs" / "shop.log").read_text()


def test_a_forked_child_logs_on_its_own(logger: Logger, lines: Lines) -> None:
    """Child and parent write to the same file; no line is there twice."""
    logger.info("before")
    child = os.fork()
    if child == 0:
        logger.info("child")
        os._exit(0 if logger.flush() else 1)
    assert os.waitpid(child, 0)[1] == 0
    logger.info("parent")
    assert [record["message"] for record in lines()] == ["before", "child", "parent"]


def test_the_compliance_report_counts_what_was_audited(logger: Logger, tmp_path: Path) -> None:
    """Audit and security events by type, result and user; rotated files count as well."""
    logger.audit("exported", event_type="data_export", result="success", user_id="u1")
    (tmp_path / "logs" / "shop.log").rename(tmp_path / "logs" / "shop.log.1")
    logger.audit("read", event_type="resource_access", result="success", user_id="u2")
    logger.security("login", event="login", success=False, user_id="u2")
    logger.info("an audit of the word security is none")
    report = logger.generate_compliance_report(days=1)
    assert report["summary"]["total_audit_events"] == 2
    assert report["summary"]["total_security_events"] == 1
    assert report["summary"]["failed_security_events"] == 1
    assert report["summary"]["by_user"] == {"u2": 2, "u1": 1}
    assert [event["message"] for event in report["events"]] == ["exported", "read", "login"]
    assert report["problems"] == []


def test_a_report_without_files_says_so(logger: Logger) -> None:
    """Nothing written is no error, and is said."""
    report = logger.generate_compliance_report()
    assert report["summary"]["total_audit_events"] == 0
    assert "is no file" in report["problems"][0]


def test_a_file_without_json_is_read_back_by_the_report(library: Library, logger: Logger) -> None:
    """With `json_format: false` the file has key=value lines, and the report counts them."""
    library.config_service.update_logging_config(json_format=False)
    logger.audit("read it", event_type="access", user_id="u 1")
    assert logger.generate_compliance_report()["summary"]["total_audit_events"] == 1
