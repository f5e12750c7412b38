"""The one table of keys: bindings, footer, help, command line, palette and the README are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from pake_tui.errors import ConfigError


class Key(Struct, frozen=True):
    """One thing a key does. `where` is a screen's or panel's name; `footer` ranks it (0: not shown there).

    `changes` marks keys that change the state of an alert, a check or a setting. `takes` names the
    argument that the command line accepts after the id.
    """

    id: str
    keys: tuple[str, ...]
    where: str
    label: str
    help: str
    footer: int = 0
    changes: bool = False
    takes: str = ""

    @property
    def action(self) -> str:
        """The Textual action's name."""
        return self.id.replace("-", "_")

    @property
    def shown(self) -> str:
        """The keys as people read them: `g home`."""
        return " ".join(NAMES.get(key, key) for key in self.keys)


NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "ampersand": "&",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "exclamation_mark": "!",
    "at": "@",
    "apostrophe": "'",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "shift+tab": "shift+tab",
}

KEYS: tuple[Key, ...] = (
    Key("overview", ("1",), "everywhere", "overview", "the overview", 0),
    Key("alerts", ("2",), "everywhere", "alerts", "the alert list"),
    Key("logs", ("3",), "everywhere", "logs", "the log viewer", takes="QUERY"),
    Key("health", ("4",), "everywhere", "health", "the health checks"),
    Key("config", ("5",), "everywhere", "config", "the configuration"),
    Key("help", ("question_mark",), "everywhere", "help", "the keys of this screen, the filter language"),
    Key(
        "command", ("colon",), "everywhere", "command", "command line: every key by name, `tab` completes", 80
    ),
    Key("palette", ("ctrl+p",), "everywhere", "palette", "find an action by name"),
    Key("next-panel", ("tab",), "everywhere", "panel", "focus the next panel"),
    Key("previous-panel", ("shift+tab",), "everywhere", "panel", "focus the previous panel"),
    Key(
        "back", ("escape",), "everywhere", "back", "stop the search, else back to exactly where you were", 70
    ),
    Key("quit", ("q",), "everywhere", "quit", "leave"),
    Key("find", ("slash",), "everywhere", "find", "filter the logs, find in other lists", 10, takes="TEXT"),
    Key("next-hit", ("n",), "everywhere", "next", "next hit"),
    Key("previous-hit", ("N",), "everywhere", "previous", "previous hit"),
    Key("copy", ("y",), "everywhere", "copy", "copy: then i ID, l line, j JSON, c the equal command"),
    Key("pause", ("p",), "everywhere", "pause", "pause and go on"),
    Key("zoom", ("z",), "everywhere", "zoom", "the focused panel alone, and back", 60),
    Key("refresh", ("r",), "everywhere", "refresh", "read everything again"),
    Key("its-logs", ("L",), "everywhere", "its logs", "the log lines of what is selected", 25),
    Key("theme", ("T",), "everywhere", "theme", "next theme", takes="NAME"),
    Key("zone", ("U",), "everywhere", "zone", "times local, UTC, relative"),
    Key("mouse", ("M",), "everywhere", "mouse", "mouse on and off"),
    Key("redraw", ("ctrl+l",), "everywhere", "redraw", "draw the whole screen again"),
    Key("suspend", ("ctrl+z",), "everywhere", "suspend", "suspend; `fg` comes back"),
    Key("stop", ("ctrl+c",), "everywhere", "stop", "stop the search"),
    Key("cursor-down", ("j", "down"), "list", "down", "one row down"),
    Key("cursor-up", ("k", "up"), "list", "up", "one row up"),
    Key("half-down", ("ctrl+d",), "list", "half page down", "half a page down"),
    Key("half-up", ("ctrl+u",), "list", "half page up", "half a page up"),
    Key("page-down", ("space", "pagedown"), "list", "page down", "a page down"),
    Key("page-up", ("b", "pageup"), "list", "page up", "a page up"),
    Key("top", ("g", "home"), "list", "top", "to the first row"),
    Key("bottom", ("G", "end"), "list", "end", "to the last row (in the logs: follow)"),
    Key("open", ("enter",), "list", "open", "open what is selected", 9),
    Key("shorter", ("left_square_bracket",), "overview", "shorter", "shorter time range", 40),
    Key("longer", ("right_square_bracket",), "overview", "longer", "longer time range", 41),
    Key("read-left", ("left",), "overview", "read", "read the value one step earlier"),
    Key("read-right", ("right",), "overview", "read", "read the value one step later"),
    Key("acknowledge", ("a",), "alerts", "ack", "acknowledge", 11, True),
    Key("acknowledge-with", ("A",), "alerts", "ack with…", "acknowledge with a comment", 12, True, "COMMENT"),
    Key("unacknowledge", ("u",), "alerts", "unack", "give it back", 27, True),
    Key("resolve", ("R",), "alerts", "resolve", "resolve with a note", 14, True, "NOTE"),
    Key(
        "snooze",
        ("S",),
        "alerts",
        "snooze",
        "silent for a time, and why: 2h after the release",
        15,
        True,
        "TIME",
    ),
    Key("comment", ("C",), "alerts", "comment", "comment", 26, True, "TEXT"),
    Key("sort", ("o",), "alerts", "sort", "sort by urgency, newest, oldest or service"),
    Key("history", ("i",), "alerts", "history", "the alert alone, with its whole history"),
    Key("mark", ("m",), "alerts", "mark", "mark it: a, A, u, R, S and C then act on all marked"),
    Key("probe", ("P",), "health", "probe", "run this check now", 12, True),
    Key("history", ("i",), "health", "history", "the check alone: availability, transitions, last runs"),
    Key("sort", ("o",), "health", "sort", "sort by urgency, name or time of change"),
    Key("follow", ("f", "F"), "logs", "follow", "follow the newest lines", 20),
    Key("next-error", ("e",), "logs", "error", "next error", 31),
    Key("previous-error", ("E",), "logs", "error", "previous error"),
    Key("next-warning", ("w",), "logs", "warning", "next warning or worse"),
    Key("previous-warning", ("W",), "logs", "warning", "previous warning or worse"),
    Key("trace", ("t",), "logs", "trace", "all lines of this correlation ID", 21, takes="ID"),
    Key("next-same", ("o",), "logs", "same ID", "next line of the same ID"),
    Key("previous-same", ("O",), "logs", "same ID", "previous line of the same ID"),
    Key("keep", ("i",), "logs", "keep", "keep only lines of this service, level or ID"),
    Key("drop", ("x",), "logs", "drop", "drop lines of this service, level or ID"),
    Key(
        "highlight",
        ("ampersand",),
        "logs",
        "light up",
        "hide what does not match, or only light up what does",
        35,
    ),
    Key("filter-off", ("backspace",), "logs", "filter off", "take the last filter off"),
    Key("filters-off", ("X",), "logs", "all off", "take all filters off", 36),
    Key("context", ("c",), "logs", "context", "lines around each match: 3, 10, none"),
    Key("mark", ("m",), "logs", "mark", "mark this line, or take the mark off"),
    Key("next-mark", ("apostrophe",), "logs", "marks", "to the next mark"),
    Key("wrap", ("v",), "logs", "wrap", "whole lines, or one line each"),
    Key("its-alert", ("exclamation_mark",), "logs", "its alert", "the alert of this line"),
    Key("shorter", ("left_square_bracket",), "logs", "shorter", "histogram: a shorter time"),
    Key("longer", ("right_square_bracket",), "logs", "longer", "histogram: a longer time"),
    Key("go-to-time", ("at",), "logs", "go to time", "go to a time", takes="TIME"),
    Key("save", ("s",), "logs", "save", "save what is shown (masked): JSON lines, text, CSV, Markdown"),
    Key("trace", ("t",), "record", "trace", "all lines of this record's correlation ID", 11, takes="ID"),
    Key("next-error", ("e",), "trace", "next error", "next error", 11),
    Key("previous-error", ("E",), "trace", "previous error", "previous error", 12),
    Key("save", ("s",), "trace", "save", "save the masked trace: JSON lines, text, CSV, Markdown", 13),
    Key(
        "open-editor",
        ("ctrl+e",),
        "config",
        "editor",
        "open the file in $EDITOR, validated on return",
        11,
        True,
    ),
    Key("differences", ("d",), "config", "differences", "only what differs from the defaults", 12),
)


