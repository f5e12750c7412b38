"""Defaults < file < environment < runtime, and one schema behind every description."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pake_tui.engine.settings.describe import json_schema, markdown_table
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import SecurityLevel, Settings, options
from pake_tui.engine.settings.values import Refused, from_text, from_value, plain
from pake_tui.errors import ConfigError
from pake_tui.model.record import Level
from pake_tui.model.setting import Layer, Problem

GUIDE_YAML = """logging:
  service_name: "pake-system"
  environment: "production"
  log_level: "INFO"
  json_format: true
  console_enabled: true
  file_enabled: true
  log_directory: "logs"
  max_file_size_mb: 100
  backup_count: 10
  rotation_frequency: "daily"
  mask_sensitive_data: true
  security_level: "confidential"
  async_logging: true
monitoring:
  service_name: "pake-system"
  environment: "production"
  collection_interval_seconds: 30
  cpu_threshold_percent: 80.0
  memory_threshold_percent: 85.0
  disk_threshold_percent: 90.0
  alerting_enabled: true
  alert_cooldown_minutes: 30
  max_alerts_per_hour: 10
  prometheus_enabled: true
  datadog_enabled: true
"""
GUIDE_ENVIRONMENT = {
    "LOG_LEVEL": "warning",
    "LOG_JSON": "false",
    "LOG_CONSOLE": "no",
    "LOG_FILE": "1",
    "LOG_DIRECTORY": "/var/log/app",
    "LOG_MASK_SENSITIVE": "true",
    "LOG_SECURITY_LEVEL": "restricted",
    "MONITORING_COLLECTION_INTERVAL": "15",
    "MONITORING_CPU_THRESHOLD": "70.5",
    "MONITORING_MEMORY_THRESHOLD": "75",
    "MONITORING_ALERTING": "false",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The guide's file."""
    path = tmp_path / "pake.yaml"
    path.write_text(GUIDE_YAML)
    path.chmod(0o600)
    return path


def test_the_guides_file_and_environment_are_understood(file: Path) -> None:
    """Every name of the guide's YAML and its environment variables counts."""
    found = LiveSettings(file, use_env=True, environment=GUIDE_ENVIRONMENT).current
    assert found.logging.security_level is SecurityLevel.RESTRICTED
    assert found.logging.log_level is Level.WARNING
    assert (found.logging.json_format, found.logging.console_enabled, found.logging.file_enabled) == (
        False,
        False,
        True,
    )
    assert found.logging.async_logging is True
    assert found.monitoring.cpu_threshold_percent == 70.5
    assert found.monitoring.alerting_enabled is False
    assert found.monitoring.datadog_enabled is True


def test_each_value_tells_where_it_came_from_and_what_it_hides(file: Path) -> None:
    """Default, file with its line, environment, and runtime with its actor; each with what it overrides."""
    live = LiveSettings(file, use_env=True, environment={"LOG_LEVEL": "ERROR"})
    live.update("logging", actor="ada", log_level="DEBUG")
    assert live.provenance("logging.backup_count").place == "pake.yaml:10"
    assert live.provenance("limits.log_files").layer is Layer.DEFAULT
    level = live.provenance("logging.log_level")
    assert level.layer is Layer.RUNTIME
    assert level.place.startswith("ada ")
    assert level.overrides == "pake.yaml:4: INFO, $LOG_LEVEL: ERROR"
    assert live.current.logging.log_level is Level.DEBUG


def test_the_environment_counts_only_where_it_shall(file: Path) -> None:
    """A process that leaves the environment out sees the file's values."""
    found = LiveSettings(file, use_env=False, environment={"LOG_LEVEL": "ERROR"}).current
    assert found.logging.log_level is Level.INFO


def test_a_bad_environment_variable_is_named(file: Path) -> None:
    """All bad variables are told with what they would accept; an empty one sets nothing."""
    bad = {"LOG_LEVEL": "LOUD", "MONITORING_CPU_THRESHOLD": "hot", "LOG_JSON": ""}
    with pytest.raises(ConfigError) as caught:
        LiveSettings(file, use_env=True, environment=bad)
    told = [str(one) for one in caught.value.problems]
    assert told == [
        "$LOG_LEVEL: logging.log_level: 'LOUD' is unknown; one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        "$MONITORING_CPU_THRESHOLD: monitoring.cpu_threshold_percent: 'hot' is not a number; "
        "a number from 0 to 100",
    ]


