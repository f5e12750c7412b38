"""Defaults < file < environment < runtime: layers judged, then merged into one `Settings` with provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.engine.settings.runtime import RuntimeValue
from pake_tui.engine.settings.schema import (
    KEYS,
    LIST_SECTIONS,
    LISTS,
    MAPPINGS,
    SECTIONS,
    SHORTHANDS,
    Option,
    Settings,
    options,
    options_of,
)
from pake_tui.engine.settings.values import Refused, from_text, from_value, nearest, plain, shown
from pake_tui.model.setting import Layer, Problem, Provenance

if TYPE_CHECKING:
    from pake_tui.engine.settings.document import Document, Item

Validator = Callable[[object], Sequence[tuple[str, str, str]]]
"""Judges a section's raw value: (relative path like `0.threshold`, message, what would be accepted) each."""
MAX_PROBLEMS = 100
MAX_LIST = 1000


class FileLayer(Struct, frozen=True):
    """What a valid or broken file sets: values and lines by dotted path, whole lists by name."""

    file: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    root: Item | None = None

    def place(self, path: str) -> str:
        """`pake.yaml:12`."""
        return f"{PurePath(self.file).name}:{self.lines[path]}"


class Resolved(Struct, frozen=True):
    """The merged settings, where each value came from, and what the environment has wrong."""

    settings: Settings
    provenance: Mapping[str, Provenance]
    problems: tuple[Problem, ...] = ()


def read_file_layer(document: Document, validators: Mapping[str, Validator]) -> FileLayer:
    """Judge a parsed file against the schema; every problem is listed, by line."""
    reader = _FileReader(document.file, validators)
    reader.problems += document.problems
    if document.root is not None:
        reader.read(document.root)
    found = sorted(reader.problems, key=lambda problem: problem.line or 0)
    if len(found) > MAX_PROBLEMS:
        more = f"and {len(found) - MAX_PROBLEMS} further problems"
        found = [*found[:MAX_PROBLEMS], Problem(document.file, None, "", more)]
    return FileLayer(document.file, reader.values, reader.lines, reader.lists, tuple(found), document.root)


class _FileReader:
    def __init__(self, file: str, validators: Mapping[str, Validator]) -> None:
        self.file = file
        self.validators = validators
        self.values: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        self.lists: dict[str, tuple[Any, ...]] = {}
        self.problems: list[Problem] = []

    def read(self, root: Item) -> None:
        """Every top-level key of the file."""
        if not isinstance(root.value, dict):
            if root.value is not None:
                self.wrong(root.line, "", f"holds {shown(root.raw)}", f"sections: {', '.join(KEYS)}")
            return
        for key, item in root.entries.items():
            if key in SECTIONS:
                self.section(key, item)
            elif key in LIST_SECTIONS:
                self.lists_below(key, item)
            elif key in LISTS:
                self.list_of(key, item)
            else:
                self.unknown(item.line, "", key, KEYS)

    def section(self, name: str, item: Item) -> None:
        """One section: each key must be an option of it."""
        known = options_of(name)
        if name in SHORTHANDS and not isinstance(item.value, (dict, list)) and item.value is not None:
            self.option(known[SHORTHANDS[name]], item)
        elif isinstance(item.value, dict):
            for key, below in item.entries.items():
                if key in known:
                    self.option(known[key], below)
                else:
                    self.unknown(below.line, name, key, tuple(known))
        elif item.value is not None:
            self.wrong(item.line, name, f"is {shown(item.raw)}", f"keys: {', '.join(known)}")

    def lists_below(self, section: str, item: Item) -> None:
        """A section whose keys are lists."""
        known = LIST_SECTIONS[section].__struct_fields__
        if item.value is not None and not isinstance(item.value, dict):
            self.wrong(item.line, section, f"is {shown(item.raw)}", f"lists: {', '.join(known)}")
        for key, below in item.entries.items():
            if key in known:
                self.list_of(f"{section}.{key}", below)
            else:
                self.unknown(below.line, section, key, known)

    def option(self, option: Option, item: Item) -> None:
        """One value."""
        try:
            self.values[option.path] = from_value(option, item.raw)
            self.lines[option.path] = item.line
        except Refused as error:
            self.wrong(item.line, option.path, error.message, error.accepted)

    def list_of(self, name: str, item: Item) -> None:
        """A list of the file."""
        self.lines[name] = item.line
        if item.value is None:
            self.lists[name] = ()
            return
        before = len(self.problems)
        if not isinstance(item.value, list):
            example = "- name: …" if name in MAPPINGS else "- …"
            self.wrong(item.line, name, f"is {shown(item.raw)}", f"a list, each entry as: {example}")
        elif len(item.items) > MAX_LIST:
            self.wrong(item.line, name, f"has {len(item.items)} entries", f"at most {MAX_LIST}")
        else:
            for number, one in enumerate(item.items):
                self.entry(name, number, one)
        if len(self.problems) == before:
            for path, message, wanted in self.judged(name, item):
                self.wrong(item.line_of(path), f"{name}.{path}" if path else name, message, wanted)
        if isinstance(item.value, list) and len(self.problems) == before:
            self.lists[name] = tuple(one.raw for one in item.items)

    def judged(self, name: str, item: Item) -> Sequence[tuple[str, str, str]]:
        """What the room that knows the list says of it."""
        judge = self.validators.get(name)
        return judge(item.raw) if judge is not None else ()

    def entry(self, name: str, number: int, item: Item) -> None:
        """One entry of a list: a mapping, or text."""
        path = f"{name}.{number}"
        if name in MAPPINGS:
            if not isinstance(item.value, dict):
                self.wrong(item.line, path, f"is {shown(item.raw)}", f"a mapping: {MAPPINGS[name]}")
        elif not isinstance(item.value, str) or not item.value.strip() or not item.value.isprintable():
            self.wrong(
                item.line, path, f"is {shown(item.raw)}", "text, in quotes where it begins with * or !"
            )

    def unknown(self, line: int, section: str, key: str, known: Sequence[str]) -> None:
        """A key that means nothing here; say where it belongs, or what was probably meant."""
        homes = [option.section for option in options().values() if option.name == key]
        near = nearest(key, list(known))
        if homes and section not in homes:
            wanted = f"it belongs under {' or '.join(f'{home}:' for home in homes)}"
        elif near:
            wanted = f"did you mean {near}?"
        else:
            wanted = f"one of {', '.join(known)}"
        self.wrong(line, f"{section}.{key}" if section else key, "is unknown", wanted)

    def wrong(self, line: int, path: str, message: str, wanted: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, line, path, message, wanted))


