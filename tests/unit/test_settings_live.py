"""Edits of the file by whatever program are obeyed at once, or refused whole while the old settings stay."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pake_tui.engine.settings.live import LiveSettings
from pake_tui.errors import ConfigError
from pake_tui.model.record import Level
from pake_tui.model.setting import Layer, Problem

CPU = "monitoring:\n  cpu_threshold_percent: {}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A private file with the cpu threshold at 70."""
    path = tmp_path / "pake.yaml"
    path.write_text(CPU.format(70))
    path.chmod(0o600)
    return path


def eventually(condition: Callable[[], object], seconds: float = 5) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def cpu(live: LiveSettings) -> float:
    """The threshold in force."""
    return live.current.monitoring.cpu_threshold_percent


def replace_as_editors_do(path: Path, text: str) -> None:
    """Save by rename."""
    draft = path.with_suffix(".swp")
    draft.write_text(text)
    draft.chmod(0o600)
    draft.replace(path)


@pytest.mark.parametrize("save", [Path.write_text, replace_as_editors_do])
def test_a_save_is_seen_by_the_next_poll(file: Path, save: Callable[[Path, str], object]) -> None:
    """In place or by rename: new settings, subscribers told the changed path, provenance with its line."""
    live = LiveSettings(file, use_env=False)
    told: list[frozenset[str]] = []
    live.subscribe(told.append)
    before = live.view().version
    save(file, "\n" + CPU.format(75))
    eventually(live.poll)
    assert cpu(live) == 75
    assert told == [frozenset({"monitoring.cpu_threshold_percent"})]
    assert live.provenance("monitoring.cpu_threshold_percent").line == 3
    assert live.view().version > before


def test_polling_looks_at_most_five_times_a_second(file: Path) -> None:
    """A second poll right after the first does not even look."""
    live = LiveSettings(file, use_env=False)
    file.write_text(CPU.format(75))
    assert live.poll() is False
    assert live.check() is True


def test_two_saves_within_one_tick_of_the_files_clock_are_both_seen(file: Path) -> None:
    """Same size, same time, same inode: the second save is found all the same."""
    live = LiveSettings(file, use_env=False)
    file.write_text(CPU.format(75))
    live.check()
    times = file.stat()
    file.write_text(CPU.format(76))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    eventually(lambda: live.check() or cpu(live) == 76)
    assert cpu(live) == 76


def test_a_broken_edit_keeps_the_old_settings_and_lists_what_is_wrong(file: Path) -> None:
    """Problems with lines while the old value stays; mended, they are gone and the new value is there."""
    live = LiveSettings(file, use_env=False)
    file.write_text(CPU.format(900) + "what: 1\n")
    eventually(live.check)
    assert cpu(live) == 70
    assert [one.line for one in live.problems] == [2, 3]
    assert live.view().problems == live.problems
    file.write_text(CPU.format(90))
    eventually(live.check)
    assert (cpu(live), live.problems) == (90, ())


def test_a_file_that_is_being_written_is_not_taken_for_an_empty_one(file: Path) -> None:
    """Truncated first and filled later: the defaults are never in force in between."""
    live = LiveSettings(file, use_env=False)
    seen: set[float] = set()
    live.subscribe(lambda changed: seen.add(cpu(live)))
    with file.open("w") as writing:
        live.check()
        writing.write(CPU.format(75))
    eventually(lambda: live.check() or cpu(live) == 75)
    assert seen == {75}


def test_a_file_that_was_emptied_on_purpose_means_the_defaults(file: Path) -> None:
    """Once it stays empty, it is believed."""
    live = LiveSettings(file, use_env=False)
    file.write_text("")
    eventually(lambda: live.check() or cpu(live) == 80)


