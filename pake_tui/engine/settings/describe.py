"""The schema for people and for editors: the README's table and the JSON schema of the file."""

from __future__ import annotations

from typing import Any

from pake_tui.engine.settings.schema import LISTS, MAPPINGS, SECTIONS, SHORTHANDS, Option, options, options_of
from pake_tui.engine.settings.values import limits_words, plain

_JSON_TYPES = {bool: "boolean", str: "string", int: "integer", float: "number"}


def markdown_table() -> str:
    """Every setting as a Markdown table: name, default, meaning, environment variable."""
    rows = ["| setting | default | meaning | environment |", "|---|---|---|---|"]
    for path, option in options().items():
        meaning = option.meaning
        if extra := ", ".join(option.choices) or limits_words(option):
            meaning += f" ({extra})"
        env = f"`{option.env}`" if option.env else ""
        rows.append(f"| `{path}` | {_default(option)} | {meaning} | {env} |")
    rows += [f"| `{name}` | none | {meaning} | |" for name, meaning in LISTS.items()]
    return "\n".join(rows).replace("  |", " |") + "\n"


def json_schema() -> dict[str, object]:
    """A JSON schema (2020-12) of the configuration file, for editors that check YAML."""
    entry = {"type": "string", "minLength": 1}
    properties: dict[str, Any] = {name: _section(name) for name in SECTIONS}
    for name, meaning in LISTS.items():
        items: dict[str, object] = {"type": "object"} if name in MAPPINGS else dict(entry)
        section, _, below = name.rpartition(".")
        home = properties if not section else properties.setdefault(section, _object({}))["properties"]
        home[below] = {"type": ["array", "null"], "description": meaning, "items": items}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pake-tui configuration",
        **_object(properties),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """A mapping, or nothing, with no other keys than these."""
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


def _section(name: str) -> dict[str, object]:
    known = options_of(name)
    whole = _object({one.name: _property(one) for one in known.values()})
    return {"anyOf": [whole, _property(known[SHORTHANDS[name]])]} if name in SHORTHANDS else whole


def _property(option: Option) -> dict[str, object]:
    about: dict[str, object] = {"description": option.meaning, "default": plain(option.default)}
    if option.choices:
        return about | {"enum": list(option.choices)}
    about["type"] = _JSON_TYPES[option.kind]
    if option.low is not None:
        about |= {"minimum": option.low, "maximum": option.high}
    return about


def _default(option: Option) -> str:
    value = plain(option.default)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`" if value != "" else "none"