@pytest.mark.parametrize(
    ("section", "values", "says"),
    [
        ("logging", {"log_level": "LOUD"}, "one of DEBUG"),
        ("logging", {"lgo_level": "INFO"}, "did you mean log_level?"),
        ("monitoring", {"cpu_threshold_percent": 101}, "a number from 0 to 100"),
        ("monitoring", {"max_alerts_per_hour": True}, "a whole number from 1 to 10000"),
        ("monitoring", {"max_alerts_per_hour": 10**400}, "out of range"),
        ("rules", {"x": 1}, "one of logging, monitoring"),
    ],
)
def test_a_wrong_update_names_what_is_accepted_and_changes_nothing(
    section: str, values: dict[str, object], says: str
) -> None:
    """ConfigError, and no value of that call is set."""
    live = LiveSettings(None, use_env=False)
    with pytest.raises(ConfigError, match=says.replace("?", r"\?")):
        live.update(section, service_name="other", **values)
    assert live.current == Settings()


def test_enums_are_taken_as_values() -> None:
    """The guide's SecurityLevel.CONFIDENTIAL can be assigned as it is."""
    live = LiveSettings(None, use_env=False)
    live.update("logging", security_level=SecurityLevel.CONFIDENTIAL, log_level=Level.ERROR)
    assert live.current.logging.security_level is SecurityLevel.CONFIDENTIAL
    assert live.current.logging.log_level is Level.ERROR


def test_every_default_is_valid_and_survives_being_spelled() -> None:
    """What the schema gives as default is accepted by its own checks, as value and as text."""
    for option in options().values():
        assert from_value(option, plain(option.default)) == option.default
        if not (option.default == "" and option.empty):
            assert from_text(option, str(plain(option.default))) == option.default


def test_every_number_has_limits_that_are_kept() -> None:
    """A number just past either limit is refused, the limit itself accepted."""
    for option in options().values():
        if option.kind in (int, float):
            assert option.low is not None
            assert option.high is not None
            assert from_value(option, option.low) == option.low
            for wrong in (option.low - 1, option.high + 1):
                with pytest.raises(Refused):
                    from_value(option, wrong)


def test_environment_variables_are_each_used_once() -> None:
    """No two settings listen to the same variable."""
    names = [option.env for option in options().values() if option.env]
    assert len(names) == len(set(names))


def test_the_readmes_table_lists_every_setting() -> None:
    """One row a setting, with its default and variable."""
    table = markdown_table()
    for path, option in options().items():
        row = next(line for line in table.splitlines() if f"`{path}`" in line)
        assert option.meaning in row
        assert not option.env or f"`{option.env}`" in row


def test_the_json_schema_agrees_with_the_checks() -> None:
    """It names every section and setting, allows no other, and is JSON."""
    schema = json.loads(json.dumps(json_schema()))
    assert schema["additionalProperties"] is False
    monitoring = schema["properties"]["monitoring"]["properties"]
    assert monitoring["cpu_threshold_percent"]["maximum"] == 100
    guide = yaml.safe_load(GUIDE_YAML)
    for section, values in guide.items():
        assert set(values) <= set(schema["properties"][section]["properties"])


def test_a_rooms_validator_judges_its_section_and_gets_its_line(tmp_path: Path) -> None:
    """A problem that a validator finds at `0.threshold` is told with the file's line of it."""
    path = tmp_path / "pake.yaml"
    path.write_text("rules:\n  - name: a\n    threshold: fast\n")
    path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        LiveSettings(
            path,
            use_env=False,
            validators={"rules": lambda raw: [("0.threshold", "is no number", "a number")]},
        )
    problem = caught.value.problems[0]
    assert isinstance(problem, Problem)
    assert (problem.line, problem.path) == (3, "rules.0.threshold")