def test_a_file_that_vanished_is_told_and_the_old_settings_stay(file: Path) -> None:
    """Gone for two looks is gone; back again is fine."""
    live = LiveSettings(file, use_env=False)
    file.unlink()
    assert live.check() is False
    assert live.check() is True
    assert "does not exist" in str(live.problems[0])
    assert cpu(live) == 70
    file.write_text(CPU.format(70))
    file.chmod(0o600)
    eventually(live.check)
    assert live.problems == ()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.chmod(0o666), "can be written by everybody; run: chmod o-w"),
        (lambda path: path.write_bytes(b"#" * 1_048_577), "has 1048577 bytes"),
        (lambda path: (path.unlink(), path.mkdir()), "is no regular file"),
        (lambda path: (path.unlink(), os.mkfifo(path, 0o600)), "is no regular file"),
        (lambda path: (path.unlink(), path.symlink_to(path)), "cannot be read by"),
        (lambda path: path.unlink(), "does not exist"),
    ],
    ids=["writable by others", "huge", "folder", "pipe", "unreadable", "missing"],
)
def test_a_file_that_cannot_be_trusted_or_read_is_refused(
    file: Path, spoil: Callable[[Path], object], says: str
) -> None:
    """At the start with ConfigError; later as a problem while the old settings stay."""
    live = LiveSettings(file, use_env=False)
    spoil(file)
    eventually(lambda: live.check() or live.problems)
    assert says in str(live.problems[0])
    assert cpu(live) == 70
    with pytest.raises(ConfigError) as caught:
        LiveSettings(file, use_env=False)
    assert says in str(caught.value.problems[0])


def test_a_link_turned_to_another_file_is_an_edit(file: Path, tmp_path: Path) -> None:
    """As configuration management does it."""
    other = tmp_path / "other.yaml"
    other.write_text(CPU.format(75))
    other.chmod(0o600)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    live = LiveSettings(link, use_env=False)
    draft = tmp_path / "draft"
    draft.symlink_to(other)
    draft.replace(link)
    eventually(live.check)
    assert cpu(live) == 75


def test_a_file_that_appears_where_the_first_edit_makes_it_is_adopted() -> None:
    """A collector without a file obeys the one that a console makes."""
    live, console = LiveSettings(None, use_env=False), LiveSettings(None, use_env=False)
    assert live.check() is False
    console.apply("monitoring.cpu_threshold_percent", "75")
    eventually(live.check)
    assert cpu(live) == 75
    assert live.path == console.path


def test_an_edit_of_a_key_drops_its_runtime_value(file: Path) -> None:
    """Of that key only; whoever stores runtime values is told."""
    live = LiveSettings(file, use_env=False)
    dropped: list[tuple[str, str]] = []
    live.on_dropped(dropped.extend)
    live.update("monitoring", actor="ada", cpu_threshold_percent=60, disk_threshold_percent=50)
    file.write_text(CPU.format(75))
    eventually(live.check)
    assert cpu(live) == 75
    assert live.current.monitoring.disk_threshold_percent == 50
    assert dropped == [("monitoring", "cpu_threshold_percent")]


def test_a_broken_edit_drops_no_runtime_value(file: Path) -> None:
    """Only a valid edit counts."""
    live = LiveSettings(file, use_env=False)
    live.update("monitoring", cpu_threshold_percent=60)
    file.write_text(CPU.format(900))
    eventually(live.check)
    assert cpu(live) == 60


def test_saving_the_value_that_the_file_already_has_drops_the_runtime_value(file: Path) -> None:
    """`apply` says what shall be in force."""
    live = LiveSettings(file, use_env=False)
    live.update("monitoring", cpu_threshold_percent=60)
    live.apply("monitoring.cpu_threshold_percent", "70")
    assert cpu(live) == 70


def test_reload_drops_ones_own_runtime_values_and_keeps_shared_ones(file: Path) -> None:
    """What the state holds stays until its owner or an edit drops it."""
    live = LiveSettings(file, use_env=False)
    live.share_runtime([Shared("monitoring", "disk_threshold_percent", 50, "api@1", 1)])
    live.update("monitoring", cpu_threshold_percent=60)
    file.write_text(CPU.format(75))
    live.reload()
    assert cpu(live) == 75
    assert live.current.monitoring.disk_threshold_percent == 50


