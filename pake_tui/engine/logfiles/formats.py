"""The configuration's `formats:`: what is wrong with them, and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pake_tui.query.regexes import RegexError, compiled
from pake_tui.records.custom import GROUPS, Format
from pake_tui.records.levels import of_word

KEYS = ("name", "pattern", "levels", "time")
EXAMPLE = r"a mapping, e.g. {name: mill, pattern: '(?P<time>\S+) (?P<level>\w) (?P<message>.*)'}"


def validate(raw: object) -> list[tuple[str, str, str]]:
    """What is wrong: (path below `formats`, message, what would be accepted) each."""
    found: list[tuple[str, str, str]] = []
    for number, one in enumerate(raw if isinstance(raw, (list, tuple)) else ()):
        if not isinstance(one, Mapping):
            found.append((str(number), "is no format", EXAMPLE))
            continue
        found += [(f"{number}.{path}", message, wanted) for path, message, wanted in _problems(one)]
    return found


def formats_of(raw: Sequence[Mapping[str, object]]) -> tuple[Format, ...]:
    """The formats of a list that `validate` accepts."""
    return tuple(
        Format(
            str(one["name"]),
            str(one["pattern"]),
            tuple((str(word), str(level)) for word, level in _levels(one).items()),
            str(one.get("time") or ""),
        )
        for one in raw
    )


def _levels(one: Mapping[str, object]) -> Mapping[object, object]:
    levels = one.get("levels")
    return levels if isinstance(levels, Mapping) else {}


def _problems(one: Mapping[object, object]) -> list[tuple[str, str, str]]:
    found = [(str(key), "is unknown", f"one of {', '.join(KEYS)}") for key in one if key not in KEYS]
    if not isinstance(one.get("name"), str) or not one.get("name"):
        found.append(("name", "is missing", "a word, shown as the format of a file"))
    pattern = one.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        found.append(("pattern", "is missing", "a regular expression for a line's beginning"))
    else:
        try:
            names = compiled(pattern).groupindex
        except RegexError as error:
            found.append(("pattern", f"{error}, at character {error.position + 1}", "a pattern without it"))
        else:
            if not {"time", "level", "message"} & set(names):
                found.append(("pattern", "names none of its groups", f"(?P<time>…): {', '.join(GROUPS)}"))
    levels = one.get("levels")
    if levels is not None and not isinstance(levels, Mapping):
        found.append(("levels", "is no mapping", "words of the log to debug, info, warning, error, critical"))
    for word, level in _levels(one).items():  # type: ignore[arg-type]  # keys may be anything here
        if not isinstance(level, str) or of_word(level) is None:
            found.append((f"levels.{word}", f"is {level!r}", "debug, info, warning, error or critical"))
    if one.get("time") is not None and (not isinstance(one["time"], str) or "%" not in one["time"]):
        found.append(("time", "is no layout", "as strptime takes it: '%d.%m.%Y %H:%M:%S'"))
    return found