def read_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Values by path that environment variables set (empty ones set nothing), and what is wrong with them."""
    values: dict[str, Any] = {}
    problems = []
    for option in options().values():
        if not (text := environment.get(option.env, "") if option.env else ""):
            continue
        try:
            values[option.path] = from_text(option, text)
        except Refused as error:
            problems.append(Problem(f"${option.env}", None, option.path, error.message, error.accepted))
    return values, tuple(problems)


def resolve(
    layer: FileLayer, environment: Mapping[str, str] | None, runtime: Mapping[str, RuntimeValue]
) -> Resolved:
    """Merge the layers; `environment` None where it does not count."""
    from_env, problems = read_environment(environment) if environment is not None else ({}, ())
    chosen: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    provenance = {}
    for path, option in options().items():
        stack = [(option.default, Provenance(Layer.DEFAULT))]
        if path in layer.values:
            stack.append((layer.values[path], _from_file(layer, path)))
        if path in from_env:
            stack.append((from_env[path], Provenance(Layer.ENVIRONMENT, f"${option.env}")))
        if path in runtime:
            stack.append((runtime[path].value, Provenance(Layer.RUNTIME, runtime[path].place)))
        value, found = stack[-1]
        hidden = [f"{lower.place}: {plain(was)}" for was, lower in stack[1:-1]]
        chosen[option.section][option.name] = value
        provenance[path] = replace(found, overrides=", ".join(hidden))
    for name in LISTS:
        provenance[name] = _from_file(layer, name) if name in layer.lists else Provenance(Layer.DEFAULT)
    parts: dict[str, Any] = {section: SECTIONS[section](**values) for section, values in chosen.items()}
    lists = {name: value for name, value in layer.lists.items() if "." not in name}
    for section, owner in LIST_SECTIONS.items():
        parts[section] = owner(
            **{name: layer.lists.get(f"{section}.{name}", ()) for name in owner.__struct_fields__}
        )
    return Resolved(Settings(**parts | lists), provenance, problems)


def changed_paths(before: Settings, after: Settings) -> frozenset[str]:
    """Dotted paths of everything that differs."""
    paths = {name for name in LISTS if attrgetter(name)(before) != attrgetter(name)(after)}
    for section in SECTIONS:
        old, fresh = getattr(before, section), getattr(after, section)
        paths |= {
            f"{section}.{name}"
            for name in old.__struct_fields__
            if getattr(old, name) != getattr(fresh, name)
        }
    return frozenset(paths)


def _from_file(layer: FileLayer, path: str) -> Provenance:
    return Provenance(Layer.FILE, layer.place(path), layer.lines[path])
