"""Sets one value in a YAML text and leaves every other byte as it is: comments, order, quotes. Pure.

The places come from the nodes of the parsed text. Whether the result says what it should is for the caller to
verify by parsing it again; unusual layouts (anchors, odd line breaks) may come out wrong, never unnoticed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import yaml
from msgspec import Struct

from pake_tui.engine.settings.document import compose

Key = str | int
_PLAIN = re.compile(r"[\w/~.][\w/.@+~-]*(?: [\w/.@+~-]+)*", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")


class CannotEditError(Exception):
    """The text has no place for the value."""


class TextEdit(Struct, frozen=True):
    """The text after an edit, and its line (1-based) before and after; `before` is empty for a line added."""

    text: str
    line: int
    before: str
    after: str


def literal(value: object, typed: str = "", style: str | None = None) -> str:
    """A scalar as YAML spells it; text keeps the quotes (`style`) it had, numbers stay as typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if _DECIMAL.fullmatch(typed.strip()):
            return typed.strip()
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    text = str(value)
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style != '"' and _PLAIN.fullmatch(text) and _is_text(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def set_value(text: str, keys: Sequence[Key], value: object, typed: str = "") -> TextEdit:
    """Set the value at `keys` (mapping keys and list positions). CannotEditError; yaml.YAMLError."""
    root = compose(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if root is None or (_empty(root) and root.start_mark.index == root.end_mark.index):
        return _append(text, _block(keys, value, typed, 0), newline)
    node, done = root, 0
    for done, key in enumerate(keys):
        found = _child(node, key)
        if found is None:
            return _insert(text, node, keys[done:], value, typed, newline, root)
        parent, node = node, found
        if _empty(node) and done < len(keys) - 1:
            return _fill_section(text, parent, node, keys[done + 1 :], value, typed, newline)
    return _replace(text, node, value, typed)


def _child(node: Any, key: Key) -> Any:
    if isinstance(node, yaml.MappingNode) and isinstance(key, str):
        return next((below for name, below in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key]
    raise CannotEditError("the file has no place for it")


def _empty(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_text(text: str) -> bool:
    node = compose(text)
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str" and node.value == text


def _block(keys: Sequence[Key], value: object, typed: str, column: int) -> list[str]:
    """The lines `section:`, `  key: value` for keys that are not there yet."""
    lines = [f"{' ' * (column + 2 * depth)}{key}:" for depth, key in enumerate(keys)]
    lines[-1] += f" {literal(value, typed)}"
    return lines


def _append(text: str, lines: list[str], newline: str, gap: bool = True) -> TextEdit:
    head = text if not text or text.endswith("\n") else text + newline
    blank = newline if head and gap and len(lines) > 1 else ""
    fresh = head + blank + newline.join(lines) + newline
    return _edit(text, fresh, len(head + blank) + sum(len(line + newline) for line in lines[:-1]), added=True)


def _insert(
    text: str, node: Any, keys: Sequence[Key], value: object, typed: str, newline: str, root: Any
) -> TextEdit:
    """Add keys at the end of a mapping."""
    if not isinstance(node, yaml.MappingNode) or not all(isinstance(key, str) for key in keys):
        raise CannotEditError("the file has no place for it")
    if node.flow_style:
        return _insert_in_braces(text, node, keys, value, typed)
    lines = _block(keys, value, typed, node.value[0][0].start_mark.column)
    if node is root and not text.rstrip().endswith("..."):
        return _append(text, lines, newline)
    return _insert_lines(text, _last_end(node), lines, newline)


def _insert_in_braces(text: str, node: Any, keys: Sequence[Key], value: object, typed: str) -> TextEdit:
    close = node.end_mark.index - 1
    inner = text[:close].rstrip()
    entry = f"{keys[-1]}: {literal(value, typed)}"
    for key in reversed(keys[:-1]):
        entry = f"{key}: {{{entry}}}"
    comma = "" if inner.endswith("{") else " " if inner.endswith(",") else ", "
    return _edit(text, inner + comma + entry + text[len(inner) :], len(inner), added=False)


def _fill_section(
    text: str, parent: Any, node: Any, keys: Sequence[Key], value: object, typed: str, newline: str
) -> TextEdit:
    """`logging:` with nothing in it gets its first line."""
    key_node = next(name for name, below in parent.value if below is node)
    if parent.flow_style:
        raise CannotEditError("the file has no place for it")
    cleared = text[: node.start_mark.index] + text[node.end_mark.index :]
    lines = _block(keys, value, typed, key_node.start_mark.column + 2)
    done = _insert_lines(cleared, node.start_mark.index, lines, newline)
    return TextEdit(done.text, done.line, "", done.after)


def _insert_lines(text: str, after: int, lines: list[str], newline: str) -> TextEdit:
    """Put lines below the line that the character before `after` stands on."""
    at = after
    if not (after and text[after - 1] == "\n"):
        at = text.find("\n", after) + 1
        if not at:
            return _append(text, lines, newline, gap=False)
    fresh = text[:at] + newline.join(lines) + newline + text[at:]
    return _edit(text, fresh, at + sum(len(line + newline) for line in lines[:-1]), added=True)


def _last_end(node: Any) -> int:
    """Where the last value of a block ends; the block's own end lies behind the comments that follow it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _replace(text: str, node: Any, value: object, typed: str) -> TextEdit:
    if not isinstance(node, yaml.ScalarNode):
        raise CannotEditError("a list or mapping stands there")
    start, end = node.start_mark.index, node.end_mark.index
    old = text[start:end]
    new = literal(value, typed, node.style if node.style in ("'", '"') else None)
    if start == end:
        new = f" {new}"
    elif old.endswith("\n"):
        new += "\n"
    return _edit(text, text[:start] + new + text[end:], start, added=False)


def _edit(before: str, after: str, index: int, *, added: bool) -> TextEdit:
    was = "" if added else _line_around(before, index)
    return TextEdit(after, after.count("\n", 0, index) + 1, was, _line_around(after, index))


def _line_around(text: str, index: int) -> str:
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    return text[start : end if end >= 0 else len(text)].rstrip("\r")
