"""`get_config_service()`: live views, updates that count at once, and a look at the surroundings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pake_tui import paths
from pake_tui.engine.library.config_service import ConfigService
from pake_tui.engine.library.wiring import Library
from pake_tui.engine.settings.schema import SecurityLevel
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConfigError


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file that the library finds."""
    path = tmp_path / "pake.yaml"
    path.write_text("logging:\n  log_level: WARNING\nmonitoring:\n  cpu_threshold_percent: 70\n")
    path.chmod(0o600)
    monkeypatch.setenv("PAKE_CONFIG", str(path))
    return path


@pytest.fixture
def library(config: Path) -> Iterator[Library]:
    """A library under that configuration."""
    made = Library()
    yield made
    made.close()


@pytest.fixture
def service(library: Library) -> ConfigService:
    """Its configuration service."""
    return library.config_service


def test_views_read_what_is_in_force(service: ConfigService) -> None:
    """The file's values, and the defaults of the rest."""
    assert service.logging_config.log_level.name == "WARNING"
    assert service.monitoring_config.cpu_threshold_percent == 70
    assert service.monitoring_config.memory_threshold_percent == 85
    assert "cpu_threshold_percent" in dir(service.monitoring_config)


def test_assigning_is_updating(service: ConfigService) -> None:
    """What is assigned to a view is in force, with its type."""
    service.monitoring_config.cpu_threshold_percent = 85
    service.logging_config.security_level = "restricted"
    assert service.monitoring_config.cpu_threshold_percent == 85.0
    assert service.logging_config.security_level is SecurityLevel.RESTRICTED


def test_a_monitoring_update_is_stored_for_the_collector_with_who_made_it(service: ConfigService) -> None:
    """The state names the setting, its value and its actor."""
    service.update_monitoring_config(cpu_threshold_percent=75.0)
    store = StateStore(paths.state_folder().path)
    (row,) = store.runtime.list()
    store.close()
    assert (row.section, row.name, row.value) == ("monitoring", "cpu_threshold_percent", 75.0)
    assert row.actor.startswith("app@")


def test_a_reload_drops_what_was_updated(service: ConfigService) -> None:
    """The file counts again, here and in the state."""
    service.update_monitoring_config(cpu_threshold_percent=75.0)
    service.update_logging_config(log_level="DEBUG")
    service.reload_configuration()
    assert service.monitoring_config.cpu_threshold_percent == 70
    assert service.logging_config.log_level.name == "WARNING"
    store = StateStore(paths.state_folder().path)
    rows = store.runtime.list()
    store.close()
    assert rows == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("cpu_threshold_percent", "very much"), ("cpu_threshold_percent", 400), ("cpu_treshold", 80)],
)
def test_a_wrong_update_is_refused_and_changes_nothing(
    service: ConfigService, name: str, value: object
) -> None:
    """The error names the setting; neither process nor state hear of it."""
    with pytest.raises(ConfigError, match="cpu_t"):
        service.update_monitoring_config(**{name: value})
    assert service.monitoring_config.cpu_threshold_percent == 70
    store = StateStore(paths.state_folder().path)
    rows = store.runtime.list()
    store.close()
    assert rows == ()


def test_an_unknown_name_is_answered_with_the_known_ones(service: ConfigService) -> None:
    """Reading a setting that does not exist lists those that do."""
    with pytest.raises(AttributeError, match="log_level"):
        _ = service.logging_config.loglevel


def test_an_edit_of_the_file_counts_at_the_next_look(library: Library, config: Path) -> None:
    """The library's thread looks five times a second; here it is asked to."""
    config.write_text("logging:\n  log_level: ERROR\n")
    library.settings.check()
    assert library.config_service.logging_config.log_level.name == "ERROR"


def test_validation_finds_folders_that_cannot_be_written(service: ConfigService, tmp_path: Path) -> None:
    """The setting and the folder in its way are named."""
    assert service.validate_environment()["valid"]
    (tmp_path / "file").write_text("")
    service.update_logging_config(log_directory=str(tmp_path / "file" / "logs"))
    found = service.validate_environment()
    assert not found["valid"]
    assert "log_directory" in found["errors"][0]
    assert str(tmp_path / "file") in found["errors"][0]


def test_validation_lists_the_problems_of_a_broken_edit(
    library: Library, service: ConfigService, config: Path
) -> None:
    """File and line are named; the old settings stay in force."""
    config.write_text("monitoring:\n  cpu_threshold_percent: lots\n")
    library.settings.check()
    found = service.validate_environment()
    assert not found["valid"]
    assert "pake.yaml:2" in found["errors"][0]
    assert service.monitoring_config.cpu_threshold_percent == 70


def test_a_broken_file_at_start_does_not_stop_the_application(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Defaults are used and the problem is said; once the file is mended it counts."""
    monkeypatch.setenv("LOG_DIRECTORY", str(tmp_path / "logs"))
    config.write_text("logging: [\n")
    library = Library()
    service = library.config_service
    assert service.logging_config.log_level.name == "INFO"
    assert "pake.yaml" in service.validate_environment()["errors"][0]
    assert "pake.yaml" in capsys.readouterr().err
    config.write_text("logging:\n  log_level: ERROR\n")
    library.logger(None, "shop").info("which starts the library's thread")
    until(lambda: service.logging_config.log_level.name == "ERROR")
    assert service.validate_environment()["valid"]
    library.close()
