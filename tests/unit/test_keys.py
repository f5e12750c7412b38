"""Promises of the one key table."""

from __future__ import annotations

from pathlib import Path

import pytest

from pake_tui.errors import ConfigError
from pake_tui.tui.keys import KEYS, binding_id, check_keymap, footer_of, keys_of, markdown_table

FORBIDDEN = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q"}
TOGETHER = [
    ("overview", "list"),
    ("alerts", "list"),
    ("logs", "list"),
    ("trace", "list"),
    ("health", "list"),
    ("config", "list"),
]


@pytest.mark.parametrize("places", TOGETHER)
def test_no_key_means_two_things_in_one_panel(places: tuple[str, ...]) -> None:
    """Within a panel's own keys and the list's, each key is bound once."""
    bound = [key for one in keys_of(*places) for key in one.keys]
    assert len(bound) == len(set(bound))


def test_no_key_takes_what_terminals_and_multiplexers_need() -> None:
    """Flow control and multiplexer prefixes are left alone."""
    assert not FORBIDDEN & {key for one in KEYS for key in one.keys}


def test_a_key_that_changes_state_is_bound_nowhere_else() -> None:
    """A letter that acknowledges or resolves does nothing on any other screen."""
    changing = {key: one for one in KEYS if one.changes for key in one.keys}
    for one in KEYS:
        for key in one.keys:
            assert key not in changing or changing[key].where == one.where


@pytest.mark.parametrize("places", TOGETHER)
def test_the_footer_shows_at_most_eight_keys(places: tuple[str, ...]) -> None:
    """The footer holds the eight that matter."""
    assert 4 <= len(footer_of(keys_of(*places, "everywhere"))) <= 8


def test_the_readme_has_the_table_of_keys() -> None:
    """The README's table is the one that the code makes."""
    readme = Path(__file__).resolve().parents[2] / "README.md"
    assert markdown_table() in readme.read_text(encoding="utf-8")


def test_a_users_keymap_is_checked_by_name() -> None:
    """A known name may be rebound."""
    assert check_keymap({"logs.follow": "ctrl+f"}, "console.yaml") == {"logs.follow": "ctrl+f"}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"logs.folow": "x"}, "logs.folow is not an action"),
        ({"logs.follow": "t"}, "taken by logs.trace"),
        ({"logs.follow": 3}, "give a key name"),
        (["x"], "keys must map"),
    ],
)
def test_a_wrong_keymap_is_refused_and_named(mapping: object, said: str) -> None:
    """Unknown names, clashes and wrong types are refused with the file and the name."""
    with pytest.raises(ConfigError, match=r"console\.yaml") as refused:
        check_keymap(mapping, "console.yaml")
    assert said in str(refused.value)


def test_binding_names_are_unique() -> None:
    """Each action has one name to rebind it by."""
    names = [binding_id(key) for key in KEYS]
    assert len(names) == len(set(names))
