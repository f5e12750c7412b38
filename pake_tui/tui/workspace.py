"""The console's own files: themes, what is exported, crash reports. Nothing else here touches a disk."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from pake_tui.errors import PakeError
from pake_tui.paths import cache_folder, data_folder, holds, xdg
from pake_tui.tui.theming import ConsoleTheme, read_theme


def load_themes() -> tuple[dict[str, ConsoleTheme], list[str]]:
    """Themes by name: those that ship and the user's own (`$XDG_CONFIG_HOME/pake-tui/themes/*.yaml`).

    A broken file of the user's is left out; the second value says so, one sentence each.
    """
    themes: dict[str, ConsoleTheme] = {}
    problems: list[str] = []
    own = xdg("config") / "pake-tui" / "themes"
    parsed = _Parsed(cache_folder() / "themes.json")
    for path in [*_yaml_files(data_folder("themes")), *_yaml_files(own)]:
        try:
            theme = read_theme(parsed.value(path), str(path))
        except (PakeError, OSError, ValueError) as error:
            problems.append(f"theme left out: {error}")
            continue
        themes[theme.name] = theme
    if not themes:
        raise PakeError(f"no theme could be read from {data_folder('themes')}", hint="reinstall pake-tui")
    parsed.keep()
    return themes, problems


class _Parsed:
    """YAML files as they were last parsed: loading the parser alone is a twentieth of the console's start."""

    def __init__(self, place: Path) -> None:
        self._place = place
        try:
            before = json.loads(place.read_bytes())
        except (OSError, ValueError):
            before = None
        self._before: dict[str, Any] = before if isinstance(before, dict) else {}
        self._now: dict[str, Any] = {}

    def value(self, path: Path) -> object:
        """What a file says. OSError, ValueError."""
        facts = path.stat()
        stamp = [facts.st_mtime_ns, facts.st_size, facts.st_ino]
        known = self._before.get(str(path))
        if not (isinstance(known, dict) and known.get("stamp") == stamp and known.get("value")):
            known = {"stamp": stamp, "value": _yaml(path)}
        self._now[str(path)] = known
        return known["value"]

    def keep(self) -> None:
        """Write what has changed, for the next start; where that can't be done, that one parses again."""
        if self._now == self._before:
            return
        with contextlib.suppress(OSError, TypeError, ValueError):
            text = json.dumps(self._now)
            self._place.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._place.with_suffix(f".{os.getpid()}")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self._place)


def _yaml(path: Path) -> object:
    import yaml

    try:
        return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml")) if holds(folder.is_dir) else []


def save_export(name: str, suffix: str, lines: Iterable[str]) -> Path:
    """Write lines (already masked) to a new file in the working folder, else the cache; the path."""
    stamp = f"{datetime.now():%Y%m%d-%H%M%S}"
    text = "".join(f"{line}\n" for line in lines)
    problem: OSError | None = None
    for folder in (Path.cwd(), cache_folder()):
        path = folder / f"pake-{name}-{stamp}.{suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            problem = error
            continue
        return path
    raise PakeError(f"could not save: {problem}", hint="free some space or start in a folder you may write")


def read_text(path: Path) -> str:
    """A file's text for validation after an editor; PakeError names it."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PakeError(f"{path}: {error.strerror}") from None
