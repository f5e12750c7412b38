"""A broken configuration file is answered with every problem, with its line and what would be accepted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.engine.settings.document import parse
from pake_tui.engine.settings.layers import read_file_layer
from pake_tui.model.setting import Problem


def problems(text: str | bytes) -> list[tuple[int | None, str, str]]:
    """(line, path, message and what is accepted) of each problem."""
    data = text.encode() if isinstance(text, str) else text
    found = read_file_layer(parse(data, "pake.yaml"), {}).problems
    return [(one.line, one.path, f"{one.message}; {one.accepted}") for one in found]


@pytest.mark.parametrize(
    ("text", "line", "path", "says"),
    [
        ("logging:\n  log_level: LOUD\n", 2, "logging.log_level", "'LOUD' is unknown; one of DEBUG, INFO"),
        ("logging:\n  lgo_level: INFO\n", 2, "logging.lgo_level", "did you mean log_level?"),
        ("log_level: INFO\n", 1, "log_level", "it belongs under logging:"),
        ("monitorin:\n", 1, "monitorin", "did you mean monitoring?"),
        ("limits:\n  log_files: 200.5\n", 2, "limits.log_files", "200.5 is not a whole number"),
        (
            "monitoring:\n  cpu_threshold_percent: 101\n",
            2,
            "monitoring.cpu_threshold_percent",
            "from 0 to 100",
        ),
        ("monitoring:\n  cpu_threshold_percent: .nan\n", 2, "monitoring.cpu_threshold_percent", "a number"),
        ("monitoring:\n  cpu_threshold_percent: 1:20\n", 2, "monitoring.cpu_threshold_percent", "'1:20'"),
        (
            "monitoring:\n  cpu_threshold_percent:\n",
            2,
            "monitoring.cpu_threshold_percent",
            "nothing is not a",
        ),
        ("monitoring:\n  alerting_enabled: 1\n", 2, "monitoring.alerting_enabled", "true or false"),
        ("monitoring:\n  alerting_enabled: [x]\n", 2, "monitoring.alerting_enabled", "a list is not true"),
        ("logging:\n  service_name: ''\n", 2, "logging.service_name", "is empty"),
        ('logging:\n  service_name: "a\\e[31mb"\n', 2, "logging.service_name", "control or invisible"),
        ("logging: INFO\n", 1, "logging", "'INFO'; keys: service_name"),
        ("logging:\n  log_level: INFO\n  log_level: DEBUG\n", 3, "logging.log_level", "first in line 2"),
        ("collector: sometimes\n", 1, "collector.mode", "one of auto, never"),
        ("logs: /srv/*.log\n", 1, "logs", "a list"),
        ("logs:\n  - a.log\n  - 7\n", 3, "logs.1", "is 7; text"),
        ("rules:\n  - cpu\n", 2, "rules.0", "a mapping: name, metric"),
        ("- logging\n", 1, "", "sections: logging, monitoring"),
        ("hello\n", 1, "", "sections: logging"),
        ("logging:\n\tlog_level: INFO\n", 2, "", "is indented with a tab"),
        ("logging:\n  log_level: 'INFO\n", 2, "", "close the quote"),
        ("logging:\n  log_level: INFO\n service_name: a\n", 3, "", "begin in the same column"),
        ("logging: {log_level: INFO\n", 1, "", "is not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "", "leave out the further ---"),
        ("logging: *base\n", 1, "", "define the anchor"),
        ("logging:\n  <<: {log_level: INFO}\n", 2, "logging", "write merges (<<) out"),
        ("logging:\n  ? [a]\n  : b\n", 2, "logging", "use words as keys"),
        ("logging:\n  service_name: !!python/name:os.system x\n", 2, "logging.service_name", "has the tag"),
        (b"\xef\xbb\xbflogging:\n", 1, "", "byte order mark (UTF-8)"),
        (b"\xff\xfel\x00", 1, "", "byte order mark (UTF-16)"),
        (b"logging:\n  log_level: \xe9\n", 2, "", "is not UTF-8 text (byte 0xe9)"),
        (b"\x7fELF\x00\x01", 1, "", "control character (0x7f)"),
        ("[" * 100_000, 1, "", "at most 32 levels"),
        ("x: " + "{a: " * 40 + "1" + "}" * 40, 1, "", "nested too deep"),
        ("logs: [" + "1," * 60_000 + "]", 1, "", "too many values"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_mistake_is_told_with_its_line_and_the_way_out(
    text: str | bytes, line: int, path: str, says: str
) -> None:
    """Each kind of mistake names its line, its setting, and what would be accepted."""
    found = problems(text)
    assert any(one[0] == line and one[1] == path and says in one[2] for one in found), found


def test_all_problems_are_listed_in_the_order_of_their_lines() -> None:
    """Five mistakes are five problems, not the first of them."""
    text = "logs: 5\nlogging:\n  log_level: LOUD\n  nope: 1\nlimits:\n  series: 1\nwhat: 1\n"
    assert [one[0] for one in problems(text)] == [1, 3, 4, 6, 7]


def test_every_line_indented_with_a_tab_is_listed() -> None:
    """Two tabs are two problems."""
    assert [one[0] for one in problems("logging:\n\ta: 1\n\tb: 2\n")] == [2, 3]


def test_endless_mistakes_are_summed_up() -> None:
    """Past a hundred problems the rest is counted."""
    found = problems("logging:\n" + "".join(f"  wrong{n}: 1\n" for n in range(150)))
    assert len(found) == 101
    assert found[-1][2].startswith("and 50 further problems")


def test_an_alias_bomb_is_refused_fast() -> None:
    """Nine levels of nine aliases never become a billion values."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    before = time.monotonic()
    assert any("aliases repeat too much" in one[2] for one in problems("\n".join(lines)))
    assert time.monotonic() - before < 5


def test_an_alias_of_itself_is_refused() -> None:
    """A list that holds itself ends in a problem, not in a recursion."""
    assert any("aliases repeat too much" in one[2] for one in problems("logs: &a [*a, *a]\n"))


def test_what_a_refused_value_quotes_is_short() -> None:
    """A value of a thousand characters does not fill the screen."""
    assert len(problems(f"logging:\n  log_level: {'x' * 1000}\n")[0][2]) < 150


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "---\n", "logging:\nmonitoring: {}\nrules:\nlogs: []\n"]
)
def test_a_file_that_sets_nothing_is_valid(text: str) -> None:
    """Empty files and empty sections leave the defaults."""
    assert problems(text) == []


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    """Whatever stands in the file, the answer is values or problems."""
    for one in read_file_layer(parse(data, "pake.yaml"), {}).problems:
        assert isinstance(one, Problem)


@given(st.text("abc:{}[]&*!|>'\"-#%@ \n\t,?.1", max_size=80))
def test_no_yaml_soup_makes_the_reader_fail(text: str) -> None:
    """Nor do the characters that mean something in YAML, in any order."""
    read_file_layer(parse(text.encode(), "pake.yaml"), {})
