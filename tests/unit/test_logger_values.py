"""Any value survives being logged, bounded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_tui.engine.logger import plain as values
from pake_tui.engine.logger.encode import console_line, json_line, logfmt_line
from pake_tui.engine.logger.plain import bounded, describe_error, plain


class Colour(Enum):
    """An enum whose values are no texts."""

    RED = 1


@dataclass
class Account:
    """A dataclass as applications have them."""

    name: str
    password: str


class Hostile:
    """Raises whatever is asked of it."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


def test_common_types_become_what_a_reader_expects() -> None:
    """Dates, UUIDs, decimals, paths, enums, bytes and sets are told in their usual spelling."""
    made = plain(
        {
            "when": datetime(2026, 1, 2, tzinfo=UTC),
            "id": UUID(int=1),
            "sum": Decimal("1.50"),
            "path": Path("/tmp/x"),
            "colour": Colour.RED,
            "raw": b"ab",
            "many": (1, 2),
        }
    )
    assert made == {
        "when": "2026-01-02T00:00:00+00:00",
        "id": "00000000-0000-0000-0000-000000000001",
        "sum": "1.50",
        "path": "/tmp/x",
        "colour": "RED",
        "raw": "b'ab'",
        "many": [1, 2],
    }


def test_a_dataclass_is_told_by_its_fields() -> None:
    """Fields keep their names, so that masking by key reaches them."""
    assert plain(Account("ada", "pw")) == {"name": "ada", "password": "pw"}


def test_a_cycle_ends_where_it_closes() -> None:
    """A dict inside itself is said, not followed."""
    loop: dict[str, object] = {"a": 1}
    loop["self"] = loop
    assert plain(loop) == {"a": 1, "self": "<dict inside itself>"}


def test_the_same_value_twice_is_no_cycle() -> None:
    """Siblings may share a value."""
    shared = {"x": 1}
    assert plain([shared, shared]) == [shared, shared]


def test_an_object_that_cannot_be_shown_says_so() -> None:
    """A repr that raises costs nothing but its own text."""
    assert "Hostile" in plain(Hostile())
    assert plain({Hostile(): 1}) != {}


def test_huge_things_are_cut_and_say_how_much_is_missing() -> None:
    """Texts, lists and depth are bounded."""
    text = plain("x" * 1_000_000)
    assert len(text) < 20_000
    assert "characters cut" in text
    many = plain(list(range(10_000)))
    assert len(many) == values.MAX_ITEMS + 1
    assert many[-1] == "… 9800 more"
    deep: list[object] = []
    for _ in range(50):
        deep = [deep]
    assert "deeper than" in json.dumps(plain(deep))
    wide = plain([[1] * 150 for _ in range(150)])
    assert len(json.dumps(wide)) < 20_000


def test_numbers_json_cannot_say_become_text() -> None:
    """NaN, infinities and enormous integers."""
    assert plain([float("nan"), float("inf"), 10**30]) == ["nan", "inf", str(10**30)]
    assert plain(10**5000).startswith("<int of")


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(_anything)
def test_whatever_is_given_makes_one_line_of_valid_json(value: object) -> None:
    """JSON lines parse, stay on one line, and hold no character that moves a cursor."""
    line = json_line({"message": "m", "field": plain(value)})
    data = line.encode("utf-8", "backslashreplace")
    assert json.loads(data)["message"] == "m"
    assert not set(line) & set("\n\r\x1b\x7f\x9b\u202e\u2028")


@given(_anything)
def test_logfmt_and_console_lines_are_one_line_each(value: object) -> None:
    """Without JSON a record is still one line that a terminal shows as text."""
    event = {"timestamp": "t", "level": "info", "service": "s", "message": str(value), "f": plain(value)}
    for line in (logfmt_line(event), console_line(event)):
        assert not set(line) & set("\n\r\x1b\x7f\x9b\u202e\u2028")


def test_a_huge_record_is_shortened() -> None:
    """A record of more than 256 KiB keeps the beginning of each field."""
    line = json_line({"message": "m", **{f"f{n}": "x" * 16_000 for n in range(40)}})
    assert len(line) < 200_000
    assert json.loads(line)["message"] == "m"
    assert "cut" in json.loads(line)


def test_an_exception_carries_type_message_and_causes() -> None:
    """The traceback tells of the cause as well."""
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise ValueError("outer") from inner
    except ValueError as error:
        told = describe_error(error)
    assert told["type"] == "ValueError"
    assert told["message"] == "outer"
    assert "Traceback" in told["traceback"]
    assert "KeyError" in told["traceback"]


def test_an_exception_that_cannot_be_shown_is_still_told() -> None:
    """An exception whose str raises keeps its type."""

    class BadError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert "BadError" in describe_error(BadError())["type"]


@pytest.mark.parametrize("size", [0, 10, 100, 101, 5000])
def test_bounded_keeps_short_texts_and_both_ends_of_long_ones(size: int) -> None:
    """The limit holds up to the words that say what was cut."""
    text = bounded("a" + "x" * size + "z", 100)
    assert text.startswith("a")
    assert text.endswith("z")
    assert len(text) <= 140
