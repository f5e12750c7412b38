"""Settings as the config screen and the command show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from pake_tui.engine.settings.layers import FileLayer, Resolved
from pake_tui.engine.settings.schema import LISTS, MAPPINGS, Option, options
from pake_tui.engine.settings.values import limits_words, plain
from pake_tui.model.setting import Layer, Provenance, Setting

_KINDS: Mapping[type, str] = {bool: "true or false", str: "text", int: "whole number", float: "number"}
_RULE_KEYS: Mapping[str, str] = {
    "name": "name of the rule, as its alerts show it",
    "metric": "series that is judged",
    "op": "how the metric is compared with the threshold",
    "threshold": "value that the metric is compared with",
    "for": "how long it must be true before the alert fires",
    "severity": "severity of its alerts",
}


def settings_of(layer: FileLayer, resolved: Resolved) -> tuple[Setting, ...]:
    """Every setting in the schema's order, then the lists and the rules of the file."""
    return (*_options(resolved), *_lists(resolved), *_rules(layer))


def type_words(option: Option) -> str:
    """A setting's type in a word or two."""
    return "choice" if option.choices else _KINDS[option.kind]


def _options(resolved: Resolved) -> Iterator[Setting]:
    for path, option in options().items():
        yield Setting(
            path=path,
            value=plain(getattr(getattr(resolved.settings, option.section), option.name)),
            default=plain(option.default),
            meaning=option.meaning,
            type=type_words(option),
            limits=limits_words(option),
            provenance=resolved.provenance[path],
            choices=option.choices,
            env=option.env,
        )


def _lists(resolved: Resolved) -> Iterator[Setting]:
    for name, meaning in LISTS.items():
        value = attrgetter(name)(resolved.settings)
        if name in MAPPINGS:
            value = tuple(str(one.get("name", number)) for number, one in enumerate(value))
        yield Setting(name, value, (), meaning, "list", "", resolved.provenance[name], editable=False)


def _rules(layer: FileLayer) -> Iterator[Setting]:
    item = layer.root.entries.get("rules") if layer.root is not None else None
    if item is None or not layer.lists.get("rules"):
        return
    for name, rule in zip(rule_names(item.raw), item.items, strict=True):
        for key, below in rule.entries.items():
            if isinstance(below.value, (dict, list)):
                continue
            meaning = f"rule {name}: {_RULE_KEYS.get(key, key)}"
            provenance = Provenance(
                Layer.FILE, f"{layer.place('rules').rpartition(':')[0]}:{below.line}", below.line
            )
            kind = _KINDS.get(type(below.value), "text")
            yield Setting(f"rules.{name}.{key}", below.value, None, meaning, kind, "", provenance)


def rule_names(rules: object) -> list[str]:
    """What each rule is called in a path: its name, or its number where it has none of its own."""
    if not isinstance(rules, Sequence):
        return []
    names = [str(rule.get("name") or "") if isinstance(rule, Mapping) else "" for rule in rules]
    return [name if name and names.count(name) == 1 else str(n) for n, name in enumerate(names)]
