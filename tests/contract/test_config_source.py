"""What every configuration store promises, fake and embedded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pake_tui.engine.settings.live import LiveSettings
from pake_tui.errors import ConfigError, ReadOnlyError
from pake_tui.model.setting import Layer, Setting
from pake_tui.sources.embedded.config import EmbeddedConfigStore
from pake_tui.sources.fake.config import FakeConfigStore
from pake_tui.sources.protocols import ConfigStore

FILE = """# a shop
logging:
  service_name: shop
  log_level: INFO
monitoring:
  cpu_threshold_percent: 80
  memory_threshold_percent: 85
rules:
  - name: api slow
    metric: api.latency
    op: ">"
    threshold: 500
"""
Make = Callable[[str], ConfigStore]


def embedded(folder: Path, read_only: str) -> ConfigStore:
    """A store over a real file, with one value from the environment and one set at run time."""
    path = folder / "pake.yaml"
    path.write_text(FILE)
    path.chmod(0o600)
    live = LiveSettings(path, use_env=True, environment={"LOG_LEVEL": "DEBUG"})
    live.update("monitoring", actor="payment@812", memory_threshold_percent=90)
    return EmbeddedConfigStore(live, "ada", read_only)


@pytest.fixture(params=["fake", "embedded"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """How to make a store, given why it is read-only (empty: it is not)."""
    if request.param == "fake":
        return FakeConfigStore
    return lambda read_only: embedded(tmp_path, read_only)


@pytest.fixture
def store(make: Make) -> ConfigStore:
    """A store that can be edited."""
    return make("")


def setting(store: ConfigStore, path: str) -> Setting:
    """One row of its view."""
    return next(one for one in store.view().settings if one.path == path)


def test_each_layer_is_told(store: ConfigStore) -> None:
    """Default, file with its line, environment with what it hides, runtime with its actor."""
    assert setting(store, "logging.json_format").provenance.layer is Layer.DEFAULT
    assert setting(store, "logging.service_name").provenance.place.startswith("pake.yaml:")
    level = setting(store, "logging.log_level").provenance
    assert (level.layer, level.place) == (Layer.ENVIRONMENT, "$LOG_LEVEL")
    assert "INFO" in level.overrides
    memory = setting(store, "monitoring.memory_threshold_percent").provenance
    assert memory.layer is Layer.RUNTIME
    assert memory.place.startswith("payment@812")


def test_every_setting_has_meaning_and_type(store: ConfigStore) -> None:
    """No path twice, no row without help."""
    view = store.view()
    assert len({one.path for one in view.settings}) == len(view.settings)
    assert all(one.meaning and one.type for one in view.settings)
    assert view.exists
    assert view.problems == ()
    assert view.read_only == ""


def test_a_preview_shows_the_line_and_changes_nothing(store: ConfigStore) -> None:
    """Before and after, with the line's number."""
    before = store.view()
    found = store.preview("monitoring.cpu_threshold_percent", "85")
    assert (found.problem, found.before.strip(), found.after.strip()) == (
        "",
        "cpu_threshold_percent: 80",
        "cpu_threshold_percent: 85",
    )
    assert found.line is not None
    assert store.view() == before


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("monitoring.cpu_threshold_percent", "hot", "a number from 0 to 100"),
        ("monitoring.cpu_threshold_percent", "101", "a number from 0 to 100"),
        ("logging.log_level", "LOUD", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("logging.json_format", "maybe", "true or false"),
        ("logs", "x", "is a list; edit the file itself"),
        ("logging.nothing", "x", "no setting"),
    ],
)
def test_a_wrong_edit_says_what_is_accepted(store: ConfigStore, path: str, text: str, says: str) -> None:
    """The preview has the reason, and `apply` refuses with the same words."""
    before = store.view()
    assert says in store.preview(path, text).problem
    with pytest.raises(ConfigError, match=says):
        store.apply(path, text)
    assert store.view() == before


def test_an_applied_edit_is_in_force(store: ConfigStore) -> None:
    """Value, provenance and version are new when it returns."""
    before = store.view().version
    done = store.apply("monitoring.cpu_threshold_percent", "85")
    found = setting(store, "monitoring.cpu_threshold_percent")
    assert (found.value, found.provenance.layer, found.provenance.line) == (85, Layer.FILE, done.line)
    assert store.view().version > before


def test_a_setting_that_was_not_in_the_file_gets_a_line(store: ConfigStore) -> None:
    """The preview has no line before."""
    done = store.apply("monitoring.disk_threshold_percent", "95")
    assert (done.before, done.after.strip()) == ("", "disk_threshold_percent: 95")
    assert setting(store, "monitoring.disk_threshold_percent").value == 95


def test_an_edit_drops_the_runtime_value(store: ConfigStore) -> None:
    """What was just saved is what counts."""
    store.apply("monitoring.memory_threshold_percent", "70")
    found = setting(store, "monitoring.memory_threshold_percent")
    assert (found.value, found.provenance.layer) == (70, Layer.FILE)


def test_an_edit_below_the_environment_is_saved_and_says_so(store: ConfigStore) -> None:
    """The environment's value stays; what it hides is the value saved."""
    store.apply("logging.log_level", "ERROR")
    found = setting(store, "logging.log_level")
    assert (found.value, found.provenance.layer) == ("DEBUG", Layer.ENVIRONMENT)
    assert "ERROR" in found.provenance.overrides


def test_a_whole_text_is_judged_without_being_applied(store: ConfigStore) -> None:
    """Problems with lines; the settings in force stay."""
    before = store.view()
    assert [one.line for one in store.validate("logging:\n\tlog_level: INFO\n").problems] == [2]
    assert store.validate("logging:\n  log_level: INFO\n").problems == ()
    assert store.view() == before


def test_a_read_only_store_says_why_and_edits_nothing(make: Make) -> None:
    """In the view, the preview and the refusal."""
    store = make("--read-only was given")
    assert store.view().read_only == "--read-only was given"
    assert "--read-only" in store.preview("monitoring.cpu_threshold_percent", "85").problem
    with pytest.raises(ReadOnlyError, match="--read-only"):
        store.apply("monitoring.cpu_threshold_percent", "85")
    assert setting(store, "monitoring.cpu_threshold_percent").value == 80
