"""One setting's edit of the file, planned: the text it would become, judged, and never more than asked.

A plan whose text, parsed again, says anything else than the old text with that one value changed is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.engine.settings import document, surgery
from pake_tui.engine.settings.layers import Validator, read_file_layer
from pake_tui.engine.settings.schema import LISTS, SHORTHANDS, options
from pake_tui.engine.settings.values import Refused, as_number, from_text, nearest, plain
from pake_tui.engine.settings.viewing import rule_names
from pake_tui.model.setting import EditPreview

if TYPE_CHECKING:
    from pake_tui.engine.settings.document import Document, Item
    from pake_tui.engine.settings.surgery import Key

HEADER = "# Settings of pake-tui; `pake-tui config show` lists them all.\n"


class Plan(Struct, frozen=True):
    """An edit with the whole text it leads to; not to be written where the preview has a problem."""

    preview: EditPreview
    text: str


class _No(Exception):
    """Why the edit is refused."""


def plan(data: bytes | None, file: str, path: str, typed: str, validators: Mapping[str, Validator]) -> Plan:
    """What setting `path` to `typed` makes of a file's bytes (None: there is no file yet)."""
    given = HEADER.encode() if data is None else data
    before = document.parse(given, file)
    text = given.decode("utf-8", "replace")
    try:
        if before.root is None and before.problems:
            raise _No(f"the file must be mended first: {before.problems[0]}")
        keys, value = _target(before.root, path, typed)
        done = surgery.set_value(text, keys, value, typed)
        _verify(before, done.text, keys, value)
        _judge(before, done.text, path, keys, validators)
    except (Refused, _No) as error:
        wanted = f"; {error.accepted}" if isinstance(error, Refused) else ""
        return Plan(EditPreview(path, file, None, "", "", f"{error}{wanted}"), text)
    except surgery.CannotEditError as error:
        return Plan(EditPreview(path, file, None, "", "", f"{error}; edit the file itself"), text)
    return Plan(EditPreview(path, file, done.line, done.before, done.after), done.text)


def _target(root: Item | None, path: str, typed: str) -> tuple[tuple[Key, ...], object]:
    """Where a setting stands in the file, and the value to put there."""
    if (option := options().get(path)) is not None:
        value = plain(from_text(option, typed))
        section = root.entries.get(option.section) if root is not None else None
        short = SHORTHANDS.get(option.section) == option.name
        if short and (section is None or section.value is None or not isinstance(section.value, dict)):
            return (option.section,), value
        return (option.section, option.name), value
    top = path.partition(".")[0]
    if top == "rules" and path.count(".") >= 2:
        return _rule_target(root, path), _scalar(typed)
    if path in LISTS or top in LISTS:
        raise _No(f"{path if path in LISTS else top} is a list; edit the file itself")
    near = nearest(path, list(options())) or next((p for p in options() if p.endswith(f".{path}")), "")
    raise _No(f"there is no setting {path}" + (f"; did you mean {near}?" if near else ""))


def _rule_target(root: Item | None, path: str) -> tuple[Key, ...]:
    """`rules.api latency.threshold`, or by number from 0: `rules.0.threshold`."""
    who, _, key = path.removeprefix("rules.").rpartition(".")
    rules = root.entries.get("rules") if root is not None else None
    names = rule_names(rules.raw) if rules is not None else []
    if who in names:
        return "rules", names.index(who), key
    if who.isdigit() and int(who) < len(names):
        return "rules", int(who), key
    raise _No(f"there is no rule {who}" + (f"; there are {', '.join(names)}" if names else ""))


def _scalar(typed: str) -> object:
    word = typed.strip()
    if not word or not word.isprintable():
        raise _No("is empty" if not word else "holds a control or invisible character")
    if word in ("true", "false"):
        return word == "true"
    number = as_number(word)
    return word if number is None else number


def _verify(before: Document, text: str, keys: Sequence[Key], value: object) -> None:
    """The new text says what the old one said, but for that one value."""
    found = document.parse(text.encode(), before.file)
    expected = _with(before.root.raw if before.root is not None else None, keys, value)
    actual = found.root.raw if found.root is not None else None
    if actual != expected or len(found.problems) > len(before.problems):
        raise surgery.CannotEditError("the file is written in a way that one value alone cannot be changed")


def _with(raw: object, keys: Sequence[Key], value: object) -> object:
    if not keys:
        return value
    key = keys[0]
    if isinstance(raw, list) and isinstance(key, int):
        return [_with(one, keys[1:], value) if number == key else one for number, one in enumerate(raw)]
    kept = raw if isinstance(raw, dict) else {}
    return {**kept, key: _with(kept.get(key), keys[1:], value)}


def _judge(
    before: Document, text: str, path: str, keys: Sequence[Key], validators: Mapping[str, Validator]
) -> None:
    """No problem in the new text that the old one did not have, and none with the value itself."""
    old = {(one.path, one.message) for one in read_file_layer(before, validators).problems}
    here = ".".join(str(key) for key in keys)
    for one in read_file_layer(document.parse(text.encode(), before.file), validators).problems:
        if one.path in (path, here) or (one.path, one.message) not in old:
            raise _No(f"{one.message}; {one.accepted}" if one.accepted else one.message)
