"""Promises of theme files."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import ColorSystem

from pake_tui import paths
from pake_tui.errors import PakeError
from pake_tui.paths import xdg
from pake_tui.tui.theming import ROLES, read_theme
from pake_tui.tui.workspace import load_themes


def luminance(triplet: tuple[int, int, int]) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [c / 255 for c in triplet]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Contrast ratio (WCAG 2.1), 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_four_themes_ship() -> None:
    """Dark, light, sixteen-colour and monochrome are there and whole."""
    themes, problems = load_themes()
    assert {"dark", "light", "sixteen", "mono"} <= set(themes)
    assert not problems


DEPTHS = [
    ("dark", ColorSystem.TRUECOLOR),
    ("dark", ColorSystem.EIGHT_BIT),
    ("dark", ColorSystem.STANDARD),
    ("light", ColorSystem.TRUECOLOR),
    ("light", ColorSystem.EIGHT_BIT),
    ("light", ColorSystem.STANDARD),
]
XTERM = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
    *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
    *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
"""The sixteen colours of xterm (its defaults, XTerm-col.ad)."""


@pytest.mark.parametrize("name", ["sixteen", "mono"])
def test_the_terminals_own_colours_are_readable_on_black(name: str) -> None:
    """Text in the terminal's sixteen colours stands out by at least 4:1 on a black xterm."""
    palette = load_themes()[0][name].palette
    for role in ROLES:
        style = palette.style(role)
        numbers = [None if color is None else color.number for color in (style.color, style.bgcolor)]
        ink = XTERM[7 if numbers[0] is None else numbers[0]]
        paper = XTERM[0 if numbers[1] is None else numbers[1]]
        assert role == "border" or contrast(ink, paper) >= 4.0, role


@pytest.mark.parametrize(("name", "depth"), DEPTHS)
def test_every_text_role_is_readable(name: str, depth: ColorSystem) -> None:
    """Text stands out by at least 4.5:1, in 256 colours too, and by 3.9:1 in sixteen."""
    theme = load_themes()[0][name]
    background = tuple(int(theme.textual.background[i : i + 2], 16) for i in (1, 3, 5))
    for role in ROLES:
        if role in ("border", "cursor", "focus"):
            continue
        style = theme.palette.style(role)
        assert style.color is not None
        ink = style.color.downgrade(depth).get_truecolor()
        paper = style.bgcolor.downgrade(depth).get_truecolor() if style.bgcolor else background
        least = 3.9 if depth is ColorSystem.STANDARD else 4.5
        assert contrast(tuple(ink), tuple(paper)) >= least, role


def test_a_broken_theme_of_the_user_is_named_and_left_out() -> None:
    """The console starts with what is whole, and says which file is not."""
    folder = xdg("config") / "pake-tui" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("name: mine\nroles: {text: notacolour}\n")
    themes, problems = load_themes()
    assert "mine" not in themes
    assert "mine.yaml" in problems[0]


def test_an_unknown_role_is_refused_with_the_known_ones() -> None:
    """A typing error in a role is said, with what would be accepted."""
    import yaml

    from pake_tui.paths import data_folder

    raw = yaml.safe_load((Path(data_folder("themes")) / "dark.yaml").read_text())
    raw["roles"]["txet"] = "red"
    with pytest.raises(PakeError, match="unknown role txet"):
        read_theme(raw, "x.yaml")


@pytest.mark.parametrize("name", ["sixteen", "mono"])
def test_a_reversed_cursor_is_one_bar(name: str) -> None:
    """Where the cursor's row is drawn by reversing only badges stand out."""
    palette = load_themes()[0][name].palette
    drawn = [palette.style(role, "cursor") for role in ROLES if palette.styles[role].bgcolor is None]
    assert {(style.color, style.bgcolor, style.reverse) for style in drawn} == {(None, None, True)}
    badges = [role for role in ROLES if palette.styles[role].bgcolor is not None]
    assert all(palette.style(role, "cursor") == palette.style(role) for role in badges)


def test_an_edited_theme_is_read_anew_and_a_broken_cache_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a theme's file says now counts, whatever was kept of it from the last start."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    own = tmp_path / "config" / "pake-tui" / "themes" / "mine.yaml"
    own.parent.mkdir(parents=True)
    dark = (paths.data_folder("themes") / "dark.yaml").read_text()
    for name in ("first", "other"):
        own.write_text(dark.replace("name: dark", f"name: {name}"))
        assert name in load_themes()[0]
    kept = tmp_path / "cache" / "pake-tui" / "themes.json"
    assert "other" in kept.read_text()
    for junk in ("{", '["a"]', '{"x": 3}', kept.read_text().replace('"value"', '"lost"')):
        kept.write_text(junk)
        assert {"dark", "other"} <= set(load_themes()[0])
