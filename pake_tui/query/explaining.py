"""A query in words."""

from __future__ import annotations

from pake_tui.query.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldRegex,
    LevelIs,
    Node,
    Not,
    Or,
    Regex,
    Text,
    Within,
)
from pake_tui.query.result import Query
from pake_tui.query.values import quote, smart

_COMPARED = {":": "is", ">": "is above", "<": "is below", ">=": "is at least", "<=": "is at most"}


def explain(query: Query) -> str:
    """One sentence that says which records match."""
    return "every record" if query.root is None else f"records where {_words(query.root)}"


def _words(node: Node) -> str:
    if isinstance(node, (And, Or)):
        joint = " and " if isinstance(node, And) else " or "
        return joint.join(
            f"({_words(one)})" if isinstance(one, (And, Or)) else _words(one) for one in node.terms
        )
    if isinstance(node, Not):
        return f"not ({_words(node.term)})"
    if isinstance(node, Text):
        return f"the line has {quote(node.text)}{'' if smart(node.text) else ' in any case'}"
    if isinstance(node, Regex):
        return f"the line matches /{node.pattern}/"
    if isinstance(node, Exists):
        return f"{_field(node.name)} exists"
    if isinstance(node, Equals):
        return _equals(node)
    if isinstance(node, Compare):
        return f"{node.name} {_COMPARED[node.operator]} {node.typed}"
    if isinstance(node, FieldRegex):
        return f"{_field(node.name)} matches /{node.pattern}/"
    if isinstance(node, LevelIs):
        return f"the level {_COMPARED[node.operator]} {node.level.word}"
    assert isinstance(node, Within)
    return {"since": "the time is since", "until": "the time is until", "at": "the time is in"}[node.kind] + (
        f" {node.typed}"
    )


def _equals(node: Equals) -> str:
    name, parts = _field(node.name), node.value.parts
    if node.value.literal is not None:
        verb = "contains" if node.name.lower() in ("message", "msg") else "is"
        return f"{name} {verb} {quote(node.value.literal)}"
    if len(parts) == 2 and not parts[1]:
        return f"{name} begins with {quote(parts[0])}"
    return f"{name} looks like {quote('*'.join(parts))}"


def _field(name: str) -> str:
    return "the correlation ID" if name == "cid" else name