@cache
def keys_of(*places: str) -> tuple[Key, ...]:
    """The keys of some places, in the table's order."""
    return tuple(key for key in KEYS if key.where in places)


def footer_of(keys: Iterable[Key], limit: int = 8) -> tuple[Key, ...]:
    """The eight of these keys that matter most, in the order of their rank."""
    ranked = sorted((key for key in keys if key.footer), key=lambda key: key.footer)
    if any(key.where == "logs" for key in ranked):
        ranked = [key for key in ranked if key.id != "its-logs"]
    return tuple(ranked[:limit])


def as_bound(key: Key, keymap: Mapping[str, str]) -> Key:
    """A key with the keys that a user's `keys:` section gives it."""
    chosen = keymap.get(binding_id(key))
    return replace(key, keys=tuple(one.strip() for one in chosen.split(","))) if chosen else key


def binding_id(key: Key) -> str:
    """The name under which a user rebinds the key: `logs.follow`."""
    return f"{key.where}.{key.id}"


def check_keymap(
    mapping: object, file: str, line_of: Callable[[str], int | None] = lambda name: None
) -> dict[str, str]:
    """A user's `keys:` section as a Textual keymap; ConfigError lists unknown names and clashes.

    `line_of` tells in which line of the file a name stands.
    """
    if mapping is None:
        return {}
    if not isinstance(mapping, dict):
        raise ConfigError(f"{file}: keys must map names to keys, e.g. logs.follow: ctrl+f")
    known = {binding_id(key): key for key in KEYS}
    problems: list[str] = []
    chosen: dict[str, str] = {}

    def at(name: object) -> str:
        line = line_of(str(name))
        return f"{file}:{line}" if line else file

    for name, wanted in mapping.items():
        if name not in known:
            problems.append(f"{at(name)}: {name} is not an action; near: {', '.join(near(str(name), known))}")
        elif not isinstance(wanted, str) or not wanted.strip():
            problems.append(f"{at(name)}: {name}: give a key name such as ctrl+f")
        else:
            chosen[str(name)] = wanted
    for name, wanted in chosen.items():
        place = known[name].where
        for other in KEYS:
            if binding_id(other) == name or other.where not in (place, "everywhere", "list"):
                continue
            taken = chosen.get(binding_id(other), ",".join(other.keys)).split(",")
            if set(taken) & set(wanted.split(",")):
                problems.append(f"{at(name)}: {name}: {wanted} is taken by {binding_id(other)}")
    if problems:
        several = len(problems) > 1
        said = f"{file}: {len(problems)} keys are wrong" if several else problems[0]
        raise ConfigError(said, problems=tuple(problems) if several else ())
    return chosen


def near(name: str, known: Iterable[str]) -> list[str]:
    """The names that a mistyped one may have meant."""
    from difflib import get_close_matches  # who mistypes nothing need not wait for it

    known = list(known)
    return get_close_matches(name, known, 3, 0.5) or [one for one in known if one.endswith(".follow")]


def markdown_table() -> str:
    """The README's table of keys."""
    rows = ["| where | keys |", "|---|---|"]
    for where in dict.fromkeys(key.where for key in KEYS):
        cells = " · ".join(f"`{key.shown}` {key.help}" for key in keys_of(where))
        rows.append(f"| {where} | {cells} |".replace("`[`", "`\\[`"))
    return "\n".join(rows)
