"""An edit changes one value in the file and nothing else, or is refused in words."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.engine.settings import files, writing
from pake_tui.engine.settings.edit import plan
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import SHORTHANDS, Option, options
from pake_tui.engine.settings.values import from_text, from_value, plain
from pake_tui.errors import ConfigError

TEXT = """# the shop's settings
logging:          # what it writes
  log_level: "INFO"   # loud enough
  log_directory: 'logs'

  # to be talked about
  # json_format: false
monitoring: {cpu_threshold_percent: 80}  # in braces
limits:
collector: auto

rules:
  - name: api slow    # p95
    op: ">"
    metric: api.latency{stat=p95}
    threshold: 500    # ms
  - metric: cpu_percent
    name: cpu
"""


def edited(path: str, typed: str, text: str = TEXT) -> str:
    """The text after an edit that is expected to be possible."""
    made = plan(text.encode(), "pake.yaml", path, typed, {})
    assert not made.preview.problem
    return made.text


@pytest.mark.parametrize(
    ("path", "typed", "line", "before", "after"),
    [
        (
            "logging.log_level",
            "debug",
            3,
            '  log_level: "INFO"   # loud enough',
            '  log_level: "DEBUG"   # loud enough',
        ),
        ("logging.log_directory", "it's", 4, "  log_directory: 'logs'", "  log_directory: 'it''s'"),
        ("logging.service_name", "my shop", 5, "", "  service_name: my shop"),
        ("logging.environment", "a: b #c", 5, "", '  environment: "a: b #c"'),
        ("logging.service_name", "yes", 5, "", '  service_name: "yes"'),
        ("limits.log_files", "600", 10, "", "  log_files: 600"),
        ("collector.mode", "never", 10, "collector: auto", "collector: never"),
        ("rules.api slow.threshold", "900", 16, "    threshold: 500    # ms", "    threshold: 900    # ms"),
        ("rules.0.for", "30s", 17, "", "    for: 30s"),
        ("rules.cpu.op", ">", 19, "", '    op: ">"'),
    ],
)
def test_an_edit_shows_the_line_it_changes(path: str, typed: str, line: int, before: str, after: str) -> None:
    """Comments behind the value, quotes and indentation stay; a setting that was not there gets a line."""
    made = plan(TEXT.encode(), "pake.yaml", path, typed, {}).preview
    assert (made.problem, made.line, made.before, made.after) == ("", line, before, after)


def test_every_other_line_stays_as_it_is() -> None:
    """Byte by byte, but for the one line."""
    old, new = TEXT.splitlines(), edited("monitoring.disk_threshold_percent", "85").splitlines()
    assert [a for a, b in zip(old, new, strict=True) if a != b] == [
        "monitoring: {cpu_threshold_percent: 80}  # in braces"
    ]
    assert "monitoring: {cpu_threshold_percent: 80, disk_threshold_percent: 85}  # in braces" in new


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("", "logging:\n  log_level: DEBUG\n"),
        ("# only this\n", "# only this\n\nlogging:\n  log_level: DEBUG\n"),
        ("logging:", "logging:\n  log_level: DEBUG\n"),
        ("logging: ~ # c\n", "logging:  # c\n  log_level: DEBUG\n"),
        ("logging:\n  log_level:\n", "logging:\n  log_level: DEBUG\n"),
        ("logging:\r\n  log_level: INFO\r\nlogs:\r\n", "logging:\r\n  log_level: DEBUG\r\nlogs:\r\n"),
        ("logs: []\r\n", "logs: []\r\n\r\nlogging:\r\n  log_level: DEBUG\r\n"),
        ("{logging: {}}\n", "{logging: {log_level: DEBUG}}\n"),
        ("{logs: []}", "{logs: [], logging: {log_level: DEBUG}}"),
        ("logging: {\n  json_format: true,\n}\n", "logging: {\n  json_format: true, log_level: DEBUG\n}\n"),
        ("---\nlogs: []\n...\n", "---\nlogs: []\nlogging:\n  log_level: DEBUG\n...\n"),
        ("logging:\n  log_level: |\n    INFO\nlogs: []\n", "logging:\n  log_level: DEBUG\nlogs: []\n"),
        ("logging:\n  log_level:\n    INFO # c\n", "logging:\n  log_level:\n    DEBUG # c\n"),
    ],
)
def test_any_usual_layout_can_be_edited(text: str, becomes: str) -> None:
    """Empty files, empty sections, braces, Windows line ends, document marks."""
    assert edited("logging.log_level", "DEBUG", text) == becomes


@pytest.mark.parametrize(
    ("path", "typed", "text", "says"),
    [
        ("logging.log_level", "LOUD", TEXT, "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("monitoring.cpu_threshold_percent", "101", TEXT, "a number from 0 to 100"),
        ("monitoring.cpu_threshold_percent", "nan", TEXT, "a number from 0 to 100"),
        ("logging.service_name", "a\x1b[0m", TEXT, "control or invisible"),
        ("logging.service_name", "", TEXT, "is empty"),
        ("log_level", "INFO", TEXT, "did you mean logging.log_level?"),
        ("logs", "a", TEXT, "is a list; edit the file itself"),
        ("rules.disk.threshold", "5", TEXT, "there are api slow, cpu"),
        ("rules.api slow.threshold", "", TEXT, "is empty"),
        ("logging.log_level", "INFO", "logging:\n\tx: 1\n", "must be mended first: pake.yaml:2"),
        (
            "logging.log_level",
            "DEBUG",
            "logging: &a {log_level: INFO}\nmonitoring: *a\n",
            "edit the file itself",
        ),
        ("logging.log_level", "INFO", "logging: [1]\n", "edit the file itself"),
    ],
)
def test_an_edit_that_cannot_be_says_why(path: str, typed: str, text: str, says: str) -> None:
    """The reason and the way out are in the preview; the text stays."""
    made = plan(text.encode(), "pake.yaml", path, typed, {})
    assert says in made.preview.problem
    assert made.preview.line is None


def test_a_value_behind_an_alias_is_not_changed_in_two_places() -> None:
    """An edit that would change more than it was asked to is refused."""
    text = "logging:\n  service_name: &n shop\nmonitoring:\n  service_name: *n\n"
    assert (
        "edit the file itself" in plan(text.encode(), "f", "monitoring.service_name", "x", {}).preview.problem
    )


def test_a_wrong_value_can_be_mended_while_another_one_is_wrong() -> None:
    """The edit of a broken setting counts what it mends, not what else is broken."""
    text = "logging:\n  log_level: LOUD\nmonitoring:\n  cpu_threshold_percent: 900\n"
    assert edited("logging.log_level", "INFO", text) == text.replace("LOUD", "INFO")


def test_a_rooms_validator_judges_the_edited_rule() -> None:
    """What the rules' own checks refuse is refused before it is written."""
    made = plan(
        TEXT.encode(),
        "f",
        "rules.cpu.severity",
        "huge",
        {"rules": lambda raw: [("1.severity", "is unknown", "low")]},
    )
    assert made.preview.problem == "is unknown; low"