def test_reload_of_a_broken_file_says_so_and_changes_nothing(file: Path) -> None:
    """ConfigError; even runtime values stay."""
    live = LiveSettings(file, use_env=False)
    live.update("monitoring", cpu_threshold_percent=60)
    file.write_text("monitoring: [\n")
    with pytest.raises(ConfigError, match="not YAML"):
        live.reload()
    assert cpu(live) == 60


@dataclass(frozen=True)
class Shared:
    """A runtime value as the state has it."""

    section: str
    name: str
    value: object
    actor: str
    at_ns: int


def test_shared_runtime_values_are_obeyed_with_their_actor(file: Path) -> None:
    """The newest of own and shared wins; a wrong one is left out and told; one that is gone is gone."""
    live = LiveSettings(file, use_env=False)
    wrong = live.share_runtime(
        [
            Shared("monitoring", "cpu_threshold_percent", 60, "api@1", time.time_ns()),
            Shared("monitoring", "disk_threshold_percent", "high", "api@1", 1),
        ]
    )
    assert cpu(live) == 60
    found = live.provenance("monitoring.cpu_threshold_percent")
    assert (found.layer, found.place.split()[0]) == (Layer.RUNTIME, "api@1")
    assert [one.path for one in wrong] == ["monitoring.disk_threshold_percent"]
    live.update("monitoring", cpu_threshold_percent=55)
    live.share_runtime([Shared("monitoring", "cpu_threshold_percent", 60, "api@1", 1)])
    assert cpu(live) == 55
    live.drop_runtime()
    assert cpu(live) == 70


def test_an_update_tells_subscribers_and_drop_takes_it_back(file: Path) -> None:
    """Each swap tells exactly what changed, and nothing where nothing did."""
    live = LiveSettings(file, use_env=False)
    told: list[frozenset[str]] = []
    live.subscribe(told.append)
    live.update("logging", actor="ada", log_level="DEBUG")
    live.update("logging", actor="ada", log_level="debug")
    live.drop_runtime("bob")
    live.drop_runtime("ada")
    assert told == [frozenset({"logging.log_level"})] * 2
    assert live.current.logging.log_level is Level.INFO


def test_lists_of_the_file_are_settings_too(file: Path) -> None:
    """Rules, globs and correlation IDs change live, and stand in the view with their lines."""
    live = LiveSettings(file, use_env=False)
    file.write_text("logs:\n  - a.log\ncorrelation_ids: [order_id]\nrules:\n  - name: x\n    threshold: 5\n")
    eventually(live.check)
    assert (live.current.logs, live.current.correlation_ids) == (("a.log",), ("order_id",))
    assert live.current.rules == ({"name": "x", "threshold": 5},)
    rows = {one.path: one for one in live.view().settings}
    assert rows["rules"].value == ("x",)
    assert not rows["logs"].editable
    assert (rows["rules.x.threshold"].value, rows["rules.x.threshold"].provenance.line) == (5, 6)


def test_judging_a_text_changes_nothing(file: Path) -> None:
    """Its problems are told, the settings stay."""
    live = LiveSettings(file, use_env=False)
    found = live.judge("logging:\n  log_level: LOUD\n")
    assert [one.line for one in found.problems] == [2]
    assert live.judge(CPU.format(75)).problems == ()
    assert (cpu(live), live.problems) == (70, ())


def test_a_view_stays_the_same_object_until_something_changes(file: Path) -> None:
    """A screen can compare by identity."""
    live = LiveSettings(file, use_env=False)
    assert live.view() is live.view()
    before = live.view()
    live.update("monitoring", cpu_threshold_percent=60)
    assert live.view() is not before


def test_first_problems_are_typed(file: Path) -> None:
    """What ConfigError carries are Problems with file and line."""
    file.write_text(CPU.format(900))
    with pytest.raises(ConfigError) as caught:
        LiveSettings(file, use_env=False)
    problem = caught.value.problems[0]
    assert isinstance(problem, Problem)
    assert str(problem).startswith(f"{file}:2: monitoring.cpu_threshold_percent: 900 is out of range")
