"""`pake-tui alerts`: what it prints, what it refuses, and its exit codes."""

from __future__ import annotations

import json

import pytest

from pake_tui import paths
from pake_tui.cli.main import main
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy, Severity

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def alert_id() -> str:
    """An alert that a hostile application made."""
    alerting = Alerting(StateStore(paths.state_folder().path), Policy)
    return alerting.create(
        "evil \x1b]0;x\x07[b]title", "line\nnext", Severity.HIGH, actor="api@1", service="api"
    )


def test_the_list_shows_text_and_obeys_none(alert_id: str, capsys: Capture) -> None:
    """Escapes become pictures, markup stays as it is written."""
    assert main(["alerts"]) == 0
    shown = capsys.readouterr().out
    assert "evil ␛]0;x␇[b]title" in shown
    assert "\x1b" not in shown
    assert "1 firing, 0 acknowledged, 0 resolved in 24 h" in shown


def test_no_alerts_is_no_failure(capsys: Capture) -> None:
    """An empty state folder reads as zero alerts."""
    assert main(["alerts", "list"]) == 0
    assert capsys.readouterr().out == "0 firing, 0 acknowledged, 0 resolved in 24 h\n"


def test_json_has_the_documented_fields(alert_id: str, capsys: Capture) -> None:
    """One line per alert, pure ASCII, the same fields always."""
    assert main(["alerts", "--json"]) == 0
    line = capsys.readouterr().out
    fields = json.loads(line)
    assert line.isascii()
    assert list(fields) == [
        "id", "fingerprint", "state", "severity", "title", "message", "tags", "service",
        "first_seen", "last_seen", "count", "snoozed_until", "acknowledged", "resolved",
            "value", "threshold", "runbook_url", "withheld",
    ]  # fmt: skip
    assert (fields["id"], fields["state"], fields["severity"]) == (alert_id, "firing", "high")


def test_an_alert_is_taken_given_back_and_resolved_by_its_short_id(alert_id: str, capsys: Capture) -> None:
    """Each action prints what the store says then."""
    short = alert_id[:6]
    assert main(["alerts", "ack", short, "-m", "looking", "--json"]) == 0
    taken = json.loads(capsys.readouterr().out)
    assert (taken["acknowledged"]["by"], taken["acknowledged"]["comment"]) == (paths.actor(), "looking")
    assert main(["alerts", "unack", short]) == 0
    assert main(["alerts", "comment", short, "hm"]) == 0
    assert main(["alerts", "resolve", short, "-m", "done"]) == 0
    assert main(["alerts", "show", short, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    kinds = [entry["kind"] for entry in json.loads(lines[-1])["history"]]
    assert kinds == ["fired", "acknowledged", "unacknowledged", "commented", "resolved"]


def test_an_alert_is_snoozed_for_a_time(alert_id: str, capsys: Capture) -> None:
    """It says until when; a text that is no time is bad usage and changes nothing."""
    assert main(["alerts", "snooze", alert_id, "2h", "-m", "after the release", "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)
    assert (fields["state"], bool(fields["snoozed_until"])) == ("snoozed", True)
    with pytest.raises(SystemExit) as caught:
        main(["alerts", "snooze", alert_id, "soon"])
    assert caught.value.code == 2
    assert "write 90s, 15m, 1h30m or 2d" in capsys.readouterr().err
    assert main(["alerts"]) == 0
    assert "wakes in 1 h" in capsys.readouterr().out


def test_the_second_is_refused_with_who_and_when(alert_id: str, capsys: Capture) -> None:
    """Exit code 2, the reason on stderr."""
    assert main(["alerts", "resolve", alert_id]) == 0
    capsys.readouterr()
    assert main(["alerts", "ack", alert_id]) == 2
    assert f"resolved by {paths.actor()} at 20" in capsys.readouterr().err


def test_an_unknown_alert_is_exit_code_one(alert_id: str, capsys: Capture) -> None:
    """Nothing on stdout."""
    assert main(["alerts", "show", "zz"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, "no alert 'zz'" in captured.err) == ("", True)


@pytest.mark.parametrize("place", ["before", "after"])
def test_read_only_reads_and_refuses(alert_id: str, capsys: Capture, place: str) -> None:
    """Wherever the option stands."""
    flags = (["--read-only"], []) if place == "before" else ([], ["--read-only"])
    assert main([*flags[0], "alerts", "ack", alert_id, *flags[1]]) == 2
    assert "--read-only" in capsys.readouterr().err
    assert main([*flags[0], "alerts", "list", *flags[1]]) == 0


def test_show_prints_message_and_history(alert_id: str, capsys: Capture) -> None:
    """The message line by line, the history below."""
    assert main(["alerts", "show", alert_id[:4]]) == 0
    shown = capsys.readouterr().out
    assert "  line\n  next\n" in shown
    assert "api@1" in shown


def test_the_list_says_what_is_odd_about_an_alert(alert_id: str, capsys: Capture) -> None:
    """That it flaps or has no data, and when a snooze ends though somebody has it; none is left uncounted."""
    store = StateStore(paths.state_folder().path)
    alerting = Alerting(store, lambda: Policy(flap_reopenings=1))
    for rule in ("quiet", "restless"):
        alerting.fire(rule, title=f"{rule} rule", message="", severity=Severity.LOW)
    alerting.no_data("quiet")
    alerting.clear("restless")
    alerting.fire("restless", title="restless rule", message="", severity=Severity.LOW)
    assert main(["alerts", "ack", alert_id, "-m", "mine"]) == 0
    assert main(["alerts", "snooze", alert_id, "2h"]) == 0
    capsys.readouterr()
    assert main(["alerts"]) == 0
    shown = capsys.readouterr().out
    (quiet,) = [line for line in shown.splitlines() if "quiet rule" in line]
    (restless,) = [line for line in shown.splitlines() if "restless rule" in line]
    (evil,) = [line for line in shown.splitlines() if "evil" in line]
    assert "no data" in quiet
    assert "flapping" in restless
    assert "wakes in 1 h" in evil
    assert "“mine”" in evil
    assert "2 firing, 0 acknowledged, 1 snoozed, 0 resolved in 24 h" in shown
    assert main(["alerts", "show", alert_id]) == 0
    assert "snoozed until 20" in capsys.readouterr().out
