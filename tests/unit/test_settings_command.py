"""`pake-tui config`: what it prints, what it exits with, what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pake_tui.cli.main import main

GOOD = "# mine\nmonitoring:\n  cpu_threshold_percent: 70  # hot\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A private configuration file."""
    path = tmp_path / "pake.yaml"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


def run(*words: object) -> int:
    """The exit code of `pake-tui config ...`."""
    return main(["config", *(str(word) for word in words)])


def test_show_prints_every_value_with_its_place(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """File and line, environment variable with what it hides, default."""
    monkeypatch.setenv("MONITORING_CPU_THRESHOLD", "60")
    assert run("show", "--config", file) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("monitoring.cpu_threshold_percent"))
    assert row.split(maxsplit=2)[1:] == ["60", "$MONITORING_CPU_THRESHOLD, overrides pake.yaml:3: 70.0"]
    assert any(line.split() == ["limits.log_files", "500", "default"] for line in lines)


def test_show_as_json_is_one_object_a_setting(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With value, default, layer, place, line, meaning and what is accepted."""
    assert run("show", "monitoring.cpu_threshold_percent", "--json", "--config", file) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["value"], found["default"], found["layer"], found["line"]) == (70, 80, "file", 3)
    assert found["limits"] == "0 to 100"


def test_show_of_an_unknown_setting_exits_2(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names what was asked for, and where the list is."""
    assert run("show", "nothing\x1b[31m", "--config", file) == 2
    said = capsys.readouterr().err
    assert "nothing" in said
    assert "\x1b" not in said


def test_validate_lists_every_problem_and_exits_2(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """file:line: path: message; what would be accepted."""
    file.write_text("logging:\n  log_level: LOUD\nrules:\n  - name: x\n    threshold: fast\n")
    assert run("validate", file) == 2
    out = capsys.readouterr().out.splitlines()
    assert (
        out[0]
        == f"{file}:2: logging.log_level: 'LOUD' is unknown; one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
    )
    assert any(line.startswith(f"{file}:5: rules.0.threshold: ") for line in out)
    assert run("validate", file, "--json") == 2
    assert json.loads(capsys.readouterr().out.splitlines()[0])["line"] == 2


def test_validate_of_a_good_file_exits_0(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says so."""
    assert run("validate", file) == 0
    assert capsys.readouterr().out == f"{file}: valid\n"


def test_validate_of_a_missing_file_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the file."""
    assert run("validate", tmp_path / "none.yaml") == 2
    assert "none.yaml: does not exist" in capsys.readouterr().out


def test_a_secret_in_the_wrong_place_is_masked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refused value is quoted masked."""
    file.write_text("logging:\n  log_level: password=hunter2secret\n")
    assert run("validate", file) == 2
    assert "hunter2secret" not in capsys.readouterr().out


def test_set_writes_one_value_and_prints_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The comment stays."""
    assert run("set", "monitoring.cpu_threshold_percent", "85", "--config", file) == 0
    assert file.read_text() == GOOD.replace("70", "85")
    assert capsys.readouterr().out == f"{file}:3: cpu_threshold_percent: 85  # hot\n"


def test_set_says_when_the_environment_hides_it(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved, and yet not in force here."""
    monkeypatch.setenv("MONITORING_CPU_THRESHOLD", "60")
    assert run("set", "monitoring.cpu_threshold_percent", "85", "--config", file) == 0
    assert "$MONITORING_CPU_THRESHOLD overrides it" in capsys.readouterr().out


def test_set_refuses_what_is_wrong_and_exits_2(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names what would be accepted; the file stays."""
    assert run("set", "monitoring.cpu_threshold_percent", "hot", "--config", file) == 2
    assert "a number from 0 to 100" in capsys.readouterr().err
    assert file.read_text() == GOOD


def test_set_obeys_read_only(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written, the reason is said."""
    assert run("set", "monitoring.cpu_threshold_percent", "85", "--config", file, "--read-only") == 2
    assert "--read-only" in capsys.readouterr().err
    assert file.read_text() == GOOD


def test_a_broken_file_is_no_traceback(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that needs it says file, line and what is expected, and exits 2."""
    file.write_text("monitoring:\n\tcpu_threshold_percent: 1\n")
    assert run("show", "--config", file) == 2
    assert f"{file}:2: is indented with a tab; use blanks" in capsys.readouterr().err


def test_path_tells_the_file_in_use_or_where_it_would_be(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where there is none."""
    assert run("path", "--config", file) == 0
    assert capsys.readouterr().out == f"{file}\n"
    assert run("path", "--json") == 0
    assert json.loads(capsys.readouterr().out)["exists"] is False