@st.composite
def yaml_files(draw: st.DrawFn) -> str:
    """Valid files with comments, blank lines, quotes, braces and sections in any order."""
    comment = st.sampled_from(["", "  # why", "   #", " # a: b"])
    lines = draw(st.sampled_from([[], ["# top"], ["---"], ["", "# top: x", ""]]))
    for section in draw(st.permutations(["logging", "monitoring", "limits"])):
        chosen = draw(
            st.lists(st.sampled_from([o for o in options().values() if o.section == section]), unique=True)
        )
        entries = [(one.name, draw(spelled(one))) for one in chosen]
        style = draw(st.sampled_from(["block", "block", "braces", "absent"]))
        if style == "braces" or (style == "block" and not entries):
            inner = ", ".join(f"{name}: {value}" for name, value in entries)
            lines.append(f"{section}: {{{inner}}}{draw(comment)}")
        elif style == "block":
            indent = " " * draw(st.integers(1, 4))
            lines.append(f"{section}:{draw(comment)}")
            for name, value in entries:
                lines.append(f"{indent}{name}: {value}{draw(comment)}")
                lines += draw(st.sampled_from([[], [], [""], [f"{indent}# between"], ["# outside"]]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(lines) + draw(st.sampled_from(["", end, end * 2]))


def spelled(option: Option) -> st.SearchStrategy[str]:
    """A valid value of a setting as YAML text, in one of the ways people write it."""
    if option.choices:
        return st.sampled_from(
            [form for one in option.choices for form in (one, f'"{one}"', f"'{one.lower()}'")]
        )
    if option.kind is bool:
        return st.sampled_from(["true", "false", "True", "no"])
    if option.kind is str:
        return st.sampled_from(["shop", '"a # b"', "'it''s'", "/var/log", '"x\\ty"'.replace("\\t", " ")])
    return st.integers(int(option.low or 0) + 1, int(option.high or 1)).map(str)


@st.composite
def typed_edits(draw: st.DrawFn) -> tuple[Option, str]:
    """A setting and a text that it takes."""
    option = draw(st.sampled_from([one for one in options().values() if one.section not in SHORTHANDS]))
    if option.choices:
        return option, draw(st.sampled_from(option.choices))
    if option.kind is bool:
        return option, draw(st.sampled_from(["true", "false", "off", "1"]))
    if option.kind is str:
        text = st.text(
            st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30
        )
        return option, draw(text.filter(lambda one: one.isprintable() and one.strip()))
    low, high = option.low or 0, option.high or 1
    if option.kind is int:
        return option, str(draw(st.integers(int(low), int(high))))
    return option, repr(draw(st.floats(low, high)))


@given(yaml_files(), typed_edits())
def test_an_edit_keeps_every_comment_and_every_other_value(text: str, edit: tuple[Option, str]) -> None:
    """Read again, the file says what it said but for that value; its other lines are there, in order."""
    option, typed = edit
    new = edited(option.path, typed, text)
    expected = yaml.safe_load(text) or {}
    said = (yaml.safe_load(new))[option.section].pop(option.name)
    after = yaml.safe_load(new)
    del after[option.section][option.name]
    (expected.get(option.section) or {}).pop(option.name, None)
    assert {k: v for k, v in after.items() if v} == {k: v for k, v in expected.items() if v}
    assert plain(from_value(option, said)) == plain(from_text(option, typed))
    untouched = [
        line for line in text.splitlines() if option.name not in line and "{" not in line and line.strip()
    ]
    remaining = iter(new.splitlines())
    assert all(line in remaining for line in untouched)


def a_file(folder: Path, text: str = TEXT, mode: int = 0o640) -> Path:
    """A configuration file on disk."""
    path = folder / "pake.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_applying_writes_the_file_and_puts_it_in_force(tmp_path: Path) -> None:
    """On disk and in the settings when `apply` returns; mode kept, no draft left behind."""
    path = a_file(tmp_path)
    live = LiveSettings(path, use_env=False)
    live.apply("monitoring.cpu_threshold_percent", "85")
    assert "{cpu_threshold_percent: 85}  # in braces" in path.read_text()
    assert live.current.monitoring.cpu_threshold_percent == 85
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir() if "pake" in one.name] == ["pake.yaml"]


def test_applying_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    """The file that is linked to is replaced, not the link."""
    (tmp_path / "real").mkdir()
    path = a_file(tmp_path / "real")
    link = tmp_path / "pake.yaml"
    link.symlink_to(path)
    LiveSettings(link, use_env=False).apply("logging.log_level", "ERROR")
    assert link.is_symlink()
    assert '"ERROR"' in path.read_text()


def test_the_first_edit_makes_a_private_file_and_adopts_it(tmp_path: Path) -> None:
    """Without a file, `apply` makes $XDG_CONFIG_HOME/pake-tui/pake.yaml (0600) and watches it."""
    live = LiveSettings(None, use_env=False)
    done = live.apply("logging.log_level", "ERROR")
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "pake-tui" / "pake.yaml"
    assert (Path(done.file), live.path) == (path, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert live.view().exists
    assert LiveSettings(path, use_env=False).current == live.current


def test_a_file_that_changed_since_it_was_read_is_not_overwritten(tmp_path: Path) -> None:
    """Another program's save in between is kept, and the edit refused."""
    path = a_file(tmp_path)
    seen = files.look(path)
    path.write_text("logs: []\n")
    with pytest.raises(ConfigError, match="changed by another program"):
        writing.replace(path, b"logging:\n", seen)
    assert path.read_text() == "logs: []\n"


def test_edits_of_many_at_once_are_all_kept(tmp_path: Path) -> None:
    """Eight consoles edit eight settings of one file; none is lost."""
    path = a_file(tmp_path, "limits:\n")
    paths = [option.path for option in options().values() if option.kind is int][:8]
    lives = [LiveSettings(path, use_env=False) for _ in paths]
    values = [str(int(options()[one].low or 0) + 1) for one in paths]
    threads = [
        threading.Thread(target=live.apply, args=(one, value))
        for live, one, value in zip(lives, paths, values, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = LiveSettings(path, use_env=False)
    for one, value in zip(paths, values, strict=True):
        section, name = one.split(".")
        assert getattr(getattr(found.current, section), name) == int(value)


def test_a_refused_edit_leaves_the_file_alone(tmp_path: Path) -> None:
    """ConfigError names what is accepted; not a byte changes."""
    path = a_file(tmp_path)
    with pytest.raises(ConfigError, match="one of DEBUG"):
        LiveSettings(path, use_env=False).apply("logging.log_level", "LOUD")
    assert path.read_text() == TEXT


def apply_as(uid: int, gid: int, live: LiveSettings) -> str:
    """Edit a setting in a child process as somebody else; what was said against it, empty where nothing."""
    reading, writing_end = os.pipe()
    child = os.fork()
    if not child:
        said = ""
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            live.apply("logging.log_level", "ERROR")
        except BaseException as error:
            said = repr(error)
        os.write(writing_end, said.encode())
        os._exit(0)
    os.close(writing_end)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.parametrize("folder_mode", [0o755, 0o775], ids=["folder closed", "folder open"])
def test_a_group_members_edit_keeps_the_files_owner(folder_mode: int) -> None:
    """Written in place where a rename would make it theirs: everybody else would refuse it then."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(folder_mode)
        path = a_file(folder, mode=0o664)
        assert apply_as(65534, 0, LiveSettings(path, use_env=False)) == ""
        assert path.read_text() == TEXT.replace("INFO", "ERROR")
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (0, 0o664)
        assert [one.name for one in folder.iterdir()] == ["pake.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_who_may_not_write_the_file_is_told_so() -> None:
    """Even where the folder would let them replace it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        path = a_file(folder, mode=0o644)
        assert "may not write it" in apply_as(65534, 65534, LiveSettings(path, use_env=False))
        assert path.read_text() == TEXT


def test_a_section_that_has_a_short_form_is_written_in_it() -> None:
    """`follow: poll` says what `follow: {mode: poll}` would."""
    assert yaml.safe_load(edited("follow.mode", "poll", "logs: []  # none\n")) == {
        "logs": [],
        "follow": "poll",
    }
