"""Themes: one YAML file each, read into a Textual theme and a palette of roles.

A theme file holds `name`, `dark`, `ansi` (true where it uses the terminal's own sixteen colours),
`background`, `foreground` and `roles`: a Rich style for each role in ROLES.
"""

from __future__ import annotations

from msgspec import Struct, field
from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.theme import Theme

from pake_tui.errors import PakeError

ROLES = (
    "text",
    "dim",
    "title",
    "border",
    "focus",
    "cursor",
    "header",
    "key",
    "accent",
    "ok",
    "info",
    "warning",
    "error",
    "critical",
    "spark",
    "over",
    "match",
    "ruler",
    "cid0",
    "cid1",
    "cid2",
    "cid3",
    "cid4",
    "cid5",
)

ANSI_VARIABLES = ("ansi-background", "ansi-foreground", "border-blurred")
"""What Textual's own styles look up in a theme of the terminal's colours, and no generator gives."""


class Palette(Struct, frozen=True):
    """Styles by role, for everything that is drawn by hand."""

    styles: dict[str, Style]
    paper: Style
    """Foreground and background where a role states none."""
    _over: dict[tuple[str, str], Style] = field(default_factory=dict)

    def style(self, role: str, under: str = "") -> Style:
        """The role's whole style, over that of another role where one lies under it (the cursor's row).

        A background that the role states itself stays. Where the lower one is drawn by reversing, ink would
        become a patch of its colour: there the role gives up its own. An unknown role raises KeyError.
        """
        known = self._over.get((role, under))
        if known is None:
            known = self._over[role, under] = self._whole(role, under)
        return known

    def _whole(self, role: str, under: str) -> Style:
        own, lower = self.styles[role], self.styles[under] if under else Style()
        if lower.reverse and own.bgcolor is None:
            own = own.without_color
        elif lower.reverse:
            lower = Style()
        return self.paper + lower + own

    def for_id(self, correlation_id: str) -> str:
        """The role of a correlation ID: the same ID always has the same colour."""
        return f"cid{sum(correlation_id.encode()) % 6}"


class ConsoleTheme(Struct, frozen=True):
    """A theme file, read and checked."""

    name: str
    palette: Palette
    textual: Theme
    ansi: bool


def read_theme(raw: object, source: str) -> ConsoleTheme:
    """A theme from its parsed YAML; PakeError names the file, the role and what is wrong."""
    if not isinstance(raw, dict):
        raise PakeError(f"{source}: a theme is a mapping with name, dark, background, foreground, roles")
    roles = raw.get("roles")
    if not isinstance(roles, dict):
        raise PakeError(f"{source}: roles is missing", hint=f"give a style for each of {', '.join(ROLES)}")
    styles: dict[str, Style] = {}
    for role in ROLES:
        try:
            styles[role] = Style.parse(str(roles[role]))
        except KeyError:
            raise PakeError(f"{source}: the role {role} is missing") from None
        except StyleSyntaxError as error:
            raise PakeError(f"{source}: role {role}: {error}") from None
    for role in roles:
        if role not in ROLES:
            raise PakeError(f"{source}: unknown role {role}", hint=f"roles are {', '.join(ROLES)}")
    background, foreground = str(raw.get("background")), str(raw.get("foreground"))
    theme = Theme(
        name=f"pake-{raw.get('name')}",
        primary=foreground,
        secondary=foreground,
        accent=foreground,
        foreground=foreground,
        background=background,
        surface=background,
        panel=background,
        dark=bool(raw.get("dark")),
        ansi=bool(raw.get("ansi")),
        variables=dict.fromkeys(ANSI_VARIABLES, "ansi_default") if raw.get("ansi") else {},
    )
    try:
        theme.to_color_system().generate()
    except Exception as error:
        raise PakeError(f"{source}: background or foreground is not a colour: {error}") from None
    ansi = bool(raw.get("ansi"))
    paper = Style() if ansi else Style(color=foreground, bgcolor=background)
    return ConsoleTheme(str(raw.get("name")), Palette(styles, paper), theme, ansi)
