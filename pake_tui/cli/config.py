"""`pake-tui config`: show settings and where they come from, validate a file, set a value, print the path."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from pake_tui import paths
from pake_tui.cli.main import add_common
from pake_tui.engine.agent_start import running_config
from pake_tui.engine.settings import files
from pake_tui.engine.settings.live import LiveSettings, refused
from pake_tui.engine.store.state import StateStore
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConfigError, NotFoundError, StoreError
from pake_tui.model.setting import Problem, Setting
from pake_tui.sources.embedded.config import EmbeddedConfigStore
from pake_tui.text.masking import mask_text
from pake_tui.text.safe import safe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """show, validate, set, path."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="settings in force, and where each comes from")
    show.add_argument("path", nargs="?", metavar="PATH", help="one setting or section, e.g. monitoring")
    validate = actions.add_parser(
        "validate", help="judge a file without obeying it (exit 0, or 2 and each problem)"
    )
    validate.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: the file in use")
    edit = actions.add_parser("set", help="write one value into the file, keeping its comments and order")
    edit.add_argument("path", metavar="PATH", help="e.g. monitoring.cpu_threshold_percent")
    edit.add_argument("value", metavar="VALUE")
    where = actions.add_parser("path", help="the file in use, or where the first edit would make it")
    for one in (show, validate, edit, where):
        one.add_argument("--json", action="store_true", help="one JSON object a line")
        add_common(one, suppress=True)


def run(options: argparse.Namespace) -> int:
    """Run the action: 0, or 2 with problems."""
    state = StateStore(paths.state_folder(create=False).path, read_only=True)
    try:
        path: Path | None = options.config or running_config(state) or paths.find_config()
    except StoreError:  # an edit must be possible whatever became of the database
        path = paths.find_config()
    if options.action == "path":
        return _path(path, options.json)
    if options.action == "validate":
        return _validate(options.file or path, options.json)
    live = LiveSettings(path, use_env=True, validators=VALIDATORS)
    store = EmbeddedConfigStore(live, paths.actor(), "--read-only was given" if options.read_only else "")
    if options.action == "set":
        return _set(store, options.path, options.value, options.json)
    return _show(store, options.path, options.json)


def _path(path: Path | None, as_json: bool) -> int:
    place = path.absolute() if path is not None else paths.default_config()
    exists = paths.holds(place.is_file)
    if as_json:
        print(json.dumps({"file": str(place), "exists": exists}))
    else:
        print(safe(str(place)) + ("" if exists else "  (not there yet; the first edit makes it)"))
    return 0


def _validate(path: Path | None, as_json: bool) -> int:
    """Judge a file and the environment that counts in this process."""
    if path is None:
        raise NotFoundError(
            "there is no configuration file to validate", hint="name one, or see `pake-tui config path`"
        )
    data = files.read(path.absolute())
    try:
        if isinstance(data, Problem):
            raise refused((data,))
        LiveSettings(path, use_env=True, validators=VALIDATORS)
    except ConfigError as error:
        for problem in error.problems:
            if isinstance(problem, Problem):
                print(_problem_json(problem) if as_json else safe(str(problem)))
        return 2
    print(json.dumps({"file": str(path), "valid": True}) if as_json else f"{safe(str(path))}: valid")
    return 0


def _problem_json(problem: Problem) -> str:
    names = ("file", "line", "path", "message", "accepted")
    return json.dumps({name: getattr(problem, name) for name in names})


def _set(store: EmbeddedConfigStore, path: str, value: str, as_json: bool) -> int:
    done = store.apply(path, value)
    setting = next((one for one in store.view().settings if one.path == path), None)
    hidden = setting is not None and setting.env and os.environ.get(setting.env)
    if as_json:
        print(
            json.dumps(
                {
                    "path": path,
                    "file": done.file,
                    "line": done.line,
                    "before": done.before,
                    "after": done.after,
                }
            )
        )
    else:
        print(safe(f"{done.file}:{done.line}: {done.after.strip()}"))
        if setting is not None and hidden:
            print(f"  ${setting.env} overrides it in this process")
    return 0


def _show(store: EmbeddedConfigStore, path: str | None, as_json: bool) -> int:
    settings = store.view().settings
    if path is not None:
        settings = tuple(one for one in settings if one.path == path or one.path.startswith(f"{path}."))
        if not settings:
            raise NotFoundError(f"there is no setting {safe(path)}", hint="`pake-tui config show` lists them")
    width = max(len(one.path) for one in settings)
    for one in settings:
        print(_setting_json(one) if as_json else _setting_line(one, width))
    return 0


def _setting_line(setting: Setting, width: int) -> str:
    place = setting.provenance.place or setting.provenance.layer.value
    over = f", overrides {setting.provenance.overrides}" if setting.provenance.overrides else ""
    return safe(mask_text(f"{setting.path:<{width}}  {_words(setting.value):<24}  {place}{over}"))


def _setting_json(setting: Setting) -> str:
    return json.dumps(
        {
            "path": setting.path,
            "value": setting.value,
            "default": setting.default,
            "layer": setting.provenance.layer.value,
            "place": setting.provenance.place,
            "line": setting.provenance.line,
            "overrides": setting.provenance.overrides,
            "meaning": setting.meaning,
            "type": setting.type,
            "limits": setting.limits,
            "choices": setting.choices,
            "env": setting.env,
        }
    )


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_words(one) for one in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value) if value != "" else "-"
