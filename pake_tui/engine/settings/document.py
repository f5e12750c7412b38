"""A configuration file's text becomes a tree of values with line numbers, and a list of what is wrong in it.

Positions come from PyYAML's nodes. Pure: bytes in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct, field
from yaml.constructor import SafeConstructor

from pake_tui.engine.settings.values import shown
from pake_tui.model.setting import Problem

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 32
MAX_VALUES = 50_000
MAX_TABS = 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_TAB = re.compile(r"(?m)^ *\t[ \t]*[^\s#]")
_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_HINTS = {
    "mapping values are not allowed": "put text that has a colon in it in quotes; check the indentation",
    "could not find expected ':'": "write a key, a colon, a blank, a value",
    "expected <block end>": "keys of one section begin in the same column",
    "did not find expected key": "keys of one section begin in the same column; close brackets and quotes",
    "did not find expected '-'": "entries of one list begin in the same column",
    "unexpected end of stream": "close the quote or bracket that was opened",
    "cannot start any token": "put the value in quotes",
    "nesting depth": f"at most {MAX_DEPTH} levels",
    "undefined alias": "define the anchor (&name) above its use, or quote a value that begins with *",
    "expected a single document": "leave out the further ---",
}


class Item(Struct):
    """A value with the line (1-based) it stands on: a scalar, a mapping or a list of Items."""

    value: object
    line: int
    entries: dict[str, Item] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)

    @property
    def raw(self) -> object:
        """The value as plain Python: dict, list, str, int, float, bool or None."""
        if isinstance(self.value, dict):
            return {key: item.raw for key, item in self.entries.items()}
        return [item.raw for item in self.items] if isinstance(self.value, list) else self.value

    def line_of(self, path: str) -> int:
        """The line of a dotted path below this item, or of the deepest part of it that exists."""
        here = self
        for part in path.split(".") if path else ():
            if part in here.entries:
                here = here.entries[part]
            elif part.isdigit() and int(part) < len(here.items):
                here = here.items[int(part)]
            else:
                break
        return here.line


class Document(Struct, frozen=True):
    """What a file says; `root` is None where it says nothing or cannot be read."""

    file: str
    root: Item | None
    problems: tuple[Problem, ...] = ()


def parse(data: bytes, file: str) -> Document:
    """Read a file's bytes. Never raises: all that is wrong with them as YAML is in `problems`."""
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            message = f"begins with a byte order mark ({name})"
            return Document(file, None, (Problem(file, 1, "", message, "save it as UTF-8 without one"),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text (byte 0x{data[error.start]:02x})"
        return Document(file, None, (Problem(file, line, "", message, "a YAML file in UTF-8"),))
    if found := _CONTROL.search(text):
        message = f"holds a control character (0x{ord(found[0]):02x})"
        return Document(
            file, None, (Problem(file, _line_at(text, found.start()), "", message, "a YAML file in UTF-8"),)
        )
    try:
        if problem := _too_much(text, file):
            return Document(file, None, (problem,))
        node = compose(text)
    except yaml.YAMLError as error:
        return Document(file, None, tuple(_syntax(error, text, file)))
    if node is None:
        return Document(file, None)
    reader = _Reader(file)
    root = reader.item(node, _line_of(node), "", 0)
    return Document(file, root, tuple(reader.problems))


def compose(text: str) -> Any:
    """The YAML node of a text (None if it is empty); yaml.YAMLError."""
    loader = Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _too_much(text: str, file: str) -> Problem | None:
    """Nesting or sheer number that no configuration needs, seen before anything is built of it."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > MAX_DEPTH or count > MAX_VALUES:
            message = "is nested too deep" if depth > MAX_DEPTH else "holds too many values"
            limit = f"at most {MAX_DEPTH} levels and {MAX_VALUES} values"
            return Problem(file, _line_of(event), "", message, limit)
    return None


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Iterator[Problem]:
    tabs = [_line_at(text, found.start()) for found in _TAB.finditer(text)]
    if tabs:
        for line in tabs[:MAX_TABS]:
            yield Problem(file, line, "", "is indented with a tab", "use blanks")
        return
    mark = getattr(error, "problem_mark", None)
    context, opened = getattr(error, "context", None), getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or error).strip()
    if opened is not None and (mark is None or mark.line >= len(text.rstrip().splitlines())):
        # Something was never closed: its beginning is the place to mend, not the file's end.
        mark = opened
    if context and opened is not None and mark is not None:
        said += f" ({context}" + (
            ")" if opened.line == mark.line else f" that begins in line {opened.line + 1})"
        )
    hint = next((hint for part, hint in _HINTS.items() if part in said), "YAML")
    yield Problem(file, mark.line + 1 if mark is not None else None, "", f"is not YAML: {said}", hint)


def _line_at(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1


def _line_of(place: Any) -> int:
    return int(place.start_mark.line) + 1


class _Reader:
    """Turns nodes into Items; counts what aliases repeat, so that a small file cannot become a huge tree."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._left = MAX_VALUES
        self._told = False
        self._scalars = SafeConstructor()

    def item(self, node: yaml.Node, line: int, path: str, depth: int) -> Item:
        """The node's value, and everything below it."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            if not self._told:
                self._wrong(line, path, "aliases repeat too much", "write the values out")
                self._told = True
            return Item(None, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, line, path, depth)
        if isinstance(node, yaml.SequenceNode):
            below = [
                self.item(one, _line_of(one), f"{path}.{number}" if path else str(number), depth + 1)
                for number, one in enumerate(node.value)
            ]
            return Item([], line, items=below)
        return Item(self._scalar(node, line, path), line)

    def _mapping(self, node: yaml.MappingNode, line: int, path: str, depth: int) -> Item:
        made = Item({}, line)
        for key_node, value_node in node.value:
            at = _line_of(key_node)
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            below = f"{path}.{key}" if path else key
            if not key or key == "<<":
                self._wrong(at, path, "has a key that is no word", "use words as keys, write merges (<<) out")
            elif key in made.entries:
                self._wrong(
                    at, below, f"stands twice, first in line {made.entries[key].line}", "keep one of them"
                )
            else:
                made.entries[key] = self.item(value_node, at, below, depth + 1)
        return made

    def _scalar(self, node: yaml.Node, line: int, path: str) -> object:
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        sexagesimal = kind in ("int", "float") and ":" in node.value
        if kind in ("str", "timestamp", "value") or sexagesimal:
            return str(node.value)
        if kind in ("int", "float", "bool", "null"):
            try:
                return self._scalars.construct_object(node)
            except (ValueError, yaml.YAMLError):
                self._wrong(line, path, f"{shown(str(node.value))} is no {kind}", "put text in quotes")
                return None
        self._wrong(line, path, f"has the tag {shown(str(node.tag))}", "use plain values without tags")
        return None

    def _wrong(self, line: int, path: str, message: str, accepted: str) -> None:
        self.problems.append(Problem(self.file, line, path, message, accepted))
